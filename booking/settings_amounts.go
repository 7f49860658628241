package booking

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// What a booking takes by amount: labour of a skill, places of a way of coming.

var poolSettings = settingKind[Pool]{
	what: "pool",
	id:   func(p *Pool) *int64 { return &p.ID },
	shop: func(p *Pool) int64 { return p.WorkshopID },
	name: func(p *Pool) string { return orWord(p.Name, p.Skill) },
	keep: func(p *Pool, stored Pool) { p.ID, p.WorkshopID, p.Skill = stored.ID, stored.WorkshopID, stored.Skill },
	check: func(_ context.Context, _ *Desk, k *catalogueCheck, p *Pool) error {
		p.Name = k.line("body.name", p.Name, maxName, false)
		if !keyPattern.MatchString(p.Skill) {
			k.fail("body.skill", "fault.catalogue_key", p.Skill)
		}
		p.Capacity = append(make([]int, 0, 7), p.Capacity...)
		for len(p.Capacity) < 7 {
			p.Capacity = append(p.Capacity, 0)
		}
		for day, minutes := range p.Capacity {
			k.between("body.minutes."+weekdays[(day+6)%7], int64(minutes), 0, maxPoolMinutes)
		}
		return nil
	},
}

// PoolWeek puts minutes by days, "mon" or "mon-fri", over a pool's week, Sunday
// first. Days that are not given stay as they are.
func PoolWeek(week []int, minutes map[string]int) ([]int, error) {
	var k catalogueCheck
	out := append(make([]int, 0, 7), week...)
	for len(out) < 7 {
		out = append(out, 0)
	}
	for _, word := range slices.Sorted(maps.Keys(minutes)) {
		from, to, ok := weekdaySpan(word)
		if !ok {
			k.fail("body.minutes."+word, "fault.weekday", word)
			continue
		}
		for day := from; day <= to; day++ {
			out[(day+1)%7] = minutes[word]
		}
	}
	return out, invalid(k.bad)
}

// Pools gives a workshop's pools of labour.
func (d *Desk) Pools(ctx context.Context, workshopID int64) ([]Pool, error) {
	return all[Pool](ctx, d.db, "pools", "skill", "workshop_id = ?", workshopID)
}

// Pool gives one pool; NotFound where there is none.
func (d *Desk) Pool(ctx context.Context, id int64) (*Pool, error) {
	return one[Pool](ctx, d.db, "pool", "id = ?", id)
}

// PoolDates gives the dates from one on (YYYY-MM-DD) on which pools hold another
// amount, in order.
func (d *Desk) PoolDates(ctx context.Context, poolIDs []int64, from string) ([]PoolDate, error) {
	return all[PoolDate](ctx, d.db, "dates of pools", "pool_id, day", "pool_id IN ? AND day >= ?", poolIDs, from)
}

// AddPool bounds the labour of a skill; what is booked already counts.
func (d *Desk) AddPool(ctx context.Context, by Manager, p Pool) (*Pool, error) {
	if _, err := d.managedShop(ctx, by, p.WorkshopID); err != nil {
		return nil, err
	}
	p.ID = 0
	var out *Pool
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		var err error
		if out, err = poolSettings.add(ctx, d, by, p); err != nil {
			return err
		}
		_, err = d.recount(ctx, p.WorkshopID)
		return err
	})
	return out, err
}

// ChangePool changes what edit changes.
func (d *Desk) ChangePool(ctx context.Context, by Manager, id int64, edit func(*Pool) error) (*Pool, error) {
	return poolSettings.change(ctx, d, by, id, editing(edit))
}

// RemovePool lifts the bound on a skill.
func (d *Desk) RemovePool(ctx context.Context, by Manager, id int64) error {
	return poolSettings.remove(ctx, d, by, id, func(context.Context, *Pool) (bool, error) { return false, nil },
		func(ctx context.Context, p *Pool) error { return d.dropWhere(ctx, &PoolDate{}, "pool_id = ?", p.ID) }, nil)
}

// SetPoolDates replaces the dates from one on (YYYY-MM-DD) on which a pool holds
// another amount; those before it stay as history.
func (d *Desk) SetPoolDates(ctx context.Context, by Manager, id int64, from string, dates []PoolDate) error {
	var k catalogueCheck
	seen := map[string]bool{}
	for i := range dates {
		at := fmt.Sprintf("body.dates[%d]", i)
		day, err := parseDate(dates[i].Day)
		switch {
		case err != nil:
			k.fail(at+".date", "fault.date", dates[i].Day)
		case seen[day.String()]:
			k.fail(at+".date", "fault.catalogue_duplicate", dates[i].Day)
		case day.String() < from:
			k.fail(at+".date", "fault.past", dates[i].Day)
		}
		seen[dates[i].Day] = true
		k.between(at+".minutes", int64(dates[i].Capacity), 0, maxPoolMinutes)
	}
	if err := invalid(k.bad); err != nil {
		return err
	}
	return d.db.Tx(ctx, func(ctx context.Context) error {
		pool, err := lockSetting[Pool](ctx, d.db, "pool", id)
		if err == nil && !by.has(pool.WorkshopID) {
			err = notFound()
		}
		if err != nil {
			return err
		}
		before, err := d.PoolDates(ctx, []int64{id}, from)
		if err != nil {
			return err
		}
		if err := d.dropWhere(ctx, &PoolDate{}, "pool_id = ? AND day >= ?", id, from); err != nil {
			return err
		}
		fresh := make([]*PoolDate, len(dates))
		for i, one := range dates {
			one.PoolID = id
			fresh[i] = &one
		}
		if err := write(ctx, d.db, "dates of pools", fresh, nil); err != nil {
			return err
		}
		old, now := amounts(before, poolDateAmount), amounts(dates, poolDateAmount)
		return d.recordIf(ctx, by, pool.WorkshopID, "pool", id, poolSettings.name(pool), old, now)
	})
}

func poolDateAmount(p PoolDate) (string, any) { return p.Day, p.Capacity }

// amounts gives rows as the log keeps them, each under a name.
func amounts[T any](rows []T, of func(T) (string, any)) map[string]any {
	out := make(map[string]any, len(rows))
	for _, row := range rows {
		name, amount := of(row)
		out[name] = amount
	}
	return out
}

// recordIf records a change of several amounts at once, where there is one.
func (d *Desk) recordIf(ctx context.Context, by Manager, shop int64, what string, id int64, name string, old, now map[string]any) error {
	if fmt.Sprint(old) == fmt.Sprint(now) { // maps print in the order of their keys
		return nil
	}
	return d.record(ctx, by, shop, what, id, name, old, now)
}

// TransportLimits gives how many visits a day may come in which way to a
// workshop; a way without a limit is open to any number.
func (d *Desk) TransportLimits(ctx context.Context, workshopID int64) ([]TransportLimit, error) {
	return all[TransportLimit](ctx, d.db, "transport limits", "transport", "workshop_id = ?", workshopID)
}

// SetTransportLimits replaces the limits of a workshop's ways of coming; what is
// booked already counts.
func (d *Desk) SetTransportLimits(ctx context.Context, by Manager, workshopID int64, want []TransportLimit) error {
	var k catalogueCheck
	for i, l := range want {
		at := fmt.Sprintf("body.transport_limits[%d]", i)
		k.oneOf(at+".transport", "fault.one_of", l.Transport, Transports)
		if slices.ContainsFunc(want[:i], func(o TransportLimit) bool { return o.Transport == l.Transport }) {
			k.fail(at+".transport", "fault.catalogue_duplicate", l.Transport)
		}
		k.between(at+".per_day", int64(l.PerDay), 0, 10_000)
		k.between(at+".online_share", int64(l.OnlineShare), 0, int64(max(0, l.PerDay)))
	}
	if err := invalid(k.bad); err != nil {
		return err
	}
	return d.db.Tx(ctx, func(ctx context.Context) error {
		shop, err := d.managedShop(ctx, by, workshopID)
		if err != nil {
			return err
		}
		if _, err := lockSetting[Workshop](ctx, d.db, "workshop", workshopID); err != nil {
			return err
		}
		have, err := d.TransportLimits(ctx, workshopID)
		if err != nil {
			return err
		}
		var kept []string
		var fresh, changed []*TransportLimit
		for _, l := range want {
			l.WorkshopID, kept = workshopID, append(kept, l.Transport)
			i := slices.IndexFunc(have, func(o TransportLimit) bool { return o.Transport == l.Transport })
			switch {
			case i < 0:
				l.ID, fresh = 0, append(fresh, &l)
			case have[i].PerDay != l.PerDay || have[i].OnlineShare != l.OnlineShare:
				l.ID, changed = have[i].ID, append(changed, &l)
			}
		}
		if err := d.dropWhere(ctx, &TransportLimit{}, "workshop_id = ? AND transport NOT IN ?", workshopID, append(kept, "")); err != nil {
			return err
		}
		if err := write(ctx, d.db, "transport limits", fresh, changed); err != nil {
			return err
		}
		if len(fresh) > 0 {
			if _, err := d.recount(ctx, workshopID); err != nil {
				return err
			}
		}
		amount := func(l TransportLimit) (string, any) {
			return l.Transport, map[string]int{"per_day": l.PerDay, "online_share": l.OnlineShare}
		}
		return d.recordIf(ctx, by, workshopID, "workshop", workshopID, shop.Name, amounts(have, amount), amounts(want, amount))
	})
}
