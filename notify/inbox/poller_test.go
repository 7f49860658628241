package inbox

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/notify/notifytest"
)

// host is a mail host that a test delivers to.
type host struct {
	addr    string
	deliver func(t testing.TB, raw string)
}

func (h host) url() string {
	return fmt.Sprintf("imap://inbox:%s@%s?tls=none", notifytest.Password, h.addr)
}

// memory starts the in-process IMAP server; wrap may change its sessions.
func memory(t testing.TB, caps imap.CapSet, wrap func(imapserver.Session) imapserver.Session) host {
	t.Helper()
	_, h := memoryServer(t, caps, wrap)
	return h
}

// memoryUser is memory with the user whose mailbox it is.
func memoryUser(t testing.TB) (*imapmemserver.User, host) { return memoryServer(t, nil, nil) }

func memoryServer(t testing.TB, caps imap.CapSet, wrap func(imapserver.Session) imapserver.Session) (*imapmemserver.User, host) {
	t.Helper()
	user := imapmemserver.NewUser("inbox", notifytest.Password)
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	backend := imapmemserver.New()
	backend.AddUser(user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			if wrap != nil {
				return wrap(backend.NewSession()), nil, nil
			}
			return backend.NewSession(), nil, nil
		},
		Caps: caps, InsecureAuth: true, Logger: quiet{},
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return user, host{addr: l.Addr().String(), deliver: func(t testing.TB, raw string) {
		t.Helper()
		if _, err := user.Append("INBOX", literal{strings.NewReader(raw), int64(len(raw))}, &imap.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
	}}
}

type literal struct {
	*strings.Reader
	size int64
}

// Size implements imap.LiteralReader.
func (l literal) Size() int64 { return l.size }

type quiet struct{}

// Printf implements imapserver.Logger.
func (quiet) Printf(string, ...any) {}

func dovecot(t testing.TB) (host, *notifytest.Dovecot) {
	d := notifytest.StartDovecot(t)
	return host{addr: d.IMAPAddr, deliver: func(t testing.TB, raw string) {
		t.Helper()
		if err := d.Deliver("inbox", []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}}, d
}

// eachHost runs a test on the in-process server and on Dovecot.
func eachHost(t *testing.T, f func(t *testing.T, h host)) {
	t.Run("memory", func(t *testing.T) { f(t, memory(t, nil, nil)) })
	t.Run("dovecot", func(t *testing.T) { h, _ := dovecot(t); f(t, h) })
}

func letter(n int) string {
	return fmt.Sprintf("From: c%d@asiakas.test\r\nTo: desk@reply.neuvo.test\r\nMessage-ID: <n%d@asiakas.test>\r\nSubject: no %d\r\n\r\n%s\r\n",
		n, n, n, strings.Repeat(fmt.Sprintf("Message %d. ", n), 1+n%50))
}

func poller(t testing.TB, d *db.DB, url string, change ...func(*PollerOptions)) *Poller {
	t.Helper()
	opt := PollerOptions{URL: url, DB: d, Holder: "one", Parse: ours, PollEvery: 20 * time.Millisecond}
	for _, f := range change {
		f(&opt)
	}
	p, err := NewPoller(notify.New(d, notify.Options{}), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func poll(t testing.TB, p *Poller, want int) {
	t.Helper()
	fresh, err := p.Poll(t.Context())
	if err != nil {
		t.Fatalf("poll: %v", err)
	}
	if fresh != want {
		t.Fatalf("%d fresh messages, want %d", fresh, want)
	}
}

// states counts the stored messages by state.
func states(t testing.TB, d *db.DB) map[notify.InboundState]int {
	t.Helper()
	var rows []notify.Inbound
	if err := d.In(t.Context()).Find(&rows).Error; err != nil {
		t.Fatal(err)
	}
	count := map[notify.InboundState]int{}
	for _, r := range rows {
		count[r.State]++
	}
	return count
}

func TestEveryMessageComesInOnceAndIsFlagged(t *testing.T) {
	eachHost(t, func(t *testing.T, h host) {
		d := dbtest.SQLite(t)
		p := poller(t, d, h.url())
		poll(t, p, 0)
		h.deliver(t, letter(1))
		h.deliver(t, letter(2))
		poll(t, p, 2)
		poll(t, p, 0)
		h.deliver(t, letter(3))
		poll(t, p, 1)
		if got := states(t, d); got[notify.InTriage] != 3 {
			t.Errorf("states %v, want 3 in triage", got)
		}
		if n := unflagged(t, p); n != 0 {
			t.Errorf("%d messages are not flagged", n)
		}
		again := poller(t, d, h.url(), func(o *PollerOptions) { o.Mailbox = "INBOX" })
		poll(t, again, 0)
	})
}

// unflagged asks the server how many messages lack \Seen.
func unflagged(t testing.TB, p *Poller) int {
	t.Helper()
	s, err := p.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	data, err := s.client.Status("INBOX", &imap.StatusOptions{NumUnseen: true}).Wait()
	if err != nil {
		t.Fatal(err)
	}
	return int(*data.NumUnseen)
}

func TestAMailboxThatIsLeftAloneKeepsItsFlags(t *testing.T) {
	eachHost(t, func(t *testing.T, h host) {
		p := poller(t, dbtest.SQLite(t), h.url(), func(o *PollerOptions) { o.After = AfterLeave })
		h.deliver(t, letter(1))
		poll(t, p, 1)
		poll(t, p, 0)
		if n := unflagged(t, p); n != 1 {
			t.Errorf("%d unseen, want 1", n)
		}
	})
}

func TestFiveHundredMessagesComeInAcrossBrokenConnectionsExactlyOnce(t *testing.T) {
	eachHost(t, func(t *testing.T, h host) {
		for n := range 500 {
			h.deliver(t, letter(n))
		}
		proxy := notifytest.StartProxy(t, h.addr)
		d := dbtest.SQLite(t)
		p := poller(t, d, host{addr: proxy.Addr}.url())
		random := rand.New(rand.NewPCG(5, 5))
		total, cuts, broken := 0, 0, 0
		for total < 500 {
			if cuts < 30 {
				proxy.CutAfter(1 + random.Int64N(60_000))
				cuts++
			}
			fresh, err := p.Poll(t.Context())
			total += fresh
			if err != nil {
				broken++
			}
			if cuts >= 30 {
				proxy.Heal()
			}
			if err == nil && fresh == 0 && cuts >= 30 {
				break
			}
		}
		proxy.Heal()
		poll(t, p, 0)
		if got := states(t, d); total != 500 || got[notify.InTriage] != 500 || len(got) != 1 {
			t.Errorf("%d fresh, states %v, want 500 in triage", total, got)
		}
		if broken < 5 {
			t.Errorf("only %d polls broke off: nothing was cut", broken)
		}
	})
}

func TestARenumberedMailboxIsReadAgainWithoutDuplicates(t *testing.T) {
	h, dove := dovecot(t)
	d := dbtest.SQLite(t)
	p := poller(t, d, h.url())
	for n := range 5 {
		h.deliver(t, letter(n))
	}
	poll(t, p, 5)
	if err := dove.Wipe("inbox", 4_000_000_000); err != nil {
		t.Fatal(err)
	}
	// The same messages come back in another order, with one that is new.
	for _, n := range []int{4, 9, 2, 0, 1, 3} {
		h.deliver(t, letter(n))
	}
	fresh := 0
	for try := 0; fresh < 6 && try < 3; try++ { // the kept connection may be told of it by an error first
		n, err := p.Poll(t.Context())
		if err != nil {
			t.Logf("poll: %v", err)
		}
		fresh += n
	}
	cursor, err := p.store.Cursor(t.Context(), p.Name())
	if err != nil || cursor.UIDValidity != 4_000_000_000 || cursor.LastUID != 6 {
		t.Errorf("cursor %+v, %v", cursor, err)
	}
	if got := states(t, d); got[notify.InTriage] != 6 {
		t.Errorf("states %v, want 6 in triage, the rest duplicates", got)
	}
}

// odd is a session that misbehaves when it gives the bodies of messages.
type odd struct {
	imapserver.Session
	fetch func(next imapserver.Session, w *imapserver.FetchWriter, set imap.UIDSet, o *imap.FetchOptions) error
}

// Fetch implements imapserver.Session.
func (s odd) Fetch(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions) error {
	if uids, ok := set.(imap.UIDSet); ok && len(o.BodySection) > 0 {
		return s.fetch(s.Session, w, uids, o)
	}
	return s.Session.Fetch(w, set, o)
}

func TestAMessageThatTheServerRefusesIsNotedAndTheOthersComeIn(t *testing.T) {
	h := memory(t, nil, func(s imapserver.Session) imapserver.Session {
		return odd{s, func(next imapserver.Session, w *imapserver.FetchWriter, set imap.UIDSet, o *imap.FetchOptions) error {
			if set.Contains(2) {
				return &imap.Error{Type: imap.StatusResponseTypeNo, Text: "cannot decode message"}
			}
			return next.Fetch(w, set, o)
		}}
	})
	d := dbtest.SQLite(t)
	p := poller(t, d, h.url())
	for n := range 4 {
		h.deliver(t, letter(n))
	}
	poll(t, p, 4)
	var row notify.Inbound
	if err := d.In(t.Context()).Where("uid = 2").Take(&row).Error; err != nil {
		t.Fatal(err)
	}
	if row.State != notify.InTriage || !strings.Contains(row.Body, "cannot decode message") {
		t.Errorf("state %s, body %q", row.State, row.Body)
	}
	poll(t, p, 0)
}

func TestAMessageThatVanishesMeanwhileIsPassedOver(t *testing.T) {
	h := memory(t, nil, func(s imapserver.Session) imapserver.Session {
		return odd{s, func(next imapserver.Session, w *imapserver.FetchWriter, set imap.UIDSet, o *imap.FetchOptions) error {
			var left imap.UIDSet
			for uid := imap.UID(1); uid < 10; uid++ {
				if set.Contains(uid) && uid != 2 {
					left.AddNum(uid)
				}
			}
			return next.Fetch(w, left, o)
		}}
	})
	p := poller(t, dbtest.SQLite(t), h.url())
	for n := range 4 {
		h.deliver(t, letter(n))
	}
	poll(t, p, 3)
	poll(t, p, 0)
}

func TestAMessageThatIsTooLargeIsKeptAsItsHeader(t *testing.T) {
	eachHost(t, func(t *testing.T, h host) {
		d := dbtest.SQLite(t)
		p := poller(t, d, h.url(), func(o *PollerOptions) { o.MaxMessage = 10_000 })
		h.deliver(t, letter(1))
		h.deliver(t, "From: iso@asiakas.test\r\nSubject: iso kuva\r\nMessage-ID: <iso@asiakas.test>\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"+strings.Repeat("x", 20_000))
		h.deliver(t, letter(3))
		poll(t, p, 3)
		var row notify.Inbound
		if err := d.In(t.Context()).Where("message_id = ?", "iso@asiakas.test").Take(&row).Error; err != nil {
			t.Fatal(err)
		}
		if row.Subject != "iso kuva" || !strings.Contains(row.Body, "more than the 10000") || len(row.Raw) > 2000 {
			t.Errorf("subject %q, body %q, %d bytes", row.Subject, row.Body, len(row.Raw))
		}
	})
}

func TestPoisonGoesToTriageAndTheLoopGoesOn(t *testing.T) {
	eachHost(t, func(t *testing.T, h host) {
		d := dbtest.SQLite(t)
		p := poller(t, d, h.url())
		random := rand.New(rand.NewPCG(1, 2))
		for n := range 10 {
			garbage := make([]byte, 3000)
			for i := range garbage {
				garbage[i] = byte(1 + random.IntN(255)) // NUL cannot travel over LMTP
			}
			h.deliver(t, "Content-Type: multipart/mixed; boundary=\r\nMessage-ID: <p"+fmt.Sprint(n)+"@x>\r\n\r\n"+string(garbage))
		}
		h.deliver(t, letter(1))
		poll(t, p, 11)
		if got := states(t, d); got[notify.InStored] != 0 || got[notify.InTriage] != 11 {
			t.Errorf("states %v, want 11 in triage", got)
		}
	})
}

func TestOneReplicaReadsAtATimeAndAnotherTakesOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := memory(t, nil, nil)
		one := poller(t, d, h.url())
		two := poller(t, d, h.url(), func(o *PollerOptions) { o.Holder = "two" })
		h.deliver(t, letter(1))
		poll(t, one, 1)
		h.deliver(t, letter(2))
		poll(t, two, 0)
		if err := one.Close(); err != nil {
			t.Fatal(err)
		}
		poll(t, two, 1)
	})
}

// TestADeadReplicasMailboxIsTakenOverWithinAMinute lets one replica die and another
// look as often as it does by itself, from every second of its round.
func TestADeadReplicasMailboxIsTakenOverWithinAMinute(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := memory(t, nil, nil)
		for offset := range 10 {
			holder := func(name string) func(*PollerOptions) {
				return func(o *PollerOptions) { o.Holder, o.PollEvery = fmt.Sprint(name, offset), 0 }
			}
			dies := poller(t, d, h.url(), holder("one"))
			lives := poller(t, d, h.url(), holder("two"))
			poll(t, dies, 0)
			died := now
			h.deliver(t, letter(offset))
			for now = now.Add(2 * time.Duration(offset) * time.Second); ; now = now.Add(lives.opt.PollEvery) {
				fresh, err := lives.Poll(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if fresh == 1 {
					break
				}
				if now.Sub(died) > time.Minute {
					t.Fatal("a minute later nobody reads the mailbox")
				}
			}
			t.Logf("taken over after %s", now.Sub(died))
			if now.Sub(died) > time.Minute {
				t.Errorf("taken over after %s", now.Sub(died))
			}
			if err := lives.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}, dbtest.Clock(func() time.Time { return now }))
}

func TestWhatGoesWrongIsSaidAndRecorded(t *testing.T) {
	d := dbtest.SQLite(t)
	h := memory(t, nil, nil)
	for name, c := range map[string]struct {
		url  string
		kind fault.Kind
		box  string
	}{
		"a wrong password":             {fmt.Sprintf("imap://inbox:wrong@%s?tls=none", h.addr), fault.Unauthorized, ""},
		"nobody listens":               {"imap://inbox:x@127.0.0.1:1?tls=none", fault.Unavailable, ""},
		"no STARTTLS":                  {fmt.Sprintf("imap://inbox:secret@%s", h.addr), fault.Unavailable, ""},
		"no such mailbox":              {h.url(), fault.NotFound, "Nowhere"},
		"a plain server spoken TLS to": {fmt.Sprintf("imaps://inbox:secret@%s", h.addr), fault.Unavailable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := poller(t, d, c.url, func(o *PollerOptions) { o.Mailbox = c.box; o.Holder = name })
			if err := p.Check(t.Context()); !fault.Is(err, c.kind) {
				t.Errorf("check: %v", err)
			}
			_, err := p.Poll(t.Context())
			if !fault.Is(err, c.kind) {
				t.Errorf("poll: %v", err)
			}
			cursor, _ := p.store.Cursor(t.Context(), p.Name())
			if cursor.Error == "" || strings.Contains(cursor.Error, "secret") {
				t.Errorf("recorded error %q", cursor.Error)
			}
			_ = p.Close()
		})
	}
	ok := poller(t, d, h.url())
	if err := ok.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAMailboxURLThatSaysTooLittleIsRefused(t *testing.T) {
	for _, url := range []string{"", "mail.example.com", "imap://host", "imap://:pw@host", "pop3://a:b@host", "imaps://a:b@host?tls=none", "imap://a:b@host?tls=maybe", "imap://a:s3cret@host:x"} {
		if _, err := NewPoller(nil, PollerOptions{URL: url, DB: &db.DB{}}); !fault.Is(err, fault.Invalid) || strings.Contains(fmt.Sprint(err), "s3cret") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestAPollEndsWithItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts and never says a word
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := poller(t, dbtest.SQLite(t), host{addr: l.Addr().String()}.url())
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := p.Poll(ctx); err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("poll: %v after %s", err, time.Since(start))
	}
}
