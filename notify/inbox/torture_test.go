package inbox

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"

	"neuvo/notify"
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
	replies, cuts := torment()
	dove := notifytest.StartDovecot(t)
	proxy := notifytest.StartProxy(t, dove.IMAPAddr)
	d, n, made := manyJobs(t, replies)
	p, err := NewPoller(n, PollerOptions{URL: host{addr: proxy.Addr}.url(), DB: d, Holder: "one", Parse: ours})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
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
		t.Errorf("%d messages are not flagged", left)
	}
}

func TestAMailboxRenumberedHalfWayBringsEachReplyOnce(t *testing.T) {
	replies, cuts := torment()
	made, err := notify.NewAddresses("desk+{token}@reply.neuvo.test", bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	dove := notifytest.StartDovecot(t)
	fillMailbox(t, dove, replies, made, 1)
	proxy := notifytest.StartProxy(t, dove.IMAPAddr)
	d, n, _ := manyJobs(t, replies)
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
