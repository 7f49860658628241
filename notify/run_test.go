package notify_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/notify"
)

func TestRunSendsAtTheInstantAMessageFallsDue(t *testing.T) {
	d := dbtest.SQLite(t)
	var at []time.Duration
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		g := &line{channel: notify.SMS, answer: func(notify.Envelope) (notify.Sent, error) {
			at = append(at, time.Since(began).Round(100*time.Millisecond))
			if len(at) == 1 {
				return notify.Sent{}, &notify.SendError{Retryable: true, Text: "busy"}
			}
			return notify.Sent{}, nil
		}}
		n := notify.New(d, notify.Options{Now: time.Now, Log: slog.New(slog.DiscardHandler), Routes: []notify.Route{{Gateway: g}}})
		ctx, stop := context.WithCancel(t.Context())
		o := text("x")
		o.NotBefore = db.At(began.Add(7 * time.Second))
		if err := d.Tx(ctx, func(ctx context.Context) error { _, err := n.Send(ctx, o); return err }); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() { ended <- n.Run(ctx) }()
		<-time.After(5 * time.Minute) // of the bubble
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	if len(at) != 2 || at[0] != 7*time.Second || at[1] < 7*time.Second+24*time.Second || at[1] > 7*time.Second+37*time.Second {
		t.Errorf("sent at %v, want at 7s and about 30s later", at)
	}
}
