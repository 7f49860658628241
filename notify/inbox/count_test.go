package inbox

import (
	"strings"
	"testing"

	"neuvo/internal/dbtest"
	"neuvo/notify"
)

func TestTheDailyCountFindsWhatWasNeverStoredAndBringsItIn(t *testing.T) {
	h, _ := dovecot(t)
	d := dbtest.SQLite(t)
	n := notify.New(d, notify.Options{})
	p := poller(t, d, h.url())
	for i := range 5 {
		h.deliver(t, letter(i))
	}
	poll(t, p, 5)
	if missing, err := p.Count(t.Context()); err != nil || missing != 0 {
		t.Fatalf("%d missing, %v", missing, err)
	}
	pool, err := d.SQL()
	if err != nil {
		t.Fatal(err)
	}
	// A server that showed number 3 only after number 5.
	if _, err := pool.ExecContext(t.Context(), "DELETE FROM inbound WHERE uid = 3"); err != nil {
		t.Fatal(err)
	}
	poll(t, p, 0)
	if missing, err := p.Count(t.Context()); err != nil || missing != 1 {
		t.Fatalf("%d missing, %v", missing, err)
	}
	counts, err := n.Counts(t.Context())
	if err != nil || len(counts) != 1 || counts[0].Held != 5 || counts[0].Stored != 4 || counts[0].Missing != 1 || !strings.Contains(counts[0].Says, "number 3") {
		t.Errorf("counts %+v, %v", counts, err)
	}
	if got := states(t, d); got[notify.InTriage] != 5 {
		t.Errorf("states %v", got)
	}
	if missing, err := p.Count(t.Context()); err != nil || missing != 0 {
		t.Errorf("the day after: %d missing, %v", missing, err)
	}
}
