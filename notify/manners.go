package notify

import (
	"context"
	"fmt"
	"time"

	"neuvo/internal/db"
)

// Manners is how a subject's workshop treats people: its zone and its quiet
// hours, as minutes of the day on the wall clock. Equal: it has none. QuietFrom
// may be later than QuietUntil: over midnight.
type Manners struct {
	Zone                  *time.Location
	QuietFrom, QuietUntil int
}

// MannersFunc tells the manners of a subject. A subject that is gone has none.
type MannersFunc func(ctx context.Context, subject string) (Manners, error)

// dayMinutes is a day on a wall clock.
const dayMinutes = 24 * 60

// Quiet tells whether an instant falls into the quiet hours.
func (m Manners) Quiet(t time.Time) bool {
	if m.Zone == nil || m.QuietFrom == m.QuietUntil {
		return false
	}
	at := minuteOf(t.In(m.Zone))
	if m.QuietFrom < m.QuietUntil {
		return at >= m.QuietFrom && at < m.QuietUntil
	}
	return at >= m.QuietFrom || at < m.QuietUntil
}

func minuteOf(local time.Time) int { return local.Hour()*60 + local.Minute() }

// Opens gives the first instant from t on that is not within the quiet hours: t
// itself where it is not. The wall clock decides, so the night before summer
// time begins is an hour shorter, and the one before it ends an hour longer.
func (m Manners) Opens(t time.Time) time.Time {
	if !m.Quiet(t) {
		return t
	}
	// To the end of the quiet hours as the wall clock reads now; where the clocks
	// change on the way that is too early or too late by what they change.
	end := t.Truncate(time.Minute)
	for range 8 {
		left := (m.QuietUntil - minuteOf(end.In(m.Zone)) + dayMinutes) % dayMinutes
		end = end.Add(time.Duration(max(left, 1)) * time.Minute)
		if !m.Quiet(end) {
			break
		}
	}
	for end.Add(-time.Minute).After(t) && !m.Quiet(end.Add(-time.Minute)) {
		end = end.Add(-time.Minute)
	}
	return end
}

// justNow is how long after a customer wrote an answer is still one to somebody
// who is awake and waits for it.
const justNow = 15 * time.Minute

// wroteNow is the key under which a context knows who has just written to us.
type wroteNow struct{}

// answering marks what is sent with the context as the answer to a message, if
// that was written just now: mail and texts that were held up may be hours old.
func (n *Notifier) answering(ctx context.Context, m *Message) context.Context {
	if m.FromAddress == "" || n.opt.Now().Sub(m.CreatedAt.Time) > justNow {
		return ctx
	}
	return context.WithValue(ctx, wroteNow{}, m.FromAddress)
}

// isAnswer tells whether what is sent with the context to an address answers what
// has come from there just now.
func isAnswer(ctx context.Context, to string) bool {
	from, ok := ctx.Value(wroteNow{}).(string)
	return ok && from == to
}

// wakingNobody is when an answer to what came from an address may go: at once
// where that was written just now, else when the quiet hours of a subject's
// workshop are over.
func (n *Notifier) wakingNobody(ctx context.Context, subject, to string) (db.Time, error) {
	if n.manners == nil || isAnswer(ctx, to) {
		return n.now(), nil
	}
	m, err := n.manners(ctx, subject)
	if err != nil {
		return db.Time{}, fmt.Errorf("ask for the manners of %s: %w", subject, err)
	}
	return db.At(m.Opens(n.opt.Now())), nil
}

// SetManners sets who knows the manners of subjects; without it there are no
// quiet hours.
func (n *Notifier) SetManners(f MannersFunc) { n.manners = f }

// mannersVerdict puts a text off that would disturb somebody, or that would be
// one too many.
func (n *Notifier) mannersVerdict(ctx context.Context, j *judge, m *Message, subject string) (verdict, error) {
	if m.Channel != SMS || m.AtOnce {
		return verdict{}, nil
	}
	manners, known := j.manners[subject]
	if !known && n.manners != nil {
		var err error
		if manners, err = n.manners(ctx, subject); err != nil {
			return verdict{}, fmt.Errorf("ask for the manners of %s: %w", subject, err)
		}
		j.manners[subject] = manners
	}
	now := n.opt.Now()
	at, why := j.known.spaced(n.opt.Burst, m, now), "enough texts have gone to this phone for now"
	if m.Prompt && !at.After(m.CreatedAt.Add(justNow)) {
		manners = Manners{} // whoever has just written is awake
	}
	if open := manners.Opens(at); open.After(at) {
		at, why = open, "quiet hours"
	}
	if !at.After(now) {
		return verdict{}, nil
	}
	if m.ExpiresAt.IsZero() || !m.ExpiresAt.Before(at) {
		return verdict{until: db.At(at), detail: why}, nil
	}
	return verdict{until: m.ExpiresAt, detail: why + " last longer than it is worth"}, nil
}

// Forecast is when a text would go that was queued now, and why not at once.
type Forecast struct {
	At     time.Time
	Quiet  bool // the quiet hours of the workshop hold it until then
	Recent int  // texts that the phone got in the last day from all advisors
	Many   bool // it has got so many that an automatic text would wait
	// Blocked: the phone's owner has told the gateway to carry nothing more.
	Blocked bool
}

// Forecast tells when a text to a phone about a subject would go if it was queued
// now; byHuman: it holds a person's own words, which nothing but the quiet hours
// holds.
func (n *Notifier) Forecast(ctx context.Context, subject, phone string, byHuman bool) (Forecast, error) {
	f, now := Forecast{At: n.opt.Now()}, n.opt.Now()
	m := Message{Channel: SMS, ToAddress: normalAddress(SMS, phone), ByHuman: byHuman}
	known, err := n.recipientsOf(ctx, []Message{m, {Channel: SMS, ToAddress: m.ToAddress}})
	if err != nil {
		return f, fmt.Errorf("look at what %s has got: %w", phone, err)
	}
	f.Recent, f.Blocked = len(known.sent[m.ToAddress]), known.blocked[m.ToAddress] != ""
	f.Many = known.spaced(n.opt.Burst, &Message{Channel: SMS, ToAddress: m.ToAddress}, now).After(now)
	if f.Many && !byHuman {
		f.At = known.spaced(n.opt.Burst, &m, now)
	}
	if n.manners == nil {
		return f, nil
	}
	manners, err := n.manners(ctx, subject)
	if err != nil {
		return f, fmt.Errorf("ask for the manners of %s: %w", subject, err)
	}
	if open := manners.Opens(f.At); open.After(f.At) {
		f.At, f.Quiet = open, true
	}
	return f, nil
}
