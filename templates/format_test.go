package templates

import (
	"testing"
	"time"
)

func TestTimesReadAsPeopleSayThem(t *testing.T) {
	at := time.Date(2026, time.November, 23, 9, 30, 0, 0, time.UTC)
	early := time.Date(2027, time.March, 6, 0, 5, 0, 0, time.UTC)
	for name, c := range map[string]struct{ got, want string }{
		"a Finnish date":            {Date("fi", at), "23.11.2026"},
		"a Swedish date":            {Date("sv", at), "2026-11-23"},
		"an English date":           {Date("en", at), "23 November 2026"},
		"a Finnish time":            {Clock("fi", at), "9.30"},
		"a Swedish time":            {Clock("sv", at), "09.30"},
		"an English time":           {Clock("en", at), "09:30"},
		"midnight in Finnish":       {Clock("fi", early), "0.05"},
		"midnight in English":       {Clock("en", early), "00:05"},
		"a Finnish day":             {Day("fi", at), "ma 23.11."},
		"a Swedish day":             {Day("sv", at), "mån 23.11"},
		"an English day":            {Day("en", at), "Mon 23 Nov"},
		"a Finnish Saturday":        {Day("fi", early), "la 6.3."},
		"a span of whole days":      {Span("en", time.Date(2026, 11, 23, 0, 0, 0, 0, at.Location()), time.Date(2026, 11, 25, 0, 0, 0, 0, at.Location())), "Mon 23 Nov – Tue 24 Nov"},
		"a whole day":               {Span("fi", time.Date(2026, 11, 23, 0, 0, 0, 0, at.Location()), time.Date(2026, 11, 24, 0, 0, 0, 0, at.Location())), "ma 23.11."},
		"a part of a day":           {Span("fi", at, at.Add(time.Hour)), "ma 23.11. klo 9.30 – 10.30"},
		"a Finnish moment":          {Moment("fi", at), "ma 23.11. klo 9.30"},
		"a Swedish moment":          {Moment("sv", at), "mån 23.11 kl. 09.30"},
		"an English moment":         {Moment("en", at), "Mon 23 Nov at 09:30"},
		"a Finnish month":           {Month("fi", at), "marraskuu 2026"},
		"an English month":          {Month("en", at), "November 2026"},
		"an unknown locale is ours": {Clock("et", at), "9.30"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("got %q, want %q", c.got, c.want)
			}
		})
	}
}

func TestMoneyReadsAsInThePriceList(t *testing.T) {
	for name, c := range map[string]struct{ got, want string }{
		"Finnish euros":          {Money("fi", 12900, "EUR"), "129,00 €"},
		"Swedish euros":          {Money("sv", 12900, "EUR"), "129,00 €"},
		"English euros":          {Money("en", 12900, "EUR"), "€129.00"},
		"thousands in Finnish":   {Money("fi", 123456789, "EUR"), "1 234 567,89 €"},
		"thousands in English":   {Money("en", 123456789, "GBP"), "£1,234,567.89"},
		"a discount":             {Money("fi", -550, "EUR"), "-5,50 €"},
		"a discount in English":  {Money("en", -550, "EUR"), "-€5.50"},
		"cents only":             {Money("fi", 5, "EUR"), "0,05 €"},
		"crowns in Swedish":      {Money("sv", 99500, "SEK"), "995,00 kr"},
		"crowns in English":      {Money("en", 99500, "SEK"), "SEK 995.00"},
		"a currency we lack":     {Money("fi", 99500, "CHF"), "995,00 CHF"},
		"the lowest of all sums": {Money("en", -1<<63, "EUR"), "-€92,233,720,368,547,758.08"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("got %q, want %q", c.got, c.want)
			}
		})
	}
}

func TestMinutesReadAsHoursAndMinutes(t *testing.T) {
	for minutes, want := range map[int]string{0: "0 min", 45: "45 min", 60: "1 h", 90: "1 h 30 min", 150: "2 h 30 min"} {
		if got := Minutes("fi", minutes); got != want {
			t.Errorf("Minutes(%d) = %q, want %q", minutes, got, want)
		}
	}
}
