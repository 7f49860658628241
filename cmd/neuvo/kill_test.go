package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"neuvo/internal/demo"
	"neuvo/internal/fault"
)

// TestKillAtAnyMomentLosesNothing runs the built program against a mail host
// that outlives it, kills it with SIGKILL at random moments while customers book
// and answer, and then holds what they were told against what is there: every
// booking that was confirmed exists and was texted once, every answer stands
// once on the job it belongs to.
//
// NEUVO_TEST_KILLS sets the number of kills (make torture: 100).
func TestKillAtAnyMomentLosesNothing(t *testing.T) {
	kills := 6
	if n, err := strconv.Atoi(os.Getenv("NEUVO_TEST_KILLS")); err == nil {
		kills = n
	}
	bin := buildProgram(t)
	for engine, dsn := range engines {
		t.Run(engine, func(t *testing.T) {
			k := newKilling(t, bin, dsn(t))
			for range kills {
				k.round(time.Duration(50+rand.IntN(900)) * time.Millisecond)
			}
			k.settle()
			k.check()
			t.Logf("%d kills, %d bookings confirmed, %d answers sent", kills, len(k.booked), len(k.answered))
		})
	}
}

func buildProgram(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "neuvo")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	return bin
}

// killing is one torture: what the customers know, against a program that dies.
type killing struct {
	t        *testing.T
	bin, dsn string
	host     *demo.Host
	settings []string
	url      string

	mu       sync.Mutex
	count    int               // customers so far
	slots    []string          // starts that may be asked for
	request  map[string]object // by number: the body that is sent until it is answered
	booked   map[string]object // by number: the confirmed booking
	answered map[string]string // by number: the answer that was sent
}

func newKilling(t *testing.T, bin, dsn string) *killing {
	t.Helper()
	host, err := demo.StartHost(demo.HostOptions{Dir: t.TempDir(), ReplyDomain: replyDomain, SMSDomain: smsDomain, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := host.Close(); err != nil {
			t.Error(err)
		}
	})
	k := &killing{t: t, bin: bin, dsn: dsn, host: host,
		request: map[string]object{}, booked: map[string]object{}, answered: map[string]string{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	k.url = "http://" + addr
	k.settings = []string{"NEUVO_DATABASE=" + dsn, "NEUVO_ADDR=" + addr, "NEUVO_BASE_URL=" + k.url,
		"NEUVO_SMTP=" + host.SMTPURL(), "NEUVO_IMAP=" + host.IMAPURL(),
		"NEUVO_REPLY_ADDRESS={token}@" + replyDomain, "NEUVO_SMS_ADDRESS={digits}@" + smsDomain}
	for _, args := range [][]string{{"migrate"}, {"import", "testdata/catalogue.yaml"}} {
		cmd := exec.CommandContext(t.Context(), bin, args...)
		cmd.Env = append(os.Environ(), k.settings...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
	return k
}

// round starts the program, lets customers at it, and kills it after a while.
func (k *killing) round(life time.Duration) {
	k.t.Helper()
	var log bytes.Buffer
	cmd := exec.CommandContext(k.t.Context(), k.bin, "serve", "--log-level=warn")
	cmd.Env = append(os.Environ(), k.settings...)
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	k.waitReady(&log)
	ctx, cancel := context.WithCancel(k.t.Context())
	defer cancel()
	var customers sync.WaitGroup
	for range 3 {
		customers.Go(func() { k.book(ctx) })
	}
	customers.Go(func() { k.answer(ctx) })
	k.live(ctx, life)
	cancel()
	if err := cmd.Process.Kill(); err != nil {
		k.t.Fatal(err)
	}
	_ = cmd.Wait() // killed: the error is the point
	customers.Wait()
}

// live lets a round last: for its time, and on a busy machine until somebody has
// got a booking at all, or the killing would prove nothing.
func (k *killing) live(ctx context.Context, life time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	end := time.After(life)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-end:
			end = nil
		case <-tick.C:
		}
		k.mu.Lock()
		some := len(k.booked) > 0
		k.mu.Unlock()
		if end == nil && some {
			return
		}
	}
}

func (k *killing) waitReady(log *bytes.Buffer) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), 20*time.Second)
	defer cancel()
	for {
		if res, err := k.get(ctx, "/readyz"); err == nil && res == http.StatusOK {
			return
		}
		select {
		case <-ctx.Done():
			k.t.Fatalf("the program did not get ready: %s", log.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (k *killing) get(ctx context.Context, path string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url+path, nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// fetch posts or gets JSON; an error means that the program died meanwhile.
func (k *killing) fetch(ctx context.Context, method, path, key string, body any) (int, object, error) {
	var payload io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		payload = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, k.url+path, payload)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	out := object{}
	err = json.NewDecoder(res.Body).Decode(&out)
	return res.StatusCode, out, err
}

// next gives a number and its request: every other time one that was not
// answered yet (its key may still be held by the dead), else a new customer
// asking for a start that nobody asked for.
func (k *killing) next(ctx context.Context) (number string, body object, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for number, body := range k.request {
		if k.booked[number] == nil && rand.IntN(2) == 0 {
			delete(k.request, number) // this customer is being served
			return number, body, true
		}
	}
	if k.slots == nil && !k.loadSlots(ctx) || len(k.slots) == 0 {
		return "", nil, false
	}
	k.count++
	number = fmt.Sprintf("+35840555%04d", k.count)
	start := k.slots[0]
	k.slots = k.slots[1:]
	return number, object{"workshop_id": "1", "service_ids": []string{"1"}, "start": start, "transport": "drop_off",
		"customer": object{"name": "Customer " + number, "phone": number, "locale": "en"},
		"consents": object{"survey": true, "reminders": true, "marketing": false}}, true
}

// loadSlots asks once for what can be booked in the next two months.
func (k *killing) loadSlots(ctx context.Context) bool {
	from := time.Now().AddDate(0, 0, 2)
	path := fmt.Sprintf("/api/v1/availability?workshop_id=1&service_id=1&from=%s&to=%s",
		from.Format(time.DateOnly), from.AddDate(0, 0, 60).Format(time.DateOnly))
	status, answer, err := k.fetch(ctx, http.MethodGet, path, "", nil)
	if err != nil || status != http.StatusOK {
		return false
	}
	for _, day := range answer["days"].([]any) {
		for i, slot := range day.(object)["slots"].([]any) {
			if i%2 == 0 {
				k.slots = append(k.slots, slot.(object)["start"].(string))
			}
		}
	}
	return true
}

// book asks until the round ends. A request that got no answer is asked again
// with the same key, as a good client does.
func (k *killing) book(ctx context.Context) {
	for ctx.Err() == nil {
		number, body, ok := k.next(ctx)
		if !ok {
			return
		}
		status, answer, err := k.fetch(ctx, http.MethodPost, "/api/v1/bookings", "key-"+number, body)
		if err == nil && status == http.StatusTooManyRequests { // one address books for everybody here
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
		k.mu.Lock()
		switch {
		case err == nil && status == http.StatusCreated:
			k.booked[number] = answer
		case err != nil || status == http.StatusConflict || status == http.StatusTooManyRequests || status >= 500:
			k.request[number] = body
		default:
			k.t.Errorf("booking %s gave %d: %v", number, status, answer)
		}
		k.mu.Unlock()
	}
}

// answer lets every phone that got a text answer it once.
func (k *killing) answer(ctx context.Context) {
	for ctx.Err() == nil {
		for _, phone := range k.host.Phones() {
			texts := k.host.Texts(phone.Number)
			k.mu.Lock()
			done := k.answered[phone.Number] != "" || k.booked[phone.Number] == nil || len(texts) == 0
			k.mu.Unlock()
			if done || ctx.Err() != nil {
				continue
			}
			body := "Is " + phone.Number + " all right?"
			if _, err := k.host.SendTextTo(phone.Number, texts[0].From, body); err != nil {
				k.t.Error(err)
				return
			}
			k.mu.Lock()
			k.answered[phone.Number] = body
			k.mu.Unlock()
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// settle runs the program in this process with its clock moved on, so that
// claims of the dead lapse and everything still due happens; what was asked and
// never answered is asked a last time.
func (k *killing) settle() {
	k.t.Helper()
	ahead := time.Duration(0)
	s := settingsServe{database: database{Database: k.dsn}, BaseURL: k.url, SMTP: k.host.SMTPURL(), reading: reading{IMAP: []string{k.host.IMAPURL()}, Mailbox: "INBOX"},
		ReplyAddress: "{token}@" + replyDomain, gatewaySettings: gatewaySettings{SMSAddress: "{digits}@" + smsDomain}}
	app, err := newApp(k.t.Context(), appOptions{settings: s, log: slog.New(slog.DiscardHandler),
		now: func() time.Time { return time.Now().Add(ahead) }, relaxed: true})
	if err != nil {
		k.t.Fatal(err)
	}
	listener, err := net.Listen("tcp", strings.TrimPrefix(k.url, "http://"))
	if err != nil {
		k.t.Fatal(err)
	}
	go func() { _ = app.server.Serve(listener) }()
	k.t.Cleanup(func() {
		if err := app.server.Shutdown(context.Background()); err != nil {
			k.t.Error(err)
		}
		if err := app.Close(); err != nil {
			k.t.Error(err)
		}
	})
	step := func() {
		ahead += 5 * time.Minute
		if err := app.clockwork.step(k.t.Context(), time.Now().Add(ahead)); err != nil && fault.KindOf(err) != fault.Unavailable {
			k.t.Fatal(err)
		}
		if err := app.settle(k.t.Context()); err != nil {
			k.t.Fatal(err)
		}
	}
	for range 6 {
		step()
	}
	for number, body := range k.request {
		if k.booked[number] != nil {
			continue
		}
		status, answer, err := k.fetch(k.t.Context(), http.MethodPost, "/api/v1/bookings", "key-"+number, body)
		if err != nil || status != http.StatusCreated {
			k.t.Errorf("asked again, booking %s gave %d: %v %v", number, status, answer, err)
			continue
		}
		k.booked[number] = answer
	}
	for range 6 {
		step()
	}
}

// check holds what the customers know against what the program shows.
func (k *killing) check() {
	k.t.Helper()
	if len(k.booked) == 0 {
		k.t.Fatal("nobody got a booking: the test proved nothing")
	}
	for number, booking := range k.booked {
		status, job, err := k.fetch(k.t.Context(), http.MethodGet, "/api/v1/bookings/"+booking["token"].(string), "", nil)
		if err != nil || status != http.StatusOK || job["reference"] != booking["reference"] {
			k.t.Errorf("the confirmed booking %v of %s is gone: %d %v", booking["reference"], number, status, err)
			continue
		}
		if texts := k.host.Texts(number); len(texts) != 1 {
			k.t.Errorf("%s got %d texts about one booking", number, len(texts))
		}
		in := 0
		for _, m := range job["messages"].([]any) {
			if m.(object)["direction"] == "in" && m.(object)["body"] == k.answered[number] {
				in++
			}
		}
		if want := min(1, len(k.answered[number])); in != want {
			k.t.Errorf("the answer of %s stands %d times on its job, want %d", number, in, want)
		}
	}
}
