package survey

import (
	"unicode"
	"unicode/utf8"
)

// light words say nothing beside a score.
const light = cThanks | cGreeting | cFix | cCue | cPoints | cOutOf | cYes | cWeakYes | cFiller | cPraise | cNice | cMet |
	cNumber | cOne | cStrong | cHalf | cAnd | cFull | cApprox

// plain tells how bare the score stands: alone in the whole reply, or at least
// alone in its clause.
func (f *facts) plain() (whole, clause bool) {
	if f.number.kind != score || f.question || f.danger || f.matter {
		return false, false
	}
	whole = !f.counted && !f.complaint && !f.negative && !f.reserved
	strange := map[int]bool{}
	last := 0
	for i := range f.tokens {
		t := &f.tokens[i]
		last = t.clause
		switch {
		case t.kind == kindOther:
			strange[t.clause] = true
		case t.kind != kindWord, t.is(light) && !t.is(cTrouble|cDetail|cBlame|cHazard|cPart), f.lightPhrase(i), f.nameAt(i):
		default:
			strange[t.clause] = true
		}
	}
	whole = whole && len(strange) == 0
	for c := 0; c <= last; c++ {
		clause = clause || !strange[c] && f.scoreIn(c)
	}
	return whole, clause
}

// lightPhrase tells a word of a phrase that says nothing besides.
func (f *facts) lightPhrase(i int) bool {
	for _, it := range f.items {
		if it.at <= i && i <= it.end && it.class&light != 0 && f.tokens[i].claimed {
			return true
		}
	}
	return false
}

// nameAt tells a name: a word with a capital that we do not know, not the first.
func (f *facts) nameAt(i int) bool {
	t := &f.tokens[i]
	first, _ := utf8.DecodeRuneInString(t.orig)
	return i > 0 && t.class == 0 && unicode.IsUpper(first)
}

// scoreIn tells a number, or stars, in a clause.
func (f *facts) scoreIn(clause int) bool {
	for i := range f.tokens {
		t := &f.tokens[i]
		if t.clause == clause && (t.kind == kindNumber || t.kind == kindStar || t.kind == kindWord && t.is(cNumber|cFull)) {
			return true
		}
	}
	return false
}
