package demo

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/notify"
	"neuvo/survey"
)

//go:embed catalogue.yaml
var catalogue string

// seededKey is the setting that says that a database is filled, and with what.
const seededKey = "demo.seeded"

// seededSince is how far back the demo's past goes.
const seededSince = 8 * 24 * time.Hour

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
	// leaves what customers answer in the inbox.
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

// kept is what the setting holds. The demo's password is no secret: the
// overview shows it, and the demo listens on loopback.
type kept struct {
	WorkshopID    int64  `json:"workshop_id"`
	StaffEmail    string `json:"staff_email"`
	StaffPassword string `json:"staff_password"`
	Done          bool   `json:"done"`
}

// Seed fills an empty database with a workshop in the middle of its week, by
// the same calls that customers and advisors make: the clock goes back eight
// days, people book, advisors receive, customers answer, and the clock ends
// where it was. A database that was seeded before is left as it is.
//
// Nothing else may use the clock or the rooms meanwhile.
func Seed(ctx context.Context, opt SeedOptions) (Seeded, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	s := &seeder{opt: opt, now: opt.Clock.Now(), offset: opt.Clock.Offset()}
	done, err := s.found(ctx)
	if err != nil || done {
		return s.seeded, err
	}
	// Whatever happens, time goes on from where it was.
	defer opt.Clock.setOffset(s.offset)
	fill := func(ctx context.Context) error {
		if err := s.foundation(ctx); err != nil {
			return fmt.Errorf("set the demo workshop up: %w", err)
		}
		if err := s.week(ctx); err != nil {
			return fmt.Errorf("fill the demo's week: %w", err)
		}
		opt.Clock.setOffset(s.offset)
		s.kept.Done = true
		s.seeded.Fresh, s.seeded.Jobs = true, len(s.visits)
		return s.keep(ctx)
	}
	err = opt.Host.store.bulk(func() error { return opt.DB.Bulk(ctx, fill) })
	return s.seeded, err
}

// seeder is one run of Seed.
type seeder struct {
	opt    SeedOptions
	now    time.Time // when the seed ends
	offset time.Duration
	kept   kept
	seeded Seeded

	shop     *booking.Workshop
	zone     *time.Location
	services map[string]booking.Service // by key
	advisors map[string]booking.Advisor // by key
	actors   map[int64]booking.Actor    // by advisor
	visits   []*visit
	steps    []step
	answers  []answer
	coming   []time.Time // the days from now on with starts that are free, at their first
	mailed   bool        // a customer has answered by e-mail
}

// found reads what an earlier run has left and tells whether it was finished.
func (s *seeder) found(ctx context.Context) (bool, error) {
	text, err := s.opt.DB.GetSetting(ctx, seededKey)
	if err != nil || text == "" {
		return false, err
	}
	if err := json.Unmarshal([]byte(text), &s.kept); err != nil {
		return false, fmt.Errorf("read what the demo holds: %w", err)
	}
	shop, err := s.opt.Desk.Workshop(ctx, s.kept.WorkshopID)
	if err != nil {
		return false, fmt.Errorf("find the demo workshop: %w", err)
	}
	s.open(shop)
	// A run that was killed halfway is not begun anew: what it made is real, and
	// the rest of the day can be played by hand.
	return true, nil
}

func (s *seeder) open(shop *booking.Workshop) {
	s.shop, s.zone = shop, shop.Zone()
	s.seeded = Seeded{
		WorkshopID: shop.ID, WorkshopName: shop.Name, Zone: s.zone,
		StaffEmail: s.kept.StaffEmail, StaffPassword: s.kept.StaffPassword,
	}
}

// keep writes down what the database holds.
func (s *seeder) keep(ctx context.Context) error {
	text, err := json.Marshal(s.kept)
	if err != nil {
		return err
	}
	return s.opt.DB.SetSetting(ctx, seededKey, string(text))
}

// foundation makes the workshop and its staff in one transaction, and with them
// the note that says so: a start that is killed here starts afresh.
func (s *seeder) foundation(ctx context.Context) error {
	s.opt.Clock.set(s.now.Add(-seededSince))
	year := s.now.Year()
	text := strings.NewReplacer("{last}", strconv.Itoa(year-1), "{year}", strconv.Itoa(year), "{next}", strconv.Itoa(year+1)).Replace(catalogue)
	c, err := booking.ReadCatalogue(strings.NewReader(text))
	if err != nil {
		return err
	}
	password := strings.ToLower(rand.Text()[:12])
	return s.opt.DB.Tx(ctx, func(ctx context.Context) error {
		report, err := s.opt.Desk.Import(ctx, *c)
		if err != nil {
			return err
		}
		shop, err := s.opt.Desk.Workshop(ctx, report.Workshops[c.Workshops[0].Key])
		if err != nil {
			return err
		}
		s.kept = kept{WorkshopID: shop.ID, StaffPassword: password}
		if err := s.people(ctx, c, report); err != nil {
			return err
		}
		s.open(shop)
		return s.keep(ctx)
	})
}

// people adds the staff and remembers who is who.
func (s *seeder) people(ctx context.Context, c *booking.Catalogue, report booking.ImportReport) error {
	shopID := s.kept.WorkshopID
	services, err := s.opt.Desk.Services(ctx, shopID)
	if err != nil {
		return err
	}
	s.services = map[string]booking.Service{}
	for _, v := range services {
		s.services[v.Key] = v
	}
	advisors, err := s.opt.Desk.Advisors(ctx, shopID)
	if err != nil {
		return err
	}
	s.advisors, s.actors = map[string]booking.Advisor{}, map[int64]booking.Actor{}
	hash := ""
	for _, member := range c.Staff {
		role := auth.Role(member.Role)
		id := report.Advisors[member.Workshop+"/"+member.Advisor]
		added, err := s.opt.Directory.Add(ctx, auth.NewStaff{
			Email: member.Email, Name: member.Name, Role: role, Password: s.kept.StaffPassword, PasswordHash: hash,
			Locale: member.Locale, WorkshopID: shopID, AdvisorID: id,
		})
		if err != nil {
			return err
		}
		hash = added.PasswordHash
		if role == auth.Admin {
			s.kept.StaffEmail = added.Email
		}
		if i := slices.IndexFunc(advisors, func(a booking.Advisor) bool { return a.ID == id }); i >= 0 {
			s.advisors[member.Advisor] = advisors[i]
			s.actors[id] = booking.Actor{Kind: "staff", StaffID: added.ID, Advisor: id, Name: added.Name}
		}
	}
	return nil
}
