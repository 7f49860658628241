package inbox

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// decodeCharset makes UTF-8 of bytes in a named charset, and mends names that
// lie: bytes that are UTF-8 with letters beyond ASCII are UTF-8 whatever they
// are called, ISO-8859-1 is read as windows-1252 (as the WHATWG Encoding
// Standard does, so that the euro sign and typographic quotes survive), GB2312
// as GB18030, and an unknown name is guessed between UTF-8 and windows-1252.
func decodeCharset(label string, b []byte) string {
	label = strings.ToLower(strings.Trim(strings.TrimSpace(label), `"'`))
	label = strings.TrimPrefix(label, "charset=")
	switch label {
	case "unicode-1-1-utf-7", "utf-7", "x-unicode-2-0-utf-7", "csutf7", "csunicode11utf7":
		return clean(decodeUTF7(b))
	case "gb2312", "gb_2312", "gb_2312-80", "gbk", "cp936", "x-gbk", "csgb2312", "gb18030":
		return clean(convert(simplifiedchinese.GB18030, b))
	case "", "us-ascii", "ascii", "utf-8", "utf8", "unknown-8bit", "8bit", "utf8mb4", "unicode-1-1-utf-8", "binary":
		return clean(guess(b))
	}
	enc := lookup(label)
	if enc == nil {
		return clean(guess(b))
	}
	if single(enc) && utf8.Valid(b) && !ascii(b) {
		return clean(string(b))
	}
	return clean(convert(enc, b))
}

func lookup(label string) encoding.Encoding {
	switch label {
	case "iso-8859-1", "latin1", "latin-1", "iso8859-1", "8859-1", "ansi", "windows-1252http-equivcontent-type", "cp-1252", "iso646-fi", "iso646-us":
		return charmap.Windows1252
	case "iso-8859-15", "latin9", "latin-9", "iso8859-15", "8859-15":
		return charmap.ISO8859_15
	case "cp850", "ibm850", "cp-850":
		return charmap.CodePage850
	}
	if enc, err := htmlindex.Get(label); err == nil {
		return enc
	}
	if enc, err := ianaindex.MIME.Encoding(label); err == nil && enc != nil {
		return enc
	}
	return nil
}

// single tells the charsets of one byte a letter, whose every text is valid:
// only for those does valid UTF-8 prove a wrong name.
func single(enc encoding.Encoding) bool {
	_, ok := enc.(*charmap.Charmap)
	return ok
}

func ascii(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 })
}

// guess reads bytes without a usable name: UTF-8 where more of the letters
// beyond ASCII are UTF-8 than are not, else windows-1252.
func guess(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	good, bad := 0, 0
	for rest := b; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		rest = rest[n:]
	}
	if good > bad {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return convert(charmap.Windows1252, b)
}

func convert(enc encoding.Encoding, b []byte) string {
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return guess(b)
	}
	return string(out)
}

// clean makes a text fit for the database and the page: valid UTF-8, "\n" as
// line end, no control characters but tab, no invisible marks that senders use
// to pad or that would break comparing.
func clean(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r', r == '\u2028', r == '\u2029', r == '\v', r == '\f':
			return '\n'
		case r == '\n', r == '\t':
			return r
		case r < ' ', r == 0x7f, r >= 0x80 && r < 0xa0:
			return -1
		case r == '\u00a0', r == '\u202f':
			return ' '
		case r == '\ufeff', r == '\u200b', r == '\u00ad', r == '\u2060', r == '\u200e', r == '\u200f':
			return -1
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// decodeUTF7 reads RFC 2152. What is no UTF-7 is kept as it stands.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	for i := 0; i < len(b); {
		if b[i] != '+' {
			out.WriteByte(b[i])
			i++
			continue
		}
		end := i + 1
		for end < len(b) && isBase64(b[end]) {
			end++
		}
		run := b[i+1 : end]
		closed := end < len(b) && b[end] == '-'
		units, err := base64.RawStdEncoding.DecodeString(string(run[:len(run)-boolInt(len(run)%4 == 1)]))
		switch {
		case len(run) == 0 && closed:
			out.WriteByte('+')
		case err != nil || len(units) < 2:
			out.Write(b[i:end])
		default:
			var u []uint16
			for j := 0; j+1 < len(units); j += 2 {
				u = append(u, uint16(units[j])<<8|uint16(units[j+1]))
			}
			out.WriteString(string(utf16.Decode(u)))
		}
		if i = end; closed {
			i++
		}
	}
	return out.String()
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func isBase64(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}

// decodeTransfer undoes a Content-Transfer-Encoding (RFC 2045 section 6) and
// takes what broken senders make of it.
func decodeTransfer(name string, b []byte) []byte {
	switch strings.ToLower(strings.Trim(strings.TrimSpace(name), `"`)) {
	case "base64":
		return decodeBase64(b)
	case "quoted-printable":
		return decodeQuotedPrintable(b)
	}
	return b
}

// decodeBase64 reads lines of base64 and stops reading them at the first that
// cannot be one: what a list or a virus scanner put below in plain text is
// kept as text.
func decodeBase64(b []byte) []byte {
	out := make([]byte, 0, base64.RawStdEncoding.DecodedLen(len(b)))
	var digits []byte
	flush := func() {
		digits = digits[:len(digits)-boolInt(len(digits)%4 == 1)]
		n := len(out)
		out = slices.Grow(out, base64.RawStdEncoding.DecodedLen(len(digits)))[:n+base64.RawStdEncoding.DecodedLen(len(digits))]
		m, _ := base64.RawStdEncoding.Decode(out[n:], digits)
		out, digits = out[:n+m], digits[:0]
	}
	closed := false
	for at := 0; at < len(b); {
		end := len(b)
		if i := bytes.IndexByte(b[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		line := bytes.TrimSpace(b[at:end])
		core := bytes.TrimRight(line, "=")
		foreign := 0
		for _, c := range core {
			foreign += boolInt(!isBase64(c))
		}
		text := foreign > 0 && (bytes.ContainsAny(line, " \t") || foreign > len(core)/4)
		if len(core) > 0 && (text || (closed && (foreign > 0 || len(line) < 20 || len(line)%4 != 0))) {
			flush()
			return append(append(out, '\n'), b[at:]...)
		}
		if closed && len(core) > 0 {
			flush()
			closed = false
		}
		for _, c := range core {
			if isBase64(c) {
				digits = append(digits, c)
			}
		}
		closed = closed || len(line) > len(core)
		at = end
	}
	flush()
	return out
}

func decodeQuotedPrintable(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '=' {
			out = append(out, b[i])
			continue
		}
		if i+2 < len(b) {
			if v, err := strconv.ParseUint(string(b[i+1:i+3]), 16, 8); err == nil {
				out = append(out, byte(v))
				i += 2
				continue
			}
		}
		// A soft line break may have blanks before its end (RFC 2045 section 6.7).
		end := i + 1
		for end < len(b) && (b[end] == ' ' || b[end] == '\t' || b[end] == '\r') {
			end++
		}
		if end == len(b) || b[end] == '\n' {
			i = end
			continue
		}
		out = append(out, '=')
	}
	return out
}
