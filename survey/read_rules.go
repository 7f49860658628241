package survey

import "slices"

// ruleScore is the rule of a reply that is a score and nothing that speaks
// against it.
const ruleScore = "score"

// verdict is what a rule decides.
type verdict struct {
	score  *int
	met    string
	word   string // ask, declined
	person bool
}

var (
	asks   = verdict{word: Ask}
	person = verdict{person: true}
)

// rule is one step of reading; the first that applies decides. name is kept with
// the answer.
type rule struct {
	name  string
	apply func(f *facts) (verdict, bool)
}

func on(condition func(f *facts) bool, v verdict) func(f *facts) (verdict, bool) {
	return func(f *facts) (verdict, bool) { return v, condition(f) }
}

// rules in their order: who should not have been asked, who does not want to be,
// numbers, words, then what only a person can judge.
var rules = []rule{
	{"wrong_number", on(func(f *facts) bool { return f.wrong && f.number.kind == noNumber && !f.positive }, person)},
	{"opt_out_wish", on(func(f *facts) bool { return f.optOut && f.number.kind != score }, person)},
	{"scale_upside_down", on(func(f *facts) bool { return f.inverted }, person)},
	{"declined", on(func(f *facts) bool { return f.decline && f.number.kind == noNumber }, verdict{word: NoAnswer})},
	{"score_in_question", on(func(f *facts) bool { return f.number.kind == score && f.doubted() }, asks)},
	{"contradiction", on((*facts).contradicts, person)},
	{ruleScore, scored},
	{"not_a_score", on(func(f *facts) bool { return f.number.kind == beside }, person)},
	{"one_or_best", oneOrBest},
	{"which_number", on(func(f *facts) bool { return f.number.kind == unclear && !f.complaint && !f.negative }, asks)},
	{"number_and_complaint", on(func(f *facts) bool { return f.number.kind == unclear && f.complaint }, person)},
	{"uncertain", on(func(f *facts) bool { return f.hedge && !f.complaint && !f.negative }, asks)},
	{"words", worded},
	{"question", on(func(f *facts) bool { return f.question }, person)},
	{"complaint", on(func(f *facts) bool { return f.complaint }, person)},
	{"counts_something", on(func(f *facts) bool { return f.counted }, person)},
	{"matter", on(func(f *facts) bool { return f.matter }, person)},
	{"no_call", on(func(f *facts) bool { return f.noCall }, person)},
	{"keyword_not_alone", on((*facts).keywordAmong, person)},
	{"lukewarm", on(func(f *facts) bool { return f.lukewarm || f.hedge }, asks)},
	{"fault", on(func(f *facts) bool { return f.has(cFault) }, person)},
	{"denies_something", on(func(f *facts) bool { return f.unresolved }, person)},
	{"long_story", on(func(f *facts) bool { return f.words >= longStory }, person)},
	{"thanks", on(func(f *facts) bool { return f.thanks }, asks)},
}

// keywordAmong tells an opt-out keyword with something beside it: whether it is
// meant as one only a person can say.
func (f *facts) keywordAmong() bool {
	for i, t := range f.tokens {
		if t.kind == kindWord && words().stops[t.text] && (i == 0 || f.words <= 3) {
			return true
		}
	}
	return false
}

// longStory is how many words that say nothing we know are better read by a
// person than answered with the question once more.
const longStory = 6

// verdict runs the rules.
func (f *facts) verdict() (verdict, string) {
	for _, r := range rules {
		if v, ok := r.apply(f); ok {
			return v, r.name
		}
	}
	return asks, "unclear"
}

// doubted tells a score followed by nothing but a question mark.
func (f *facts) doubted() bool {
	if f.question || len(f.tokens) == 0 {
		return false
	}
	last := f.tokens[len(f.tokens)-1]
	return last.kind == kindMark && last.text == "?" && f.words <= 2
}

// bounds within which a score goes together with praise, and with blame.
func (s scale) tooLowForPraise(score int) bool {
	switch s.hi {
	case 10:
		return score <= 4
	case 7:
		return score <= 3
	}
	return score <= 2
}

func (s scale) tooHighForBlame(score int) bool {
	switch s.hi {
	case 10:
		return score >= 8
	case 7:
		return score >= 6
	}
	return score >= 4
}

// contradicts tells praise beside a low score, blame beside a high one, or both
// without a number where nothing says which weighs more.
func (f *facts) contradicts() bool {
	switch f.number.kind {
	case score:
		n := f.number.value
		praised := f.positive && !f.negative && !f.complaint
		return f.scale.tooLowForPraise(n) && praised ||
			f.scale.tooHighForBlame(n) && f.negative && !f.but && (!f.positive || f.no)
	case noNumber:
		return f.positive && f.negative && !f.but
	}
	return false
}

// scored records the number; what is complained of beside it is read by a
// person, except where the score alerts anyway.
func scored(f *facts) (verdict, bool) {
	if f.number.kind != score {
		return verdict{}, false
	}
	n := f.number.value
	v := verdict{score: &n}
	if !low(f.scale.name, n) {
		v.person = f.complaint || f.negative || f.reserved || f.wished
	}
	v.person = v.person || f.question || f.matter || f.optOut || f.wrong
	return v, true
}

// oneOrBest reads the noun that is a one and a "number one": what stands beside
// it decides.
func oneOrBest(f *facts) (verdict, bool) {
	if f.number.why != "one_or_best" {
		return verdict{}, false
	}
	switch {
	case f.positive && !f.negative && !f.complaint, f.addressed():
		return verdict{met: "yes"}, true
	case f.negative && !f.positive:
		return verdict{met: "no"}, true
	}
	return asks, true
}

// addressed tells that it is us who are called number one.
func (f *facts) addressed() bool {
	for _, t := range f.tokens {
		switch t.text {
		case "olette", "ootte", "oot", "olet", "ni":
			return true
		}
	}
	return false
}

// recurs tells a complaint that goes on or is back.
func (f *facts) recurs() bool {
	return slices.ContainsFunc(f.tokens, func(t token) bool { return t.is(cStill) }) ||
		slices.ContainsFunc(f.tokens, func(t token) bool { return t.text == "sama" || t.text == "samma" || t.text == "same" })
}

// worded gives the verdict of words without a number.
func worded(f *facts) (verdict, bool) {
	switch {
	case f.positive && f.negative: // joined by a "but"
		if f.no {
			return verdict{met: "no", person: true}, true
		}
		return verdict{met: "yes", person: true}, true
	case f.positive && f.complaint && !f.but && !f.yes && f.recurs():
		return person, true // "Upeaa, taas sama ongelma": praise that is meant otherwise
	case f.positive:
		return verdict{met: "yes", person: f.complaint || f.question || f.matter || f.reserved || f.unresolved && f.but}, true
	case f.negative:
		return verdict{met: "no", person: f.question}, true
	case f.nice && !f.complaint && !f.lukewarm && !f.counted && !f.question:
		return verdict{met: "yes"}, true
	}
	return verdict{}, false
}
