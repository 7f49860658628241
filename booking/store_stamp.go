package booking

import (
	"context"
	"database/sql"
	"time"

	"neuvo/internal/db"
)

// Stamp tells whether an answer about free times still holds. It moves with
// every change of what is sold, by whom and when, and of what has been claimed
// around the answer's dates; until is when the clock alone outdates the answer.
type Stamp struct {
	shopID, from, to int64 // blocks, both included
	catalogue, marks int64
	since, until     time.Time
}

// stampPad is how far behind its last date an answer can depend on claims, in
// days: longer than any visit.
const stampPad = 35

// Stamp gives the stamp of an answer to a query; ask before the question. An
// answer that says when something is free beyond the query's dates depends on
// all dates up to that: until names it, zero otherwise. false where the query is
// wrong, which Availability tells.
func (d *Desk) Stamp(ctx context.Context, shop *Workshop, q AvailabilityQuery, until time.Time) (Stamp, bool, error) {
	first, last, err := q.dates()
	if err != nil {
		return Stamp{}, false, nil
	}
	if beyond := dateOf(until, shop.Zone()); !until.IsZero() && beyond.After(last.Time) {
		last = beyond
	}
	now := d.now()
	s := Stamp{
		shopID: shop.ID, since: now.Time, until: outdatedAt(now.Time, time.Duration(shop.MinNoticeMinutes)*time.Minute),
		from: blockOf(atomOf(first.Time) - 2*leadAtoms - dayAtoms), to: blockOf(atomOf(last.add(stampPad).Time)),
	}
	// A hold that runs out changes what is free without a write.
	rows, err := d.db.In(ctx).Raw("SELECT MIN(expires_at) FROM holds WHERE expires_at > ? AND ended_at IS NULL", now).Rows()
	var ends db.Time
	if err := scanAll(rows, err, "holds", func(r *sql.Rows) error { return r.Scan(&ends) }); err != nil {
		return Stamp{}, false, err
	}
	if !ends.IsZero() && ends.Before(s.until) {
		s.until = ends.Time
	}
	s.catalogue, s.marks, err = d.versions(ctx, s)
	return s, err == nil, err
}

// outdatedAt is when the clock next changes what is on offer: as the notice, or
// now itself, enters another atom.
func outdatedAt(now time.Time, notice time.Duration) time.Time {
	next := func(t time.Time) time.Time { return timeOf(atomOf(t) + 1) }
	a, b := next(now), next(now.Add(notice)).Add(-notice)
	if b.Before(a) {
		return b
	}
	return a
}

// Range tells stamps apart that one look at the database can compare.
func (s Stamp) Range() any { return [3]int64{s.shopID, s.from, s.to} }

// Look reads the versions of a stamp's range as they are now; Holds compares.
func (d *Desk) Look(ctx context.Context, s Stamp) (Stamp, error) {
	var err error
	s.since = d.now().Time
	s.catalogue, s.marks, err = d.versions(ctx, s)
	return s, err
}

// Holds tells whether nothing has outdated the stamp up to a later look at its
// range.
func (s Stamp) Holds(later Stamp) bool {
	return s.catalogue == later.catalogue && s.marks == later.marks &&
		!later.since.Before(s.since) && later.since.Before(s.until)
}

// versions reads both versions in one query.
func (d *Desk) versions(ctx context.Context, s Stamp) (catalogue, marks int64, err error) {
	// Cast, so that SQLite does not plan anew for each value.
	rows, err := d.db.In(ctx).Raw(`SELECT version, (SELECT CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM marks
		WHERE workshop_id = CAST(? AS BIGINT) AND block >= CAST(? AS BIGINT) AND block <= CAST(? AS BIGINT))
		FROM catalogue_marks WHERE id = 1`, s.shopID, s.from, s.to).Rows()
	err = scanAll(rows, err, "the versions of what is free", func(r *sql.Rows) error { return r.Scan(&catalogue, &marks) })
	return catalogue, marks, err
}
