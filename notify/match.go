package notify

import (
	"fmt"
	"slices"
	"strings"
)

// The rules of matching, as kept in a message's MatchRule.
const (
	RuleAddress    = "address"     // our signed address among the recipients
	RuleInReplyTo  = "in_reply_to" // our Message-ID in In-Reply-To
	RuleReferences = "references"  // our Message-ID in References, the newest that is ours
	RuleOriginal   = "original"    // a machine's message about one of ours names it
	RuleHand       = "hand"        // a person placed it
)

// Confidence of a placement.
const (
	Certain  = "certain"
	Inferred = "inferred"
)

// Why a message waits in triage, in words for people; a detail may follow after
// a colon.
const (
	ReasonNoSignal   = "nothing in it names a conversation of ours"
	ReasonForged     = "it was sent to an address that looks like ours and that we never made"
	ReasonDisagree   = "what it says about where it belongs disagrees"
	ReasonUnreadable = "it could not be read"
	ReasonGaveUp     = "handling it failed again and again"
)

// maxReferences of a References header are looked at, the newest ones.
const maxReferences = 50

// Facts is what the database and our key know of the signals of one message.
type Facts struct {
	// Addresses are the recipients that have the shape of our pattern, keyed by
	// the address as it stands in Parsed.Recipients.
	Addresses map[string]AddressFact
	// Messages are those outgoing messages of ours whose Message-ID the message
	// mentions, keyed by that id without angle brackets.
	Messages map[string]MessageFact
	// Conversations are those that any signal names, by id.
	Conversations map[int64]ConversationFact
	// Candidates for a person to choose from when no signal decides: the newest
	// conversations in which the sender takes part.
	Candidates []Candidate
}

// AddressFact is what our key says about a recipient.
type AddressFact struct {
	ConversationID int64
	Valid          bool
}

// MessageFact is one outgoing message of ours.
type MessageFact struct {
	ID             int64
	ConversationID int64
	Occasion       string
}

// ConversationFact is a conversation that a signal names.
type ConversationFact struct {
	Subject string
	// SenderTakesPart: the sender's address is a participant's.
	SenderTakesPart bool
}

// signal is one hint at a conversation that proved true.
type signal struct {
	rule, evidence string
	conversation   int64
	message        int64 // ours that is answered, where the signal is one
}

// Match decides where a message belongs, from what it says and from the facts
// alone. Only valid signals count; when they disagree, or when there is none,
// nobody guesses: the placement has no conversation and a reason.
func Match(p Parsed, f Facts) Placement {
	signals, forged := signalsOf(p, f)
	if len(signals) == 0 {
		reason := ReasonNoSignal
		if forged {
			reason = ReasonForged
		}
		return Placement{Reason: reason, Candidates: f.Candidates}
	}
	first := signals[0]
	for _, s := range signals[1:] {
		if s.conversation != first.conversation {
			return Placement{
				Reason:     fmt.Sprintf("%s: %s %s, %s %s", ReasonDisagree, first.rule, first.evidence, s.rule, s.evidence),
				Candidates: candidatesOf(signals, f),
			}
		}
	}
	conversation := f.Conversations[first.conversation]
	placed := Placement{
		ConversationID: first.conversation, Rule: first.rule, Evidence: first.evidence,
		Confidence: Certain, Verified: conversation.SenderTakesPart,
	}
	for _, s := range slices.Backward(signals) { // the strongest rule that names a message has the last word
		if s.message != 0 {
			placed.AnsweredID = s.message
		}
	}
	return placed
}

// signalsOf lists the valid signals, strongest first, and tells whether an
// address was forged or damaged.
func signalsOf(p Parsed, f Facts) (signals []signal, forged bool) {
	add := func(s signal) {
		if _, known := f.Conversations[s.conversation]; known {
			signals = append(signals, s)
		}
	}
	for _, r := range p.Recipients {
		fact, ours := f.Addresses[r.Address]
		switch {
		case ours && fact.Valid:
			add(signal{rule: RuleAddress, evidence: r.Header + ": " + r.Address, conversation: fact.ConversationID})
		case ours:
			forged = true
		}
	}
	if p.OriginalID != "" && p.Kind.machine() {
		if m, ok := f.Messages[bareID(p.OriginalID)]; ok {
			add(signal{rule: RuleOriginal, evidence: bareID(p.OriginalID), conversation: m.ConversationID, message: m.ID})
		}
	}
	if m, ok := f.Messages[bareID(p.InReplyTo)]; ok {
		add(signal{rule: RuleInReplyTo, evidence: bareID(p.InReplyTo), conversation: m.ConversationID, message: m.ID})
	}
	for _, id := range newestReferences(p.References) {
		if m, ok := f.Messages[id]; ok {
			add(signal{rule: RuleReferences, evidence: id, conversation: m.ConversationID, message: m.ID})
			break
		}
	}
	return signals, forged
}

// candidatesOf names each conversation that a signal spoke for, once, and then
// those where the sender takes part.
func candidatesOf(signals []signal, f Facts) []Candidate {
	var list []Candidate
	seen := map[string]bool{}
	for _, s := range signals {
		if subject := f.Conversations[s.conversation].Subject; !seen[subject] {
			seen[subject] = true
			list = append(list, Candidate{Subject: subject, Why: s.rule + ": " + s.evidence})
		}
	}
	for _, c := range f.Candidates {
		if !seen[c.Subject] {
			seen[c.Subject] = true
			list = append(list, c)
		}
	}
	return list
}

// machine tells whether no person wrote it: such a message is noted, and never
// answers, approves or reopens anything.
func (k Kind) machine() bool { return k != Human && k != "" }

// newestReferences gives the ids of a References header, newest first.
func newestReferences(references []string) []string {
	ids := make([]string, 0, min(len(references), maxReferences))
	for _, id := range slices.Backward(references) {
		if len(ids) == maxReferences {
			break
		}
		ids = append(ids, bareID(id))
	}
	return ids
}

// bareID is a Message-ID without white space and angle brackets.
func bareID(id string) string { return strings.Trim(id, " \t\r\n<>") }
