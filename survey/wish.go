package survey

import (
	"slices"
	"strings"
	"unicode"
)

// maxWish is how many words a wish to be called has at most, where the program
// promises the call by itself: who writes more says more, and is read.
const maxWish = 12

// laterWords make a wish one for later ("call me when it is ready"): only the
// advisor knows when that is.
var laterWords = []string{
	"kun", "jos", "jahka", "vasta", "sitten", "ennen", "jälkeen", "huomenna", "maanantaina", "tiistaina", "keskiviikkona", "torstaina", "perjantaina",
	"när", "om", "ifall", "sedan", "sen", "innan", "före", "efter", "imorgon", "måndag", "tisdag", "onsdag", "torsdag", "fredag",
	"when", "if", "once", "before", "after", "until", "tomorrow", "monday", "tuesday", "wednesday", "thursday", "friday",
}

// WantsCall tells whether a message to the desk is a plain wish to be called,
// now: that and nothing else, so that a promise may be made without a person
// reading it first.
func WantsCall(body string) bool {
	r := Read("1-5", body)
	if !r.Has(Callback) || r.Has(Urgent) || r.Score != nil || r.Met == "no" {
		return false
	}
	words := strings.FieldsFunc(strings.ToLower(body), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	if len(words) > maxWish || slices.ContainsFunc(words, func(w string) bool { return slices.Contains(laterWords, w) }) {
		return false
	}
	return !slices.ContainsFunc(words, func(w string) bool { return strings.ContainsAny(w, "0123456789") && len(w) < 6 }) // a clock time
}
