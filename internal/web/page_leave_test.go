package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"neuvo/notify"
)

// lastMail keeps the e-mail it was given last.
type lastMail struct{ got notify.Envelope }

func (*lastMail) Name() string            { return "last" }
func (*lastMail) Channel() notify.Channel { return notify.Email }
func (l *lastMail) Send(_ context.Context, e notify.Envelope) (notify.Sent, error) {
	l.got = e
	return notify.Sent{Final: true}, nil
}

// wayOut mails the customer of a job and gives the path of the mail's way out.
func (b *bed) wayOut(job string, p notify.Purpose) string {
	b.t.Helper()
	addresses, err := notify.NewAddresses("desk+{token}@example.com", []byte("0123456789abcdef0123456789abcdef"))
	b.must(err)
	out := &lastMail{}
	n := notify.New(b.db, notify.Options{Now: b.clock.now, Addresses: addresses, LeaveURL: "http://desk.example.com/u/", Routes: []notify.Route{{Gateway: out}}})
	b.must(b.db.Tx(b.t.Context(), func(ctx context.Context) error {
		_, err := n.Send(ctx, notify.Outgoing{Subject: "job:" + job, Channel: notify.Email, To: "maija@example.com", Purpose: p, Occasion: "survey", MailTitle: "x", Body: "x"})
		return err
	}))
	_, err = n.SendDue(b.t.Context())
	b.must(err)
	path, ok := strings.CutPrefix(out.got.Unsubscribe, "http://desk.example.com")
	if !ok {
		b.t.Fatalf("the way out is %q", out.got.Unsubscribe)
	}
	return path
}

// stopped lists the purposes of which the customer has had enough.
func (b *bed) stopped(address string) (list []string) {
	b.t.Helper()
	gone, err := b.notify.Withdrawn(b.t.Context(), address)
	b.must(err)
	for p, is := range gone {
		if is {
			list = append(list, string(p))
		}
	}
	slices.Sort(list)
	return list
}

func TestTheWayOutOfAMailIsShownByAGetAndTakenByAPost(t *testing.T) {
	each(t, func(b *bed) {
		id, _ := b.book("10:00")
		path := b.wayOut(id, notify.Survey)
		for range 3 { // a link scanner, a preview and the customer
			page := b.open(path).want(200).says("No more questions after a visit?", "You still hear about your own visit.")
			page.accessible()
		}
		b.send("", "HEAD", path, nil).want(200)
		if got := b.stopped("maija@example.com"); len(got) != 0 {
			t.Fatalf("looking ended %v", got)
		}
		b.open(path).form(path).send().want(200).says("Done. We will send you no more of them.")
		if got := b.stopped("maija@example.com"); !slices.Equal(got, []string{"survey"}) {
			t.Fatalf("the button ended %v", got)
		}
		if got := b.stopped(maija); !slices.Equal(got, []string{"survey"}) {
			t.Errorf("by text it is %v", got)
		}
		before := len(b.said("maija@example.com"))
		b.open(path).form(path).send().want(200).says("Done.")
		if after := len(b.said("maija@example.com")); after != before {
			t.Errorf("a second time wrote down %d words more", after-before)
		}
	})
}

// oneClick posts as a mail host does for its reader (RFC 8058 section 3.2).
func (b *bed) oneClick(path string, headers ...string) *answer {
	b.t.Helper()
	return b.send("", "POST", path, "List-Unsubscribe=One-Click", append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
}

func TestAMailProgramLeavesWithOneClick(t *testing.T) {
	b := onSQLite(t, func(o *Options) { o.RateLimit.Address = Limit{Every: 1 << 40, Burst: 3} })
	id, _ := b.book("10:00")
	for _, c := range []struct {
		purpose notify.Purpose
		headers []string
	}{{notify.Survey, nil}, {notify.Reminder, []string{"Origin", "https://mail.example.org", "Sec-Fetch-Site", "cross-site"}}, {notify.Marketing, []string{"Origin", "null"}}} {
		path := b.wayOut(id, c.purpose)
		// One host posts for many people: what bounds strangers does not bound it.
		for range 3 {
			a := b.oneClick(path, c.headers...)
			if a.status != http.StatusOK || a.header.Get("Location") != "" || a.header.Get("Set-Cookie") != "" {
				t.Fatalf("%s is answered with %d, %v", c.purpose, a.status, a.header)
			}
		}
		if a := b.oneClick(path, c.headers...); a.status != http.StatusTooManyRequests {
			t.Errorf("one way out is gone through without end: %d", a.status)
		}
	}
	if got := b.stopped("maija@example.com"); !slices.Equal(got, []string{"marketing", "reminder", "survey"}) {
		t.Errorf("ended: %v", got)
	}
}

func TestAWayOutThatIsNotOursLeadsNowhere(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	path := b.wayOut(id, notify.Survey)
	other := "a"
	if strings.HasSuffix(path, other) {
		other = "b"
	}
	for name, wrong := range map[string]string{
		"a letter changed": path[:len(path)-1] + other, "a letter more": path + "a", "one less": path[:len(path)-1],
		"nothing of it": "/u/aaaaaaaaaaaaaaaaaaaaaaaa", "not even letters": "/u/" + url.PathEscape("<script>"),
	} {
		t.Run(name, func(t *testing.T) {
			b.open(wrong).want(404).says("We cannot find this page")
			b.oneClick(wrong).want(404)
		})
	}
	if got := b.stopped("maija@example.com"); len(got) != 0 {
		t.Errorf("ended: %v", got)
	}
}
