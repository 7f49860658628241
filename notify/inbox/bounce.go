package inbox

import (
	"bytes"
	"regexp"
	"strings"

	"neuvo/notify"
)

// maxReason bounds the reason that people are shown.
const maxReason = 400

var (
	returnedID   = regexp.MustCompile(`(?im)^[\s>]*Message-ID:\s*<([^<>\s]{1,998})>`)
	returnedFrom = regexp.MustCompile(`(?im)^[\s>]*(?:Reply-To|From):[^\n]*?([^\s<>"',;:()]+@[^\s<>"',;:()]+)`)
	statusCode   = regexp.MustCompile(`\b[45]\d\d[ -][45]\.\d{1,3}\.\d{1,3}\b|\b[45]\.\d{1,3}\.\d{1,3}\b|\b55\d\b`)
	returnedMark = regexp.MustCompile(`(?im)^[\s>*-]*(-+ ?(this is a copy|below (this line )?is a copy|original message|message header|returned message|the following is)|(original message|message headers?|returned message) (follows|headers)|received: |return-path: )`)
)

// statusGroups reads message/delivery-status: groups of fields with empty lines
// between, first about the message, then one per recipient.
func statusGroups(b []byte) []header {
	var groups []header
	rest := bytes.ReplaceAll(b[:min(len(b), 256<<10)], []byte("\r\n"), []byte("\n"))
	for block := range bytes.SplitSeq(rest, []byte("\n\n")) {
		if len(groups) == 100 {
			break
		}
		if h, _ := splitMessage(append(bytes.TrimSpace(block), '\n', '\n')); len(h) > 0 {
			groups = append(groups, h)
		}
	}
	return groups
}

// readBounce fills in who could not be reached, why, and which message of ours
// it is about.
func readBounce(p *notify.Parsed, h header, c *content, opt ParseOptions) {
	for _, g := range c.statuses {
		address := reportAddress(g.get("final-recipient"))
		// The address that was written to says more than the one it was forwarded to.
		if original := reportAddress(g.get("original-recipient")); original != "" {
			address = original
		}
		action := firstWord(g.get("action"))
		if address == "" || (action != "" && action != "failed") {
			continue
		}
		p.FailedRecipient = address
		p.FailedReason = reportReason(g)
		break
	}
	if p.FailedRecipient == "" {
		for _, a := range addresses(h.get("x-failed-recipients")) {
			p.FailedRecipient = strings.ToLower(a.Address)
			break
		}
	}
	// Text that is not the returned message: the first part of it.
	letter := p.Text
	if at := returnedMark.FindStringIndex(letter); at != nil && at[0] > 0 {
		letter = letter[:at[0]]
	}
	if p.FailedRecipient == "" {
		p.FailedRecipient = failedIn(letter, p, opt)
	}
	if p.FailedReason == "" {
		p.FailedReason = reasonIn(letter)
	}
	readReturned(p, h, c, opt)
}

// readReturned finds our Message-ID in the message given back, in the letter's
// text or in the report's own references.
func readReturned(p *notify.Parsed, h header, c *content, opt ParseOptions) {
	var found []string
	if c.returned != nil {
		back, _ := splitMessage(normalise(c.returned))
		found = append(found, firstID(back.get("message-id")))
		for _, name := range []string{"Reply-To", "From"} {
			for _, a := range addresses(back.get(strings.ToLower(name))) {
				p.Recipients = append(p.Recipients, notify.Recipient{Header: "Returned-" + name, Address: a.Address})
			}
		}
	}
	for _, m := range returnedID.FindAllStringSubmatch(p.Text, 10) {
		found = append(found, m[1])
	}
	if c.returned == nil {
		for _, m := range returnedFrom.FindAllStringSubmatch(p.Text, 4) {
			p.Recipients = append(p.Recipients, notify.Recipient{Header: "Returned-From", Address: m[1]})
		}
	}
	found = append(found, ids(h.get("in-reply-to"))...)
	found = append(found, ids(h.get("references"))...)
	found = append(found, ids(h.get("x-original-message-id"))...)
	for _, id := range found {
		if id != "" && opt.OwnDomain != "" && domainOf(id) == strings.ToLower(opt.OwnDomain) {
			p.OriginalID = id
			return
		}
	}
	for _, id := range found {
		if id != "" {
			p.OriginalID = id
			return
		}
	}
}

// reportAddress reads "rfc822; someone@example.com" (RFC 3464 section 2.3.2).
func reportAddress(value string) string {
	if _, after, ok := strings.Cut(value, ";"); ok {
		value = after
	}
	if a := looseAddress.FindString(value); a != "" {
		return strings.ToLower(a)
	}
	return ""
}

func reportReason(g header) string {
	reason := g.text("diagnostic-code")
	if kind, after, ok := strings.Cut(reason, ";"); ok && !strings.ContainsAny(strings.TrimSpace(kind), " ") {
		reason = strings.TrimSpace(after)
	}
	status := firstWord(g.text("status"))
	switch {
	case reason == "":
		reason = status
	case status != "" && !strings.Contains(reason, status):
		reason = status + " " + reason
	}
	return shorten(reason)
}

// failedIn takes the first address out of a mail system's letter that is
// neither the mail system's own nor one of ours.
func failedIn(letter string, p *notify.Parsed, opt ParseOptions) string {
	for _, a := range looseAddress.FindAllString(letter, 50) {
		a = strings.ToLower(strings.TrimRight(a, ".>*"))
		ours := domainOf(a) == strings.ToLower(opt.OwnDomain)
		for _, r := range p.Recipients {
			ours = ours || strings.EqualFold(r.Address, a)
		}
		if !ours && a != p.From && !bounceFrom.MatchString(a) {
			return a
		}
	}
	return ""
}

// reasonIn takes the line with a status code, or what stands there first.
func reasonIn(letter string) string {
	first := ""
	for l := range strings.SplitSeq(letter, "\n") {
		l = strings.TrimSpace(l)
		if len(l) < maxReason && statusCode.MatchString(l) {
			return shorten(l)
		}
		if first == "" && l != "" {
			first = l
		}
	}
	return shorten(first)
}

func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxReason {
		s = strings.ToValidUTF8(s[:maxReason], "") + "…"
	}
	return s
}
