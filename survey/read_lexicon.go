package survey

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed lexicon/*.txt
var lexiconFiles embed.FS

// class is a set of word classes: what a word or phrase does in a reply. The
// names are the sections of the lexicon files.
type class uint64

// The classes, in the order in which phrases of equal length are preferred.
const (
	cMet     class = 1 << iota // a fixed phrase that says yes
	cUnmet                     // a fixed phrase that says no
	cDecline                   // does not want to answer
	cWrong                     // not the person we mean
	cOptOut                    // wants no more texts, in other words than a keyword
	cNoCall                    // speaks of calling without wishing it
	cCall                      // wishes to be called
	cFull                      // full marks
	cMatter                    // something else for a person to see to
	cGreeting
	cThanks
	cHedge   // does not commit
	cMeh     // lukewarm
	cFix     // takes back what was said just before
	cPraise  // good as a whole
	cBlame   // bad as a whole
	cDetail  // complains of one thing
	cNice    // praises one thing
	cWorks   // does its work; negated it is a complaint
	cTrouble // a thing to complain of; negated it is praise
	cStill   // goes on, which is bad unless something good goes on
	cYes
	cWeakYes // a yes only where nothing else stands beside it
	cNo
	cSoftNo  // English no, Finnish "well"
	cNeg     // turns what follows
	cNegNoun // turns a following noun
	cBut
	cOr
	cBetween // leaves open which of several numbers
	cAnd
	cCue    // announces a score
	cPoints // what a score is counted in
	cOutOf
	cHalf
	cUnit // what other numbers count
	cMeasure
	cApprox
	cTimeWord  // stands before a time, a place or a reference
	cTimeAfter // stands after a time
	cAuto
	cQuestion
	cStop
	cHazard // danger by itself
	cHazardSign
	cPart  // what must not fail: danger unless praised
	cWheel // danger where a fault is named
	cFault
	cNumber
	cOne // a one that is more often an article
	cTop // a one that may as well mean the best
	cFiller
	cStrong  // the first part of a word that makes the rest stronger
	cMeet    // speaks of coming, fetching or seeing each other
	cAgain   // takes a meeting back to "some day"
	cDayWord // stands before a day of the month
	cOwner   // a thing that has a number
	cWould   // begins what is not so
	cIf
	cConcede // what follows takes something back
)

var classNames = map[string]class{
	"met": cMet, "unmet": cUnmet, "decline": cDecline, "wrong": cWrong, "optout": cOptOut,
	"nocall": cNoCall, "call": cCall, "full": cFull, "matter": cMatter, "greeting": cGreeting, "thanks": cThanks,
	"hedge": cHedge, "meh": cMeh, "fix": cFix, "praise": cPraise, "blame": cBlame, "detail": cDetail,
	"nice": cNice, "works": cWorks, "trouble": cTrouble, "still": cStill, "yes": cYes,
	"weakyes": cWeakYes, "no": cNo, "softno": cSoftNo, "neg": cNeg, "negnoun": cNegNoun, "but": cBut,
	"or": cOr, "between": cBetween, "and": cAnd, "cue": cCue, "points": cPoints, "outof": cOutOf, "half": cHalf,
	"unit": cUnit, "measure": cMeasure, "approx": cApprox, "timeword": cTimeWord,
	"timeafter": cTimeAfter, "auto": cAuto, "question": cQuestion, "stop": cStop, "hazard": cHazard,
	"hazardsign": cHazardSign, "part": cPart, "wheel": cWheel, "fault": cFault, "one": cOne,
	"top": cTop, "filler": cFiller, "strong": cStrong, "meet": cMeet, "again": cAgain,
	"dayword": cDayWord, "owner": cOwner, "would": cWould, "if": cIf, "concede": cConcede,
}

// overlay classes are looked for in their own right: their words keep whatever
// else they mean.
const overlay = cHazard | cHazardSign | cPart | cWheel | cFault | cAuto | cQuestion

// slot is one place of a pattern: alternatives, or a gap of up to gap words.
type slot struct {
	words []word
	gap   int
}

// word is one alternative of a slot.
type word struct {
	text   string
	prefix bool // any word that begins so
	exact  bool // compared with its dots and rings
	any    bool
}

// phrase is a pattern of two or more words, or of one that keeps its dots.
type phrase struct {
	class  class
	value  int
	slots  []slot
	weight int // words that are named
}

// entry is what one word means by itself.
type entry struct {
	class class
	value int
}

// lexicon is all word lists, ready for looking up.
type lexicon struct {
	exact    map[string]entry
	prefixes map[byte][]prefixEntry // by first byte
	phrases  []phrase               // heaviest first, then in the order of the classes
	stops    map[string]bool        // opt-out keywords, folded
	strong   []string               // what is put before a word to make it stronger

	starts      map[byte][]int // phrases by the first byte of their first word
	exactStarts []int          // those whose first word keeps its dots
}

type prefixEntry struct {
	text string
	entry
}

// words gives the lexicon, read once. The files are part of the program, so an
// error in them is a programmer's and stops the first test.
var words = sync.OnceValue(func() *lexicon {
	lex := &lexicon{stops: map[string]bool{}, exact: map[string]entry{}, prefixes: map[byte][]prefixEntry{}}
	for _, name := range []string{"fi", "sv", "en", "emoji"} {
		text, err := lexiconFiles.ReadFile("lexicon/" + name + ".txt")
		if err != nil {
			panic(err)
		}
		if err := lex.add(string(text)); err != nil {
			panic(fmt.Sprintf("lexicon/%s.txt: %v", name, err))
		}
	}
	slices.SortStableFunc(lex.phrases, func(a, b phrase) int {
		if a.weight != b.weight {
			return b.weight - a.weight
		}
		if a.class < b.class {
			return -1
		}
		return int(min(1, a.class-b.class))
	})
	lex.index()
	return lex
})

// index sorts the phrases by how they begin.
func (l *lexicon) index() {
	l.starts = map[byte][]int{}
	for n, p := range l.phrases {
		seen := map[byte]bool{}
		for _, w := range p.slots[0].words {
			if w.exact {
				l.exactStarts = append(l.exactStarts, n)
				break
			}
			if first := w.text[0]; !seen[first] {
				seen[first] = true
				l.starts[first] = append(l.starts[first], n)
			}
		}
	}
}

// add reads one lexicon file.
func (l *lexicon) add(text string) error {
	var now entry
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			name := strings.Trim(line, "[]")
			if v, err := strconv.Atoi(name); err == nil {
				now = entry{class: cNumber, value: v}
			} else if c, ok := classNames[name]; ok {
				now = entry{class: c, value: 1}
			} else {
				return fmt.Errorf("line %d: no such section %q", n+1, name)
			}
		case now.class == 0:
			return fmt.Errorf("line %d: words before the first section", n+1)
		default:
			for pattern := range strings.SplitSeq(line, ",") {
				if err := l.pattern(strings.Fields(pattern), now); err != nil {
					return fmt.Errorf("line %d: %w", n+1, err)
				}
			}
		}
	}
	return nil
}

// pattern adds one pattern: a plain word to the tables, all else as a phrase.
func (l *lexicon) pattern(fields []string, e entry) error {
	if e.class == cStrong {
		l.strong = append(l.strong, fold(strings.Join(fields, "")))
		return nil
	}
	if e.class == cStop {
		l.stops[fold(strings.Join(fields, " "))] = true
		return nil
	}
	for i, f := range fields { // "could+not" is an alternative of two words
		if alternatives := strings.Split(f, "/"); strings.Contains(f, "+") && len(f) > 2 {
			for _, a := range alternatives {
				if err := l.pattern(slices.Concat(fields[:i:i], strings.Split(a, "+"), fields[i+1:]), e); err != nil {
					return err
				}
			}
			return nil
		}
	}
	p := phrase{class: e.class, value: e.value}
	for _, f := range fields {
		switch f {
		case "~":
			p.slots = append(p.slots, slot{gap: 3})
			continue
		case "_":
			p.slots = append(p.slots, slot{gap: 1})
			continue
		}
		var s slot
		for alternative := range strings.SplitSeq(f, "/") {
			w := word{any: alternative == "?", exact: strings.HasPrefix(alternative, "="), prefix: strings.HasSuffix(alternative, "*")}
			w.text = strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(alternative, "="), "*"))
			if !w.exact {
				w.text = fold(w.text)
			}
			w.text = strings.ReplaceAll(w.text, "'", "")
			if w.text == "" || strings.ContainsAny(w.text, "*=") {
				return fmt.Errorf("pattern %q is malformed", strings.Join(fields, " "))
			}
			s.words = append(s.words, w)
		}
		p.weight++
		p.slots = append(p.slots, s)
	}
	if len(p.slots) == 0 {
		return nil
	}
	if len(p.slots) > 1 || p.slots[0].words[0].exact {
		l.phrases = append(l.phrases, p)
		return nil
	}
	for _, w := range p.slots[0].words {
		if w.prefix {
			l.prefixes[w.text[0]] = append(l.prefixes[w.text[0]], prefixEntry{w.text, e})
		} else {
			l.exact[w.text] = merge(l.exact[w.text], e)
		}
	}
	return nil
}

// merge joins two meanings of one word; the value is the numeral's.
func merge(a, b entry) entry {
	if b.class&cNumber != 0 || a.class == 0 {
		a.value = b.value
	}
	a.class |= b.class
	return a
}

// look tells what a word means by itself, in all languages at once.
func (l *lexicon) look(text string) entry {
	e := l.exact[text]
	if text == "" {
		return e
	}
	if e.class == 0 {
		if e = l.compound(text); e.class != 0 {
			return e
		}
	}
	for _, p := range l.prefixes[text[0]] {
		if strings.HasPrefix(text, p.text) {
			e = merge(e, p.entry)
		}
	}
	return e
}

// compound reads a word with a strengthening first part: "jättebra",
// "superhuono".
func (l *lexicon) compound(text string) entry {
	for _, first := range l.strong {
		rest, ok := strings.CutPrefix(text, first)
		if !ok || len(rest) < 3 {
			continue
		}
		if e := l.look(rest); e.class&judging != 0 {
			return entry{class: e.class & judging}
		}
	}
	return entry{}
}

// misspelt reads a longer word that is one slip of the finger away from one that
// praises or blames: "mahatvaa", "amazng". Numbers are never guessed.
func (l *lexicon) misspelt(text string) entry {
	const stem = 6
	if len(text) < stem {
		return entry{}
	}
	for _, p := range l.prefixes[text[0]] {
		if p.class&(cPraise|cBlame) == 0 || len(p.text) < stem {
			continue
		}
		for _, n := range []int{len(p.text) - 1, len(p.text), len(p.text) + 1} {
			if n <= len(text) && oneSlip(p.text, text[:n]) {
				return entry{class: p.class & (cPraise | cBlame)}
			}
		}
	}
	return entry{}
}

// oneSlip tells words that differ by one letter more, less or other, or by two
// neighbours that changed places.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch {
	case len(b)-len(a) > 1:
		return false
	case len(b) > len(a):
		return a[i:] == b[i+1:]
	case i == len(a):
		return true
	}
	return a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// fits tells whether the slot takes the token.
func (s slot) fits(t *token) bool {
	for _, w := range s.words {
		text := t.text
		if w.exact {
			text = t.exact
		}
		if w.any || text == w.text || w.prefix && strings.HasPrefix(text, w.text) {
			return true
		}
	}
	return false
}

// match tries the phrase with its first word at tokens[at] and gives the named
// words' places. A phrase does not reach over the end of a clause.
func (p phrase) match(tokens []token, at int) []int {
	if !p.slots[0].fits(&tokens[at]) || tokens[at].kind != kindWord {
		return nil
	}
	return matchRest(p.slots[1:], tokens, at+1, tokens[at].clause, []int{at})
}

func matchRest(slots []slot, tokens []token, at, clause int, found []int) []int {
	if len(slots) == 0 {
		return found
	}
	if slots[0].gap > 0 {
		for skip := 0; skip <= slots[0].gap && at+skip < len(tokens); skip++ {
			if skip > 0 && (tokens[at+skip-1].clause != clause || tokens[at+skip-1].kind != kindWord) {
				return nil
			}
			if got := matchRest(slots[1:], tokens, at+skip, clause, slices.Clone(found)); got != nil {
				return got
			}
		}
		return nil
	}
	if at >= len(tokens) || tokens[at].clause != clause || tokens[at].kind != kindWord || !slots[0].fits(&tokens[at]) {
		return nil
	}
	return matchRest(slots[1:], tokens, at+1, clause, append(found, at))
}
