package templates

import (
	"regexp"
	"slices"
	"strings"
)

// Wording is a text with fields, as managers write it and as ours are kept:
//
//	Hei[ {customer}]! [{vehicle}|Työ] on valmis.
//	Terveisin {advisor}, {workshop}
//
// {name} is a field of Fields. What stands in square brackets is left out where
// a field in it is empty; after a | stands what comes in its place. A bracket or
// a brace that is meant is written twice.
type Wording struct {
	source string
	parts  []part
}

// part is words, a field, or alternatives of which the first whole one counts.
type part struct {
	words string
	field string
	oneOf [][]part
}

// Flaw is what is wrong with a wording: the translation key of a sentence that
// says what to mend, and its arguments.
type Flaw struct {
	Key  string
	Args map[string]any
}

func flaw(key string, pairs ...any) *Flaw {
	f := &Flaw{Key: key, Args: map[string]any{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Args[pairs[i].(string)] = pairs[i+1]
	}
	return f
}

// ParseWording reads a wording. A field that does not exist is a flaw that names
// the one that was probably meant.
func ParseWording(source string) (*Wording, *Flaw) {
	if wrong := programmed(source); wrong != nil {
		return nil, wrong
	}
	r := wordingReader{rest: source}
	parts, end, wrong := r.read("")
	switch {
	case wrong != nil:
		return nil, wrong
	case end != 0:
		return nil, flaw("fault.text_bracket_unopened", "near", near(source, len(source)-len(r.rest)-1))
	}
	return &Wording{source: source, parts: parts}, nil
}

// doubled is what other programs take for a field or a condition. Here doubled
// braces are braces that are meant, and the customer would read the rest.
var doubled = regexp.MustCompile(`\{\{-?\s*(\.?\s*(\w+)|(?:if|with|range|template|define|block)\s[^{}]*|else[^{}]*|end)\s*-?\}\}`)

// programmed finds a field in doubled braces, and the conditions of other
// programs' templates.
func programmed(source string) *Flaw {
	for _, found := range doubled.FindAllStringSubmatch(source, -1) {
		name := strings.ToLower(found[2])
		switch {
		case slices.Contains(Fields, name):
			return flaw("fault.text_field_doubled", "field", found[0], "like", "{"+name+"}")
		case name == "" || name == "end" || name == "else" || strings.Contains(found[1], "."):
			return flaw("fault.text_program", "words", found[0])
		}
	}
	return nil
}

// Source is the wording as it was written.
func (w *Wording) Source() string { return w.source }

// Fields names the fields of the wording in the order they first come.
func (w *Wording) Fields() []string {
	var names []string
	eachField(w.parts, func(name string, _ bool) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	})
	return names
}

// Bare names the fields that stand outside brackets: where one of them is empty
// it leaves a hole.
func (w *Wording) Bare() []string {
	var names []string
	eachField(w.parts, func(name string, bare bool) {
		if bare && !slices.Contains(names, name) {
			names = append(names, name)
		}
	})
	return names
}

func eachField(parts []part, f func(name string, bare bool)) {
	for _, p := range parts {
		if p.field != "" {
			f(p.field, true)
		}
		for _, one := range p.oneOf {
			eachField(one, func(name string, _ bool) { f(name, false) })
		}
	}
}

// write fills the fields.
func (w *Wording) write(fill func(name string) string) string {
	var b strings.Builder
	writeParts(&b, w.parts, fill)
	return b.String()
}

func writeParts(b *strings.Builder, parts []part, fill func(string) string) {
	for _, p := range parts {
		switch {
		case p.field != "":
			b.WriteString(fill(p.field))
		case p.oneOf != nil:
			if one := firstWhole(p.oneOf, fill); one != nil {
				writeParts(b, one, fill)
			}
		default:
			b.WriteString(p.words)
		}
	}
}

// firstWhole is the first alternative none of whose fields is empty.
func firstWhole(oneOf [][]part, fill func(string) string) []part {
	for _, one := range oneOf {
		if !slices.ContainsFunc(one, func(p part) bool { return p.field != "" && fill(p.field) == "" }) {
			return one
		}
	}
	return nil
}

// wordingReader reads a wording from left to right.
type wordingReader struct {
	rest string
	last string // what was read of it, for telling where something is wrong
}

// read reads parts up to one of the ends, which it gives (0: the text's end).
// Brackets do not nest: within them ends is "|]".
func (r *wordingReader) read(ends string) (parts []part, end byte, wrong *Flaw) {
	var words strings.Builder
	flush := func() {
		if words.Len() > 0 {
			parts = append(parts, part{words: words.String()})
			words.Reset()
		}
	}
	for r.rest != "" {
		c := r.rest[0]
		switch {
		case strings.IndexByte("{}[]", c) >= 0 && len(r.rest) > 1 && r.rest[1] == c:
			words.WriteByte(c)
			r.skip(2)
		case c == '{':
			flush()
			name, wrong := r.field()
			if wrong != nil {
				return nil, 0, wrong
			}
			parts = append(parts, part{field: name})
		case c == '}':
			return nil, 0, flaw("fault.text_brace", "near", r.near())
		case c == '[' && ends != "":
			return nil, 0, flaw("fault.text_bracket_nested", "near", r.near())
		case c == '[':
			flush()
			r.skip(1)
			choice, wrong := r.choice()
			if wrong != nil {
				return nil, 0, wrong
			}
			parts = append(parts, choice)
		case c == ']' || ends != "" && c == '|':
			flush()
			r.skip(1)
			return parts, c, nil
		default:
			words.WriteByte(c)
			r.skip(1)
		}
	}
	flush()
	return parts, 0, nil
}

// choice reads the inside of a bracket.
func (r *wordingReader) choice() (part, *Flaw) {
	at := r.near()
	p := part{oneOf: [][]part{}}
	for {
		one, end, wrong := r.read("|]")
		if wrong != nil {
			return part{}, wrong
		}
		if end == 0 {
			return part{}, flaw("fault.text_bracket_open", "near", at)
		}
		p.oneOf = append(p.oneOf, one)
		if end == ']' {
			break
		}
	}
	if !slices.ContainsFunc(p.oneOf[0], func(q part) bool { return q.field != "" }) {
		return part{}, flaw("fault.text_bracket_idle", "near", at)
	}
	return p, nil
}

// field reads a field with its braces.
func (r *wordingReader) field() (string, *Flaw) {
	end := strings.IndexByte(r.rest, '}')
	if end < 0 || strings.ContainsAny(r.rest[1:end], "{[\n") {
		return "", flaw("fault.text_brace", "near", r.near())
	}
	name := strings.ToLower(strings.TrimSpace(r.rest[1:end]))
	if !slices.Contains(Fields, name) {
		if like := likest(name, Fields); like != "" {
			return "", flaw("fault.text_field_like", "field", "{"+r.rest[1:end]+"}", "like", "{"+like+"}")
		}
		return "", flaw("fault.text_field", "field", "{"+r.rest[1:end]+"}")
	}
	r.skip(end + 1)
	return name, nil
}

func (r *wordingReader) skip(n int) {
	r.last += r.rest[:n]
	r.rest = r.rest[n:]
}

// near is a piece of the text to find a place by.
func (r *wordingReader) near() string { return near(r.last+r.rest, len(r.last)) }

// near quotes what stands around a byte of a text, whole characters of one line.
func near(text string, at int) string {
	const around = 12
	before, after := []rune(strings.ToValidUTF8(text[:at], "")), []rune(strings.ToValidUTF8(text[at:], ""))
	piece := string(before[max(0, len(before)-around):]) + string(after[:min(len(after), around)])
	return strings.TrimSpace(strings.ReplaceAll(piece, "\n", " "))
}

// likest is the name that takes the fewest slips to become another, "" where
// none takes fewer than half its length.
func likest(wrong string, names []string) string {
	best, fewest := "", len(wrong)/2+1
	for _, name := range names {
		if n := slips(wrong, name); n < fewest {
			best, fewest = name, n
		}
	}
	return best
}

// slips counts the letters to add, drop or change between two words
// (Levenshtein).
func slips(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			corner, row[j+1] = row[j+1], min(corner+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
