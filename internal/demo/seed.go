package demo

import (
	"context"
	"log/slog"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/notify"
	"neuvo/survey"
)

// SeedOptions for Seed.
type SeedOptions struct {
	DB        *db.DB
	Clock     *Clock // the clock of DB and of all the rooms
	Host      *Host
	Desk      *booking.Desk
	Notifier  *notify.Notifier
	Surveyor  *survey.Surveyor
	Directory *auth.Directory
	// Settle sends what is due and reads what has come, at the seed's time. Nil
	// leaves all of it queued.
	Settle func(ctx context.Context) error
	Log    *slog.Logger // may be nil
}

// Seeded is what a demo database holds, for the start's message and the pages.
type Seeded struct {
	WorkshopID    int64
	WorkshopName  string
	Zone          *time.Location
	StaffEmail    string // the admin's
	StaffPassword string // the same for all of the demo's staff
	Fresh         bool   // it was made just now
	Jobs          int    // made just now
}

// Seed fills an empty database with a workshop as it is in the middle of its
// week. One that was seeded before is left as it is.
func Seed(ctx context.Context, opt SeedOptions) (Seeded, error) { return Seeded{}, nil }
