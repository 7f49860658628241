package notify

// ReasonForgedSender is why a message waits whose sender our mail server does not
// believe; what it said follows after a colon.
const ReasonForgedSender = "the mail server says that its sender is forged"

// hold keeps a message back whose sender is forged, whatever speaks for a
// conversation: a person decides, and is told where it would have gone. A machine's
// message of that kind changes nothing.
func hold(p Parsed, where Placement, f Facts) Placement {
	if p.Forged == "" {
		return where
	}
	held := Placement{Reason: ReasonForgedSender + ": " + p.Forged, Candidates: where.Candidates}
	if where.ConversationID != 0 {
		s := signal{rule: where.Rule, evidence: where.Evidence, conversation: where.ConversationID}
		held.Candidates = candidatesOf([]signal{s}, p, f)
	}
	return held
}
