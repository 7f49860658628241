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

func TestTheDeskFitsANarrowPhone(t *testing.T) {
	b := onSQLite(t)
	token := b.askedSurvey()
	b.send("", "POST", "/api/v1/surveys/"+token, object{"score": 5}).want(200)
	ctx := browser(t)
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	b.must(chromedp.Do(ctx,
		chromedp.EmulateViewport(360, 740),
		chromedp.Navigate(b.url+"/desk/satisfaction?lang=fi"),
		chromedp.SendKeys(css("#f-email"), "boss@example.com"),
		chromedp.SendKeys(css("#f-password"), testPassword),
		chromedp.Click(css("form.card button")),
		chromedp.WaitVisible(css("#facts")),
	))
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`[document.documentElement, ...document.querySelectorAll(".scroll, .table")].some((e) => e.scrollWidth > e.clientWidth)`))
	b.must(err)
	if wide {
		t.Error("the report scrolls sideways")
	}
	tab, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(() => { const a = document.querySelector(".desk-tabs [aria-current]").getBoundingClientRect(); return a.left >= 0 && a.right <= innerWidth; })()`))
	b.must(err)
	if !tab {
		t.Error("the open tab is out of sight")
	}
}
