package booking

import (
	"strings"
	"unicode"
)

// answer is what a short reply says.
type answer int

const (
	saidUnclear answer = iota
	saidYes
	saidNo
)

// answerWords are the words that settle a question of ours, in every language
// that texts are written in. Swedish "ja" is yes; as the Finnish "and" it never
// begins a short answer.
var answerWords = map[string]answer{
	"kyllä": saidYes, "kylla": saidYes, "joo": saidYes, "juu": saidYes, "jep": saidYes, "jees": saidYes, "sopii": saidYes, "käy": saidYes, "kay": saidYes, "otan": saidYes,
	"ja": saidYes, "japp": saidYes, "jo": saidYes, "jajamen": saidYes, "passar": saidYes, "gärna": saidYes,
	"yes": saidYes, "y": saidYes, "yeah": saidYes, "yep": saidYes, "sure": saidYes, "ok": saidYes, "okei": saidYes, "okej": saidYes, "okay": saidYes,
	"ei": saidNo, "en": saidNo, "eipä": saidNo, "nej": saidNo, "nä": saidNo, "nix": saidNo, "inte": saidNo, "no": saidNo, "nope": saidNo, "not": saidNo,
}

// fillers may stand beside a word that settles it.
var fillers = map[string]bool{
	"kiitos": true, "kiitti": true, "tack": true, "thanks": true, "thank": true, "you": true, "please": true, "hei": true, "hej": true, "hi": true,
	"se": true, "mulle": true, "minulle": true, "hyvin": true, "oikein": true, "aika": true, "ajan": true,
	"det": true, "den": true, "bra": true, "tiden": true, "fint": true,
	"it": true, "that": true, "works": true, "good": true, "is": true, "still": true, "yhä": true, "edelleen": true, "fortfarande": true,
	"i": true, "will": true, "take": true, "tar": true, "jag": true,
}

// ReadYesNo reads a reply to a question of yes or no; clear is false where only a
// person can tell what it says.
func ReadYesNo(body string) (yes, clear bool) {
	said := readAnswer(body)
	return said == saidYes, said != saidUnclear
}

// readAnswer reads a reply to a question of yes or no. Only a few words that all
// agree settle it: anything more is for a person to read.
func readAnswer(body string) answer {
	words := strings.FieldsFunc(strings.ToLower(body), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 || len(words) > 6 {
		return saidUnclear
	}
	found := saidUnclear
	for _, w := range words {
		said, known := answerWords[w]
		switch {
		case !known && !fillers[w]:
			return saidUnclear
		case said == saidNo:
			found = saidNo // "ei käy", "no, not ok"
		case said == saidYes && found == saidUnclear:
			found = saidYes
		}
	}
	if found == saidYes && strings.Contains(body, "?") {
		return saidUnclear
	}
	return found
}
