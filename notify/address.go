package notify

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"slices"
	"strings"
	"unicode"

	"neuvo/internal/fault"
)

const (
	// addressPlace is where the token stands in an address pattern.
	addressPlace = "{token}"
	// macBytes of the HMAC-SHA256 stay in a token: 96 bits, which RFC 2104
	// section 5 allows (at least half of the hash or 80 bits).
	macBytes = 12
	// maxLocalPart is the longest left side of an address, RFC 5321 section
	// 4.5.3.1.1.
	maxLocalPart = 64
	// maxToken is the length of the token of the largest conversation id.
	maxToken = ((8+macBytes)*8 + 4) / 5
	// minToken is shorter than any token, so that one cut on its way is still
	// told from an ordinary name.
	minToken = macBytes
)

// addressEncoding keeps to letters and digits of one case: hosts on the way may
// change the case of a local part and customers' programs may show it.
var addressEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// Addresses makes and reads the signed address of each conversation. Holding
// such an address proves that one was written to, not who one is.
type Addresses struct {
	prefix, suffix, domain string
	key                    []byte
}

// NewAddresses takes a pattern such as "{token}@reply.example.com" or
// "desk+{token}@example.com" and a secret key of at least 16 bytes. The error
// is Invalid and says what is wrong with the pattern.
func NewAddresses(pattern string, key []byte) (*Addresses, error) {
	bad := func() error { return fault.New(fault.Invalid, "fault.address_pattern").With("pattern", pattern) }
	if len(key) < 16 {
		return nil, fault.New(fault.Invalid, "fault.address_key")
	}
	local, domain, ok := strings.Cut(strings.ToLower(strings.TrimSpace(pattern)), "@")
	if !ok || domain == "" || strings.ContainsAny(domain, "@{} \t\r\n<>\",;:") || strings.HasPrefix(domain, ".") {
		return nil, bad()
	}
	prefix, suffix, ok := strings.Cut(local, addressPlace)
	if !ok || strings.ContainsAny(prefix+suffix, "{} \t\r\n<>\",;:\\()[]") || strings.HasPrefix(prefix, ".") ||
		strings.HasSuffix(suffix, ".") || len(prefix)+maxToken+len(suffix) > maxLocalPart {
		return nil, bad()
	}
	for _, r := range local + domain {
		if r > 126 {
			return nil, bad()
		}
	}
	return &Addresses{prefix: prefix, suffix: suffix, domain: strings.TrimSuffix(domain, "."), key: bytes.Clone(key)}, nil
}

// Domain is the right side of our addresses, in lower case.
func (a *Addresses) Domain() string { return a.domain }

// For gives the address of a conversation. It is always the same, so that an
// answer to the oldest message still finds its way.
func (a *Addresses) For(conversationID int64) string {
	id := shortID(conversationID)
	token := addressEncoding.EncodeToString(append(id, a.mac(id)...))
	return a.prefix + strings.ToLower(token) + a.suffix + "@" + a.domain
}

// Read tells which conversation an address names. ours: it has the shape of our
// pattern; valid: its token was signed by us. Upper and lower case are the same.
func (a *Addresses) Read(address string) (conversationID int64, ours, valid bool) {
	address = strings.ToLower(strings.Trim(strings.TrimSpace(address), "<>"))
	at := strings.LastIndexByte(address, '@')
	if at < 0 || strings.TrimSuffix(address[at+1:], ".") != a.domain {
		return 0, false, false
	}
	token, ok := strings.CutPrefix(address[:at], a.prefix)
	if !ok {
		return 0, false, false
	}
	if token, ok = strings.CutSuffix(token, a.suffix); !ok || token == "" {
		return 0, false, false
	}
	if len(token) < minToken {
		return 0, false, false // "desk@…": an address like any other, not a damaged one of these
	}
	token = strings.ToUpper(token)
	plain, err := addressEncoding.DecodeString(token)
	if err != nil || len(plain) <= macBytes || len(plain) > 8+macBytes {
		return 0, true, false
	}
	id, mac := plain[:len(plain)-macBytes], plain[len(plain)-macBytes:]
	// One conversation has one address: no leading zeros, no stray bits at the end.
	if !hmac.Equal(mac, a.mac(id)) || id[0] == 0 || addressEncoding.EncodeToString(plain) != token {
		return 0, true, false
	}
	var wide [8]byte
	copy(wide[8-len(id):], id)
	if conversationID = int64(binary.BigEndian.Uint64(wide[:])); conversationID <= 0 {
		return 0, true, false
	}
	return conversationID, true, true
}

// maxFound addresses in a text are looked at.
const maxFound = 20

// Find lists what stands in a text in the shape of our pattern, as a quotation
// leaves it there ("On Monday Satu <desk+…@reply.example> wrote:"), each once.
func (a *Addresses) Find(text string) (found []string) {
	text = strings.ToLower(text)
	for end := 0; len(found) < maxFound; {
		at := strings.Index(text[end:], "@"+a.domain)
		if at < 0 {
			break
		}
		at += end
		end = at + 1 + len(a.domain)
		if rest := strings.TrimPrefix(text[end:], "."); rest != "" && strings.IndexFunc(rest, letterOrDigit) == 0 {
			continue // a longer domain
		}
		begin := strings.LastIndexFunc(text[max(at-maxLocalPart, 0):at], func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.+-_=", r)
		})
		address := text[max(at-maxLocalPart, 0)+begin+1 : end]
		if _, ours, _ := a.Read(address); ours && !slices.Contains(found, address) {
			found = append(found, address)
		}
	}
	return found
}

func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// mac signs an id for this use and no other of the same key.
func (a *Addresses) mac(id []byte) []byte {
	h := hmac.New(sha256.New, a.key)
	h.Write([]byte("conversation address\x00"))
	h.Write(id)
	return h.Sum(nil)[:macBytes]
}

// shortID is the id big-endian without leading zeros.
func shortID(id int64) []byte {
	wide := binary.BigEndian.AppendUint64(nil, uint64(id))
	return bytes.TrimLeft(wide, "\x00")
}
