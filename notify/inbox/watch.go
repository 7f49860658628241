package inbox

import (
	"context"
	"errors"
	"time"
)

// Watch polls when something arrives and calls wake (which may be nil) after
// every poll that stored something. It uses IDLE (RFC 2177) on a connection of
// its own where the server has it, in short cycles with a poll after each; else
// it polls every PollEvery. A connection that breaks is made anew, with a pause
// that grows to a minute. It returns when ctx ends.
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
// something. watched is false where the server has no IDLE.
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
	for {
		if held, err := p.idleCycle(ctx, s, wake); err != nil || !held {
			return true, err
		}
	}
}

// idleCycle is one IDLE: it begins, then a poll brings in what came before it
// began (nobody announces that), and then it waits until something arrives, the
// cycle is over, or the connection is. The lease is kept alive meanwhile. held is
// false where the lease is another's now.
func (p *Poller) idleCycle(ctx context.Context, s *session, wake func()) (held bool, err error) {
	var stopIdle func() error
	err = s.step(ctx, stepTime, "begin IDLE", func() error {
		cmd, err := s.client.Idle()
		if err == nil {
			stopIdle = func() error { return errors.Join(cmd.Close(), cmd.Wait()) }
		}
		return err
	})
	if err != nil {
		return false, err
	}
	if held, err = p.look(ctx, wake); err != nil || !held {
		return held, err // closing the connection ends the IDLE
	}
	over := time.NewTimer(p.opt.IdleCycle)
	defer over.Stop()
	alive := time.NewTicker(leaseTime / 3)
	defer alive.Stop()
	for waiting := true; waiting; {
		select {
		case <-s.arrived:
			waiting = false
		case <-over.C:
			waiting = false
		case <-alive.C:
			if held, err = p.lease(ctx); err != nil || !held {
				return held, err
			}
		case <-s.client.Closed():
			return false, errors.New("the server ended the connection")
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return true, s.step(ctx, stepTime, "end IDLE", stopIdle)
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
