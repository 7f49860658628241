package loadtest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/notify"
)

// monday is when every measurement begins: Monday 23 November 2026, 08:00 in
// Helsinki. The clock runs on from there.
var monday = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

// running is a clock that stood at monday when the process began.
func running() func() time.Time {
	began := time.Now()
	return func() time.Time { return monday.Add(time.Since(began)) }
}

// size is how much a generated database holds.
type size struct {
	name     string
	advisors int // of the workshop that is measured
	fill     int // percent of their hours that are booked, over 60 days
	others   int // jobs of the years before, and of other workshops to come
}

var (
	eight   = size{name: "8 advisors", advisors: 8, fill: 60}
	fifty   = size{name: "50 advisors", advisors: 50, fill: 60}
	million = size{name: "8 advisors, 1,000,000 jobs", advisors: 8, fill: 60, others: 1_000_000}
)

// world is a generated database with a desk on it.
type world struct {
	db       *db.DB
	notify   *notify.Notifier
	desk     *booking.Desk
	shop     int64
	advisors []int64
	services map[string]int64 // by key
	jobs     int
	starts   []time.Time // see beyond
}

// open makes a desk on a database.
func open(d *db.DB) *world {
	quiet := slog.New(slog.DiscardHandler)
	w := &world{db: d}
	addresses, err := notify.NewAddresses("desk+{token}@example.com", bytes.Repeat([]byte("k"), 32))
	if err != nil {
		panic(err)
	}
	w.notify = notify.New(d, notify.Options{Now: d.Now, Log: quiet, Addresses: addresses, MailDomain: "reply.example.com"})
	w.desk = booking.New(d, w.notify, booking.Options{Now: d.Now, BaseURL: "http://desk.example.com", Log: quiet})
	w.notify.OnReply(w.desk.HandleReply)
	w.notify.OnFailure(w.desk.HandleFailure)
	w.notify.SetVersions(w.desk.Version)
	return w
}

// find reads the ids of the workshop that is measured.
func (w *world) find(tb testing.TB) {
	tb.Helper()
	ctx := tb.Context()
	shops, err := w.desk.Workshops(ctx)
	must(tb, err)
	w.shop = shops[0].ID
	advisors, err := w.desk.Advisors(ctx, w.shop)
	must(tb, err)
	w.advisors = nil
	for _, a := range advisors {
		w.advisors = append(w.advisors, a.ID)
	}
	services, err := w.desk.Services(ctx, w.shop)
	must(tb, err)
	w.services = map[string]int64{}
	for _, s := range services {
		w.services[s.Key] = s.ID
	}
	must(tb, w.sql(tb).QueryRowContext(ctx, "SELECT COUNT(*) FROM jobs").Scan(&w.jobs))
}

func (w *world) sql(tb testing.TB) *sql.DB {
	tb.Helper()
	pool, err := w.db.SQL()
	must(tb, err)
	return pool
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// catalogueOf writes the catalogue of workshops with so many advisors each.
func catalogueOf(shops, advisors int) string {
	var b strings.Builder
	b.WriteString("workshops:\n")
	for i := range shops {
		fmt.Fprintf(&b, `  - key: shop%d
    name: Workshop %d
    time_zone: Europe/Helsinki
    locale: fi
    country: FI
    currency: EUR
    phone: "09 4241 5500"
    email: shop@example.com
    slot_minutes: 15
    min_notice_minutes: 60
    horizon_days: 550
    hours: { mon-fri: ["07:30-17:00"], sat: ["09:00-13:00"] }
    services:
      - { key: quick, name: Quick check, duration_minutes: 15, price_from: 1900, transports: [waiting, drop_off] }
      - { key: tyres, name: Tyre change, duration_minutes: 30, price_from: 5900, transports: [waiting, drop_off] }
      - { key: annual, name: Annual service, duration_minutes: 120, reception_minutes: 20, price_from: 24900, bring: [Service book], transports: [drop_off, waiting] }
      - { key: long, name: Alignment, duration_minutes: 75, price_from: 9900, transports: [waiting] }
    advisors:
`, i+1, i+1)
		for a := range advisors {
			fmt.Fprintf(&b, "      - { key: a%d, name: Advisor%d Name, languages: [fi, en] }\n", a+1, a+1)
		}
	}
	return b.String()
}

func (w *world) importCatalogue(tb testing.TB, text string) {
	tb.Helper()
	c, err := booking.ReadCatalogue(strings.NewReader(text))
	must(tb, err)
	_, err = w.desk.Import(tb.Context(), *c)
	must(tb, err)
}

// Advisors of the other workshops of a large database.
const otherShops, otherAdvisors = 16, 8

// generate fills a fresh database: a workshop whose next 60 days are booked to
// the size's fill, and behind it the past and the other workshops.
func (w *world) generate(tb testing.TB, s size) {
	tb.Helper()
	w.importCatalogue(tb, catalogueOf(1, s.advisors))
	w.find(tb)
	g := &generator{tb: tb, pool: w.sql(tb), dialect: w.db.Dialect}
	must(tb, w.db.Bulk(tb.Context(), func(ctx context.Context) error {
		g.begin(ctx)
		g.customers(200 + s.others/10)
		today := int(monday.Unix() / 86400)
		for _, a := range w.advisors {
			g.jobs(w.shop, a, today+1, 60, 10, s.fill, 10)
		}
		if s.others > 0 {
			// Half of them are the workshop's own past, which no claim is kept of.
			days := s.others / 2 / len(w.advisors) / 36 * 7 / 5
			for _, a := range w.advisors {
				g.jobs(w.shop, a, today-days, days-1, 36, 100, 3)
			}
			g.others(w, s.others/2, today)
		}
		g.claims()
		g.end()
		return nil
	}))
	w.find(tb)
}

// generator writes rows straight by SQL.
type generator struct {
	tb      testing.TB
	pool    *sql.DB
	dialect db.Dialect
	tx      *sql.Tx
	ctx     context.Context
}

func (g *generator) begin(ctx context.Context) {
	g.ctx = ctx
	var err error
	g.tx, err = g.pool.BeginTx(ctx, nil)
	must(g.tb, err)
}

func (g *generator) end() {
	must(g.tb, g.tx.Commit())
	_, err := g.pool.ExecContext(g.ctx, "ANALYZE")
	must(g.tb, err)
}

func (g *generator) exec(query string, args ...any) {
	g.tb.Helper()
	for i := len(args); i > 0; i-- { // the numbers stand in the text: they have no type to guess
		query = strings.ReplaceAll(query, "$"+strconv.Itoa(i), fmt.Sprint(args[i-1]))
	}
	if _, err := g.tx.ExecContext(g.ctx, query); err != nil {
		g.tb.Fatalf("%v in %s", err, query)
	}
}

func (g *generator) customers(n int) {
	g.exec(`INSERT INTO customers (id, name, phone, email, locale, created_at, updated_at)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		SELECT i, 'Customer ' || i, '+35844' || (1000000 + i), 'c' || i || '@example.com', 'fi', 1, 1 FROM n`, n)
	if g.dialect == db.Postgres {
		g.exec(`SELECT setval(pg_get_serial_sequence('customers', 'id'), $1)`, n)
	}
}

// jobs books an advisor's slots of 15 minutes × width from 06:00 UTC on, on the
// weekdays of so many days, to a percentage.
func (g *generator) jobs(shop, advisor int64, firstDay, days, slots, fill, atoms int) {
	g.exec(`INSERT INTO jobs (workshop_id, reference, token, token_expires_at, status, customer_id, contact_name,
			contact_phone, locale, booked_with, start_at, end_at, wall_start, zone, source, created_at, updated_at, closed_at)
		WITH RECURSIVE n(i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $4 * $5 - 1),
		s AS (SELECT i, $3 + i / $5 AS day, i % $5 AS slot FROM n WHERE (i * 7919 + CAST($2 AS BIGINT) * 104729) % 100 < $6),
		t AS (SELECT i, (CAST(day AS BIGINT) * 86400 + 21600 + slot * (36000 / $5 / 900 * 900)) * 1000000 AS at FROM s WHERE (day + 4) % 7 NOT IN (0, 6))
		SELECT $1, 'F-$2-$3-' || i, 'token-$2-$3-' || i, at + 99000000000000, CASE WHEN at < $8 THEN 'closed' ELSE 'booked' END,
			1 + i % 200, 'Customer ' || i, '+35844' || (1000000 + i % 200), 'fi', $2, at, at + $7 * CAST(300000000 AS BIGINT),
			'2026-01-01T00:00', 'Europe/Helsinki', 'fill', 1, 1, CASE WHEN at < $8 THEN at ELSE NULL END FROM t`,
		shop, advisor, firstDay, days, slots, fill, atoms, monday.UnixMicro())
}

// others books workshops beside the one that is measured.
func (g *generator) others(w *world, n, today int) {
	for shop := range otherShops {
		id := w.shop + 1000 + int64(shop)
		g.exec(`INSERT INTO workshops (id, key, name, time_zone, locale, country, currency, created_at)
			SELECT $1, 'other$1', name, time_zone, locale, country, currency, 1 FROM workshops WHERE id = $2`, id, w.shop)
		for a := range otherAdvisors {
			advisor := 100_000 + int64(shop*otherAdvisors+a)
			g.exec(`INSERT INTO resources (id, workshop_id, key, kind, name) VALUES ($1, $2, 'o$1', 'advisor', 'Other')`, advisor, id)
			g.exec(`INSERT INTO advisors (id, workshop_id, name) VALUES ($1, $2, 'Other')`, advisor, id)
			const slots = 20
			g.jobs(id, advisor, today+1, min(540, n/otherShops/otherAdvisors*7/5/slots), slots, 100, 3)
		}
	}
}

// claims takes the atoms of every job to come.
func (g *generator) claims() {
	g.exec(`INSERT INTO claims (resource_id, atom, job_id)
		WITH RECURSIVE k(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM k WHERE i < 9)
		SELECT booked_with, start_at / 300000000 + k.i, id FROM jobs JOIN k ON k.i < (end_at - start_at) / 300000000
		WHERE source = 'fill' AND start_at > $1 ORDER BY 1, 2`, monday.UnixMicro())
	g.exec(`INSERT INTO marks (workshop_id, block, resource_id, version)
		SELECT a.workshop_id, c.atom / 8192, a.id, 1 FROM claims c JOIN advisors a ON a.id = c.resource_id GROUP BY a.workshop_id, c.atom / 8192, a.id`)
}
