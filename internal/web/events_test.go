package web

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAPageIsToldAtOnceThenNowAndThenAndAlwaysOfTheLastChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := newPace()
		p.last = began.Add(-time.Minute)
		type mark struct {
			at    time.Duration
			jobID int64
		}
		var told []mark
		rings := []mark{{0, 7}, {60 * time.Millisecond, 8}, {80 * time.Millisecond, 8}, {220 * time.Millisecond, 1}, {240 * time.Millisecond, 2}, {9 * time.Second, 3}}
		changes := make(chan int64)
		go func() {
			for _, r := range rings {
				<-time.After(r.at - time.Since(began)) // the bubble's clock
				changes <- r.jobID
			}
			<-time.After(5 * time.Second)
			close(changes)
		}()
		for open := true; open; {
			var jobID int64
			select {
			case jobID, open = <-changes:
				if open && p.now(jobID) {
					told = append(told, mark{time.Since(began), jobID})
				}
			case <-p.after.C:
				told = append(told, mark{time.Since(began), p.held()})
			}
		}
		want := []mark{{0, 7}, {spacing, 8}, {2 * spacing, 0}, {9 * time.Second, 3}}
		if len(told) != len(want) {
			t.Fatalf("told %v, want %v", told, want)
		}
		for i := range want {
			if told[i] != want[i] {
				t.Errorf("told %v, want %v", told[i], want[i])
			}
		}
	})
}
