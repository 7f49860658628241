package db

import (
	"context"
	"time"
)

// Lease is a row of table leases: who runs a named thing, and until when.
type Lease struct {
	Name   string `gorm:"primaryKey"`
	Holder string
	Until  Time
}

// TryLease takes or extends the named lease for ttl and tells whether holder
// has it now. A holder that dies loses it when ttl has passed.
func (d *DB) TryLease(ctx context.Context, name, holder string, ttl time.Duration) (bool, error) {
	now := d.Now()
	got := false
	err := d.Tx(ctx, func(ctx context.Context) error {
		res := d.In(ctx).Exec(`INSERT INTO leases (name, holder, until) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
			WHERE leases.holder = excluded.holder OR leases.until < ?`,
			name, holder, At(now.Add(ttl)), At(now))
		got = res.RowsAffected == 1
		return res.Error
	})
	return got, err
}

// BreakLeases ends every lease. Only a program that knows itself to be alone may
// do so: on SQLite, where one process has the database, at its start.
func (d *DB) BreakLeases(ctx context.Context) error {
	return d.Tx(ctx, func(ctx context.Context) error {
		return d.In(ctx).Exec(`DELETE FROM leases`).Error
	})
}

// Release gives the lease up early, so that another replica need not wait.
func (d *DB) Release(ctx context.Context, name, holder string) error {
	return d.Tx(ctx, func(ctx context.Context) error {
		return d.In(ctx).Exec(`DELETE FROM leases WHERE name = ? AND holder = ?`, name, holder).Error
	})
}
