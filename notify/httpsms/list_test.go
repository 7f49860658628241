package httpsms

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"neuvo/internal/dbtest"
	"neuvo/notify"
	"neuvo/notify/notifytest"
)

// sid is an id in the shape of Twilio's.
func sid(name string) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("SM%x", sum[:16])
}

func TestWhatAProviderListsAndNeverBroughtIsBroughtIn(t *testing.T) {
	const ours, customer = "+358401110000", "+358401234567"
	known := func(c *notifytest.Counterpart, now func() time.Time) Common {
		return Common{Hooks: "https://desk.example.com", HookSecret: "hook-geheim", TLS: c.TLS, Now: now}
	}
	for name, c := range map[string]struct {
		start func(testing.TB) *notifytest.Counterpart
		make  func(c *notifytest.Counterpart, now func() time.Time) (Lister, error)
	}{
		"twilio": {func(t testing.TB) *notifytest.Counterpart { return notifytest.StartTwilio(t, official(t)) },
			func(c *notifytest.Counterpart, now func() time.Time) (Lister, error) {
				return NewTwilio(TwilioOptions{Common: known(c, now), Account: notifytest.Account, Token: notifytest.Geheim, From: ours, URL: "https://" + c.Addr})
			}},
		"vonage": {func(t testing.TB) *notifytest.Counterpart { return notifytest.StartVonage(t) },
			func(c *notifytest.Counterpart, now func() time.Time) (Lister, error) {
				return NewVonage(VonageOptions{Common: known(c, now), Key: notifytest.Key, Secret: notifytest.Geheim, From: ours, URL: "https://" + c.Addr, ReportsURL: "https://" + c.Addr})
			}},
		"elks46": {func(t testing.TB) *notifytest.Counterpart { return notifytest.StartElks46(t) },
			func(c *notifytest.Counterpart, now func() time.Time) (Lister, error) {
				return NewElks46(Elks46Options{Common: known(c, now), User: notifytest.Key, Password: notifytest.Geheim, From: ours, URL: "https://" + c.Addr})
			}},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
			clock := func() time.Time { return now }
			d := dbtest.SQLite(t, dbtest.Clock(clock))
			n := notify.New(d, notify.Options{Now: clock})
			far := c.start(t)
			l, err := c.make(far, clock)
			if err != nil {
				t.Fatal(err)
			}
			count := func() int {
				t.Helper()
				missing, err := Count(t.Context(), n, l, []string{ours}, Parse, now)
				if err != nil {
					t.Fatal(err)
				}
				return missing
			}
			text := func(id string, at time.Time, words string) notifytest.Received {
				return notifytest.Received{ID: sid(id), From: customer, To: ours, Text: words, At: at}
			}
			far.Receive(2, text("old", now.Add(-5*time.Hour), "Ennen meitä"))
			if got := count(); got != 0 {
				t.Fatalf("the first count brought %d texts of a time before this program", got)
			}
			// The server is gone for three days: the provider could not bring its texts.
			begin := now.Add(3 * time.Hour)
			now = now.AddDate(0, 0, 3)
			for i := range 7 {
				far.Receive(2, text(fmt.Sprint("lost", i), begin.Add(time.Duration(i)*7*time.Hour), fmt.Sprint("Tulen huomenna ", i)))
			}
			brought := text("brought", now.Add(-time.Hour), "Tuli perille")
			far.Receive(2, brought, text("young", now.Add(-time.Minute), "Vasta tulossa"),
				notifytest.Received{ID: sid("other"), From: customer, To: "+358409999999", Text: "Toiselle", At: begin},
				notifytest.Received{ID: sid("nobody"), From: customer, To: ours, Text: "Liian vanha", At: begin.AddDate(0, -2, 0)})
			fields := map[string]map[string][]string{
				"twilio": {"MessageSid": {sid("brought")}, "From": {customer}, "To": {ours}, "Body": {brought.Text}, "NumMedia": {"0"}},
				"vonage": {"messageId": {sid("brought")}, "msisdn": {strings.TrimPrefix(customer, "+")}, "to": {strings.TrimPrefix(ours, "+")}, "text": {brought.Text}, "type": {"text"}, "sig": {"x"}},
				"elks46": {"id": {sid("brought")}, "from": {customer}, "to": {ours}, "message": {brought.Text}},
			}[name]
			hook := call(t, "POST", "https://desk.example.com", "/hooks/"+name+"/inbound?secret=hook-geheim", nil, url.Values(fields))
			if _, fresh, err := n.StoreRaw(t.Context(), RawOf(l, hook)); err != nil || !fresh {
				t.Fatalf("fresh %t, %v", fresh, err)
			}
			if got := count(); got != 7 {
				t.Fatalf("%d texts were missing, want 7", got)
			}
			var rows []notify.Inbound
			if err := d.In(t.Context()).Order("id").Find(&rows).Error; err != nil {
				t.Fatal(err)
			}
			seen := map[string]int{}
			for _, r := range rows {
				seen[r.Body]++
				if r.State != notify.InTriage || r.FromAddress != customer || r.Number != ours || r.Channel != notify.SMS {
					t.Errorf("brought in as %+v", r)
				}
				if i := strings.TrimPrefix(r.Body, "Tulen huomenna "); i != r.Body && r.ReceivedAt.After(begin.AddDate(0, 0, 2)) {
					t.Errorf("%q came at %v", r.Body, r.ReceivedAt)
				}
			}
			if len(rows) != 8 || seen["Tuli perille"] != 1 || seen["Tulen huomenna 3"] != 1 {
				t.Errorf("stored %v", seen)
			}
			counted, err := n.CountOf(t.Context(), "hook:"+name)
			if err != nil || counted.Held != 8 || counted.Missing != 7 || counted.Says == "" {
				t.Errorf("the count is %+v, %v", counted, err)
			}
			// What a call brings late is known; the young one is due an hour later.
			if _, fresh, err := n.StoreRaw(t.Context(), RawOf(l, hook)); err != nil || fresh {
				t.Errorf("a second copy is fresh %t, %v", fresh, err)
			}
			now = now.Add(time.Hour)
			if got := count(); got != 1 {
				t.Errorf("an hour later %d were missing, want the young one", got)
			}
			if got := count(); got != 0 {
				t.Errorf("%d missing when nothing is", got)
			}
		})
	}
}
