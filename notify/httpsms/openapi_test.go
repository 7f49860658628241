package httpsms

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"neuvo/notify/notifytest"
)

// twilioAPI is Twilio's official description of the Message resource.
func twilioAPI(t testing.TB) routers.Router {
	t.Helper()
	raw, err := os.ReadFile("testdata/twilio_message.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = nil // ours is on loopback
	for _, path := range doc.Paths.Map() {
		path.Servers = nil
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// checked is what Twilio's description says of a request, and of the answer to it.
func checked(router routers.Router, r *http.Request, body []byte, answer *httptest.ResponseRecorder) error {
	route, params, err := router.FindRoute(r)
	if err != nil {
		return err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	given := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: func(context.Context, *openapi3filter.AuthenticationInput) error { return nil }},
	}
	if err := openapi3filter.ValidateRequest(r.Context(), given); err != nil || answer == nil {
		return err
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: given, Status: answer.Code, Header: answer.Header()}
	return openapi3filter.ValidateResponse(r.Context(), out.SetBodyBytes(answer.Body.Bytes()))
}

// official puts Twilio's own description around its counterpart: what we send
// must fit it, and what the counterpart answers too, or it proves nothing.
func official(t testing.TB) func(http.Handler) http.Handler {
	router := twilioAPI(t)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return // the network broke
			}
			if err := unknownFields(router, r, body); err != nil {
				t.Errorf("what we send: %v", err)
			}
			if err := checked(router, r, body, nil); err != nil {
				t.Errorf("what we send does not fit Twilio's description: %v\n%s", err, body)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			seen := &tee{ResponseWriter: w, copy: httptest.NewRecorder()}
			next.ServeHTTP(seen, r)
			if json := strings.HasPrefix(w.Header().Get("Content-Type"), "application/json"); json && seen.copy.Code < 300 {
				seen.copy.Header().Set("Content-Type", "application/json")
				if err := checked(router, r, body, seen.copy); err != nil {
					t.Errorf("what the counterpart answers does not fit Twilio's description: %v\n%s", err, seen.copy.Body)
				}
			}
		})
	}
}

// tee keeps an answer's beginning as it goes out.
type tee struct {
	http.ResponseWriter
	copy *httptest.ResponseRecorder
}

// WriteHeader implements http.ResponseWriter.
func (t *tee) WriteHeader(status int) {
	t.copy.Code = status
	t.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (t *tee) Write(b []byte) (int, error) {
	if t.copy.Body.Len() < 1<<20 {
		t.copy.Body.Write(b)
	}
	return t.ResponseWriter.Write(b)
}

// unknownFields finds form fields that the description does not name: it allows
// them, and Twilio would ignore them in silence.
func unknownFields(router routers.Router, r *http.Request, body []byte) error {
	route, _, err := router.FindRoute(r)
	if err != nil || route.Operation.RequestBody == nil {
		return err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return err
	}
	known := route.Operation.RequestBody.Value.Content.Get("application/x-www-form-urlencoded").Schema.Value.Properties
	for name := range form {
		if known[name] == nil {
			return &openapi3filter.RequestError{Reason: "Twilio knows no field " + name}
		}
	}
	return nil
}

func TestTheOfficialDescriptionRefusesWhatTwilioWould(t *testing.T) {
	router := twilioAPI(t)
	good := url.Values{"To": {"+358401234567"}, "From": {"+358401110000"}, "Body": {"Hei"}}
	path := "/2010-04-01/Accounts/" + notifytest.Account + "/Messages.json"
	for name, c := range map[string]struct {
		method, path string
		change       func(url.Values)
		ok           bool
	}{
		"what we send":            {http.MethodPost, path, func(url.Values) {}, true},
		"no recipient":            {http.MethodPost, path, func(f url.Values) { f.Del("To") }, false},
		"a field that is none":    {http.MethodPost, path, func(f url.Values) { f.Set("Foo", "x") }, false},
		"a service that is none":  {http.MethodPost, path, func(f url.Values) { f.Set("MessagingServiceSid", "MG1") }, false},
		"an account that is none": {http.MethodPost, "/2010-04-01/Accounts/AC1/Messages.json", func(url.Values) {}, false},
		"another resource":        {http.MethodPost, "/2010-04-01/Accounts/" + notifytest.Account + "/Texts.json", func(url.Values) {}, false},
	} {
		f := url.Values{}
		for k, v := range good {
			f[k] = v
		}
		c.change(f)
		body := []byte(f.Encode())
		r := httptest.NewRequest(c.method, c.path, bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		err := unknownFields(router, r, body)
		if err == nil {
			err = checked(router, r, body, nil)
		}
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
