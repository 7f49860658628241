package inbox

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// encodedWord is RFC 2047 section 2, with the language tag of RFC 2231 and the
// blanks inside that some programs leave.
var encodedWord = regexp.MustCompile(`=\?([A-Za-z0-9_.:\-]+)(?:\*[A-Za-z0-9\-]*)?\?([bBqQ])\?([^?]*)\?=`)

// decodeHeader makes readable text of a field's value. Neighbouring words of
// one charset are put together before they are decoded: many programs cut a
// letter in two between them.
func decodeHeader(value string) string {
	if !strings.Contains(value, "=?") {
		return oneLine(decodeCharset("", []byte(value)))
	}
	var (
		out     strings.Builder
		pending []byte
		charset string
		last    int
	)
	flush := func() {
		out.WriteString(decodeCharset(charset, pending))
		pending = pending[:0]
	}
	for _, m := range encodedWord.FindAllStringSubmatchIndex(value, -1) {
		between := value[last:m[0]]
		name := strings.ToLower(value[m[2]:m[3]])
		// Only blanks between two encoded words: they are not shown.
		joined := last > 0 && strings.TrimSpace(between) == ""
		if !joined || name != charset {
			flush()
		}
		if !joined {
			out.WriteString(decodeCharset("", []byte(between)))
		}
		charset = name
		if text := value[m[6]:m[7]]; strings.EqualFold(value[m[4]:m[5]], "b") {
			pending = append(pending, decodeBase64([]byte(strings.ReplaceAll(text, " ", "")))...)
		} else {
			pending = append(pending, decodeQuotedPrintable([]byte(strings.ReplaceAll(text, "_", " ")))...)
		}
		last = m[1]
	}
	flush()
	out.WriteString(decodeCharset("", []byte(value[last:])))
	return oneLine(out.String())
}

// oneLine puts a header's text on one line.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, s))
}

// paramPart is a piece of a parameter that RFC 2231 section 3 cut up.
type paramPart struct {
	index   int
	encoded bool // percent-encoded, section 4
	value   string
}

// splitParam reads "name*0*", "name*1" and "name*".
func splitParam(name string) (base string, index int, encoded, split bool) {
	base, rest, ok := strings.Cut(name, "*")
	if !ok || base == "" {
		return name, 0, false, false
	}
	if rest == "" {
		return base, 0, true, true
	}
	rest, encoded = strings.CutSuffix(rest, "*")
	index, err := strconv.Atoi(rest)
	if err != nil || index < 0 || index > 1000 {
		return name, 0, false, false
	}
	return base, index, encoded, true
}

func joinParam(parts []paramPart) string {
	slices.SortStableFunc(parts, func(a, b paramPart) int { return a.index - b.index })
	charset := ""
	var b strings.Builder
	for i, p := range parts {
		if !p.encoded {
			b.WriteString(p.value)
			continue
		}
		value := p.value
		if i == 0 {
			if f := strings.SplitN(value, "'", 3); len(f) == 3 {
				charset, value = f[0], f[2]
			}
		}
		if plain, err := url.PathUnescape(value); err == nil {
			value = plain
		}
		b.WriteString(value)
	}
	return decodeCharset(charset, []byte(b.String()))
}
