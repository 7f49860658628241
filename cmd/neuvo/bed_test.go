package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/dbtest"
)

// bed is the whole program on a test's database and a test's world, with a
// clock that only the test moves.
type bed struct {
	t     *testing.T
	app   *App
	world world
	url   string
	clock atomic.Int64 // Unix nanoseconds
	token map[string]string
	set   func(*settingsServe) // changes the settings before each boot; nil: nothing
}

func (b *bed) now() time.Time { return time.Unix(0, b.clock.Load()).UTC() }

// start is Monday 2026-11-23 08:00 in Helsinki.
var start = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

// engines are the databases every story runs on.
var engines = map[string]func(t *testing.T) string{
	"sqlite":   func(t *testing.T) string { return t.TempDir() + "/neuvo.db" },
	"postgres": func(t *testing.T) string { return dbtest.PostgresDSN(t) },
}

// worlds are the mail hosts every story runs against.
var worlds = map[string]func(t *testing.T, now func() time.Time) world{
	"in-process mail host": newInProcess,
	"dovecot":              newOnDovecot,
}

// everywhere runs a story on both engines and against both mail hosts.
func everywhere(t *testing.T, story func(t *testing.T, b *bed)) {
	for engine, dsn := range engines {
		for host, open := range worlds {
			t.Run(engine+" and "+host, func(t *testing.T) { story(t, newBed(t, dsn(t), open)) })
		}
	}
}

func newBed(t *testing.T, dsn string, open func(t *testing.T, now func() time.Time) world) *bed {
	t.Helper()
	return newBedWith(t, dsn, open, nil)
}

// newBedWith is newBed with other settings.
func newBedWith(t *testing.T, dsn string, open func(t *testing.T, now func() time.Time) world, set func(*settingsServe)) *bed {
	t.Helper()
	b := &bed{t: t, token: map[string]string{}, set: set}
	b.clock.Store(start.UnixNano())
	b.world = open(t, b.now)
	b.boot(dsn)
	b.stock()
	return b
}

// boot starts the program; a story may close it and boot it again.
func (b *bed) boot(dsn string) {
	b.t.Helper()
	s := settingsServe{
		database: database{Database: dsn}, BaseURL: "http://neuvo.test", Addr: "127.0.0.1:0",
		SMTP: b.world.smtpURL(), reading: reading{IMAP: []string{b.world.imapURL()}, Mailbox: "INBOX"},
		ReplyAddress: "{token}@" + replyDomain, gatewaySettings: gatewaySettings{SMSAddress: "{digits}@" + smsDomain}, Migrate: true,
	}
	if b.set != nil {
		b.set(&s)
	}
	var err error
	b.app, err = newApp(b.t.Context(), appOptions{settings: s, log: slog.New(slog.DiscardHandler), now: b.now, relaxed: true})
	if err != nil {
		b.t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- b.app.server.Serve(listener) }()
	b.url = "http://" + listener.Addr().String()
	app := b.app
	b.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := app.server.Shutdown(ctx); err != nil {
			b.t.Errorf("stop serving: %v", err)
		}
		<-served
		if err := app.Close(); err != nil {
			b.t.Errorf("close: %v", err)
		}
	})
}

// stock imports the test's workshop and its staff.
func (b *bed) stock() {
	b.t.Helper()
	file, err := os.Open("testdata/catalogue.yaml")
	if err != nil {
		b.t.Fatal(err)
	}
	defer file.Close()
	catalogue, err := booking.ReadCatalogue(file)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := importCatalogue(b.t.Context(), b.app.db, catalogue); err != nil {
		b.t.Fatal(err)
	}
	for _, who := range []string{"satu@example.test", "mikko@example.test"} {
		if b.token[who], err = auth.New(b.app.db).IssueToken(b.t.Context(), who); err != nil {
			b.t.Fatal(err)
		}
	}
}

// passes moves the clock, five minutes at a time, and lets everything happen that
// falls due on the way.
func (b *bed) passes(d time.Duration) {
	b.t.Helper()
	b.until(b.now().Add(d))
}

func (b *bed) until(at time.Time) {
	b.t.Helper()
	for b.now().Before(at) {
		b.clock.Store(min(b.now().Add(5*time.Minute).UnixNano(), at.UnixNano()))
		if err := b.app.clockwork.step(b.t.Context(), b.now()); err != nil {
			b.t.Fatal(err)
		}
	}
	b.settles()
}

// settles sends and reads until all is quiet.
func (b *bed) settles() {
	b.t.Helper()
	if err := b.app.settle(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// object is a JSON object of the API.
type object = map[string]any

// call makes an API call and wants the status; as is a staff e-mail or "".
func (b *bed) call(as, method, path string, body any, want int) object {
	b.t.Helper()
	var payload io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			b.t.Fatal(err)
		}
		payload = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, payload)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Accept-Language", "en")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if as != "" {
		req.Header.Set("Authorization", "Bearer "+b.token[as])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if res.StatusCode != want {
		b.t.Fatalf("%s %s gave %d, want %d: %s", method, path, res.StatusCode, want, raw)
	}
	out := object{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			b.t.Fatalf("%s %s: %v: %s", method, path, err, raw)
		}
	}
	return out
}

// items calls a list.
func (b *bed) items(as, path string) []object {
	b.t.Helper()
	list, ok := b.call(as, http.MethodGet, path, nil, http.StatusOK)["items"].([]any)
	if !ok {
		b.t.Fatalf("%s gave no items", path)
	}
	out := make([]object, len(list))
	for i, item := range list {
		out[i] = item.(object)
	}
	return out
}

// named gives the id of the item of a list that has the name.
func (b *bed) named(path, name string) string {
	b.t.Helper()
	for _, item := range b.items("", path) {
		if item["name"] == name {
			return item["id"].(string)
		}
	}
	b.t.Fatalf("%s has no %q", path, name)
	return ""
}

// latest gives a phone's newest text and wants it to hold all the words.
func (b *bed) latest(number string, words ...string) letter {
	b.t.Helper()
	got := b.world.texts(b.t, number)
	if len(got) == 0 {
		b.t.Fatalf("phone %s got no text", number)
	}
	last := got[len(got)-1]
	for _, word := range words {
		if !strings.Contains(last.body, word) {
			b.t.Fatalf("the latest text of %s lacks %q: %q", number, word, last.body)
		}
	}
	return last
}

// wants fails the test unless the texts of a phone are so many.
func (b *bed) wants(number string, texts int) {
	b.t.Helper()
	if got := b.world.texts(b.t, number); len(got) != texts {
		b.t.Fatalf("phone %s has %d texts, want %d: %+v", number, len(got), texts, got)
	}
}

// page gets an HTML page of the desk as a member of staff.
func (b *bed) page(as, path string) string {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.token[as])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.t.Fatalf("%s gave %d: %v: %s", path, res.StatusCode, err, raw)
	}
	return string(raw)
}
