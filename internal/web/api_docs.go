package web

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"neuvo/templates"
)

// openAPI serves the description of the API, made once.
func (s *Server) openAPI(api huma.API) echo.HandlerFunc {
	document := sync.OnceValues(func() ([]byte, error) { return json.Marshal(api.OpenAPI()) })
	return func(c echo.Context) error {
		text, err := document()
		if err != nil {
			return err
		}
		c.Response().Header().Set("Cache-Control", "no-cache")
		return c.Blob(http.StatusOK, "application/json", text)
	}
}

// docCall is one call on the page of the API.
type docCall struct {
	Method, Path, Summary, ID string
	Staff, Provider           bool
	Params                    []docField
	Body                      []docField
	Answer                    string
}

type docField struct {
	Name, Type, Doc string
	Required        bool
}

// docs serves the API as a page for people, made from the description itself:
// it needs no script and no other host.
func (s *Server) docs(api huma.API) echo.HandlerFunc {
	page := sync.OnceValues(func() ([]byte, error) {
		var b bytes.Buffer
		err := docPage.Execute(&b, map[string]any{
			"Style": templates.Asset("app.css"), "Info": api.OpenAPI().Info, "Calls": docCalls(api.OpenAPI()),
		})
		return b.Bytes(), err
	})
	return func(c echo.Context) error {
		html, err := page()
		if err != nil {
			return err
		}
		return c.HTMLBlob(http.StatusOK, html)
	}
}

// docCalls lists the calls in the order of their paths, the public ones first.
func docCalls(api *huma.OpenAPI) []docCall {
	var out []docCall
	for path, item := range api.Paths {
		for method, op := range map[string]*huma.Operation{
			"GET": item.Get, "POST": item.Post, "PATCH": item.Patch, "DELETE": item.Delete, "PUT": item.Put,
		} {
			if op == nil {
				continue
			}
			out = append(out, describe(api, method, path, op))
		}
	}
	slices.SortFunc(out, func(a, b docCall) int {
		if a.Staff != b.Staff {
			if a.Staff {
				return 1
			}
			return -1
		}
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	return out
}

func describe(api *huma.OpenAPI, method, path string, op *huma.Operation) docCall {
	d := docCall{Method: method, Path: path, Summary: op.Summary, ID: op.OperationID, Staff: slices.Contains(op.Tags, "staff"), Provider: slices.Contains(op.Tags, "gateways")}
	for _, p := range op.Parameters {
		d.Params = append(d.Params, docField{Name: p.Name, Type: p.In + ", " + typeName(p.Schema), Doc: p.Description, Required: p.Required})
	}
	if op.RequestBody != nil {
		for _, kind := range []string{"application/json", formType} {
			if media := op.RequestBody.Content[kind]; media != nil {
				d.Body = fieldsOf(api, media.Schema, "", 0)
			}
		}
	}
	for status := range op.Responses {
		if strings.HasPrefix(status, "2") {
			d.Answer = status
		}
	}
	return d
}

// fieldsOf flattens an object's members: "customer.phone".
func fieldsOf(api *huma.OpenAPI, schema *huma.Schema, prefix string, depth int) []docField {
	schema = resolve(api, schema)
	if schema == nil || depth > 3 {
		return nil
	}
	names := make([]string, 0, len(schema.Properties))
	for name := range schema.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []docField
	for _, name := range names {
		member := resolve(api, schema.Properties[name])
		out = append(out, docField{Name: prefix + name, Type: typeName(member), Doc: member.Description,
			Required: slices.Contains(schema.Required, name)})
		out = append(out, fieldsOf(api, member, prefix+name+".", depth+1)...)
	}
	return out
}

func resolve(api *huma.OpenAPI, schema *huma.Schema) *huma.Schema {
	if schema != nil && schema.Ref != "" {
		return api.Components.Schemas.SchemaFromRef(schema.Ref)
	}
	return schema
}

func typeName(schema *huma.Schema) string {
	if schema == nil {
		return ""
	}
	name := schema.Type
	if schema.Format != "" {
		name = schema.Format
	}
	if schema.Type == huma.TypeArray {
		name = "list"
	}
	return name
}

// docPage is English like the API's words. It is not one of the designer's
// pages: nobody but programmers reads it.
var docPage = template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Info.Title}} API</title><link rel="stylesheet" href="{{.Style}}"></head><body>
<main class="page"><h1>{{.Info.Title}} API</h1>
<p>{{.Info.Description}} The whole description for programs is <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<p>Staff calls carry <code>Authorization: Bearer TOKEN</code> or the desk's session cookie.
Every POST takes an <code>Idempotency-Key</code>. Errors are problem documents (RFC 9457).</p>
{{range .Calls}}<section id="{{.ID}}"><h2><code>{{.Method}} {{.Path}}</code></h2>
<p>{{.Summary}}. {{if .Staff}}For staff. {{end}}{{if .Provider}}For the provider of the gateway, which proves itself. {{end}}Answers {{.Answer}}.</p>
{{if .Params}}<h3>Parameters</h3><ul>{{range .Params}}<li><code>{{.Name}}</code> ({{.Type}}{{if .Required}}, required{{end}}){{with .Doc}}: {{.}}{{end}}</li>{{end}}</ul>{{end}}
{{if .Body}}<h3>Body</h3><ul>{{range .Body}}<li><code>{{.Name}}</code> ({{.Type}}{{if .Required}}, required{{end}}){{with .Doc}}: {{.}}{{end}}</li>{{end}}</ul>{{end}}
</section>{{end}}
<h2>Problems</h2><p>The end of a problem's <code>type</code> says what kind it is.</p>
<dl><dt id="invalid">invalid</dt><dd>422: <code>errors</code> names each wrong input.</dd>
<dt id="slot-taken">slot-taken</dt><dd>409: someone was quicker; <code>alternatives</code> holds the nearest free starts.</dd>
<dt id="hold-expired">hold-expired</dt><dd>409: the hold has run out and someone else has taken the start; <code>alternatives</code> as above. While the start is still free, a hold that has run out does not stand in the way of booking it.</dd>
<dt id="hold-used">hold-used</dt><dd>409: the hold has become a booking already, or was given up for another, and the start is taken; <code>alternatives</code> as above.</dd>
<dt id="sign-in-needed">sign-in-needed</dt><dd>401: the call is for staff.</dd>
<dt id="not-found">not-found</dt><dd>404: unknown, or a token that has expired.</dd>
<dt id="too-many">too-many</dt><dd>429: come back after <code>Retry-After</code> seconds.</dd>
<dt id="idempotency-running">idempotency-running</dt><dd>409: the first call with this key is under way.</dd></dl>
</main></body></html>
`))
