package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"neuvo/booking"
)

// A board that stands open shows what others do, and nothing in our pages runs
// against the server's own content policy.
func TestTheBoardOfABrowserIsLive(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	ctx := browser(t)
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	b.must(chromedp.Do(ctx,
		chromedp.Navigate(b.url+"/desk?lang=en"),
		chromedp.SendKeys(css("#f-email"), "sanna@example.com"),
		chromedp.SendKeys(css("#f-password"), testPassword),
		chromedp.Click(css("form.card button")),
		chromedp.WaitVisible(css("#j"+id+".booked")),
	))
	// The stream is open once the server has a listener.
	b.until(func() bool {
		b.server.bell.mu.Lock()
		defer b.server.bell.mu.Unlock()
		return len(b.server.bell.listeners) > 0
	})
	_, _, err := b.desk.Transition(t.Context(), booking.TransitionRequest{JobID: number(id), To: booking.Received, By: 11, Actor: booking.System})
	b.must(err)
	b.must(chromedp.Do(ctx, chromedp.WaitVisible(css("#j"+id+".received"))))

	b.must(chromedp.Do(ctx,
		chromedp.Click(css("#j"+id+" .job-card-acts a")),
		chromedp.WaitVisible(css("#status-form")),
		chromedp.SendKeys(css("#f-text"), strings.Repeat("ä sentence that grows ", 12)),
	))
	_, err = chromedp.Run(ctx, chromedp.Poll[bool](`document.querySelector("#text-cost").textContent.includes("text messages")`, chromedp.WithPollingTimeout(10*time.Second)))
	b.must(err)
}

// browser starts a browser that ends with the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// until waits for a condition.
func (b *bed) until(met func() bool) {
	b.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(30 * time.Second)
	for !met() {
		select {
		case <-tick.C:
		case <-end:
			b.t.Fatal("waited in vain")
		}
	}
}
