package notify

import (
	"context"

	"neuvo/internal/db"
)

// Channel is a way to reach a person.
type Channel string

// The channels of a message.
const (
	SMS   Channel = "sms"
	Email Channel = "email"
	Web   Channel = "web"
	Phone Channel = "phone"
)

// Direction tells who wrote a message.
type Direction string

// Out is ours to the customer, In the customer's to us.
const (
	Out Direction = "out"
	In  Direction = "in"
)

// State is where a message is on its way. Outgoing: queued, claimed (a sender
// works on it), unknown (the bytes were written and no answer came), accepted
// by the gateway, delivered; or failed, expired, suppressed. Incoming: received.
type State string

// The states of a message.
const (
	Queued     State = "queued"
	Claimed    State = "claimed"
	Unknown    State = "unknown"
	Accepted   State = "accepted"
	Delivered  State = "delivered"
	Failed     State = "failed"
	Expired    State = "expired"
	Suppressed State = "suppressed"
	Received   State = "received"
)

// Final tells whether nothing more happens to a message in this state by itself.
func (s State) Final() bool {
	switch s {
	case Delivered, Failed, Expired, Suppressed, Received:
		return true
	}
	return false
}

// Kind tells what an inbound message is, recognised before matching.
type Kind string

// Kinds of inbound messages, in the words of the contract.
const (
	Human   Kind = "human"
	Bounce  Kind = "bounce"
	Auto    Kind = "auto"
	Receipt Kind = "receipt"
	List    Kind = "list"
	Own     Kind = "own"
)

// Purpose is what a message is for; consent is kept per purpose.
type Purpose string

// The purposes. JobUpdate needs no consent: it is part of the service bought.
const (
	JobUpdate Purpose = "job_update"
	Survey    Purpose = "survey"
	Reminder  Purpose = "reminder"
	Marketing Purpose = "marketing"
)

// Conversation is the one thread of a subject over all channels.
type Conversation struct {
	ID        int64 `gorm:"primaryKey"`
	Subject   string
	CreatedAt db.Time
	// ClosedAt is when what it is about was over; zero while that is open.
	ClosedAt db.Time
}

// Participant is an address that belongs to the customer of a conversation: an
// E.164 phone for SMS, a lower-cased address for Email.
type Participant struct {
	ConversationID int64 `gorm:"primaryKey;autoIncrement:false"`
	Channel        Channel
	Address        string
}

// Message is one text or e-mail, in or out, with its state. It is its own
// queue entry: NextAt is set while a sender has something to do with it.
type Message struct {
	ID              int64 `gorm:"primaryKey"`
	ConversationID  int64
	Direction       Direction
	Channel         Channel
	Kind            Kind    // inbound only
	Occasion        string  // outbound: booked, reminder, received, …, advisor
	Purpose         Purpose // outbound only
	Author          string  // the name people see
	FromAddress     string
	ToAddress       string
	Subject         string
	Body            string
	Shown           string // what people see in place of Body, and all that is kept of it once it has gone; "": Body
	Locale          string
	State           State
	SubjectVersion  int // job version it speaks of; 0: any
	Gateway         string
	GatewayID       string // the gateway's own id
	MessageID       string // RFC 5322 Message-ID without angle brackets
	InReplyTo       string
	Segments        int // parts of an SMS
	Attempts        int
	NextAt          db.Time // when a sender takes it up; NULL: nothing to do
	ClaimedUntil    db.Time
	ClaimedBy       string
	HandedAt        db.Time // when the gateway call of this claim began; NULL: not begun
	ByHuman         bool    // outbound: a person's own words, not an automatic text
	AtOnce          bool    // outbound: quiet hours and the burst cap do not hold it
	Prompt          bool    // outbound: it answers what the customer wrote just now, so quiet hours do not hold it
	RetryOf         int64   // outbound: the message that a person had sent again
	SettledAt       db.Time // outbound: a person dealt with its failure then
	SettledBy       string  // who that was
	ExpiresAt       db.Time // worthless after this
	Error           string
	Asks            string  // outbound: what it asks for, see Outgoing.Asks
	AsksUntil       db.Time // an answer is expected until then; NULL: none, or none any more
	InboundID       int64   // the stored raw message it came from
	Verified        bool    // inbound: the sender is a participant, not only a token holder
	MatchRule       string
	MatchEvidence   string
	MatchConfidence string
	CreatedAt       db.Time
	SentAt          db.Time
}

// MessageState is one step of a message's history.
type MessageState struct {
	ID        int64 `gorm:"primaryKey"`
	MessageID int64
	State     State
	At        db.Time
	Detail    string
}

// Mailbox is the cursor of one IMAP mailbox: (UIDVALIDITY, last UID seen),
// RFC 3501 section 2.3.1.1.
type Mailbox struct {
	Name        string `gorm:"primaryKey"`
	UIDValidity int64
	LastUID     int64
	DoneUID     int64 // up to here they are flagged or moved as configured
	PolledAt    db.Time
	Error       string
}

// InboundState is where a stored raw message stands.
type InboundState string

// States of a stored raw message. Only Stored has work to do.
const (
	InStored    InboundState = "stored"
	InPlaced    InboundState = "placed"
	InTriage    InboundState = "triage"
	InDismissed InboundState = "dismissed"
	InDuplicate InboundState = "duplicate"
	InEvent     InboundState = "event" // a machine's message, attached or noted
	InPart      InboundState = "part"  // a piece of a longer text whose other pieces are still to come
)

// Candidate is a conversation a triaged message may belong to, and why.
type Candidate struct {
	Subject string `json:"subject"`
	Why     string `json:"why"`
}

// Inbound is a raw message as it came, kept before anything reads it.
type Inbound struct {
	ID          int64  `gorm:"primaryKey"`
	Source      string // "imap:NAME" or "hook:GATEWAY"
	UIDValidity int64
	UID         int64
	SHA256      string
	Raw         []byte
	ReceivedAt  db.Time
	State       InboundState
	Reason      string // why it is in triage, dismissed, a duplicate or an event
	Attempts    int    // times that reading it was begun
	Error       string
	Kind        Kind
	Channel     Channel
	MessageID   string
	FromAddress string
	Subject     string
	Body        string
	Number      string // ours that a text over HTTP was sent to
	ProviderID  string // the provider's own id of such a text
	PartRef     string // shared by the pieces of one longer text
	PartNumber  int    // from 1; 0: a whole text
	PartTotal   int
	Candidates  []Candidate `gorm:"serializer:json"`
}

// TableName keeps the name singular: the word has no plural.
func (Inbound) TableName() string { return "inbound" }

// Parsed is what a reader makes of raw bytes: all that matching may look at.
type Parsed struct {
	Kind       Kind
	Channel    Channel // SMS where it came through an e-mail-to-SMS gateway
	MessageID  string
	InReplyTo  string
	References []string // oldest first, as in the header
	From       string   // lower-cased address, or the E.164 phone for SMS
	FromName   string
	Recipients []Recipient // our possible addresses, in order of trust
	Subject    string
	Text       string // the whole readable text
	ReplyText  string // what the sender wrote now: quotes and signature stripped
	Date       db.Time
	Forwarded  bool // ReplyText holds a message of somebody else's that was passed on
	// Forged says what our own mail server found: the address in From is not the
	// writer's. "" where it found nothing or was not asked.
	Forged string
	// For a bounce: who could not be reached and why, and the Message-ID of
	// ours that it is about.
	FailedRecipient string
	FailedReason    string
	OriginalID      string
	Attachments     []Attachment
	// For a text that came over HTTP: our number it was sent to, the provider's
	// own id of it, which part it is of a longer one, and what the provider
	// itself made of an opt-out word.
	Number     string
	ProviderID string
	Part       Part
	OptOut     OptOut
}

// Part tells which piece of a longer text came; the zero Part is a whole text.
type Part struct {
	Ref    string // shared by the pieces of one text of one sender
	Number int    // from 1
	Total  int
}

// OptOut is a provider's own handling of a word such as STOP or START: it will
// not (or will again) carry texts to that phone.
type OptOut string

// What a provider may have done with a phone.
const (
	OptedOut OptOut = "out"
	OptedIn  OptOut = "in"
)

// Recipient is an address the message was sent to and the header that says so.
type Recipient struct {
	Header  string // Delivered-To, X-Original-To, X-Forwarded-To, To, Cc
	Address string
}

// Attachment names a file of a message; its bytes stay in the raw message.
type Attachment struct {
	Name        string
	ContentType string
	Size        int
	Refused     string // why it is not handed out, "" where it is
}

// Why an attachment is only named and not handed out.
const (
	FileTooLarge  = "too_large"
	FileDangerous = "dangerous"
	FileLost      = "lost" // it could not be taken out of the raw message when that went
)

// Reply is a placed inbound message on its way up to the handlers.
type Reply struct {
	Subject string // "job:42"
	Message Message
	// InReplyToOccasion is the occasion of our message that the reply names, by its
	// Message-ID or by quoting it ("survey"); "" where it names none.
	InReplyToOccasion string
	// Reaction tells that the reply holds no words of the customer's own but a
	// mark on a text of ours, and which.
	Reaction Reaction
}

// ReplyHandler looks at a placed reply inside the transaction that stores it
// and tells whether it dealt with it; the first that did ends the round.
type ReplyHandler func(ctx context.Context, r Reply) (handled bool, err error)

// FailureHandler hears that an outgoing message will not arrive, inside the
// transaction that records it.
type FailureHandler func(ctx context.Context, subject string, m Message) error

// Outgoing is what a room asks to be sent.
type Outgoing struct {
	Subject    string // conversation, "job:42"
	Version    int    // job version it speaks of; 0: any
	Channel    Channel
	To         string // E.164 phone or e-mail address
	Author     string // the advisor's name, shown as sender
	Occasion   string
	Purpose    Purpose
	Locale     string
	MailTitle  string // Subject of an e-mail
	Body       string
	NotBefore  db.Time // zero: now
	ExpiresAt  db.Time // zero: 7 days
	ByHuman    bool    // an advisor's own words: no Auto-Submitted header
	ReplyToMsg int64   // inbound message this answers, for e-mail threading
	// AtOnce: somebody waits for it now, so neither quiet hours nor the burst cap
	// hold it: a one-time code, the answer to what the customer has just done.
	AtOnce bool
	// Asks names what the customer is expected to answer ("survey", "offer",
	// "confirmation", "estimate"); "" where nothing is asked. A text that comes
	// back with no sign of its own belongs to the only question that is out.
	Asks      string
	AsksUntil db.Time // zero: seven days after it goes
	// Shown, where not empty, stands on pages in place of Body, which holds a
	// secret such as a one-time code and is forgotten once it has gone.
	Shown string
	Files []File // of an e-mail; other channels carry none
	// Conversation saves looking for it where the caller's transaction has just
	// opened it; nil: Subject tells.
	Conversation *Conversation
}

// File is a file that goes with an e-mail.
type File struct {
	Name        string
	ContentType string // "text/calendar; method=PUBLISH; charset=utf-8"
	Content     []byte
}

// MessageAttachment is a file of an outgoing e-mail as it is stored.
type MessageAttachment struct {
	MessageID   int64 `gorm:"primaryKey;autoIncrement:false"`
	Position    int   `gorm:"primaryKey;autoIncrement:false"`
	Name        string
	ContentType string
	Content     []byte
}

// Placement is where an inbound message belongs, or why nobody can say.
type Placement struct {
	ConversationID int64 // 0: triage
	Rule           string
	Evidence       string
	Confidence     string // "certain" or "inferred"
	Verified       bool   // the sender is a participant of the conversation
	Reason         string // for triage
	Candidates     []Candidate
	AnsweredID     int64 // our message that it names, 0 if none
	Reaction       Reaction
}

// InboundFile is a file of an inbound message. Its bytes stay in the raw message
// and are taken out of it when they are asked for; once the raw message goes, those
// of what stands on a conversation stay here for as long as that does.
type InboundFile struct {
	InboundID   int64 `gorm:"primaryKey;autoIncrement:false"`
	Position    int   `gorm:"primaryKey;autoIncrement:false"` // from 1
	Name        string
	ContentType string // by its first bytes where they say more than the sender
	Size        int64  // bytes, decoded
	Refused     string // why it is not handed out, "" where it is
	Content     []byte // NULL while the raw message holds it
}

// SourceCount is the latest count of what a source of messages holds beside what
// is stored of it.
type SourceCount struct {
	Source    string `gorm:"primaryKey"` // as in Inbound
	CountedAt db.Time
	Held      int64  // messages there that were due to be stored
	Stored    int64  // of those, how many are
	Missing   int64  // and how many are not
	Says      string // in words, where something is missing or could not be counted
}
