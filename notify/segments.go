package notify

import "unicode/utf16"

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

// Segments counts the parts that a text takes as SMS and tells whether it fits
// the 7-bit alphabet; one character outside it makes the whole text UCS-2. An
// empty text has no part.
func Segments(text string) (parts int, gsm7 bool) {
	runes := []rune(text)
	widths := make([]int, len(runes))
	gsm7 = true
	for i, r := range runes {
		if widths[i] = gsmUnits[r]; widths[i] == 0 {
			gsm7 = false
			break
		}
	}
	if gsm7 {
		return pack(widths, gsmSingle, gsmPart), true
	}
	for i, r := range runes {
		widths[i] = max(utf16.RuneLen(r), 1)
	}
	return pack(widths, ucsSingle, ucsPart), false
}

// pack counts the parts for characters of these widths; a character of two
// units is never cut in two.
func pack(widths []int, single, part int) int {
	total := 0
	for _, w := range widths {
		total += w
	}
	if total == 0 {
		return 0
	}
	if total <= single {
		return 1
	}
	parts, used := 1, 0
	for _, w := range widths {
		if used+w > part {
			parts, used = parts+1, 0
		}
		used += w
	}
	return parts
}
