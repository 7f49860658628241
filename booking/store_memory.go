package booking

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"neuvo/internal/db"
)

// scanAll reads rows one by one: a busy range has tens of thousands, and a
// struct mapped by reflection would be most of the time that an answer takes.
func scanAll(rows *sql.Rows, err error, what string, scan func(*sql.Rows) error) error {
	if err != nil {
		return fmt.Errorf("load %s: %w", what, err)
	}
	for rows.Next() {
		if err := scan(rows); err != nil {
			return errors.Join(fmt.Errorf("read %s: %w", what, err), rows.Close())
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}

// catalogueVersion is the version of everything that is sold, by whom and when.
func (d *Desk) catalogueVersion(ctx context.Context) (int64, error) {
	var v int64
	rows, err := d.db.In(ctx).Raw("SELECT version FROM catalogue_marks WHERE id = 1").Rows()
	return v, scanAll(rows, err, "the catalogue's version", func(r *sql.Rows) error { return r.Scan(&v) })
}

// marksSum adds up the versions of a workshop's blocks: versions only grow, so
// that a sum that has not moved means that nothing has.
func (d *Desk) marksSum(ctx context.Context, shopID, from, to int64) (int64, error) {
	var sum int64
	rows, err := d.db.In(ctx).Raw("SELECT CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM marks "+
		"WHERE workshop_id = CAST(? AS BIGINT) AND block >= CAST(? AS BIGINT) AND block <= CAST(? AS BIGINT)", shopID, from, to).Rows()
	return sum, scanAll(rows, err, "marks", func(r *sql.Rows) error { return r.Scan(&sum) })
}

// marks are the versions of a workshop's blocks, lane by lane.
func (d *Desk) marks(ctx context.Context, shopID, from, to int64) ([]Mark, error) {
	var out []Mark
	rows, err := d.db.In(ctx).Raw("SELECT block, resource_id, lane, version FROM marks WHERE workshop_id = ? AND block >= ? AND block <= ?", shopID, from, to).Rows()
	return out, scanAll(rows, err, "marks", func(r *sql.Rows) error {
		m := Mark{WorkshopID: shopID}
		err := r.Scan(&m.Block, &m.ResourceID, &m.Lane, &m.Version)
		out = append(out, m)
		return err
	})
}

// claimBlocks loads the claims of resources in blocks, both included.
func (d *Desk) claimBlocks(ctx context.Context, resources []int64, from, to int64) (map[markKey]*claimBlock, error) {
	out := make(map[markKey]*claimBlock, len(resources)*int(to-from+1))
	for _, r := range resources {
		for b := from; b <= to; b++ {
			out[markKey{b, r}] = &claimBlock{}
		}
	}
	expires := map[int64]time.Time{}
	rows, err := d.db.In(ctx).Raw("SELECT resource_id, atom, hold_id FROM claims WHERE resource_id IN ? AND atom >= ? AND atom < ?",
		resources, from*blockAtoms, (to+1)*blockAtoms).Rows()
	err = scanAll(rows, err, "claims", func(r *sql.Rows) error {
		var c Claim
		if err := r.Scan(&c.ResourceID, &c.Atom, &c.HoldID); err != nil {
			return err
		}
		if c.HoldID != 0 {
			expires[c.HoldID] = time.Time{}
		}
		out[markKey{blockOf(c.Atom), c.ResourceID}].put(c, time.Time{})
		return nil
	})
	if err != nil || len(expires) == 0 {
		return out, err
	}
	ids := make([]int64, 0, len(expires))
	for id := range expires {
		ids = append(ids, id)
	}
	rows, err = d.db.In(ctx).Raw("SELECT id, expires_at FROM holds WHERE id IN ?", ids).Rows()
	err = scanAll(rows, err, "holds", func(r *sql.Rows) error {
		var id int64
		var at db.Time
		err := r.Scan(&id, &at)
		expires[id] = at.Time
		return err
	})
	for _, b := range out {
		for i := range b.held {
			b.held[i].expires = expires[b.held[i].holdID]
		}
	}
	return out, err
}

// countedOf is a counter's use as a window has it.
func countedOf(kind string, owner int64, period string, used, desk int64) counted {
	c := counted{kind: kind, owner: owner, used: used, desk: desk}
	if day, err := parseDate(period); err == nil {
		c.at = atomOf(day.Time)
	} else if at, err := strconv.ParseInt(period, 10, 64); err == nil {
		c.at = at
	}
	return c
}

// countBlocks loads the counters of a workshop in blocks, both included.
func (d *Desk) countBlocks(ctx context.Context, shopID, from, to int64) (map[int64]*countBlock, error) {
	out := map[int64]*countBlock{}
	for b := from; b <= to; b++ {
		out[b] = &countBlock{}
	}
	rows, err := d.db.In(ctx).Raw("SELECT kind, owner_id, period, used, desk, block FROM counters WHERE workshop_id = ? AND block >= ? AND block <= ?", shopID, from, to).Rows()
	err = scanAll(rows, err, "counters", func(r *sql.Rows) error {
		var c Counter
		if err := r.Scan(&c.Kind, &c.OwnerID, &c.Period, &c.Used, &c.Desk, &c.Block); err != nil {
			return err
		}
		b := out[c.Block]
		b.all = append(b.all, countedOf(c.Kind, c.OwnerID, c.Period, c.Used, c.Desk))
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows, err = d.db.In(ctx).Raw(`SELECT t.kind, t.owner_id, t.period, t.used, t.desk, t.block, t.hold_id, h.expires_at
		FROM takings t JOIN holds h ON h.id = t.hold_id
		WHERE t.hold_id > 0 AND t.workshop_id = ? AND t.block >= ? AND t.block <= ?`, shopID, from, to).Rows()
	return out, scanAll(rows, err, "what holds have taken", func(r *sql.Rows) error {
		var t Taking
		var at db.Time
		if err := r.Scan(&t.Kind, &t.OwnerID, &t.Period, &t.Used, &t.Desk, &t.Block, &t.HoldID, &at); err != nil {
			return err
		}
		b := out[t.Block]
		b.held = append(b.held, heldCount{countedOf(t.Kind, t.OwnerID, t.Period, t.Used, t.Desk), t.HoldID, at.Time})
		return nil
	})
}
