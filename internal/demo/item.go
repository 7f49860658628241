package demo

import "time"

// Text is one text message on a customer's phone.
type Text struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	From      string    `json:"from"` // the address that sent; answers go there
	To        string    `json:"to"`   // the phone, E.164
	Body      string    `json:"body"`
	Direction Direction `json:"direction"`

	messageID string
}

// Mail is one e-mail in a customer's mailbox.
type Mail struct {
	ID          string       `json:"id"`
	MessageID   string       `json:"message_id"` // without angle brackets
	At          time.Time    `json:"at"`
	From        string       `json:"from"`
	FromName    string       `json:"from_name,omitempty"`
	To          string       `json:"to"`
	ReplyTo     string       `json:"reply_to,omitempty"`
	InReplyTo   string       `json:"in_reply_to,omitempty"`
	Subject     string       `json:"subject"`
	Body        string       `json:"body"`
	Attachments []Attachment `json:"attachments"`
	Direction   Direction    `json:"direction"`

	references []string
}

// Attachment is a file of an e-mail, by name.
type Attachment struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Size        int    `json:"size"` // bytes
}

// Direction tells an item that came from one that the customer sent.
type Direction string

// The directions, as the customer sees them.
const (
	Received Direction = "received"
	Sent     Direction = "sent"
)

// Phone sums up one phone for the list.
type Phone struct {
	Number string    `json:"number"`
	Count  int       `json:"count"` // texts received
	LastAt time.Time `json:"last_at"`
	Last   string    `json:"last"` // body of the latest item, either way
}

// MailboxInfo sums up one mailbox for the list.
type MailboxInfo struct {
	Address string    `json:"address"`
	Count   int       `json:"count"` // e-mails received
	LastAt  time.Time `json:"last_at"`
	Last    string    `json:"last"` // subject of the latest item, either way
}

// NewMail is an e-mail that a customer writes.
type NewMail struct {
	InReplyTo string `json:"in_reply_to,omitempty"` // Message-ID of the e-mail that is answered
	To        string `json:"to"`                    // empty: where the answered e-mail wants its replies
	Subject   string `json:"subject"`
	Body      string `json:"body"`
}
