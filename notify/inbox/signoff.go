package inbox

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// People close a letter with a formula, their name and how to reach them, and
// few put the line "-- " before it. Where that end is told from the letter, it
// is taken off: a street number in it is no answer to anything.

const (
	// maxContact lines below a formula belong to it.
	maxContact = 10
	// maxContactLine is how long one of them is, in bytes.
	maxContactLine = 80
	// maxSignOffLines of a text are looked at, from its end.
	maxSignOffLines = 60
)

var (
	// formula is said only to close. The rest of its line is a name, or nothing.
	formula = regexp.MustCompile(`(?i)^(?:` +
		`(?:(?:ystävällisin|parhain|lämpimin|hyvin|aurinkoisin|kauniin|jouluisin|rakkain)\s+)?terveisin|terkuin|` +
		`y(?:st|stäv)?\.?\s?t(?:erv)?\.|yst\.?\s+terv\.?|yt[,.]?|terv[.:,]?|t[:.]|kunnioittaen|kunnioittavasti|` +
		`m\.?\s?v\.?\s?h\.?|v\.?h\.?|(?:med\s+)?(?:vänlig(?:a|t|en)?|bästa|varma|soliga|hjärtliga|många)\s+häls(?:ning(?:ar)?|n)\.?|med\s+vänlig|` +
		`vänligen|hälsningar|hälsn\.?|hälsar|högaktningsfullt|ystävällisesti|` +
		`(?:with\s+)?(?:best|kind|kindest|warm|warmest|many)\s+(?:regards|wishes)|(?:many\s+)?thanks\s*(?:&|and)\s*(?:best\s+|kind\s+)?regards|(?:warm\s+)?regards|rgds|b\.?r\.|br|` +
		`yours(?:\s+(?:sincerely|faithfully|truly))?|sincerely(?:\s+yours)?|` +
		`mit\s+(?:freundlichen|besten|herzlichen|lieben)\s+gr(?:ü|ue)(?:ß|ss)en|(?:viele|freundliche|beste|liebe|schöne|herzliche)\s+gr(?:ü|ue)(?:ß|ss)e|gr(?:ü|ue)(?:ß|ss)e|gru(?:ß|ss)|hochachtungsvoll|mfg|lg|vg|` +
		`lugupidamisega|tervitades|(?:parimate|heade)\s+soovidega|(?:med\s+)?(?:vennlig|venlig|beste|bedste)\s+hilsen(?:er)?|hilsen|mvh|kh|` +
		`cordialement|bien\s+à\s+vous|saludos|atentamente|met\s+vriendelijke\s+groet(?:en)?|pozdrawiam|с\s+уважением` +
		`)(?:[\s,.!:]+|$)`)
	// thanking closes a letter too, and says thanks anywhere else: it counts
	// only above a whole block of name and address.
	thanking = regexp.MustCompile(`(?i)^(?:thanks|thank you|many thanks|cheers|best|all the best|kiitos|kiittäen|kiitoksin|kiitos etukäteen|tack|tack på förhand)[\s,.!]*$`)

	// parting closes a letter where nothing but a name follows.
	parting = regexp.MustCompile(`(?i)^(?:cheers|best|all the best|take care)[\s,.!]*$`)

	contactMark = regexp.MustCompile(`(?i)@|\bwww\.|https?://|\b(?:puh|tel|gsm|mob|mobil|mobile|phone|matkapuh|telefon|fax|p|t|m)[.:]*\s*\+?[\d(]|\+?\d[\d\s()/.-]{5,}\d|\b\d{5}\b`)
	houseMark   = regexp.MustCompile(`(?i)\pL{3,}\s+\d{1,4}\b|\b\d{1,4}\s+\pL{3,}`)
	lowWord     = regexp.MustCompile(`(?i)^(?:von|van|de|af|av|of|the|and|ja|och|und|oy|ab|oyj|ky|tmi|ltd|inc|gmbh|puh|tel|gsm|mob|mobil|mobile|phone|matkapuh|telefon|email|e-mail|sähköposti|as|lgh|apt|flat|krs|p|m|t|f|tlf|i|a|v|ppa)[.:,]*$`)
	postScript  = regexp.MustCompile(`(?i)^p\.?\s?s\b`)
)

// WithoutSignOff takes the closing formula of a letter off its end, with the
// name, the address and the numbers below it. What is written below those stays,
// and so does everything where nothing else was written.
func WithoutSignOff(text string) string {
	lines := strings.Split(text, "\n")
	for i := max(1, len(lines)-maxSignOffLines); i < len(lines); i++ {
		end := signOff(lines, i)
		if end == 0 {
			continue
		}
		left := strings.TrimSpace(strings.Join(lines[:i], "\n"))
		if left == "" {
			return text
		}
		if below := strings.TrimSpace(strings.Join(lines[end:], "\n")); below != "" {
			return left + "\n\n" + below
		}
		return left
	}
	return text
}

// signOff tells the line behind a sign-off that begins at line i, 0 where none
// does.
func signOff(lines []string, i int) int {
	l := strings.TrimSpace(lines[i])
	if l == "" || len(l) > maxContactLine || utf8.RuneCountInString(l) > maxContactLine {
		return 0
	}
	at := formula.FindStringIndex(l)
	weak := at == nil && thanking.MatchString(l)
	if at == nil && !weak {
		return 0
	}
	if !weak {
		rest := strings.TrimSpace(l[at[1]:])
		// Firms close in two languages: "Terveisin / Best regards".
		if other := strings.TrimLeft(rest, "/|–- "); other != rest {
			if second := formula.FindStringIndex(other); second != nil {
				rest = strings.TrimSpace(other[second[1]:])
			}
		}
		if rest != "" && !named(rest) && !contact(rest) {
			return 0
		}
		if card(lines[i+1:]) {
			return len(lines)
		}
	}
	end, count, reachable := i+1, 0, false
	for n := i + 1; n < len(lines) && count < maxContact; n++ {
		c := strings.TrimSpace(lines[n])
		if c == "" {
			continue
		}
		if !contact(c) && !(count == 0 && named(c)) {
			break
		}
		reachable = reachable || contactMark.MatchString(c) || houseMark.MatchString(c)
		end, count = n+1, count+1
	}
	if weak && parting.MatchString(l) && count == 1 && named(strings.TrimSpace(lines[end-1])) {
		return end
	}
	if weak && (count < 2 || !reachable) {
		return 0
	}
	return end
}

// maxCard lines make the card of a person and a firm under a formula.
const maxCard = 14

// card tells whether all that is left is a card: short lines, none of them a
// sentence, and among them how to reach somebody.
func card(lines []string) bool {
	count, reachable := 0, false
	for _, l := range lines {
		l = strings.TrimSpace(l)
		switch {
		case l == "", strings.HasPrefix(l, "[cid:"):
			continue
		case len(l) > 2*maxContactLine || count == maxCard || postScript.MatchString(l) || sentence(l):
			return false
		}
		count++
		reachable = reachable || contactMark.MatchString(l)
	}
	return reachable
}

// sentence tells words that say something from a name, a title or an address:
// they are several and most begin small.
func sentence(l string) bool {
	if strings.ContainsAny(l, "?!") {
		return true
	}
	words, small := strings.Fields(l), 0
	for _, w := range words {
		first, _ := utf8.DecodeRuneInString(w)
		small += boolInt(unicode.IsLower(first) && !lowWord.MatchString(w) && !strings.ContainsAny(w, "@/"))
	}
	return len(words) > 2 && 2*small > len(words)
}

// onlySignOff tells a text that is nothing but a formula and a card.
func onlySignOff(text string) bool {
	lines := strings.Split(text, "\n")
	return len(lines) <= maxSignOffLines && signOff(lines, 0) == len(lines)
}

// named tells a name that may be written small: one or two words, letters only.
func named(s string) bool {
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > 4 || strings.ContainsAny(s, "?!:;") {
		return false
	}
	small := 0
	for _, w := range words {
		if strings.ContainsFunc(w, unicode.IsDigit) {
			return false
		}
		small += boolInt(!capital(w) && !lowWord.MatchString(w))
	}
	return small == 0 || small == len(words) && len(words) <= 2
}

// contact tells a line of a name, a firm, an address or a number, and no
// sentence: its words have capitals or digits.
func contact(s string) bool {
	words := strings.Fields(s)
	switch {
	case len(s) > maxContactLine || len(words) > 8 || strings.ContainsAny(s, "?!") || postScript.MatchString(s):
		return false
	case contactMark.MatchString(s):
		return len(words) <= 8
	case len(words) == 1:
		return capital(s) && utf8.RuneCountInString(s) > 1
	}
	return !slices.ContainsFunc(words, func(w string) bool {
		return !capital(w) && !lowWord.MatchString(w) && !strings.ContainsFunc(w, unicode.IsDigit) && strings.ContainsFunc(w, unicode.IsLetter)
	}) && strings.ContainsFunc(s, unicode.IsLetter)
}

func capital(w string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(w, "(\"'"))
	return unicode.IsUpper(r)
}
