package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
)

// access says who may make a call of the API.
type access int

const (
	forAll      access = iota // strangers; a booking's calls carry its token in the path
	forStaff                  // whoever may work at the desk
	forManagers               // whoever may change what is sold, when and by whom
	forAdmins                 // whoever may open and close workshops
)

// actOf is what a member of staff must be allowed for a call.
var actOf = map[access]string{forStaff: auth.ActDesk, forManagers: auth.ActManage, forAdmins: auth.ActAdmin}

// newAPI makes the description that the calls of routes.go are added to.
func newAPI(e *echo.Echo, version, baseURL string) huma.API {
	installProblems()
	if version == "" {
		version = "dev"
	}
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Neuvo", Version: version,
				Description: "The service desk of a workshop: booking, jobs, messages and surveys.",
				License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"token":   {Type: "http", Scheme: "bearer", Description: "A token printed by `neuvo staff token E-MAIL`."},
					"session": {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "The desk's sign-in."},
				},
			},
			Tags: []*huma.Tag{
				{Name: "public", Description: "For customers and partners. Calls on one booking carry its secret token in the path."},
				{Name: "staff", Description: "For the desk."},
			},
		},
		Formats:       map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat},
		DefaultFormat: "application/json",
	}
	if baseURL != "" {
		config.Servers = []*huma.Server{{URL: baseURL}}
	}
	return humaecho.New(e, config)
}

// call adds one call to the API. Its name becomes the operation's id. What is put
// into the metadata it gives is found there by whoever answers the call.
func call[I, O any](s *Server, api huma.API, who access, method, path string, status int, name, summary string,
	handle func(context.Context, *I) (*O, error)) (metadata map[string]any) {
	op := huma.Operation{
		OperationID: name, Method: method, Path: "/api/v1" + path, Summary: summary, Tags: []string{"public"},
		DefaultStatus: status, Errors: problemsOf(who, method, path), Responses: map[string]*huma.Response{},
		Metadata: map[string]any{},
	}
	if who != forAll {
		op.Tags = []string{"staff"}
		op.Security = []map[string][]string{{"token": {}}, {"session": {}}}
	}
	if method == http.MethodPost {
		op.Parameters = []*huma.Param{{
			Name: idempotencyHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "Repeating a call with the same key and body within 24 hours gets the first answer again.",
		}}
	}
	op.Middlewares = huma.Middlewares{s.admit(who, method)}
	huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, callerOf(ctx).locale, err)
		}
		return out, nil
	})
	nameProblems(op.Responses)
	return op.Metadata
}

// admit asks who is calling before anything else is looked at, and bounds what
// strangers may post.
func (s *Server) admit(who access, method string) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := callerOf(ctx.Context())
		var err error
		switch {
		case who != forAll && c.staff == nil:
			err = fault.New(fault.Unauthorized, "fault.sign_in_needed")
		case !c.staff.Can(actOf[who]) && who != forAll:
			err = fault.New(fault.Forbidden, "fault.forbidden")
		case who == forAll && !safe(method) && c.staff == nil:
			err = s.allowAddress(c.address)
		}
		if err != nil {
			s.writeProblem(ctx, s.problem(ctx.Context(), c.locale, err))
			return
		}
		next(ctx)
	}
}

func (s *Server) writeProblem(ctx huma.Context, p *Problem) {
	for name, values := range p.headers {
		for _, v := range values {
			ctx.SetHeader(name, v)
		}
	}
	ctx.SetHeader("Content-Type", problemJSON)
	ctx.SetStatus(p.Status)
	if err := json.NewEncoder(ctx.BodyWriter()).Encode(p); err != nil {
		s.log.Debug("write a problem", "error", err)
	}
}

// badJSON is what the reader below says; the byte is where reading stopped.
const badJSON = "bad JSON at byte %d"

// jsonFormat reads and writes JSON. A member that is null is read as absent, so
// that clients which always send every member need not leave any out.
var jsonFormat = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	},
	Unmarshal: func(data []byte, v any) error {
		if err := json.Unmarshal(data, v); err != nil {
			if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
				return fmt.Errorf(badJSON, syntax.Offset)
			}
			if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
				return fmt.Errorf(badJSON, wrong.Offset)
			}
			return err
		}
		if tree, ok := v.(*any); ok {
			dropNulls(*tree)
		}
		return nil
	},
}

func dropNulls(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if member == nil {
				delete(v, name)
				continue
			}
			dropNulls(member)
		}
	case []any:
		for _, member := range v {
			dropNulls(member)
		}
	}
}

// idOf writes an id for the wire; "" for none.
func idOf(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// readID reads an id that may be left out; 0 for none. What cannot be an id is
// told at its place.
func readID(location, raw string) (int64, error) {
	if raw == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(raw, 10, 64)
	if err != nil || id <= 0 {
		return 0, fault.BadField(location, "fault.unknown_id", raw)
	}
	return id, nil
}

// pathID reads the id of the thing that is called; one that cannot be is
// unknown like any other.
func pathID(raw string) (int64, error) {
	id, err := strconv.ParseInt(raw, 10, 64)
	if err != nil || id <= 0 {
		return 0, fault.New(fault.NotFound, "fault.not_found")
	}
	return id, nil
}

// readIDs reads a list of ids, none of them empty or given twice.
func readIDs(location string, raw []string) ([]int64, error) {
	ids := make([]int64, 0, len(raw))
	for i, text := range raw {
		at := fmt.Sprintf("%s[%d]", location, i)
		id, err := readID(at, text)
		if err != nil {
			return nil, err
		}
		if id == 0 {
			return nil, fault.BadField(at, "validation.required", nil)
		}
		if slices.Contains(ids, id) {
			return nil, fault.BadField(at, "validation.unique", text)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// inQuery tells the wrong inputs of a GET where the caller put them: the rooms
// name fields as they stand in a body.
func inQuery(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	for i, field := range f.Fields {
		if rest, ok := strings.CutPrefix(field.Location, "body."); ok {
			f.Fields[i].Location = "query." + rest
		}
	}
	return err
}

// workshopOf finds the workshop that an input names.
func (s *Server) workshopOf(ctx context.Context, location, raw string) (*booking.Workshop, error) {
	id, err := readID(location, raw)
	if err != nil {
		return nil, err
	}
	w, err := s.opt.Desk.Workshop(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.BadField(location, "fault.unknown_id", raw)
	}
	return w, err
}

// at gives an instant on a workshop's wall clock; nil for none.
func at(t time.Time, zone *time.Location) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.In(zone))
}
