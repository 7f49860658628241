package notify

import "strings"

// IsE164 tells whether s is a phone number as ITU-T E.164 has it, with a plus and
// the country code and nothing else: safe to put into an address.
func IsE164(s string) bool {
	digits, plus := strings.CutPrefix(s, "+")
	return plus && len(digits) >= 5 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}
