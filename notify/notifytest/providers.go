package notifytest

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"neuvo/notify"
)

// Account, Key and Geheim are what the providers of this package know their
// customer by: name, key and password.
const (
	Account = "AC00000000000000000000000000000001"
	Key     = "key0001"
	Geheim  = "gehe/im+wort=1"
)

// dialect is how a provider speaks HTTP.
type dialect struct {
	submit string // "POST /a1/sms"
	read   func(r *http.Request) (Taken, bool)
	signed func(r *http.Request) bool
	id     func(number int) string
	// answer writes how a submission went.
	answer func(w http.ResponseWriter, b Behaviour, t Taken)
	// list, where the provider can be asked, answers "GET path".
	ask  string
	list func(r *http.Request, kept []Taken) any
	// inbound, where it lists what phones sent, answers such a question; nil: it
	// is none.
	inbound func(c *Counterpart, r *http.Request) any
}

// start serves a provider over TLS on loopback for the length of the test.
func (d dialect) start(t testing.TB, wrap func(http.Handler) http.Handler) *Counterpart {
	t.Helper()
	c := &Counterpart{}
	mux := http.NewServeMux()
	mux.HandleFunc(d.submit, func(w http.ResponseWriter, r *http.Request) { c.submitted(d, w, r) })
	if d.ask != "" {
		mux.HandleFunc(d.ask, func(w http.ResponseWriter, r *http.Request) {
			switch behaviour := c.manner(); {
			case behaviour == Settings || !d.signed(r):
				d.answer(w, Settings, Taken{})
			case behaviour == Garbage:
				garbage(w)
			default:
				if d.inbound != nil {
					if list := d.inbound(c, r); list != nil {
						reply(w, http.StatusOK, list)
						return
					}
				}
				reply(w, http.StatusOK, d.list(r, c.Taken()))
			}
		})
	}
	var handler http.Handler = mux
	if wrap != nil {
		handler = wrap(mux)
	}
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // broken connections are what tests are about
	s.StartTLS()
	t.Cleanup(s.Close)
	plain := httptest.NewServer(handler)
	t.Cleanup(plain.Close)
	c.Addr, c.URL = s.Listener.Addr().String(), plain.URL
	c.TLS = &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	return c
}

// submitted answers one submission.
func (c *Counterpart) submitted(d dialect, w http.ResponseWriter, r *http.Request) {
	behaviour := c.manner()
	taken, ok := d.read(r)
	switch {
	case !d.signed(r):
		d.answer(w, Settings, taken)
		return
	case !ok:
		d.answer(w, Refuse, taken)
		return
	case behaviour == Refuse, behaviour == Later, behaviour == Throttle, behaviour == Settings:
		d.answer(w, behaviour, taken)
		return
	}
	c.mu.Lock()
	taken.ID = d.id(len(c.taken) + 1)
	c.mu.Unlock()
	c.take(taken)
	switch behaviour {
	case Garbage:
		garbage(w)
	case Huge:
		w.WriteHeader(http.StatusOK)
		for line := strings.Repeat("x", 1<<16); ; {
			if _, err := w.Write([]byte(line)); err != nil {
				return
			}
		}
	default:
		d.answer(w, Accept, taken)
	}
}

func garbage(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte("<html><body>Welcome to the hotel's network</body></html>"))
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the other side may have gone
}

// plainly are the answers of a provider that speaks in HTTP's own words.
func plainly(w http.ResponseWriter, b Behaviour) {
	status := map[Behaviour]int{Refuse: 400, Later: 503, Throttle: 429, Settings: 401}[b]
	if b == Throttle {
		w.Header().Set("Retry-After", "7")
	}
	http.Error(w, "no, "+Geheim+" or not", status) // some repeat what they were told
}

// refOf is our reference in the address that reports are to come to.
func refOf(hook string) string {
	u, err := url.Parse(hook)
	if err != nil {
		return ""
	}
	return u.Query().Get("ref")
}

func signedBasic(user string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		name, password, ok := r.BasicAuth()
		return ok && name == user && password == Geheim
	}
}

// twilioMessage is the Message resource, as Twilio's OpenAPI document has it.
func twilioMessage(t Taken) map[string]any {
	parts, _ := notify.Segments(t.Text)
	now := time.Now().UTC().Format(time.RFC1123Z)
	return map[string]any{
		"sid": t.ID, "account_sid": Account, "to": t.To, "from": t.From, "body": t.Text, "status": "queued", "direction": "outbound-api",
		"num_segments": fmt.Sprint(parts), "num_media": "0", "error_code": nil, "error_message": nil, "api_version": "2010-04-01",
		"date_created": now, "date_updated": now, "date_sent": nil, "price": nil, "price_unit": "USD", "messaging_service_sid": nil,
		"uri": "/2010-04-01/Accounts/" + Account + "/Messages/" + t.ID + ".json", "subresource_uris": map[string]any{},
	}
}

// StartTwilio starts Twilio's Message resource. wrap, where not nil, is put
// around it.
func StartTwilio(t testing.TB, wrap func(http.Handler) http.Handler) *Counterpart {
	path := "/2010-04-01/Accounts/" + Account + "/Messages.json"
	fail := func(w http.ResponseWriter, status, code int) {
		reply(w, status, map[string]any{"code": code, "message": "no", "more_info": "https://www.twilio.com/docs/errors", "status": status})
	}
	return dialect{
		submit: "POST " + path, ask: "GET " + path, signed: signedBasic(Account),
		id: func(n int) string { return fmt.Sprintf("SM%032x", n) },
		read: func(r *http.Request) (Taken, bool) {
			got := Taken{From: r.PostFormValue("From"), To: r.PostFormValue("To"), Text: r.PostFormValue("Body"), Ref: refOf(r.PostFormValue("StatusCallback"))}
			return got, notify.IsE164(got.To) && got.Text != "" && got.From != ""
		},
		answer: func(w http.ResponseWriter, b Behaviour, taken Taken) {
			switch b {
			case Accept:
				reply(w, http.StatusCreated, twilioMessage(taken))
			case Refuse:
				fail(w, 400, 21211)
			case Settings:
				fail(w, 401, 20003)
			case Throttle:
				w.Header().Set("Retry-After", "3")
				fail(w, 429, 20429)
			default:
				plainly(w, b)
			}
		},
		list: func(r *http.Request, kept []Taken) any {
			messages := []any{}
			for _, k := range kept {
				if to := r.FormValue("To"); to == "" || to == k.To {
					messages = append(messages, twilioMessage(k))
				}
			}
			return map[string]any{"messages": messages, "page": 0, "page_size": 50, "uri": path, "next_page_uri": nil}
		},
		inbound: twilioInbound(path),
	}.start(t, wrap)
}

// StartVonage starts Vonage's SMS and Reports APIs.
func StartVonage(t testing.TB) *Counterpart {
	return dialect{
		submit: "POST /sms/json", ask: "GET /v2/reports/records",
		signed: func(r *http.Request) bool {
			return r.FormValue("api_key") == Key && r.FormValue("api_secret") == Geheim || signedBasic(Key)(r)
		},
		id: func(n int) string { return fmt.Sprintf("0A%014X", n*100) },
		read: func(r *http.Request) (Taken, bool) {
			got := Taken{From: r.PostFormValue("from"), To: r.PostFormValue("to"), Text: r.PostFormValue("text"), Ref: r.PostFormValue("client-ref")}
			_, gsm7 := notify.Segments(got.Text)
			return got, notify.IsE164("+"+got.To) && got.Text != "" && gsm7 == (r.PostFormValue("type") != "unicode") && refOf(r.PostFormValue("callback")) == got.Ref
		},
		answer: func(w http.ResponseWriter, b Behaviour, taken Taken) {
			status := map[Behaviour]string{Refuse: "6", Throttle: "1", Settings: "4"}[b]
			switch {
			case b == Accept:
				parts, _ := notify.Segments(taken.Text)
				list := []any{}
				for i := range parts {
					id := taken.ID
					if i > 0 {
						id += fmt.Sprint(i)
					}
					list = append(list, map[string]string{"to": taken.To, "message-id": id, "status": "0", "remaining-balance": "3.14", "message-price": "0.05", "network": "24405", "client-ref": taken.Ref})
				}
				reply(w, http.StatusOK, map[string]any{"message-count": fmt.Sprint(parts), "messages": list})
			case status != "":
				reply(w, http.StatusOK, map[string]any{"message-count": "1", "messages": []any{map[string]string{"status": status, "error-text": "no, " + Geheim}}})
			default:
				plainly(w, b)
			}
		},
		list: func(r *http.Request, kept []Taken) any {
			records := []any{}
			for _, k := range kept {
				if r.FormValue("client_ref") == k.Ref && r.FormValue("account_id") == Key && r.FormValue("product") == "SMS" {
					records = append(records, map[string]string{"message_id": k.ID, "client_ref": k.Ref, "to": k.To, "status": "accepted"})
				}
			}
			return map[string]any{"records": records, "request_status": "SUCCESS", "items_count": len(records)}
		},
		inbound: vonageInbound,
	}.start(t, nil)
}

// StartElks46 starts 46elks' API.
func StartElks46(t testing.TB) *Counterpart {
	message := func(k Taken) map[string]any {
		parts, _ := notify.Segments(k.Text)
		return map[string]any{
			"id": k.ID, "status": "created", "direction": "outgoing", "from": k.From, "to": k.To, "message": k.Text,
			"created": time.Now().UTC().Format("2006-01-02T15:04:05.000000"), "parts": parts, "cost": 3500 * parts,
		}
	}
	return dialect{
		submit: "POST /a1/sms", ask: "GET /a1/sms", signed: signedBasic(Key),
		id: func(n int) string { return fmt.Sprintf("s%032x", n) },
		read: func(r *http.Request) (Taken, bool) {
			got := Taken{From: r.PostFormValue("from"), To: r.PostFormValue("to"), Text: r.PostFormValue("message"), Ref: refOf(r.PostFormValue("whendelivered"))}
			return got, notify.IsE164(got.To) && got.Text != "" && got.From != ""
		},
		answer: func(w http.ResponseWriter, b Behaviour, taken Taken) {
			if b == Accept {
				reply(w, http.StatusOK, message(taken))
				return
			}
			plainly(w, b)
		},
		list: func(r *http.Request, kept []Taken) any {
			data := []any{}
			for _, k := range kept {
				if r.FormValue("to") == k.To {
					data = append(data, message(k))
				}
			}
			return map[string]any{"data": data}
		},
		inbound: elksInbound,
	}.start(t, nil)
}

// StartSendSMS starts the sendsms service of a Kannel; StartKannel starts a real
// one.
func StartSendSMS(t testing.TB) *Counterpart {
	return dialect{
		submit: "GET /cgi-bin/sendsms",
		signed: func(r *http.Request) bool {
			return r.FormValue("username") == Key && r.FormValue("password") == Geheim
		},
		id: func(int) string { return "" },
		read: func(r *http.Request) (Taken, bool) {
			got := Taken{From: r.FormValue("from"), To: r.FormValue("to"), Text: r.FormValue("text"), Ref: refOf(strings.ReplaceAll(r.FormValue("dlr-url"), "%", ""))}
			_, gsm7 := notify.Segments(got.Text)
			return got, notify.IsE164(got.To) && got.Text != "" && gsm7 == (r.FormValue("coding") == "0") && r.FormValue("charset") == "UTF-8"
		},
		answer: func(w http.ResponseWriter, b Behaviour, _ Taken) {
			switch b {
			case Accept:
				w.WriteHeader(http.StatusAccepted)
				_, _ = w.Write([]byte("0: Accepted for delivery"))
			case Settings:
				w.WriteHeader(http.StatusForbidden)
				_, _ = w.Write([]byte("Authorization failed for sendsms"))
			default:
				plainly(w, b)
			}
		},
	}.start(t, nil)
}
