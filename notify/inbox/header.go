package inbox

import (
	"bytes"
	"strings"
)

// Bounds on a header block: what is beyond them is not read. They are far above
// what mail servers let through (RFC 5321 section 4.5.3.1 and the 998 octets a
// line of RFC 5322 section 2.1.1).
const (
	maxHeaderBytes = 1 << 20
	maxFields      = 2000
	maxFieldBytes  = 128 << 10
)

// field is one header field as it stands: the name in lower case, the value
// unfolded but not decoded.
type field struct{ name, value string }

// header is a block of fields in their order.
type header []field

// get gives the first value of a name (in lower case), "" where there is none.
func (h header) get(name string) string {
	for _, f := range h {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// all gives every value of a name, topmost first.
func (h header) all(name string) []string {
	var values []string
	for _, f := range h {
		if f.name == name {
			values = append(values, f.value)
		}
	}
	return values
}

// text gives the first value of a name decoded for people.
func (h header) text(name string) string { return decodeHeader(h.get(name)) }

// normalise mends what transports do to line ends: "\r\r\n" and lone "\r".
// Most messages need nothing and are returned as they are.
func normalise(raw []byte) []byte {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if bytes.Contains(raw, []byte("\r\r\n")) {
		raw = oneCR(raw)
	}
	if !bytes.Contains(raw, []byte("\n")) && bytes.Contains(raw, []byte("\r")) {
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	return raw
}

// oneCR leaves one "\r" of several before a "\n", in one pass: they may be a million.
func oneCR(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for at := 0; at < len(raw); {
		end := bytes.IndexByte(raw[at:], '\n')
		if end < 0 {
			return append(out, raw[at:]...)
		}
		line := raw[at : at+end]
		if bare := bytes.TrimRight(line, "\r"); len(bare) < len(line) {
			line = line[:len(bare)+1]
		}
		out, at = append(append(out, line...), '\n'), at+end+1
	}
	return out
}

// splitMessage cuts a message into its fields and its body. It takes anything:
// an mbox "From " line and empty lines before the fields are passed over, lines
// that are no fields are skipped, and where no empty line ends the fields, the
// body begins at the first line that cannot be one.
func splitMessage(raw []byte) (header, []byte) {
	raw = bytes.TrimLeft(raw, "\r\n")
	if bytes.HasPrefix(raw, []byte("From ")) || bytes.HasPrefix(raw, []byte(">From ")) {
		_, raw, _ = bytes.Cut(raw, []byte("\n"))
	}
	var (
		h        header
		value    []byte // of the last field, while it may still go on
		firstBad = -1
		open     = false
	)
	flush := func() {
		if open && len(h) < maxFields {
			h[len(h)-1].value = strings.TrimSpace(string(value))
		}
		open = false
	}
	for at := 0; at < len(raw) && at < maxHeaderBytes; {
		line, next := raw[at:], len(raw)
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line, next = line[:i], at+i+1
		}
		line = bytes.TrimRight(line, "\r")
		switch {
		case len(line) == 0:
			flush()
			return h, raw[next:]
		case line[0] == ' ' || line[0] == '\t':
			if open && len(value)+len(line) < maxFieldBytes {
				value = append(append(value, ' '), bytes.TrimSpace(line)...)
			}
		default:
			name, rest, ok := fieldName(line)
			if !ok {
				if firstBad < 0 {
					firstBad = at
				}
				break
			}
			flush()
			if len(h) < maxFields-1 {
				h, value, open = append(h, field{name: name}), append([]byte(nil), rest[:min(len(rest), maxFieldBytes)]...), true
			}
		}
		at = next
	}
	flush()
	if firstBad >= 0 {
		return h, raw[firstBad:]
	}
	return h, nil
}

// fieldName splits "Name: value". A name is printable US-ASCII without a colon
// (RFC 5322 section 2.2); blanks before the colon are the obsolete form.
func fieldName(line []byte) (string, []byte, bool) {
	i := bytes.IndexByte(line, ':')
	if i <= 0 || i > 200 {
		return "", nil, false
	}
	name := bytes.TrimRight(line[:i], " \t")
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return "", nil, false
		}
	}
	return strings.ToLower(string(name)), line[i+1:], true
}

// mediaType reads "type/subtype; a=b" of RFC 2045 section 5.1 with the
// continuations and charsets of RFC 2231, and never refuses: what cannot be
// read is left out. Names are in lower case.
func mediaType(value string) (kind string, params map[string]string) {
	head, rest, _ := strings.Cut(value, ";")
	kind = strings.ToLower(strings.TrimSpace(strings.Trim(strings.TrimSpace(head), `"`)))
	if i := strings.IndexAny(kind, " \t("); i > 0 {
		kind = kind[:i]
	}
	params = map[string]string{}
	parts := map[string][]paramPart{}
	for n := 0; rest != "" && n < 100; n++ {
		var name, val string
		name, val, rest = nextParam(rest)
		if name == "" {
			continue
		}
		if base, index, encoded, split := splitParam(name); split {
			parts[base] = append(parts[base], paramPart{index, encoded, val})
			continue
		}
		if _, have := params[name]; !have {
			params[name] = val
		}
	}
	for base, list := range parts {
		params[base] = joinParam(list)
	}
	return kind, params
}

// nextParam takes one "name=value" off the front; a quoted value may hold
// semicolons and backslashes.
func nextParam(s string) (name, value, rest string) {
	s = strings.TrimLeft(s, " \t;")
	eq := strings.IndexByte(s, '=')
	semi := strings.IndexByte(s, ';')
	if eq < 0 || (semi >= 0 && semi < eq) {
		if semi < 0 {
			return "", "", ""
		}
		return "", "", s[semi+1:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:eq]))
	s = strings.TrimLeft(s[eq+1:], " \t")
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return name, strings.TrimSpace(value), rest
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i+1 < len(s) {
				i++
			}
			b.WriteByte(s[i])
		case '"':
			return name, b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return name, b.String(), ""
}
