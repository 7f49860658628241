package templates

import (
	"slices"
	"strconv"
	"strings"
)

// Fields are all that a text may speak of, in the order they are offered.
//
//   - when is day and time together; details the facts of a visit, a line each
//   - signature is the closing words with the advisor's and the workshop's name;
//     an e-mail's has the phone number as well
//   - question, scale, lowest, worst, highest and best are of the survey: "1-5",
//     "1", "not at all", "5", "fully"
//   - former is the advisor who had the job before
//   - bring is what to bring in one line, bring_list a line each with a heading
var Fields = []string{
	"advisor", "workshop", "customer", "vehicle", "service", "when", "day", "date", "time", "ready_by", "link", "reference",
	"address", "phone", "bring", "due", "question", "scale", "lowest", "worst", "highest", "best", "price", "ceiling", "code", "note", "former",
	"details", "bring_list", "signature",
}

// mailFields make sense in an e-mail only: they take several lines.
var mailFields = []string{"details", "bring_list"}

// sure are the fields that no text is without, so that they need no brackets.
var sure = []string{
	"advisor", "workshop", "signature", "when", "day", "date", "time", "link", "reference", "details",
	"question", "scale", "lowest", "worst", "highest", "best", "code", "note", "bring_list",
}

// common are the fields of every occasion.
var common = []string{"advisor", "workshop", "phone", "customer", "link", "signature"}

// visit are those that speak of a visit.
var visit = []string{"vehicle", "service", "when", "day", "date", "time", "ready_by", "reference", "address", "details"}

// FieldsOf names the fields that an occasion knows, in the order of Fields.
func FieldsOf(occasion string, mail bool) []string {
	known := slices.Clone(common)
	switch {
	case asksScore(occasion):
		known = append(known, "vehicle", "reference", "question", "scale", "lowest", "worst", "highest", "best")
	case slices.Contains([]string{"thanks", "acknowledge", "sorted", "sorted_yes"}, occasion):
		known = append(known, "vehicle", "reference")
	case strings.HasPrefix(occasion, "waitlist"):
		known = append(known, "service", "when", "day", "date", "time", "due", "address")
	default:
		known = append(known, visit...)
	}
	known = append(known, map[string][]string{
		"booked": {"bring", "bring_list"}, "new_advisor": {"bring", "bring_list"}, "chosen_advisor": {"bring", "bring_list"}, "moved": {"bring", "bring_list"}, "reminder": {"bring", "bring_list"},
		"recall": {"bring", "bring_list"}, "callback": {"due"}, "calling": {"due"}, "late_call": {"due"}, "late_ready": {"due"}, "case_opened": {"due"},
		"estimate_decided": {"price", "ceiling"}, "code": {"code"}, "advisor": {"note"}, "handover": {"former"},
	}[occasion]...)
	var out []string
	for _, name := range Fields {
		if slices.Contains(known, name) && (mail || !slices.Contains(mailFields, name)) {
			out = append(out, name)
		}
	}
	return out
}

// asksScore tells the occasions that put the question of the survey.
func asksScore(occasion string) bool {
	return strings.HasPrefix(occasion, "survey")
}

// field is the value of a field in a locale.
func (d *TextData) field(locale, name string, mail bool) string {
	switch name {
	case "advisor":
		return d.Advisor
	case "workshop":
		return d.Workshop
	case "phone":
		return d.WorkshopPhone
	case "address":
		return d.Address
	case "customer":
		return d.Customer
	case "vehicle":
		return d.Vehicle
	case "service":
		return d.Service
	case "reference":
		return d.Reference
	case "link":
		return d.Link
	case "date":
		return d.Date
	case "time":
		return d.Time
	case "day":
		return d.Day
	case "ready_by":
		return d.ReadyBy
	case "due":
		return d.Due
	case "note":
		return d.Note
	case "code":
		return d.Code
	case "price":
		return d.Price
	case "ceiling":
		return d.Ceiling
	case "former":
		return d.Former
	case "bring":
		return strings.Join(d.Bring, ", ")
	}
	return d.made(locale, name, mail)
}

// FieldExample is what a field holds with example data, for showing what it is.
func FieldExample(locale, name string, mail bool, d TextData) string {
	return strings.TrimSpace(d.field(known(locale), name, mail))
}

// made is the value of a field that is made of others.
func (d *TextData) made(locale, name string, mail bool) string {
	low, high := ScaleEnds(d.Scale)
	switch name {
	case "when":
		return d.moment(locale, d.Day)
	case "scale":
		return strconv.Itoa(low) + "-" + strconv.Itoa(high)
	case "lowest":
		return strconv.Itoa(low)
	case "highest":
		return strconv.Itoa(high)
	case "question":
		return T(locale, "survey.question."+d.Scale, nil)
	case "worst":
		return lowerFirst(T(locale, "survey.worst."+d.Scale, nil))
	case "best":
		return lowerFirst(T(locale, "survey.best."+d.Scale, nil))
	case "signature":
		return d.signature(locale, mail)
	case "details":
		return d.details(locale)
	case "bring_list":
		if len(d.Bring) == 0 {
			return ""
		}
		return T(locale, "text.bring", nil) + "\n- " + strings.Join(d.Bring, "\n- ") + "\n"
	}
	return ""
}

// moment is a day or a date with the time of day where there is one.
func (d *TextData) moment(locale, day string) string {
	if d.Time == "" {
		return day
	}
	return T(locale, "moment", map[string]any{"day": day, "time": d.Time})
}

// signature closes a text in one line, an e-mail in several.
func (d *TextData) signature(locale string, mail bool) string {
	names := slices.DeleteFunc([]string{d.Advisor, d.Workshop}, func(s string) bool { return s == "" })
	if len(names) == 0 {
		return ""
	}
	if !mail {
		return T(locale, "text.closing", map[string]any{"names": strings.Join(names, ", ")})
	}
	if d.WorkshopPhone != "" {
		names = append(names, d.WorkshopPhone)
	}
	return T(locale, "text.closing_mail", map[string]any{"names": strings.Join(names, "\n")})
}

// details are the facts of a visit, a line each.
func (d *TextData) details(locale string) string {
	var b strings.Builder
	for _, fact := range []struct{ key, value string }{
		{"when", d.moment(locale, d.Date)}, {"service", d.Service}, {"vehicle", d.Vehicle}, {"where", d.Workshop},
		{"address", d.Address}, {"reference", d.Reference},
	} {
		if fact.value != "" {
			b.WriteString(T(locale, "text.fact."+fact.key, map[string]any{"value": fact.value}) + "\n")
		}
	}
	return b.String()
}
