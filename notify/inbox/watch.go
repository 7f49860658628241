package inbox

import (
	"context"
	"errors"
	"net"
	"time"
)

// How long an IDLE lasts while somebody looks at the desk, and what bounds it: the
// server is busy with ending and beginning for no more than a twentieth of the time.
const (
	shortCycle    = 200 * time.Millisecond
	shortestCycle = 100 * time.Millisecond
	tripsPerCycle = 20
)

// Watch polls when something arrives and calls wake (which may be nil) after
// every poll that stored something. It uses IDLE (RFC 2177) on a connection of
// its own where the server has it; else it polls every PollEvery. A connection
// that breaks is made anew, with a pause that grows to a minute. It returns when
// ctx ends.
//
// Some servers think it over before they tell of a new message: Dovecot half a
// second. They tell at once when an IDLE ends. So while somebody looks at the desk
// IDLE goes in short cycles, of which each is one DONE and one IDLE, where the
// server is ours to trouble: on this machine or in the same private network, or
// where the mailbox's URL says how long a cycle is. Hosted servers, which count
// commands, tell at once anyway.
func (p *Poller) Watch(ctx context.Context, wake func()) error {
	pause := time.Second
	for ctx.Err() == nil {
		held, err := p.look(ctx, wake)
		watched := false
		if err == nil && held {
			watched, err = p.idle(ctx, wake)
		}
		switch {
		case ctx.Err() != nil:
		case err != nil:
			p.opt.Log.Warn("mailbox is not watched for now", "mailbox", p.name, "error", err, "again_in", pause)
			wait(ctx, pause)
			pause = min(2*pause, time.Minute)
			continue
		case !watched:
			wait(ctx, p.opt.PollEvery)
		}
		pause = time.Second
	}
	return nil
}

// look polls once.
func (p *Poller) look(ctx context.Context, wake func()) (held bool, err error) {
	fresh, held, err := p.poll(ctx)
	if fresh > 0 && wake != nil {
		wake()
	}
	return held, err
}

// canIdle tells what the server said at the last sign-in.
func (p *Poller) canIdle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.session != nil && p.session.idles && !p.opt.NoIDLE
}

// idle waits on a connection of its own and polls whenever the server tells of
// something, and when IdleCycle is over. watched is false where the server has no
// IDLE.
func (p *Poller) idle(ctx context.Context, wake func()) (watched bool, err error) {
	if !p.canIdle() {
		return false, nil
	}
	s, err := p.connect(ctx)
	if err != nil {
		return false, err
	}
	defer s.close()
	if _, err := s.open(ctx, p.opt.Mailbox, true); err != nil {
		return false, err
	}
	// What came before the mailbox was opened here nobody announces: look once.
	news, looked := true, time.Time{}
	for {
		end, err := s.beginIdle(ctx)
		if err != nil {
			return true, err
		}
		p.rounds.Add(1)
		if news || time.Since(looked) >= p.opt.IdleCycle {
			if held, err := p.look(ctx, wake); err != nil || !held {
				return true, err // closing the connection ends the IDLE
			}
			looked = time.Now()
		}
		if news, err = p.listen(ctx, s, looked); err != nil {
			if errors.Is(err, errLost) {
				err = nil
			}
			return true, err
		}
		began := time.Now()
		if err := s.step(ctx, stepTime, "end IDLE", end); err != nil {
			return true, err
		}
		s.trip = time.Since(began)
		select {
		case <-s.arrived: // what the server told in ending
			news = true
		default:
		}
	}
}

// beginIdle begins an IDLE; end ends it.
func (s *session) beginIdle(ctx context.Context) (end func() error, err error) {
	err = s.step(ctx, stepTime, "begin IDLE", func() error {
		cmd, err := s.client.Idle()
		if err == nil {
			end = func() error { return errors.Join(cmd.Close(), cmd.Wait()) }
		}
		return err
	})
	return end, err
}

// errLost means that another has the mailbox's lease now.
var errLost = errors.New("the mailbox's lease was lost")

// listen waits until the server tells of something (news) or the cycle is over,
// and keeps the lease alive meanwhile. Whether the cycle is a short one may change
// while it runs: somebody opens the desk.
func (p *Poller) listen(ctx context.Context, s *session, looked time.Time) (news bool, err error) {
	began := time.Now()
	over := time.NewTimer(p.cycle(s))
	defer over.Stop()
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	for {
		select {
		case <-s.arrived:
			return true, nil
		case <-over.C:
			return false, nil
		case now := <-beat.C:
			if now.Sub(looked) >= p.opt.IdleCycle || now.Sub(began) >= p.cycle(s) {
				return false, nil
			}
		case <-s.client.Closed():
			return false, errors.New("the server ended the connection")
		case <-ctx.Done():
			return false, ctx.Err()
		}
		held, err := p.keepLease(ctx)
		if err == nil && !held {
			err = errLost
		}
		if err != nil {
			return false, err
		}
	}
}

// cycle is how long an IDLE lasts now.
func (p *Poller) cycle(s *session) time.Duration {
	short := p.server.idle
	if short == 0 && s.near && p.server.auth == "" {
		short = shortCycle
	}
	if short == 0 || p.opt.Watched == nil || !p.opt.Watched() {
		return p.opt.IdleCycle
	}
	return min(max(short, tripsPerCycle*s.trip), p.opt.IdleCycle)
}

// isNear tells whether a server is on this machine or in a private network
// (RFC 1918, RFC 4193).
func isNear(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && (tcp.IP.IsLoopback() || tcp.IP.IsPrivate() || tcp.IP.IsLinkLocalUnicast())
}

// wait waits, or not so long where ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
