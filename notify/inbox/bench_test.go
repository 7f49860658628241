package inbox

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/notify"
	"neuvo/notify/notifytest"
)

// benchReplies is how many replies come in for as many jobs; NEUVO_BENCH_REPLIES
// changes it.
func benchReplies(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("NEUVO_BENCH_REPLIES"))
	if os.Getenv("NEUVO_BENCH_REPLIES") == "" {
		return 100_000
	}
	if err != nil || n < 1 {
		b.Fatalf("NEUVO_BENCH_REPLIES is no number: %v", err)
	}
	return n
}

// manyJobs fills a fresh database with so many conversations, each with a customer
// of its own and one mail sent to her.
func manyJobs(b testing.TB, d *db.DB, jobs int) (*notify.Notifier, *notify.Addresses) {
	b.Helper()
	made, err := notify.NewAddresses("desk+{token}@reply.neuvo.test", bytes.Repeat([]byte("k"), 32))
	if err != nil {
		b.Fatal(err)
	}
	err = d.Tx(b.Context(), func(ctx context.Context) error {
		const count = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) `
		for _, insert := range []string{
			count + `INSERT INTO conversations (id, subject, created_at) SELECT i, 'job:' || i, 0 FROM n`,
			count + `INSERT INTO participants (conversation_id, channel, address) SELECT i, 'email', 'c' || i || '@kund.test' FROM n`,
			count + `INSERT INTO messages (conversation_id, direction, channel, to_address, body, state, message_id, created_at, sent_at, occasion)
				SELECT i, 'out', 'email', 'c' || i || '@kund.test', 'Autosi on valmis noudettavaksi klo 16 alkaen.', 'accepted', 'm' || i || '.ready@neuvo.test', 0, 0, 'ready' FROM n`,
		} {
			if err := d.In(ctx).Exec(insert, jobs).Error; err != nil {
				return err
			}
		}
		if d.Dialect != db.Postgres {
			return nil
		}
		return d.In(ctx).Exec(`SELECT setval(pg_get_serial_sequence('messages', 'id'), ?)`, jobs).Error
	})
	if err != nil {
		b.Fatal(err)
	}
	return notify.New(d, notify.Options{Addresses: made, MailDomain: "neuvo.test"}), made
}

// reply is the answer of the customer of job i, in one of four shapes.
func reply(i int, address string) string {
	id := fmt.Sprintf("m%d.ready@neuvo.test", i)
	head := fmt.Sprintf("Return-Path: <c%d@kund.test>\r\nDelivered-To: desk@reply.neuvo.test\r\nReceived: from mx.kund.test by mx.neuvo.test with ESMTPS id %08x;\r\n\tMon, 23 Nov 2026 10:15:00 +0200\r\nFrom: =?utf-8?q?Customer_%d?= <c%d@kund.test>\r\nSubject: =?utf-8?q?Re:_Autosi_on_valmis_=E2=80=93_Neuvo?=\r\nMessage-ID: <CAF%d@mail.kund.test>\r\nDate: Mon, 23 Nov 2026 10:15:00 +0200\r\nMIME-Version: 1.0\r\n", i, i, i, i, i)
	quote := "\r\n\r\nma 23. marrask. 2026 klo 9.58 Liisa / Neuvo Huolto (" + address + ") kirjoitti:\r\n\r\n> Hei,\r\n>\r\n> autosi on valmis noudettavaksi klo 16 alkaen.\r\n>\r\n> Terveisin\r\n> Liisa, Neuvo Huolto\r\n"
	words := fmt.Sprintf("Kiitos, tulen kello %d. Voisitteko vielä katsoa tuulilasin pyyhkijät?", 8+i%10)
	token, thread := "To: Liisa <"+address+">\r\n", "To: Liisa <huolto@neuvo.test>\r\nIn-Reply-To: <"+id+">\r\nReferences: <x"+id+"> <"+id+">\r\n"
	switch i % 4 {
	case 0:
		return head + token + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + words + quote
	case 1:
		return head + thread + "Content-Type: text/plain; charset=utf-8; format=flowed\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + words + quote
	case 2:
		return head + token + thread[strings.Index(thread, "In-"):] + "Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + words + quote +
			"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><div dir=\"auto\">" + words + "</div><br><div class=\"gmail_quote\"><div class=\"gmail_attr\">ma 23. marrask. 2026 klo 9.58 Liisa kirjoitti:</div><blockquote><p>autosi on valmis</p></blockquote></div></body></html>\r\n--b--\r\n"
	}
	return head + token + "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nKiitos, tulen =E4sken.\r\n\r\nL=E4hetetty iPhonesta\r\n"
}

// fillMailbox drops files into the maildir of the user inbox, which has nothing else.
func fillMailbox(b testing.TB, d *notifytest.Dovecot, messages int, made *notify.Addresses, uidValidity uint32) (size int64) {
	b.Helper()
	if err := d.Wipe("inbox", uidValidity); err != nil {
		b.Fatal(err)
	}
	for i := 1; i <= messages; i++ {
		raw := reply(i, made.For(int64(i)))
		size += int64(len(raw))
		dropFile(b, d, i, raw)
	}
	if err := d.Own("inbox"); err != nil {
		b.Fatal(err)
	}
	return size
}

// dropFile puts message i into the maildir of the user inbox.
func dropFile(b testing.TB, d *notifytest.Dovecot, i int, raw string) {
	b.Helper()
	name := fmt.Sprintf("%010d.M%d.bench,S=%d:2,", 1_700_000_000+i, i, len(raw))
	if err := os.WriteFile(filepath.Join(d.Dir, "mail", "inbox", "cur", name), []byte(raw), 0o666); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkReplies brings replies from Dovecot into a database, matched, stripped and
// stored, one to each job; beside it mbsync copies the same mailbox to files, and
// a bare client only fetches it. Nothing is changed in the mailbox by any of them.
func BenchmarkReplies(b *testing.B) {
	messages := benchReplies(b)
	made, err := notify.NewAddresses("desk+{token}@reply.neuvo.test", bytes.Repeat([]byte("k"), 32))
	if err != nil {
		b.Fatal(err)
	}
	dove := notifytest.StartDovecot(b)
	size := fillMailbox(b, dove, messages, made, 1)
	rate := func(b *testing.B) {
		b.ReportMetric(float64(messages*b.N)/b.Elapsed().Seconds(), "messages/s")
		b.ReportMetric(float64(size)/float64(messages), "bytes/message")
		b.ReportMetric(0, "ns/op")
	}
	first, err := bareFetch(b.Context(), dove.IMAPURL("inbox")) // Dovecot gives the files their numbers now
	if err != nil || first != messages {
		b.Fatalf("%d fetched, %v", first, err)
	}
	b.Run("a bare fetch", func(b *testing.B) {
		for b.Loop() {
			if n, err := bareFetch(b.Context(), dove.IMAPURL("inbox")); err != nil || n != messages {
				b.Fatalf("%d fetched, %v", n, err)
			}
		}
		rate(b)
	})
	b.Run("mbsync copies to files", func(b *testing.B) {
		for b.Loop() {
			mbsync(b, dove, messages)
		}
		rate(b)
	})
	for _, engine := range []struct {
		name string
		open func(testing.TB, ...dbtest.Option) *db.DB
	}{{"SQLite", dbtest.SQLite}, {"PostgreSQL", dbtest.Postgres}} {
		b.Run("matched, stripped and stored in "+engine.name, func(b *testing.B) {
			for b.Loop() {
				bringAll(b, engine.open(b), dove, messages)
			}
			rate(b)
		})
	}
}

// bringAll brings the whole mailbox into a fresh database; only that is timed.
func bringAll(b *testing.B, d *db.DB, dove *notifytest.Dovecot, messages int) {
	b.StopTimer()
	n, _ := manyJobs(b, d, messages)
	p, err := NewPoller(n, PollerOptions{URL: dove.IMAPURL("inbox"), DB: d, Holder: "bench", Parse: ours, After: AfterLeave})
	if err != nil {
		b.Fatal(err)
	}
	b.StartTimer()
	fresh, err := p.Poll(b.Context())
	b.StopTimer()
	if err != nil || fresh != messages {
		b.Fatalf("%d fresh, %v", fresh, err)
	}
	checkPlaced(b, d, messages)
	if err := p.Close(); err != nil {
		b.Fatal(err)
	}
	b.StartTimer()
}

// checkPlaced wants one reply on each job, with the words of its customer.
func checkPlaced(b testing.TB, d *db.DB, messages int) {
	b.Helper()
	var row struct{ Placed, Jobs, Right int }
	err := d.In(b.Context()).Raw(`SELECT COUNT(*) AS placed, COUNT(DISTINCT conversation_id) AS jobs,
		SUM(CASE WHEN from_address = 'c' || conversation_id || '@kund.test' AND verified AND body LIKE 'Kiitos, tulen%' AND length(body) < 100 THEN 1 ELSE 0 END) AS "right"
		FROM messages WHERE direction = 'in'`).Scan(&row).Error
	if err != nil || row.Placed != messages || row.Jobs != messages || row.Right != messages {
		b.Fatalf("of %d replies: %+v, %v", messages, row, err)
	}
}

// bareFetch fetches every message and looks at none.
func bareFetch(ctx context.Context, url string) (count int, err error) {
	to, err := readURL(url)
	if err != nil {
		return 0, err
	}
	p := &Poller{server: to}
	s, err := p.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer s.close()
	if _, err := s.open(ctx, "INBOX", true); err != nil {
		return 0, err
	}
	got, err := s.fetchSet(ctx, imap.UIDSet{{Start: 1, Stop: 0}}, &imap.FetchItemBodySection{Peek: true})
	return len(got), err
}

// mbsync copies the mailbox into a maildir of its own.
func mbsync(b *testing.B, dove *notifytest.Dovecot, messages int) {
	b.Helper()
	b.StopTimer()
	dir := b.TempDir()
	host, port, _ := strings.Cut(dove.IMAPAddr, ":")
	conf := filepath.Join(dir, "rc")
	text := fmt.Sprintf("IMAPStore far\nHost %s\nPort %s\nUser inbox\nPass %s\nSSLType None\nAuthMechs LOGIN\n\nMaildirStore near\nInbox %s/box\nPath %s/\n\nChannel c\nFar :far:INBOX\nNear :near:INBOX\nSync PullNew\nSyncState %s/state\n",
		host, port, notifytest.Password, dir, dir, dir)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	b.StartTimer()
	out, err := exec.Command("mbsync", "-q", "-c", conf, "c").CombinedOutput()
	b.StopTimer()
	if err != nil {
		b.Fatalf("mbsync (make bench installs it): %v\n%s", err, out)
	}
	var files []string
	for _, sub := range []string{"cur", "new"} {
		more, err := os.ReadDir(filepath.Join(dir, "box", sub))
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range more {
			files = append(files, f.Name())
		}
	}
	if len(files) != messages {
		b.Fatalf("mbsync copied %d", len(files))
	}
	b.StartTimer()
}

// BenchmarkLookup is what it costs to find out where one reply belongs, by the
// number of jobs there are.
func BenchmarkLookup(b *testing.B) {
	for _, jobs := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("%d jobs", jobs), func(b *testing.B) {
			n, made := manyJobs(b, dbtest.SQLite(b), jobs)
			i := 0
			for b.Loop() {
				i = (i + 7919) % jobs
				p, err := Parse([]byte(reply(i+1, made.For(int64(i+1)))), ours)
				if err != nil {
					b.Fatal(err)
				}
				subject, where, err := n.Foresee(b.Context(), p)
				if err != nil || subject != fmt.Sprintf("job:%d", i+1) || where.Confidence != notify.Certain {
					b.Fatalf("%s, %+v, %v", subject, where, err)
				}
			}
		})
	}
}
