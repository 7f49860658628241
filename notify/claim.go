package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"neuvo/internal/db"
	"neuvo/templates"
)

// batch is what a claim found to do.
type batch struct {
	ready  []*task  // noted as handed over: to be called now
	ends   []ending // not to be sent at all
	doubts []doubt  // nobody knows whether the gateway has them
	moved  int      // put off to a better moment
	used   int      // of ready, on the lane that was asked for
	errs   []error
}

// empty tells that nothing was due.
func (b *batch) empty() bool { return len(b.ready)+len(b.ends)+len(b.doubts)+b.moved == 0 }

// byLane gives what is to be called through each lane, for as many to share as
// may call it at once.
func (b *batch) byLane() map[*lane]<-chan *task {
	queues := map[*lane]chan *task{}
	for _, t := range b.ready {
		if queues[t.lane] == nil {
			queues[t.lane] = make(chan *task, len(b.ready))
		}
		queues[t.lane] <- t
	}
	shared := map[*lane]<-chan *task{}
	for l, queue := range queues {
		close(queue)
		shared[l] = queue
	}
	return shared
}

// ending is a message that will not be sent, and why.
type ending struct {
	m       Message
	subject string
	state   State
	detail  string
	byMail  bool // try e-mail in its place
}

// putOff is a message that waits for a better moment.
type putOff struct {
	until  db.Time
	detail string
}

// troubleWait passes before a message is looked at again that could not be judged.
const troubleWait = time.Minute

// busyWait passes before a message asks again for a route other than its first.
const busyWait = 2 * time.Second

// claimDue takes up what is due of a class, up to the limit, and decides on each:
// in one transaction it is claimed and noted as handed over, put off, or ended.
func (n *Notifier) claimDue(ctx context.Context, c *class, l *lane, limit int) (*batch, error) {
	var b *batch
	steady := context.WithoutCancel(ctx) // what is claimed must be known as such
	err := n.db.Tx(steady, func(ctx context.Context) error {
		b = &batch{}
		rows, err := n.dueOf(ctx, c, max(limit, alone))
		if err != nil || len(rows) == 0 {
			return err
		}
		rows = c.turns.choose(rows, limit)
		j, err := n.judgeFor(ctx, rows)
		if err != nil {
			return err
		}
		return n.decide(ctx, b, c, l, j, rows)
	})
	if err != nil {
		return &batch{}, err
	}
	return b, nil
}

// decide judges each row and writes what comes of it.
func (n *Notifier) decide(ctx context.Context, b *batch, c *class, l *lane, j *judge, rows []Message) error {
	now := n.opt.Now()
	until := db.At(now.Add(claimFor))
	later := map[putOff][]int64{}
	var held []int64 // claimed, and no gateway is to be called
	for _, m := range rows {
		subject := j.subjects[m.ConversationID]
		if m.State == Claimed && !m.HandedAt.IsZero() || m.State == Unknown && !n.mayRepeat(&m) {
			lapsed := m.State == Claimed
			m.ClaimedBy = n.self
			b.doubts, held = append(b.doubts, doubt{m: m, subject: subject, lapsed: lapsed}), append(held, m.ID)
			continue
		}
		v, err := n.judge(ctx, j, &m)
		if err != nil {
			b.errs = append(b.errs, fmt.Errorf("judge message %d: %w", m.ID, err))
			v = verdict{until: db.At(now.Add(troubleWait)), detail: "whether it should still go could not be found out"}
		}
		var from origin
		via, words := l, m.Body
		if v == (verdict{}) {
			via, from, v, err = n.laneOf(ctx, c, l, &m)
			if err != nil {
				return fmt.Errorf("choose the sender of message %d: %w", m.ID, err)
			}
		}
		switch {
		case !v.until.IsZero():
			later[putOff{v.until, v.detail}] = append(later[putOff{v.until, v.detail}], m.ID)
		case v.state != "":
			m.ClaimedBy = n.self
			b.ends = append(b.ends, ending{m: m, subject: subject, state: v.state, detail: v.detail, byMail: v.byMail})
			held = append(held, m.ID)
		default:
			m.State, m.ClaimedBy, m.ClaimedUntil, m.NextAt = Claimed, n.self, until, until
			m.HandedAt, m.Gateway, m.Attempts = db.At(now), via.name, m.Attempts+1
			b.ready = append(b.ready, &task{m: m, subject: subject, class: c, lane: via, origin: from, words: words, files: j.files[m.ID]})
			if via == l {
				b.used++
			}
		}
	}
	for off, ids := range later {
		b.moved += len(ids)
		if err := n.postpone(ctx, ids, off); err != nil {
			return err
		}
	}
	if err := n.holdClaim(ctx, held, until); err != nil {
		return err
	}
	return n.hand(ctx, b.ready, until)
}

// judge is what the database knows of a batch, read at once.
type judge struct {
	subjects map[int64]string // by conversation
	files    map[int64]bool
	manners  map[string]Manners
	versions map[string]standing
	known    recipients
}

// standing is what the room says of a subject.
type standing struct {
	version int
	live    bool
}

// judgeFor reads what is needed to judge the rows.
func (n *Notifier) judgeFor(ctx context.Context, rows []Message) (*judge, error) {
	j := &judge{manners: map[string]Manners{}, versions: map[string]standing{}}
	var err error
	if j.subjects, err = n.subjectsOf(ctx, rows); err != nil {
		return nil, err
	}
	if j.files, err = n.haveFiles(ctx, rows); err != nil {
		return nil, err
	}
	j.known, err = n.recipientsOf(ctx, rows)
	return j, err
}

// verdict is what keeps a message from going now; the zero verdict: nothing.
type verdict struct {
	until  db.Time // it waits until then
	state  State   // it ends in this state
	byMail bool    // unless it can go by e-mail
	detail string
}

// judge decides at the last moment whether a message should still go.
func (n *Notifier) judge(ctx context.Context, j *judge, m *Message) (verdict, error) {
	if !m.ExpiresAt.IsZero() && !m.ExpiresAt.After(n.opt.Now()) {
		if m.Error != "" {
			return verdict{state: Expired, detail: "it could not be sent while it was worth sending: " + m.Error}, nil
		}
		return verdict{state: Expired, detail: "it was not sent while it was worth sending"}, nil
	}
	subject := j.subjects[m.ConversationID]
	if v, err := n.outdated(ctx, j, m, subject); err != nil || v != (verdict{}) {
		return v, err
	}
	if v := j.known.refuse(m); v != (verdict{}) {
		return v, nil
	}
	return n.mannersVerdict(ctx, j, m, subject)
}

// outdated tells of a message that its subject has outgrown.
func (n *Notifier) outdated(ctx context.Context, j *judge, m *Message, subject string) (verdict, error) {
	if n.versions == nil || isList(subject) {
		return verdict{}, nil
	}
	s, known := j.versions[subject]
	if !known {
		var err error
		if s.version, s.live, err = n.versions(ctx, subject); err != nil {
			return verdict{}, fmt.Errorf("ask for the version of %s: %w", subject, err)
		}
		j.versions[subject] = s
	}
	switch {
	case !s.live:
		return verdict{state: Suppressed, detail: "what it tells of is over"}, nil
	case m.SubjectVersion != 0 && m.SubjectVersion < s.version:
		return verdict{state: Suppressed, detail: fmt.Sprintf("it tells of version %d, now it is %d", m.SubjectVersion, s.version)}, nil
	}
	return verdict{}, nil
}

// laneOf chooses the lane of a message and what it is sent from there: the first
// choice l of its class, or another where that has no sender that will do. A
// verdict where it cannot go.
func (n *Notifier) laneOf(ctx context.Context, c *class, l *lane, m *Message) (*lane, origin, verdict, error) {
	if l == nil {
		return nil, origin{}, verdict{state: Failed, detail: "no gateway is set up for " + string(m.Channel) + " to " + m.ToAddress}, nil
	}
	from, err := n.senderOn(ctx, m, &l.Route)
	if !errors.Is(err, errNoSender) {
		return l, from, verdict{}, err
	}
	now, busy := n.opt.Now(), false
	for _, other := range c.lanes {
		if other == l {
			continue
		}
		if got, _ := other.room(now, 1); got == 0 {
			busy = true // it may be the only one that will do: wait
			continue
		}
		from, err := n.senderOn(ctx, m, &other.Route)
		if err == nil {
			return other, from, verdict{}, nil
		}
		other.spare(1)
		if !errors.Is(err, errNoSender) {
			return nil, origin{}, verdict{}, err
		}
	}
	if busy {
		return nil, origin{}, verdict{until: db.At(now.Add(busyWait)), detail: "the other routes are busy"}, nil
	}
	return nil, origin{}, verdict{state: Failed, byMail: true, detail: templates.T("en", errNoSender.Key, nil) + " (no_sender)"}, nil
}

// turns remembers who was served last, so that one recipient with many messages
// does not hold up the others.
type turns struct {
	served map[string]int
	count  int
}

// choose takes up to limit of the rows: first those to recipients who have waited
// longest, else in their order.
func (t *turns) choose(rows []Message, limit int) []Message {
	if t.served == nil || len(t.served) > 8192 {
		t.served = map[string]int{}
	}
	if len(rows) > limit {
		slices.SortStableFunc(rows, func(a, b Message) int {
			return cmp.Compare(t.served[a.ToAddress], t.served[b.ToAddress])
		})
		rows = rows[:limit]
	}
	for _, m := range rows {
		t.count++
		t.served[m.ToAddress] = t.count
	}
	return rows
}
