package notify

import (
	"fmt"
	"slices"
	"strings"
)

// The rules of matching, as kept in a message's MatchRule, in the order in which
// they are tried. The first group is proof, the second counts only from somebody
// who takes part in what it names, the third infers from there being only one.
const (
	RuleAddress    = "address"     // our signed address among the recipients
	RuleInReplyTo  = "in_reply_to" // our Message-ID in In-Reply-To
	RuleReferences = "references"  // our Message-ID in References, the newest that is ours
	RuleOriginal   = "original"    // a machine's message about one of ours names it
	RulePair       = "pair"        // the phone and our number it wrote to are tied to one conversation
	RuleCode       = "code"        // a code of ours in a text, given to that phone
	RuleReaction   = "reaction"    // a mark on a text of ours, which it quotes

	RuleForeign = "foreign" // the Message-ID of a message that a customer sent before
	RuleMarker  = "marker"  // our signed address in the body, as a quotation leaves it there
	RuleTag     = "tag"     // the reference of a job in the subject

	RuleAsked    = "asked"         // the only question that is out
	RuleOnlyOpen = "only_open_job" // the only open conversation of the sender

	RuleAnswered = "answered" // the customer chose from the list that we sent
	RuleHand     = "hand"     // a person placed it
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
	ReasonSeveral    = "its sender has several open conversations and it names none"
	ReasonLongClosed = "it answers something that was over long ago, and its sender has something open"
	ReasonUnreadable = "it could not be read"
	ReasonGaveUp     = "handling it failed again and again"
)

// maxReferences of a References header are looked at, the newest ones.
const maxReferences = 50

// Facts is what the database and our key know of the signals of one message.
type Facts struct {
	// Addresses are the recipients that have the shape of our pattern, keyed by
	// the address as it stands in Parsed.Recipients; Markers those in the body.
	Addresses map[string]AddressFact
	Markers   map[string]AddressFact
	// Messages are those outgoing messages of ours whose Message-ID the message
	// mentions, keyed by that id without angle brackets; Foreign the
	// conversations that hold an inbound message with such an id.
	Messages map[string]MessageFact
	Foreign  map[string][]int64
	// Tags are the conversations that words in the subject name, by word.
	Tags map[string]int64
	// Pairs are the conversations that the sender's phone knows by the number of
	// ours it wrote to; Codes those of the codes given to that phone.
	Pairs []int64
	Codes map[string]int64
	// Texts are what we sent to the phone lately, for a reaction that quotes one.
	Texts []TextFact
	// Conversations are those that any signal names, and the sender's, by id.
	Conversations map[int64]ConversationFact
	// Sender are the conversations in which the sender takes part, the open ones
	// first, then the newest; read where no signal decides by itself.
	Sender []int64
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

// TextFact is one outgoing text of ours and its words.
type TextFact struct {
	MessageFact
	Body string
}

// ConversationFact is a conversation that a signal names.
type ConversationFact struct {
	Subject string
	// SenderTakesPart: the sender's address is a participant's.
	SenderTakesPart bool
	// Open: what it is about is not over. Recent: it has been for a few days only,
	// so that a word about it may still come. LongClosed: it was over so long ago
	// that an answer to it hardly is one.
	Open, Recent, LongClosed bool
	// Asks is the question to the sender that is out, Asked the text with it.
	Asks  string
	Asked MessageFact
}

// signal is one hint at a conversation that proved true.
type signal struct {
	rule, evidence string
	conversation   int64
	message        int64 // ours that is answered, where the signal is one
}

// Match decides where a message belongs, from what it says and from the facts
// alone. Only valid signals count; when they disagree, or when there is none,
// nobody guesses: the placement has no conversation and a reason. A machine's
// message is placed by proof only.
func Match(p Parsed, f Facts) Placement {
	signals, forged := proofs(p, f)
	if !p.Kind.machine() {
		signals = append(signals, partakersSignals(p, f)...)
	}
	if len(signals) > 0 {
		return settle(p, f, signals)
	}
	if !p.Kind.machine() && !forged {
		if placed, found := inferred(p, f); found {
			return placed
		}
	}
	reason := ReasonNoSignal
	switch {
	case forged:
		reason = ReasonForged
	case len(possible(p, f)) > 1:
		reason = ReasonSeveral
	}
	return Placement{Reason: reason, Candidates: candidatesOf(nil, p, f)}
}

// needsSender tells whether the sender's conversations must be known to decide.
func needsSender(p Parsed, f Facts) bool {
	signals, _ := proofs(p, f)
	if !p.Kind.machine() {
		signals = append(signals, partakersSignals(p, f)...)
	}
	if len(signals) == 0 {
		return true
	}
	for _, s := range signals {
		if s.conversation != signals[0].conversation {
			return true
		}
	}
	return f.Conversations[signals[0].conversation].LongClosed
}

// settle decides among valid signals.
func settle(p Parsed, f Facts, signals []signal) Placement {
	first := signals[0]
	for _, s := range signals[1:] {
		if s.conversation != first.conversation {
			return Placement{
				Reason:     fmt.Sprintf("%s: %s %s, %s %s", ReasonDisagree, first.rule, first.evidence, s.rule, s.evidence),
				Candidates: candidatesOf(signals, p, f),
			}
		}
	}
	conversation := f.Conversations[first.conversation]
	if conversation.LongClosed && !p.Kind.machine() && slices.ContainsFunc(f.Sender, func(id int64) bool {
		return id != first.conversation && f.Conversations[id].Open
	}) {
		return Placement{Reason: ReasonLongClosed, Candidates: candidatesOf(signals, p, f)}
	}
	placed := Placement{
		ConversationID: first.conversation, Rule: first.rule, Evidence: first.evidence,
		Confidence: Certain, Verified: conversation.SenderTakesPart,
	}
	if slices.ContainsFunc(signals, func(s signal) bool { return s.rule == RuleReaction }) {
		if placed.Reaction, _ = readReaction(p.ReplyText); placed.Reaction == "" {
			placed.Reaction = ReactionOther
		}
	}
	for _, s := range slices.Backward(signals) { // the strongest rule that names a message has the last word
		if s.message != 0 {
			placed.AnsweredID = s.message
		}
	}
	return placed
}

// proofs lists the valid signals that need no trust in the sender's address,
// strongest first, and tells whether an address was forged or damaged.
func proofs(p Parsed, f Facts) (signals []signal, forged bool) {
	add := func(s signal) {
		// What asks which job is meant is no place for an answer.
		if c, known := f.Conversations[s.conversation]; known && !isList(c.Subject) {
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
	for _, s := range textProofs(p, f) {
		add(s)
	}
	return signals, forged
}

// candidatesOf names each conversation that a signal spoke for, once, and then
// those where the sender takes part, as far as they may be meant.
func candidatesOf(signals []signal, p Parsed, f Facts) []Candidate {
	var list []Candidate
	seen := map[string]bool{}
	add := func(subject, why string) {
		if subject != "" && !seen[subject] {
			seen[subject] = true
			list = append(list, Candidate{Subject: subject, Why: why})
		}
	}
	for _, s := range signals {
		add(f.Conversations[s.conversation].Subject, s.rule+": "+s.evidence)
	}
	for i, id := range meant(p, f) {
		if i == maxCandidates {
			break
		}
		add(f.Conversations[id].Subject, p.From+" takes part in it")
	}
	return list
}

// maxCandidates of the sender's conversations are named to a person.
const maxCandidates = 5

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
