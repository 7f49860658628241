package booking

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"neuvo/internal/fault"
)

// CatalogueResource is a bay or a loaner in a catalogue; without hours of its
// own the workshop's count.
type CatalogueResource struct {
	Key      string             `yaml:"key"`
	Name     string             `yaml:"name"`
	Hours    CatalogueHours     `yaml:"hours"`
	Absences []CatalogueAbsence `yaml:"absences"` // in repair, on loan elsewhere
	Active   *bool              `yaml:"active"`   // true
}

// CataloguePool is the labour that a workshop has of one skill: "mon-fri" to
// minutes, and other minutes on single dates.
type CataloguePool struct {
	Skill   string              `yaml:"skill"`
	Name    string              `yaml:"name"`
	Minutes map[string]int      `yaml:"minutes"`
	Dates   []CataloguePoolDate `yaml:"dates"`
}

// CataloguePoolDate is another capacity of a pool on one date.
type CataloguePoolDate struct {
	Date    string `yaml:"date"`
	Minutes int    `yaml:"minutes"`
}

// CatalogueTransport is how many visits a day may come in one way, and how many
// of them are kept for booking on the web.
type CatalogueTransport struct {
	Transport   string `yaml:"transport"`
	PerDay      int    `yaml:"per_day"`
	OnlineShare int    `yaml:"online_share"`
}

// resourceRows is a bay or a loaner of a catalogue.
type resourceRows struct {
	resource Resource
	hours    []Hours
	absences []Absence
}

// poolRows is a pool of a catalogue.
type poolRows struct {
	pool  Pool
	dates []PoolDate
}

// maxPoolMinutes is the most labour of one skill a day, in minutes: a thousand
// people around the clock.
const maxPoolMinutes = 1000 * 24 * 60

// needs checks what a workshop's services need besides advisors.
func (k *catalogueCheck) needs(at string, w CatalogueWorkshop, loc *time.Location, out *shopRows) {
	keys := map[string]bool{}
	for _, a := range w.Advisors {
		keys[a.Key] = true // advisors are resources, too
	}
	for _, kind := range []struct {
		word string
		kind ResourceKind
		rows []CatalogueResource
	}{{"bays", KindBay, w.Bays}, {"loaners", KindLoaner, w.Loaners}} {
		for i, r := range kind.rows {
			out.resources = append(out.resources, k.resource(fmt.Sprintf("%s.%s[%d]", at, kind.word, i), kind.kind, r, keys, loc))
		}
	}
	skills := map[string]bool{}
	for i, p := range w.Pools {
		out.pools = append(out.pools, k.pool(fmt.Sprintf("%s.pools[%d]", at, i), p, skills))
	}
	ways := map[string]bool{}
	for i, t := range w.Transports {
		here := fmt.Sprintf("%s.transports[%d]", at, i)
		k.oneOf(here+".transport", "fault.one_of", t.Transport, Transports)
		if ways[t.Transport] {
			k.fail(here+".transport", "fault.catalogue_duplicate", t.Transport)
		}
		ways[t.Transport] = true
		k.between(here+".per_day", int64(t.PerDay), 0, 10_000)
		k.between(here+".online_share", int64(t.OnlineShare), 0, int64(max(0, t.PerDay)))
		out.limits = append(out.limits, TransportLimit{Transport: t.Transport, PerDay: t.PerDay, OnlineShare: t.OnlineShare})
	}
}

func (k *catalogueCheck) resource(at string, kind ResourceKind, r CatalogueResource, keys map[string]bool, loc *time.Location) resourceRows {
	k.key(at+".key", r.Key, keys)
	out := resourceRows{resource: Resource{
		Key: r.Key, Kind: kind, Name: k.line(at+".name", r.Name, maxName, true), Active: r.Active == nil || *r.Active,
	}, hours: k.hours(at+".hours", r.Hours)}
	for i, a := range r.Absences {
		out.absences = append(out.absences, k.absence(fmt.Sprintf("%s.absences[%d]", at, i), a, loc))
	}
	return out
}

func (k *catalogueCheck) pool(at string, p CataloguePool, seen map[string]bool) poolRows {
	k.key(at+".skill", p.Skill, seen)
	out := poolRows{pool: Pool{Skill: p.Skill, Name: k.line(at+".name", p.Name, maxName, false), Capacity: make([]int, 7)}}
	if len(p.Minutes) == 0 {
		k.fail(at+".minutes", "fault.required", nil)
	}
	for _, word := range slices.Sorted(maps.Keys(p.Minutes)) {
		from, to, ok := weekdaySpan(word)
		if !ok {
			k.fail(at+".minutes."+word, "fault.weekday", word)
			continue
		}
		k.between(at+".minutes."+word, int64(p.Minutes[word]), 0, maxPoolMinutes)
		for day := from; day <= to; day++ {
			out.pool.Capacity[(day+1)%7] = p.Minutes[word]
		}
	}
	days := map[string]bool{}
	for i, d := range p.Dates {
		here := fmt.Sprintf("%s.dates[%d]", at, i)
		if _, err := parseDate(d.Date); err != nil {
			k.fail(here+".date", "fault.date", d.Date)
		} else if days[d.Date] {
			k.fail(here+".date", "fault.catalogue_duplicate", d.Date)
		}
		days[d.Date] = true
		k.between(here+".minutes", int64(d.Minutes), 0, maxPoolMinutes)
		out.dates = append(out.dates, PoolDate{Day: d.Date, Capacity: d.Minutes})
	}
	return out
}

// weekdaySpan reads "mon" or "mon-fri", Monday 0.
func weekdaySpan(word string) (from, to int, ok bool) {
	first, last, isSpan := strings.Cut(word, "-")
	if !isSpan {
		last = first
	}
	from, to = slices.Index(weekdays, first), slices.Index(weekdays, last)
	return from, to, from >= 0 && to >= from
}

// serviceNeeds checks what a service takes besides its advisor's minutes.
func (k *catalogueCheck) serviceNeeds(at string, s *Service) {
	k.minutes(at+".work_minutes", s.WorkMinutes, 0, 60*24)
	k.between(at+".labour_minutes", int64(s.LabourMinutes), 0, 60*24*14)
	k.minutes(at+".buffer_before_minutes", s.BufferBeforeMinutes, 0, maxBuffer)
	k.minutes(at+".buffer_after_minutes", s.BufferAfterMinutes, 0, maxBuffer)
	switch {
	case s.LabourMinutes > 0 && s.Skill == "":
		k.fail(at+".skill", "fault.required", nil)
	case s.Skill != "" && !keyPattern.MatchString(s.Skill):
		k.fail(at+".skill", "fault.catalogue_key", s.Skill)
	}
}

// advisorCaps checks how many visits an advisor takes.
func (k *catalogueCheck) advisorCaps(at string, a *Advisor) {
	k.between(at+".max_per_day", int64(a.MaxPerDay), 0, 500)
	k.between(at+".max_per_slot", int64(a.MaxPerSlot), 0, 100)
}

// skills checks that what a service asks for is somewhere to be had: a word that
// no pool has is most likely a slip.
func (k *catalogueCheck) skills(at string, w CatalogueWorkshop) {
	if len(w.Pools) == 0 {
		return
	}
	for i, s := range w.Services {
		if s.Skill != "" && !slices.ContainsFunc(w.Pools, func(p CataloguePool) bool { return p.Skill == s.Skill }) {
			k.bad = append(k.bad, fault.Field{Location: fmt.Sprintf("%s.services[%d].skill", at, i), Key: "fault.catalogue_reference", Value: s.Skill})
		}
	}
}
