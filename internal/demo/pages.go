package demo

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"neuvo/templates"
)

// PagesOptions for NewPages.
type PagesOptions struct {
	Host  *Host
	Clock *Clock
	// Step runs what is due at a time of the clock's walk. May be nil.
	Step func(ctx context.Context, at time.Time) error
	// Settle sends what is due and reads what has come, once the clock has
	// arrived. May be nil.
	Settle func(ctx context.Context) error
	// Seeded tells what the database holds; asked at each page, since the pages
	// are made before the seed.
	Seeded func() Seeded
	Log    *slog.Logger // may be nil
}

// pages are the customers' side of the demo over HTTP.
type pages struct {
	opt PagesOptions
}

// maxBody is the largest request body, in bytes.
const maxBody = 1 << 20

// advanceWithin is how long one walk of the clock may take. It does not end
// with the request: a browser that gives up must not leave the clock halfway.
const advanceWithin = 5 * time.Minute

// NewPages gives the handler for /demo and everything below: pages for people,
// JSON where Accept names application/json. It exists only in demo mode, behind
// the web layer's check that no other site's page posts here.
func NewPages(opt PagesOptions) http.Handler {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Seeded == nil {
		opt.Seeded = func() Seeded { return Seeded{} }
	}
	p := &pages{opt: opt}
	mux := http.NewServeMux()
	handle := func(pattern string, f func(w http.ResponseWriter, r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			w.Header().Set("Cache-Control", "no-store")
			if err := f(w, r); err != nil {
				p.problem(w, r, err)
			}
		})
	}
	handle("GET /demo", p.overview)
	handle("GET /demo/{$}", func(w http.ResponseWriter, r *http.Request) error { return seeOther(w, "/demo") })
	handle("GET /demo/phones", p.phones)
	handle("GET /demo/phones/{number}", p.phone)
	handle("POST /demo/phones/{number}", p.answerText)
	handle("GET /demo/mail", p.mailboxes)
	handle("GET /demo/mail/{address}", p.mailbox)
	handle("POST /demo/mail/{address}", p.answerMail)
	handle("GET /demo/clock", p.clock)
	handle("POST /demo/clock", p.advance)
	return mux
}

// base is what every page of the demo shows.
type base struct {
	Now    time.Time
	Ahead  bool // the clock was moved
	Seeded Seeded
	Error  string // a sentence, where the form was refused
	Active string // the open tab
}

func (p *pages) base(active string) base {
	return base{Now: p.now(), Ahead: p.opt.Clock.Offset() > time.Minute, Seeded: p.opt.Seeded(), Active: active}
}

// zone is the workshop's, for all times that are shown.
func (p *pages) zone() *time.Location {
	if zone := p.opt.Seeded().Zone; zone != nil {
		return zone
	}
	return time.UTC
}

func (p *pages) now() time.Time { return p.opt.Clock.Now().In(p.zone()) }

type overviewPage struct {
	base
	Phones    []Phone
	Mailboxes []MailboxInfo
}

// lastShown is how much of the latest item a list shows, in characters.
const lastShown = 120

// overviewRows is how many phones and mailboxes the overview lists.
const overviewRows = 12

func (p *pages) overview(w http.ResponseWriter, r *http.Request) error {
	return p.showOverview(w, r, "")
}

func (p *pages) showOverview(w http.ResponseWriter, r *http.Request, problem string) error {
	view := overviewPage{base: p.base("overview"), Phones: p.listPhones(), Mailboxes: p.listMailboxes()}
	view.Error = problem
	view.Phones = view.Phones[:min(overviewRows, len(view.Phones))]
	view.Mailboxes = view.Mailboxes[:min(overviewRows, len(view.Mailboxes))]
	return p.render(w, r, "demo", "lists", view)
}

func (p *pages) listPhones() []Phone {
	list := p.opt.Host.Phones()
	for i := range list {
		list[i].LastAt = list[i].LastAt.In(p.zone())
		list[i].Last = shorten(list[i].Last, lastShown)
	}
	return list
}

func (p *pages) listMailboxes() []MailboxInfo {
	list := p.opt.Host.Mailboxes()
	for i := range list {
		list[i].LastAt = list[i].LastAt.In(p.zone())
		list[i].Last = shorten(list[i].Last, lastShown)
	}
	return list
}

// locale is the reader's, else the demo's own.
func locale(r *http.Request) string {
	return templates.Match(r.Header.Get("Accept-Language"), "en")
}

// render writes a page, or only the block of it that htmx asks for again.
func (p *pages) render(w http.ResponseWriter, r *http.Request, page, block string, view any) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Vary", "Accept, Accept-Language, HX-Request")
	var b bytes.Buffer
	var err error
	if r.Method == http.MethodGet && r.Header.Get("HX-Request") == "true" {
		err = templates.Fragment(&b, page, block, locale(r), view)
	} else {
		err = templates.Render(&b, page, locale(r), view)
	}
	if err != nil {
		return err
	}
	if _, err := b.WriteTo(w); err != nil {
		p.opt.Log.Debug("demo page: the reader has gone", "path", r.URL.Path, "error", err)
	}
	return nil
}

// wantsJSON tells a script from a person: Accept names application/json and
// not a page.
func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// listing is a list in the contract's form.
type listing[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor"`
}

// page cuts a list to ?limit= after ?cursor=, which is the id of the last item
// seen. Without a limit the whole list is given.
func page[T any](r *http.Request, list []T, id func(T) string) listing[T] {
	if cursor := r.URL.Query().Get("cursor"); cursor != "" {
		if i := slices.IndexFunc(list, func(item T) bool { return id(item) == cursor }); i >= 0 {
			list = list[i+1:]
		}
	}
	next := ""
	if n, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && n > 0 && n < len(list) {
		list = list[:n]
		next = id(list[n-1])
	}
	return listing[T]{Items: list, NextCursor: next}
}

func seeOther(w http.ResponseWriter, to string) error {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}
