package survey

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"neuvo/booking"
	"neuvo/templates"
)

// scale is a question's range of numbers.
type scale struct {
	name   string
	lo, hi int
}

// scaleOf gives the scale of a name; 1-5 where it is unknown.
func scaleOf(name string) scale {
	if !slices.Contains(booking.SurveyScales, name) {
		name = "1-5"
	}
	lo, hi := templates.ScaleEnds(name)
	return scale{name, lo, hi}
}

type numberKind int

const (
	noNumber numberKind = iota
	score               // one number on the scale
	unclear             // a number, but not which
	beside              // a number that cannot be the score, or several
)

// number is what the numbers of a reply come to.
type number struct {
	kind  numberKind
	value int
	why   string
	fixed bool // the customer corrected it
}

// candidate is a number that may be the score.
type candidate struct {
	at int
	number
}

// readNumbers decides which number, if any, is the score.
func (f *facts) readNumbers() number {
	var found []candidate
	top := -1
	for i := 0; i < len(f.tokens); i++ {
		t := &f.tokens[i]
		switch {
		case t.kind == kindStar:
			n := 1
			for i+n < len(f.tokens) && f.tokens[i+n].kind == kindStar {
				n++
			}
			if n > 1 {
				found = append(found, candidate{i, f.of(float64(n), f.starScale(n))})
			}
			i += n - 1
		case t.kind == kindNumber, t.kind == kindWord && !t.claimed && t.is(cNumber|cOne|cTop):
			if t.is(cTop) && t.kind == kindWord {
				top = i
				continue
			}
			n, last, ok := f.candidate(i)
			if ok {
				found = append(found, candidate{i, n})
			} else if f.isCount(i) {
				f.counted = true
			}
			i = max(i, last)
		}
	}
	if f.hasPhrase(cFull) && len(found) == 0 {
		return number{kind: score, value: f.scale.hi, why: "full_marks"}
	}
	if len(found) == 0 && top >= 0 {
		return number{kind: unclear, why: "one_or_best"}
	}
	return f.choose(found)
}

func (f *facts) hasPhrase(c class) bool {
	if slices.ContainsFunc(f.items, func(it item) bool { return it.class == c }) {
		return true
	}
	return f.words <= 2 && f.has(c)
}

// starScale is what so many stars are counted out of.
func (f *facts) starScale(n int) float64 {
	if n > 5 {
		return 10
	}
	return 5
}

// candidate reads the number at i and what belongs to it. ok is false where it
// counts something, or is an article.
func (f *facts) candidate(i int) (n number, last int, ok bool) {
	t := &f.tokens[i]
	value, outOf := t.num, t.outOf
	if t.kind == kindWord {
		value = float64(t.value)
	}
	last = i
	if end, of := f.outOf(i); outOf == 0 && of > 0 {
		outOf, last = of, end
	}
	switch {
	case t.nth:
		return number{kind: unclear, why: "ordinal"}, last, f.words == 0
	case t.hi > 0:
		return f.span(t), last, true
	case f.onlyOutOf(i):
		return number{kind: unclear, why: "other_scale"}, last, true
	case t.kind == kindWord && t.is(cOne) && !f.alone(i) && outOf == 0 && !f.pointsAfter(last):
		return n, last, false
	case t.percent:
		return f.percent(i, value)
	case outOf == 0 && f.isCount(i):
		return n, last, false
	case outOf == 0 && f.pointsAfter(last) && f.starred(last):
		outOf = 5
		if f.scale.hi == 10 && value > 5 {
			outOf = 10
		}
	case t.minus && value > 0 && i > 0 && f.tokens[i-1].glued:
		return number{kind: beside, why: "below_scale"}, last, true
	}
	if i > 0 && f.tokens[i-1].clause == t.clause && (f.tokens[i-1].text == "miinus" || f.tokens[i-1].text == "minus") && value > 0 && !slices.ContainsFunc(f.tokens[:i-1], numeric) {
		return number{kind: beside, why: "below_scale"}, last, true
	}
	if t.minus && value > 0 && t.glued {
		return number{kind: beside, why: "below_scale"}, last, true
	}
	if outOf > 0 && outOf != 5 && outOf != 10 && outOf != 100 && outOf != float64(f.scale.hi) {
		f.counted = true
		return n, last, false
	}
	return f.of(value, outOf), last, true
}

// of puts a value on the scale. Another scale's number is taken only where it is
// that scale's end: 10/10 is full marks anywhere, 8/10 is no number of ours.
func (f *facts) of(value, outOf float64) number {
	floor := int(math.Floor(min(value, 1e6)))
	if outOf > 0 && outOf != float64(f.scale.hi) {
		switch {
		case value == outOf:
			return number{kind: score, value: f.scale.hi, why: "full_marks"}
		case value == 0 && f.scale.lo == 0:
			return number{kind: score, value: 0, why: "number"}
		case value == 0:
			return number{kind: beside, why: "below_scale"}
		}
		return number{kind: unclear, why: "other_scale"}
	}
	switch {
	case floor < f.scale.lo:
		return number{kind: beside, why: "below_scale"}
	case floor > 100:
		return number{kind: beside, why: "beside_scale"}
	case value > float64(f.scale.hi):
		return number{kind: unclear, why: "above_scale"}
	}
	return number{kind: score, value: floor, why: "number"}
}

// span is a range: our own scale quoted, or one that leaves open which.
func (f *facts) span(t *token) number {
	if int(t.num) == f.scale.lo && int(t.hi) == f.scale.hi || t.hi == 10 && t.num <= 1 || t.hi == 5 && t.num <= 1 {
		return number{kind: unclear, why: "scale"}
	}
	return number{kind: unclear, why: "range"}
}

// percent is a score only at the ends; before a word it is an adverb.
func (f *facts) percent(i int, value float64) (number, int, bool) {
	if next := f.next(i); next != nil && next.kind == kindWord && !next.is(cThanks) {
		return number{}, i, false
	}
	n := f.of(value, 100)
	if value > 100 {
		n = number{kind: unclear, why: "other_scale"}
	}
	return n, i, true
}

// outOf reads "of 5", "av fem", "viidestä" behind the number at i.
func (f *facts) outOf(i int) (last int, of float64) {
	at := i + 1
	for at < len(f.tokens) && (f.tokens[at].is(cPoints|cOutOf) && f.tokens[at].kind == kindWord || f.tokens[at].kind == kindMark && f.tokens[at].text == "/") {
		at++
	}
	if at >= len(f.tokens) || at > i+4 {
		return i, 0
	}
	t := &f.tokens[at]
	value := t.num
	if t.kind == kindWord && t.is(cNumber) {
		value = float64(t.value)
	} else if t.kind != kindNumber {
		return i, 0
	}
	elative := t.text == "viidesta" || t.text == "kymmenesta" || strings.HasSuffix(t.orig, "stä") || strings.HasSuffix(t.orig, "sta")
	if at == i+1 && !elative || value != 5 && value != 10 && value != 100 && value != float64(f.scale.hi) {
		return i, 0
	}
	if at > i+1 && !elative && !slices.ContainsFunc(f.tokens[i+1:at], func(t token) bool { return t.is(cOutOf) || t.text == "/" }) {
		return i, 0
	}
	return at, value
}

// onlyOutOf tells a number that is only what something unknown is counted out
// of: "elva av tio". "A score of 5" is one.
func (f *facts) onlyOutOf(i int) bool {
	if i < 2 || f.tokens[i-1].clause != f.tokens[i].clause || !slices.Contains([]string{"av", "utav", "of"}, f.tokens[i-1].text) {
		return false
	}
	before := &f.tokens[i-2]
	return before.kind == kindWord && before.class == 0 && before.clause == f.tokens[i].clause
}

// next is the token right behind i in the same clause, past a plus or a minus.
func (f *facts) next(i int) *token {
	for j := i + 1; j < len(f.tokens); j++ {
		t := &f.tokens[j]
		if t.kind == kindMark && (t.text == "+" || t.text == "-") {
			continue
		}
		if t.clause != f.tokens[i].clause && t.kind != kindMark {
			return nil
		}
		return t
	}
	return nil
}

func (f *facts) pointsAfter(i int) bool {
	next := f.next(i)
	return next != nil && (next.kind == kindStar || next.kind == kindWord && next.is(cPoints))
}

// starred tells that the points are stars, of which there are five.
func (f *facts) starred(i int) bool {
	next := f.next(i)
	for _, stem := range []string{"star", "stjarn", "tahti", "tahte", "tahde", "⭐"} {
		if strings.HasPrefix(next.text, stem) {
			return true
		}
	}
	return false
}

// alone tells that nothing else of weight stands in the number's clause.
func (f *facts) alone(i int) bool {
	for j := range f.tokens {
		t := &f.tokens[j]
		if j != i && t.clause == f.tokens[i].clause && t.kind == kindWord && !t.is(cThanks|cGreeting|cYes) {
			return false
		}
	}
	return true
}

// isCount tells that the number at i counts or names something: a unit or a
// thing follows, or a word that announces a time, a place or a price precedes.
func (f *facts) isCount(i int) bool {
	t := &f.tokens[i]
	if next := f.next(i); next != nil {
		switch {
		case next.kind == kindMark && (next.text == "€" || next.text == "$" || next.text == "£" || next.text == ":" && f.priceTail(i)):
			return true
		case next.kind != kindWord || next.is(cPoints) && !next.glued:
		case next.glued && next.text == "ish":
		case next.is(cUnit|cTimeAfter) && !(t.suffix || next.is(cPraise|cBut|cAnd)):
			return true
		case next.is(cTrouble) && !t.suffix && (t.num != 1 || t.kind == kindWord):
			return true
		case next.glued && next.class == 0:
			return true
		case !t.suffix && next.class == 0 && f.countable(t, next):
			return true
		}
	}
	if i > 0 && f.tokens[i-1].kind == kindMark && strings.Contains("€$£#", f.tokens[i-1].text) && f.tokens[i-1].text != "#" {
		return true
	}
	j := i - 1
	for j >= 0 && f.tokens[j].clause == t.clause && f.tokens[j].is(cApprox) && !f.tokens[j].is(cMeasure|cTimeWord) {
		j--
	}
	if j < 0 || f.tokens[j].clause != t.clause || f.tokens[j].kind != kindWord || f.tokens[j].claimed {
		return false
	}
	if w := f.tokens[j].text; (w == "nro" || w == "nr") && (j == 0 || f.tokens[j-1].clause != t.clause) {
		return false
	}
	return f.tokens[j].is(cMeasure|cTimeWord) && !f.tokens[j].is(cCue)
}

// priceTail tells the Swedish way to write a round price, "5:-".
func (f *facts) priceTail(i int) bool {
	return i+2 < len(f.tokens) && f.tokens[i+2].text == "-" && f.tokens[i+2].glued
}

func numeric(t token) bool { return t.kind == kindNumber || t.kind == kindWord && t.is(cNumber) }

// nounNumber is a number as a noun, which counts nothing.
var nounNumber = regexp.MustCompile(`(?:nen|sen|sta|seksi|ne)$|^(?:femma|femman|trea|trean|fyran|tvaan|tvaa)$`)

// countable tells an unknown word that has the ending of counted things: a
// Finnish partitive, a Swedish or English plural. Names have capitals.
func (f *facts) countable(t, next *token) bool {
	word := next.text
	if t.kind == kindWord && nounNumber.MatchString(t.text) { // "kolmonen riittää"
		return false
	}
	if t.kind == kindNumber && t.num < 2 || t.half || len(word) < 4 {
		return false
	}
	if first := []rune(next.orig)[0]; unicode.IsUpper(first) {
		return false
	}
	for _, ending := range []string{"sta", "lta", "lla", "ssa", "na", "ksa", "ss", "us", "is", "ous"} {
		if strings.HasSuffix(word, ending) {
			return false
		}
	}
	for _, ending := range []string{"a", "s", "ar", "or", "er"} {
		if strings.HasSuffix(word, ending) {
			return true
		}
	}
	return false
}

// choose decides between the numbers that may be the score.
func (f *facts) choose(found []candidate) number {
	found = f.drop(found)
	switch len(found) {
	case 0:
		return number{}
	case 1:
		n := found[0].number
		n.fixed = f.has(cFix)
		return n
	}
	same := !slices.ContainsFunc(found, func(c candidate) bool {
		return c.kind != found[0].kind || c.value != found[0].value
	})
	if same && found[0].kind == score {
		return found[0].number
	}
	last := found[len(found)-1]
	switch {
	case f.between(found[0].at, last.at, cOr), f.has(cBetween):
		return number{kind: unclear, why: "alternatives"}
	case f.corrected(found[0].at):
		n := last.number
		n.fixed = true
		if n.kind == score {
			n.why = "correction"
		}
		return n
	case f.topics(found):
		return number{kind: beside, why: "several_topics"}
	}
	return number{kind: unclear, why: "several_numbers"}
}

// drop takes out what is not meant as the score beside others: our scale
// quoted, and a number said not to be it.
func (f *facts) drop(found []candidate) []candidate {
	if len(found) < 2 {
		return found
	}
	var kept []candidate
	for n, c := range found {
		if c.why == "scale" {
			continue
		}
		if j := c.at - 1; j >= 0 && f.tokens[j].kind == kindWord && !f.tokens[j].claimed && f.tokens[j].is(cNeg) &&
			(f.tokens[j].clause == f.tokens[c.at].clause) && !(n > 0 && f.tokens[j].text == "ei" && f.tokens[found[n-1].at].clause == f.tokens[j].clause) {
			continue
		}
		kept = append(kept, c)
	}
	return kept
}

// between tells a word of the class between two places.
func (f *facts) between(from, to int, c class) bool {
	for i := from + 1; i < to; i++ {
		if !f.tokens[i].claimed && f.tokens[i].is(c) {
			return true
		}
	}
	return slices.ContainsFunc(f.items, func(it item) bool { return it.class == c && it.at > from && it.at < to })
}

// corrected tells that the customer takes back what stands at or behind a place.
func (f *facts) corrected(from int) bool {
	if f.between(from, len(f.tokens), cFix) {
		return true
	}
	for i := from + 1; i < len(f.tokens); i++ { // "4 nej 5", "3 no 4", "3 *4"
		t := &f.tokens[i]
		if t.kind == kindWord && (t.is(cNo|cSoftNo) && t.text != "ei") && i+1 < len(f.tokens) {
			return true
		}
		if t.kind == kindMark && t.text == "*" {
			return true
		}
	}
	return false
}

// topics tells that the numbers stand beside words of their own.
func (f *facts) topics(found []candidate) bool {
	count := 0
	for n, c := range found {
		from, to := 0, len(f.tokens)
		if n > 0 {
			from = found[n-1].at + 1
		}
		if n+1 < len(found) {
			to = found[n+1].at
		}
		for i := from; i < to; i++ {
			if t := &f.tokens[i]; i != c.at && t.kind == kindWord && !t.is(cThanks|cGreeting|cAnd) {
				count++
				break
			}
		}
	}
	return count >= 2
}
