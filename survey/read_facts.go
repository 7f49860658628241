package survey

import "slices"

// item is one thing that a reply says: a phrase or a word that speaks by itself.
type item struct {
	class   class
	at, end int // places of its first and last word
}

// facts is all that the rules may look at.
type facts struct {
	scale  scale
	tokens []token
	items  []item
	words  int // words, not counting punctuation and signs

	positive   bool // good as a whole, or yes
	nice       bool // something is good
	negative   bool // bad as a whole, or no
	complaint  bool // something is bad
	lukewarm   bool
	faint      bool // praise that is negated
	hedge      bool
	thanks     bool
	yes, no    bool // an answer in so many words
	but        bool
	callback   bool
	danger     bool
	decline    bool
	wrong      bool
	optOut     bool
	question   bool
	matter     bool // something else for a person to see to
	unresolved bool // a negation of something unknown
	counted    bool // digits that count or name something else
	noCall     bool // wishes not to be called
	wished     bool // another score "if"
	inverted   bool // may read the scale the wrong way round
	reserved   bool // takes something back, in words we do not know
	number     number
}

// gather reads the tokens of a reply.
func gather(tokens []token, s scale) *facts {
	f := &facts{scale: s, tokens: tokens}
	for i := range tokens {
		if tokens[i].kind == kindWord {
			f.words++
		}
		f.but = f.but || tokens[i].is(cBut)
	}
	f.claim()
	f.setApart()
	f.number = f.readNumbers()
	f.signs()
	for i := range f.items {
		f.weigh(f.items[i])
	}
	f.single()
	f.negative = f.negative || f.faint && !f.lukewarm // "not great, not terrible" is neither
	f.answers()
	f.noCall = f.has(cNoCall)
	f.callback = f.wishesCall()
	f.reserved = f.concedes()
	f.question = f.asks()
	f.danger = f.endangered()
	return f
}

// claim finds the phrases, the longest first; a word is part of one only.
// Danger and questions are looked for besides, whatever else a word is part of.
func (f *facts) claim() {
	lex := words()
	type found struct {
		phrase int
		at     []int
	}
	var all []found
	for i := range f.tokens {
		if f.tokens[i].kind != kindWord {
			continue
		}
		for _, n := range lex.starts[f.tokens[i].text[0]] {
			if at := lex.phrases[n].match(f.tokens, i); at != nil {
				all = append(all, found{n, at})
			}
		}
		for _, n := range lex.exactStarts {
			if at := lex.phrases[n].match(f.tokens, i); at != nil {
				all = append(all, found{n, at})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return a.phrase - b.phrase })
	for _, m := range all {
		p := lex.phrases[m.phrase]
		if len(p.slots) == 1 { // a word that keeps its dots
			f.tokens[m.at[0]].class |= p.class
			continue
		}
		if p.class&overlay == 0 {
			if slices.ContainsFunc(m.at, func(i int) bool { return f.tokens[i].claimed }) {
				continue
			}
			for _, i := range m.at {
				f.tokens[i].claimed = true
			}
		}
		f.items = append(f.items, item{p.class, m.at[0], m.at[len(m.at)-1]})
	}
}

// has tells whether a phrase of the class, or an unclaimed word, is there.
func (f *facts) has(c class) bool {
	if slices.ContainsFunc(f.items, func(it item) bool { return it.class&c != 0 }) {
		return true
	}
	return slices.ContainsFunc(f.tokens, func(t token) bool { return !t.claimed && t.is(c) })
}

// signs weighs emoji and notes digits that are no score.
func (f *facts) signs() {
	for i := range f.tokens {
		t := &f.tokens[i]
		switch t.kind {
		case kindEmoji:
			f.positive = f.positive || t.is(cMet)
			f.negative = f.negative || t.is(cUnmet)
			f.thanks = f.thanks || t.is(cThanks)
		case kindOther:
			f.counted = true
		}
	}
}

// weigh takes a phrase into account.
func (f *facts) weigh(it item) {
	negated := f.negated(it.at)
	switch it.class {
	case cMet:
		f.positive = f.positive || !negated
		f.negative = f.negative || negated // "ei mennyt niin kuin piti"
	case cUnmet:
		f.negative = f.negative || !f.spares(it)
	case cDecline:
		f.decline = true
	case cWrong:
		f.wrong = true
	case cOptOut:
		f.optOut = true
	case cThanks:
		f.thanks = true
	case cHedge:
		f.hedge = true
	case cMatter:
		f.matter = true
	case cYes, cWeakYes:
		if !negated {
			f.positive, f.yes = true, true
		}
	default:
		f.sentiment(it.class, negated)
	}
}

// sentiment takes a judgement into account, turned where it is negated.
func (f *facts) sentiment(c class, negated bool) {
	switch {
	case c&cPraise != 0:
		f.positive = f.positive || !negated
		f.faint = f.faint || negated
	case c&cBlame != 0:
		f.negative = f.negative || !negated
		f.lukewarm = f.lukewarm || negated
	case c&cTrouble != 0:
		f.positive = f.positive || negated
		f.complaint = f.complaint || !negated
	case c&cDetail != 0:
		f.complaint = f.complaint || !negated
	case c&(cNice|cWorks) != 0:
		f.nice = f.nice || !negated
		f.complaint = f.complaint || negated
	case c&cMeh != 0:
		f.lukewarm = f.lukewarm || !negated
		f.negative = f.negative || negated
	}
}

const judging = cPraise | cBlame | cTrouble | cDetail | cNice | cWorks | cMeh

// single takes the words that are no part of a phrase.
func (f *facts) single() {
	for i := range f.tokens {
		t := &f.tokens[i]
		if t.kind != kindWord || t.claimed {
			continue
		}
		f.hedge = f.hedge || t.is(cHedge)
		f.thanks = f.thanks || t.is(cThanks)
		f.decline = f.decline || t.is(cDecline) && f.words <= 2 && !f.counted
		f.optOut = f.optOut || t.is(cOptOut)
		f.matter = f.matter || t.is(cMatter)
		f.wrong = f.wrong || t.is(cWrong)
		f.positive = f.positive || t.is(cMet) && !f.negated(i)
		f.negative = f.negative || t.is(cUnmet) && !f.negated(i)
		switch {
		case !t.is(judging) || f.intensifies(i):
		case t.is(cBlame) && f.clauseHas(t.clause, cPart|cWheel) && !f.negated(i):
			f.complaint = true // it is the brakes that are bad
		default:
			f.sentiment(t.class, f.negated(i))
		}
		if t.is(cStill) && !f.clauseHas(t.clause, cPraise|cNice|cWorks|cThanks|cMet|cGreeting|cYes) && f.words > 1 && !f.numberIn(t.clause) {
			f.complaint = true
		}
	}
}

// intensifies tells a word that only strengthens the next: "hirveän hyvä",
// "super slow", "terribly good".
func (f *facts) intensifies(i int) bool {
	if i+1 >= len(f.tokens) || f.tokens[i+1].clause != f.tokens[i].clause {
		return false
	}
	t, next := &f.tokens[i], &f.tokens[i+1]
	if t.is(cBlame) {
		return next.is(cPraise|cNice) && !next.is(cBlame)
	}
	switch t.text {
	case "hyvin", "super", "superb", "grymt", "mielettoman", "helt", "nicely", "pretty":
		return next.is(cBlame | cDetail)
	}
	return false
}

// reach is how many words back a negation is looked for.
const reach = 5

// negated tells whether a negation in the same clause turns what stands at i.
func (f *facts) negated(i int) bool {
	clause := f.tokens[i].clause
	noun := f.tokens[i].is(cTrouble | cDetail)
	for j := i - 1; j >= 0 && j >= i-reach && f.tokens[j].clause == clause; j-- {
		t := &f.tokens[j]
		near := i-j <= 2
		switch {
		case t.claimed && t.is(cNeg) && f.tokens[i].is(cPraise|cBlame) && f.refusal(j, i-1):
			return true // "ei ollenkaan tyytyväinen", "inte alls dåligt"
		case t.claimed:
		case t.kind == kindNumber:
			if near && t.num == 0 && noun {
				return true
			}
		case t.is(cAnd) && !t.is(cNeg):
			return false
		case t.is(cNeg), near && noun && t.is(cNegNoun), near && noun && t.is(cNumber) && t.value == 0:
			return true
		}
	}
	return f.negatedAfter(i)
}

// refusal tells that a phrase that says no reaches from one word to another.
func (f *facts) refusal(from, to int) bool {
	return slices.ContainsFunc(f.items, func(it item) bool { return it.class == cUnmet && it.at == from && it.end == to })
}

// spares tells a phrase that says no to a word of blame right behind it.
func (f *facts) spares(it item) bool {
	return it.end+1 < len(f.tokens) && f.tokens[it.end+1].clause == f.tokens[it.at].clause && f.tokens[it.at].is(cNeg) && f.tokens[it.end+1].is(cBlame)
}

// negatedAfter tells a negation that follows: "hyvä ei ollut", "tar inte",
// "fungerar ej".
func (f *facts) negatedAfter(i int) bool {
	if i+1 >= len(f.tokens) || f.tokens[i+1].clause != f.tokens[i].clause || f.tokens[i+1].claimed {
		return false
	}
	switch f.tokens[i+1].text {
	case "inte", "ej", "int", "icke":
		return true
	case "ei", "en", "eivat":
		return i+2 < len(f.tokens) && slices.Contains([]string{"ollut", "ollu", "ole", "oo", "olleet", "voi"}, f.tokens[i+2].text)
	case "var", "ar":
		return i+3 < len(f.tokens) && slices.Contains([]string{"inte", "int", "ej"}, f.tokens[i+3].text)
	}
	return false
}

// clauseHas tells whether a clause holds a word or phrase of the class.
func (f *facts) clauseHas(clause int, c class) bool {
	for i := range f.tokens {
		if f.tokens[i].clause == clause && !f.tokens[i].claimed && f.tokens[i].is(c) {
			return true
		}
	}
	return slices.ContainsFunc(f.items, func(it item) bool { return it.class&c != 0 && f.tokens[it.at].clause == clause })
}

func (f *facts) numberIn(clause int) bool {
	return slices.ContainsFunc(f.tokens, func(t token) bool { return t.clause == clause && t.kind == kindNumber })
}

// answers finds yes and no where they stand as an answer and not as a part of
// what is said: alone in their clause, or for a plain yes at its beginning.
func (f *facts) answers() {
	soft := false
	for at := 0; at < len(f.tokens); {
		end := at
		for end < len(f.tokens) && f.tokens[end].clause == f.tokens[at].clause {
			end++
		}
		yes, no, maybe := f.answer(f.tokens[at:end])
		if yes && f.clauseHas(f.tokens[at].clause, cDetail|cMatter) &&
			!slices.ContainsFunc(f.tokens[at:end], func(t token) bool { return t.is(cYes) && !t.claimed }) {
			yes = false // "engine light is on"
		}
		if no && slices.ContainsFunc(f.tokens[at:end], func(t token) bool { return t.is(cYes) }) &&
			slices.ContainsFunc(f.tokens[at:end], func(t token) bool { return t.is(cAnd) }) { // "joo ja ei"
			f.lukewarm, no = true, false
		}
		f.yes, f.no, soft = f.yes || yes, f.no || no, soft || maybe
		f.unresolved = f.unresolved || f.dangling(at, end)
		at = end
	}
	if soft && !f.positive && !f.yes && !f.nice && f.number.kind == noNumber {
		f.no = true // English "no"; before something good it is the Finnish "well"
	}
	if f.has(cFix) {
		f.no = false // "nej 3 menade jag"
	}
	f.positive, f.negative = f.positive || f.yes, f.negative || f.no
}

// answer reads one clause.
func (f *facts) answer(clause []token) (yes, no, soft bool) {
	onlyYes, onlyNo, negated, first := true, true, false, true
	for i := range clause {
		t := &clause[i]
		if t.kind == kindMark || t.kind == kindEmoji {
			continue
		}
		if t.kind != kindWord || t.claimed {
			onlyNo = false
			onlyYes = onlyYes && t.claimed
			first = false
			continue
		}
		if t.is(cYes) && first {
			yes = true
		}
		yes = yes || t.is(cWeakYes)
		no = no || t.is(cNo)
		soft = soft || t.is(cSoftNo)
		negated = negated || t.is(cNeg|cNo)
		onlyYes = onlyYes && t.is(cYes|cWeakYes|cFiller|cThanks|cGreeting|cAnd|cSoftNo)
		onlyNo = onlyNo && t.is(cNo|cNeg|cSoftNo|cFiller|cThanks|cYes|cWeakYes|cAnd)
		first = first && t.is(cGreeting|cSoftNo|cFiller|cBut)
	}
	strong := slices.ContainsFunc(clause, func(t token) bool { return t.is(cYes) && !t.claimed })
	yes = yes && !negated && (strong || onlyYes)
	if yes && slices.ContainsFunc(clause, func(t token) bool { return t.is(cBlame|cDetail) && !t.claimed }) {
		yes = false // "kyllä oli huonoa": an emphasis
	}
	return yes, no && onlyNo, soft && onlyNo && len(clause) <= 3
}

// dangling tells a clause that negates something we do not know.
func (f *facts) dangling(at, end int) bool {
	neg, known := -1, false
	for i := at; i < end; i++ {
		t := &f.tokens[i]
		if t.is(cNeg) && !t.claimed {
			neg = i
		}
		known = known || t.claimed || t.is(judging)
	}
	for end > at && f.tokens[end-1].kind == kindMark {
		end--
	}
	// "en tullut sinne", "ilmastointi ei puhalla", "permanenten höll inte".
	return neg >= 0 && !known && (end-neg >= 3 || neg > at && end-neg >= 2 || neg-at >= 2)
}

// wishesCall tells a wish to be called; a bare "call" is one only where little
// else is said.
func (f *facts) wishesCall() bool {
	if f.has(cNoCall) {
		return false
	}
	for _, it := range f.items {
		if it.class == cCall && !f.negated(it.at) {
			return true
		}
	}
	for i := range f.tokens {
		t := &f.tokens[i]
		if t.kind == kindWord && !t.claimed && t.is(cCall) && !f.negated(i) && (t.text != "call" || f.words <= 3) {
			return true
		}
	}
	return false
}

// asks tells a question that wants an answer.
func (f *facts) asks() bool {
	for line := 0; len(f.tokens) > 0 && line <= f.tokens[len(f.tokens)-1].line; line++ {
		mark, ask, good, count, begins := false, false, false, 0, false
		for i := range f.tokens {
			t := &f.tokens[i]
			if t.line != line && !(t.text == "?" && t.kind == kindMark && t.line == line) {
				continue
			}
			mark = mark || t.kind == kindMark && t.text == "?"
			if t.kind != kindWord {
				continue
			}
			if t.is(cQuestion) || f.phraseAt(i, cQuestion) {
				ask = true
				begins = begins || count == 0
			}
			good = good || t.is(cPraise|cNice)
			if !t.is(cGreeting | cThanks) {
				count++
			}
		}
		if mark && (ask && count > 1 || count >= 3) || begins && count >= 3 && !good && f.number.kind != score {
			return true
		}
	}
	return false
}

func (f *facts) phraseAt(i int, c class) bool {
	return slices.ContainsFunc(f.items, func(it item) bool { return it.class == c && it.at == i })
}
