package web

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// A booking is refused once, with all that is wrong with it: what its schema
// tells, what cannot be read, and what the room finds.

// moreWrong is the name in an operation's metadata of what else to ask about a
// body that its schema refuses: a func(context.Context, []byte) error that gets
// the body without what was refused.
const moreWrong = "more-wrong"

// allWrong adds to what could not be read of a booking what the room finds wrong
// with the rest.
func (s *Server) allWrong(ctx context.Context, r booking.BookingRequest, source string, unread error) error {
	r.Source, r.Actor = source, actorOf(callerOf(ctx).staff)
	return fault.Together(unread, s.opt.Desk.Check(ctx, r))
}

// wrongBody tells what is wrong with a booking beside what its schema refused.
func (s *Server) wrongBody(source string) func(context.Context, []byte) error {
	return func(ctx context.Context, raw []byte) error {
		var in BookingIn
		if json.Unmarshal(raw, &in) != nil {
			return nil // the schema has said so
		}
		r, err := in.request()
		return s.allWrong(ctx, r, source, err)
	}
}

// tellMore adds to the wrong fields that a schema has found those that only the
// room can tell. What goes wrong in asking is left to the next attempt: the
// caller has enough to mend.
func tellMore(ctx huma.Context, f *fault.Error) {
	ask, ok := ctx.Operation().Metadata[moreWrong].(func(context.Context, []byte) error)
	if !ok {
		return
	}
	raw, _ := humaecho.Unwrap(ctx).Get(bodyKey).([]byte)
	var tree map[string]any
	if json.Unmarshal(raw, &tree) != nil {
		return
	}
	dropNulls(tree)
	for _, field := range f.Fields {
		without(tree, strings.TrimPrefix(field.Location, "body."))
	}
	rest, err := json.Marshal(tree)
	if err != nil {
		return
	}
	if all, ok := errors.AsType[*fault.Error](fault.Together(f, ask(ctx.Context(), rest))); ok && all.Kind == fault.Invalid {
		f.Fields = all.Fields
	}
}

// without takes a member out of a tree by its path; of a list, all of it.
func without(tree map[string]any, path string) {
	name, rest, deeper := strings.Cut(path, ".")
	name, _, _ = strings.Cut(name, "[")
	if inner, ok := tree[name].(map[string]any); ok && deeper {
		without(inner, rest)
		return
	}
	delete(tree, name)
}
