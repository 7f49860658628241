package inbox

import "neuvo/notify"

// Explanation is what `neuvo explain mail` prints for a message, in the words
// of the contract.
type Explanation struct {
	File            string       `json:"file"`
	Kind            notify.Kind  `json:"kind"`
	From            string       `json:"from"`
	ReplyText       string       `json:"reply_text"`
	Attachments     []Attachment `json:"attachments"`
	Signals         []Signal     `json:"signals"`
	FailedRecipient string       `json:"failed_recipient,omitempty"`
	Forwarded       bool         `json:"forwarded,omitempty"`
	Error           string       `json:"error,omitempty"`
}

// Attachment is a file of an explained message.
type Attachment struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Size        int    `json:"size"`
}

// Signal is one hint at where a message belongs.
type Signal struct {
	Rule  string `json:"rule"` // address, in_reply_to, references, marker, subject_tag
	Value string `json:"value"`
	Valid bool   `json:"valid"`
}

// Explain reads one message and tells what is seen in it, storing nothing.
func Explain(file string, raw []byte, opt ParseOptions, addresses *notify.Addresses) Explanation {
	return Explanation{}
}
