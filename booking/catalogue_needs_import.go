package booking

import "context"

// resources takes in bays and loaners.
func (im *importer) resources(ctx context.Context) error {
	type id struct {
		shop int64
		key  string
	}
	var want []Resource
	for _, r := range im.rows {
		for _, one := range r.resources {
			one.resource.WorkshopID = r.shop.ID
			want = append(want, one.resource)
		}
	}
	have, err := all[Resource](ctx, im.db, "resources", "", "workshop_id IN ? AND kind <> ?", im.shopIDs, KindAdvisor)
	if err != nil {
		return err
	}
	fresh, changed := merge(im.report, have, want, func(r Resource) id { return id{r.WorkshopID, r.Key} },
		func(w *Resource, h Resource) { w.ID = h.ID })
	if err := write(ctx, im.db, "resources", fresh, changed); err != nil {
		return err
	}
	n := 0
	for i := range im.rows {
		for j := range im.rows[i].resources {
			im.rows[i].resources[j].resource = want[n]
			n++
		}
	}
	return nil
}

// pools takes in pools of labour and their dates, and how many visits a day may
// come in one way.
func (im *importer) pools(ctx context.Context) error {
	type id struct {
		shop int64
		word string
	}
	var want []Pool
	var limits []TransportLimit
	for _, r := range im.rows {
		for _, p := range r.pools {
			p.pool.WorkshopID = r.shop.ID
			want = append(want, p.pool)
		}
		for _, t := range r.limits {
			t.WorkshopID = r.shop.ID
			limits = append(limits, t)
		}
	}
	have, err := all[Pool](ctx, im.db, "pools", "", "workshop_id IN ?", im.shopIDs)
	if err != nil {
		return err
	}
	fresh, changed := merge(im.report, have, want, func(p Pool) id { return id{p.WorkshopID, p.Skill} },
		func(w *Pool, h Pool) { w.ID = h.ID })
	if err := write(ctx, im.db, "pools", fresh, changed); err != nil {
		return err
	}
	known, err := all[TransportLimit](ctx, im.db, "transport limits", "", "workshop_id IN ?", im.shopIDs)
	if err != nil {
		return err
	}
	added, different := merge(im.report, known, limits, func(t TransportLimit) id { return id{t.WorkshopID, t.Transport} },
		func(w *TransportLimit, h TransportLimit) { w.ID = h.ID })
	if err := write(ctx, im.db, "transport limits", added, different); err != nil {
		return err
	}
	return im.poolDates(ctx, want)
}

func (im *importer) poolDates(ctx context.Context, pools []Pool) error {
	type id struct {
		pool int64
		day  string
	}
	var want []PoolDate
	var ids []int64
	n := 0
	for _, r := range im.rows {
		for _, p := range r.pools {
			for _, d := range p.dates {
				d.PoolID = pools[n].ID
				want = append(want, d)
			}
			ids = append(ids, pools[n].ID)
			n++
		}
	}
	have, err := all[PoolDate](ctx, im.db, "dates of pools", "", "pool_id IN ?", append(ids, -1))
	if err != nil {
		return err
	}
	fresh, changed := merge(im.report, have, want, func(d PoolDate) id { return id{d.PoolID, d.Day} }, func(*PoolDate, PoolDate) {})
	return write(ctx, im.db, "dates of pools", fresh, changed)
}
