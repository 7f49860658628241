package notify_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/notify"
)

// clock is a time that tests move by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// line is a gateway's far side: it keeps what was sent and answers as told.
type line struct {
	channel notify.Channel
	answer  func(e notify.Envelope) (notify.Sent, error) // nil: takes everything

	mu   sync.Mutex
	sent []notify.Envelope
}

func (g *line) Name() string            { return "line-" + string(g.channel) }
func (g *line) Channel() notify.Channel { return g.channel }

func (g *line) Send(_ context.Context, e notify.Envelope) (notify.Sent, error) {
	g.mu.Lock()
	g.sent = append(g.sent, e)
	answer := g.answer
	g.mu.Unlock()
	if answer != nil {
		return answer(e)
	}
	return notify.Sent{ID: "gw-" + e.ClientRef}, nil
}

// KnowsCopies: e-mail is known by its Message-ID, a text is not.
func (g *line) KnowsCopies() bool { return g.channel == notify.Email }

func (g *line) say(answer func(e notify.Envelope) (notify.Sent, error)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answer = answer
}

func (g *line) bodies() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := []string{}
	for _, e := range g.sent {
		list = append(list, e.Body)
	}
	return list
}

func (g *line) envelopes() []notify.Envelope {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]notify.Envelope(nil), g.sent...)
}

// The ways in which a gateway says no.
func refuseForNow(notify.Envelope) (notify.Sent, error) {
	return notify.Sent{}, &notify.SendError{Retryable: true, Code: "451", Text: "not now"}
}

func refuseForGood(notify.Envelope) (notify.Sent, error) {
	return notify.Sent{}, &notify.SendError{Code: "550", Text: "no such number"}
}

func noAnswer(notify.Envelope) (notify.Sent, error) {
	return notify.Sent{}, &notify.SendError{Unknown: true, Text: "no answer"}
}

// world is one database with a clock and the two lines out.
type world struct {
	t          *testing.T
	db         *db.DB
	clock      *clock
	sms, email *line
	addresses  *notify.Addresses
}

// each runs a test in a fresh world on both engines.
func each(t *testing.T, f func(t *testing.T, w *world)) {
	c := newClock()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f(t, &world{
			t: t, db: d, clock: c, sms: &line{channel: notify.SMS}, email: &line{channel: notify.Email},
			addresses: addresses(t, "desk+{token}@reply.neuvo.test", testKey),
		})
	}, dbtest.Clock(c.Now))
}

// process is a notifier as one process would have it.
func (w *world) process(holder string) *notify.Notifier {
	return notify.New(w.db, notify.Options{
		Now: w.clock.Now, Log: slog.New(slog.DiscardHandler), Addresses: w.addresses, Holder: holder,
		Routes: []notify.Route{{Gateway: w.sms}, {Gateway: w.email}},
	})
}

const mobile = "+358401234567"

// text is an automatic SMS about job 1.
func text(body string) notify.Outgoing {
	return notify.Outgoing{
		Subject: "job:1", Channel: notify.SMS, To: mobile, Author: "Maija", Occasion: "booked",
		Purpose: notify.JobUpdate, Locale: "fi", Body: body,
	}
}

// queue sends in a transaction of its own.
func (w *world) queue(n *notify.Notifier, list ...notify.Outgoing) []*notify.Message {
	w.t.Helper()
	var rows []*notify.Message
	err := w.db.Tx(w.t.Context(), func(ctx context.Context) error {
		rows = nil
		for _, o := range list {
			m, err := n.Send(ctx, o)
			if err != nil {
				return err
			}
			rows = append(rows, m)
		}
		return nil
	})
	if err != nil {
		w.t.Fatalf("queue: %v", err)
	}
	return rows
}

// sendDue must not fail.
func (w *world) sendDue(n *notify.Notifier) int {
	w.t.Helper()
	sent, err := n.SendDue(w.t.Context())
	if err != nil {
		w.t.Fatalf("SendDue: %v", err)
	}
	return sent
}

func (w *world) message(n *notify.Notifier, id int64) notify.Message {
	w.t.Helper()
	m, _, err := n.Message(w.t.Context(), id)
	if err != nil {
		w.t.Fatalf("Message(%d): %v", id, err)
	}
	return *m
}

// states is the history of a message in one line.
func (w *world) states(n *notify.Notifier, id int64) string {
	w.t.Helper()
	rows, err := n.History(w.t.Context(), id)
	if err != nil {
		w.t.Fatalf("History(%d): %v", id, err)
	}
	var line strings.Builder
	for _, r := range rows {
		line.WriteString(" " + string(r.State))
	}
	return line.String()[min(1, len(line.String())):]
}

// open makes a conversation with its customer.
func (w *world) open(n *notify.Notifier, subject, phone, mail string) *notify.Conversation {
	w.t.Helper()
	c, err := n.Open(w.t.Context(), subject,
		notify.Participant{Channel: notify.SMS, Address: phone}, notify.Participant{Channel: notify.Email, Address: mail})
	if err != nil {
		w.t.Fatalf("Open(%s): %v", subject, err)
	}
	return c
}

var errBroken = errors.New("broken on purpose")

// mails is a mailbox whose messages are numbered; parsed is what the reader
// makes of each.
type mails struct {
	w      *world
	n      *notify.Notifier
	next   int64
	parsed map[string]notify.Parsed
}

func (w *world) mails(n *notify.Notifier) *mails {
	return &mails{w: w, n: n, parsed: map[string]notify.Parsed{}}
}

// arrive stores a message under the next UID and gives its row.
func (m *mails) arrive(p notify.Parsed) int64 {
	m.w.t.Helper()
	m.next++
	raw := fmt.Sprintf("raw %d", m.next)
	m.parsed[raw] = p
	return m.store(raw, 1, m.next)
}

func (m *mails) store(raw string, validity, uid int64) int64 {
	m.w.t.Helper()
	id, _, err := m.n.StoreRaw(m.w.t.Context(), notify.Raw{
		Source: "imap:INBOX", Mailbox: "INBOX", UIDValidity: validity, UID: uid, Bytes: []byte(raw), ReceivedAt: m.w.clock.Now(),
	})
	if err != nil {
		m.w.t.Fatalf("StoreRaw: %v", err)
	}
	return id
}

func (m *mails) read(_ string, raw []byte) (notify.Parsed, error) {
	p, ok := m.parsed[string(raw)]
	if !ok {
		return p, errBroken
	}
	if p.Subject == "panic" {
		panic("a poisonous message")
	}
	return p, nil
}

// process must not fail.
func (m *mails) process() int {
	m.w.t.Helper()
	done, err := m.n.ProcessStored(m.w.t.Context(), m.read)
	if err != nil {
		m.w.t.Fatalf("ProcessStored: %v", err)
	}
	return done
}

func (m *mails) row(id int64) notify.Inbound {
	m.w.t.Helper()
	in, err := m.n.InboundByID(m.w.t.Context(), id)
	if err != nil {
		m.w.t.Fatalf("InboundByID(%d): %v", id, err)
	}
	return *in
}

// processWith is a notifier with routes of the test's own.
func (w *world) processWith(routes ...notify.Route) *notify.Notifier {
	return notify.New(w.db, notify.Options{
		Now: w.clock.Now, Log: slog.New(slog.DiscardHandler), Addresses: w.addresses, Holder: "test", Routes: routes,
	})
}
