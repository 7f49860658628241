package web

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
	"neuvo/templates"
)

// frame is what every page knows, whatever it shows.
type frame struct {
	Locale    string
	Here      string // the page's own address, for links that come back; "" where a form is shown again
	Staff     *auth.Staff
	Workshop  *booking.Workshop
	Workshops []booking.Workshop // those the visitor may choose from
	Notice    string             // a sentence about what was just done
	Problem   string             // a sentence about what could not be done
	Errors    map[string]string
	Triage    int    // messages that wait for a person, at the desk
	Tab       string // which of the desk's pages this is
}

// frame gathers it for one request.
func (s *Server) frame(c echo.Context) frame {
	f := frame{Locale: s.locale(c), Errors: map[string]string{}}
	if c.Request().Method == http.MethodGet {
		f.Here = c.Request().URL.RequestURI()
	}
	return f
}

// frameFor is frame on a page of one customer, which opens in his or her own
// language: a link out of a text says more than a browser's settings. A language
// that was chosen on a page of ours goes before it.
func (s *Server) frameFor(c echo.Context, job *booking.Job) frame {
	if job.Locale != "" && !s.choseLocale(c) {
		c.Set(localeKey, job.Locale)
	}
	f := s.frame(c)
	f.Workshop = job.Workshop
	return f
}

// LanguageURL is this page in another language.
func (f frame) LanguageURL(locale string) string { return with(f.Here, "lang", locale) }

// show renders a page with a status. Pages of one person are never stored by a
// cache on the way.
func (s *Server) show(c echo.Context, status int, page string, locale string, data any) error {
	var b bytes.Buffer
	if err := templates.Render(&b, page, locale, data); err != nil {
		return s.fail(c, err)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.HTMLBlob(status, b.Bytes())
}

// seeOther ends a POST: the browser asks for the page of the outcome, so that
// reloading it never posts again.
func seeOther(c echo.Context, address string) error {
	return c.Redirect(http.StatusSeeOther, address)
}

// with adds a query parameter to an address of ours.
func with(address, name, value string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// notice puts the sentence of a finished act on the page it led to: the act's
// name travels in the address, the sentence is "page.done.NAME".
func (f *frame) notice(c echo.Context) {
	name := c.QueryParam("done")
	if key := "page.done." + name; name != "" && templates.Has(f.Locale, key) {
		f.Notice = templates.T(f.Locale, key, nil)
	}
	if name := c.QueryParam("failed"); name != "" && templates.Has(f.Locale, "page.failed."+name) {
		f.Problem = templates.T(f.Locale, "page.failed."+name, nil)
	}
}

// refused puts an error that the visitor can mend into the page: the wrong
// fields and one sentence on top. It gives the status to answer with, or 0 for
// an error that is not the visitor's.
func (f *frame) refused(err error) int {
	e, status := asFault(err)
	switch e.Kind {
	case fault.Invalid, fault.Conflict, fault.TooMany:
	default:
		return 0
	}
	f.Problem = templates.T(f.Locale, e.Key, e.Args)
	for _, field := range e.Fields {
		f.Errors[inputOf(field.Location)] = templates.T(f.Locale, field.Key, told(f.Locale, field.Args))
	}
	return status
}

// inputOf is the name of the input that a field's place in the API stands for:
// "body.customer.phone" is asked for as "phone".
func inputOf(location string) string {
	name := location[strings.LastIndexByte(location, '.')+1:]
	name, _, _ = strings.Cut(name, "[")
	switch name {
	case "service_ids", "services":
		return "service"
	case "advisor_id":
		return "advisor"
	case "workshop_id":
		return "workshop"
	}
	return name
}

// words is T in the page's language, for sentences made in Go.
func (f *frame) words(key string, pairs ...any) string {
	args := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			args[name] = pairs[i+1]
		}
	}
	return templates.T(f.Locale, key, args)
}

// typed is a form's text as typed, without the spaces around it and within a
// length that no honest answer reaches.
func typed(c echo.Context, name string, most int) string {
	v := strings.TrimSpace(strings.ReplaceAll(c.FormValue(name), "\r\n", "\n"))
	if r := []rune(v); len(r) > most {
		return string(r[:most])
	}
	return v
}

// ticked tells whether a form's box was ticked.
func ticked(c echo.Context, name string) bool { return c.FormValue(name) != "" }

// The lengths of what people type into forms, in characters.
const (
	maxLine = 200
	maxNote = 4000
)

// localInput reads an input of type datetime-local as the workshop's wall
// clock; zero where nothing or nonsense was given.
func localInput(raw string, zone *time.Location) time.Time {
	t, err := time.ParseInLocation("2006-01-02T15:04", raw, zone)
	if err != nil {
		return time.Time{}
	}
	return t
}
