package booking

import (
	"context"
	"slices"
	"strconv"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

var workshopSettings = settingKind[Workshop]{
	what: "workshop",
	id:   func(w *Workshop) *int64 { return &w.ID },
	shop: func(w *Workshop) int64 { return w.ID },
	name: func(w *Workshop) string { return w.Name },
	keep: func(w *Workshop, stored Workshop) {
		w.ID, w.Key, w.CreatedAt, w.TextsVersion = stored.ID, stored.Key, stored.CreatedAt, stored.TextsVersion
	},
	check: func(_ context.Context, _ *Desk, k *catalogueCheck, w *Workshop) error {
		k.workshopRow("body", w)
		k.between("body.reminder_at", int64(w.ReminderMinute), 0, 24*60)
		k.between("body.quiet_from", int64(w.QuietFromMinute), 0, 24*60)
		k.between("body.quiet_until", int64(w.QuietUntilMinute), 0, 24*60)
		k.between("body.survey_at", int64(w.SurveyMinute), 0, 24*60)
		return nil
	},
}

// NewWorkshop is a workshop with the defaults of a catalogue, for AddWorkshop.
func NewWorkshop() Workshop {
	reminder, _ := clockMinute(defaultReminder)
	survey, _ := clockMinute(defaultSurvey)
	quiet, _ := clockMinute(defaultQuietFrom)
	loud, _ := clockMinute(defaultQuietUntil)
	return Workshop{
		SlotMinutes: defaultSlot, MinNoticeMinutes: defaultNotice, HorizonDays: defaultHorizon,
		QuietFromMinute: quiet, QuietUntilMinute: loud,
		ReminderMinute: reminder, SurveyMinute: survey, SurveyScale: defaultScale,
		SurveyFromMinute: defaultSurveyFrom, SurveyUntilMinute: defaultSurveyUntil, SurveyThrottleDays: defaultThrottle, ChangeNoticeMinutes: defaultChangeNotice, CallsPerHour: defaultCalls,
	}
}

// AddWorkshop opens a workshop; for admins only. A key is made of the name where
// none is given. It cannot be booked before it has hours, advisors and services.
func (d *Desk) AddWorkshop(ctx context.Context, by Manager, w Workshop) (*Workshop, error) {
	if !by.Admin {
		return nil, fault.New(fault.Forbidden, "fault.forbidden")
	}
	keys, err := keysOf(ctx, d.db, &Workshop{}, "1 = 1")
	if err != nil {
		return nil, err
	}
	if err := givenKey(&w.Key, w.Name, keys); err != nil {
		return nil, err
	}
	w.ID, w.CreatedAt, w.ClosedAt = 0, d.now(), db.Time{}
	return workshopSettings.add(ctx, d, by, w)
}

// ChangeWorkshop changes what edit changes. Opening a closed one again is for
// admins; its services and advisors stay out of use until each is switched on.
func (d *Desk) ChangeWorkshop(ctx context.Context, by Manager, id int64, edit func(*Workshop) error) (*Workshop, error) {
	return changeCounted(ctx, d, workshopSettings, by, id, func(ctx context.Context, w *Workshop) error {
		closed := w.ClosedAt
		if err := edit(w); err != nil {
			return err
		}
		if closed.IsZero() == w.ClosedAt.IsZero() {
			w.ClosedAt = closed
			return nil
		}
		if !by.Admin {
			return fault.New(fault.Forbidden, "fault.forbidden")
		}
		if w.ClosedAt.IsZero() {
			return nil
		}
		return d.closeWorkshop(ctx, w)
	}, func(w *Workshop) string { return strconv.Itoa(w.SlotMinutes) + " " + w.TimeZone }) // what dates and slots are counted by
}

// RemoveWorkshop takes a workshop out: for good where nobody has ever booked,
// else it closes and keeps its jobs. Conflict "fault.workshop_open_jobs" while
// jobs are open. For admins only.
func (d *Desk) RemoveWorkshop(ctx context.Context, by Manager, id int64) error {
	if !by.Admin {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	used := func(ctx context.Context, w *Workshop) (bool, error) {
		return d.anyRow(ctx, question{"jobs", "workshop_id = ?", []any{w.ID}}, question{"holds", "workshop_id = ?", []any{w.ID}},
			question{"staff", "workshop_id = ?", []any{w.ID}})
	}
	purge := func(ctx context.Context, w *Workshop) error {
		for _, model := range []any{&Hours{}, &Closure{}, &TransportLimit{}, &Pool{}, &HolidayOpening{}, &Service{}, &Advisor{}, &Resource{}} {
			if err := d.dropWhere(ctx, model, "workshop_id = ?", w.ID); err != nil {
				return err
			}
		}
		return nil
	}
	return workshopSettings.remove(ctx, d, by, id, used, purge, d.closeWorkshop)
}

// closeWorkshop puts a workshop and all that could be booked there out of use.
func (d *Desk) closeWorkshop(ctx context.Context, w *Workshop) error {
	open, err := d.anyRow(ctx, question{"jobs", "workshop_id = ? AND closed_at IS NULL", []any{w.ID}})
	if err != nil {
		return err
	}
	if open {
		return fault.New(fault.Conflict, "fault.workshop_open_jobs")
	}
	w.ClosedAt = d.now()
	for _, model := range []any{&Service{}, &Advisor{}, &Resource{}} {
		if err := d.setWhere(ctx, model, "active", false, "workshop_id = ?", w.ID); err != nil {
			return err
		}
	}
	return nil
}

var serviceSettings = settingKind[Service]{
	what: "service",
	id:   func(s *Service) *int64 { return &s.ID },
	shop: func(s *Service) int64 { return s.WorkshopID },
	name: func(s *Service) string { return s.Name },
	keep: func(s *Service, stored Service) {
		s.ID, s.WorkshopID, s.Key = stored.ID, stored.WorkshopID, stored.Key
	},
	check: func(_ context.Context, _ *Desk, k *catalogueCheck, s *Service) error {
		k.serviceRow("body", s)
		k.between("body.position", int64(s.Position), 0, maxPosition)
		return nil
	},
}

// maxPosition bounds where a row stands in its list.
const maxPosition = 100_000

// AddService takes a service on. A key is made of the name where none is given;
// without a position it stands last.
func (d *Desk) AddService(ctx context.Context, by Manager, s Service) (*Service, error) {
	if _, err := d.managedShop(ctx, by, s.WorkshopID); err != nil {
		return nil, err
	}
	keys, err := keysOf(ctx, d.db, &Service{}, "workshop_id = ?", s.WorkshopID)
	if err != nil {
		return nil, err
	}
	if err := givenKey(&s.Key, s.Name, keys); err != nil {
		return nil, err
	}
	s.ID = 0
	if s.Position == 0 {
		s.Position = len(keys) // at the end of the list
	}
	s.ReceptionMinutes = orInt(s.ReceptionMinutes, s.DurationMinutes)
	return serviceSettings.add(ctx, d, by, s)
}

// Service gives one service, also one that is no longer offered.
func (d *Desk) Service(ctx context.Context, id int64) (*Service, error) {
	return one[Service](ctx, d.db, "service", "id = ?", id)
}

// AllServices is Services with those that are no longer offered.
func (d *Desk) AllServices(ctx context.Context, workshopID int64) ([]Service, error) {
	return all[Service](ctx, d.db, "services", "position, id", "workshop_id = ?", workshopID)
}

// ChangeService changes what edit changes. Jobs keep the name and the price they
// were booked with.
func (d *Desk) ChangeService(ctx context.Context, by Manager, id int64, edit func(*Service) error) (*Service, error) {
	return serviceSettings.change(ctx, d, by, id, editing(edit))
}

// RemoveService takes a service out: for good where no job has it, else it is no
// longer offered.
func (d *Desk) RemoveService(ctx context.Context, by Manager, id int64) error {
	used := func(ctx context.Context, s *Service) (bool, error) {
		return d.anyRow(ctx, question{"job_services", "service_id = ?", []any{s.ID}})
	}
	purge := func(context.Context, *Service) error { return nil }
	return serviceSettings.remove(ctx, d, by, id, used, purge, func(_ context.Context, s *Service) error {
		s.Active = false
		return nil
	})
}

var closureSettings = settingKind[Closure]{
	what: "closure",
	id:   func(c *Closure) *int64 { return &c.ID },
	shop: func(c *Closure) int64 { return c.WorkshopID },
	name: func(c *Closure) string { return c.FromDate },
	keep: func(c *Closure, stored Closure) { c.ID, c.WorkshopID = stored.ID, stored.WorkshopID },
	check: func(_ context.Context, _ *Desk, k *catalogueCheck, c *Closure) error {
		k.closureRow("body", c)
		return nil
	},
}

// Closures gives the closures of a workshop that end on a date (YYYY-MM-DD) or
// later, in order.
func (d *Desk) Closures(ctx context.Context, workshopID int64, from string) ([]Closure, error) {
	return all[Closure](ctx, d.db, "closures", "from_date, to_date, id", "workshop_id = ? AND to_date >= ?", workshopID, from)
}

// Closure gives one closure; NotFound where there is none.
func (d *Desk) Closure(ctx context.Context, id int64) (*Closure, error) {
	return one[Closure](ctx, d.db, "closure", "id = ?", id)
}

// AddClosure closes a workshop on a span of dates, both included.
func (d *Desk) AddClosure(ctx context.Context, by Manager, c Closure) (*Closure, error) {
	if _, err := d.managedShop(ctx, by, c.WorkshopID); err != nil {
		return nil, err
	}
	c.ID = 0
	return closureSettings.add(ctx, d, by, c)
}

// ChangeClosure changes what edit changes.
func (d *Desk) ChangeClosure(ctx context.Context, by Manager, id int64, edit func(*Closure) error) (*Closure, error) {
	return closureSettings.change(ctx, d, by, id, editing(edit))
}

// RemoveClosure opens a workshop on those dates again.
func (d *Desk) RemoveClosure(ctx context.Context, by Manager, id int64) error {
	return closureSettings.remove(ctx, d, by, id, func(context.Context, *Closure) (bool, error) { return false, nil },
		func(context.Context, *Closure) error { return nil }, nil)
}

// givenKey checks a key, or makes one of the name where none is given.
func givenKey(key *string, name string, taken []string) error {
	switch {
	case *key == "":
		*key = newKey(name, taken)
	case !keyPattern.MatchString(*key):
		return fault.BadField("body.key", "fault.catalogue_key", *key)
	case slices.Contains(taken, *key):
		return fault.BadField("body.key", "fault.key_taken", *key)
	}
	return nil
}
