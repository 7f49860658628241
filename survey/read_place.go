package survey

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Where digits stand tells as much as how they are written: behind the name of
// a street, between a meeting and a month, on the left of an "if". Those say
// something else than a score, and are set apart before any number is weighed.

var (
	// dayAndMonth is "3.12", "2/12", "4.5": a date where a meeting is spoken of.
	dayAndMonth = regexp.MustCompile(`^(?:[12]?\d|3[01])[./](?:1[0-2]|0?[1-9])\.?$`)
	// streetName is a word that ends as names of streets do, inflected or not.
	streetName = regexp.MustCompile(`(?i)^\pL{2,}(?:katu|kadun|kadulla|kadulle|katuun|tie|tien|tiellä|tielle|kuja|kujan|kujalla|polku|polun|polulla|väylä|väylän|väylällä|kaari|kaaren|raitti|raitin|ranta|rannan|rannalla|aukio|aukion|` +
		`gatan|gata|gatu|vägen|gränd|gränden|stigen|torget|allén|esplanaden|backen|street|strasse|straße)$`)
	// streetWord stands behind the name in English.
	streetWord = regexp.MustCompile(`(?i)^(?:street|st|road|rd|lane|ln|avenue|ave|drive|court|terrace|crescent|square|gardens|grove|mews)$`)
)

// setApart turns digits into kindOther where what stands around them says that
// they are no score.
func (f *facts) setApart() {
	for i := range f.tokens {
		t := &f.tokens[i]
		switch {
		case t.kind == kindWord && f.street(i):
			f.address(i)
		case t.kind == kindWord && t.is(cMeet):
			f.meeting(i)
		case t.kind == kindWord && t.is(cOwner):
			f.labelled(i)
		case t.kind == kindWord && t.is(cTimeWord):
			f.ordinalOf(i)
		case t.kind == kindWord && t.is(cHalf):
			f.halfPast(i)
		case t.kind == kindNumber && f.houseOf(i):
			t.kind = kindOther
		}
	}
	f.hypothetical()
	f.upsideDown()
}

// street tells the name of a street: long, or with a capital.
func (f *facts) street(i int) bool {
	t := &f.tokens[i]
	if !streetName.MatchString(t.orig) || f.understood(t) {
		return false
	}
	first, _ := utf8.DecodeRuneInString(t.orig)
	return unicode.IsUpper(first) || utf8.RuneCountInString(t.orig) >= 7
}

func (f *facts) understood(t *token) bool { return t.is(judging | cHazard | cPart | cWheel) }

// address sets apart the number of a house, its stair and its flat: "Kuusitie 2
// B 5", "Storgatan 4 lgh 3".
func (f *facts) address(i int) {
	for n := i + 1; n < len(f.tokens) && n <= i+4 && f.tokens[n].clause == f.tokens[i].clause; n++ {
		t := &f.tokens[n]
		switch {
		case t.kind == kindNumber && (n == i+1 || n > i+2):
			t.kind = kindOther
		case t.kind == kindWord && (utf8.RuneCountInString(t.orig) <= 3 || t.is(cTimeWord)):
		case t.kind == kindOther:
		default:
			return
		}
	}
}

// houseOf tells the number of an English address: "4 Park Lane".
func (f *facts) houseOf(i int) bool {
	for n := i + 1; n < len(f.tokens) && n <= i+3 && f.tokens[n].clause == f.tokens[i].clause; n++ {
		t := &f.tokens[n]
		first, _ := utf8.DecodeRuneInString(t.orig)
		if t.kind != kindWord || !unicode.IsUpper(first) {
			return false
		}
		if n > i+1 && streetWord.MatchString(t.orig) {
			return true
		}
	}
	return false
}

// meeting sets apart the day of a meeting: "nähdään 4.5.", "see you on 5".
// "Tulen toistekin, 5" speaks of none.
func (f *facts) meeting(i int) {
	for n := i + 1; n < len(f.tokens) && n <= i+6 && f.tokens[n].clause == f.tokens[i].clause; n++ {
		t := &f.tokens[n]
		if t.kind == kindWord && t.is(cAgain) {
			return
		}
		if t.kind != kindNumber {
			continue
		}
		before := f.tokens[n-1]
		announced := before.kind == kindWord && before.is(cDayWord) || n == i+1 && before.is(cMeet) && t.outOf == 0
		if dayAndMonth.MatchString(t.orig) && (t.outOf != 5 && t.outOf != 10 || announced) || announced || t.nth {
			t.kind = kindOther
		}
	}
}

// labelled sets apart the number of a thing: "auton numero 5", "invoice nr 3".
func (f *facts) labelled(i int) {
	label := false
	for n := i + 1; n < len(f.tokens) && n <= i+3 && f.tokens[n].clause == f.tokens[i].clause; n++ {
		t := &f.tokens[n]
		if t.kind == kindNumber && label {
			t.kind = kindOther
		}
		label = label || slices.Contains([]string{"numero", "nro", "nr", "number", "no", "nummer", "for"}, t.text)
		if t.kind != kindWord || !label && !slices.Contains([]string{"on", "is", "ar"}, t.text) {
			return
		}
	}
}

// ordinalOf sets apart the day beside a month: "Dec 5", "joulukuun 4".
func (f *facts) ordinalOf(i int) {
	if i+1 < len(f.tokens) && f.tokens[i].is(cDayWord) && f.tokens[i].is(cTimeWord) && f.tokens[i+1].kind == kindNumber &&
		f.tokens[i+1].clause == f.tokens[i].clause && f.tokens[i+1].outOf == 0 {
		f.tokens[i+1].kind = kindOther
	}
}

// halfPast sets apart the time of day: "puoli viisi", "halv fem". Behind a
// number the half belongs to that.
func (f *facts) halfPast(i int) {
	if i+1 >= len(f.tokens) || f.tokens[i+1].clause != f.tokens[i].clause {
		return
	}
	for n := i - 1; n >= 0 && f.tokens[n].clause == f.tokens[i].clause; n-- {
		if t := &f.tokens[n]; t.kind == kindNumber || t.is(cNumber) {
			return
		}
	}
	if t := &f.tokens[i+1]; t.kind == kindNumber || t.kind == kindWord && t.is(cNumber) {
		t.kind, t.class = kindOther, 0
	}
}

// hypothetical sets apart the score of another world: "would be 5 if cheaper",
// "olisin antanut 6 jos voisi".
func (f *facts) hypothetical() {
	for i := range f.tokens { // "5 jos saisin sen kuitin"
		t := &f.tokens[i]
		if numeric(*t) && i+2 < len(f.tokens) && f.tokens[i+1].kind == kindWord && f.tokens[i+1].is(cIf) && f.tokens[i+1].clause == t.clause {
			t.kind, t.class = kindOther, 0
			f.wished = true
		}
	}
	for i := range f.tokens {
		if t := &f.tokens[i]; t.kind != kindWord || !t.is(cWould) {
			continue
		}
		at, given := -1, -1
		for n := i + 1; n < len(f.tokens) && f.tokens[n].line == f.tokens[i].line; n++ {
			t := &f.tokens[n]
			if at < 0 && (t.kind == kindNumber || t.kind == kindWord && t.is(cNumber)) && n <= i+5 {
				at = n
			}
			if t.kind == kindWord && t.is(cIf) {
				given = n
			}
		}
		if at < 0 || given < at {
			continue
		}
		t := &f.tokens[at]
		t.kind, t.class = kindOther, 0
		f.wished = true
	}
}

// upsideDown tells a customer who explains the scale to himself and may have it
// the wrong way round: "1 = fully?".
func (f *facts) upsideDown() {
	for i := range f.tokens {
		t := &f.tokens[i]
		if t.kind != kindNumber || i+2 >= len(f.tokens) || int(t.num) != f.scale.lo {
			continue
		}
		if f.tokens[i+1].kind == kindMark && f.tokens[i+1].text == "=" && f.tokens[i+2].kind == kindWord && strings.TrimSpace(f.tokens[i+2].text) != "" {
			f.inverted = true
		}
	}
}

// concedes tells a "but" behind which something is said that we know no praise
// in: "viitonen vaikka kahvi oli kylmää". What it is, a person reads.
func (f *facts) concedes() bool {
	for i := range f.tokens {
		if t := &f.tokens[i]; i == 0 || t.kind != kindWord || !t.is(cConcede) || t.claimed {
			continue
		}
		said, good := 0, false
		for n := i + 1; n < len(f.tokens) && f.tokens[n].clause == f.tokens[i].clause; n++ {
			t := &f.tokens[n]
			good = good || t.kind == kindNumber || t.claimed || t.is(cPraise|cNice|cWorks|cThanks|cNumber|cHedge|cYes|cWeakYes)
			if t.kind == kindWord {
				said++
			}
		}
		if said > 0 && !good {
			return true
		}
	}
	return false
}
