package demo

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"neuvo/internal/dbtest"
	"neuvo/internal/fault"
)

// stoppedClock shows a machine time that stands still.
func stoppedClock() *Clock {
	c := NewClock()
	c.real = func() time.Time { return someDay }
	return c
}

func TestAnAdvanceStopsAtEveryMinuteInOrder(t *testing.T) {
	c := stoppedClock()
	var at []time.Time
	err := c.Advance(t.Context(), 26*time.Hour, func(_ context.Context, now time.Time) error {
		if shown := c.Now(); !shown.Equal(now) {
			t.Fatalf("the clock shows %v at the stop %v", shown, now)
		}
		at = append(at, now)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(at) != 26*60 {
		t.Errorf("%d stops, want %d", len(at), 26*60)
	}
	for i := 1; i < len(at); i++ {
		if at[i].Sub(at[i-1]) != time.Minute {
			t.Fatalf("stop %d comes %v after the one before", i, at[i].Sub(at[i-1]))
		}
	}
	if got := c.Now(); !got.Equal(someDay.Add(26 * time.Hour)) {
		t.Errorf("the clock ends at %v", got)
	}
}

func TestALongAdvanceHasBoundedStops(t *testing.T) {
	for _, d := range []time.Duration{time.Second, 48 * time.Hour, 49 * time.Hour, 30 * 24 * time.Hour, MaxAdvance} {
		got := stops(someDay.Add(17*time.Second), someDay.Add(17*time.Second).Add(d))
		if len(got) == 0 || len(got) > 3000 {
			t.Errorf("%v: %d stops", d, len(got))
		}
		last := someDay.Add(17 * time.Second)
		for _, at := range got {
			if !at.After(last) {
				t.Fatalf("%v: %v does not come after %v", d, at, last)
			}
			last = at
		}
		if !last.Equal(someDay.Add(17 * time.Second).Add(d)) {
			t.Errorf("%v: ends at %v", d, last)
		}
	}
}

func TestTheClockGoesOnWhereItWas(t *testing.T) {
	d := dbtest.SQLite(t)
	c := NewClock()
	if err := c.Load(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := c.Advance(t.Context(), 90*time.Minute, nil); err != nil {
		t.Fatal(err)
	}
	again := NewClock()
	if err := again.Load(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if diff := again.Offset() - c.Offset(); diff != 0 {
		t.Errorf("the offset differs by %v after a restart", diff)
	}
	if ahead := time.Until(again.Now()); ahead < 89*time.Minute || ahead > 91*time.Minute {
		t.Errorf("the clock is %v ahead, want 90m", ahead)
	}
}

func TestAdvancesAtOnceAddUp(t *testing.T) {
	c := stoppedClock()
	var inside int
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			err := c.Advance(t.Context(), time.Hour, func(context.Context, time.Time) error {
				inside++ // the race detector tells if two walk at once
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := c.Now().Sub(someDay); got != 4*time.Hour || inside != 240 {
		t.Errorf("four hours were %v and %d stops", got, inside)
	}
}

func TestAStepThatFailsEndsTheWalkThere(t *testing.T) {
	c := stoppedClock()
	broken := errors.New("broken")
	n := 0
	err := c.Advance(t.Context(), time.Hour, func(context.Context, time.Time) error {
		if n++; n == 10 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) || n != 10 {
		t.Errorf("got %v after %d steps", err, n)
	}
	if got := c.Now().Sub(someDay); got != 10*time.Minute {
		t.Errorf("the clock stands at +%v, want +10m", got)
	}
}

func TestLengthsOfTimeAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"26h": 26 * time.Hour, " 90m ": 90 * time.Minute, "1h30m": 90 * time.Minute, "3d": 72 * time.Hour, "17520h": MaxAdvance, "730d": MaxAdvance,
	} {
		if got, err := ReadAdvance(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0h", "-1h", "tomorrow", "17521h", "731d", "5", "1h3d", "99999999999d", "NaNd", "9223372036h"} {
		_, err := ReadAdvance(text)
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || len(f.Fields) != 1 || f.Fields[0].Location != "body.advance" {
			t.Errorf("%q: got %v, want a fault that names body.advance", text, err)
		}
	}
}

func TestTomorrowMorningIsOnTheWallClock(t *testing.T) {
	helsinki, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	// The night of 25 October 2026 has an hour more.
	evening := time.Date(2026, 10, 24, 20, 0, 0, 0, helsinki)
	if got := nextMorning(evening); got.Hour() != 8 || got.Sub(evening) != 13*time.Hour {
		t.Errorf("next morning is %v, %v later", got, got.Sub(evening))
	}
}
