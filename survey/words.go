package survey

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"neuvo/booking"
)

// WordCount is a word and how many customers used it.
type WordCount struct {
	Word string
	N    int
}

// maxWords is how many words a report shows; wordFrom how many customers must
// have used one, so that it tells of none alone.
const (
	maxWords = 24
	wordFrom = 2
)

// idle words say nothing by themselves.
var idle = func() map[string]bool {
	out := map[string]bool{}
	for word := range strings.FieldsSeq(`
		ja oli on ei kun niin että mutta myös vielä nyt sitten tai joka jotka siitä sen se ne me te he hän mun mulle minulle
		minun teille teidän meidän heidän oikein aina ihan vain kuin mitä olin olen ovat olisi tämä tuo nyt jos vaan kanssa
		kaikki kyllä joo eikä en ole ollut asia tuli sai
		och att det den som var med för på inte men har hade jag mig min mitt vi ni de dem han hon till från när ett en så
		också bara här där allt mycket blev är om av kan vid
		the and was for with that this they them you your our had has have were are not but very just all from when what
		which there here too also been got get would will can did she him her his its their out about one`) {
		out[fold(word)] = true
	}
	return out
}()

// Words gives the words that most customers used, the most used first. What
// stands in a comment twice is one customer's word all the same.
func Words(remarks []Remark) []WordCount {
	count, shown := map[string]int{}, map[string]string{}
	for _, r := range remarks {
		seen := map[string]bool{}
		for word := range strings.FieldsFuncSeq(strings.ToLower(normalise(r.Comment)), func(c rune) bool { return !unicode.IsLetter(c) }) {
			key := fold(word)
			if n := utf8.RuneCountInString(word); n < 3 || n > 30 || idle[key] || seen[key] {
				continue
			}
			seen[key] = true
			count[key]++
			shown[key] = cmp.Or(shown[key], word)
		}
	}
	var out []WordCount
	for key, n := range count {
		if n >= wordFrom {
			out = append(out, WordCount{shown[key], n})
		}
	}
	slices.SortFunc(out, func(a, b WordCount) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Word, b.Word)) })
	return out[:min(len(out), maxWords)]
}

// finnishEnding is what Finnish puts behind a name: Matin, Matille, Björniltä.
const finnishEnding = `(?:n|lle|lla|llä|lta|ltä|sta|stä|ssa|ssä|a|ä|ta|tä|lta|aan|iin|een|kin|nkin|llekin)?`

// nameForms matches a first name as customers write it, in any of the three
// languages: with a Finnish case, whose weaker stem halves a doubled consonant
// (Matti, Matin; Pekka, Pekan), or a genitive s.
func nameForms(first string) *regexp.Regexp {
	name := strings.ToLower(first)
	stems := []string{regexp.QuoteMeta(name)}
	if r := []rune(name); len(r) > 3 && r[len(r)-2] == r[len(r)-3] && strings.ContainsRune("kpt", r[len(r)-2]) {
		stems = append(stems, regexp.QuoteMeta(string(r[:len(r)-2])+string(r[len(r)-1])))
	}
	if r := []rune(name); len(r) > 1 && !strings.ContainsRune("aeiouyäöå", r[len(r)-1]) {
		stems = append(stems, regexp.QuoteMeta(name)+"i") // Björn, Björnille
	}
	return regexp.MustCompile(`^(?:` + strings.Join(stems, "|") + `)(?:'?s|` + finnishEnding + `)$`)
}

// ordinary words are names only with a capital: "annan" is "I give" as well.
var ordinary = map[string]bool{
	"annan": true, "kai": true, "toivo": true, "toivon": true, "onni": true, "ilo": true, "satu": true, "tuuli": true, "meri": true,
	"helmi": true, "rauha": true, "taru": true, "suvi": true, "taito": true, "voitto": true, "lahja": true, "bra": true, "bo": true,
	"may": true, "will": true, "mark": true, "bill": true,
}

// Named tells which of the advisors a comment speaks of by first name, in the
// order given.
func Named(comment string, advisors []booking.Advisor) []booking.Advisor {
	words := strings.FieldsFunc(normalise(comment), func(c rune) bool { return !unicode.IsLetter(c) && c != '\'' })
	words = slices.DeleteFunc(words, func(w string) bool { return ordinary[w] })
	for i := range words {
		words[i] = strings.ToLower(words[i])
	}
	var out []booking.Advisor
	for _, a := range advisors {
		if utf8.RuneCountInString(a.FirstName()) < 2 {
			continue
		}
		if forms := nameForms(normalise(a.FirstName())); slices.ContainsFunc(words, forms.MatchString) {
			out = append(out, a)
		}
	}
	return out
}

// Praises tells a good answer.
func (r Remark) Praises() bool {
	return r.Met == "yes" || r.Score != nil && *r.Score >= goodFrom(r.Scale)
}
