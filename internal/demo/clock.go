package demo

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// Bounds of one Advance.
const (
	// MaxAdvance is the furthest that one call goes.
	MaxAdvance = 2 * 365 * day
	day        = 24 * time.Hour
	// finest is the step of an advance up to finestFor; beyond, steps grow so
	// that there are never more of them than finestFor has minutes.
	finest    = time.Minute
	finestFor = 48 * time.Hour
	// keepEvery is how many steps may pass before the offset is kept: after a
	// crash in the middle the clock is behind by no more than that.
	keepEvery = 60
)

// offsetKey is the setting that holds the clock's offset.
const offsetKey = "demo.clock_offset"

// Clock is the demo's time: the machine's plus an offset that only grows once
// the seed is done. It is safe for concurrent use.
type Clock struct {
	advancing chan struct{} // holds a token while nobody advances

	mu     sync.RWMutex
	offset time.Duration
	db     *db.DB
	real   func() time.Time
}

// NewClock gives a clock that shows the machine's time until Load finds an
// offset. It comes before the database, whose rows it stamps.
func NewClock() *Clock {
	c := &Clock{advancing: make(chan struct{}, 1), real: time.Now}
	c.advancing <- struct{}{}
	return c
}

// Load takes the kept offset over and keeps later ones in d.
func (c *Clock) Load(ctx context.Context, d *db.DB) error {
	text, err := d.GetSetting(ctx, offsetKey)
	if err != nil {
		return fmt.Errorf("read the demo clock: %w", err)
	}
	offset := time.Duration(0)
	if text != "" {
		if offset, err = time.ParseDuration(text); err != nil {
			return fmt.Errorf("read the demo clock: %w", err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.db, c.offset = d, offset
	return nil
}

// Now is the demo's time.
func (c *Clock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.real().Add(c.offset)
}

// Offset is how far the demo's time is from the machine's.
func (c *Clock) Offset() time.Duration {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.offset
}

// set makes the clock show t now. Only the seed moves it back.
func (c *Clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = t.Sub(c.real())
}

// setOffset puts the clock back to where it was before the seed.
func (c *Clock) setOffset(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = offset
}

// forward makes the clock show t unless it is past that already, which happens
// when a step took longer than the time it moved.
func (c *Clock) forward(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if offset := t.Sub(c.real()); offset > c.offset {
		c.offset = offset
	}
}

// Advance moves the clock ahead by d and calls step at each stop on the way, in
// order: at every whole minute up to 48 h, proportionally coarser beyond. step
// may be nil. Advances that come at the same time wait for each other. The
// clock ends at the target also where steps fail; their errors end the walk.
// Invalid names "body.advance".
func (c *Clock) Advance(ctx context.Context, d time.Duration, step func(ctx context.Context, at time.Time) error) error {
	if d <= 0 || d > MaxAdvance {
		return fault.BadField("body.advance", "demo.fault.advance", d.String())
	}
	select {
	case <-c.advancing:
		defer func() { c.advancing <- struct{}{} }()
	case <-ctx.Done():
		return ctx.Err()
	}
	from := c.Now()
	walk := func(ctx context.Context) error { return c.walk(ctx, from, from.Add(d), step) }
	c.mu.RLock()
	kept := c.db
	c.mu.RUnlock()
	if kept == nil {
		return walk(ctx)
	}
	// Thousands of sweeps in a row must not each wait for the disk.
	return kept.Bulk(ctx, walk)
}

// Until moves the clock ahead to a time; one that is past is Invalid.
func (c *Clock) Until(ctx context.Context, t time.Time, step func(ctx context.Context, at time.Time) error) error {
	return c.Advance(ctx, t.Sub(c.Now()), step)
}

func (c *Clock) walk(ctx context.Context, from, target time.Time, step func(ctx context.Context, at time.Time) error) error {
	for i, at := range stops(from, target) {
		if err := ctx.Err(); err != nil {
			return c.keep(context.WithoutCancel(ctx), err)
		}
		c.forward(at)
		if step != nil {
			if err := step(ctx, at); err != nil {
				return c.keep(context.WithoutCancel(ctx), fmt.Errorf("at %s: %w", at.Format(time.RFC3339), err))
			}
		}
		if i%keepEvery == keepEvery-1 {
			if err := c.keep(ctx, nil); err != nil {
				return err
			}
		}
	}
	return c.keep(ctx, nil)
}

// stops are the times of a walk: whole minutes after from, and target last.
func stops(from, target time.Time) []time.Time {
	width := finest
	if d := target.Sub(from); d > finestFor {
		width = (d/(finestFor/finest) + finest - 1).Truncate(finest)
	}
	var out []time.Time
	for at := from.Truncate(finest).Add(width); at.Before(target); at = at.Add(width) {
		out = append(out, at)
	}
	return append(out, target)
}

// keep writes the offset down and passes err on.
func (c *Clock) keep(ctx context.Context, err error) error {
	c.mu.RLock()
	d, offset := c.db, c.offset
	c.mu.RUnlock()
	if d == nil {
		return err
	}
	if keepErr := d.SetSetting(ctx, offsetKey, offset.String()); keepErr != nil {
		if err == nil {
			return fmt.Errorf("keep the demo clock: %w", keepErr)
		}
	}
	return err
}

// ReadAdvance reads a length of time as the contract and people write it:
// "26h", "90m", "1h30m", also whole days as "3d". Invalid names "body.advance".
func ReadAdvance(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	bad := func() error { return fault.BadField("body.advance", "demo.fault.advance", text) }
	var d time.Duration
	var err error
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		if n, err = strconv.Atoi(days); err == nil && n <= int(MaxAdvance/day) {
			d = time.Duration(n) * day
		}
	} else {
		d, err = time.ParseDuration(text)
	}
	if err != nil {
		return 0, bad()
	}
	if d <= 0 || d > MaxAdvance {
		return 0, bad()
	}
	return d, nil
}
