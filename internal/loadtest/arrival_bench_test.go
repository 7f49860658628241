package loadtest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"neuvo/internal/auth"
	"neuvo/internal/dbtest"
	"neuvo/notify"
	"neuvo/notify/inbox"
	"neuvo/notify/notifytest"
)

// arrivals is how many replies are timed on each page.
const arrivals = 40

// slowest is what half of the replies may take at most.
const slowest = 300 * time.Millisecond

// BenchmarkArrival is the time from the mail host's word that it has a reply to
// the reply on the advisor's open page: Dovecot, IDLE, matching, the live event
// over HTTP, and the page asked again. Before that it tells what it costs the mail
// host and us that a page is open while nothing comes.
func BenchmarkArrival(b *testing.B) {
	a := newArrival(b)
	b.Run("nothing comes", func(b *testing.B) {
		stop := a.open(b)
		defer stop()
		const span = 10 * time.Second
		own, host, rounds := cpu(b), a.hostCPU(b), a.poller.Activity().Rounds
		<-time.After(span)
		percent := func(d time.Duration) float64 { return 100 * d.Seconds() / span.Seconds() }
		b.ReportMetric(percent(a.hostCPU(b)-host), "host-%cpu")
		b.ReportMetric(percent(cpu(b)-own), "own-%cpu")
		b.ReportMetric(float64(a.poller.Activity().Rounds-rounds)/span.Seconds(), "idles/s")
		b.ReportMetric(0, "ns/op")
	})
	b.Run("a page over HTTP", func(b *testing.B) { a.measure(b, a.overHTTP) })
	b.Run("a page in Chromium", func(b *testing.B) { a.measure(b, a.inChromium) })
}

// arrival is a whole server with its mailbox on Dovecot and one job whose
// customer writes.
type arrival struct {
	*site
	dove   *notifytest.Dovecot
	poller *inbox.Poller
	job    int64
	to     string // the job's address
	count  int
}

const arrivalPassword = "a-pass-word-for-arrivals"

func newArrival(b *testing.B) *arrival {
	w := open(dbtest.SQLite(b, dbtest.Clock(running())))
	w.generate(b, eight)
	a := &arrival{site: w.serve(b), dove: notifytest.StartDovecot(b)}
	job, err := w.desk.Book(b.Context(), w.request(b, 1))
	must(b, err)
	a.job = job.ID
	var conversation int64
	must(b, w.sql(b).QueryRowContext(b.Context(), "SELECT id FROM conversations WHERE subject = ?", fmt.Sprintf("job:%d", job.ID)).Scan(&conversation))
	addresses, err := notify.NewAddresses("desk+{token}@example.com", bytes.Repeat([]byte("k"), 32))
	must(b, err)
	a.to = addresses.For(conversation)
	_, err = auth.New(w.db).Add(b.Context(), auth.NewStaff{
		Email: "arrival@example.com", Name: "Arja Advisor", Role: auth.Admin, Password: arrivalPassword, Locale: "en", WorkshopID: w.shop,
	})
	must(b, err)
	a.poller, err = inbox.NewPoller(w.notify, inbox.PollerOptions{
		URL: a.dove.IMAPURL("inbox"), DB: w.db, Holder: "bench", Parse: inbox.ParseOptions{}, Watched: a.server.Watched,
	})
	must(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- a.poller.Watch(ctx, nil) }()
	b.Cleanup(func() {
		cancel()
		must(b, errors.Join(<-done, a.poller.Close()))
	})
	return a
}

// deliver puts a reply into the mailbox and gives its words.
func (a *arrival) deliver(b *testing.B) string {
	a.count++
	words := fmt.Sprintf("arrival number %d.", a.count)
	raw := fmt.Sprintf("From: Maija <m1@example.com>\r\nTo: <%s>\r\nMessage-ID: <arrival%d@example.com>\r\nSubject: Re: car\r\n\r\n%s\r\n", a.to, a.count, words)
	must(b, a.dove.Deliver("inbox", []byte(raw)))
	return words
}

// measure times replies on a page; show waits until the page shows words.
func (a *arrival) measure(b *testing.B, page func(b *testing.B) (show func(words string), leave func())) {
	show, leave := page(b)
	defer leave()
	show(a.deliver(b)) // the long cycle that began before the page was open is over
	var took []time.Duration
	for range arrivals {
		// A moment of its own in the cycle each, and the page may ask again.
		<-time.After(time.Second + rand.N(400*time.Millisecond))
		words := a.deliver(b)
		began := time.Now()
		show(words)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	p50 := took[len(took)/2]
	b.ReportMetric(ms(p50), "p50-ms")
	b.ReportMetric(ms(took[len(took)*95/100]), "p95-ms")
	b.ReportMetric(ms(took[len(took)-1]), "max-ms")
	b.ReportMetric(0, "ns/op")
	if p50 > slowest {
		b.Errorf("half of the replies took longer than %s: %s", slowest, took)
	}
}

// browser signs in and keeps the session.
func (a *arrival) browser(b *testing.B) *http.Client {
	jar, err := cookiejar.New(nil)
	must(b, err)
	client := &http.Client{Jar: jar}
	res, err := client.PostForm(a.url+"/desk/sign-in", url.Values{"email": {"arrival@example.com"}, "password": {arrivalPassword}})
	must(b, err)
	must(b, res.Body.Close())
	if res.StatusCode != http.StatusOK {
		b.Fatalf("sign in: %s", res.Status)
	}
	return client
}

// open opens the live stream of a page and gives back how it is left.
func (a *arrival) open(b *testing.B) func() {
	_, leave := a.stream(b, a.browser(b))
	return leave
}

// stream gives a signal for each event of the live stream.
func (a *arrival) stream(b *testing.B, client *http.Client) (events <-chan struct{}, leave func()) {
	ctx, cancel := context.WithCancel(b.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+"/desk/events", nil)
	must(b, err)
	res, err := client.Do(req)
	must(b, err)
	if res.Header.Get("Content-Type") != "text/event-stream" {
		b.Fatalf("the stream is %s %s", res.Status, res.Header.Get("Content-Type"))
	}
	told := make(chan struct{}, 1000)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if lines.Text() == "event: change" {
				told <- struct{}{}
			}
		}
	}()
	return told, func() {
		cancel()
		_ = res.Body.Close()
		<-ended
	}
}

func (a *arrival) page() string { return fmt.Sprintf("%s/desk/jobs/%d", a.url, a.job) }

// overHTTP is a page that asks again at every event, as the job's page does.
func (a *arrival) overHTTP(b *testing.B) (show func(string), leave func()) {
	client := a.browser(b)
	events, leave := a.stream(b, client)
	return func(words string) {
		late := time.After(20 * time.Second)
		for {
			select {
			case <-events:
			case <-late:
				b.Fatalf("%q is not on the page", words)
			}
			res, err := client.Get(a.page())
			must(b, err)
			html, err := io.ReadAll(res.Body)
			must(b, errors.Join(err, res.Body.Close()))
			if strings.Contains(string(html), words) {
				return
			}
		}
	}, leave
}

// inChromium is the job's page in a browser.
func (a *arrival) inChromium(b *testing.B) (show func(string), leave func()) {
	ctx, end := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	ctx, endPage := chromedp.NewContext(ctx)
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	must(b, chromedp.Do(ctx,
		chromedp.Navigate(a.page()),
		chromedp.SendKeys(css("#f-email"), "arrival@example.com"),
		chromedp.SendKeys(css("#f-password"), arrivalPassword),
		chromedp.Click(css("form.card button")),
		chromedp.WaitVisible(css("#thread-list")),
	))
	return func(words string) {
			_, err := chromedp.Run(ctx, chromedp.Poll[bool](fmt.Sprintf(`document.querySelector("#thread-list").textContent.includes(%q)`, words), chromedp.WithPollingTimeout(20*time.Second)))
			must(b, err)
		}, func() {
			endPage()
			end()
		}
}

// cpu is the processor time that this process has had.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// hostCPU is the processor time that the mail host's processes have had.
func (a *arrival) hostCPU(b *testing.B) (sum time.Duration) {
	pid, err := os.ReadFile(filepath.Join(a.dove.Dir, "run", "master.pid"))
	must(b, err)
	group := strings.TrimSpace(string(pid))
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	must(b, err)
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		// proc(5): after the name in brackets come state, ppid, pgrp, …, and as
		// the twelfth and thirteenth utime and stime in hundredths of a second.
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 13 || fields[2] != group {
			continue
		}
		for _, f := range fields[11:13] {
			ticks, err := strconv.Atoi(f)
			must(b, err)
			sum += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return sum
}
