package templates

import (
	"fmt"
	"strings"
	"time"
)

// Date is a calendar date in full: fi "23.11.2026", sv "2026-11-23",
// en "23 November 2026". The time's own zone counts.
func Date(locale string, t time.Time) string {
	switch known(locale) {
	case "sv":
		return t.Format("2006-01-02")
	case "en":
		return t.Format("2 January 2006")
	}
	return t.Format("2.1.2006")
}

// Clock is a time of day: fi "9.30", sv "09.30", en "09:30".
func Clock(locale string, t time.Time) string {
	switch known(locale) {
	case "sv":
		return t.Format("15.04")
	case "en":
		return t.Format("15:04")
	}
	// Go has no 24-hour layout without the leading zero.
	return fmt.Sprintf("%d.%02d", t.Hour(), t.Minute())
}

// Day is a date as people say it when it is near: fi "ma 23.11.",
// sv "mån 23.11", en "Mon 23 Nov".
func Day(locale string, t time.Time) string {
	weekday := T(locale, "weekday.short."+weekdayKeys[t.Weekday()], nil)
	switch known(locale) {
	case "sv":
		return weekday + t.Format(" 2.1")
	case "en":
		return weekday + t.Format(" 2 Jan")
	}
	return weekday + t.Format(" 2.1.")
}

// Moment is a day and a time of day in one: fi "ma 23.11. klo 9.30",
// sv "mån 23.11 kl. 09.30", en "Mon 23 Nov at 09:30". ReadyBy and Due of
// TextData are moments.
func Moment(locale string, t time.Time) string {
	return T(locale, "moment", map[string]any{"day": Day(locale, t), "time": Clock(locale, t)})
}

// Span is a span of time, its end exclusive: whole days as days, "Mon 23 Nov" or
// "Mon 23 Nov – Tue 24 Nov", any other with its times, the day once where it is one.
func Span(locale string, from, to time.Time) string {
	midnight := func(t time.Time) bool { return t.Hour() == 0 && t.Minute() == 0 }
	if !midnight(from) || !midnight(to) || !to.After(from) {
		if y, m, d := from.Date(); to.Year() == y && to.Month() == m && to.Day() == d {
			return Moment(locale, from) + " – " + Clock(locale, to)
		}
		return Moment(locale, from) + " – " + Moment(locale, to)
	}
	first, last := Day(locale, from), Day(locale, to.AddDate(0, 0, -1))
	if first == last {
		return first
	}
	return first + " – " + last
}

// weekdayKeys are the keys of the days' names, by time.Weekday.
var weekdayKeys = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// monthKeys are the keys of the months' names, by time.Month less one.
var monthKeys = [12]string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

// Month is a month and its year: fi "marraskuu 2026", sv "november 2026",
// en "November 2026".
func Month(locale string, t time.Time) string {
	return T(locale, "month."+monthKeys[t.Month()-1], nil) + t.Format(" 2006")
}

// Money is an amount of minor units (cents) in a currency (ISO 4217):
// fi and sv "1 290,00 €", en "€1,290.00". The spaces are plain ones: a text
// message with a no-break space would cost twice as many parts.
func Money(locale string, minor int64, currency string) string {
	sign := ""
	amount := uint64(minor)
	if minor < 0 {
		sign, amount = "-", uint64(-minor)
	}
	group, point := " ", ","
	if known(locale) == "en" {
		group, point = ",", "."
	}
	number := grouped(amount/100, group) + point + fmt.Sprintf("%02d", amount%100)
	symbol, ok := currencySymbols[currency]
	switch {
	case known(locale) != "en":
		if !ok {
			symbol = currency
		}
		return sign + number + " " + symbol
	case ok && symbol != "kr":
		return sign + symbol + number
	default:
		return sign + currency + " " + number
	}
}

// currencySymbols of the countries whose holidays we know.
var currencySymbols = map[string]string{"EUR": "€", "GBP": "£", "USD": "$", "SEK": "kr", "NOK": "kr", "DKK": "kr"}

func grouped(n uint64, separator string) string {
	digits := fmt.Sprint(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(separator)
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Minutes is a length of time: "45 min", "2 h", "1 h 30 min".
func Minutes(locale string, minutes int) string {
	hours, rest := minutes/60, minutes%60
	var parts []string
	if hours > 0 {
		parts = append(parts, T(locale, "unit.hours", map[string]any{"n": hours}))
	}
	if rest > 0 || hours == 0 {
		parts = append(parts, T(locale, "unit.minutes", map[string]any{"n": rest}))
	}
	return strings.Join(parts, " ")
}
