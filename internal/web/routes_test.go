package web

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// openTo are the routes that strangers may call; a booking's and a survey's
// carry a secret token. Whatever is added elsewhere must ask who is calling.
var openTo = []string{
	"GET /healthz", "GET /readyz", "GET /metrics", "GET /static/*", "GET /favicon.ico", "GET /openapi.json", "GET /docs",
	"GET /", "GET /book", "POST /book", "POST /book/time",
	"GET /desk/sign-in", "POST /desk/sign-in", "POST /desk/sign-out",
	"GET /api/v1/workshops", "GET /api/v1/services", "GET /api/v1/advisors",
	"GET /api/v1/availability", "GET /api/v1/availability/why", "POST /api/v1/holds", "POST /api/v1/bookings",
	"GET /book/wait", "POST /book/wait", "POST /api/v1/waitlist", "GET /calendar/:file", "GET /l/:code",
}

var withToken = regexp.MustCompile(`^[A-Z]+ (/j/:token|/w/:token|/photos/:token|/s/:token|/u/:token|/api/v1/bookings/:token|/api/v1/surveys/:token)(/|$)`)

func TestEveryRouteThatIsNotPublicAsksWhoIsCalling(t *testing.T) {
	b := onSQLite(t, func(o *Options) { o.Relaxed = true })
	id, _ := b.book("10:00")
	asked := 0
	for _, r := range b.server.echo.Routes() {
		route := r.Method + " " + r.Path
		if slices.Contains(openTo, route) || withToken.MatchString(route) || r.Method == "echo_route_not_found" {
			continue
		}
		asked++
		path := strings.ReplaceAll(strings.ReplaceAll(r.Path, ":id", id), ":token", "x")
		for _, headers := range [][]string{nil, {"Authorization", "Bearer neuvo_WRONG"}, {"Cookie", sessionCookie + "=wrong"}} {
			a := b.send("", r.Method, path, nil, headers...)
			switch {
			case strings.HasPrefix(path, "/api/") && a.status == http.StatusUnauthorized:
			case isHook(path) && a.status == http.StatusForbidden:
			case !strings.HasPrefix(path, "/api/") && a.status == http.StatusSeeOther && strings.HasPrefix(a.header.Get("Location"), "/desk/sign-in"):
			default:
				t.Errorf("%s without credentials (%v): %d %s", route, headers, a.status, a.header.Get("Location"))
			}
		}
	}
	if asked < 25 {
		t.Errorf("only %d routes ask, the walk must have missed some", asked)
	}
}

func TestOpenAPIListsEveryCallAndHoldsTogether(t *testing.T) {
	b := onSQLite(t)
	a := b.send("", "GET", "/openapi.json", nil).want(200)
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %s", got)
	}
	if !strings.HasPrefix(a.text("openapi"), "3.1.") || a.text("info.title") == "" || a.text("info.version") == "" {
		t.Errorf("not OpenAPI 3.1: %s", a.raw[:200])
	}
	paths := a.get("paths").(object)
	listed := map[string]bool{}
	ids := map[string]bool{}
	param := regexp.MustCompile(`\{(\w+)\}`)
	for path, v := range paths {
		for method, v := range v.(object) {
			op := v.(object)
			listed[strings.ToUpper(method)+" "+param.ReplaceAllString(path, ":$1")] = true
			if id := op["operationId"].(string); ids[id] {
				t.Errorf("two calls are named %s", id)
			} else {
				ids[id] = true
			}
			declared := map[string]bool{}
			params, _ := op["parameters"].([]any)
			for _, p := range params {
				if p := p.(object); p["in"] == "path" {
					declared[p["name"].(string)] = p["required"] == true
				}
			}
			for _, m := range param.FindAllStringSubmatch(path, -1) {
				if !declared[m[1]] {
					t.Errorf("%s %s does not declare %s", method, path, m[1])
				}
			}
			responses := op["responses"].(object)
			fine := false
			for status, r := range responses {
				fine = fine || strings.HasPrefix(status, "2")
				if r.(object)["description"] == nil {
					t.Errorf("%s %s: answer %s lacks a description", method, path, status)
				}
			}
			if strings.HasPrefix(path, hookPrefix) {
				// A provider gets no document of problems; without proof it gets nothing.
				if responses["403"] == nil || !fine || len(op["security"].([]any)) != 1 {
					t.Errorf("%s %s: answers %v", method, path, responses)
				}
				continue
			}
			if problem, _ := responses["default"].(object); !fine || problem["content"].(object)[problemJSON] == nil {
				t.Errorf("%s %s: answers %v", method, path, responses)
			}
		}
	}
	for _, r := range b.server.echo.Routes() {
		route := r.Method + " " + r.Path
		if (strings.HasPrefix(r.Path, "/api/") || strings.HasPrefix(r.Path, hookPrefix)) && !listed[route] {
			t.Errorf("%s is not in the description", route)
		}
		delete(listed, route)
	}
	for route := range listed {
		t.Errorf("%s is described and does not exist", route)
	}
	// Every reference leads somewhere.
	for _, ref := range regexp.MustCompile(`"\$ref":"([^"]+)"`).FindAllSubmatch(a.raw, -1) {
		name := strings.TrimPrefix(string(ref[1]), "#/components/schemas/")
		if _, ok := a.get("components.schemas").(object)[name]; !ok {
			t.Errorf("nothing at %s", ref[1])
		}
	}
	if !json.Valid(a.raw) {
		t.Error("not JSON")
	}
}

func TestTheDocsNeedNoOtherHost(t *testing.T) {
	b := onSQLite(t)
	page := string(b.send("", "GET", "/docs", nil).want(200).raw)
	for _, want := range []string{"POST /api/v1/bookings", "customer.phone", "GET /api/v1/jobs/{id}/timeline", `id="slot-taken"`, "/openapi.json"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, "<script") || regexp.MustCompile(`(src|href)="https?:`).MatchString(page) {
		t.Error("the page asks another host or runs a script")
	}
}

func TestProbesAndMetricsAnswer(t *testing.T) {
	b := onSQLite(t)
	b.book("10:00")
	b.send("", "GET", "/healthz", nil).want(200)
	b.send("", "GET", "/readyz", nil).want(200)
	text := string(b.send("", "GET", "/metrics", nil).want(200).raw)
	for _, want := range []string{
		`neuvo_http_requests_total{method="POST",route="/api/v1/bookings",status="201"} 1`,
		"neuvo_outbox_queued", "neuvo_inbox_triage 0", "neuvo_outbox_unknown 0", "neuvo_outbox_oldest_due_seconds", "neuvo_inbox_stored 0",
		"neuvo_outbox_undelivered", "neuvo_outbox_later",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	b.must(b.db.Close())
	b.send("", "GET", "/healthz", nil).want(200)
	b.send("", "GET", "/readyz", nil).want(503)
}
