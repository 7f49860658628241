package inbox

import "strings"

// stripped is what is left of a message when the older ones are taken off.
type stripped struct {
	text      string
	forwarded bool // a forwarded message is part of the text
	found     bool // something was taken off
}

// segment is a run of the writer's own lines between two quotations.
type segment []string

// stripReply gives what the sender wrote now: quotations, their attributions
// and signatures go; answers between and below quotations stay; a forwarded
// message stays whole. Where nothing would be left, everything is: an advisor
// can do more with too much than with nothing. forwardedMail: the subject says
// that the older message is the point of this one.
func stripReply(lines []line, forwardedMail bool) stripped {
	segments, rest, found := split(lines, forwardedMail)
	var parts []string
	for _, s := range segments {
		body, cut := withoutSignature(s)
		found = found || cut
		if short := WithoutSignOff(body); short != body {
			body, found = short, true
		}
		if body != "" {
			parts = append(parts, body)
		}
	}
	if len(rest) > 0 {
		parts = append(parts, paragraph(rest))
	}
	text := strings.TrimSpace(strings.Join(parts, "\n\n"))
	if text == "" {
		return stripped{text: plainText(lines)}
	}
	return stripped{text: text, forwarded: len(rest) > 0, found: found}
}

// split walks down the lines and parts the writer's own from the older ones.
// rest is a forwarded message with its heading.
func split(lines []line, forwardedMail bool) (segments []segment, rest []string, found bool) {
	var current segment
	end := func() {
		if len(current) > 0 {
			segments = append(segments, current)
		}
		current, found = nil, true
	}
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		text := strings.TrimSpace(l.text)
		older := l.mark == cut || isOriginalSeparator(text) || headerBlock(lines, i)
		switch {
		case isForwardSeparator(text) && l.mark != quoted, older && forwardedMail:
			if len(current) > 0 {
				segments = append(segments, current)
			}
			return segments, texts(lines[i:]), found
		case older:
			end()
			return segments, nil, found
		case l.mark == quoted && text != "", l.mark == heading && text != "", l.mark != quoted && isQuoteLine(text):
			end()
		case l.mark == signature:
			found = found || text != ""
		case text == "" && len(current) == 0:
		default:
			n, certain := 0, false
			if text != "" {
				n, certain = attribution(lines, i)
			}
			switch {
			case n > 0 && quoteFollows(lines, i+n):
				end()
				i += n - 1
			case n > 0 && certain:
				end()
				return segments, nil, found
			default:
				current = append(current, l.text)
			}
		}
	}
	if len(current) > 0 {
		segments = append(segments, current)
	}
	return segments, nil, found
}

// quoteFollows tells whether the next line with text is marked as quoted.
func quoteFollows(lines []line, i int) bool {
	for ; i < len(lines); i++ {
		if strings.TrimSpace(lines[i].text) != "" {
			return lines[i].mark == quoted || isQuoteLine(lines[i].text)
		}
	}
	return false
}

// withoutSignature takes off the end of a segment: what follows the line "-- "
// (RFC 3676 section 4.3, and "--" where a program ate the blank), the adverts
// of telephones, and rules that stood over a quotation.
func withoutSignature(s segment) (text string, found bool) {
	for i, l := range s {
		bare := strings.TrimRight(l, " \t")
		if bare == "--" && (l == "-- " || len(s)-i <= 12) {
			if strings.TrimSpace(strings.Join(s[:i], "")) != "" {
				s, found = s[:i], true
			}
			break
		}
	}
	for len(s) > 0 {
		last := strings.TrimSpace(s[len(s)-1])
		switch {
		case last == "", rule.MatchString(last):
		case len(last) < 200 && mobile.MatchString(last):
			found = true
		default:
			return paragraph(s), found
		}
		s = s[:len(s)-1]
	}
	return "", found
}

// paragraph joins lines, at most one empty line between two.
func paragraph(lines []string) string {
	var b strings.Builder
	empty := 0
	for _, l := range lines {
		l = strings.TrimRight(l, " \t")
		if l == "" {
			empty++
			continue
		}
		if b.Len() > 0 {
			b.WriteString(strings.Repeat("\n", min(empty, 1)+1))
		}
		empty = 0
		b.WriteString(l)
	}
	return strings.Trim(b.String(), "\n")
}

func texts(lines []line) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.text
	}
	return out
}

// plainText is the whole text as people read it; quotations from HTML get the
// ">" that plain text has.
func plainText(lines []line) string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.text
		if l.mark == quoted && l.text != "" {
			out[i] = "> " + l.text
		}
	}
	return strings.TrimSpace(paragraph(out))
}

// plainLines cuts a text/plain body into lines. flowed: format=flowed of RFC
// 3676, whose soft-broken lines belong together; delSp: its DelSp=yes.
func plainLines(text string, flowed, delSp bool) []line {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	var out []line
	soft, depth := false, 0
	for raw := range strings.SplitSeq(text, "\n") {
		if !flowed {
			out = append(out, line{text: raw})
			continue
		}
		bare := strings.TrimLeft(raw, ">")
		d := len(raw) - len(bare)
		bare = strings.TrimPrefix(bare, " ") // space-stuffed, section 4.4
		if soft && d == depth && bare != "-- " {
			last := &out[len(out)-1]
			if delSp {
				last.text = strings.TrimSuffix(last.text, " ")
			}
			last.text += bare
		} else if d > 0 {
			out = append(out, line{text: strings.Repeat(">", min(d, 20)) + " " + bare})
		} else {
			out = append(out, line{text: bare})
		}
		soft, depth = strings.HasSuffix(bare, " ") && bare != "-- " && len(out[len(out)-1].text) < maxProbe*20, d
	}
	return out
}
