package booking

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"neuvo/internal/db"
)

// errTaken means that another job or hold has one of the atoms, or that a pool,
// a way of coming or an advisor's day is full.
var errTaken = errors.New("something that the visit needs is taken")

// holder is who has claims and takings: a job or a hold.
type holder struct{ jobID, holdID int64 }

// exceptions are what does not count in a look for free time: what the job that
// moves has, and the hold that becomes a booking.
type exceptions struct {
	holder
	claims  []Claim
	takings []Taking
}

// span is a run of atoms of one resource.
type span struct {
	resource, atom int64
	n              int
}

// takes is everything that a visit takes.
type takes struct {
	shopID  int64
	spans   []span
	counts  []Counter
	expires db.Time // of the hold that takes it
	// overflow takes what is free of it and goes over the capacity of pools: for
	// what the desk overbooks on purpose, and what is brought in from elsewhere.
	overflow bool
}

// exceptionsOf loads what a holder has; nobody has nothing.
func (d *Desk) exceptionsOf(ctx context.Context, h holder) (*exceptions, error) {
	out := &exceptions{holder: h}
	if h.jobID == 0 && h.holdID == 0 {
		return out, nil
	}
	var err1, err2 error
	out.claims, err1 = d.claimsOf(ctx, h)
	out.takings, err2 = d.takingsOf(ctx, h)
	return out, errors.Join(err1, err2)
}

// where is the condition for a holder's rows; it names the partial index.
func (h holder) where() (string, int64) {
	if h.jobID != 0 {
		return "job_id = ? AND job_id > 0", h.jobID
	}
	return "hold_id = ? AND hold_id > 0", h.holdID
}

func (d *Desk) claimsOf(ctx context.Context, h holder) ([]Claim, error) {
	where, id := h.where()
	var out []Claim
	rows, err := d.db.In(ctx).Raw("SELECT resource_id, atom, job_id, hold_id FROM claims WHERE "+where, id).Rows()
	return out, scanAll(rows, err, "claims", func(r *sql.Rows) error {
		var c Claim
		err := r.Scan(&c.ResourceID, &c.Atom, &c.JobID, &c.HoldID)
		out = append(out, c)
		return err
	})
}

func (d *Desk) takingsOf(ctx context.Context, h holder) ([]Taking, error) {
	where, id := h.where()
	var out []Taking
	rows, err := d.db.In(ctx).Raw("SELECT kind, owner_id, period, workshop_id, block, used, desk FROM takings WHERE "+where, id).Rows()
	return out, scanAll(rows, err, "takings", func(r *sql.Rows) error {
		t := Taking{JobID: h.jobID, HoldID: h.holdID}
		err := r.Scan(&t.Kind, &t.OwnerID, &t.Period, &t.WorkshopID, &t.Block, &t.Used, &t.Desk)
		out = append(out, t)
		return err
	})
}

// claimsBetween loads who is taken in [from, to) atoms, but for holds that have
// run out.
func (d *Desk) claimsBetween(ctx context.Context, ids []int64, from, to int64) ([]Claim, error) {
	var out []Claim
	rows, err := d.db.In(ctx).Raw(`SELECT resource_id, atom FROM claims WHERE resource_id IN ? AND atom >= ? AND atom < ?
		AND (hold_id = 0 OR hold_id IN (SELECT id FROM holds WHERE expires_at > ?))`, ids, from, to, d.now()).Rows()
	return out, scanAll(rows, err, "claims", func(r *sql.Rows) error {
		var c Claim
		err := r.Scan(&c.ResourceID, &c.Atom)
		out = append(out, c)
		return err
	})
}

// exchange gives back what one holder has and takes for another, which may be
// the same or nobody, in the order that every booking keeps, so that two never
// wait for each other in a ring: claims in the order of resource and atom, then
// counters, then marks. errTaken where anything is taken; on PostgreSQL the
// transaction is then broken and must end.
func (d *Desk) exchange(ctx context.Context, from, to holder, t takes) error {
	old, err := d.exceptionsOf(ctx, from)
	if err != nil {
		return err
	}
	if len(old.claims) > 0 {
		where, id := from.where()
		if err := d.db.In(ctx).Exec("DELETE FROM claims WHERE "+where, id).Error; err != nil {
			return fmt.Errorf("give claims back: %w", err)
		}
	}
	come, err := d.insertClaims(ctx, to, t)
	if err != nil {
		return err
	}
	if err := d.moveTakings(ctx, old, to, t); err != nil {
		return err
	}
	return d.mark(ctx, changed{shopID: t.shopID, gone: old.claims, come: come, expires: t.expires.Time}, touched(old, come, t.counts))
}

// touched are the blocks that a change is about.
func touched(old *exceptions, come []Claim, counts []Counter) map[markKey]bool {
	out := map[markKey]bool{}
	for _, cs := range [][]Claim{old.claims, come} {
		for _, c := range cs {
			out[markKey{blockOf(c.Atom), c.ResourceID}] = true
		}
	}
	for _, k := range old.takings {
		out[markKey{k.Block, 0}] = true
	}
	for _, c := range counts {
		out[markKey{c.Block, 0}] = true
	}
	return out
}

// insertClaims takes spans for a holder in one insert, in the order of the
// primary key, and tells which atoms it got: all, unless it may overflow.
func (d *Desk) insertClaims(ctx context.Context, to holder, t takes) ([]Claim, error) {
	if len(t.spans) == 0 {
		return nil, nil
	}
	values := strings.TrimSuffix(strings.Repeat("(CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT)), ", len(t.spans)), ", ")
	args := make([]any, 0, 3*len(t.spans)+2)
	var come []Claim
	for _, s := range t.spans {
		args = append(args, s.resource, s.atom, s.atom+int64(s.n))
		for i := range int64(s.n) {
			come = append(come, Claim{ResourceID: s.resource, Atom: s.atom + i, JobID: to.jobID, HoldID: to.holdID})
		}
	}
	insert := `INSERT INTO claims (resource_id, atom, job_id, hold_id)
		WITH RECURSIVE spans (resource_id, atom, until) AS (
			VALUES ` + values + ` UNION ALL SELECT resource_id, atom + 1, until FROM spans WHERE atom + 1 < until
		) SELECT resource_id, atom, CAST(? AS BIGINT), CAST(? AS BIGINT) FROM spans WHERE true ORDER BY resource_id, atom`
	args = append(args, to.jobID, to.holdID)
	if t.overflow {
		insert += " ON CONFLICT (resource_id, atom) DO NOTHING"
	}
	err := d.db.In(ctx).Exec(insert, args...).Error
	if db.IsDuplicate(err) {
		return nil, errTaken
	}
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	if t.overflow {
		return d.claimsOf(ctx, to)
	}
	return come, nil
}

func compareCounters(a, b Counter) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.OwnerID, b.OwnerID), cmp.Compare(a.Period, b.Period))
}

// moveTakings moves counters from what was taken to what is taken now, in one
// statement and in their order; no row goes beyond its capacity.
func (d *Desk) moveTakings(ctx context.Context, old *exceptions, to holder, t takes) error {
	if len(old.takings) == 0 && len(t.counts) == 0 {
		return nil
	}
	net := slices.Clone(t.counts)
	for _, k := range old.takings {
		i := slices.IndexFunc(net, func(c Counter) bool { return c.Kind == k.Kind && c.OwnerID == k.OwnerID && c.Period == k.Period })
		if i < 0 {
			i = len(net)
			net = append(net, Counter{Kind: k.Kind, OwnerID: k.OwnerID, Period: k.Period, WorkshopID: k.WorkshopID, Block: k.Block})
		}
		net[i].Used -= k.Used
		net[i].Desk -= k.Desk
	}
	slices.SortFunc(net, compareCounters)
	if err := d.moveCounters(ctx, net, t.overflow); err != nil {
		return err
	}
	if len(old.takings) > 0 {
		where, id := old.where()
		if err := d.db.In(ctx).Exec("DELETE FROM takings WHERE "+where, id).Error; err != nil {
			return fmt.Errorf("give takings back: %w", err)
		}
	}
	if len(t.counts) == 0 {
		return nil
	}
	args := make([]any, 0, 9*len(t.counts))
	for _, c := range t.counts {
		args = append(args, to.jobID, to.holdID, c.Kind, c.OwnerID, c.Period, c.WorkshopID, c.Block, c.Used, c.Desk)
	}
	err := d.db.In(ctx).Exec(`INSERT INTO takings (job_id, hold_id, kind, owner_id, period, workshop_id, block, used, desk) VALUES `+
		tuples(9, len(t.counts)), args...).Error
	if err != nil {
		return fmt.Errorf("store takings: %w", err)
	}
	return nil
}

// tuples gives n times "(?, …, ?)".
func tuples(width, n int) string {
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", width), ", ") + ")"
	return strings.TrimSuffix(strings.Repeat(one+", ", n), ", ")
}

// moveCounters adds to counters, or takes away, as far as their capacity goes:
// errTaken where one of them would be exceeded.
func (d *Desk) moveCounters(ctx context.Context, net []Counter, overflow bool) error {
	args := make([]any, 0, 9*len(net))
	for _, c := range net {
		if !overflow && (c.Used > c.Capacity || c.Desk > c.DeskCapacity) && c.Used > 0 {
			return errTaken // not even into an empty one
		}
		args = append(args, c.Kind, c.OwnerID, c.Period, c.WorkshopID, c.Block, c.Used, c.Desk, c.Capacity, c.DeskCapacity)
	}
	move := `INSERT INTO counters (kind, owner_id, period, workshop_id, block, used, desk, capacity, desk_capacity) VALUES ` + tuples(9, len(net)) +
		` ON CONFLICT (kind, owner_id, period) DO UPDATE SET used = counters.used + excluded.used, desk = counters.desk + excluded.desk,
		capacity = CASE WHEN excluded.used > 0 THEN excluded.capacity ELSE counters.capacity END,
		desk_capacity = CASE WHEN excluded.used > 0 THEN excluded.desk_capacity ELSE counters.desk_capacity END`
	if !overflow {
		move += ` WHERE excluded.used <= 0 OR (counters.used + excluded.used <= excluded.capacity
			AND (excluded.desk <= 0 OR counters.desk + excluded.desk <= excluded.desk_capacity))`
	}
	res := d.db.In(ctx).Exec(move, args...)
	if res.Error != nil {
		return fmt.Errorf("take from counters: %w", res.Error)
	}
	if int(res.RowsAffected) != len(net) {
		return errTaken
	}
	return nil
}

// mark moves the marks of what has been touched, each in the lane of this
// transaction so that it waits for nobody, and lets the memory learn it once the
// transaction has committed.
func (d *Desk) mark(ctx context.Context, c changed, touched map[markKey]bool) error {
	if len(touched) == 0 {
		return nil
	}
	keys := make([]markKey, 0, len(touched))
	for k := range touched {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b markKey) int {
		return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.resource, b.resource))
	})
	args := make([]any, 0, 3*len(keys))
	for _, k := range keys {
		args = append(args, c.shopID, k.block, k.resource)
	}
	values := strings.TrimSuffix(strings.Repeat("(?, ?, ?, "+d.db.Lane()+", 1), ", len(keys)), ", ")
	rows, err := d.db.In(ctx).Raw(`INSERT INTO marks (workshop_id, block, resource_id, lane, version) VALUES `+values+
		` ON CONFLICT (workshop_id, block, resource_id, lane) DO UPDATE SET version = marks.version + 1
		RETURNING block, resource_id, lane, version`, args...).Rows()
	err = scanAll(rows, err, "marks", func(r *sql.Rows) error {
		m := Mark{WorkshopID: c.shopID}
		err := r.Scan(&m.Block, &m.ResourceID, &m.Lane, &m.Version)
		c.marks = append(c.marks, m)
		return err
	})
	if err != nil {
		return err
	}
	d.db.AfterCommit(ctx, func() {
		d.memory.mu.Lock()
		o := d.memory.taken[c.shopID]
		d.memory.mu.Unlock()
		if o != nil && !c.reload {
			o.learn(c)
		}
	})
	return nil
}

// foldBatch is how many marks are folded at once.
const foldBatch = 500

// foldMarks gathers the lanes of marks in lane 0, so that their sums, which stay
// the same, are of few rows; it tells how many went. Whoever moves one meanwhile
// is left alone.
func (d *Desk) foldMarks(ctx context.Context) (int, error) {
	total := 0
	for {
		n := 0
		err := d.db.Tx(ctx, func(ctx context.Context) error {
			var rows []Mark
			if err := d.db.SkipLocked(d.db.In(ctx)).Where("lane <> 0").Limit(foldBatch).Find(&rows).Error; err != nil {
				return fmt.Errorf("load marks: %w", err)
			}
			if n = len(rows); n == 0 {
				return nil
			}
			var gone, sums []any
			byKey := map[Mark]int64{}
			for _, m := range rows {
				gone = append(gone, m.WorkshopID, m.Block, m.ResourceID, m.Lane)
				byKey[Mark{WorkshopID: m.WorkshopID, Block: m.Block, ResourceID: m.ResourceID}] += m.Version
			}
			for m, version := range byKey {
				sums = append(sums, m.WorkshopID, m.Block, m.ResourceID, version)
			}
			err := d.db.In(ctx).Exec("DELETE FROM marks WHERE (workshop_id, block, resource_id, lane) IN (VALUES "+strings.ReplaceAll(tuples(4, len(rows)), "?", "CAST(? AS BIGINT)")+")", gone...).Error
			if err == nil {
				err = d.db.In(ctx).Exec("INSERT INTO marks (workshop_id, block, resource_id, version) VALUES "+tuples(4, len(byKey))+
					" ON CONFLICT (workshop_id, block, resource_id, lane) DO UPDATE SET version = marks.version + excluded.version", sums...).Error
			}
			if err != nil {
				return fmt.Errorf("fold marks: %w", err)
			}
			return nil
		})
		total += n
		if err != nil || n < foldBatch {
			return total, err
		}
	}
}

// freeJob gives back what a job has taken.
func (d *Desk) freeJob(ctx context.Context, j *Job) error {
	if err := d.exchange(ctx, holder{jobID: j.ID}, holder{}, takes{shopID: j.WorkshopID}); err != nil {
		return fmt.Errorf("free the time of job %d: %w", j.ID, err)
	}
	return nil
}

// holdByKey loads a hold that still runs; nil where there is none.
func (d *Desk) holdByKey(ctx context.Context, key string) (*Hold, error) {
	if key == "" {
		return nil, nil
	}
	rows, err := all[Hold](ctx, d.db, "hold", "", "key = ? AND expires_at > ? AND ended_at IS NULL", key, d.now())
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// freeHold ends a hold and gives back what it has taken.
func (d *Desk) freeHold(ctx context.Context, h *Hold) error {
	if err := d.exchange(ctx, holder{holdID: h.ID}, holder{}, takes{shopID: h.WorkshopID}); err != nil {
		return fmt.Errorf("free the time of hold %d: %w", h.ID, err)
	}
	return d.dropHold(ctx, h.ID)
}

// dropHold ends the row of a hold that has nothing any more.
func (d *Desk) dropHold(ctx context.Context, id int64) error {
	if err := d.db.In(ctx).Model(&Hold{}).Where("id = ?", id).Update("ended_at", d.now()).Error; err != nil {
		return fmt.Errorf("end hold %d: %w", id, err)
	}
	return nil
}

// touchHold moves the marks of what a hold has taken: it counts longer, or less
// long, than memory knows.
func (d *Desk) touchHold(ctx context.Context, key string) error {
	rows, err := all[Hold](ctx, d.db, "hold", "", "key = ? AND ended_at IS NULL", key)
	if err != nil || len(rows) == 0 {
		return err
	}
	has, err := d.exceptionsOf(ctx, holder{holdID: rows[0].ID})
	if err != nil {
		return err
	}
	return d.mark(ctx, changed{shopID: rows[0].WorkshopID, reload: true}, touched(has, nil, nil))
}

func (d *Desk) insertHold(ctx context.Context, h *Hold) error {
	if err := d.db.In(ctx).Create(h).Error; err != nil {
		return fmt.Errorf("store hold: %w", err)
	}
	return nil
}

// expiredBatch is how many holds that have run out are ended in one go.
const expiredBatch = 100

// endExpired ends holds that have run out, each in a transaction of its own, so
// that none stands in the way of a booking; it tells how many.
func (d *Desk) endExpired(ctx context.Context) (int, error) {
	due, err := all[Hold](ctx, d.db, "holds", "id", "expires_at <= ? AND ended_at IS NULL", d.now())
	if err != nil {
		return 0, err
	}
	n := 0
	for _, h := range due[:min(len(due), expiredBatch)] {
		err := d.db.Tx(ctx, func(ctx context.Context) error {
			// Another replica may be ending it as well: the row's lock decides.
			var still []Hold
			if err := d.db.ForUpdate(d.db.In(ctx)).Where("id = ? AND ended_at IS NULL", h.ID).Find(&still).Error; err != nil || len(still) == 0 {
				return err
			}
			return d.freeHold(ctx, &h)
		})
		if err != nil {
			return n, fmt.Errorf("end hold %d: %w", h.ID, err)
		}
		n++
	}
	return n, nil
}

// purgeClaims removes claims, and takings and counters of blocks, before an
// atom; it tells how many rows went.
func (d *Desk) purgeClaims(ctx context.Context, before int64) (int, error) {
	total := 0
	for _, q := range []struct {
		sql string
		arg int64
	}{
		{"DELETE FROM claims WHERE atom < ?", before},
		{"DELETE FROM takings WHERE block < ?", blockOf(before)},
		{"DELETE FROM counters WHERE block < ?", blockOf(before)},
	} {
		res := d.db.In(ctx).Exec(q.sql, q.arg)
		if res.Error != nil {
			return 0, fmt.Errorf("purge claims: %w", res.Error)
		}
		total += int(res.RowsAffected)
	}
	return total, nil
}
