package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"neuvo/booking"
	"neuvo/booking/register"
	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/internal/web"
	"neuvo/notify"
	"neuvo/notify/email"
	"neuvo/notify/httpsms"
	"neuvo/notify/inbox"
	"neuvo/survey"
)

// App is the whole program as a value: New wires it, Run serves until its
// context ends, Close gives everything back. main and the end-to-end tests run
// the same one.
type App struct {
	settings settingsServe
	log      *slog.Logger

	db        *db.DB
	notifier  *notify.Notifier
	desk      *booking.Desk
	surveyor  *survey.Surveyor
	directory *auth.Directory
	mailer    *email.Mailer
	pollers   []*inbox.Poller
	texts     map[string]textGateway // over HTTP, by name
	parse     notify.Parser
	server    *web.Server
	clockwork *clockwork
	now       func() time.Time
	arrived   chan struct{} // something is in the mailbox: look now

	lock io.Closer // of a SQLite database; nil where it is another's

	closeOnce sync.Once
	errClose  error
}

// appOptions are what tests and the demo change.
type appOptions struct {
	settings settingsServe
	log      *slog.Logger
	now      func() time.Time
	demo     http.Handler // mounted at /demo
	// relaxed lifts the public rate limits, for the demo's single address.
	relaxed bool
	// database is used instead of opening settings.Database; the App closes it.
	database *db.DB
}

// newApp opens the database and wires the rooms from the bottom up. The schema
// must be there: see db.Migrate.
func newApp(ctx context.Context, opt appOptions) (_ *App, err error) {
	if opt.now == nil {
		opt.now = time.Now
	}
	a := &App{settings: opt.settings, log: opt.log, now: opt.now, db: opt.database, arrived: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.db == nil {
		if a.lock, err = lockData(opt.settings.Database); err != nil {
			return a, err
		}
		if a.db, err = db.Open(ctx, db.Options{DSN: opt.settings.Database, Now: opt.now, Log: opt.log}); err != nil {
			return a, err
		}
	}
	if opt.settings.Migrate {
		if _, err := a.db.Migrate(ctx); err != nil {
			return a, err
		}
	}
	if err := a.db.CheckSchema(ctx); err != nil {
		return a, err
	}
	holder := holderName()
	if err := a.wireMail(ctx, opt, holder); err != nil {
		return a, err
	}
	a.directory = auth.New(a.db)
	a.desk = booking.New(a.db, a.notifier, booking.Options{Now: opt.now, BaseURL: opt.settings.BaseURL, ShortURL: opt.settings.ShortURL, Log: opt.log, Staff: a.directory.List})
	a.surveyor = survey.New(a.db, a.desk, a.notifier, survey.Options{Now: opt.now, BaseURL: opt.settings.BaseURL, Log: opt.log, Staff: a.directory.List})
	a.connectRooms()
	a.server, err = web.New(web.Options{
		DB: a.db, Desk: a.desk, Notifier: a.notifier, Surveyor: a.surveyor, Directory: a.directory,
		Now: opt.now, Log: opt.log, BaseURL: opt.settings.BaseURL, TrustedProxies: opt.settings.TrustedProxies,
		Version: version, Demo: opt.demo, Ready: a.db.Ping, Relaxed: opt.relaxed, Plates: plates(opt.settings),
		Hooks: hooks(a.texts), Parse: a.parse, Mailboxes: a.pollers,
	})
	if err != nil {
		return a, fmt.Errorf("set up the web server: %w", err)
	}
	if a.clockwork, err = newClockwork(a.schedules(), a.db, holder, opt.log); err != nil {
		return a, err
	}
	return a, a.takeOver(ctx)
}

// takeOver ends what a process before this one held, where it is known to be
// dead: SQLite serves one process. Replicas on PostgreSQL wait for leases and
// claims to lapse.
func (a *App) takeOver(ctx context.Context) error {
	if a.db.Dialect != db.SQLite {
		return nil
	}
	for _, room := range []func(context.Context) error{a.db.BreakLeases, a.notifier.TakeOver, a.server.TakeOver} {
		if err := room(ctx); err != nil {
			return fmt.Errorf("take over from the process before: %w", err)
		}
	}
	return nil
}

// wireMail sets up what sends and what receives.
func (a *App) wireMail(ctx context.Context, opt appOptions, holder string) error {
	key, err := a.db.Secret(ctx, "address")
	if err != nil {
		return err
	}
	addresses, err := notify.NewAddresses(opt.settings.ReplyAddress, key)
	if err != nil {
		return err
	}
	sign, err := opt.settings.signature()
	if err != nil {
		return err
	}
	if a.mailer, err = email.NewMailer(email.MailerOptions{URL: opt.settings.SMTP, Log: opt.log, Now: opt.now, Signature: sign}); err != nil {
		return err
	}
	if a.texts, err = opt.settings.textGateways(opt.now); err != nil {
		return err
	}
	routes, err := opt.settings.routes(a.mailer, a.texts)
	if err != nil {
		return err
	}
	mailDomain := domainOf(opt.settings.ReplyAddress)
	a.notifier = notify.New(a.db, notify.Options{
		Now: opt.now, Log: opt.log, Addresses: addresses, MailDomain: mailDomain, Holder: holder,
		Routes:   routes,
		Burst:    notify.Burst{PerHour: opt.settings.TextsPerHour, PerDay: opt.settings.TextsPerDay},
		LeaveURL: strings.TrimRight(opt.settings.BaseURL, "/") + "/u/", Files: inbox.Content,
	})
	read := inbox.ParseOptions{SMSDomain: domainOf(opt.settings.SMSAddress), OwnDomain: mailDomain, TrustedAuthserv: opt.settings.TrustedAuthserv}
	a.parse = reader(read)
	for _, url := range opt.settings.IMAP {
		p, err := inbox.NewPoller(a.notifier, inbox.PollerOptions{
			URL: url, Mailbox: opt.settings.Mailbox, OAuth: opt.settings.oauth(), Parse: read, Read: a.parse,
			DB: a.db, Holder: holder, Log: opt.log, Now: opt.now, Watched: a.watched,
		})
		if err != nil {
			return err
		}
		a.pollers = append(a.pollers, p)
	}
	return nil
}

// reader reads whatever is stored: mail, and texts that came over HTTP.
func reader(mail inbox.ParseOptions) notify.Parser {
	return func(source string, raw []byte) (notify.Parsed, error) {
		if strings.HasPrefix(source, httpsms.SourcePrefix) {
			return httpsms.Parse(source, raw)
		}
		return inbox.Parse(raw, mail)
	}
}

// watched tells whether somebody has the desk open.
func (a *App) watched() bool { return a.server != nil && a.server.Watched() }

// countMailboxes compares each mailbox with what is stored of it.
func (a *App) countMailboxes(ctx context.Context) (missing int, err error) {
	var errs []error
	for _, p := range a.pollers {
		n, err := p.Count(ctx)
		missing += n
		errs = append(errs, err)
	}
	return missing, errors.Join(errs...)
}

// countGateways compares what the providers of texts list with what is stored of
// it, and brings in what is missing.
func (a *App) countGateways(ctx context.Context) (missing int, err error) {
	var errs []error
	traffics := a.settings.traffics()
	for name, g := range a.texts {
		l, is := g.(httpsms.Lister)
		if !is || len(traffics[name].Numbers) == 0 {
			continue
		}
		n, err := httpsms.Count(ctx, a.notifier, l, traffics[name].Numbers, a.parse, a.now())
		if n > 0 {
			a.log.Error("texts that the provider lists had not reached us and were brought in", "gateway", name, "missing", n)
		}
		missing += n
		errs = append(errs, err)
	}
	return missing, errors.Join(errs...)
}

// connectRooms lets news travel upward: who hears of a reply (the survey first,
// then the job's advisor), of a text that did not arrive, of a job that moved.
func (a *App) connectRooms() {
	a.notifier.OnReply(a.surveyor.HandleReply)
	a.notifier.OnReply(a.desk.HandleReply)
	a.notifier.OnFailure(a.desk.HandleFailure)
	a.notifier.OnFailure(a.surveyor.HandleFailure)
	a.notifier.OnConsent(a.desk.HandleConsent)
	a.notifier.SetVersions(a.version)
	a.notifier.SetSubjects(a.desk)
	a.notifier.SetManners(a.desk.Manners)
	a.desk.OnStatus(a.surveyor.OnStatus)
	a.desk.SetWish(survey.WantsCall)
	a.desk.OnBroken(a.surveyor.OnBroken)
	a.desk.OnCalled(a.surveyor.OnCalled)
	a.desk.OnDone(a.surveyor.OnDone)
	a.desk.OnErase(a.surveyor.OnErase)
	a.desk.OnMoving(a.surveyor.OnMoving)
}

// version is where the subject of a text stands: a case's or a job's.
func (a *App) version(ctx context.Context, subject string) (int, bool, error) {
	if version, live, mine, err := a.surveyor.Version(ctx, subject); mine || err != nil {
		return version, live, err
	}
	return a.desk.Version(ctx, subject)
}

// holderName tells this process from its replicas in claims and leases.
func holderName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:6])
}

// drainTime is how long a stop waits for texts on their way.
const drainTime = 20 * time.Second

// Run serves on the listener until ctx ends, then stops in the mirror order:
// HTTP, schedules and inbox, sends on their way. Close ends the rest.
func (a *App) Run(ctx context.Context, listener net.Listener) error {
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	var loops sync.WaitGroup
	loops.Go(func() {
		if err := a.notifier.Run(work); err != nil && work.Err() == nil {
			a.log.Error("sender stopped", "err", err)
		}
	})
	for _, p := range a.pollers {
		loops.Go(func() {
			if err := p.Watch(work, nil); err != nil && work.Err() == nil {
				a.log.Error("inbox watch stopped", "mailbox", p.Name(), "err", err)
			}
		})
	}
	loops.Go(func() { a.pollOnArrival(work) })
	a.clockwork.start(work)

	served := make(chan error, 1)
	go func() { served <- a.server.Serve(listener) }()
	// Starting up (and the demo's seed, and its texts that go out now) leaves
	// garbage that an idle server would hold for minutes: a small machine wants
	// it back.
	debug.FreeOSMemory()
	tidy := time.AfterFunc(5*time.Second, debug.FreeOSMemory)
	defer tidy.Stop()
	var err error
	select {
	case err = <-served:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}

	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	err = errors.Join(err, a.server.Shutdown(stop))
	stopWork()
	a.clockwork.stop()
	loops.Wait()
	return err
}

// Arrived makes the inbox be read now, for a mail host that can tell. It never
// blocks.
func (a *App) Arrived() {
	select {
	case a.arrived <- struct{}{}:
	default:
	}
}

// poll reads every mailbox once; one that does not answer does not keep the
// others from being read.
func (a *App) poll(ctx context.Context) (fresh int, err error) {
	var errs []error
	for _, p := range a.pollers {
		n, err := p.Poll(ctx)
		fresh += n
		errs = append(errs, err)
	}
	return fresh, errors.Join(errs...)
}

func (a *App) pollOnArrival(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.arrived:
		}
		if _, err := a.poll(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("read the mailbox", "err", err)
		}
	}
}

// settle sends what is due and reads what has come, until both are quiet. The
// demo calls it after moving its clock; bounded, because two machines that
// answer each other would never be quiet.
func (a *App) settle(ctx context.Context) error {
	for range 20 {
		sent, err := a.notifier.SendDue(ctx)
		if err != nil {
			return err
		}
		read, err := a.poll(ctx)
		if err != nil {
			return err
		}
		if sent == 0 && read == 0 {
			return nil
		}
	}
	return nil
}

// Close closes the mailbox and the database. Calling it twice is harmless.
func (a *App) Close() error {
	a.closeOnce.Do(func() {
		var errs []error
		for _, p := range a.pollers {
			errs = append(errs, p.Close())
		}
		if a.mailer != nil {
			errs = append(errs, a.mailer.Close())
		}
		for _, g := range a.texts {
			errs = append(errs, g.Close())
		}
		if a.db != nil {
			errs = append(errs, a.db.Close())
		}
		if a.lock != nil {
			errs = append(errs, a.lock.Close())
		}
		a.errClose = errors.Join(errs...)
	})
	return a.errClose
}

// plates is the register that the desk looks vehicles up in; nil without a key.
func plates(s settingsServe) booking.PlateRegister {
	if s.PlateRegisterKey == "" {
		return nil
	}
	return register.NewNorway(register.NorwayOptions{Key: s.PlateRegisterKey})
}
