package notify

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// textProofs lists the proofs that only a text brings: the pair of the phone and
// our number where it means one conversation, a code given to the phone, and a
// mark on a text of ours.
func textProofs(p Parsed, f Facts) (signals []signal) {
	if p.Channel != SMS {
		return nil
	}
	if len(f.Pairs) == 1 {
		signals = append(signals, signal{rule: RulePair, evidence: p.From + " / " + p.Number, conversation: f.Pairs[0]})
	}
	if p.Kind.machine() {
		return signals
	}
	for _, code := range codesIn(p.ReplyText) {
		if id, given := f.Codes[code]; given {
			signals = append(signals, signal{rule: RuleCode, evidence: code, conversation: id})
		}
	}
	if kind, quoted := readReaction(p.ReplyText); quoted != "" {
		for _, t := range f.Texts {
			// Words that nobody knows prove nothing; that all of a text of ours stands
			// behind them does.
			if !quotes(quoted, t.Body) || kind == "" && !quotesAll(quoted, t.Body) {
				continue
			}
			signals = append(signals, signal{rule: RuleReaction, evidence: excerptOf(quoted), conversation: t.ConversationID, message: t.ID})
		}
	}
	return signals
}

// TextSigns is what a text shows by itself, before anything is known of who sent it.
type TextSigns struct {
	OptOut   OptOut   // all of it is a word that ends texts, or brings them back
	Codes    []string // what has the form of a code of ours
	Reaction Reaction // a mark on a text that it quotes
	Quoted   string
}

// SignsOf reads the signs of a text.
func SignsOf(text string) TextSigns {
	s := TextSigns{OptOut: OptWord(text), Codes: codesIn(text)}
	s.Reaction, s.Quoted = readReaction(text)
	return s
}

// A code is a letter and a digit: short enough to type with one thumb, and never
// what a customer would write for another reason. So no letter that stands with a
// digit for a score, a yes (Y) or no (N), a car (A4, C3, Q5, X5, i3), an engine
// (D5, V6, T8), a bulb (H7), a fuel (B7, E5), a floor of a car park (P2), a road
// (E4) or a key that looks like a digit (I, L, O, S, Z), and no 0 and 1. No
// country's plates are of that form.
const (
	codeLetters = "JKUW"
	codeDigits  = "23456789"
)

// allCodes lists every code, in the order in which they are given.
func allCodes() []string {
	list := make([]string, 0, len(codeLetters)*len(codeDigits))
	for _, d := range codeDigits {
		for _, l := range codeLetters {
			list = append(list, string(l)+string(d))
		}
	}
	return list
}

// codeWord finds what has the form of a code and stands alone: not within a word,
// a number, a plate or an address.
var codeWord = regexp.MustCompile(`(?i)[` + codeLetters + `] ?[2-9]`)

// codesIn lists the codes in a text, each once, in upper case. "k 4", with a
// space, is one only where nothing else was written.
func codesIn(text string) []string {
	var list []string
	whole := strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) })
	for _, at := range codeWord.FindAllStringIndex(text, 20) {
		word := strings.ToUpper(text[at[0]:at[1]])
		if len(word) == 3 {
			if !strings.EqualFold(whole, word) {
				continue
			}
			word = word[:1] + word[2:]
		}
		if standsAlone(text, at[0], at[1]) && !slices.Contains(list, word) {
			list = append(list, word)
		}
	}
	return list
}

// standsAlone tells whether what stands at from to to is neither part of a longer
// word or number nor tied to one by a sign, as in "ABC-K4" or "k4@post".
func standsAlone(text string, from, to int) bool {
	ties := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_/@#%&+=*", r)
	}
	before := []rune(text[:from])
	after := []rune(text[to:])
	if len(before) > 0 && ties(before[len(before)-1]) {
		return false
	}
	if len(after) == 0 || !ties(after[0]) && after[0] != '.' && after[0] != ',' {
		return true
	}
	// "K4-auto", "K4, kiitos" and "K4." are codes, "K4,5" and "K4.fi" are none.
	if after[0] == '-' || after[0] == '.' || after[0] == ',' {
		return len(after) == 1 || !unicode.IsDigit(after[1]) && (after[0] == '-' || !unicode.IsLetter(after[1]))
	}
	return false
}

// withoutCode takes the codes out of what a customer wrote, so that nobody reads
// a score or an answer into them; "" where there was nothing else.
func withoutCode(text string, codes ...string) string {
	for _, code := range codes {
		at := codeWord.FindAllStringIndex(text, -1)
		for _, a := range slices.Backward(at) {
			word := strings.ReplaceAll(strings.ToUpper(text[a[0]:a[1]]), " ", "")
			if word == code && standsAlone(text, a[0], a[1]) {
				text = text[:a[0]] + text[a[1]:]
			}
		}
	}
	text = strings.Join(strings.Fields(text), " ")
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(".,:;-()", r) })
}

// short tells whether words may be the whole answer to a question: a score, a yes
// or a no, a few words; and no question of their own.
func short(text string) bool {
	return len(strings.Fields(text)) <= 4 && len(text) <= 60 && !strings.Contains(text, "?")
}

// excerptOf is the beginning of a quotation, for evidence.
func excerptOf(s string) string {
	r := []rune(s)
	return string(r[:min(len(r), 60)])
}
