package survey

import (
	"strconv"
	"strings"
	"unicode"
)

// Reading is what a reply to the question means.
type Reading struct {
	// Outcome holds the words of the convention, the verdict first: "score=4",
	// "met=yes", "met=no", "ask", "stop", "declined", "ack", "person", "urgent",
	// "callback", "wrong_number".
	Outcome []string
	// Rule names the rule that decided.
	Rule string
	// Score is the number on the question's scale, nil where none was given.
	Score *int
	// Met is "yes" or "no" where words gave a verdict without a number.
	Met string
	// Plain tells that the reply is its score and says nothing besides that we
	// do not know: "5", "actually 5, thanks". Only such a reply takes the place
	// of a score that stands.
	Plain bool
	// Stated tells that the score stands for itself in its part of the sentence:
	// "4, hinta yllätti", and not "crash test 3".
	Stated bool
}

// Words of an outcome.
const (
	Ask          = "ask"          // unclear: ask once more
	NeedsPerson  = "person"       // a person must read it
	Urgent       = "urgent"       // safety
	Callback     = "callback"     // wants to be called
	Stop         = "stop"         // opted out
	NoAnswer     = "declined"     // does not want to answer
	WrongPerson  = "wrong_number" // not the person we mean
	Acknowledged = "ack"          // a reaction or an automatic reply: noted
)

// Has tells whether the outcome holds the word.
func (r Reading) Has(word string) bool {
	for _, w := range r.Outcome {
		if w == word {
			return true
		}
	}
	return false
}

// Low tells a score that alerts on the given scale, or a plain no.
func (r Reading) Low(scale string) bool {
	return r.Met == "no" || r.Score != nil && low(scale, *r.Score)
}

// low tells the scores that alert: 2 or less of 5, 3 or less of 7, 6 or less of
// 10.
func low(scale string, score int) bool {
	switch scaleOf(scale).hi {
	case 10:
		return score <= 6
	case 7:
		return score <= 3
	}
	return score <= 2
}

// Read reads one reply to a question on one of booking.SurveyScales. It never invents
// a number: where words alone speak, the verdict is met or not met, and where
// nothing is certain it says so.
func Read(scale string, reply string) Reading {
	s := scaleOf(scale)
	if runes := []rune(reply); len(runes) > maxReply {
		reply = string(runes[:maxReply])
	}
	text := asterisks.ReplaceAllStringFunc(normalise(reply), func(s string) string { return strings.Repeat("⭐", len(s)) })
	if isReaction(text) {
		return outcome("reaction", Acknowledged)
	}
	text = strip(text)
	bare := strings.ToLower(strings.TrimFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }))
	if text == "" {
		return outcome("empty", Ask)
	}
	if isKeyword(text, bare) {
		return outcome("opt_out", Stop)
	}
	f := gather(tokenise(text), s)
	if f.automatic() {
		return outcome("automatic", Acknowledged)
	}
	base, rule := f.verdict()
	return f.overlaid(base, rule)
}

func outcome(rule string, words ...string) Reading { return Reading{Outcome: words, Rule: rule} }

// isKeyword tells an opt-out keyword that is the whole trimmed message; a full
// stop or an exclamation mark is not a word.
func isKeyword(text, bare string) bool {
	rest := strings.Trim(strings.ToLower(text), ".! \"'*\n")
	return rest == bare && words().stops[fold(bare)]
}

// automatic tells an automatic reply by how it begins.
func (f *facts) automatic() bool {
	for _, it := range f.items {
		if it.class == cAuto && f.number.kind != score {
			return true
		}
	}
	for i := range f.tokens {
		if t := &f.tokens[i]; t.kind == kindWord {
			return t.is(cAuto)
		}
	}
	return false
}

// overlaid adds to a verdict what is said besides: danger, and the wish to be
// called.
func (f *facts) overlaid(base verdict, rule string) Reading {
	r := Reading{Rule: rule, Score: base.score, Met: base.met}
	if r.Score != nil {
		r.Plain, r.Stated = f.plain()
	}
	if r.Score != nil {
		r.Outcome = append(r.Outcome, "score="+strconv.Itoa(*r.Score))
	} else if r.Met != "" {
		r.Outcome = append(r.Outcome, "met="+r.Met)
	}
	decided := len(r.Outcome) > 0
	person := base.person
	if f.danger {
		r.Rule, person = "danger", true
		base.word = ""
		if r.Met == "yes" && !f.positive {
			r.Met, r.Outcome = "", nil
		}
	}
	if f.callback && base.word != Stop {
		if !f.danger {
			r.Rule = "callback"
			person = person && (decided && !f.question || f.complaint || f.optOut || f.wrong)
		}
		base.word = ""
	}
	if base.word != "" {
		r.Outcome = append(r.Outcome, base.word)
	}
	for _, w := range []struct {
		on   bool
		word string
	}{{person, NeedsPerson}, {f.danger, Urgent}, {f.callback, Callback}, {f.wrong && base.person, WrongPerson}} {
		if w.on {
			r.Outcome = append(r.Outcome, w.word)
		}
	}
	return r
}
