package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/templates"
)

// Problem is every error of the API: a problem document (RFC 9457). Errors and
// alternatives are extension members (section 3.2).
type Problem struct {
	Type   string       `json:"type" doc:"what kind of problem this is; stable, for programs"`
	Title  string       `json:"title" doc:"the kind of problem in the reader's language"`
	Status int          `json:"status" doc:"the HTTP status"`
	Detail string       `json:"detail,omitempty" doc:"what happened, in the reader's language"`
	Errors []FieldError `json:"errors,omitempty" doc:"each wrong input"`
	// Alternatives stand in the answer "slot-taken".
	Alternatives []slotOut `json:"alternatives,omitempty" doc:"the nearest starts that are free"`
	// Reasons stand there, too, where it was not merely that someone was quicker.
	Reasons []reasonOut `json:"reasons,omitempty" doc:"the rules in the way of the start"`
	// Estimate stands in the answers "estimate-changed" and its like.
	Estimate *estimateOut `json:"estimate,omitempty" doc:"what stands now"`

	headers http.Header
}

// FieldError names one wrong input.
type FieldError struct {
	Location string `json:"location" example:"body.customer.phone" doc:"where the input stands in the request"`
	Message  string `json:"message" doc:"what is wrong with it, in the reader's language"`
	Value    any    `json:"value,omitempty" doc:"what was given"`
}

// Error is the detail, for logs.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is the media type of problem documents, RFC 9457 section 6.1.
func (p *Problem) ContentType(string) string { return problemJSON }

// GetHeaders are the headers that go with the problem, such as Retry-After.
func (p *Problem) GetHeaders() http.Header { return p.headers }

const problemJSON = "application/problem+json"

// kindStatus is the one mapping from a kind of failure to an HTTP status.
var kindStatus = map[fault.Kind]int{
	fault.Internal:     http.StatusInternalServerError,
	fault.Invalid:      http.StatusUnprocessableEntity,
	fault.Unauthorized: http.StatusUnauthorized,
	fault.Forbidden:    http.StatusForbidden,
	fault.NotFound:     http.StatusNotFound,
	fault.Conflict:     http.StatusConflict,
	fault.TooMany:      http.StatusTooManyRequests,
	fault.Unavailable:  http.StatusServiceUnavailable,
}

// statusClientGone is written to the log, never to anyone: the client hung up.
const statusClientGone = 499

// asFault gives any error as a fault and its HTTP status. What is not meant for
// people becomes "fault.internal" with the error as its cause.
func asFault(err error) (*fault.Error, int) {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f, kindStatus[f.Kind]
	}
	if taken, ok := errors.AsType[*booking.SlotTaken](err); ok {
		return fault.New(fault.Conflict, "fault.slot_taken").Cause(taken), http.StatusConflict
	}
	if h, ok := errors.AsType[*echo.HTTPError](err); ok {
		return httpFault(h)
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.New(fault.Invalid, "fault.too_large").Cause(err), http.StatusRequestEntityTooLarge
	}
	switch {
	case errors.Is(err, context.Canceled):
		return fault.New(fault.Unavailable, "fault.unavailable").Cause(err), statusClientGone
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Unavailable, "fault.unavailable").Cause(err), http.StatusServiceUnavailable
	}
	return fault.New(fault.Internal, "fault.internal").Cause(err), http.StatusInternalServerError
}

// httpFault names the errors that the router and its helpers make.
func httpFault(h *echo.HTTPError) (*fault.Error, int) {
	switch h.Code {
	case http.StatusNotFound:
		return fault.New(fault.NotFound, "fault.no_page"), h.Code
	case http.StatusMethodNotAllowed:
		return fault.New(fault.Invalid, "fault.method"), h.Code
	case http.StatusRequestEntityTooLarge:
		return fault.New(fault.Invalid, "fault.too_large"), h.Code
	case http.StatusUnauthorized:
		return fault.New(fault.Unauthorized, "fault.sign_in_needed"), h.Code
	case http.StatusForbidden:
		return fault.New(fault.Forbidden, "fault.forbidden"), h.Code
	}
	if h.Code >= 400 && h.Code < 500 {
		return fault.New(fault.Invalid, "fault.bad_request").Cause(h), h.Code
	}
	return fault.New(fault.Internal, "fault.internal").Cause(h), http.StatusInternalServerError
}

// handleError is Echo's: what no handler dealt with becomes a problem document
// under /api and a page elsewhere.
func (s *Server) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		s.logFailure(c.Request().Context(), c.Path(), err)
		return
	}
	if !isAPI(c.Request().URL.Path) {
		if err := s.fail(c, err); err != nil {
			s.log.Error("show a problem", "error", err)
		}
		return
	}
	p := s.problem(c.Request().Context(), s.locale(c), err)
	maps.Copy(c.Response().Header(), p.headers)
	body, err := json.Marshal(p)
	if err != nil {
		s.log.Error("write a problem", "error", err)
		_ = c.NoContent(http.StatusInternalServerError)
		return
	}
	if err := c.Blob(p.Status, problemJSON, body); err != nil {
		s.log.Debug("write a problem", "error", err)
	}
}

// problem shapes an error for a reader and logs it where it is ours.
func (s *Server) problem(ctx context.Context, locale string, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	f, status := asFault(err)
	if status == http.StatusInternalServerError {
		s.logFailure(ctx, "", err)
	}
	p := newProblem(locale, s.opt.BaseURL, f, status)
	p.Alternatives, p.Reasons = alternativesOf(err), reasonsOf(locale, err)
	p.Estimate = s.changedEstimate(err)
	return p
}

func newProblem(locale, base string, f *fault.Error, status int) *Problem {
	p := &Problem{
		Type: base + "/docs#" + slug(f.Key), Status: status,
		Title: templates.T(locale, titleKey(f.Key, status), nil), Detail: templates.T(locale, f.Key, f.Args),
	}
	for _, field := range f.Fields {
		if id, ok := field.Value.(int64); ok {
			field.Value = idOf(id) // ids are strings on the wire
		}
		p.Errors = append(p.Errors, FieldError{
			Location: field.Location, Message: templates.T(locale, field.Key, told(locale, field.Args)), Value: echoed(field.Value),
		})
	}
	if f.RetryAfter > 0 {
		p.headers = http.Header{"Retry-After": {strconv.Itoa(f.RetryAfter)}}
	}
	if status == http.StatusUnauthorized {
		if p.headers == nil {
			p.headers = http.Header{}
		}
		p.headers.Set("WWW-Authenticate", "Bearer") // RFC 9110 section 11.6.1
	}
	return p
}

// slug turns a key into the end of a problem type: "fault.slot_taken" is
// "slot-taken".
func slug(key string) string {
	return strings.ReplaceAll(key[strings.LastIndexByte(key, '.')+1:], "_", "-")
}

// maxEcho is how many characters of a wrong input are given back.
const maxEcho = 200

// echoed is a wrong input as it is given back: enough to recognise it by.
func echoed(value any) any {
	text, ok := value.(string)
	if !ok {
		return value
	}
	if len(text) <= maxEcho {
		return text
	}
	if r := []rune(text); len(r) > maxEcho {
		return string(r[:maxEcho-1]) + "…"
	}
	return text
}

// conflictTitles are the conflicts that have a title of their own; all others
// are "not possible now".
var conflictTitles = map[string]string{
	"fault.slot_taken":          "problem.slot_taken",
	"fault.hold_expired":        "problem.slot_taken",
	"fault.hold_used":           "problem.slot_taken",
	"fault.job_changed":         "problem.changed",
	"fault.estimate_changed":    "problem.changed",
	"fault.inbound_done":        "problem.changed",
	"fault.idempotency_running": "problem.running",
}

func titleKey(key string, status int) string {
	if own, ok := conflictTitles[key]; ok && status == http.StatusConflict {
		return own
	}
	switch status {
	case 400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429, 503:
		return "problem." + strconv.Itoa(status)
	}
	if status < 500 {
		return "problem.400"
	}
	return "problem.500"
}

func alternativesOf(err error) []slotOut {
	taken, ok := errors.AsType[*booking.SlotTaken](err)
	if !ok {
		return nil
	}
	return slotsOut(taken.Alternatives)
}

func reasonsOf(locale string, err error) []reasonOut {
	taken, ok := errors.AsType[*booking.SlotTaken](err)
	if !ok {
		return nil
	}
	return mapped(taken.Reasons, func(r booking.Reason) reasonOut { return reasonOut{Rule: r.Rule, Detail: reasonText(locale, r)} })
}

func (s *Server) logFailure(ctx context.Context, route string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	s.log.ErrorContext(ctx, "request failed", "route", route, "error", err)
}

// ProblemPage is what the page "problem" shows.
type ProblemPage struct {
	Status        int
	Title, Detail string
	Fields        []FieldError
	BackURL       string
	Staff         bool
}

// fail answers a page's error with a page that says what happened, in the
// reader's language and with the right status.
func (s *Server) fail(c echo.Context, err error) error {
	p := s.problem(c.Request().Context(), s.locale(c), err)
	if c.Response().Committed {
		return nil
	}
	for name, values := range p.headers {
		if name != "Www-Authenticate" {
			c.Response().Header()[name] = values
		}
	}
	view := ProblemPage{Status: p.Status, Title: p.Title, Detail: p.Detail, Fields: p.Errors, BackURL: "/"}
	if strings.HasPrefix(c.Request().URL.Path, "/desk") {
		view.BackURL, view.Staff = "/desk", true
	}
	var page strings.Builder
	if err := templates.Render(&page, "problem", s.locale(c), view); err != nil {
		s.log.Error("render the problem page", "error", err)
		return c.String(p.Status, fmt.Sprintf("%s\n\n%s\n", p.Title, p.Detail))
	}
	return c.HTML(p.Status, page.String())
}

// installProblems makes the API library answer in problem documents of our
// shape and the reader's language. The library keeps these makers in package
// variables; ours depend on nothing but their arguments, so once is enough.
var installProblems = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return libraryProblem(nil, status, msg, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return libraryProblem(ctx, status, msg, errs)
	}
})

// libraryProblem translates what the library found wrong with a request; ctx is
// nil where it does not say with which.
func libraryProblem(ctx huma.Context, status int, msg string, errs []error) *Problem {
	who := caller{locale: templates.Locales[0]}
	if ctx != nil {
		who = callerOf(ctx.Context())
	}
	f := fault.New(fault.Invalid, "fault.invalid")
	switch status {
	case http.StatusRequestEntityTooLarge:
		f.Key = "fault.too_large"
	case http.StatusUnsupportedMediaType:
		f.Key = "fault.media_type"
	case http.StatusNotAcceptable:
		f.Key = "fault.not_acceptable"
	case http.StatusInternalServerError:
		f.Key = "fault.internal"
		return newProblem(who.locale, who.base, f, status)
	}
	if msg == "request body is required" {
		f.Fields = []fault.Field{{Location: "body", Key: "validation.required"}}
	}
	for _, err := range errs {
		if err == nil {
			continue
		}
		d := &huma.ErrorDetail{Message: err.Error()}
		if with, ok := err.(huma.ErrorDetailer); ok {
			d = with.ErrorDetail()
		}
		f.Fields = append(f.Fields, translateDetail(d))
	}
	if ctx != nil && status == http.StatusUnprocessableEntity {
		tellMore(ctx, f)
	}
	return newProblem(who.locale, who.base, f, status)
}

// wording is one of the library's sentences, the key of ours, and the name of
// the argument that the sentence holds.
type wording struct {
	pattern *regexp.Regexp
	key     string
	arg     string
}

// wordings in the order they are tried; a %-verb stands for the argument.
var wordings = sync.OnceValue(func() []wording {
	list := [][3]string{
		{validation.MsgExpectedRequiredProperty, "validation.required", "name"},
		{"required query parameter is missing", "validation.required"},
		{"required path parameter is missing", "validation.required"},
		{"required header parameter is missing", "validation.required"},
		{validation.MsgUnexpectedProperty, "validation.unexpected"},
		{"unknown query parameter", "validation.unexpected"},
		{validation.MsgExpectedRFC3339DateTime, "validation.date_time"},
		{"invalid date/time for format %s", "validation.date_time", "arg"},
		{validation.MsgExpectedRFC3339Date, "validation.date"},
		{validation.MsgExpectedBoolean, "validation.boolean"},
		{"invalid boolean", "validation.boolean"},
		{validation.MsgExpectedInteger, "validation.integer"},
		{"invalid integer", "validation.integer"},
		{validation.MsgExpectedNumber, "validation.number"},
		{validation.MsgExpectedString, "validation.string"},
		{validation.MsgExpectedArray, "validation.array"},
		{validation.MsgExpectedObject, "validation.object"},
		{validation.MsgExpectedOneOf, "validation.one_of", "arg"},
		{validation.MsgExpectedMinimumNumber, "validation.minimum", "arg"},
		{validation.MsgExpectedMaximumNumber, "validation.maximum", "arg"},
		{validation.MsgExpectedMinLength, "validation.min_length", "arg"},
		{validation.MsgExpectedMaxLength, "validation.max_length", "arg"},
		{validation.MsgExpectedMinItems, "validation.min_items", "arg"},
		{validation.MsgExpectedMaxItems, "validation.max_items", "arg"},
		{validation.MsgExpectedArrayItemsUnique, "validation.unique"},
		{badJSON, "validation.json", "arg"},
	}
	verb := regexp.MustCompile(`%[vds]`)
	out := make([]wording, len(list))
	for i, l := range list {
		out[i] = wording{regexp.MustCompile("^" + verb.ReplaceAllString(regexp.QuoteMeta(l[0]), "(.*)") + "$"), l[1], l[2]}
	}
	return out
})

// translateDetail finds the key of a library's sentence. A missing property is
// located at the property itself, not at the object that lacks it; a value that
// holds more than the wrong input is not repeated.
func translateDetail(d *huma.ErrorDetail) fault.Field {
	f := fault.Field{Location: d.Location, Key: "validation.invalid", Value: d.Value}
	for _, w := range wordings() {
		m := w.pattern.FindStringSubmatch(d.Message)
		if m == nil {
			continue
		}
		f.Key = w.key
		if len(m) > 1 {
			word := strings.Trim(m[1], `"`)
			f.Args = map[string]any{w.arg: word, "count": word}
		}
		if w.arg == "name" {
			f.Location += "." + m[1]
		}
		break
	}
	switch f.Value.(type) {
	case map[string]any, []any:
		f.Value = nil
	}
	if f.Location == "body" || f.Key == "validation.required" || f.Value == "" {
		f.Value = nil
	}
	return f
}
