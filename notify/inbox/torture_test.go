package inbox

import (
	"math/rand/v2"
	"os"
	"testing"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/notify/notifytest"
)

// torment is how many replies come in over how many broken connections: few in the
// normal run, NEUVO_TORTURE=1 asks for all.
func torment() (replies, cuts int) {
	if os.Getenv("NEUVO_TORTURE") != "" {
		return 5000, 200
	}
	return 400, 20
}

// pollThrough polls over a proxy that cuts the connection at random bytes until
// settled says that nothing more will come, and then until nothing is left.
func pollThrough(t *testing.T, p *Poller, proxy *notifytest.Proxy, cuts int, settled func(stored int) bool) {
	t.Helper()
	random := rand.New(rand.NewPCG(7, uint64(cuts)))
	stored, broken := 0, 0
	for {
		if broken < cuts {
			proxy.CutAfter(1 + random.Int64N(1<<(6+random.IntN(13)))) // up to 256 KB, mostly less
		} else {
			proxy.Heal()
		}
		fresh, err := p.Poll(t.Context())
		stored += fresh
		if err != nil {
			broken++
		}
		if settled(stored) && err == nil && fresh == 0 && (broken >= cuts || stored > 0) {
			t.Logf("%d stored over %d broken connections", stored, broken)
			if broken < cuts/4 {
				t.Errorf("only %d polls broke off", broken)
			}
			return
		}
	}
}

func TestRepliesThatArriveWhileTheConnectionBreaksLandOnTheirJobsOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { tormentArrival(t, d, nil) })
}

func TestRepliesThatAreMovedWhileTheConnectionBreaksLandOnTheirJobsOnce(t *testing.T) {
	p := tormentArrival(t, dbtest.SQLite(t), moving)
	replies, _ := torment()
	if here, there := inFolder(t, p, "INBOX"), inFolder(t, p, "Done"); here != 0 || there != replies {
		t.Errorf("%d are left, %d were moved", here, there)
	}
}

// tormentArrival delivers replies while the connection that brings them in breaks
// again and again.
func tormentArrival(t *testing.T, d *db.DB, change func(*PollerOptions)) *Poller {
	t.Helper()
	replies, cuts := torment()
	dove := notifytest.StartDovecot(t)
	proxy := notifytest.StartProxy(t, dove.IMAPAddr)
	n, made := manyJobs(t, d, replies)
	opt := PollerOptions{URL: host{addr: proxy.Addr}.url(), DB: d, Holder: "one", Parse: ours}
	if change != nil {
		change(&opt)
	}
	p, err := NewPoller(n, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	delivered := make(chan error, 1)
	go func() {
		var err error
		for i := 1; i <= replies && err == nil; i++ {
			err = dove.Deliver("inbox", []byte(reply(i, made.For(int64(i)))))
		}
		delivered <- err
	}()
	over := false
	pollThrough(t, p, proxy, cuts, func(int) bool {
		select {
		case err := <-delivered:
			if err != nil {
				t.Fatal(err)
			}
			over = true
			return false // one more poll: the last may have come after this one
		default:
			return over
		}
	})
	checkPlaced(t, d, replies)
	if left := unflagged(t, p); left != 0 {
		t.Errorf("%d messages are neither flagged nor moved", left)
	}
	return p
}

func TestAMailboxRenumberedHalfWayBringsEachReplyOnce(t *testing.T) {
	dbtest.Each(t, tormentNumbers)
}

// tormentNumbers numbers the messages of a mailbox anew while they are brought in
// over a connection that breaks again and again.
func tormentNumbers(t *testing.T, d *db.DB) {
	replies, cuts := torment()
	dove := notifytest.StartDovecot(t)
	proxy := notifytest.StartProxy(t, dove.IMAPAddr)
	n, made := manyJobs(t, d, replies)
	fillMailbox(t, dove, replies, made, 1)
	p, err := NewPoller(n, PollerOptions{URL: host{addr: proxy.Addr}.url(), DB: d, Holder: "one", Parse: ours, After: AfterLeave})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	renumbered := false
	pollThrough(t, p, proxy, cuts, func(stored int) bool {
		if !renumbered && stored >= replies/2 {
			fillMailbox(t, dove, replies, made, 4_000_000_000)
			renumbered = true
			return false
		}
		return renumbered
	})
	checkPlaced(t, d, replies)
	cursor, err := p.store.Cursor(t.Context(), p.Name())
	if err != nil || cursor.UIDValidity != 4_000_000_000 {
		t.Errorf("cursor %+v, %v", cursor, err)
	}
}
