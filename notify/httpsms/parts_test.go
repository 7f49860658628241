package httpsms

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"neuvo/internal/dbtest"
	"neuvo/notify"
	"neuvo/notify/notifytest"
)

// threeParts is a text that takes three SMS.
var threeParts = strings.Repeat("Huollossa löytyi vielä korjattavaa. ", 12) + "Terveisin Päivi"

func TestALongTextOfVonagesIsWhatItsPartsAre(t *testing.T) {
	d := dbtest.SQLite(t)
	c := notifytest.StartVonage(t)
	g := made(NewVonage(VonageOptions{
		Common: Common{Hooks: "https://desk.example.com", TLS: c.TLS}, Key: notifytest.Key, Secret: notifytest.Geheim, From: "+358401110000",
		URL: "https://" + c.Addr, ReportsURL: "https://" + c.Addr,
	}))(t)
	n := notify.New(d, notify.Options{Log: slog.New(slog.DiscardHandler), Routes: []notify.Route{{Gateway: g}}})
	told := 0
	n.OnFailure(func(context.Context, string, notify.Message) error { told++; return nil })
	for i, c := range []struct {
		name    string
		reports string // the part and what is said of it, in the order in which it comes
		want    notify.State
		told    int
	}{
		{"all parts, in order", "0 delivered, 1 delivered, 2 delivered", notify.Delivered, 0},
		{"the last first, with what the operator says before", "2 accepted, 2 delivered, 0 buffered, 1 delivered, 0 delivered, 1 accepted", notify.Delivered, 0},
		{"one part again and again", "1 delivered, 1 delivered, 1 delivered, 1 delivered", notify.Accepted, 0},
		{"two of three", "0 delivered, 2 delivered", notify.Accepted, 0},
		{"one that fails, first", "1 failed, 0 delivered, 2 delivered, 2 delivered", notify.Failed, 1},
		{"one that fails, in the middle", "0 delivered, 1 expired, 2 delivered", notify.Failed, 1},
		{"one that fails, last and twice", "0 delivered, 2 delivered, 1 rejected, 1 rejected", notify.Failed, 1},
		{"a part that arrived is not undone", "0 delivered, 0 failed, 1 delivered, 2 delivered, 2 expired", notify.Delivered, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m *notify.Message
			err := d.Tx(t.Context(), func(ctx context.Context) error {
				var err error
				m, err = n.Send(ctx, notify.Outgoing{
					Subject: fmt.Sprintf("job:%d", i), Channel: notify.SMS, To: fmt.Sprintf("+35840123450%d", i), Author: "Päivi", Occasion: "delayed", Body: threeParts,
				})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := n.SendDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			sent, _, err := n.Message(t.Context(), m.ID)
			if err != nil || sent.State != notify.Accepted || sent.Segments != 3 {
				t.Fatalf("it is %s in %d parts, %v", sent.State, sent.Segments, err)
			}
			told = 0
			for report := range strings.SplitSeq(c.reports, ", ") {
				part, status, _ := strings.Cut(report, " ")
				id := sent.GatewayID // the counterpart adds the number of the later parts
				if part != "0" {
					id += part
				}
				r, err := g.(*Vonage).Status(call(t, http.MethodGet, "https://desk.example.com",
					fmt.Sprintf("/hooks/vonage/status?ref=m%d&messageId=%s&status=%s&err-code=0", m.ID, id, status), nil, nil))
				if err == nil {
					err = n.Report(t.Context(), r)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			got, _, err := n.Message(t.Context(), m.ID)
			if err != nil || got.State != c.want || told != c.told {
				t.Errorf("it is %s, told %d; want %s, %d (%v)", got.State, told, c.want, c.told, err)
			}
		})
	}
}

func TestVonageIsAskedForEveryPart(t *testing.T) {
	for name, c := range map[string]struct {
		statuses []string
		want     notify.State
	}{
		"all are delivered":        {[]string{"delivered", "delivered", "delivered"}, notify.Delivered},
		"the first is":             {[]string{"delivered", "accepted", "buffered"}, notify.Accepted},
		"those on record are":      {[]string{"delivered", "delivered"}, notify.Accepted},
		"one has failed":           {[]string{"delivered", "failed", "delivered"}, notify.Failed},
		"one is on its way still":  {[]string{"submitted", "delivered", "delivered"}, notify.Accepted},
		"a record of another text": {[]string{"delivered", "delivered", "delivered", "other"}, notify.Delivered},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				var records []string
				for i, status := range c.statuses {
					ref := "m42"
					if status == "other" {
						ref, status = "m43", "failed"
					}
					records = append(records, fmt.Sprintf(`{"message_id":"0A%d","client_ref":%q,"to":"358401234567","status":%q,"error_code":"3"}`, i, ref, status))
				}
				_, _ = fmt.Fprintf(w, `{"records":[%s]}`, strings.Join(records, ","))
			}))
			t.Cleanup(s.Close)
			g := made(NewVonage(VonageOptions{Key: "key-geheim", Secret: "long-geheim", From: "+358401110000", URL: s.URL, ReportsURL: s.URL}))(t)
			e := words()
			e.Body = threeParts
			r, known, err := g.(*Vonage).Ask(t.Context(), e, time.Now().Add(-time.Hour))
			if err != nil || !known || r.State != c.want || r.GatewayID != "0A0" {
				t.Errorf("it says %+v, %t, %v; want %s", r, known, err, c.want)
			}
		})
	}
}

func TestATextOfWhichVonageTookOnlyAPartHasFailed(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"message-count":"2","messages":[{"status":"0","message-id":"0A0"},{"status":"9","error-text":"quota"}]}`)
	}))
	t.Cleanup(s.Close)
	g := made(NewVonage(VonageOptions{Key: "key-geheim", Secret: "long-geheim", From: "+358401110000", URL: s.URL, ReportsURL: s.URL}))(t)
	_, err := g.Send(t.Context(), words())
	failure, ok := err.(*notify.SendError)
	if !ok || failure.Retryable || failure.Unknown || failure.Code != "9" || !strings.Contains(failure.Text, "1 of 2 parts") {
		t.Errorf("it is %+v", err)
	}
}
