package notify_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"neuvo/notify"
)

// segmentTable is what a network makes of texts: parts, alphabet and what is
// left of the last part. Its figures are counted from 3GPP TS 23.038 and 23.040.
var segmentTable = []struct {
	name, text string
	parts      int
	alphabet   notify.Alphabet
	room       int
}{
	{"nothing", "", 0, gsm, 160},
	{"one letter", "a", 1, gsm, 159},
	{"a line break", "a\nb", 1, gsm, 157},
	{"a carriage return and a line break are two", "a\r\nb", 1, gsm, 156},
	{"159 letters", rep("a", 159), 1, gsm, 1},
	{"160 letters", rep("a", 160), 1, gsm, 0},
	{"161 letters are two parts of 153", rep("a", 161), 2, gsm, 145},
	{"two full parts", rep("a", 306), 2, gsm, 0},
	{"one more than two full parts", rep("a", 307), 3, gsm, 152},
	{"three full parts", rep("a", 459), 3, gsm, 0},
	{"ten full parts", rep("a", 1530), 10, gsm, 0},
	{"å ä ö are plain letters", "åäöÅÄÖ", 1, gsm, 154},
	{"160 å", rep("å", 160), 1, gsm, 0},
	{"161 ö", rep("ö", 161), 2, gsm, 145},
	{"ü ñ ß à è é ù ì ò are plain letters", "üñßàèéùìò", 1, gsm, 151},
	{"Æ æ Ø ø are plain letters", "ÆæØø", 1, gsm, 156},
	{"É is plain, È is not", "É", 1, gsm, 159},
	{"È", "È", 1, ucs, 69},
	{"Ç is plain, ç is not", "Ç", 1, gsm, 159},
	{"ç", "ç", 1, ucs, 69},
	{"the Greek capitals that Latin lacks", "ΔΦΓΛΩΠΨΣΘΞ", 1, gsm, 150},
	{"other Greek letters are foreign", "Αα", 1, ucs, 68},
	{"signs of the basic table", "@£$¥¤§¿¡#%&", 1, gsm, 149},
	{"underscore costs one", "a_b", 1, gsm, 157},
	{"apostrophe, quotes and hyphen cost one", `'"-`, 1, gsm, 157},
	{"a backtick is in neither table", "`", 1, ucs, 69},
	{"a tabulator is in neither table", "a\tb", 1, ucs, 67},
	{"the euro sign costs two", "€", 1, gsm, 158},
	{"brackets cost two each", "[]", 1, gsm, 156},
	{"braces cost two each", "{}", 1, gsm, 156},
	{"caret, backslash, tilde and pipe cost two each", "^\\~|", 1, gsm, 152},
	{"a form feed costs two", "\f", 1, gsm, 158},
	{"80 euro signs", rep("€", 80), 1, gsm, 0},
	{"81 euro signs: 76 fit a part of 153", rep("€", 81), 2, gsm, 143},
	{"159 letters and a euro sign", rep("a", 159) + "€", 2, gsm, 145},
	{"158 letters and a euro sign", rep("a", 158) + "€", 1, gsm, 0},
	{"a euro sign is not cut between two parts", rep("a", 152) + "€" + rep("a", 151), 2, gsm, 0},
	{"and what it leaves empty is lost", rep("a", 152) + "€" + rep("a", 152), 3, gsm, 152},
	{"153 euro signs: 76, 76 and 1", rep("€", 153), 3, gsm, 151},
	{"69 letters and one foreign", rep("a", 69) + "š", 1, ucs, 0},
	{"70 letters and one foreign", rep("a", 70) + "š", 2, ucs, 63},
	{"two full parts of 67", rep("š", 134), 2, ucs, 0},
	{"one more than two full parts of 67", rep("š", 135), 3, ucs, 66},
	{"a foreign character doubles the price of 160", rep("a", 159) + "š", 3, ucs, 41},
	{"the euro sign costs one in UCS-2", "€š", 1, ucs, 68},
	{"brackets cost one in UCS-2", "[š]", 1, ucs, 67},
	{"a smile takes two", "😀", 1, ucs, 68},
	{"35 smiles", rep("😀", 35), 1, ucs, 0},
	{"36 smiles: 33 fit a part of 67", rep("😀", 36), 2, ucs, 61},
	{"a smile is not cut between two parts", rep("š", 66) + "😀" + rep("š", 65), 2, ucs, 0},
	{"and what it leaves empty is lost again", rep("š", 66) + "😀" + rep("š", 66), 3, ucs, 66},
	{"67 smiles: 33, 33 and 1", rep("😀", 67), 3, ucs, 65},
	{"a smile with a skin tone takes four", "👍🏽", 1, ucs, 66},
	{"a family takes eleven", "👨‍👩‍👧‍👦", 1, ucs, 59},
	{"a flag takes four", "🇫🇮", 1, ucs, 66},
	{"a heart with its selector takes two", "❤️", 1, ucs, 68},
	{"a letter with a loose accent takes two", "e\u0301", 1, ucs, 68},
	{"Cyrillic", "Готово", 1, ucs, 64},
	{"Arabic", "جاهز", 1, ucs, 66},
	{"Chinese", "车好了", 1, ucs, 67},
	{"Estonian õ is foreign", "Tõnu", 1, ucs, 66},
	{"a curly apostrophe", "It’s ready", 1, ucs, 60},
	{"a dash", "9–16", 1, ucs, 66},
	{"curly quotes", "“valmis”", 1, ucs, 62},
	{"Nordic quotes", "”klar”", 1, ucs, 64},
	{"a no-break space", "9\u00a0000 €", 1, ucs, 63},
	{"an ellipsis", "Hetki…", 1, ucs, 64},
	{"a byte that is no text counts as one", "a\xff", 1, ucs, 68},
	{"what stands for a broken surrogate counts as one", "a\ufffd", 1, ucs, 68},
	{"a text of ours in Finnish", "Hei Liisa! Volvo V60 ABC-123 on valmis noudettavaksi. Tervetuloa!\nTerveisin Satu, Korjaamo Keskusta Oy", 1, gsm, 58},
	{"a text of ours in Swedish", "Hej Åsa! Passar tiden inte kan du svara på det här meddelandet.\nHälsningar Olli", 1, gsm, 81},
}

const (
	gsm = notify.GSM7
	ucs = notify.UCS2
)

func rep(s string, n int) string { return strings.Repeat(s, n) }

func TestSegmentsAreCountedAsTheNetworkDoes(t *testing.T) {
	if len(segmentTable) < 60 {
		t.Errorf("only %d texts", len(segmentTable))
	}
	for _, c := range segmentTable {
		t.Run(c.name, func(t *testing.T) {
			got := notify.Explain(c.text)
			if got.Parts != c.parts || got.Alphabet != c.alphabet || got.Room != c.room {
				t.Errorf("%d parts of %s with room for %d, want %d, %s, %d", got.Parts, got.Alphabet, got.Room, c.parts, c.alphabet, c.room)
			}
			if parts, gsm7 := notify.Segments(c.text); parts != c.parts || gsm7 != (c.alphabet == gsm) {
				t.Errorf("Segments = %d, %t", parts, gsm7)
			}
			if (got.Alphabet == gsm) != (len(got.Foreign) == 0) {
				t.Errorf("foreign characters %v in %s", got.Foreign, got.Alphabet)
			}
		})
	}
}

func TestWhatDoublesThePriceIsNamedWithItsCounterpart(t *testing.T) {
	text := "It’s ready – “come” at 9\u00a0… café åäö €" + rep("a", 60)
	got := notify.Explain(text)
	want := []notify.Foreign{
		{Char: "’", Count: 1, Instead: "'", Replaced: true}, {Char: "–", Count: 1, Instead: "-", Replaced: true},
		{Char: "“", Count: 1, Instead: "\"", Replaced: true}, {Char: "”", Count: 1, Instead: "\"", Replaced: true},
		{Char: "\u00a0", Count: 1, Instead: " ", Replaced: true}, {Char: "…", Count: 1, Instead: "...", Replaced: true},
	}
	if diff := cmp.Diff(want, got.Foreign); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if plain := `It's ready - "come" at 9 ... café åäö €` + rep("a", 60); got.Cheaper != plain || got.Parts != 2 || got.CheaperParts != 1 {
		t.Errorf("%d parts, or %d with %q", got.Parts, got.CheaperParts, got.Cheaper)
	}
	if parts, gsm7 := notify.Segments(got.Cheaper); parts != got.CheaperParts || !gsm7 {
		t.Errorf("the cheaper text takes %d, GSM-7: %t", parts, gsm7)
	}
}

func TestReplacingIsOfferedOnlyWhereItIsCheaper(t *testing.T) {
	for name, c := range map[string]struct {
		text     string
		cheaper  bool
		replaced bool
	}{
		"one part stays one part":             {"It’s ready", false, true},
		"a smile has no counterpart":          {rep("a", 80) + "😀", false, false},
		"a smile keeps the alphabet dear":     {rep("a", 80) + "’😀", false, true},
		"a zero-width space is just left out": {rep("a", 80) + "\u200b", true, true},
		"a foreign letter of a name":          {rep("a", 80) + "Tõnu Šarūnas", true, true},
		"another script":                      {rep("Готово ", 20), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := notify.Explain(c.text)
			if (got.Cheaper != "") != c.cheaper || got.Foreign[0].Replaced != c.replaced {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestEveryCounterpartIsInTheAlphabet(t *testing.T) {
	for r := rune(0); r < 0x2200; r++ {
		text := string(r)
		plain := notify.ToGSM7(text)
		_, before := notify.Segments(text)
		_, after := notify.Segments(plain)
		switch {
		case before && plain != text:
			t.Errorf("%q is in the alphabet and became %q", text, plain)
		case plain != text && !after:
			t.Errorf("%q became %q, which is foreign too", text, plain)
		}
	}
}

// alphabetTable and escapeTable are the code points of 3GPP TS 23.038 section
// 6.2.1 and 6.2.1.1 in the order of their codes, 0x1b being the escape itself.
const alphabetTable = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

var escapeTable = map[rune]byte{'\f': 0x0a, '^': 0x14, '{': 0x28, '}': 0x29, '\\': 0x2f, '[': 0x3c, '~': 0x3d, ']': 0x3e, '|': 0x40, '€': 0x65}

// encoded writes a text as a phone does, a slice of units for each character:
// septets, or 16-bit units where one character is in neither table.
func encoded(text string) (units [][]uint16, bits int) {
	table := []rune(alphabetTable)
	for _, r := range text {
		code := slices.Index(table, r)
		second, escaped := escapeTable[r]
		switch {
		case code >= 0 && code != 0x1b:
			units = append(units, []uint16{uint16(code)})
		case escaped:
			units = append(units, []uint16{0x1b, uint16(second)})
		default:
			units = nil
			for _, r := range text {
				units = append(units, utf16.Encode([]rune{r}))
			}
			return units, 16
		}
	}
	return units, 7
}

// laidOut packs the units into the 140 octets of user data of one SMS, or of
// several that begin with a header of six octets (3GPP TS 23.040 section
// 9.2.3.24.1), after which septets begin at the next whole septet. No character
// is cut.
func laidOut(units [][]uint16, bits int) (parts int) {
	total := 0
	for _, u := range units {
		total += len(u)
	}
	if total == 0 {
		return 0
	}
	if total*bits <= 140*8 {
		return 1
	}
	header := 6 * 8
	if rest := header % bits; rest != 0 {
		header += bits - rest
	}
	parts, used := 1, header
	for _, u := range units {
		if used+len(u)*bits > 140*8 {
			parts, used = parts+1, header
		}
		used += len(u) * bits
	}
	return parts
}

func TestPartsAreWhatAPhoneLaysOutInOctets(t *testing.T) {
	if n := len([]rune(alphabetTable)); n != 128 {
		t.Fatalf("the table has %d codes", n)
	}
	same := func(fail func(string, ...any), text string) {
		units, bits := encoded(text)
		parts, plain := notify.Segments(text)
		if want := laidOut(units, bits); parts != want || plain != (bits == 7) {
			fail("%q: %d parts, GSM-7 %t; laid out they are %d of %d bits", text, parts, plain, want, bits)
		}
	}
	for _, c := range segmentTable {
		same(t.Errorf, c.text)
	}
	pieces := []string{"a", "€", "[", "å", "\n", "^", "š", "😀", "👨\u200d👩", "aaaaaaaaaa", "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"}
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]int{6, len(pieces)}).Draw(t, "pieces")
		text := ""
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, most-1), 0, 400).Draw(t, "text") {
			text += pieces[i]
		}
		same(t.Fatalf, text)
	})
}
