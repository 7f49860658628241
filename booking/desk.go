package booking

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// Options for New.
type Options struct {
	// Now is the clock; the database's when nil.
	Now func() time.Time
	// BaseURL is where customers reach the program, without a slash at the end;
	// the link in an e-mail is BaseURL + "/j/" + token.
	BaseURL string
	// ShortURL is what the short links in SMS begin with, without a slash at the
	// end: a short domain that leads to the same program; BaseURL where empty.
	ShortURL string
	// Staff lists who works here, to tell them of what customers write; nil: nobody
	// is told but by the board.
	Staff func(ctx context.Context) ([]auth.Staff, error)
	// Log receives what nobody else is told; slog.Default() when nil.
	Log *slog.Logger
}

// Desk is the service desk: everything that is sold, booked, received and
// promised goes through it. It is safe for concurrent use once the handlers
// have been set.
type Desk struct {
	db     *db.DB
	notify *notify.Notifier
	opt    Options
	memory memory
	spoken spoken
	links  linkKey

	onStatus []StatusHandler
	onBroken []PromiseHandler
	onCalled []PromiseHandler
	onDone   []func(ctx context.Context, a *Attention, by Actor) error
	onErase  []EraseHandler
	onMoving []MoveHandler
	wish     func(body string) bool
	onChange []func(workshopID, jobID int64)
}

// StatusHandler hears of a move of a job inside the transaction that makes it.
type StatusHandler func(ctx context.Context, job *Job, from, to Status) error

// New makes a desk on an open, migrated database.
func New(d *db.DB, n *notify.Notifier, opt Options) *Desk {
	if opt.Now == nil {
		opt.Now = d.Now
	}
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	opt.BaseURL = strings.TrimRight(opt.BaseURL, "/")
	if opt.ShortURL = strings.TrimRight(opt.ShortURL, "/"); opt.ShortURL == "" {
		opt.ShortURL = opt.BaseURL
	}
	return &Desk{db: d, notify: n, opt: opt}
}

// OnStatus adds a handler that hears of every move of a job, in the move's
// transaction: its error undoes the move. Set handlers before serving.
func (d *Desk) OnStatus(f func(ctx context.Context, job *Job, from, to Status) error) {
	d.onStatus = append(d.onStatus, f)
}

// PromiseHandler hears of a promise inside the transaction that changes it.
type PromiseHandler func(ctx context.Context, job *Job, p *Promise) error

// OnBroken adds a handler of promises whose time has passed. Set handlers before
// serving.
func (d *Desk) OnBroken(f PromiseHandler) { d.onBroken = append(d.onBroken, f) }

// OnCalled adds a handler of promised calls that reached the customer.
func (d *Desk) OnCalled(f PromiseHandler) { d.onCalled = append(d.onCalled, f) }

// SetWish sets who reads whether a message is a plain wish to be called; without
// it a person reads it.
func (d *Desk) SetWish(f func(body string) bool) { d.wish = f }

// OnDone adds a handler of attentions that somebody has dealt with on the board.
func (d *Desk) OnDone(f func(ctx context.Context, a *Attention, by Actor) error) {
	d.onDone = append(d.onDone, f)
}

// OnChange adds a bell that rings after a commit that changed a job, for live
// pages. f must not block. Set bells before serving.
func (d *Desk) OnChange(f func(workshopID, jobID int64)) {
	d.onChange = append(d.onChange, f)
}

// ring tells the bells once the transaction of ctx has committed.
func (d *Desk) ring(ctx context.Context, workshopID, jobID int64) {
	d.db.AfterCommit(ctx, func() {
		for _, f := range d.onChange {
			f(workshopID, jobID)
		}
	})
}

// now is the desk's clock in the precision that the database keeps.
func (d *Desk) now() db.Time { return db.At(d.opt.Now()) }

// notFound is the answer for anything unknown, expired or another's.
func notFound() error { return fault.New(fault.NotFound, "fault.not_found") }

const subjectPrefix = "job:"

// SubjectOf is the name of a job's conversation in notify.
func SubjectOf(jobID int64) string { return subjectPrefix + strconv.FormatInt(jobID, 10) }

// JobOf reads the job out of a conversation's name; false where the
// conversation is about something else.
func JobOf(subject string) (int64, bool) {
	digits, ok := strings.CutPrefix(subject, subjectPrefix)
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, err == nil && id > 0
}
