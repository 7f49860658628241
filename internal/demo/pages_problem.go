package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"neuvo/internal/fault"
	"neuvo/templates"
)

// problemDoc is a problem document (RFC 9457) in the contract's form.
type problemDoc struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Errors []problemField `json:"errors,omitempty"`
}

type problemField struct {
	Location string `json:"location"`
	Message  string `json:"message"`
	Value    any    `json:"value,omitempty"`
}

// status is the HTTP status of a kind, as the rest of the API has it.
func status(kind fault.Kind) int {
	switch kind {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// errNotJSON is the cause of a fault about a body that cannot be read at all.
var errNotJSON = errors.New("the body is no JSON")

// typeOf names the kind of a problem as the API does; the kinds are told at /docs.
func typeOf(err error) string {
	key := "fault.internal"
	if f, ok := errors.AsType[*fault.Error](err); ok {
		key = f.Key
	}
	return "/docs#" + strings.ReplaceAll(key[strings.LastIndexByte(key, '.')+1:], "_", "-")
}

// problem answers an error: a document for scripts, a page for people.
func (p *pages) problem(w http.ResponseWriter, r *http.Request, err error) {
	kind := fault.KindOf(err)
	code := status(kind)
	if errors.Is(err, errNotJSON) {
		code = http.StatusBadRequest // as in the API
	}
	if kind == fault.Internal {
		p.opt.Log.Error("demo page", "path", r.URL.Path, "error", err)
	}
	if !wantsJSON(r) && !isJSON(r) {
		w.WriteHeader(code)
		if showErr := p.showOverview(w, r, sentence(locale(r), err)); showErr != nil {
			p.opt.Log.Error("demo page", "path", r.URL.Path, "error", showErr)
		}
		return
	}
	doc := problemDoc{
		Type: typeOf(err), Title: templates.T(locale(r), fmt.Sprintf("problem.%d", code), nil),
		Status: code, Detail: sentence(locale(r), err),
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		for _, field := range f.Fields {
			doc.Errors = append(doc.Errors, problemField{
				Location: field.Location, Message: templates.T(locale(r), field.Key, field.Args), Value: field.Value,
			})
		}
	}
	b, err := json.Marshal(doc)
	if err != nil { // the value of a field is a string
		b = []byte(`{"status":500}`)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(doc.Status)
	if _, err := w.Write(b); err != nil {
		p.opt.Log.Debug("demo page", "path", r.URL.Path, "error", err)
	}
}

// sentence is what a person reads of an error: the first field's, else its own.
func sentence(locale string, err error) string {
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case !ok:
		return templates.T(locale, "fault.internal", nil)
	case len(f.Fields) > 0:
		return templates.T(locale, f.Fields[0].Key, f.Fields[0].Args)
	}
	return templates.T(locale, f.Key, f.Args)
}

func writeJSON(w http.ResponseWriter, code int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Add("Vary", "Accept")
	w.WriteHeader(code)
	if _, err := w.Write(append(b, '\n')); err != nil {
		return nil // the reader has gone
	}
	return nil
}

// isJSON tells what the request's body is written in.
func isJSON(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

// readInput reads a JSON body into v, or hands a form over. Invalid names "body".
func readInput(r *http.Request, v any, form func(url.Values)) error {
	if isJSON(r) {
		err := json.NewDecoder(r.Body).Decode(v)
		if errors.Is(err, io.EOF) {
			return nil // an empty body: the fields are missed one by one
		}
		if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && t.Field != "" {
			return fault.BadField("body."+t.Field, "validation.string", nil).Cause(err)
		}
		if _, wrong := errors.AsType[*json.SyntaxError](err); wrong || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: %w", errNotJSON, err)
		}
		if err != nil {
			return fault.BadField("body", "fault.body", nil).Cause(err)
		}
		return nil
	}
	if err := r.ParseForm(); err != nil {
		return fault.BadField("body", "fault.body", nil).Cause(err)
	}
	form(r.PostForm)
	return nil
}
