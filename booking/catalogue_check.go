package booking

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/templates"
)

// Transports are the ways a customer and a vehicle can come, in the words of
// the contract.
var Transports = []string{"drop_off", "waiting", "loaner", "key_box"}

// Defaults of a workshop.
const (
	defaultSlot         = 15
	defaultNotice       = 60
	defaultChangeNotice = 120
	defaultCalls        = 4
	defaultHorizon      = 550 // days: 18 months and a little
	defaultReminder     = "10:00"
	defaultQuietFrom    = "21:00"
	defaultQuietUntil   = "08:00"
	defaultSurvey       = "18:00"
	defaultScale        = "1-5"
	defaultSurveyFrom   = 9 * 60 // wall-clock minutes
	defaultSurveyUntil  = 20 * 60
	defaultThrottle     = 30 // days
)

var (
	keyPattern      = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,59}$`)
	countryPattern  = regexp.MustCompile(`^[A-Z]{2}$`)
	currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`)
)

// shopRows is what becomes of one workshop of a catalogue: rows without ids.
type shopRows struct {
	shop     Workshop
	hours    []Hours
	closures []Closure
	services []Service
	advisors []advisorRows

	resources []resourceRows
	pools     []poolRows
	limits    []TransportLimit
}

type advisorRows struct {
	key, standIn string
	advisor      Advisor
	hours        []Hours
	absences     []Absence
}

// catalogueCheck turns a catalogue into rows and gathers what is wrong with it.
type catalogueCheck struct{ checker }

// check gives the rows of a catalogue and its wrong fields.
func (c *Catalogue) check() ([]shopRows, []fault.Field) {
	var k catalogueCheck
	var out []shopRows
	if len(c.Workshops) == 0 && len(c.Staff) == 0 {
		k.fail("workshops", "fault.required", nil)
	}
	keys := map[string]bool{}
	for i, w := range c.Workshops {
		at := fmt.Sprintf("workshops[%d]", i)
		k.key(at+".key", w.Key, keys)
		out = append(out, k.workshop(at, w))
	}
	emails := map[string]bool{}
	for i, s := range c.Staff {
		k.staff(fmt.Sprintf("staff[%d]", i), s, emails)
	}
	return out, k.bad
}

// key checks a key: present, plain, once.
func (k *catalogueCheck) key(at, key string, seen map[string]bool) {
	switch {
	case key == "":
		k.fail(at, "fault.required", nil)
	case !keyPattern.MatchString(key):
		k.fail(at, "fault.catalogue_key", key)
	case seen[key]:
		k.fail(at, "fault.catalogue_duplicate", key)
	}
	seen[key] = true
}

// minutes checks a length of time: a multiple of the atom within bounds.
func (k *catalogueCheck) minutes(at string, n, least, most int) {
	if n < least || n > most || n%(AtomSeconds/60) != 0 {
		k.fail(at, "fault.minutes", n).Args = map[string]any{"min": least, "max": most}
	}
}

func (k *catalogueCheck) oneOf(at, key, value string, known []string) {
	if !slices.Contains(known, value) {
		k.fail(at, key, value).Args = map[string]any{"locales": strings.Join(known, ", "), "known": strings.Join(known, ", ")}
	}
}

func (k *catalogueCheck) workshop(at string, w CatalogueWorkshop) shopRows {
	notice := defaultNotice
	if w.MinNoticeMinutes != nil {
		notice = *w.MinNoticeMinutes
	}
	row := Workshop{
		Key: w.Key, Name: w.Name, TimeZone: w.TimeZone, Locale: w.Locale, Country: w.Country, Region: w.Region, Holidays: w.Holidays, Currency: w.Currency,
		Phone: w.Phone, Email: w.Email, Address: w.Address,
		SlotMinutes: orInt(w.SlotMinutes, defaultSlot), MinNoticeMinutes: notice, HorizonDays: orInt(w.HorizonDays, defaultHorizon),
		ReminderMinute:   k.clock(at+".reminder_at", orWord(w.ReminderAt, defaultReminder)),
		QuietFromMinute:  k.clock(at+".quiet_from", orWord(w.QuietFrom, defaultQuietFrom)),
		QuietUntilMinute: k.clock(at+".quiet_until", orWord(w.QuietUntil, defaultQuietUntil)),
		SurveyMinute:     k.clock(at+".survey_at", orWord(w.SurveyAt, defaultSurvey)),
		SurveyScale:      orWord(w.SurveyScale, defaultScale),
		SurveyFromMinute: defaultSurveyFrom, SurveyUntilMinute: defaultSurveyUntil,
		SurveyReminderDays: w.SurveyReminderDays, SurveyThrottleDays: defaultThrottle, ReviewURL: w.ReviewURL,
		PhoneProof: w.PhoneProof, ChangeNoticeMinutes: defaultChangeNotice, CallsPerHour: orInt(w.CallsPerHour, defaultCalls),
		ReplyMinutes: w.ReplyMinutes, ReplyManagerMinutes: w.ReplyManagerMinutes,
	}
	if w.ChangeNoticeMinutes != nil {
		row.ChangeNoticeMinutes = *w.ChangeNoticeMinutes
	}
	if w.SurveyFrom != "" {
		row.SurveyFromMinute = k.clock(at+".survey_from", w.SurveyFrom)
	}
	if w.SurveyUntil != "" {
		row.SurveyUntilMinute = k.clock(at+".survey_until", w.SurveyUntil)
	}
	if w.SurveyThrottleDays != nil {
		row.SurveyThrottleDays = *w.SurveyThrottleDays
	}
	row.EstimateMargin = w.EstimateMargin
	loc := k.workshopRow(at, &row)
	out := shopRows{shop: row, hours: k.hours(at+".hours", w.Hours), closures: k.closures(at+".closures", w.Closures)}
	if len(w.Hours) == 0 {
		k.fail(at+".hours", "fault.required", nil)
	}
	keys := map[string]bool{}
	for i, s := range w.Services {
		out.services = append(out.services, k.service(fmt.Sprintf("%s.services[%d]", at, i), i, s, keys))
	}
	out.advisors = k.advisors(at+".advisors", w, loc)
	k.needs(at, w, loc, &out)
	k.skills(at, w)
	return out
}

func orInt(n, other int) int {
	if n == 0 {
		return other
	}
	return n
}

func orWord(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (k *catalogueCheck) service(at string, i int, s CatalogueService, keys map[string]bool) Service {
	k.key(at+".key", s.Key, keys)
	row := Service{
		Key: s.Key, Name: s.Name, Description: s.Description, Translations: map[string]Translation{},
		DurationMinutes: s.DurationMinutes, ReceptionMinutes: orInt(s.ReceptionMinutes, s.DurationMinutes), PriceFrom: s.PriceFrom,
		WorkMinutes: s.WorkMinutes, LabourMinutes: s.LabourMinutes, Skill: s.Skill,
		BufferBeforeMinutes: s.BufferBeforeMinutes, BufferAfterMinutes: s.BufferAfterMinutes,
		Bring: append([]string{}, s.Bring...), Transports: append([]string{}, s.Transports...),
		RecallMonths: s.RecallMonths, Position: i, Active: s.Active == nil || *s.Active,
	}
	maps.Copy(row.Translations, s.Translations)
	k.serviceRow(at, &row)
	return row
}

func (k *catalogueCheck) advisors(at string, w CatalogueWorkshop, loc *time.Location) []advisorRows {
	keys := map[string]bool{}
	var out []advisorRows
	for i, a := range w.Advisors {
		here := fmt.Sprintf("%s[%d]", at, i)
		k.key(here+".key", a.Key, keys)
		row := advisorRows{key: a.Key, standIn: a.StandIn, advisor: Advisor{
			Name: a.Name, Title: a.Title, Languages: append([]string{}, a.Languages...), PhotoURL: a.PhotoURL,
			Phone: a.Phone, Email: a.Email, Position: i, Active: a.Active == nil || *a.Active,
			MaxPerDay: a.MaxPerDay, MaxPerSlot: a.MaxPerSlot,
		}}
		k.advisorRow(here, w.Country, &row.advisor)
		row.hours = k.hours(here+".hours", a.Hours)
		for j, s := range a.Absences {
			row.absences = append(row.absences, k.absence(fmt.Sprintf("%s.absences[%d]", here, j), s, loc))
		}
		out = append(out, row)
	}
	for i, a := range w.Advisors {
		if a.StandIn != "" && (!keys[a.StandIn] || a.StandIn == a.Key) {
			k.fail(fmt.Sprintf("%s[%d].stand_in", at, i), "fault.catalogue_reference", a.StandIn)
		}
	}
	return out
}

func (k *catalogueCheck) staff(at string, s CatalogueStaff, seen map[string]bool) {
	if s.Email == "" {
		k.fail(at+".email", "fault.required", nil)
	} else if e := k.email(at+".email", s.Email); e != "" && seen[e] {
		k.fail(at+".email", "fault.catalogue_duplicate", s.Email)
	}
	seen[strings.ToLower(s.Email)] = true
	k.line(at+".name", s.Name, maxName, true)
	k.oneOf(at+".role", "fault.one_of", s.Role, []string{"admin", "manager", "advisor"})
	if s.Locale != "" {
		k.oneOf(at+".locale", "fault.locale_unknown", s.Locale, templates.Locales)
	}
	if s.Advisor != "" && s.Workshop == "" {
		k.fail(at+".workshop", "fault.required", nil)
	}
}

func (k *catalogueCheck) closures(at string, in []CatalogueClosure) []Closure {
	var out []Closure
	seen := map[string]bool{}
	for i, c := range in {
		here := fmt.Sprintf("%s[%d]", at, i)
		row := Closure{FromDate: c.From, ToDate: orWord(c.To, c.From), Reason: c.Reason}
		if k.closureRow(here, &row); seen[row.FromDate+row.ToDate] {
			k.fail(here+".from", "fault.catalogue_duplicate", c.From)
		}
		seen[row.FromDate+row.ToDate] = true
		out = append(out, row)
	}
	return out
}

func (k *catalogueCheck) absence(at string, a CatalogueAbsence, loc *time.Location) Absence {
	from, err1 := wallTime(a.From, loc, false)
	to, err2 := wallTime(orWord(a.To, a.From), loc, true)
	switch {
	case err1 != nil:
		k.fail(at+".from", "fault.moment", a.From)
	case err2 != nil:
		k.fail(at+".to", "fault.moment", a.To)
	case !from.Before(to):
		k.fail(at+".to", "fault.range_backwards", a.To)
	}
	return Absence{FromAt: db.At(from), ToAt: db.At(to), Reason: k.line(at+".reason", a.Reason, maxName, false)}
}

// wallTime reads a date or a time on the wall; a date that ends a span is
// included.
func wallTime(s string, loc *time.Location, end bool) (time.Time, error) {
	if d, err := parseDate(s); err == nil {
		if end {
			d = d.add(1)
		}
		return d.at(0, loc), nil
	}
	t, err := time.Parse(detailTime, s)
	if err != nil {
		return time.Time{}, err
	}
	return wallInstant(t.Year(), t.Month(), t.Day(), t.Hour()*60+t.Minute(), loc), nil
}

// clock reads a time of day, "07:30" or "24:00", as minutes.
func (k *catalogueCheck) clock(at, s string) int {
	minute, ok := clockMinute(s)
	if !ok {
		k.fail(at, "fault.clock", s)
	}
	return minute
}

func clockMinute(s string) (int, bool) {
	if s == "24:00" {
		return 24 * 60, true
	}
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil
}

// weekdays in the catalogue's words, Monday first.
var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// hours reads weekly hours.
func (k *catalogueCheck) hours(at string, in CatalogueHours) []Hours {
	var out []Hours
	for _, word := range slices.Sorted(maps.Keys(in)) {
		here := at + "." + word
		first, last, isSpan := strings.Cut(word, "-")
		if !isSpan {
			last = first
		}
		from, to := slices.Index(weekdays, first), slices.Index(weekdays, last)
		if from < 0 || to < from {
			k.fail(here, "fault.weekday", word)
			continue
		}
		for i, span := range in[word] {
			begin, end, ok := strings.Cut(strings.ReplaceAll(span, " ", ""), "-")
			a, ok1 := clockMinute(begin)
			b, ok2 := clockMinute(end)
			if !ok || !ok1 || !ok2 || a >= b || a%5 != 0 || b%5 != 0 {
				k.fail(fmt.Sprintf("%s[%d]", here, i), "fault.hours_span", span)
				continue
			}
			for day := from; day <= to; day++ {
				out = append(out, Hours{Weekday: time.Weekday((day + 1) % 7), FromMinute: a, ToMinute: b})
			}
		}
	}
	slices.SortFunc(out, compareHours)
	for i := 1; i < len(out); i++ {
		if out[i].Weekday == out[i-1].Weekday && out[i].FromMinute < out[i-1].ToMinute {
			k.fail(at, "fault.hours_overlap", weekdays[(int(out[i].Weekday)+6)%7])
		}
	}
	return out
}
