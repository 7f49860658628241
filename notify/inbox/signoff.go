package inbox

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// People close a letter with a formula, their name and how to reach them, and
// few put the line "-- " before it. Where that end is told from the letter, it
// is taken off: a street number in it is no answer to anything.

const (
	// maxContact lines below a formula belong to it.
	maxContact = 10
	// maxContactLine is how long one of them is, in bytes.
	maxContactLine = 80
	// maxSignOffLines of a text are looked at, from its end.
	maxSignOffLines = 60
)

var (
	// formula is said only to close. The rest of its line is a name, or nothing.
	formula = regexp.MustCompile(`(?i)^(?:` +
		`(?:(?:ystävällisin|parhain|lämpimin|hyvin|aurinkoisin|kauniin|jouluisin|rakkain)\s+)?terveisin|terkuin|` +
		`y(?:st|stäv)?\.?\s?t(?:erv)?\.|yst\.?\s+terv\.?|yt[,.]?|terv[.:,]?|t[:.]|kunnioittaen|kunnioittavasti|` +
		`m\.?\s?v\.?\s?h\.?|v\.?h\.?|(?:med\s+)?(?:vänlig(?:a|t|en)?|bästa|varma|soliga|hjärtliga|många)\s+häls(?:ning(?:ar)?|n)\.?|med\s+vänlig|` +
		`vänligen|hälsningar|hälsn\.?|högaktningsfullt|` +
		`(?:with\s+)?(?:best|kind|kindest|warm|warmest|many)\s+(?:regards|wishes)|(?:warm\s+)?regards|rgds|b\.?r\.|br|` +
		`yours(?:\s+(?:sincerely|faithfully|truly))?|sincerely(?:\s+yours)?|` +
		`mit\s+freundlichen\s+grüßen|(?:viele|freundliche|beste|liebe)\s+grüße|mfg|lugupidamisega|parimate\s+soovidega|(?:med\s+)?vennlig\s+hilsen|mvh` +
		`)(?:[\s,.!:]+|$)`)
	// thanking closes a letter too, and says thanks anywhere else: it counts
	// only above a whole block of name and address.
	thanking = regexp.MustCompile(`(?i)^(?:thanks|thank you|many thanks|cheers|best|all the best|kiitos|kiittäen|kiitoksin|kiitos etukäteen|tack|tack på förhand)[\s,.!]*$`)

	contactMark = regexp.MustCompile(`(?i)@|\bwww\.|https?://|\b(?:puh|tel|gsm|mob|mobil|mobile|phone|matkapuh|telefon|fax|p|t|m)[.:]*\s*\+?[\d(]|\+?\d[\d\s()/.-]{5,}\d|\b\d{5}\b`)
	houseMark   = regexp.MustCompile(`(?i)\pL{3,}\s+\d{1,4}\b|\b\d{1,4}\s+\pL{3,}`)
	lowWord     = regexp.MustCompile(`(?i)^(?:von|van|de|af|av|of|the|and|ja|och|und|oy|ab|oyj|ky|tmi|ltd|inc|gmbh|puh|tel|gsm|mob|mobil|mobile|phone|matkapuh|telefon|email|e-mail|sähköposti|as|lgh|apt|flat|krs|p|m|t|f|tlf)[.:,]*$`)
	postScript  = regexp.MustCompile(`(?i)^p\.?\s?s\b`)
)

// WithoutSignOff takes the closing formula of a letter off its end, with the
// name, the address and the numbers below it. What is written below those stays,
// and so does everything where nothing else was written.
func WithoutSignOff(text string) string {
	lines := strings.Split(text, "\n")
	for i := max(1, len(lines)-maxSignOffLines); i < len(lines); i++ {
		end := signOff(lines, i)
		if end == 0 {
			continue
		}
		left := strings.TrimSpace(strings.Join(lines[:i], "\n"))
		if left == "" {
			return text
		}
		if below := strings.TrimSpace(strings.Join(lines[end:], "\n")); below != "" {
			return left + "\n\n" + below
		}
		return left
	}
	return text
}

// signOff tells the line behind a sign-off that begins at line i, 0 where none
// does.
func signOff(lines []string, i int) int {
	l := strings.TrimSpace(lines[i])
	if l == "" || len(l) > maxContactLine || utf8.RuneCountInString(l) > maxContactLine {
		return 0
	}
	at := formula.FindStringIndex(l)
	weak := at == nil && thanking.MatchString(l)
	if at == nil && !weak {
		return 0
	}
	if !weak {
		if rest := strings.TrimSpace(l[at[1]:]); rest != "" && !named(rest) && !contact(rest) {
			return 0
		}
	}
	end, count, reachable := i+1, 0, false
	for n := i + 1; n < len(lines) && count < maxContact; n++ {
		c := strings.TrimSpace(lines[n])
		if c == "" {
			continue
		}
		if !contact(c) && !(count == 0 && named(c)) {
			break
		}
		reachable = reachable || contactMark.MatchString(c) || houseMark.MatchString(c)
		end, count = n+1, count+1
	}
	if weak && (count < 2 || !reachable) {
		return 0
	}
	return end
}

// named tells a name that may be written small: one or two words, letters only.
func named(s string) bool {
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > 4 || strings.ContainsAny(s, "?!:;") {
		return false
	}
	small := 0
	for _, w := range words {
		if strings.ContainsFunc(w, unicode.IsDigit) {
			return false
		}
		small += boolInt(!capital(w) && !lowWord.MatchString(w))
	}
	return small == 0 || small == len(words) && len(words) <= 2
}

// contact tells a line of a name, a firm, an address or a number, and no
// sentence: its words have capitals or digits.
func contact(s string) bool {
	words := strings.Fields(s)
	switch {
	case len(s) > maxContactLine || len(words) > 8 || strings.ContainsAny(s, "?!") || postScript.MatchString(s):
		return false
	case contactMark.MatchString(s):
		return len(words) <= 8
	case len(words) == 1:
		return capital(s) && utf8.RuneCountInString(s) > 1
	}
	return !slices.ContainsFunc(words, func(w string) bool {
		return !capital(w) && !lowWord.MatchString(w) && !strings.ContainsFunc(w, unicode.IsDigit) && strings.ContainsFunc(w, unicode.IsLetter)
	}) && strings.ContainsFunc(s, unicode.IsLetter)
}

func capital(w string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(w, "(\"'"))
	return unicode.IsUpper(r)
}
