package main

import (
	"context"
	"fmt"
	"strings"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// imported is what an import did, as the command prints it.
type imported struct {
	booking.ImportReport
	staff     int
	passwords []string // "e-mail password" of those whose password was made
}

// String says it in a few lines.
func (r imported) String() string {
	lines := []string{fmt.Sprintf("%d added, %d changed, %d unchanged; %d staff added", r.Added, r.Changed, r.Unchanged, r.staff)}
	return strings.Join(append(lines, r.passwords...), "\n")
}

// importCatalogue takes a catalogue in, then adds the staff that it names and
// that is not there yet. Someone without a password gets one, told once.
func importCatalogue(ctx context.Context, d *db.DB, c *booking.Catalogue) (imported, error) {
	desk := booking.New(d, notify.New(d, notify.Options{}), booking.Options{})
	directory := auth.New(d)
	report, err := desk.Import(ctx, *c)
	if err != nil {
		return imported{}, err
	}
	done := imported{ImportReport: report}
	for _, s := range c.Staff {
		who := auth.NewStaff{
			Email: s.Email, Name: s.Name, Role: auth.Role(s.Role), Password: s.Password, Locale: s.Locale,
			WorkshopID: report.Workshops[s.Workshop], AdvisorID: report.Advisors[s.Workshop+"/"+s.Advisor],
		}
		if who.Password == "" {
			who.Password = auth.NewPassword()
		}
		_, err := directory.Add(ctx, who)
		switch {
		case fault.Is(err, fault.Conflict): // there already: an import changes nobody's password
		case err != nil:
			return done, fmt.Errorf("add %s: %w", s.Email, err)
		default:
			done.staff++
			if s.Password == "" {
				done.passwords = append(done.passwords, fmt.Sprintf("password of %s: %s", s.Email, who.Password))
			}
		}
	}
	return done, nil
}

// place finds the workshop and the advisor that a new member of staff belongs
// to, by the names an operator gives.
func place(ctx context.Context, d *db.DB, who *auth.NewStaff, workshop, advisor string) error {
	desk := booking.New(d, notify.New(d, notify.Options{}), booking.Options{})
	if workshop == "" && advisor == "" {
		return nil
	}
	if workshop == "" {
		return setting("workshop", "an advisor belongs to a workshop: give its key")
	}
	shops, err := desk.Workshops(ctx)
	if err != nil {
		return err
	}
	var keys []string
	for _, shop := range shops {
		if keys = append(keys, shop.Key); shop.Key == workshop {
			who.WorkshopID = shop.ID
		}
	}
	if who.WorkshopID == 0 {
		return setting("workshop", fmt.Sprintf("there is no %q; there are: %s", workshop, strings.Join(keys, ", ")))
	}
	if advisor == "" {
		return nil
	}
	people, err := desk.Advisors(ctx, who.WorkshopID)
	if err != nil {
		return err
	}
	var names []string
	for _, a := range people {
		if names = append(names, a.Name); a.Name == advisor {
			who.AdvisorID = a.ID
			return nil
		}
	}
	return setting("advisor", fmt.Sprintf("%s has no advisor %q; there are: %s", workshop, advisor, strings.Join(names, ", ")))
}
