package booking

import (
	"context"
	"maps"
	"slices"
	"time"

	"neuvo/internal/fault"
)

var advisorSettings = settingKind[Advisor]{
	what: "advisor",
	id:   func(a *Advisor) *int64 { return &a.ID },
	shop: func(a *Advisor) int64 { return a.WorkshopID },
	name: func(a *Advisor) string { return a.Name },
	keep: func(a *Advisor, stored Advisor) { a.ID, a.WorkshopID = stored.ID, stored.WorkshopID },
	check: func(ctx context.Context, d *Desk, k *catalogueCheck, a *Advisor) error {
		shop, err := d.Workshop(ctx, a.WorkshopID)
		if err != nil {
			return err
		}
		k.advisorRow("body", shop.Country, a)
		k.between("body.position", int64(a.Position), 0, maxPosition)
		if a.StandInID == 0 {
			return nil
		}
		other, err := d.Advisor(ctx, a.StandInID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err != nil || other.WorkshopID != a.WorkshopID || other.ID == a.ID {
			k.fail("body.stand_in_id", "fault.stand_in", a.StandInID)
		}
		return nil
	},
	// The resource that bookings take is called and switched like the person.
	stored: func(ctx context.Context, d *Desk, a *Advisor) error {
		if err := d.setWhere(ctx, &Resource{}, "name", a.Name, "id = ? AND name <> ?", a.ID, a.Name); err != nil {
			return err
		}
		return d.setWhere(ctx, &Resource{}, "active", a.Active, "id = ? AND active <> ?", a.ID, a.Active)
	},
}

// AllAdvisors is Advisors with those who no longer receive customers.
func (d *Desk) AllAdvisors(ctx context.Context, workshopID int64) ([]Advisor, error) {
	return all[Advisor](ctx, d.db, "advisors", "position, id", "workshop_id = ?", workshopID)
}

// AddAdvisor takes on who receives customers, together with the resource that
// bookings take. A key is made of the name where none is given. Without hours of
// his or her own the workshop's count.
func (d *Desk) AddAdvisor(ctx context.Context, by Manager, key string, a Advisor) (*Advisor, error) {
	if _, err := d.managedShop(ctx, by, a.WorkshopID); err != nil {
		return nil, err
	}
	var out *Advisor
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		resource := Resource{WorkshopID: a.WorkshopID, Key: key, Kind: KindAdvisor, Name: a.Name, Active: a.Active}
		if err := d.resourceKey(ctx, &resource); err != nil {
			return err
		}
		// Checked before the resource is there, so that a wrong name is told once.
		row := a
		row.ID = 0
		if row.Position == 0 {
			others, err := d.AllAdvisors(ctx, a.WorkshopID)
			if err != nil {
				return err
			}
			row.Position = len(others) // at the end of the list
		}
		if err := advisorSettings.valid(ctx, d, by, &row); err != nil {
			return err
		}
		resource.Name = row.Name
		if err := insertSetting(ctx, d.db, "advisor", &resource); err != nil {
			return err
		}
		row.ID = resource.ID
		var err error
		out, err = advisorSettings.add(ctx, d, by, row)
		return err
	})
	return out, err
}

// ChangeAdvisor changes what edit changes, and the resource with it. Who no
// longer receives keeps the bookings there are: hand them over first.
func (d *Desk) ChangeAdvisor(ctx context.Context, by Manager, id int64, edit func(*Advisor) error) (*Advisor, error) {
	return changeCounted(ctx, d, advisorSettings, by, id, editing(edit), func(a *Advisor) [2]bool { return [2]bool{a.MaxPerDay > 0, a.MaxPerSlot > 0} })
}

// RemoveAdvisor takes an advisor out: for good where nothing refers to the
// person, else he or she receives no longer.
func (d *Desk) RemoveAdvisor(ctx context.Context, by Manager, id int64) error {
	used := func(ctx context.Context, a *Advisor) (bool, error) {
		return d.anyRow(ctx, question{"jobs", "booked_with = ? OR received_by = ?", []any{a.ID, a.ID}},
			question{"claims", "resource_id = ?", []any{a.ID}}, question{"holds", "advisor_id = ?", []any{a.ID}},
			question{"promises", "owner_id = ?", []any{a.ID}}, question{"staff", "advisor_id = ?", []any{a.ID}})
	}
	purge := func(ctx context.Context, a *Advisor) error {
		if err := d.setWhere(ctx, &Advisor{}, "stand_in_id", 0, "stand_in_id = ?", a.ID); err != nil {
			return err
		}
		if err := d.dropOwned(ctx, a.ID); err != nil {
			return err
		}
		if err := d.dropWhere(ctx, &Advisor{}, "id = ?", a.ID); err != nil {
			return err
		}
		return d.dropWhere(ctx, &Resource{}, "id = ?", a.ID)
	}
	return advisorSettings.remove(ctx, d, by, id, used, purge, func(_ context.Context, a *Advisor) error {
		a.Active = false
		return nil
	})
}

// dropOwned removes what only a resource has: its hours and absences.
func (d *Desk) dropOwned(ctx context.Context, resourceID int64) error {
	if err := d.dropWhere(ctx, &Hours{}, "resource_id = ?", resourceID); err != nil {
		return err
	}
	return d.dropWhere(ctx, &Absence{}, "resource_id = ?", resourceID)
}

var resourceSettings = settingKind[Resource]{
	what: "resource",
	id:   func(r *Resource) *int64 { return &r.ID },
	shop: func(r *Resource) int64 { return r.WorkshopID },
	name: func(r *Resource) string { return r.Name },
	keep: func(r *Resource, stored Resource) {
		r.ID, r.WorkshopID, r.Key, r.Kind = stored.ID, stored.WorkshopID, stored.Key, stored.Kind
	},
	check: func(_ context.Context, _ *Desk, k *catalogueCheck, r *Resource) error {
		r.Name = k.line("body.name", r.Name, maxName, true)
		k.oneOf("body.kind", "fault.one_of", string(r.Kind), settableKinds)
		return nil
	},
}

// settableKinds are the kinds of resources that are set by themselves; an
// advisor's comes and goes with the person.
var settableKinds = []string{string(KindBay), string(KindLoaner)}

// Resources gives a workshop's bays and loaners, also those out of use.
func (d *Desk) Resources(ctx context.Context, workshopID int64) ([]Resource, error) {
	return all[Resource](ctx, d.db, "resources", "kind, name, id", "workshop_id = ? AND kind <> ?", workshopID, KindAdvisor)
}

// Resource gives one bay or loaner; NotFound where there is none.
func (d *Desk) Resource(ctx context.Context, id int64) (*Resource, error) {
	return one[Resource](ctx, d.db, "resource", "id = ? AND kind <> ?", id, KindAdvisor)
}

// AddResource takes a bay or a loaner on. A key is made of the name where none
// is given.
func (d *Desk) AddResource(ctx context.Context, by Manager, r Resource) (*Resource, error) {
	if _, err := d.managedShop(ctx, by, r.WorkshopID); err != nil {
		return nil, err
	}
	if err := d.resourceKey(ctx, &r); err != nil {
		return nil, err
	}
	r.ID = 0
	return resourceSettings.add(ctx, d, by, r)
}

// resourceKey checks the key of a new resource or makes one.
func (d *Desk) resourceKey(ctx context.Context, r *Resource) error {
	keys, err := keysOf(ctx, d.db, &Resource{}, "workshop_id = ? AND kind = ?", r.WorkshopID, r.Kind)
	if err != nil {
		return err
	}
	return givenKey(&r.Key, r.Name, keys)
}

// ChangeResource changes what edit changes.
func (d *Desk) ChangeResource(ctx context.Context, by Manager, id int64, edit func(*Resource) error) (*Resource, error) {
	return resourceSettings.change(ctx, d, by, id, func(_ context.Context, r *Resource) error {
		if r.Kind == KindAdvisor {
			return notFound()
		}
		return edit(r)
	})
}

// RemoveResource takes a bay or a loaner out: for good where no booking has it,
// else it is out of use.
func (d *Desk) RemoveResource(ctx context.Context, by Manager, id int64) error {
	used := func(ctx context.Context, r *Resource) (bool, error) {
		if r.Kind == KindAdvisor {
			return false, notFound()
		}
		return d.anyRow(ctx, question{"claims", "resource_id = ?", []any{r.ID}})
	}
	purge := func(ctx context.Context, r *Resource) error { return d.dropOwned(ctx, r.ID) }
	return resourceSettings.remove(ctx, d, by, id, used, purge, func(_ context.Context, r *Resource) error {
		r.Active = false
		return nil
	})
}

// WeeklyHours are the hours of a workshop (ResourceID 0) or of a resource. A
// resource without any has the workshop's.
type WeeklyHours struct {
	WorkshopID int64
	ResourceID int64
	Week       CatalogueHours // a day ("mon" … "sun") to its spans, only days that have any
}

// WeeklyHours gives the hours of a workshop and, after it, of its resources that
// have their own.
func (d *Desk) WeeklyHours(ctx context.Context, workshopID int64) ([]WeeklyHours, error) {
	rows, err := all[Hours](ctx, d.db, "hours", "resource_id", "workshop_id = ?", workshopID)
	if err != nil {
		return nil, err
	}
	out := []WeeklyHours{{WorkshopID: workshopID, Week: CatalogueHours{}}}
	slices.SortStableFunc(rows, func(a, b Hours) int {
		if a.ResourceID != b.ResourceID {
			return int(a.ResourceID - b.ResourceID)
		}
		return compareHours(a, b)
	})
	for _, h := range rows {
		last := &out[len(out)-1]
		if last.ResourceID != h.ResourceID {
			out = append(out, WeeklyHours{WorkshopID: workshopID, ResourceID: h.ResourceID, Week: CatalogueHours{}})
			last = &out[len(out)-1]
		}
		day := weekdays[(int(h.Weekday)+6)%7]
		last.Week[day] = append(last.Week[day], clockWord(h.FromMinute)+"-"+clockWord(h.ToMinute))
	}
	return out, nil
}

// clockWord is clockMinute the other way: 450 is "07:30", the day's end "24:00".
func clockWord(minute int) string {
	if minute == 24*60 {
		return "24:00"
	}
	return time.Date(2000, 1, 1, 0, minute, 0, 0, time.UTC).Format("15:04")
}

// SetHours replaces the weekly hours of a workshop or of a resource. Days may be
// given as "mon" or "mon-fri". A resource with none has the workshop's, and a
// workshop must have some.
func (d *Desk) SetHours(ctx context.Context, by Manager, want WeeklyHours) (*WeeklyHours, error) {
	var k catalogueCheck
	rows := k.hours("body.week", want.Week)
	if len(rows) == 0 && len(k.bad) == 0 && want.ResourceID == 0 {
		k.fail("body.week", "fault.hours_none", nil)
	}
	if err := invalid(k.bad); err != nil {
		return nil, err
	}
	var out *WeeklyHours
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		name, err := d.hoursOwner(ctx, by, want)
		if err != nil {
			return err
		}
		before, err := d.hoursOf(ctx, want)
		if err != nil {
			return err
		}
		if err := d.dropWhere(ctx, &Hours{}, "workshop_id = ? AND resource_id = ?", want.WorkshopID, want.ResourceID); err != nil {
			return err
		}
		fresh := make([]*Hours, len(rows))
		for i, row := range rows {
			row.WorkshopID, row.ResourceID = want.WorkshopID, want.ResourceID
			fresh[i] = &row
		}
		if err := write(ctx, d.db, "hours", fresh, nil); err != nil {
			return err
		}
		if out, err = d.hoursOf(ctx, want); err != nil || maps.EqualFunc(before.Week, out.Week, slices.Equal) {
			return err
		}
		return d.record(ctx, by, want.WorkshopID, "hours", want.ResourceID, name, weekOf(before), weekOf(out))
	})
	return out, err
}

// weekOf gives hours for the log.
func weekOf(h *WeeklyHours) map[string]any {
	out := map[string]any{}
	for _, day := range weekdays {
		out[day] = h.Week[day]
	}
	return out
}

// hoursOf gives one owner's hours, none at all included.
func (d *Desk) hoursOf(ctx context.Context, of WeeklyHours) (*WeeklyHours, error) {
	list, err := d.WeeklyHours(ctx, of.WorkshopID)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].ResourceID == of.ResourceID {
			return &list[i], nil
		}
	}
	return &WeeklyHours{WorkshopID: of.WorkshopID, ResourceID: of.ResourceID, Week: CatalogueHours{}}, nil
}

// hoursOwner finds whose hours are meant, holds the row so that two managers do
// not set them at once, and names it.
func (d *Desk) hoursOwner(ctx context.Context, by Manager, of WeeklyHours) (string, error) {
	shop, err := d.managedShop(ctx, by, of.WorkshopID)
	if err != nil {
		return "", err
	}
	if of.ResourceID == 0 {
		_, err = lockSetting[Workshop](ctx, d.db, "workshop", of.WorkshopID)
		return shop.Name, err
	}
	resource, err := lockSetting[Resource](ctx, d.db, "resource", of.ResourceID)
	if fault.Is(err, fault.NotFound) || (err == nil && resource.WorkshopID != of.WorkshopID) {
		return "", fault.BadField("body.resource_id", "fault.unknown_id", of.ResourceID)
	}
	if err != nil {
		return "", err
	}
	return resource.Name, nil
}
