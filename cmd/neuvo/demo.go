package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/demo"
)

type demoCmd struct {
	Addr string `help:"Address to listen on." default:"127.0.0.1:8080"`
	Data string `help:"Directory of the demo's data; an empty or missing one starts afresh." default:"neuvo-demo" type:"path"`
	JSON bool   `name:"json" help:"Print one JSON line when ready."`
	// Quieter than serve: the demo's terminal is for its addresses.
	LogLevel slog.Level `help:"Log level: debug, info, warn or error." default:"warn"`
}

// announcement is what --json prints, once, when the demo can be used.
type announcement struct {
	URL           string `json:"url"`
	StaffEmail    string `json:"staff_email"`
	StaffPassword string `json:"staff_password"`
	StaffToken    string `json:"staff_token"`
	WorkshopID    string `json:"workshop_id"`
}

// Run starts a whole workshop in this process and serves it until told to stop.
func (c *demoCmd) Run(ctx context.Context, io streams) (err error) {
	log := logging{LogLevel: c.LogLevel}.logger(io.err)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return setting("addr", fmt.Sprintf("cannot listen on %s: %v; give another with --addr", c.Addr, err))
	}
	d, err := newDemo(ctx, c.Data, "http://"+listener.Addr().String(), log)
	if err != nil {
		return errors.Join(err, listener.Close(), d.close())
	}
	token, err := d.app.directory.IssueToken(ctx, d.seeded.Load().StaffEmail)
	if err != nil {
		return errors.Join(err, listener.Close(), d.close())
	}
	seeded := d.seeded.Load()
	ready := announcement{d.url, seeded.StaffEmail, seeded.StaffPassword, token, strconv.FormatInt(seeded.WorkshopID, 10)}
	if c.JSON {
		err = json.NewEncoder(io.out).Encode(ready)
	} else {
		_, err = fmt.Fprintf(io.out, `%s is open.

  book as a customer    %s/book
  the desk              %s/desk
                        %s  %s
  phones, mail, clock   %s/demo

Data is kept in %s. Stop with Ctrl-C.
`, seeded.WorkshopName, d.url, d.url, seeded.StaffEmail, seeded.StaffPassword, d.url, c.Data)
	}
	if err == nil {
		err = d.app.Run(ctx, listener)
	}
	return errors.Join(err, d.close())
}

// demoWorld is the running demo: the program and the outside it talks to.
type demoWorld struct {
	url    string
	host   *demo.Host
	clock  *demo.Clock
	lock   io.Closer
	app    *App
	seeded atomic.Pointer[demo.Seeded]
}

// newDemo starts the mail host, opens and fills the database, and wires the
// program exactly as serve does, with the demo's clock for time.
func newDemo(ctx context.Context, dir, url string, log *slog.Logger) (*demoWorld, error) {
	d := &demoWorld{url: url, clock: demo.NewClock()}
	d.seeded.Store(&demo.Seeded{})
	var err error
	if d.lock, err = lockData(filepath.Join(dir, "neuvo.db")); err != nil {
		return d, err
	}
	database, err := db.Open(ctx, db.Options{DSN: filepath.Join(dir, "neuvo.db"), Now: d.clock.Now, Log: log})
	if err != nil {
		return d, err
	}
	if _, err := database.Migrate(ctx); err != nil {
		return d, errors.Join(err, database.Close())
	}
	if err := d.clock.Load(ctx, database); err != nil {
		return d, errors.Join(err, database.Close())
	}
	if d.host, err = demo.StartHost(demo.HostOptions{Dir: dir, Now: d.clock.Now, Log: log}); err != nil {
		return d, errors.Join(err, database.Close())
	}
	pages := demo.NewPages(demo.PagesOptions{
		Host: d.host, Clock: d.clock, Log: log,
		Step:   func(ctx context.Context, at time.Time) error { return d.app.clockwork.step(ctx, at) },
		Settle: func(ctx context.Context) error { return d.app.settle(ctx) },
		Seeded: func() demo.Seeded { return *d.seeded.Load() },
	})
	d.app, err = newApp(ctx, appOptions{
		settings: settingsServe{
			BaseURL: url, SMTP: d.host.SMTPURL(), reading: reading{IMAP: []string{d.host.IMAPURL()}, Mailbox: "INBOX"},
			ReplyAddress: "{token}@" + demo.ReplyDomain, gatewaySettings: gatewaySettings{SMSAddress: d.host.SMSAddress()},
		},
		log: log, now: d.clock.Now, demo: pages, relaxed: true, database: database,
	})
	if err != nil {
		return d, err
	}
	seeded, err := demo.Seed(ctx, demo.SeedOptions{
		DB: database, Clock: d.clock, Host: d.host, Desk: d.app.desk, Notifier: d.app.notifier,
		Surveyor: d.app.surveyor, Directory: d.app.directory, Settle: d.app.settle, Log: log,
	})
	if err != nil {
		return d, fmt.Errorf("fill the demo: %w", err)
	}
	d.seeded.Store(&seeded)
	d.host.OnMail(d.app.Arrived)
	return d, nil
}

// close ends the program, then the mail host it talks to.
func (d *demoWorld) close() error {
	var errs []error
	if d.app != nil {
		errs = append(errs, d.app.Close())
	}
	if d.host != nil {
		errs = append(errs, d.host.Close())
	}
	if d.lock != nil {
		errs = append(errs, d.lock.Close())
	}
	return errors.Join(errs...)
}
