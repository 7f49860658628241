package inbox

import "strings"

// stripped is what is left of a message when the older ones are taken off.
type stripped struct {
	text      string
	forwarded bool // a forwarded message is part of the text
	quotes    bool // an older message was found
}

// segment is a run of the writer's own lines between two quotations.
type segment []string

// stripReply gives what the sender wrote now: quotations, their attributions
// and signatures go; answers between and below quotations stay; a forwarded
// message stays whole. Where nothing would be left, everything is: an advisor
// can do more with too much than with nothing. forwardedMail: the subject says
// that the older message is the point of this one; sender: the name and address of
// who wrote it, in lower case.
func stripReply(lines []line, forwardedMail bool, sender string) stripped {
	segments, rest, quotes := split(withoutBanner(withoutArmour(lines)), forwardedMail)
	var parts []string
	for _, s := range segments {
		body := withoutSignature(s, sender)
		if body = WithoutSignOff(body); body != "" && (len(parts) == 0 || !onlySignOff(body)) {
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
	return stripped{text: text, forwarded: len(rest) > 0, quotes: quotes}
}

// split walks down the lines and parts the writer's own from the older ones.
// rest is a forwarded message with its heading; quotes tells that something older
// was found.
func split(lines []line, forwardedMail bool) (segments []segment, rest []string, quotes bool) {
	var current segment
	end := func() {
		if len(current) > 0 {
			segments = append(segments, current)
		}
		current, quotes = nil, true
	}
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		text := strings.TrimSpace(l.text)
		older := l.mark == cut || isOriginalSeparator(text) || bareSeparator(lines, i)
		block := 0
		if !older {
			block = headerBlock(lines, i)
			older = block > 0
		}
		switch {
		case isForwardSeparator(text) && l.mark != quoted, older && forwardedMail:
			if len(current) > 0 {
				segments = append(segments, current)
			}
			return segments, texts(lines[i:]), quotes
		case older && answersBelow(lines, i, block, len(segments) > 0 || strings.TrimSpace(strings.Join(current, "")) != ""):
			end()
			i = afterFields(lines, i) - 1
		case older:
			end()
			return segments, nil, quotes
		case cites(lines, i, current):
			for ; i < len(lines) && isQuoteLine(lines[i].text); i++ {
				current = append(current, lines[i].text)
			}
			i--
		case l.mark == quoted && text != "", l.mark == heading && text != "", l.mark != quoted && isQuoteLine(text):
			end()
		case l.mark == signature:
		case text == "" && len(current) == 0:
		default:
			n, certain := 0, false
			if text != "" {
				n, certain = attribution(lines, i)
			}
			before, onOneLine := "", false
			if n == 0 {
				before, onOneLine = runsOn(text)
			}
			switch {
			case n > 0 && quoteFollows(lines, i+n):
				end()
				i += n - 1
			case n > 0 && certain, onOneLine:
				if before != "" {
					current = append(current, before)
				}
				end()
				return segments, nil, quotes
			default:
				current = append(current, l.text)
			}
		}
	}
	if len(current) > 0 {
		segments = append(segments, current)
	}
	return segments, nil, quotes
}

// maxCited lines are cited by hand.
const maxCited = 12

// cites tells whether the lines from i on, marked like a quotation, are cited by
// the writer: his own line above leads to them ("The bill says:"), and he goes on
// below.
func cites(lines []line, i int, above segment) bool {
	if lines[i].mark != own || !isQuoteLine(lines[i].text) || len(above) == 0 {
		return false
	}
	lead := strings.TrimSpace(above[len(above)-1])
	if !strings.HasSuffix(lead, ":") || len(lead) > maxProbe || clueTime.MatchString(lead) || clueMail.MatchString(lead) {
		return false
	}
	end := i
	for end < len(lines) && end-i <= maxCited && isQuoteLine(lines[end].text) {
		if text := lines[end].text; len(text) > maxProbe || clueAngle.MatchString(text) || wrote.MatchString(text) {
			return false
		}
		end++
	}
	return end-i <= maxCited && !blank(lines[end:min(len(lines), end+4)]) && !quoteFollows(lines, end)
}

// answersBelow tells whether the older message under a separator or a block of
// fields is marked line by line, so that what is not marked there is an answer.
// Where something was written above it, the answer is that.
func answersBelow(lines []line, i, block int, above bool) bool {
	if above || lines[i].mark == cut {
		return false
	}
	next := afterFields(lines, i)
	return (block > 0 || next > i+1) && quoteFollows(lines, next)
}

// afterFields gives the line behind a separator and the block of fields below it.
func afterFields(lines []line, i int) int {
	if n := headerBlock(lines, i); n > 0 {
		return i + n
	}
	for k := i + 1; k < len(lines) && k < i+4; k++ {
		if n := headerBlock(lines, k); n > 0 {
			return k + n
		}
	}
	return i + 1
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
