package inbox

import (
	"regexp"
	"slices"
	"strings"

	"neuvo/notify"
)

// Explanation is what `neuvo explain mail` prints for a message, in the words
// of the contract.
type Explanation struct {
	File            string       `json:"file"`
	Kind            notify.Kind  `json:"kind"`
	From            string       `json:"from"`
	Subject         string       `json:"subject,omitempty"`
	Channel         string       `json:"channel"`
	ReplyText       string       `json:"reply_text"`
	Forwarded       bool         `json:"forwarded,omitempty"`
	Attachments     []Attachment `json:"attachments"`
	Signals         []Signal     `json:"signals"`
	FailedRecipient string       `json:"failed_recipient,omitempty"`
	FailedReason    string       `json:"failed_reason,omitempty"`
	Error           string       `json:"error,omitempty"`
}

// Attachment is a file of an explained message; Size is in bytes.
type Attachment struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Size        int    `json:"size"`
	Refused     string `json:"refused,omitempty"`
}

// Signal is one hint at where a message belongs. Rule is address, in_reply_to,
// references, original (of a bounce), marker (our address inside the text) or
// subject_tag.
type Signal struct {
	Rule  string `json:"rule"`
	Value string `json:"value"`
	// Valid: an address or marker was signed by us; a Message-ID has our domain. A
	// subject tag proves nothing without the database and is never valid.
	Valid bool `json:"valid"`
}

// subjectTag is a reference in brackets, "[#K7M2QX]" or "[K7M2-QX]", as people
// and other systems put it into subjects.
var subjectTag = regexp.MustCompile(`\[#?([A-Z0-9][A-Z0-9-]{3,20})\]`)

// Explain reads one message and tells what is seen in it, storing nothing.
// addresses may be nil where no key is at hand: no address is known then.
func Explain(file string, raw []byte, opt ParseOptions, addresses *notify.Addresses) Explanation {
	p, err := Parse(raw, opt)
	e := Explanation{
		File: file, Kind: p.Kind, From: p.From, Subject: p.Subject, Channel: string(p.Channel),
		ReplyText: p.ReplyText, Forwarded: p.Forwarded, Attachments: []Attachment{}, Signals: signals(p, opt, addresses),
		FailedRecipient: p.FailedRecipient, FailedReason: p.FailedReason,
	}
	if err != nil {
		e.Error = err.Error()
	}
	for _, a := range p.Attachments {
		e.Attachments = append(e.Attachments, Attachment(a))
	}
	return e
}

// signals lists what could place a message, strongest first; References newest
// first, as matching reads them.
func signals(p notify.Parsed, opt ParseOptions, addresses *notify.Addresses) []Signal {
	list := []Signal{}
	add := func(rule, value string, valid bool) {
		if s := (Signal{rule, value, valid}); value != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	ours := func(id string) bool {
		return opt.OwnDomain != "" && strings.Contains(id, "@") && domainOf(id) == strings.ToLower(opt.OwnDomain)
	}
	if addresses != nil {
		for _, r := range p.Recipients {
			if _, is, valid := addresses.Read(r.Address); is {
				add("address", r.Address, valid)
			}
		}
		for _, word := range looseAddress.FindAllString(p.Text, 200) {
			if _, is, valid := addresses.Read(word); is {
				add("marker", strings.ToLower(word), valid)
			}
		}
	}
	add("original", p.OriginalID, ours(p.OriginalID))
	add("in_reply_to", p.InReplyTo, ours(p.InReplyTo))
	for _, id := range slices.Backward(p.References) {
		add("references", id, ours(id))
	}
	for _, m := range subjectTag.FindAllStringSubmatch(p.Subject, 5) {
		add("subject_tag", m[1], false)
	}
	return list
}
