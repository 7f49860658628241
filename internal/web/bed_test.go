package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/notify"
	"neuvo/notify/inbox"
	"neuvo/survey"
)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// A Monday at half past seven in Helsinki.
var monday = time.Date(2026, 11, 23, 5, 30, 0, 0, time.UTC)

const testPassword = "test password 1"

// bed is a server with real rooms on a real database: two workshops, two
// advisors and two services each, and staff of both.
type bed struct {
	t      *testing.T
	clock  *clock
	db     *db.DB
	desk   *booking.Desk
	notify *notify.Notifier
	survey *survey.Surveyor
	server *Server
	url    string
	client *http.Client
	logged *lockedBuffer
	tokens map[string]string // by e-mail: boss@ sees all, sanna@ workshop 1, olli@ workshop 2
}

// lockedBuffer collects the log.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// each runs a test on both engines.
func each(t *testing.T, f func(*bed), change ...func(*Options)) {
	c := &clock{at: monday}
	t.Run("sqlite", func(t *testing.T) {
		c.at = monday
		f(newBed(t, c, dbtest.SQLite(t, dbtest.Clock(c.now)), change...))
	})
	t.Run("postgres", func(t *testing.T) {
		c.at = monday
		f(newBed(t, c, dbtest.Postgres(t, dbtest.Clock(c.now)), change...))
	})
}

// onSQLite is for what does not depend on the engine.
func onSQLite(t *testing.T, change ...func(*Options)) *bed {
	c := &clock{at: monday}
	return newBed(t, c, dbtest.SQLite(t, dbtest.Clock(c.now)), change...)
}

func newBed(t *testing.T, c *clock, d *db.DB, change ...func(*Options)) *bed {
	t.Helper()
	b := &bed{t: t, clock: c, db: d, logged: &lockedBuffer{}, tokens: map[string]string{}}
	log := slog.New(slog.NewTextHandler(b.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	addresses, err := notify.NewAddresses("desk+{token}@example.com", []byte("0123456789abcdef0123456789abcdef"))
	b.must(err)
	b.notify = notify.New(d, notify.Options{Now: c.now, Log: log, Addresses: addresses, Files: inbox.Content})
	b.desk = booking.New(d, b.notify, booking.Options{Now: c.now, BaseURL: "http://desk.example.com", Log: log})
	b.survey = survey.New(d, b.desk, b.notify, survey.Options{Now: c.now, BaseURL: "http://desk.example.com", Log: log})
	b.desk.OnStatus(b.survey.OnStatus)
	b.notify.OnReply(b.survey.HandleReply)
	b.notify.OnReply(b.desk.HandleReply)
	b.notify.SetVersions(b.desk.Version)
	b.notify.SetSubjects(b.desk)
	b.fill()
	directory := auth.New(d)
	for _, who := range []auth.NewStaff{
		{Email: "boss@example.com", Name: "Bea Boss", Role: auth.Admin, Password: testPassword, AdvisorID: 11},
		{Email: "sanna@example.com", Name: "Sanna Niemi", Role: auth.Advisor, Password: testPassword, WorkshopID: 1, AdvisorID: 11},
		{Email: "olli@example.com", Name: "Olli Ek", Role: auth.Advisor, Password: testPassword, WorkshopID: 2, AdvisorID: 21},
	} {
		_, err := directory.Add(t.Context(), who)
		b.must(err)
		b.tokens[who.Email], err = directory.IssueToken(t.Context(), who.Email)
		b.must(err)
	}
	opt := Options{
		DB: d, Desk: b.desk, Notifier: b.notify, Surveyor: b.survey, Directory: directory,
		Now: c.now, Log: log, BaseURL: "http://desk.example.com", Version: "test",
	}
	for _, f := range change {
		f(&opt)
	}
	b.server, err = New(opt)
	b.must(err)
	l, err := b.server.Listen("127.0.0.1:0")
	b.must(err)
	done := make(chan error, 1)
	go func() { done <- b.server.Serve(l) }()
	b.url = "http://" + l.Addr().String()
	jar, err := cookiejar.New(nil)
	b.must(err)
	b.client = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		b.client.CloseIdleConnections()
		if err := b.server.Shutdown(ctx); err != nil {
			t.Errorf("shut down: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return b
}

func (b *bed) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// fill makes the workshops: 1 in Helsinki (Finnish), 2 in Stockholm (Swedish).
func (b *bed) fill() {
	at := db.At(b.clock.now())
	rows := []any{
		&[]booking.Workshop{
			{ID: 1, Key: "hki", Name: "Autohuolto Testi", TimeZone: "Europe/Helsinki", Locale: "fi", Country: "FI", Currency: "EUR", Phone: "+358942424242", SlotMinutes: 15, MinNoticeMinutes: 60, HorizonDays: 550, ReminderMinute: 600, SurveyMinute: 1080, SurveyScale: "1-5", SurveyFromMinute: 540, SurveyUntilMinute: 1200, SurveyThrottleDays: 30, CallsPerHour: 4, CreatedAt: at},
			{ID: 2, Key: "sto", Name: "Bilservice Test", TimeZone: "Europe/Stockholm", Locale: "sv", Country: "SE", Currency: "SEK", SlotMinutes: 15, MinNoticeMinutes: 60, HorizonDays: 550, ReminderMinute: 600, SurveyMinute: 1080, SurveyScale: "0-10", SurveyFromMinute: 540, SurveyUntilMinute: 1200, SurveyThrottleDays: 30, CallsPerHour: 4, CreatedAt: at},
		},
		&[]booking.Service{
			{ID: 101, WorkshopID: 1, Key: "oil", Name: "Öljynvaihto", Translations: map[string]booking.Translation{"en": {Name: "Oil change"}}, DurationMinutes: 60, ReceptionMinutes: 15, Bring: []string{}, PriceFrom: 8900, Transports: []string{"drop_off", "waiting"}, Active: true},
			{ID: 102, WorkshopID: 1, Key: "tyre", Name: "Renkaanvaihto", Translations: map[string]booking.Translation{}, DurationMinutes: 30, ReceptionMinutes: 15, Bring: []string{}, PriceFrom: 4900, Transports: []string{"waiting"}, Active: true},
			{ID: 201, WorkshopID: 2, Key: "oil", Name: "Oljebyte", Translations: map[string]booking.Translation{}, DurationMinutes: 60, ReceptionMinutes: 15, Bring: []string{}, PriceFrom: 99000, Transports: []string{"drop_off"}, Active: true},
		},
		&[]booking.Resource{
			{ID: 11, WorkshopID: 1, Key: "sanna", Kind: booking.KindAdvisor, Name: "Sanna Niemi", Active: true},
			{ID: 12, WorkshopID: 1, Key: "matti", Kind: booking.KindAdvisor, Name: "Matti Laine", Active: true},
			{ID: 21, WorkshopID: 2, Key: "olli", Kind: booking.KindAdvisor, Name: "Olli Ek", Active: true},
		},
		&[]booking.Advisor{
			{ID: 11, WorkshopID: 1, Name: "Sanna Niemi", Title: "Huoltoneuvoja", Languages: []string{"fi", "en"}, Active: true},
			{ID: 12, WorkshopID: 1, Name: "Matti Laine", Languages: []string{"fi"}, Position: 1, Active: true},
			{ID: 21, WorkshopID: 2, Name: "Olli Ek", Languages: []string{"sv"}, Active: true},
		},
	}
	var hours []booking.Hours
	for _, shop := range []int64{1, 2} {
		for day := time.Monday; day <= time.Friday; day++ {
			hours = append(hours, booking.Hours{WorkshopID: shop, Weekday: day, FromMinute: 8 * 60, ToMinute: 16 * 60})
		}
	}
	rows = append(rows, &hours)
	b.must(b.db.Tx(b.t.Context(), func(ctx context.Context) error {
		for _, r := range rows {
			if err := b.db.In(ctx).Create(r).Error; err != nil {
				return err
			}
		}
		return nil
	}))
}

// object is a JSON object as a client sees it.
type object = map[string]any

// answer is what a call got.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	raw    []byte
	json   object
}

// send makes a call. who is an e-mail of staff, or "" for a stranger.
func (b *bed) send(who, method, path string, body any, headers ...string) *answer {
	b.t.Helper()
	var r io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(body)
	default:
		raw, err := json.Marshal(body)
		b.must(err)
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, r)
	b.must(err)
	if r != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		token, ok := b.tokens[who]
		if !ok {
			token = who
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return b.do(req)
}

func (b *bed) do(req *http.Request) *answer {
	b.t.Helper()
	res, err := b.client.Do(req)
	b.must(err)
	defer res.Body.Close()
	a := &answer{t: b.t, status: res.StatusCode, header: res.Header}
	a.raw, err = io.ReadAll(res.Body)
	b.must(err)
	if len(a.raw) > 0 && strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(a.raw, &a.json); err != nil {
			b.t.Fatalf("%s %s: not JSON: %v: %s", req.Method, req.URL.Path, err, a.raw)
		}
	}
	return a
}

// want checks the status.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.raw)
	}
	return a
}

// get reads a member by its path: "items.0.id".
func (a *answer) get(path string) any {
	a.t.Helper()
	var v any = a.json
	for part := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case object:
			v = at[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(at) {
				a.t.Fatalf("no %s in %s", path, a.raw)
			}
			v = at[i]
		default:
			a.t.Fatalf("no %s in %s", path, a.raw)
		}
	}
	return v
}

func (a *answer) text(path string) string {
	a.t.Helper()
	s, ok := a.get(path).(string)
	if !ok || s == "" {
		a.t.Fatalf("%s is no text in %s", path, a.raw)
	}
	return s
}

func (a *answer) items(path string) []any {
	a.t.Helper()
	list, ok := a.get(path).([]any)
	if !ok {
		a.t.Fatalf("%s is no list in %s", path, a.raw)
	}
	return list
}

// equal checks members: path, value, path, value …
func (a *answer) equal(pairs ...any) *answer {
	a.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got := a.get(pairs[i].(string)); fmt.Sprint(got) != fmt.Sprint(pairs[i+1]) {
			a.t.Errorf("%s is %v, want %v: %s", pairs[i], got, pairs[i+1], a.raw)
		}
	}
	return a
}

// visit is a booking's body that fits, at a wall-clock time of Monday.
func visit(clock string) object {
	return object{
		"workshop_id": "1", "service_ids": []string{"101"}, "advisor_id": "11",
		"start": "2026-11-23T" + clock + ":00+02:00", "transport": "drop_off",
		"customer": object{"name": "Maija Virtanen", "phone": "+358401234567", "email": "maija@example.com", "locale": "fi"},
		"vehicle":  object{"plate": "ABC-123", "make": "Volvo", "model": "V60"},
		"consents": object{"survey": true, "reminders": true},
	}
}

// with1 gives a copy of a body with one member changed, or left out for nil.
func with1(body object, path string, value any) object {
	raw, _ := json.Marshal(body)
	var out object
	_ = json.Unmarshal(raw, &out)
	at := out
	parts := strings.Split(path, ".")
	for _, p := range parts[:len(parts)-1] {
		at = at[p].(object)
	}
	last := parts[len(parts)-1]
	if value == nil {
		delete(at, last)
	} else {
		at[last] = value
	}
	return out
}

// book books and gives the job's id and token.
func (b *bed) book(clock string) (id, token string) {
	b.t.Helper()
	a := b.send("", "POST", "/api/v1/bookings", visit(clock)).want(201)
	return a.text("id"), a.text("token")
}

// rows counts the rows of every table that holds something.
func (b *bed) rows() map[string]int64 {
	b.t.Helper()
	out := map[string]int64{}
	for _, table := range []string{"jobs", "claims", "holds", "customers", "vehicles", "conversations", "participants",
		"messages", "message_states", "inbound", "job_events", "attentions", "promises", "surveys", "survey_answers",
		"sessions", "idempotency_keys", "settings", "leases", "staff", "api_tokens"} {
		var n int64
		b.must(b.db.In(b.t.Context()).Table(table).Count(&n).Error)
		out[table] = n
	}
	return out
}
