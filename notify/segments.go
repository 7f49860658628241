package notify

import (
	"strings"
	"unicode/utf16"
)

// The default alphabet of SMS and its extension table, 3GPP TS 23.038 section
// 6.2.1. A character of the extension takes two septets.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// What fits into one SMS, and into each part of a longer one where a header of
// six octets joins the parts (3GPP TS 23.040 section 9.2.3.24.1).
const (
	gsmSingle, gsmPart = 160, 153
	ucsSingle, ucsPart = 70, 67
)

var gsmUnits = func() map[rune]int {
	units := make(map[rune]int, 140)
	for _, r := range gsmBasic {
		units[r] = 1
	}
	for _, r := range gsmExtended {
		units[r] = 2
	}
	return units
}()

// gsmInstead is what stands in the 7-bit alphabet for characters that word
// processors and phones put in by themselves, and for letters that names bring
// along. What has no fair counterpart (another script, a smile) is not here.
var gsmInstead = func() map[rune]string {
	instead := map[rune]string{}
	for with, each := range map[string]string{
		"'": "\u2018\u2019\u201a\u201b\u2032\u00b4`\u02bc", "\"": "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb",
		"-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022\u00b7", "...": "\u2026",
		" ": "\t\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f", "": "\u00ad\u200b\u200c\u200d\u2060\ufeff\ufe0f",
		"\n": "\u2028\u2029\u0085", "x": "\u00d7", "<": "\u2039", ">": "\u203a", "->": "\u2192", "1/2": "\u00bd", "1/4": "\u00bc", "3/4": "\u00be",
		"(c)": "\u00a9", "(r)": "\u00ae", "TM": "\u2122", " C": "\u2103", "o": "óôõőōºöø°", "a": "áâãāăąª", "e": "êëēėęě", "i": "íîïīį", "u": "úûūůűų",
		"c": "çćč", "s": "śšș", "z": "źžż", "n": "ńňņ", "l": "łļľ", "r": "řŕ", "t": "ťț", "d": "ďđð", "y": "ýÿ", "g": "ğģ", "k": "ķ",
		"A": "ÀÁÂÃĀĂĄ", "E": "ÈÊËĒĖĘĚ", "I": "ÌÍÎÏĪĮİ", "O": "ÒÓÔÕŐŌ", "U": "ÙÚÛŪŮŰŲ", "C": "ĆČ", "S": "ŚŠȘ", "Z": "ŹŽŻ",
		"N": "ŃŇŅ", "L": "ŁĻĽ", "R": "ŘŔ", "T": "ŤȚ", "D": "ĎĐÐ", "Y": "ÝŸ", "G": "ĞĢ", "K": "Ķ", "Th": "Þ", "th": "þ", "oe": "œ", "OE": "Œ",
	} {
		for _, r := range each {
			if gsmUnits[r] == 0 { // what the alphabet has stays as it is
				instead[r] = with
			}
		}
	}
	return instead
}()

// Alphabet is how an SMS is written.
type Alphabet string

// The alphabets of SMS.
const (
	GSM7 Alphabet = "GSM-7" // 160 characters in one SMS, 153 in each part of several
	UCS2 Alphabet = "UCS-2" // 70 and 67: any character outside GSM-7 makes the whole text so
)

// Cost is what a text costs as SMS, and what would make it cheaper.
type Cost struct {
	Parts    int // SMS that it takes; 0 for an empty text
	Alphabet Alphabet
	Units    int       // septets of GSM-7 or 16-bit units of UCS-2
	Room     int       // units that still fit into the last part
	Foreign  []Foreign // what forces UCS-2, in the order it comes; none in GSM-7
	// Cheaper is the text with everything replaced that has a counterpart, where
	// that takes fewer parts; else "". CheaperParts is what it then takes.
	Cheaper      string
	CheaperParts int
}

// Foreign is a character outside GSM-7.
type Foreign struct {
	Char     string
	Count    int
	Instead  string // its counterpart in GSM-7
	Replaced bool   // whether there is one: Instead "" may mean leaving it out
}

// Explain tells what a text costs as SMS and why.
func Explain(text string) Cost {
	c := count(text)
	if c.Alphabet == GSM7 {
		return c
	}
	at := map[rune]int{}
	for _, r := range text {
		if gsmUnits[r] != 0 {
			continue
		}
		i, seen := at[r]
		if !seen {
			i = len(c.Foreign)
			at[r] = i
			instead, ok := gsmInstead[r]
			c.Foreign = append(c.Foreign, Foreign{Char: string(r), Instead: instead, Replaced: ok})
		}
		c.Foreign[i].Count++
	}
	cheaper := ToGSM7(text)
	if after := count(cheaper); after.Parts < c.Parts {
		c.Cheaper, c.CheaperParts = cheaper, after.Parts
	}
	return c
}

// ToGSM7 replaces what has a counterpart in GSM-7 and leaves the rest.
func ToGSM7(text string) string {
	var b strings.Builder
	for _, r := range text {
		if instead, ok := gsmInstead[r]; ok {
			b.WriteString(instead)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Segments counts the parts that a text takes as SMS and tells whether it fits
// the 7-bit alphabet; one character outside it makes the whole text UCS-2. An
// empty text has no part.
func Segments(text string) (parts int, gsm7 bool) {
	c := count(text)
	return c.Parts, c.Alphabet == GSM7
}

// count measures a text.
func count(text string) Cost {
	runes := []rune(text)
	widths := make([]int, len(runes))
	c := Cost{Alphabet: GSM7}
	for i, r := range runes {
		if widths[i] = gsmUnits[r]; widths[i] == 0 {
			c.Alphabet = UCS2
			break
		}
	}
	single, part := gsmSingle, gsmPart
	if c.Alphabet == UCS2 {
		single, part = ucsSingle, ucsPart
		for i, r := range runes {
			widths[i] = max(utf16.RuneLen(r), 1)
		}
	}
	for _, w := range widths {
		c.Units += w
	}
	c.Parts, c.Room = pack(widths, c.Units, single, part)
	return c
}

// pack counts the parts for characters of these widths and what is left of the
// last; a character of two units is never cut in two.
func pack(widths []int, total, single, part int) (parts, room int) {
	switch {
	case total == 0:
		return 0, single
	case total <= single:
		return 1, single - total
	}
	parts, used := 1, 0
	for _, w := range widths {
		if used+w > part {
			parts, used = parts+1, 0
		}
		used += w
	}
	return parts, part - used
}
