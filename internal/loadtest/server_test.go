package loadtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/internal/web"
	"neuvo/survey"
)

// serial numbers what must not come twice.
var serial atomic.Int64

// runFor is how long the load tool works on each measurement.
const runFor = 6 * time.Second

// clients is how many connections the load tool keeps busy.
const clients = 32

// site is the whole server on loopback, with a handler beside its own that
// answers kept bytes through the same stack.
type site struct {
	*world
	url    string
	server *web.Server
	kept   atomic.Pointer[[]byte]
}

func (w *world) serve(tb testing.TB) *site {
	tb.Helper()
	s := &site{world: w}
	// What a log line costs is paid; where it goes is not measured.
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	surveyor := survey.New(w.db, w.desk, w.notify, survey.Options{Now: w.db.Now, BaseURL: "http://desk.example.com", Log: log})
	server, err := web.New(web.Options{
		DB: w.db, Desk: w.desk, Notifier: w.notify, Surveyor: surveyor, Directory: auth.New(w.db), Now: w.db.Now, Log: log,
		BaseURL: "http://desk.example.com", Relaxed: true,
		Demo: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			_, _ = rw.Write(*s.kept.Load())
		}),
	})
	must(tb, err)
	l, err := server.Listen("127.0.0.1:0")
	must(tb, err)
	s.url, s.server = "http://"+l.Addr().String(), server
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			tb.Errorf("shut down: %v", err)
		}
		if err := <-done; err != nil {
			tb.Errorf("serve: %v", err)
		}
	})
	return s
}

func (s *site) get(tb testing.TB, path string) []byte {
	tb.Helper()
	res, err := http.Get(s.url + path)
	must(tb, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(tb, err)
	if res.StatusCode != http.StatusOK {
		tb.Fatalf("%s: %d %s", path, res.StatusCode, raw)
	}
	return raw
}

// path is an availability question as a client writes it.
func (s *site) path(first, days int, service string, advisor int64) string {
	from := monday.AddDate(0, 0, first)
	q := url.Values{
		"workshop_id": {fmt.Sprint(s.shop)}, "service_id": {fmt.Sprint(s.services[service])},
		"from": {from.Format(time.DateOnly)}, "to": {from.AddDate(0, 0, days-1).Format(time.DateOnly)},
	}
	if advisor != 0 {
		q.Set("advisor_id", fmt.Sprint(advisor))
	}
	return "/api/v1/availability?" + q.Encode()
}

// days are the questions of many customers: every day of the filled range, all
// services, anyone and each of the first advisors.
func (s *site) days() []string {
	var out []string
	for first := 1; first <= 59; first++ {
		for _, service := range []string{"quick", "tyres", "annual", "long"} {
			out = append(out, s.path(first, 1, service, 0))
			for _, a := range s.advisors[:4] {
				out = append(out, s.path(first, 1, service, a))
			}
		}
	}
	return out
}

// months begin on any day of the next month: anyone, all services.
func (s *site) months() []string {
	var out []string
	for first := 1; first <= 30; first++ {
		for _, service := range []string{"quick", "tyres", "annual", "long"} {
			out = append(out, s.path(first, 31, service, 0))
		}
	}
	return out
}

// figure is one line of the table.
type figure struct {
	Requests float64 `json:"requests"`
	Seconds  float64 `json:"seconds"`
	Bad      float64 `json:"bad"` // answers outside 2xx and broken connections
	P50      float64 `json:"p50"` // milliseconds
	P99      float64 `json:"p99"`
}

func (f figure) rate() float64 { return f.Requests / f.Seconds }

const luaDone = `
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('FIGURE {"requests": %d, "seconds": %f, "bad": %d, "p50": %f, "p99": %f}\n', summary.requests,
    summary.duration / 1e6, e.status + e.connect + e.read + e.write + e.timeout, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
local count = 0
function setup(thread)
  thread:set("id", count)
  count = count + 1
end
`

// load runs the load tool with a script.
func (s *site) load(tb testing.TB, script string) figure {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "load.lua")
	must(tb, os.WriteFile(file, []byte(luaDone+script), 0o600))
	cmd := exec.Command("wrk", "-t2", fmt.Sprintf("-c%d", clients), fmt.Sprintf("-d%ds", int(runFor.Seconds())), "-s", file, s.url)
	out, err := cmd.CombinedOutput()
	if err != nil {
		tb.Fatalf("the load tool: %v: %s (Debian's wrk: apt-get install wrk)", err, out)
	}
	_, line, found := strings.Cut(string(out), "FIGURE ")
	var f figure
	if !found || json.Unmarshal([]byte(strings.TrimSpace(line)), &f) != nil {
		tb.Fatalf("the load tool said: %s", out)
	}
	return f
}

// loadGET asks all of the paths in turn.
func (s *site) loadGET(tb testing.TB, paths []string) figure {
	var b strings.Builder
	b.WriteString("local paths = {\n")
	for _, p := range paths {
		fmt.Fprintf(&b, "  %q,\n", p)
	}
	b.WriteString(`}
local at = 0
function init(args)
  at = id * 7919
end
function request()
  at = at + 1
  return wrk.format("GET", paths[at % #paths + 1])
end
`)
	return s.load(tb, b.String())
}

// loadPOST books, each time another customer at another start.
func (s *site) loadPOST(tb testing.TB) figure {
	var b strings.Builder
	b.WriteString("local starts = {\n")
	base := serial.Add(1)
	for _, start := range s.beyond(tb) {
		fmt.Fprintf(&b, "  %q,\n", start.Format(time.RFC3339))
	}
	fmt.Fprintf(&b, `}
local n = 0
function request()
  n = n + 1
  local at = n * 2 + id + %d * 131
  local phone = %d * 500000 + n * 2 + id
  return wrk.format("POST", "/api/v1/bookings", {["Content-Type"] = "application/json"}, string.format(
    '{"workshop_id": "%d", "service_ids": ["%d"], "start": "%%s", "transport": "waiting", '..
    '"customer": {"name": "Maija Virtanen", "phone": "+35841%%07d", "email": "m%%d@example.com", "locale": "fi"}, '..
    '"vehicle": {"plate": "ABC-%%d", "make": "Volvo", "model": "V60"}, "consents": {"survey": true, "reminders": true}}',
    starts[at %% #starts + 1], phone, phone, phone %% 1000))
end
`, base, base%20, s.shop, s.services["quick"])
	return s.load(tb, b.String())
}

// BenchmarkServer measures the whole server under the load tool and prints a
// table: what it does, what its limit does in the same run, and how long 32
// clients wait.
func BenchmarkServer(b *testing.B) {
	if _, err := exec.LookPath("wrk"); err != nil {
		b.Fatal("the load tool is missing: apt-get install wrk")
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "engine\tdata\tjobs\tcall\tper second\tlimit\tof limit\tp50 ms\tp99 ms\tbad\t")
	for _, s := range []size{eight, fifty, million} {
		for _, engine := range []db.Dialect{db.SQLite, db.Postgres} {
			b.Run(fmt.Sprintf("%s/%s", s.name, engine), func(b *testing.B) {
				now := running()
				open := dbtest.SQLite
				if engine == db.Postgres {
					open = dbtest.Postgres
				}
				w := generated(b, open(b, dbtest.Clock(now)), s)
				w.measure(b, table, s)
			})
		}
	}
	must(b, table.Flush())
}

func (w *world) measure(b *testing.B, table io.Writer, size size) {
	s := w.serve(b)
	line := func(call string, f figure, limit float64) {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%.0f\t%.0f\t%.0f %%\t%.1f\t%.1f\t%.0f\t\n",
			w.db.Dialect, size.name, w.jobs, call, f.rate(), limit, 100*f.rate()/limit, f.P50, f.P99, f.Bad)
		b.ReportMetric(f.rate(), strings.ReplaceAll(call, " ", "-")+"/s")
	}
	for _, q := range []struct {
		call  string
		paths []string
	}{{"day", s.days()}, {"month", s.months()}} {
		// The limit answers a body of the middle length.
		bodies := make([][]byte, 0, 20)
		for i := range 20 {
			bodies = append(bodies, s.get(b, q.paths[i*len(q.paths)/20]))
		}
		slices.SortFunc(bodies, func(x, y []byte) int { return len(x) - len(y) })
		s.kept.Store(&bodies[len(bodies)/2])
		limit := s.loadGET(b, []string{"/demo"})
		line(q.call, s.loadGET(b, q.paths), limit.rate())
	}
	l := w.bareLoop(b)
	callers := clients
	if w.db.Dialect == db.SQLite {
		callers = 1 // one writer
	}
	limit := l.run(b, callers, runFor)
	line("booking", s.loadPOST(b), limit)
}
