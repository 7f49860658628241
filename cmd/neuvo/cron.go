package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"

	"neuvo/internal/db"
)

// schedule is one line of the table: a sweep that asks what is due. Every sweep
// is idempotent, so a tick that is missed, repeated or run by two replicas
// changes nothing but the moment.
type schedule struct {
	name string
	spec string // robfig/cron: five fields in UTC, or @every
	// shared sweeps run on one replica at a time, by a lease in the database.
	// The others share their work by row locks or a lease of their own.
	shared bool
	run    func(ctx context.Context) (done int, err error)
}

// schedules is the table of everything that happens by the clock.
func (a *App) schedules() []schedule {
	return []schedule{
		{"reminders", "* * * * *", true, a.desk.SendReminders},
		{"unconfirmed bookings", "* * * * *", true, a.desk.FreeUnconfirmed},
		{"waiting list", "* * * * *", true, a.desk.SweepWaitlist},
		{"reconfirmations", "* * * * *", true, a.desk.AskReconfirmations},
		{"recalls", "* * * * *", true, a.desk.SendRecalls},
		{"surveys", "* * * * *", true, a.surveyor.AskDue},
		{"survey presses", "@every 5s", true, a.surveyor.ActOnPresses},
		{"estimates", "* * * * *", true, a.desk.ExpireEstimates},
		{"cases", "* * * * *", true, a.surveyor.WatchCases},
		{"promises", "* * * * *", true, a.desk.WatchPromises},
		{"unanswered replies", "* * * * *", true, a.desk.EscalateReplies},
		{"telling staff", "* * * * *", true, a.desk.TellStaff},
		{"due texts", "@every 5s", false, a.notifier.SendDue},
		{"inbox poll", "@every 15s", false, a.poll},
		{"stored mail", "* * * * *", true, func(ctx context.Context) (int, error) {
			return a.notifier.ProcessStored(ctx, a.parse)
		}},
		{"counted visits", "43 2 * * *", true, a.desk.Recount},
		{"gateway count", "51 * * * *", true, a.countGateways},
		{"mailbox count", "41 3 * * *", false, a.countMailboxes},
		{"purge", "17 * * * *", true, a.purge},
	}
}

// purge removes what has served its time, room by room.
func (a *App) purge(ctx context.Context) (int, error) {
	total := 0
	var errs []error
	for _, room := range []func(context.Context) (int, error){
		a.desk.Purge, a.notifier.Purge, a.directory.PurgeSessions, a.server.Purge, a.surveyor.Purge,
	} {
		n, err := room(ctx)
		total += n
		errs = append(errs, err)
	}
	return total, errors.Join(errs...)
}

// sweepTimeout bounds one run of one schedule.
const sweepTimeout = 5 * time.Minute

// leaseTime is longer than the minute between two sweeps, so that a running
// replica keeps its lease, and short enough that a dead one is soon replaced.
const leaseTime = 70 * time.Second

// clockwork runs the table: by robfig/cron in real time, or step by step where
// a clock is moved by hand (the demo, the tests).
type clockwork struct {
	table  []schedule
	parsed []cron.Schedule
	last   []time.Time
	db     *db.DB
	holder string
	log    *slog.Logger
	cron   *cron.Cron
}

func newClockwork(table []schedule, d *db.DB, holder string, log *slog.Logger) (*clockwork, error) {
	c := &clockwork{table: table, db: d, holder: holder, log: log, last: make([]time.Time, len(table))}
	for _, s := range table {
		parsed, err := cron.ParseStandard(s.spec)
		if err != nil {
			return nil, fmt.Errorf("schedule %s: %w", s.name, err)
		}
		c.parsed = append(c.parsed, parsed)
	}
	return c, nil
}

// start runs the table in real time until stop. A sweep that is still running
// when its next tick comes is not started twice.
func (c *clockwork) start(ctx context.Context) {
	quiet := cron.DiscardLogger
	c.cron = cron.New(cron.WithLocation(time.UTC), cron.WithChain(cron.Recover(cronLog{c.log}), cron.SkipIfStillRunning(quiet)))
	for i, s := range c.table {
		c.cron.Schedule(c.parsed[i], cron.FuncJob(func() {
			if err := c.sweep(ctx, s); err != nil && ctx.Err() == nil {
				c.log.Error("sweep failed", "schedule", s.name, "err", err)
			}
		}))
	}
	c.cron.Start()
}

// stop waits for the sweeps that run. Calling it without start is harmless.
func (c *clockwork) stop() {
	if c.cron != nil {
		<-c.cron.Stop().Done()
	}
}

// step runs, in the table's order, every schedule that falls due up to at since
// it last ran; the first step runs all.
func (c *clockwork) step(ctx context.Context, at time.Time) error {
	var errs []error
	for i, s := range c.table {
		if !c.last[i].IsZero() && c.parsed[i].Next(c.last[i]).After(at) {
			continue
		}
		c.last[i] = at
		if err := c.sweep(ctx, s); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	return errors.Join(errs...)
}

// sweep runs one schedule once, under its lease where it is shared.
func (c *clockwork) sweep(ctx context.Context, s schedule) error {
	ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	if s.shared {
		got, err := c.db.TryLease(ctx, "cron:"+s.name, c.holder, leaseTime)
		if err != nil || !got {
			return err
		}
	}
	n, err := s.run(ctx)
	if n > 0 {
		c.log.Debug("sweep", "schedule", s.name, "done", n)
	}
	return err
}

// cronLog gives the scheduler's panics to our log.
type cronLog struct{ log *slog.Logger }

// Info implements cron.Logger.
func (l cronLog) Info(msg string, kv ...any) { l.log.Debug(msg, kv...) }

// Error implements cron.Logger.
func (l cronLog) Error(err error, msg string, kv ...any) {
	l.log.Error(msg, append([]any{"err", err}, kv...)...)
}
