package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kind says what sort of failure an Error is. The web layer maps each kind to
// one HTTP status; the command line maps it to an exit code.
type Kind int

// The kinds, from the caller's fault to ours.
const (
	Internal     Kind = iota // our fault, nothing the caller can mend
	Invalid                  // the input is wrong: Fields say where
	Unauthorized             // nobody is signed in, or the credentials are wrong
	Forbidden                // signed in, but not allowed
	NotFound                 // no such thing, or a token that is unknown or expired
	Conflict                 // the state has moved on: reload and try again
	TooMany                  // a rate limit: RetryAfter says when to come back
	Unavailable              // an outside part does not answer: try again later
)

// Field is one wrong input: where it stands in the request ("body.customer.phone"),
// the translation key of what is wrong with it, the key's arguments, and the
// value that was given (nil where it must not be shown again).
type Field struct {
	Location string
	Key      string
	Args     map[string]any
	Value    any
}

// Error is a failure that a person may see. Key names the sentence in
// templates/locales ("fault.slot_taken"), Args fill its placeholders. Err is
// the cause for the log and is never shown.
type Error struct {
	Kind       Kind
	Key        string
	Args       map[string]any
	Fields     []Field
	RetryAfter int // seconds, for TooMany and Unavailable
	Err        error
}

// New makes an error of a kind with a translation key.
func New(kind Kind, key string) *Error { return &Error{Kind: kind, Key: key} }

// BadField makes an Invalid error about one input. location is the path of the
// input in the request, key the sentence that says what to mend.
func BadField(location, key string, value any) *Error {
	return &Error{Kind: Invalid, Key: "fault.invalid", Fields: []Field{{Location: location, Key: key, Value: value}}}
}

// Together makes one error of several: where all of them are about wrong inputs,
// an Invalid with every field, the first word on each input; else the first that
// is about something else. nil where none is an error.
func Together(errs ...error) error {
	var all *Error
	for _, err := range errs {
		if err == nil {
			continue
		}
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Kind != Invalid || len(e.Fields) == 0 {
			return err
		}
		if all == nil {
			all = New(Invalid, e.Key)
		}
		for _, f := range e.Fields {
			if !slices.ContainsFunc(all.Fields, func(told Field) bool { return within(f.Location, told.Location) || within(told.Location, f.Location) }) {
				all.Fields = append(all.Fields, f)
			}
		}
	}
	if all == nil {
		return nil
	}
	return all
}

// within tells whether an input is another or a part of it.
func within(part, whole string) bool {
	rest, ok := strings.CutPrefix(part, whole)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// With adds an argument for the sentence and returns the same error.
func (e *Error) With(name string, value any) *Error {
	if e.Args == nil {
		e.Args = map[string]any{}
	}
	e.Args[name] = value
	return e
}

// Cause keeps the underlying error for the log and returns the same error.
func (e *Error) Cause(err error) *Error {
	e.Err = err
	return e
}

// Error is for logs: key, fields and cause. What people read is translated
// from Key at the edge.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Key)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, " [%s: %s]", f.Location, f.Key)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// KindOf tells the kind of any error; one that is not a fault is Internal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is tells whether err is a fault of the given kind.
func Is(err error, kind Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == kind
}
