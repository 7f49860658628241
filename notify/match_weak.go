package notify

import (
	"maps"
	"slices"
)

// partakersSignals lists the signals that anybody could copy or make up, and that
// therefore count only where the sender takes part in what they name: a Message-ID
// that a customer's own program made, our signed address as a quotation left it in
// the body, the reference of a job in the subject.
func partakersSignals(p Parsed, f Facts) (signals []signal) {
	add := func(rule, evidence string, conversations ...int64) {
		var own []int64
		for _, id := range conversations {
			if f.Conversations[id].SenderTakesPart && !slices.Contains(own, id) {
				own = append(own, id)
			}
		}
		for _, id := range own {
			signals = append(signals, signal{rule: rule, evidence: evidence, conversation: id})
		}
	}
	if id := bareID(p.InReplyTo); len(f.Foreign[id]) > 0 {
		add(RuleForeign, id, f.Foreign[id]...)
	} else {
		for _, id := range newestReferences(p.References) {
			if len(f.Foreign[id]) > 0 {
				add(RuleForeign, id, f.Foreign[id]...)
				break
			}
		}
	}
	for _, address := range slices.Sorted(maps.Keys(f.Markers)) {
		if fact := f.Markers[address]; fact.Valid {
			add(RuleMarker, address, fact.ConversationID)
		}
	}
	for _, word := range slices.Sorted(maps.Keys(f.Tags)) {
		add(RuleTag, word, f.Tags[word])
	}
	return signals
}

// inferred places a message that says nothing about where it belongs, where its
// sender has only one conversation that can be meant.
func inferred(p Parsed, f Facts) (Placement, bool) {
	list := possible(p, f)
	var asked []int64
	for _, id := range list {
		if f.Conversations[id].Asks != "" {
			asked = append(asked, id)
		}
	}
	place := func(id int64, rule, evidence string) (Placement, bool) {
		c := f.Conversations[id]
		return Placement{
			ConversationID: id, Rule: rule, Evidence: evidence, Confidence: Inferred,
			Verified: c.SenderTakesPart, AnsweredID: c.Asked.ID,
		}, true
	}
	// Words of some length may be about another job as well as about the question:
	// only what looks like an answer is taken for one then.
	if p.Channel == SMS && len(asked) == 1 && (len(list) == 1 || short(p.ReplyText)) {
		return place(asked[0], RuleAsked, f.Conversations[asked[0]].Asks)
	}
	if len(list) == 1 && f.Conversations[list[0]].Open {
		return place(list[0], RuleOnlyOpen, p.From)
	}
	return Placement{}, false
}

// possible lists the sender's conversations that a message without a sign may be
// about: open ones, those with a question out, those that ended days ago.
func possible(p Parsed, f Facts) (list []int64) {
	for _, id := range meant(p, f) {
		if c := f.Conversations[id]; c.Open || c.Recent || c.Asks != "" {
			list = append(list, id)
		}
	}
	return list
}

// meant lists the conversations of the sender that a message can be about: of a
// text to a number of ours, those that the phone knows by that number, where
// there are any.
func meant(p Parsed, f Facts) []int64 {
	if p.Channel != SMS || len(f.Pairs) == 0 {
		return f.Sender
	}
	return slices.DeleteFunc(slices.Clone(f.Sender), func(id int64) bool { return !slices.Contains(f.Pairs, id) })
}
