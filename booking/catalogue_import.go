package booking

import (
	"cmp"
	"context"
	"reflect"
	"slices"
)

// ImportReport tells what an import did. Hours count as one thing for each
// workshop or advisor.
type ImportReport struct {
	Added, Changed, Unchanged int
	// Workshops are the ids of the catalogue's workshops by key, Advisors those
	// of its advisors by "workshop/advisor".
	Workshops map[string]int64
	Advisors  map[string]int64
}

// Import takes a catalogue in, in one transaction. It is idempotent: what is
// there already is brought up to date by its key, hours are replaced, closures
// and absences are added; nothing that the catalogue does not name is removed.
// A catalogue that is wrong is an Invalid fault that names each field.
func (d *Desk) Import(ctx context.Context, c Catalogue) (ImportReport, error) {
	shops, bad := c.check()
	if err := invalid(c.placed(bad)); err != nil {
		return ImportReport{}, err
	}
	var report ImportReport
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		report = ImportReport{Workshops: map[string]int64{}, Advisors: map[string]int64{}}
		im := importer{Desk: d, report: &report, rows: shops}
		for _, step := range []func(context.Context) error{im.workshops, im.services, im.advisors, im.resources, im.pools, im.hours, im.closures, im.absences, im.recount} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return report, err
}

// importer is one import on its way. Each step loads what is there for all
// workshops at once and writes what is new and what is different in one go each.
type importer struct {
	*Desk
	report  *ImportReport
	rows    []shopRows
	shopIDs []int64
}

// recount counts what is booked already against the limits that have come.
func (im *importer) recount(ctx context.Context) error {
	for _, id := range im.shopIDs {
		if _, err := im.Desk.recount(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// merge sorts wanted rows into new and different ones by what identifies them;
// adopt gives a wanted row what only the stored one knows.
func merge[T any, K comparable](report *ImportReport, have, want []T, key func(T) K, adopt func(want *T, have T)) (fresh, changed []*T) {
	known := make(map[K]T, len(have))
	for _, h := range have {
		known[key(h)] = h
	}
	for i := range want {
		w := &want[i]
		h, ok := known[key(*w)]
		if !ok {
			fresh = append(fresh, w)
			report.Added++
			continue
		}
		adopt(w, h)
		if reflect.DeepEqual(*w, h) {
			report.Unchanged++
			continue
		}
		changed = append(changed, w)
		report.Changed++
	}
	return fresh, changed
}

func (im *importer) workshops(ctx context.Context) error {
	var want []Workshop
	var keys []string
	for _, r := range im.rows {
		r.shop.CreatedAt = im.now()
		want, keys = append(want, r.shop), append(keys, r.shop.Key)
	}
	have, err := all[Workshop](ctx, im.db, "workshops", "", "key IN ?", keys)
	if err != nil {
		return err
	}
	fresh, changed := merge(im.report, have, want, func(w Workshop) string { return w.Key },
		func(w *Workshop, h Workshop) { w.ID, w.CreatedAt, w.TextsVersion = h.ID, h.CreatedAt, h.TextsVersion })
	if err := write(ctx, im.db, "workshops", fresh, changed); err != nil {
		return err
	}
	for i := range want {
		im.rows[i].shop = want[i]
		im.report.Workshops[want[i].Key] = want[i].ID
		im.shopIDs = append(im.shopIDs, want[i].ID)
	}
	return nil
}

func (im *importer) services(ctx context.Context) error {
	type id struct {
		shop int64
		key  string
	}
	var want []Service
	for _, r := range im.rows {
		for _, s := range r.services {
			s.WorkshopID = r.shop.ID
			want = append(want, s)
		}
	}
	have, err := all[Service](ctx, im.db, "services", "", "workshop_id IN ?", im.shopIDs)
	if err != nil {
		return err
	}
	fresh, changed := merge(im.report, have, want, func(s Service) id { return id{s.WorkshopID, s.Key} },
		func(w *Service, h Service) { w.ID = h.ID })
	return write(ctx, im.db, "services", fresh, changed)
}

// advisors takes in the advisors: first the resources that a claim names, then
// the people.
func (im *importer) advisors(ctx context.Context) error {
	type id struct {
		shop int64
		key  string
	}
	var resources []Resource
	for _, r := range im.rows {
		for _, a := range r.advisors {
			resources = append(resources, Resource{WorkshopID: r.shop.ID, Key: a.key, Kind: KindAdvisor, Name: a.advisor.Name, Active: a.advisor.Active})
		}
	}
	have, err := all[Resource](ctx, im.db, "resources", "", "workshop_id IN ? AND kind = ?", im.shopIDs, KindAdvisor)
	if err != nil {
		return err
	}
	var uncounted ImportReport // an advisor and its resource are one thing
	fresh, changed := merge(&uncounted, have, resources, func(r Resource) id { return id{r.WorkshopID, r.Key} },
		func(w *Resource, h Resource) { w.ID = h.ID })
	if err := write(ctx, im.db, "resources", fresh, changed); err != nil {
		return err
	}
	ids := map[id]int64{}
	for _, r := range resources {
		ids[id{r.WorkshopID, r.Key}] = r.ID
	}
	var want []Advisor
	for i := range im.rows {
		r := &im.rows[i]
		for j := range r.advisors {
			a := &r.advisors[j]
			a.advisor.ID, a.advisor.WorkshopID = ids[id{r.shop.ID, a.key}], r.shop.ID
			a.advisor.StandInID = ids[id{r.shop.ID, a.standIn}]
			im.report.Advisors[r.shop.Key+"/"+a.key] = a.advisor.ID
			want = append(want, a.advisor)
		}
	}
	people, err := all[Advisor](ctx, im.db, "advisors", "", "workshop_id IN ?", im.shopIDs)
	if err != nil {
		return err
	}
	added, different := merge(im.report, people, want, func(a Advisor) int64 { return a.ID }, func(*Advisor, Advisor) {})
	return write(ctx, im.db, "advisors", added, different)
}

func compareHours(a, b Hours) int {
	return cmp.Or(cmp.Compare(a.Weekday, b.Weekday), cmp.Compare(a.FromMinute, b.FromMinute), cmp.Compare(a.ToMinute, b.ToMinute))
}

// hours replaces the weekly hours of whatever has other ones now.
func (im *importer) hours(ctx context.Context) error {
	type whose struct{ shop, resource int64 }
	rows, err := all[Hours](ctx, im.db, "hours", "", "workshop_id IN ?", im.shopIDs)
	if err != nil {
		return err
	}
	have := map[whose][]Hours{}
	for _, h := range rows {
		at := whose{h.WorkshopID, h.ResourceID}
		h.ID = 0
		have[at] = append(have[at], h)
	}
	var outdated []int64 // resources; workshops have 0 and are told apart below
	var outdatedShops []int64
	var fresh []*Hours
	replace := func(at whose, want []Hours) {
		want = slices.Clone(want)
		for i := range want {
			want[i].WorkshopID, want[i].ResourceID = at.shop, at.resource
		}
		slices.SortFunc(have[at], compareHours)
		switch {
		case slices.Equal(have[at], want):
			im.report.Unchanged++
			return
		case len(have[at]) == 0:
			im.report.Added++
		default:
			im.report.Changed++
		}
		if at.resource == 0 {
			outdatedShops = append(outdatedShops, at.shop)
		} else {
			outdated = append(outdated, at.resource)
		}
		for i := range want {
			fresh = append(fresh, &want[i])
		}
	}
	for _, r := range im.rows {
		replace(whose{r.shop.ID, 0}, r.hours)
		for _, a := range r.advisors {
			replace(whose{r.shop.ID, a.advisor.ID}, a.hours)
		}
		for _, one := range r.resources {
			replace(whose{r.shop.ID, one.resource.ID}, one.hours)
		}
	}
	if err := im.dropHours(ctx, outdatedShops, outdated); err != nil {
		return err
	}
	return write(ctx, im.db, "hours", fresh, nil)
}

func (im *importer) closures(ctx context.Context) error {
	type id struct {
		shop     int64
		from, to string
	}
	var want []Closure
	for _, r := range im.rows {
		for _, c := range r.closures {
			c.WorkshopID = r.shop.ID
			want = append(want, c)
		}
	}
	have, err := all[Closure](ctx, im.db, "closures", "", "workshop_id IN ?", im.shopIDs)
	if err != nil {
		return err
	}
	fresh, changed := merge(im.report, have, want, func(c Closure) id { return id{c.WorkshopID, c.FromDate, c.ToDate} },
		func(w *Closure, h Closure) { w.ID = h.ID })
	return write(ctx, im.db, "closures", fresh, changed)
}

func (im *importer) absences(ctx context.Context) error {
	type id struct{ resource, from, to int64 }
	var want []Absence
	var ids []int64
	for _, r := range im.rows {
		for _, a := range r.advisors {
			ids = append(ids, a.advisor.ID)
			for _, s := range a.absences {
				s.ResourceID = a.advisor.ID
				want = append(want, s)
			}
		}
		for _, one := range r.resources {
			ids = append(ids, one.resource.ID)
			for _, s := range one.absences {
				s.ResourceID = one.resource.ID
				want = append(want, s)
			}
		}
	}
	have, err := all[Absence](ctx, im.db, "absences", "", "resource_id IN ?", ids)
	if err != nil {
		return err
	}
	fresh, changed := merge(im.report, have, want, func(a Absence) id { return id{a.ResourceID, a.FromAt.UnixMicro(), a.ToAt.UnixMicro()} },
		func(w *Absence, h Absence) { w.ID = h.ID })
	return write(ctx, im.db, "absences", fresh, changed)
}
