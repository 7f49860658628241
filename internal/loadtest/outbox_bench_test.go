package loadtest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/notify"
	"neuvo/notify/email"
	"neuvo/notify/httpsms"
	"neuvo/notify/notifytest"
)

// textsAtOnce is how many texts are queued for one measurement.
const textsAtOnce = 20_000

// BenchmarkOutbox measures texts a second through counterparts that answer at
// once, with every state stored, beside a bare loop of as many callers that gives
// the same envelopes to the same client and counterpart, turn by turn.
func BenchmarkOutbox(b *testing.B) {
	for _, c := range []struct {
		name    string
		channel notify.Channel
		gateway func(b *testing.B) notify.Gateway
	}{{"http", notify.SMS, promptHTTP}, {"smtp", notify.Email, promptSMTP}} {
		for engine, open := range map[string]func(testing.TB, ...dbtest.Option) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
			b.Run(c.name+"/"+engine, func(b *testing.B) {
				o := &outbox{b: b, db: open(b), gateway: &kept{Gateway: c.gateway(b)}, channel: c.channel}
				addresses, err := notify.NewAddresses("desk+{token}@neuvo.test", []byte("0123456789abcdef0123456789abcdef"))
				must(b, err)
				o.n = notify.New(o.db, notify.Options{
					Log: slog.New(slog.DiscardHandler), Addresses: addresses, Routes: []notify.Route{{Gateway: o.gateway, Concurrency: callers}},
				})
				var stored, bare time.Duration
				o.queue()
				o.send() // the first calls open connections, and their envelopes are kept
				o.bare()
				for b.Loop() {
					b.StopTimer()
					bare += o.bare()
					o.queue()
					b.StartTimer()
					stored += o.send()
				}
				texts := float64(b.N * textsAtOnce)
				b.ReportMetric(texts/stored.Seconds(), "texts/s")
				b.ReportMetric(texts/bare.Seconds(), "bare/s")
				b.ReportMetric(100*bare.Seconds()/stored.Seconds(), "%ofbare")
			})
		}
	}
}

// callers is how many calls are under way at once.
const callers = 8

// promptHTTP is a gateway over HTTP whose counterpart answers at once.
func promptHTTP(b *testing.B) notify.Gateway {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "0: Accepted for delivery")
	}))
	b.Cleanup(server.Close)
	g, err := httpsms.NewKannel(httpsms.KannelOptions{URL: server.URL + "/cgi-bin/sendsms", User: "neuvo", Password: "secret", From: "+358457000000"})
	must(b, err)
	b.Cleanup(func() { must(b, g.Close()) })
	return g
}

// promptSMTP is e-mail to a host that takes everything.
func promptSMTP(b *testing.B) notify.Gateway {
	host := notifytest.StartSMTP(b, func(string, []string, []byte) error { return nil })
	m, err := email.NewMailer(email.MailerOptions{URL: host.URL(), Log: slog.New(slog.DiscardHandler)})
	must(b, err)
	b.Cleanup(func() { must(b, m.Close()) })
	return email.NewSMTP(m)
}

type outbox struct {
	b       *testing.B
	db      *db.DB
	n       *notify.Notifier
	gateway *kept
	channel notify.Channel
	count   int
}

// kept keeps the envelopes of the first round, for the bare loop to send again.
type kept struct {
	notify.Gateway
	mu   sync.Mutex
	list []notify.Envelope
	full atomic.Bool
}

// Send implements notify.Gateway.
func (k *kept) Send(ctx context.Context, e notify.Envelope) (notify.Sent, error) {
	if !k.full.Load() {
		k.mu.Lock()
		k.list = append(k.list, e)
		k.full.Store(len(k.list) == textsAtOnce)
		k.mu.Unlock()
	}
	return k.Gateway.Send(ctx, e)
}

const words = "Hei Liisa! Autosi on valmis ja odottaa sinua. Terveisin Maija, Autotalo"

func (o *outbox) to(i int) string {
	if o.channel == notify.Email {
		return fmt.Sprintf("liisa%d@example.com", i)
	}
	return fmt.Sprintf("+35840%07d", i)
}

// queue asks for texts, each to another customer.
func (o *outbox) queue() {
	const part = 200
	for range textsAtOnce / part {
		must(o.b, o.db.Tx(o.b.Context(), func(ctx context.Context) error {
			outs := make([]notify.Outgoing, part)
			for i := range outs {
				outs[i] = notify.Outgoing{
					Subject: fmt.Sprintf("job:%d", o.count), Channel: o.channel, To: o.to(o.count*part + i), Author: "Maija", Occasion: "ready",
					Locale: "fi", MailTitle: "Autosi on valmis", Body: words,
				}
			}
			_, err := o.n.SendAll(ctx, outs...)
			return err
		}))
		o.count++
	}
}

func (o *outbox) send() time.Duration {
	began := time.Now()
	sent, err := o.n.SendDue(o.b.Context())
	must(o.b, err)
	if sent != textsAtOnce {
		o.b.Fatalf("%d of %d were sent", sent, textsAtOnce)
	}
	return time.Since(began)
}

// bare makes the same calls and stores nothing.
func (o *outbox) bare() time.Duration {
	began := time.Now()
	var group sync.WaitGroup
	for c := range callers {
		group.Go(func() {
			for i := c; i < textsAtOnce; i += callers {
				if _, err := o.gateway.Gateway.Send(o.b.Context(), o.gateway.list[i]); err != nil {
					o.b.Error(err)
				}
			}
		})
	}
	group.Wait()
	return time.Since(began)
}

// BenchmarkDueSweep measures a sweep that finds nothing, with many texts that are
// due later: it must cost the same.
func BenchmarkDueSweep(b *testing.B) {
	for _, future := range []int{0, 10_000, 1_000_000} {
		for engine, open := range map[string]func(testing.TB, ...dbtest.Option) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
			b.Run(fmt.Sprintf("%d later/%s", future, engine), func(b *testing.B) {
				d := open(b)
				g := promptHTTP(b)
				n := notify.New(d, notify.Options{Log: slog.New(slog.DiscardHandler), Routes: []notify.Route{{Gateway: g}}, MailDomain: "neuvo.test"})
				waitLater(b, d, future)
				for b.Loop() {
					sent, err := n.SendDue(b.Context())
					if err != nil || sent != 0 {
						b.Fatalf("sent %d, %v", sent, err)
					}
				}
			})
		}
	}
}

// waitLater stores texts that are due tomorrow.
func waitLater(b *testing.B, d *db.DB, count int) {
	b.Helper()
	now, tomorrow := db.At(time.Now()), db.At(time.Now().Add(24*time.Hour))
	must(b, d.Tx(b.Context(), func(ctx context.Context) error {
		tx := d.In(ctx)
		if err := tx.Exec("INSERT INTO conversations (id, subject, created_at) VALUES (1, 'job:1', ?)", now).Error; err != nil {
			return err
		}
		return tx.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			INSERT INTO messages (id, conversation_id, direction, channel, to_address, body, state, next_at, created_at)
			SELECT i, 1, 'out', 'sms', '+35840' || i, 'x', 'queued', CAST(? AS BIGINT) + i, CAST(? AS BIGINT) FROM n WHERE i <= ?`,
			count, tomorrow, now, count).Error
	}))
	must(b, d.Tx(b.Context(), func(ctx context.Context) error { return d.In(ctx).Exec("ANALYZE").Error }))
}
