package notify

import (
	"regexp"
	"strings"
	"unicode"
)

// Reaction is a mark that a phone put on a text of ours. Where the other side has
// no such marks, it comes as a text of its own that quotes ours: Liked “Your car
// is ready.”
type Reaction string

// The marks. Other is one that nobody has a name for, such as an emoji.
const (
	ReactionLike     Reaction = "like"
	ReactionDislike  Reaction = "dislike"
	ReactionQuestion Reaction = "question"
	ReactionRemoved  Reaction = "removed"
	ReactionOther    Reaction = "other"
)

// reactionWords are what phones write before the quotation, in lower case, as
// Apple's Messages and Google's do in the languages that our customers' phones
// speak. The quotation proves it; the words only tell which mark it was.
var reactionWords = []struct {
	begins string
	kind   Reaction
}{
	{"removed", ReactionRemoved}, {"poisti", ReactionRemoved}, {"tog bort", ReactionRemoved},
	{"liked", ReactionLike}, {"loved", ReactionLike}, {"laughed at", ReactionOther}, {"emphasized", ReactionOther}, {"emphasised", ReactionOther},
	{"disliked", ReactionDislike}, {"questioned", ReactionQuestion}, {"reacted", ReactionOther},
	{"tykkäsi", ReactionLike}, {"rakasti", ReactionLike}, {"nauroi", ReactionOther}, {"korosti", ReactionOther}, {"painotti", ReactionOther},
	{"ei tykännyt", ReactionDislike}, {"ei pitänyt", ReactionDislike}, {"kyseenalaisti", ReactionQuestion}, {"reagoi", ReactionOther},
	{"gillade inte", ReactionDislike}, {"gillade", ReactionLike}, {"älskade", ReactionLike}, {"skrattade åt", ReactionOther}, {"betonade", ReactionOther},
	{"tog bort en", ReactionRemoved}, {"fjernet", ReactionRemoved}, {"fjernede", ReactionRemoved}, {"entfernte", ReactionRemoved}, {"hat eine reaktion entfernt", ReactionRemoved},
	{"likte ikke", ReactionDislike}, {"likte", ReactionLike}, {"elsket", ReactionLike}, {"lo av", ReactionOther}, {"fremhevet", ReactionOther}, {"uthevet", ReactionOther},
	{"syntes ikke godt om", ReactionDislike}, {"syntes godt om", ReactionLike}, {"elskede", ReactionLike}, {"grinede ad", ReactionOther}, {"fremhævede", ReactionOther},
	{"gefällt nicht", ReactionDislike}, {"gefällt", ReactionLike}, {"mag nicht", ReactionDislike}, {"mag", ReactionLike}, {"liebt", ReactionLike}, {"lacht über", ReactionOther},
	{"meeldis", ReactionLike}, {"ei meeldinud", ReactionDislike}, {"reageeris", ReactionOther}, {"reagerte", ReactionOther}, {"reagiert", ReactionOther},
	{"ogillade", ReactionDislike}, {"ifrågasatte", ReactionQuestion}, {"undrade över", ReactionQuestion}, {"reagerade", ReactionOther},
}

// thumbs are the emoji that say something about an answer; any other is only a
// mark.
var thumbs = map[rune]Reaction{
	'👍': ReactionLike, '❤': ReactionLike, '♥': ReactionLike, '👎': ReactionDislike, '❓': ReactionQuestion, '❔': ReactionQuestion,
}

// Quotation marks that phones put around the text, opening and closing. Finnish
// and Swedish close with the mark they open with.
const opening, closing = `“”"«»„‟`, `“”"«»‟`

// germanMark is how iPhones in German put it: Hat „Ihr Auto“ mit „Gefällt mir“ markiert.
var germanMark = regexp.MustCompile(`(?is)^hat [„“"](.+)[“”"] mit [„“"]([^„“”"]{2,20})[“”"] (markiert|kommentiert)\.?$`)

// readReaction tells which mark a text is and what it quotes; "" where it is none.
// A mark is a few words or an emoji, then a quotation that goes to the end: words
// of the customer's own after it make it a message. Where the words are none that
// are known, what is quoted is told all the same: it is a mark after all where it
// is a text of ours.
func readReaction(text string) (kind Reaction, quoted string) {
	text = strings.TrimSpace(strings.Map(dropInvisible, text))
	if m := germanMark.FindStringSubmatch(text); m != nil {
		kind = ReactionOther
		switch strings.ToLower(m[2]) {
		case "gefällt mir", "liebe":
			kind = ReactionLike
		case "gefällt mir nicht":
			kind = ReactionDislike
		}
		return kind, strings.TrimSpace(m[1])
	}
	at := strings.IndexAny(text, opening)
	if at <= 0 {
		return "", ""
	}
	lead := strings.ToLower(strings.TrimSpace(text[:at]))
	_, size := firstRune(text[at:])
	rest := strings.TrimSpace(text[at+size:])
	last, width := lastRune(rest)
	if !strings.ContainsRune(closing, last) {
		return "", ""
	}
	quoted = strings.TrimSpace(rest[:len(rest)-width])
	if quoted == "" || len(strings.Fields(lead)) > 5 {
		return "", ""
	}
	for _, w := range reactionWords {
		if strings.HasPrefix(lead, w.begins) {
			kind = w.kind
			break
		}
	}
	for _, r := range lead {
		mark, known := thumbs[r]
		switch {
		case kind != "" && kind != ReactionOther:
		case known:
			kind = mark
		case unicode.Is(unicode.So, r) && kind == "":
			kind = ReactionOther
		}
	}
	return kind, quoted
}

// quotes tells whether a quotation is of a text: all of it, or as much of its
// beginning as stands before the sign that the rest was cut.
func quotes(quoted, text string) bool {
	q, t := plainWords(quoted), plainWords(text)
	if q == t {
		return true
	}
	for _, dots := range []string{"…", "..."} {
		if cut, ok := strings.CutSuffix(q, dots); ok {
			cut = strings.TrimSpace(cut)
			return len([]rune(cut)) >= 12 && strings.HasPrefix(t, cut)
		}
	}
	return false
}

// quotesAll tells a quotation of a whole text of some length.
func quotesAll(quoted, text string) bool {
	q := plainWords(quoted)
	return len([]rune(q)) >= 12 && q == plainWords(text)
}

// plainWords evens out what phones change in a text that they quote.
func plainWords(s string) string {
	s = strings.NewReplacer("“", `"`, "”", `"`, "’", "'", "‘", "'", "\u00a0", " ").Replace(strings.Map(dropInvisible, s))
	return strings.Join(strings.Fields(s), " ")
}

// dropInvisible takes out marks of width zero, which Google's Messages puts around
// an emoji.
func dropInvisible(r rune) rune {
	switch r {
	case '\u200a', '\u200b', '\u200c', '\u200d', '\u2060', '\ufe0e', '\ufe0f', '\ufeff':
		return -1
	}
	return r
}

func firstRune(s string) (rune, int) {
	for i, r := range s {
		return r, len(string(r)) + i
	}
	return 0, 0
}

func lastRune(s string) (rune, int) {
	r := []rune(s)
	if len(r) == 0 {
		return 0, 0
	}
	return r[len(r)-1], len(string(r[len(r)-1]))
}
