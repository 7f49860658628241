package survey

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"neuvo/notify/inbox"
)

// maxReply is how much of a reply is looked at, in runes: a verdict stands at
// the beginning, and the whole is kept for people anyway.
const maxReply = 2000

// spellings are brought to one before NFKC would lose what they say.
var spellings = strings.NewReplacer(
	"\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n",
	"½", ",5", "¼", ",25", "¾", ",75", " ½", ",5", "🔟", "10",
	"’", "'", "‘", "'", "ʼ", "'", "´", "'", "`", "'",
	"“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`, "‟", `"`, "＂", `"`,
	"–", "-", "—", "-", "−", "-", "‒", "-", "―", "-", "‑", "-", "‐", "-",
	"、", ",", "。", ".", "❤️‍🔥", "❤",
	":-)", " 🙂 ", ":)", " 🙂 ", "(:", " 🙂 ", "=)", " 🙂 ", ":-D", " 😀 ", ":D", " 😀 ", ";)", " 🙂 ", ";-)", " 🙂 ",
	":-(", " 🙁 ", ":(", " 🙁 ", "):", " 🙁 ", "<3", " ❤ ", "(y)", " 👍 ", "(Y)", " 👍 ", "(n)", " 👎 ", "(N)", " 👎 ",
	"n/a", "skip", "N/A", "skip",
)

// normalise brings text to one spelling: decomposed letters composed, full-width
// and circled digits plain, skin tones, joiners and variation selectors gone.
// Letter case stays.
func normalise(text string) string {
	text = strings.ToValidUTF8(text, " ")
	text = norm.NFC.String(text)
	text = spellings.Replace(text)
	text = norm.NFKC.String(text)
	return strings.Map(plainRune, text)
}

// plainRune maps the digits of any script to ours and drops what only changes a
// sign's looks.
func plainRune(r rune) rune {
	switch {
	case r >= 0x1F3FB && r <= 0x1F3FF, r == 0xFE0F, r == 0xFE0E, r == 0x20E3, r == 0x200D,
		r == '♂', r == '♀', r >= 0xE0020 && r <= 0xE007F:
		return -1
	case r >= 0x2776 && r <= 0x277F: // negative circled 1 to 10
		return circled(r - 0x2776)
	case r >= 0x2780 && r <= 0x2789:
		return circled(r - 0x2780)
	case r >= 0x278A && r <= 0x2793:
		return circled(r - 0x278A)
	case r > 0x7F && unicode.Is(unicode.Nd, r):
		return digit(r)
	case r == '\t' || r != '\n' && unicode.IsSpace(r):
		return ' '
	case r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)):
		return -1
	}
	return r
}

func circled(i rune) rune {
	if i > 8 {
		return ' ' // a circled ten is not one digit: better unclear than wrong
	}
	return '1' + i
}

// digit gives the ASCII digit of a decimal digit: blocks start at a zero and
// hold ten each.
func digit(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	return r
}

// fold lowers the case and takes dots, rings and accents off letters: many
// people write without them.
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case 'ø', 'Ø':
			return 'o'
		case 'æ', 'Æ':
			return 'a'
		}
		return r
	}, norm.NFD.String(strings.ToLower(s)))
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, s)
}

var (
	// Stars drawn with what is on every keyboard.
	asterisks = regexp.MustCompile(`\*{3,10}`)
	// What telephones make of a reaction to a text: a verb, perhaps "to the
	// message", and the text in quotation marks to the end.
	reaction = regexp.MustCompile(`(?is)^\s*(?:` +
		`liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|reacted .{1,12} (?:to|with)|removed an? .{1,24} from|` +
		`tykkäsi|rakasti|ihastui|ei tykännyt|ei pitänyt|piti|nauroi|korosti|kyseenalaisti|reagoi .{0,12}|poisti .{1,24}|` +
		`gillade|älskade|ogillade|skrattade åt|betonade|framhävde|ifrågasatte|reagerade .{1,16}|tog bort .{1,24}|` +
		`[^\pL\pN\s"]{1,8} ?(?:to|till|på|viestiin))` +
		`\s*:?\s*(?:\pL+\s*:?\s*){0,3}"[^"]*"?[\s.]*$`)
	// Where the quoted original begins.
	quoteHead = regexp.MustCompile(`(?i)^\s*(?:-{2,}\s*(?:original|alkuperäinen|ursprungligt|vidarebefordra|forwarded|välitetty).*|` +
		`_{8,}|(?:from|lähettäjä|från|sent|lähetetty|skickat)\s*:\s.*|` +
		`(?:on|den|le|ma|ti|ke|to|pe|la|su|mån|tis|ons|tors|fre|lör|sön|mon|tue|wed|thu|fri|sat|sun)?.{0,100}\b(?:wrote|kirjoitti|skrev).{0,60}:)\s*$`)
	// A signature that a program adds, or the line before a written one.
	signatureLine = regexp.MustCompile(`(?i)^\s*(?:--\s*|-{2,}|` +
		`(?:sent from|sent with|get outlook|lähetetty|lähetetty puhelimesta|skickat från|skickades från|hanki outlook|hämta outlook|lataa outlook).*)$`)
	// A closing formula on the line of what it closes, with a name: "Hej, 4. Mvh
	// Lasse".
	closing = regexp.MustCompile(`(?i)(?:^|[\n.,!?]\s*|\s)(?:(?:terv(?:eisin)?|t|ystävällisin terveisin|yt|mvh|med vänlig(?:a)? hälsning(?:ar)?|vänliga hälsningar|vänligen|hälsningar|hälsn|best regards|kind regards|regards|br|rgds|cheers|yours)\s*[.,:]?\s*\n.*|` +
		`(?:terv|terveisin|mvh|hälsn(?:ingar)?|best regards|kind regards|br|rgds|ystävällisin terveisin|vänliga hälsningar|t)[.,:]?\s+\p{Lu}[^\n]*|(?:mvh|terv|br|rgds)[.,]?\s*)$`)
	// The scale as our own question states it, when it comes back quoted.
	legend = regexp.MustCompile(`\(\s*\d{1,2}\s*=[^)]{0,60}\)`)
)

// isReaction tells a telephone's report of a tap on our text.
func isReaction(text string) bool { return reaction.MatchString(text) }

// strip takes off quoted text and signatures.
func strip(text string) string {
	var kept []string
	for line := range strings.SplitSeq(text, "\n") {
		if quoteHead.MatchString(line) || signatureLine.MatchString(line) {
			if len(kept) > 0 || !signatureLine.MatchString(line) {
				break
			}
			continue
		}
		if strings.HasPrefix(strings.TrimSpace(line), ">") {
			continue
		}
		kept = append(kept, line)
	}
	text = strings.TrimSpace(inbox.WithoutSignOff(strings.TrimSpace(strings.Join(kept, "\n"))))
	if at := closing.FindStringIndex(text); at != nil && at[0] > 0 {
		text = text[:at[0]]
	}
	return strings.TrimSpace(legend.ReplaceAllString(text, " "))
}
