package web

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/internal/fault"
	"neuvo/templates"
)

func TestAnIdempotencyKeyGetsTheFirstAnswerAgain(t *testing.T) {
	each(t, func(b *bed) {
		key := []string{idempotencyHeader, "order-1"}
		first := b.send("", "POST", "/api/v1/bookings", visit("10:00"), key...).want(201)
		again := b.send("", "POST", "/api/v1/bookings", visit("10:00"), key...).want(201)
		if string(again.raw) != string(first.raw) || again.header.Get("Location") != first.header.Get("Location") {
			t.Errorf("first %s\nagain %s", first.raw, again.raw)
		}
		if again.header.Get("Idempotency-Replayed") != "true" || first.header.Get("Idempotency-Replayed") != "" {
			t.Error("a replay must be marked, and nothing else")
		}
		if n := b.rows()["jobs"]; n != 1 {
			t.Errorf("%d jobs", n)
		}
		b.send("", "POST", "/api/v1/bookings", visit("11:00"), key...).want(422).equal("errors.0.location", "header.Idempotency-Key")
		// Another call and another caller have their own keys.
		b.send("", "POST", "/api/v1/holds", object{"workshop_id": "1", "service_ids": []string{"101"}, "start": "2026-11-23T12:00:00+02:00", "transport": "drop_off"}, key...).want(201)
		b.send(sanna, "POST", "/api/v1/bookings", visit("13:00"), key...).want(201)
		// A final refusal is an answer too.
		taken := b.send("", "POST", "/api/v1/bookings", visit("10:00"), idempotencyHeader, "order-2").want(409)
		same := b.send("", "POST", "/api/v1/bookings", visit("10:00"), idempotencyHeader, "order-2").want(409)
		if string(taken.raw) != string(same.raw) || same.header.Get("Content-Type") != problemJSON {
			t.Errorf("the refusal changed: %s", same.raw)
		}
		b.send("", "POST", "/api/v1/bookings", visit("10:00"), idempotencyHeader, strings.Repeat("k", 300)).want(422).
			equal("errors.0.location", "header.Idempotency-Key")

		b.clock.advance(25 * time.Hour)
		if n, err := b.server.Purge(t.Context()); err != nil || n != 4 {
			t.Errorf("purged %d, %v", n, err)
		}
	})
}

func TestAnAnswerThatIsNotFinalFreesItsKey(t *testing.T) {
	each(t, func(b *bed) {
		b.send("", "POST", "/api/v1/jobs", visit("10:00"), idempotencyHeader, "k").want(401)
		if n := b.rows()["idempotency_keys"]; n != 0 {
			t.Errorf("%d keys are kept", n)
		}
		broken := true
		b.server.echo.POST("/api/v1/shaky", func(c echo.Context) error {
			if broken {
				panic("not today")
			}
			return c.JSON(http.StatusCreated, object{"ok": true})
		})
		b.send("", "POST", "/api/v1/shaky", object{}, idempotencyHeader, "k").want(500)
		broken = false
		b.send("", "POST", "/api/v1/shaky", object{}, idempotencyHeader, "k").want(201)
	})
}

func TestASecondCallWhileTheFirstIsUnderWayIsToldToWait(t *testing.T) {
	each(t, func(b *bed) {
		entered, leave := make(chan struct{}), make(chan struct{})
		b.server.echo.POST("/api/v1/slow", func(c echo.Context) error {
			close(entered)
			<-leave
			return c.JSON(http.StatusCreated, object{"ok": true})
		})
		var wg sync.WaitGroup
		wg.Go(func() { b.send("", "POST", "/api/v1/slow", object{}, idempotencyHeader, "k").want(201) })
		<-entered
		a := b.send("", "POST", "/api/v1/slow", object{}, idempotencyHeader, "k").want(409)
		if a.header.Get("Retry-After") == "" || !strings.HasSuffix(a.text("type"), "idempotency-running") {
			t.Errorf("%v %s", a.header, a.raw)
		}
		close(leave)
		wg.Wait()
		b.send("", "POST", "/api/v1/slow", object{}, idempotencyHeader, "k").want(201)
	})
}

func TestStrangersPostWithinLimits(t *testing.T) {
	b := onSQLite(t, func(o *Options) {
		o.RateLimit = RateLimit{Address: Limit{time.Minute, 5}, Phone: Limit{time.Hour, 2}, SignIn: Limit{time.Minute, 3}, SignInAccount: Limit{time.Minute, 2}}
	})
	t.Run("of one phone", func(t *testing.T) {
		b.book("10:00")
		b.book("10:15")
		a := b.send("", "POST", "/api/v1/bookings", with1(visit("10:30"), "customer.phone", "040 1234567")).want(429)
		if a.header.Get("Retry-After") != "3600" || !strings.HasSuffix(a.text("type"), "too-many") {
			t.Errorf("%v %s", a.header, a.raw)
		}
		b.send("", "POST", "/api/v1/bookings", with1(visit("10:30"), "customer.phone", "+358407654321")).want(201)
	})
	t.Run("of one address", func(t *testing.T) {
		b.send("", "POST", "/api/v1/holds", object{}).want(422)
		a := b.send("", "POST", "/api/v1/holds", object{}).want(429)
		if a.header.Get("Retry-After") != "60" {
			t.Errorf("%v", a.header)
		}
		b.send("", "GET", "/api/v1/workshops", nil).want(200)
		b.send(boss, "POST", "/api/v1/jobs", visit("12:00")).want(201)
		b.clock.advance(time.Minute)
		b.send("", "POST", "/api/v1/holds", object{}).want(422)
	})
	t.Run("of one account", func(t *testing.T) {
		try := func(email string) int {
			form := url.Values{"email": {email}, "password": {"wrong"}}
			return b.form("/desk/sign-in", form).status
		}
		try(sanna)
		try(strings.ToUpper(sanna))
		if got := try(sanna); got != 429 {
			t.Errorf("the third attempt on one account: %d", got)
		}
		if got := try(olli); got != 429 {
			t.Errorf("the fourth attempt from one address: %d", got)
		}
	})
}

// form posts a page's form as a browser on the same site does.
func (b *bed) form(path string, values url.Values) *answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), "POST", b.url+path, strings.NewReader(values.Encode()))
	b.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

func TestLimitsForgetWhoHasWaited(t *testing.T) {
	c := &clock{at: monday}
	l := newLimits(RateLimit{}, c.now)
	limit := Limit{time.Second, 2}
	for i := range maxBuckets + 10 {
		if err := l.take("k"+idOf(int64(i+1)), limit); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(l.buckets); n > maxBuckets {
		t.Errorf("%d buckets", n)
	}
	c.advance(2 * time.Minute)
	if err := l.take("last", limit); err != nil || len(l.buckets) != 1 {
		t.Errorf("%d buckets after a while, %v", len(l.buckets), err)
	}
	for key, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "::ffff:192.0.2.7": "::ffff:192.0.2.7", "odd": "odd",
	} {
		if got := clientNet(key); got != want {
			t.Errorf("network of %s is %s", key, got)
		}
	}
	if phoneKey("+358 40 123 4567") != phoneKey("040-1234567") || phoneKey("") != "" {
		t.Error("one phone has two keys")
	}
}

// signInAs signs the bed's browser in.
func (b *bed) signInAs(email string) {
	b.t.Helper()
	a := b.form("/desk/sign-in", url.Values{"email": {email}, "password": {testPassword}, "next": {"/desk"}})
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "/desk" {
		b.t.Fatalf("sign in: %d %s", a.status, a.header.Get("Location"))
	}
}

func TestASessionOpensTheDeskAndTheAPI(t *testing.T) {
	each(t, func(b *bed) {
		b.signInAs(sanna)
		b.send("", "GET", "/desk", nil).want(200)
		b.send("", "GET", "/api/v1/jobs", nil).want(200)
		// A wrong token is not saved by a good cookie.
		b.send("neuvo_WRONG", "GET", "/api/v1/jobs", nil).want(401)
		// Another site's page cannot use the cookie.
		for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example.com"}, {"Sec-Fetch-Site", "same-site"}} {
			b.send("", "POST", "/api/v1/jobs", visit("10:00"), headers...).want(403)
		}
		b.send("", "POST", "/api/v1/jobs", visit("10:00"), "Sec-Fetch-Site", "same-origin").want(201)
		var kept []string
		b.must(b.db.In(t.Context()).Table("sessions").Pluck("token", &kept).Error)
		base, err := url.Parse(b.url)
		b.must(err)
		for _, cookie := range b.client.Jar.Cookies(base) {
			if cookie.Name == sessionCookie && cookie.Value == kept[0] {
				t.Error("the database holds the session's token itself")
			}
		}
		if a := b.form("/desk/sign-out", nil); a.status != http.StatusSeeOther {
			t.Errorf("sign out: %d", a.status)
		}
		b.send("", "GET", "/api/v1/jobs", nil).want(401)
		if n := b.rows()["sessions"]; n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
}

func TestHeadersProtectAndFilesAreKept(t *testing.T) {
	b := onSQLite(t, func(o *Options) { o.BaseURL = "https://desk.example.com/" })
	for _, path := range []string{"/book", "/api/v1/workshops", "/nothing", "/static/app.css"} {
		h := b.send("", "GET", path, nil).header
		if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'self'") || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" || h.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: %v", path, h)
		}
	}
	if got := b.send("", "GET", templates.Asset("app.css"), nil).want(200).header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("a hashed file: %s", got)
	}
	if got := b.send("", "GET", "/static/app.css", nil).want(200).header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("a file without its hash: %s", got)
	}
	b.send("", "GET", "/static/", nil).want(404)
	b.send("", "GET", "/static/../server.go", nil).want(404)
	packed := b.send("", "GET", "/static/app.css", nil, "Accept-Encoding", "gzip").want(200)
	if packed.header.Get("Content-Encoding") != "gzip" {
		t.Errorf("not packed: %v", packed.header)
	}
	a := b.form("/desk/sign-in", url.Values{"email": {sanna}, "password": {testPassword}})
	if cookie := a.header.Get("Set-Cookie"); !strings.Contains(cookie, "Secure") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
		t.Errorf("cookie %s", cookie)
	}
}

func TestTheLogHoldsNoSecret(t *testing.T) {
	b := onSQLite(t)
	_, token := b.book("10:00")
	b.send("", "GET", "/api/v1/bookings/"+token, nil).want(200)
	b.send("", "GET", "/j/"+token, nil)
	b.send(boss, "GET", "/api/v1/jobs", nil).want(200)
	b.form("/desk/sign-in", url.Values{"email": {sanna}, "password": {testPassword}})
	log := b.logged.String()
	if !strings.Contains(log, "route=/api/v1/bookings/:token") || !strings.Contains(log, "status=200") {
		t.Errorf("requests are not logged by route: %s", log)
	}
	for name, secret := range map[string]string{"a booking's token": token, "an API token": b.tokens[boss], "a password": testPassword, "a phone": "401234567"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s", name)
		}
	}
}

func TestTheClientsAddressIsTakenFromTrustedProxiesOnly(t *testing.T) {
	for _, c := range []struct {
		name, remote, forwarded, want string
		proxies                       []string
	}{
		{"nobody is trusted", "192.0.2.1:99", "203.0.113.9", "192.0.2.1", nil},
		{"a trusted proxy is believed", "192.0.2.1:99", "203.0.113.9", "203.0.113.9", []string{"192.0.2.1"}},
		{"a stranger is not", "198.51.100.5:99", "203.0.113.9", "198.51.100.5", []string{"192.0.2.0/24"}},
		{"what the client added is not", "192.0.2.1:99", "10.9.9.9, 203.0.113.9", "203.0.113.9", []string{"192.0.2.0/24"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			extract, err := ipExtractor(c.proxies)
			if err != nil {
				t.Fatal(err)
			}
			r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": {c.forwarded}}}
			if got := extract(r); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if _, err := ipExtractor([]string{"my-proxy"}); err == nil {
		t.Error("a name is no range")
	}
}

func TestTheBellReachesTheDeskAndEndsWithTheServer(t *testing.T) {
	each(t, func(b *bed) {
		b.signInAs(sanna)
		req, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"/desk/events", nil)
		b.must(err)
		res, err := b.client.Do(req)
		b.must(err)
		defer res.Body.Close()
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("%d %v", res.StatusCode, res.Header)
		}
		lines := bufio.NewScanner(res.Body)
		next := func() string {
			for lines.Scan() {
				if text := lines.Text(); strings.HasPrefix(text, "data:") {
					return text
				}
			}
			return ""
		}
		id, _ := b.book("10:00")
		if got := next(); got != "data: "+id {
			t.Errorf("the bell said %q", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		b.must(b.server.Shutdown(ctx))
		for next() != "" {
		}
		if err := lines.Err(); err != nil {
			t.Errorf("the stream broke off: %v", err)
		}
		b.must(b.server.Shutdown(ctx))
	})
}

func TestTheBellIsBoundedAndScoped(t *testing.T) {
	bell := newBell()
	first, leave, ok := bell.listen(1)
	if !ok {
		t.Fatal("refused")
	}
	other, _, _ := bell.listen(2)
	for range 100 {
		bell.ring(1, 7) // never blocks, whoever reads
	}
	bell.ring(0, 8)
	if len(first) != cap(first) || len(other) != 1 || <-other != 8 {
		t.Errorf("%d marks for workshop 1, %d for 2", len(first), len(other))
	}
	leave()
	for range maxStreams - 1 {
		if _, _, ok := bell.listen(0); !ok {
			t.Fatal("refused too early")
		}
	}
	if _, _, ok := bell.listen(0); ok {
		t.Error("more streams than there may be")
	}
	bell.close()
	bell.close()
	if _, _, ok := bell.listen(0); ok {
		t.Error("a closed bell listens")
	}
}

func TestAHeadIsAnsweredAsItsGet(t *testing.T) {
	b := onSQLite(t)
	for _, path := range []string{"/book", "/api/v1/workshops", "/healthz"} {
		head := b.send("", "HEAD", path, nil).want(200)
		if len(head.raw) != 0 || head.header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %v %s", path, head.header, head.raw)
		}
	}
	b.send("", "HEAD", "/nothing", nil).want(404)
}

func TestAStreamOutlivesTheTimeouts(t *testing.T) {
	b := onSQLite(t)
	b.signInAs(sanna)
	short := httptest.NewUnstartedServer(b.server.Handler())
	short.Config.ReadTimeout, short.Config.WriteTimeout = 50*time.Millisecond, 50*time.Millisecond
	short.Start()
	defer short.Close()
	req, err := http.NewRequestWithContext(t.Context(), "GET", short.URL+"/desk/events", nil)
	b.must(err)
	req.Header.Set("Authorization", "Bearer "+b.tokens[sanna])
	res, err := short.Client().Do(req)
	b.must(err)
	defer res.Body.Close()
	ended := make(chan struct{})
	lines := make(chan string, 10)
	go func() {
		defer close(ended)
		for scan := bufio.NewScanner(res.Body); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	select {
	case <-ended:
		t.Fatal("the stream ended with a timeout")
	case <-time.After(300 * time.Millisecond):
	}
	b.server.bell.ring(1, 7)
	for line := range lines {
		if line == "data: 7" {
			break
		}
	}
	b.server.bell.close()
	<-ended
}

func TestProblemsOfPagesArePages(t *testing.T) {
	b := onSQLite(t)
	for locale, want := range map[string]string{"fi": "fi", "sv": "sv", "en": "en"} {
		a := b.send("", "GET", "/nothing", nil, "Accept-Language", locale).want(404)
		if !strings.Contains(string(a.raw), `lang="`+want+`"`) || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %s", locale, a.raw)
		}
	}
	if _, status := asFault(fault.New(fault.TooMany, "fault.too_many")); status != 429 {
		t.Error(status)
	}
}
