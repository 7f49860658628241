package notify_test

import (
	"strings"
	"testing"

	"neuvo/notify"
)

func TestSegmentsCountsPartsAsTheNetworkDoes(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		parts int
		gsm7  bool
	}{
		"nothing":                                       {"", 0, true},
		"one letter":                                    {"a", 1, true},
		"160 of the basic alphabet":                     {strings.Repeat("å", 160), 1, true},
		"161 of the basic alphabet":                     {strings.Repeat("a", 161), 2, true},
		"two full parts":                                {strings.Repeat("a", 306), 2, true},
		"one more than two full parts":                  {strings.Repeat("a", 307), 3, true},
		"80 euro signs take two septets each":           {strings.Repeat("€", 80), 1, true},
		"81 euro signs":                                 {strings.Repeat("€", 81), 2, true},
		"a euro sign is not cut between two parts":      {strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), 3, true},
		"70 where one letter is foreign":                {strings.Repeat("a", 69) + "š", 1, false},
		"71 where one letter is foreign":                {strings.Repeat("a", 70) + "š", 2, false},
		"a smile takes two":                             {strings.Repeat("😀", 35), 1, false},
		"36 smiles":                                     {strings.Repeat("😀", 36), 2, false},
		"a smile is not cut between two parts":          {strings.Repeat("š", 66) + "😀" + strings.Repeat("š", 66), 3, false},
		"Finnish and Swedish words are basic":           {"Öljynvaihto valmis, tervetuloa! Välkommen, åk försiktigt.", 1, true},
		"curly quotes from a word processor are not":    {"It’s ready", 1, false},
		"a backtick is in neither of the two alphabets": {"`", 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			if parts, gsm7 := notify.Segments(c.text); parts != c.parts || gsm7 != c.gsm7 {
				t.Errorf("Segments = %d, %t, want %d, %t", parts, gsm7, c.parts, c.gsm7)
			}
		})
	}
}
