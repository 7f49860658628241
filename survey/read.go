package survey

// Reading is what a reply to the question means.
type Reading struct {
	// Outcome holds the words of the convention: "score=4", "met=yes", "met=no",
	// "ask", "person", "urgent", "callback", "stop", "declined", "wrong_number", "ack".
	Outcome []string
	// Rule is the name of the rule that decided.
	Rule string
	// Score is the number on the question's scale, nil where none was given.
	Score *int
	// Met is "yes" or "no" where words gave a verdict without a number.
	Met string
}

// Read reads one reply to a question on scale "1-5" or "0-10".
func Read(scale string, reply string) Reading {
	return Reading{Outcome: []string{"ask"}, Rule: "unclear"}
}

func low(scale string, score int) bool {
	if scale == "0-10" {
		return score <= 6
	}
	return score <= 2
}
