package survey

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind int

const (
	kindWord kind = iota
	kindNumber
	kindOther // a date, a time, a telephone number, a code: digits that are no score
	kindEmoji
	kindStar
	kindMark // punctuation
)

// token is one piece of a reply.
type token struct {
	kind   kind
	orig   string // as written
	exact  string // lower case
	text   string // lower case, without dots and rings
	glued  bool   // nothing stands between it and the token before
	clause int    // counts up at punctuation and at "but"
	line   int    // counts up at full stops and the like

	class   class
	value   int  // of a number word
	claimed bool // part of a phrase that has been read

	// Of a number.
	num     float64
	hi      float64 // end of a range, else 0
	outOf   float64 // of "4/5", else 0
	percent bool
	minus   bool
	half    bool // written with decimals
	suffix  bool // "5:nen", "4:a"
	nth     bool // "3rd"
}

func (t *token) is(c class) bool { return t.class&c != 0 }

// shape is one way digits are written that is not a plain number, or that is
// one with something to it. The first that fits at a place is taken.
type shape struct {
	name string
	re   *regexp.Regexp
}

const num = `(\d{1,9}(?:[.,]\d{1,3})?)`

var shapes = []shape{
	{"link", regexp.MustCompile(`^(?i)(?:https?://|www\.)\S+|^[\pL\d._%+-]+@[\pL\d.-]+`)},
	{"date", regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2}|^(?:[12]?\d|3[01])\.(?:1[0-2]|0[1-9])\b\.?|^(?:[12]?\d|3[01])\.?\s?-\s?(?:[12]?\d|3[01])\.(?:1[0-2]|0?[1-9])(?:\.|\b)|^[12]\d\.[1-9]\.|^\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|^(?:[12]?\d|3[01])\.(?:1[0-2]|0?[1-9])\.[ \-](?:\s*\pL|\d)`)},
	{"postcode", regexp.MustCompile(`^\d{5}\b|^\d{3} \d{2}\b`)},
	{"price", regexp.MustCompile(`^\d{1,6}[,:]-`)},
	{"clock", regexp.MustCompile(`^(?:[01]?\d|2[0-3]):[0-5]\d\b|^(?:1\d|2[0-3])\.[0-5]\d\b|^(?i)\d{1,2}\s?(?:am|pm)\b|^(?i)\d{1,2} (?:i|över|past|vaille|vailla) \d{1,2}\b`)},
	{"scale", regexp.MustCompile(`^(?i)(?:1\s*(?:-|to|till)\s*(?:5|10)|0\s*(?:-|to|till)\s*10)\b`)},
	{"phone", regexp.MustCompile(`^\+\d[\d\s()-]{5,}\d|^0\d{1,3}[\s-]?\d[\d\s-]{3,}\d|^\d{3}-\d[\d\s-]{2,}\d`)},
	{"mixed", regexp.MustCompile(`^(?:4 1/2|\d\s1/2)`)},
	{"outof", regexp.MustCompile(`^` + num + `\s?/\s?(\d{1,3})\b`)},
	{"range", regexp.MustCompile(`^` + num + `\s?(?:-|\.{2,3})\s?` + num)},
	{"percent", regexp.MustCompile(`^` + num + `\s?%`)},
	{"nth", regexp.MustCompile(`^(?i)\d+(?:st|nd|rd|th|:e)\b`)},
	{"suffix", regexp.MustCompile(`^(?i)(\d{1,2})(?::\s?(?:a|an|n|s|st|nen|sen|sta|ta|tta|ttä|aan|een|seen|ksi|lla|llä|stä|tä|ä|or)|(?:an|nen|sen|een|ksi|tta|ttä|a)|'(?:a|an|n))(?:[^\pL\d]|$)`)},
	{"number", regexp.MustCompile(`^` + num)},
}

var (
	// A code of letters and digits without a space, at least one of each.
	codeShape = regexp.MustCompile(`^(?i)(?:\pL{1,4}-?\d[\pL\d]*(?:-[\pL\d]+)*|\d+\pL+\d[\pL\d-]*|\pL+-\d*\pL*\d[\pL\d]*)`)
	codeParts = regexp.MustCompile(`^(\pL+)-?(\d+)$`)
	// A registration plate with a space: the letters are capitals.
	plateShape = regexp.MustCompile(`^\p{Lu}{2,3} \d{2}[\d\p{Lu}]\b`)
)

// maxShape is how far the shape of a number is looked for, in bytes: looking to
// the end of a long reply at each of its digits takes time and finds nothing.
const maxShape = 100

// tokenise cuts a normalised reply into tokens and says what each word means by
// itself.
func tokenise(text string) []token {
	s := scanner{lex: words()}
	for n := 0; s.at < len(text) && n < maxReply; n++ {
		s.next(text)
	}
	return s.tokens
}

type scanner struct {
	lex    *lexicon
	tokens []token
	at     int
	clause int
	line   int
	spaced bool // white space came before
	sign   bool // a minus stands right before
}

func (s *scanner) add(t token, size int) {
	t.glued = !s.spaced && len(s.tokens) > 0
	t.clause, t.line, t.minus = s.clause, s.line, t.minus || t.kind == kindNumber && s.sign
	s.tokens = append(s.tokens, t)
	s.at += size
	s.spaced, s.sign = false, false
}

// next takes one token, or white space.
func (s *scanner) next(text string) {
	rest := text[s.at:]
	r, size := utf8.DecodeRuneInString(rest)
	startsWord := s.at == 0 || !alphanumeric(lastRune(text[:s.at]))
	switch {
	case r == '\n':
		s.add(token{kind: kindMark, text: "\n"}, size)
		s.clause, s.line, s.spaced = s.clause+1, s.line+1, true
	case r == ' ':
		s.at, s.spaced, s.sign = s.at+size, true, false
	case startsWord && (unicode.IsLetter(r) || r >= '0' && r <= '9') && s.code(rest):
	case r >= '0' && r <= '9' || r == '+' && len(rest) > 6:
		s.number(rest, size)
	case unicode.IsLetter(r):
		s.word(rest)
	case r == '⭐' || r == '🌟' || r == '★' || r == '✭' || r == '✮':
		s.add(token{kind: kindStar, text: "⭐"}, size)
	case r == '☆':
		s.at += size
	case r > 0x7F && (unicode.IsSymbol(r) || unicode.Is(unicode.Po, r)) && r != '€' && r != '£':
		e := s.lex.look(string(r))
		s.add(token{kind: kindEmoji, text: string(r), class: e.class}, size)
	default:
		s.mark(rest, r, size)
	}
}

func alphanumeric(r rune) bool { return unicode.IsLetter(r) || r >= '0' && r <= '9' }

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// mark takes a sign of punctuation. Most end a clause.
func (s *scanner) mark(rest string, r rune, size int) {
	glued := !s.spaced && len(s.tokens) > 0
	if r == '-' && glued && s.tokens[len(s.tokens)-1].kind != kindMark {
		if next, _ := utf8.DecodeRuneInString(rest[size:]); unicode.IsLetter(next) { // "5-star", "check-in"
			s.at += size
			return
		}
	}
	s.add(token{kind: kindMark, text: string(r)}, size)
	switch r {
	case ',', ';', ':', '(', ')', '"', '*', '/', '|':
		s.clause++
	case '.', '!', '?':
		s.clause++
		s.line++
	case '-':
		if !glued {
			s.clause++
			s.sign = true
		}
		s.sign = s.sign || len(s.tokens) == 1
	}
}

// word takes a run of letters; an apostrophe between letters is dropped.
func (s *scanner) word(rest string) {
	end := 0
	for i, r := range rest {
		if unicode.IsLetter(r) || unicode.Is(unicode.Mn, r) || r == '\'' && i > 0 && len(rest) > i+1 && unicode.IsLetter(rune(rest[i+1])) {
			end = i + utf8.RuneLen(r)
			continue
		}
		break
	}
	orig := rest[:end]
	exact := strings.ReplaceAll(strings.ToLower(orig), "'", "")
	t := token{kind: kindWord, orig: orig, exact: exact, text: fold(exact)}
	s.understand(&t)
	if t.is(cBut) {
		s.clause++
	}
	s.add(t, end)
}

// understand looks a word up, also without the letters that were held down.
func (s *scanner) understand(t *token) {
	for _, form := range forms(t.text) {
		if e := s.lex.look(form); e.class != 0 {
			t.text, t.class, t.value = form, e.class, e.value
			return
		}
	}
	const spoken = judging | cNumber | cFiller
	for _, form := range eastern(t.text) {
		if e := s.lex.look(form); form != t.text && len(form) > 3 && e.class&spoken != 0 && e.class&^spoken == 0 {
			t.text, t.class, t.value = form, e.class, e.value
			return
		}
	}
	t.class = s.lex.misspelt(t.text).class
}

// forms gives a word as written and with runs of three letters or more cut to
// two and to one.
func forms(text string) []string {
	out := []string{text}
	for keep := 2; keep >= 1; keep-- {
		var b strings.Builder
		run, last, changed := 0, rune(-1), false
		for _, r := range text {
			if r == last {
				run++
			} else {
				run, last = 1, r
			}
			long := run > keep && (keep == 2 || strings.Contains(text, strings.Repeat(string(r), 3)))
			if long {
				changed = true
				continue
			}
			b.WriteRune(r)
		}
		if changed {
			out = append(out, b.String())
		}
	}
	return out
}

// eastern undoes what eastern Finnish speech does to words: a vowel slipped in
// behind l or h ("palavelu", "kolomonen"), a consonant held long ("hyvvin").
func eastern(text string) []string {
	var thin, short strings.Builder
	for i := 0; i < len(text); i++ {
		slipped := i >= 2 && i+1 < len(text) && (text[i-1] == 'l' || text[i-1] == 'h') && text[i] == text[i-2] &&
			strings.IndexByte("aeiouy", text[i]) >= 0 && strings.IndexByte("mpvkjh", text[i+1]) >= 0
		if !slipped {
			thin.WriteByte(text[i])
		}
		if i == 0 || text[i] != text[i-1] || strings.IndexByte("aeiouy", text[i]) >= 0 {
			short.WriteByte(text[i])
		}
	}
	return []string{thin.String(), short.String()}
}

// code takes a plate, a reference or another mixture of letters and digits that
// is not a word with a number behind it ("ok5") or a number with its unit.
func (s *scanner) code(rest string) bool {
	if m := shapes[0].re.FindString(rest); m != "" {
		s.add(token{kind: kindOther, orig: m}, len(m))
		return true
	}
	if m := plateShape.FindString(rest); m != "" && s.lex.look(fold(m[:strings.IndexByte(m, ' ')])).class == 0 {
		s.add(token{kind: kindOther, orig: m}, len(m))
		return true
	}
	m := codeShape.FindString(rest)
	if m == "" || !strings.ContainsFunc(m, unicode.IsLetter) {
		return false
	}
	if parts := codeParts.FindStringSubmatch(m); parts != nil && len(parts[1]) > 1 && s.lex.look(fold(parts[1])).class&^cNumber != 0 {
		return false
	}
	if len(rest) > len(m) && rest[len(m)] == '/' || numberWithTail(rest) {
		return false
	}
	s.add(token{kind: kindOther, orig: m}, len(m))
	return true
}

// numberWithTail tells digits whose letters belong to the number: "3rd", "4:a",
// "5pm".
func numberWithTail(rest string) bool {
	for _, sh := range shapes {
		if (sh.name == "nth" || sh.name == "suffix" || sh.name == "clock") && sh.re.MatchString(rest) {
			return true
		}
	}
	return false
}

// number takes digits in the first shape that fits.
func (s *scanner) number(rest string, size int) {
	near := rest[:min(len(rest), maxShape)]
	for _, sh := range shapes {
		m := sh.re.FindStringSubmatch(near)
		if m == nil {
			continue
		}
		t := token{kind: kindNumber, orig: m[0]}
		take := len(m[0])
		switch sh.name {
		case "link", "date", "clock", "phone", "postcode", "price":
			t.kind = kindOther
			if sh.name == "date" {
				take = dateLength(m[0])
			}
		case "scale":
			lo, hi, _ := strings.Cut(strings.NewReplacer("to", "-", "till", "-", " ", "").Replace(strings.ToLower(m[0])), "-")
			t.num, t.hi = parse(lo), parse(hi)
		case "mixed":
			t.num, t.half = parse(m[0][:1]), true
		case "outof":
			t.num, t.outOf, t.half = parse(m[1]), parse(m[2]), strings.ContainsAny(m[1], ".,")
		case "range":
			t.num, t.hi = parse(m[1]), parse(m[2])
			if t.hi <= t.num {
				continue
			}
		case "percent":
			t.num, t.percent = parse(m[1]), true
		case "nth":
			t.nth, t.num = true, parse(strings.TrimRightFunc(m[0], func(r rune) bool { return r < '0' || r > '9' }))
		case "suffix":
			t.num, t.suffix = parse(m[1]), true
			for take > 0 && !alphanumeric(lastRune(m[0][:take])) {
				_, n := utf8.DecodeLastRuneInString(m[0][:take])
				take -= n
			}
		case "number":
			t.num, t.half = parse(m[1]), strings.ContainsAny(m[1], ".,")
		}
		s.add(t, take)
		return
	}
	s.mark(rest, '+', size)
}

// dateLength leaves the letter behind "4.5. k" to the next token.
func dateLength(m string) int {
	end := strings.IndexFunc(m, unicode.IsLetter)
	if end < 0 {
		return len(m)
	}
	return end
}

func parse(s string) float64 {
	v, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", "."), 64)
	if err != nil {
		return 1e9
	}
	return v
}
