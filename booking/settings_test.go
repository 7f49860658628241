package booking_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// boss may change every workshop, at(shop) only one.
var boss = booking.Manager{Actor: booking.Actor{Kind: "staff", StaffID: 7, Name: "Bea Boss"}, Admin: true}

func managerOf(shop int64) booking.Manager {
	return booking.Manager{Actor: booking.Actor{Kind: "staff", StaffID: 8}, WorkshopID: shop}
}

// wrongField gives the place and the key of an Invalid fault's first field.
func wrongField(err error) string {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Kind != fault.Invalid || len(e.Fields) == 0 {
		return ""
	}
	return e.Fields[0].Location + " " + e.Fields[0].Key
}

func TestAServiceIsAddedChangedAndTakenOut(t *testing.T) {
	each(t, func(w *world) {
		by := managerOf(w.shop.ID)
		wash, err := w.desk.AddService(w.Context(), by, booking.Service{WorkshopID: w.shop.ID, Name: " Pesu & vahaus ", DurationMinutes: 30, PriceFrom: 2500, Active: true})
		w.ok(err)
		if wash.Key != "pesu-vahaus" || wash.Name != "Pesu & vahaus" || wash.ReceptionMinutes != 30 {
			w.Errorf("%+v", wash)
		}
		again, err := w.desk.AddService(w.Context(), by, booking.Service{WorkshopID: w.shop.ID, Name: "Pesu ja Vahaus", Key: "pesu-vahaus-2", DurationMinutes: 30, Active: true})
		w.ok(err)
		if _, err := w.desk.AddService(w.Context(), by, booking.Service{WorkshopID: w.shop.ID, Name: "X", Key: again.Key, DurationMinutes: 30}); wrongField(err) != "body.key fault.key_taken" {
			w.Errorf("the same key again: %v", err)
		}
		changed, err := w.desk.ChangeService(w.Context(), by, wash.ID, func(s *booking.Service) error {
			s.PriceFrom, s.Key, s.WorkshopID = 3500, "other", 99
			s.Translations["sv"] = booking.Translation{Name: "Tvätt"}
			return nil
		})
		w.ok(err)
		if changed.PriceFrom != 3500 || changed.Key != wash.Key || changed.WorkshopID != w.shop.ID || changed.In("sv").Name != "Tvätt" {
			w.Errorf("%+v", changed)
		}
		log, err := w.desk.SettingsLog(w.Context(), w.shop.ID, 10)
		w.ok(err)
		if len(log) != 3 || log[0].StaffID != 8 || log[0].What != "service" || log[0].WhatID != wash.ID || !log[0].At.Equal(monday) ||
			log[0].Before != `{"price_from":2500,"translations":{}}` || log[0].After != `{"price_from":3500,"translations":{"sv":{"name":"Tvätt"}}}` ||
			log[2].Before != "" || !strings.Contains(log[2].After, `"duration_minutes":30`) {
			w.Errorf("%+v", log)
		}
		w.ok(second(w.desk.ChangeService(w.Context(), by, wash.ID, func(*booking.Service) error { return nil })))
		w.ok(w.desk.RemoveService(w.Context(), by, again.ID))
		if _, err := w.desk.Service(w.Context(), again.ID); !fault.Is(err, fault.NotFound) {
			w.Errorf("nobody has booked it, yet it stays: %v", err)
		}
		r := w.request("2026-11-25 09:00")
		r.ServiceIDs, r.Transport = []int64{w.annual.ID}, w.annual.Transports[0]
		w.ok(second(w.desk.Book(w.Context(), r)))
		w.ok(w.desk.RemoveService(w.Context(), by, w.annual.ID))
		kept, err := w.desk.Service(w.Context(), w.annual.ID)
		w.ok(err)
		if kept.Active {
			w.Error("it is still offered")
		}
		if n := w.count("SELECT COUNT(*) FROM settings_log"); n != 5 {
			w.Errorf("%d lines in the log", n)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestAManagerHasASayInOneWorkshopOnly(t *testing.T) {
	each(t, func(w *world) {
		stranger := managerOf(w.shop.ID + 1)
		for name, err := range map[string]error{
			"change the workshop": second(w.desk.ChangeWorkshop(w.Context(), stranger, w.shop.ID, func(s *booking.Workshop) error { s.Name = "Mine"; return nil })),
			"add a service":       second(w.desk.AddService(w.Context(), stranger, booking.Service{WorkshopID: w.shop.ID, Name: "X", DurationMinutes: 30})),
			"change a service":    second(w.desk.ChangeService(w.Context(), stranger, w.tyres.ID, func(s *booking.Service) error { s.Name = "X"; return nil })),
			"remove a service":    w.desk.RemoveService(w.Context(), stranger, w.tyres.ID),
			"add an advisor":      second(w.desk.AddAdvisor(w.Context(), stranger, "", booking.Advisor{WorkshopID: w.shop.ID, Name: "X"})),
			"change an advisor":   second(w.desk.ChangeAdvisor(w.Context(), stranger, w.anna.ID, func(a *booking.Advisor) error { a.Name = "X"; return nil })),
			"remove an advisor":   w.desk.RemoveAdvisor(w.Context(), stranger, w.anna.ID),
			"set hours":           second(w.desk.SetHours(w.Context(), stranger, booking.WeeklyHours{WorkshopID: w.shop.ID, Week: booking.CatalogueHours{"mon": {"08:00-09:00"}}})),
			"add a closure":       second(w.desk.AddClosure(w.Context(), stranger, booking.Closure{WorkshopID: w.shop.ID, FromDate: "2026-12-06"})),
			"remove nothing":      w.desk.RemoveClosure(w.Context(), stranger, 1_000_000),
		} {
			if !fault.Is(err, fault.NotFound) {
				w.Errorf("%s: %v", name, err)
			}
		}
		for name, err := range map[string]error{
			"open a workshop":  second(w.desk.AddWorkshop(w.Context(), managerOf(0), booking.NewWorkshop())),
			"close a workshop": w.desk.RemoveWorkshop(w.Context(), managerOf(w.shop.ID), w.shop.ID),
		} {
			if !fault.Is(err, fault.Forbidden) {
				w.Errorf("%s: %v", name, err)
			}
		}
		if n := w.count("SELECT COUNT(*) FROM settings_log"); n != 0 {
			w.Errorf("%d lines in the log", n)
		}
	})
}

func TestAnAdvisorComesAndGoesWithTheResource(t *testing.T) {
	each(t, func(w *world) {
		by := managerOf(w.shop.ID)
		cecilia, err := w.desk.AddAdvisor(w.Context(), by, "", booking.Advisor{WorkshopID: w.shop.ID, Name: "Cecilia Öst", Languages: []string{"sv"}, StandInID: w.anna.ID, Active: true})
		w.ok(err)
		if got := w.starts("2026-11-25", cecilia.ID); len(got) == 0 || got[0] != "07:30" {
			w.Errorf("the workshop's hours count for the new advisor: %v", got)
		}
		w.ok(second(w.desk.SetHours(w.Context(), by, booking.WeeklyHours{WorkshopID: w.shop.ID, ResourceID: cecilia.ID, Week: booking.CatalogueHours{"wed": {"10:00-11:00"}}})))
		if got := w.starts("2026-11-25", cecilia.ID); len(got) == 0 || got[0] != "10:00" {
			w.Errorf("hours of her own: %v", got)
		}
		w.ok(second(w.desk.ChangeAdvisor(w.Context(), by, w.bjorn.ID, func(a *booking.Advisor) error { a.StandInID = cecilia.ID; return nil })))
		for name, c := range map[string]struct {
			edit func(*booking.Advisor)
			want string
		}{
			"her own stand-in":     {func(a *booking.Advisor) { a.StandInID = a.ID }, "body.stand_in_id fault.stand_in"},
			"a stand-in of nobody": {func(a *booking.Advisor) { a.StandInID = 1_000_000 }, "body.stand_in_id fault.stand_in"},
			"no name":              {func(a *booking.Advisor) { a.Name = " " }, "body.name fault.required"},
			"a phone that is none": {func(a *booking.Advisor) { a.Phone = "12" }, "body.phone fault.phone_invalid"},
		} {
			_, err := w.desk.ChangeAdvisor(w.Context(), by, cecilia.ID, func(a *booking.Advisor) error { c.edit(a); return nil })
			if wrongField(err) != c.want {
				w.Errorf("%s: %v", name, err)
			}
		}
		w.ok(w.desk.RemoveAdvisor(w.Context(), by, cecilia.ID))
		left := w.count("SELECT COUNT(*) FROM resources WHERE id = ?", cecilia.ID) + w.count("SELECT COUNT(*) FROM hours WHERE resource_id = ?", cecilia.ID) +
			w.count("SELECT COUNT(*) FROM advisors WHERE stand_in_id = ? OR id = ?", cecilia.ID, cecilia.ID)
		if left != 0 {
			w.Errorf("%d rows of hers are left", left)
		}
		r := w.request("2026-11-25 09:00")
		r.AdvisorID = w.anna.ID
		w.ok(second(w.desk.Book(w.Context(), r)))
		w.ok(w.desk.RemoveAdvisor(w.Context(), by, w.anna.ID))
		if n := w.count("SELECT COUNT(*) FROM resources r JOIN advisors a ON a.id = r.id WHERE a.id = ? AND NOT a.active AND NOT r.active", w.anna.ID); n != 1 {
			w.Error("who has bookings stays, but receives no more")
		}
	})
}

func TestHoursAreSetForAWholeWeek(t *testing.T) {
	each(t, func(w *world) {
		by := managerOf(w.shop.ID)
		set := func(resource int64, week booking.CatalogueHours) error {
			return second(w.desk.SetHours(w.Context(), by, booking.WeeklyHours{WorkshopID: w.shop.ID, ResourceID: resource, Week: week}))
		}
		w.ok(set(0, booking.CatalogueHours{"mon-wed": {"09:00-12:00", "13:00-24:00"}}))
		list, err := w.desk.WeeklyHours(w.Context(), w.shop.ID)
		w.ok(err)
		if list[0].ResourceID != 0 || len(list[0].Week) != 3 || !slices.Equal(list[0].Week["tue"], []string{"09:00-12:00", "13:00-24:00"}) {
			w.Errorf("%+v", list)
		}
		w.ok(set(0, booking.CatalogueHours{"mon-wed": {"09:00-12:00", "13:00-24:00"}}))
		if n := w.count("SELECT COUNT(*) FROM settings_log"); n != 1 {
			w.Errorf("the same hours again make %d lines in the log", n)
		}
		w.ok(set(w.anna.ID, nil))
		if got := w.starts("2026-11-25", w.anna.ID); len(got) == 0 || got[0] != "09:00" {
			w.Errorf("without hours of her own the workshop's count: %v", got)
		}
		for name, c := range map[string]struct {
			resource int64
			week     booking.CatalogueHours
			want     string
		}{
			"a workshop that never opens": {0, nil, "body.week fault.hours_none"},
			"no such day":                 {0, booking.CatalogueHours{"man": {"08:00-09:00"}}, "body.week.man fault.weekday"},
			"an end before the beginning": {0, booking.CatalogueHours{"mon": {"09:00-08:00"}}, "body.week.mon[0] fault.hours_span"},
			"spans that overlap":          {0, booking.CatalogueHours{"mon": {"08:00-10:00", "09:00-12:00"}}, "body.week fault.hours_overlap"},
			"nobody's hours":              {1_000_000, booking.CatalogueHours{"mon": {"08:00-10:00"}}, "body.resource_id fault.unknown_id"},
		} {
			if err := set(c.resource, c.week); wrongField(err) != c.want {
				w.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestClosuresAndResourcesAreKept(t *testing.T) {
	each(t, func(w *world) {
		by := managerOf(w.shop.ID)
		one, err := w.desk.AddClosure(w.Context(), by, booking.Closure{WorkshopID: w.shop.ID, FromDate: "2026-11-25", Reason: "Inventaario"})
		w.ok(err)
		if one.ToDate != "2026-11-25" || len(w.starts("2026-11-25", w.bjorn.ID)) != 0 {
			w.Errorf("%+v", one)
		}
		if _, err := w.desk.AddClosure(w.Context(), by, booking.Closure{WorkshopID: w.shop.ID, FromDate: "2026-11-25"}); wrongField(err) != "body.from fault.closure_exists" {
			w.Errorf("the same dates again: %v", err)
		}
		_, err = w.desk.ChangeClosure(w.Context(), by, one.ID, func(c *booking.Closure) error { c.ToDate = "2026-11-24"; return nil })
		if wrongField(err) != "body.to fault.range_backwards" {
			w.Errorf("backwards: %v", err)
		}
		w.ok(w.desk.RemoveClosure(w.Context(), by, one.ID))
		if len(w.starts("2026-11-25", w.bjorn.ID)) == 0 {
			w.Error("the day stays closed")
		}
		bay, err := w.desk.AddResource(w.Context(), by, booking.Resource{WorkshopID: w.shop.ID, Kind: booking.KindBay, Name: "Nosturi 1", Active: true})
		w.ok(err)
		if _, err := w.desk.AddResource(w.Context(), by, booking.Resource{WorkshopID: w.shop.ID, Kind: booking.KindAdvisor, Name: "X"}); wrongField(err) != "body.kind fault.one_of" {
			w.Errorf("an advisor without a person: %v", err)
		}
		if err := w.desk.RemoveResource(w.Context(), by, w.anna.ID); !fault.Is(err, fault.NotFound) {
			w.Errorf("an advisor's resource is no bay: %v", err)
		}
		w.ok(w.desk.RemoveResource(w.Context(), by, bay.ID))
		list, err := w.desk.Resources(w.Context(), w.shop.ID)
		w.ok(err)
		if slices.ContainsFunc(list, func(r booking.Resource) bool { return r.ID == bay.ID }) {
			w.Errorf("%+v", list)
		}
	})
}

func TestAWorkshopOpensAndCloses(t *testing.T) {
	each(t, func(w *world) {
		fresh := booking.NewWorkshop()
		fresh.Name, fresh.TimeZone, fresh.Locale, fresh.Country, fresh.Currency = "Pyöräpaja", "Europe/Helsinki", "fi", "FI", "EUR"
		shop, err := w.desk.AddWorkshop(w.Context(), boss, fresh)
		w.ok(err)
		if shop.Key != "pyorapaja" || shop.SlotMinutes != 15 {
			w.Errorf("%+v", shop)
		}
		w.ok(second(w.desk.AddAdvisor(w.Context(), boss, "", booking.Advisor{WorkshopID: shop.ID, Name: "Pia", Active: true})))
		w.ok(w.desk.RemoveWorkshop(w.Context(), boss, shop.ID))
		if _, err := w.desk.Workshop(w.Context(), shop.ID); !fault.Is(err, fault.NotFound) {
			w.Errorf("nobody has booked there, yet it stays: %v", err)
		}
		fresh.TimeZone, fresh.Name = "Mars/Olympus", ""
		if _, err := w.desk.AddWorkshop(w.Context(), boss, fresh); wrongField(err) != "body.name fault.required" {
			w.Errorf("a workshop without a name: %v", err)
		}
		job := w.book("2026-11-25 09:00")
		if err := w.desk.RemoveWorkshop(w.Context(), boss, w.shop.ID); !fault.Is(err, fault.Conflict) {
			w.Errorf("a customer is coming: %v", err)
		}
		w.ok(w.desk.Cancel(w.Context(), job.ID, booking.System))
		w.ok(w.desk.RemoveWorkshop(w.Context(), boss, w.shop.ID))
		closed, err := w.desk.Workshop(w.Context(), w.shop.ID)
		w.ok(err)
		shops, err := w.desk.Workshops(w.Context())
		w.ok(err)
		services, err := w.desk.Services(w.Context(), w.shop.ID)
		w.ok(err)
		if closed.ClosedAt.IsZero() || len(shops) != 0 || len(services) != 0 {
			w.Errorf("closed at %v, offered: %v %v", closed.ClosedAt, shops, services)
		}
	})
}

func TestTwoManagersWhoChangeDifferentThingsBothGetTheirWay(t *testing.T) {
	each(t, func(w *world) {
		var all sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			all.Go(func() {
				_, errs[i] = w.desk.ChangeService(w.Context(), boss, w.tyres.ID, func(s *booking.Service) error {
					if i%2 == 0 {
						s.PriceFrom++
					} else {
						s.RecallMonths++
					}
					return nil
				})
			})
		}
		all.Wait()
		w.ok(errors.Join(errs...))
		got, err := w.desk.Service(w.Context(), w.tyres.ID)
		w.ok(err)
		if got.PriceFrom != w.tyres.PriceFrom+4 || got.RecallMonths != w.tyres.RecallMonths+4 {
			w.Errorf("%d, %d after %d, %d", got.PriceFrom, got.RecallMonths, w.tyres.PriceFrom, w.tyres.RecallMonths)
		}
	})
}
