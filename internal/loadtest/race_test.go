package loadtest

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/internal/fault"
)

// torture is the full form of the races: `make torture`.
var torture = flag.Bool("torture", false, "run the races in full")

// race is how hard a race is.
type race struct {
	Attempts, Clients int
	Seed              uint64
}

// races gives the size of a race over all its processes.
func races() race {
	if *torture {
		return race{Attempts: 10_000, Clients: 64, Seed: rand.Uint64()}
	}
	return race{Attempts: 500, Clients: 24, Seed: rand.Uint64()}
}

// score is what became of the attempts of a process. Every attempt has a line.
type score struct {
	Booked, Taken, Moved, Cancelled, Held int
	Wrong                                 []string
}

func (s *score) add(o score) {
	s.Booked, s.Taken, s.Moved = s.Booked+o.Booked, s.Taken+o.Taken, s.Moved+o.Moved
	s.Cancelled, s.Held, s.Wrong = s.Cancelled+o.Cancelled, s.Held+o.Held, append(s.Wrong, o.Wrong...)
}

func (s *score) answers() int {
	return s.Booked + s.Taken + s.Moved + s.Cancelled + s.Held + len(s.Wrong)
}

// raceDays is how few days everyone is after.
const raceDays = 4

// arena makes a workshop where advisors, bays, loaners, labour and ways of
// coming are all scarce.
func arena(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := open(d)
	w.importCatalogue(t, catalogueOf(1, 6))
	w.find(t)
	for _, statement := range []string{
		`UPDATE services SET work_minutes = 25, labour_minutes = 40, buffer_after_minutes = 5, transports = '["waiting","drop_off","loaner"]' WHERE key = 'annual'`,
		`UPDATE services SET work_minutes = 20, buffer_before_minutes = 5, transports = '["waiting","loaner"]' WHERE key = 'tyres'`,
		`INSERT INTO resources (workshop_id, key, kind, name, active) SELECT id, 'b1', 'bay', 'Bay 1', TRUE FROM workshops`,
		`INSERT INTO resources (workshop_id, key, kind, name, active) SELECT id, 'b2', 'bay', 'Bay 2', TRUE FROM workshops`,
		`INSERT INTO resources (workshop_id, key, kind, name, active) SELECT id, 'l1', 'loaner', 'Loaner 1', TRUE FROM workshops`,
		`INSERT INTO resources (workshop_id, key, kind, name, active) SELECT id, 'l2', 'loaner', 'Loaner 2', TRUE FROM workshops`,
		`INSERT INTO pools (workshop_id, skill, capacity) SELECT id, '', '[0,600,600,600,600,600,0]' FROM workshops`,
		`INSERT INTO transport_limits (workshop_id, transport, per_day, online_share) SELECT id, 'drop_off', 25, 20 FROM workshops`,
	} {
		_, err := w.sql(t).ExecContext(t.Context(), statement)
		must(t, err)
	}
	return w
}

// run makes a process's share of the attempts.
func (w *world) run(ctx context.Context, r race) score {
	var wg sync.WaitGroup
	scores := make([]score, r.Clients)
	for c := range r.Clients {
		wg.Go(func() {
			client := &client{w: w, dice: rand.New(rand.NewPCG(r.Seed, uint64(c))), id: int(r.Seed%1000)*100 + c}
			for n := c; n < r.Attempts; n += r.Clients {
				client.attempt(ctx, n, &scores[c])
			}
		})
	}
	wg.Wait()
	var total score
	for _, s := range scores {
		total.add(s)
	}
	return total
}

// client is one of many after the same hours.
type client struct {
	w    *world
	dice *rand.Rand
	id   int
	mine []*booking.Job
}

// attempt does one thing that a customer or an advisor does.
func (c *client) attempt(ctx context.Context, n int, s *score) {
	r := c.request(n)
	switch what := c.dice.IntN(20); {
	case what < 2 && len(c.mine) > 0:
		job := c.mine[c.dice.IntN(len(c.mine))]
		_, err := c.w.desk.Change(ctx, job.ID, booking.ChangeRequest{Start: r.Start, AdvisorID: r.AdvisorID}, booking.Actor{Kind: "customer"})
		s.judge(err, &s.Moved, "move")
	case what < 4 && len(c.mine) > 0:
		job := c.mine[len(c.mine)-1]
		c.mine = c.mine[:len(c.mine)-1]
		s.judge(c.w.desk.Cancel(ctx, job.ID, booking.Actor{Kind: "customer"}), &s.Cancelled, "cancel")
	case what < 6: // typing
		h, err := c.w.desk.Hold(ctx, r)
		s.judge(err, &s.Held, "hold")
		if err != nil {
			return
		}
		r.HoldKey = h.Key
		job, err := c.w.desk.Book(ctx, r)
		if err != nil {
			s.Wrong = append(s.Wrong, fmt.Sprintf("what was held could not be booked: %v", err))
			return
		}
		c.mine = append(c.mine, job)
	default:
		job, err := c.w.desk.Book(ctx, r)
		s.judge(err, &s.Booked, "book")
		if err == nil {
			c.mine = append(c.mine, job)
		}
	}
}

// judge counts an answer: done, taken, or wrong.
func (s *score) judge(err error, done *int, what string) {
	var f *fault.Error
	switch _, lost := errors.AsType[*booking.SlotTaken](err); {
	case err == nil:
		*done++
	case lost:
		s.Taken++
	case errors.As(err, &f) && f.Kind == fault.Invalid && len(f.Fields) == 1 && f.Fields[0].Location == "body.start":
		s.Taken++ // a start that does not fit in before the evening
	default:
		s.Wrong = append(s.Wrong, fmt.Sprintf("%s: %v", what, err))
	}
}

// request is after one of a few days, in a random way.
func (c *client) request(n int) booking.BookingRequest {
	w := c.w
	day := monday.AddDate(0, 0, 1+c.dice.IntN(raceDays))
	start := time.Date(day.Year(), day.Month(), day.Day(), 8, c.dice.IntN(4*7)*15, 0, 0, helsinki)
	choices := []struct{ service, transport string }{
		{"quick", "waiting"}, {"quick", "drop_off"}, {"tyres", "waiting"}, {"tyres", "loaner"}, {"annual", "waiting"}, {"annual", "drop_off"}, {"annual", "loaner"}, {"long", "waiting"},
	}
	choice := choices[c.dice.IntN(len(choices))]
	r := booking.BookingRequest{
		WorkshopID: w.shop, ServiceIDs: []int64{w.services[choice.service]}, Transport: choice.transport, Start: start,
		// Few phones: first bookings of one customer race as well.
		Customer: booking.ContactInput{Name: "Maija Virtanen", Phone: fmt.Sprintf("+35840%07d", 1000+c.dice.IntN(200)), Locale: "fi"},
		Source:   booking.SourceWeb, Actor: booking.Actor{Kind: "customer"},
	}
	if c.dice.IntN(5) == 0 {
		r.ServiceIDs = append(r.ServiceIDs, w.services[map[bool]string{true: "quick", false: "long"}[choice.service != "quick"]])
		r.Transport = "waiting"
	}
	if c.dice.IntN(2) == 0 {
		r.AdvisorID = w.advisors[c.dice.IntN(len(w.advisors))]
	}
	return r
}

func TestManyClientsAfterTheSameHoursNeverGetTheSameOne(t *testing.T) {
	now := running()
	t.Run("sqlite", func(t *testing.T) {
		w := arena(t, dbtest.SQLite(t, dbtest.Clock(now)))
		r := races()
		total := w.run(t.Context(), r)
		w.verify(t, r, total)
	})
	t.Run("postgres in three processes", func(t *testing.T) {
		dsn := dbtest.PostgresDSN(t)
		w := arena(t, dbtest.Open(t, dsn, dbtest.Clock(now)))
		r := races()
		const processes = 3
		scores := make([]score, processes)
		var wg sync.WaitGroup
		for p := range processes {
			wg.Go(func() {
				share := func(n int) int { return (n + p) / processes }
				scores[p] = worker(t, dsn, race{Attempts: share(r.Attempts), Clients: share(r.Clients), Seed: r.Seed + uint64(p)})
			})
		}
		wg.Wait()
		var total score
		for _, s := range scores {
			total.add(s)
		}
		w.verify(t, r, total)
		w.nothing(t, "PostgreSQL had to break a deadlock", "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
	})
}

// Environment of a process that is a worker.
const (
	workerDSN  = "NEUVO_RACE_DSN"
	workerRace = "NEUVO_RACE"
)

// worker runs this test program again as one that takes part in a race.
func worker(t *testing.T, dsn string, r race) score {
	raw, err := json.Marshal(r)
	if err != nil {
		t.Error(err)
		return score{}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), workerDSN+"="+dsn, workerRace+"="+string(raw))
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	var s score
	if err == nil {
		err = json.Unmarshal(out, &s)
	}
	if err != nil {
		t.Errorf("worker: %v: %s%s", err, complaints.String(), out)
	}
	return s
}

func TestMain(m *testing.M) {
	if dsn := os.Getenv(workerDSN); dsn != "" {
		if err := work(dsn); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// work is the life of a worker: it prints its score.
func work(dsn string) error {
	var r race
	if err := json.Unmarshal([]byte(os.Getenv(workerRace)), &r); err != nil {
		return err
	}
	ctx := context.Background()
	d, err := db.Open(ctx, db.Options{DSN: dsn, Now: running()})
	if err != nil {
		return err
	}
	defer d.Close()
	w := open(d)
	shops, err := w.desk.Workshops(ctx)
	if err != nil {
		return err
	}
	w.shop, w.services = shops[0].ID, map[string]int64{}
	advisors, err1 := w.desk.Advisors(ctx, w.shop)
	services, err2 := w.desk.Services(ctx, w.shop)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	for _, a := range advisors {
		w.advisors = append(w.advisors, a.ID)
	}
	for _, s := range services {
		w.services[s.Key] = s.ID
	}
	return json.NewEncoder(os.Stdout).Encode(w.run(ctx, r))
}
