package survey

import (
	"slices"
	"strings"
)

// endangered tells danger: smoke, fumes, blood and the like by themselves; a
// brake, the steering where a fault is named, or where nothing good is said at
// all; a wheel only with its fault.
func (f *facts) endangered() bool {
	if f.live(cHazard | cHazardSign) {
		return true
	}
	for i := range f.tokens {
		t := &f.tokens[i]
		if t.kind != kindWord || !t.is(cPart|cWheel) {
			continue
		}
		fault, mended := f.faultIn(t.clause)
		switch {
		case fault:
			return true
		case t.is(cWheel) && !t.is(cPart), mended:
		case f.clauseHas(t.clause, cStill) && !f.clauseHas(t.clause, cPraise|cNice|cWorks):
			return true
		case !f.positive && !f.nice && !f.callsWell() && !f.question:
			return true
		}
	}
	return false
}

// callsWell tells a score that is not low.
func (f *facts) callsWell() bool {
	return f.number.kind == score && !low(f.scale.name, f.number.value)
}

// live tells whether a word or phrase of the class stands there unnegated.
func (f *facts) live(c class) bool {
	for _, it := range f.items {
		if it.class&c != 0 && !f.negated(it.at) && !f.ended(it.end) {
			return true
		}
	}
	for i := range f.tokens {
		if t := &f.tokens[i]; t.is(c) && t.kind != kindMark && (t.kind == kindEmoji || !f.negated(i) && !f.ended(i) && !f.lamp(i)) {
			return true
		}
	}
	return false
}

// lamp tells what burns as a lamp does: "moottorin merkkivalo syttyi", "lampan
// brinner".
func (f *facts) lamp(i int) bool {
	lit := func(t *token, stems ...string) bool {
		return slices.ContainsFunc(stems, func(stem string) bool { return strings.HasPrefix(t.text, stem) })
	}
	return lit(&f.tokens[i], "sytty", "brinn", "brann") && slices.ContainsFunc(f.tokens, func(t token) bool {
		return t.clause == f.tokens[i].clause && lit(&t, "valo", "merkkivalo", "vikavalo", "lamp", "light")
	})
}

// ended tells that a danger is said to be over: "savu loppui", "smoke is gone".
func (f *facts) ended(i int) bool {
	for j := i + 1; j < len(f.tokens) && j <= i+3 && f.tokens[j].clause == f.tokens[i].clause; j++ {
		switch f.tokens[j].text {
		case "loppui", "havisi", "poissa", "gone", "stopped", "borta", "forsvann", "slutade", "fixed", "korjattu", "lakkasi":
			return !f.negated(j)
		}
	}
	return false
}

// faultIn tells whether a clause names a fault, or says that one is not there.
func (f *facts) faultIn(clause int) (fault, denied bool) {
	for _, it := range f.items {
		if it.class == cFault && f.tokens[it.at].clause == clause {
			return true, false
		}
	}
	for i := range f.tokens {
		t := &f.tokens[i]
		if t.clause != clause || t.kind != kindWord {
			continue
		}
		if t.is(cFault | cTrouble | cBlame) {
			if !f.negated(i) {
				return true, false
			}
			denied = true
		}
		if t.is(cWorks) && f.negated(i) {
			return true, false
		}
	}
	return false, denied
}
