package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"neuvo/notify"
	"neuvo/templates"
)

func TestAManagerWritesTextsOverTheAPI(t *testing.T) {
	each(t, func(b *bed) {
		mira := b.manager()
		at := func(rest string) string { return "/api/v1/texts/" + rest + "?workshop_id=1" }
		list := b.send(sanna, "GET", "/api/v1/texts?workshop_id=1", nil).want(200)
		if n := len(list.get("items").([]any)); n < 200 {
			t.Errorf("%d texts are listed", n)
		}
		b.send(sanna, "GET", at("ready/fi/sms"), nil).want(200).equal("own", false, "occasion", "ready", "needs.0.0", "advisor")
		words := object{"body": "Valmista, {customer}! {vehicle}\n{advisor}"}
		b.send(sanna, "PUT", at("ready/fi/sms"), words).want(http.StatusForbidden)
		b.send("", "PUT", at("ready/fi/sms"), words).want(http.StatusUnauthorized)
		shown := b.send(mira, "POST", at("ready/fi/sms")[:len("/api/v1/texts/ready/fi/sms")]+"/preview?workshop_id=1", words).want(200)
		shown.equal("examples.0.vehicle", true, "examples.0.body", "Valmista, Liisa! Volvo V60 ABC-123\nSatu", "examples.1.body", "Valmista, Liisa!\nSatu",
			"cost.parts", 1, "cost.alphabet", "GSM-7", "doubtful", "[customer vehicle]")
		b.send(mira, "PUT", at("ready/fi/sms"), words).want(200).equal("own", true, "body", "Valmista, {customer}! {vehicle}\n{advisor}")
		b.send(sanna, "GET", at("ready/fi/sms"), nil).want(200).equal("own", true)
		wrong := b.send(mira, "PUT", at("ready/fi/sms"), object{"body": "Valmista {vehcile}"}, "Accept-Language", "en").want(422)
		wrong.equal("errors.0.location", "body.body")
		if said := wrong.text("errors.0.message"); !strings.Contains(said, "Did you mean {vehicle}?") {
			t.Errorf("told %q", said)
		}
		b.send(mira, "PUT", at("ready/fi/email"), object{"body": "{advisor}"}).want(422).equal("errors.0.location", "body.title")
		for _, path := range []string{at("birthday/fi/sms"), at("ready/de/sms"), "/api/v1/texts/ready/fi/sms?workshop_id=2"} {
			if a := b.send(mira, "PUT", path, words); a.status != 404 && a.status != 422 {
				t.Errorf("%s answers %d", path, a.status)
			}
		}
		b.send(mira, "PUT", "/api/v1/texts/ready/fi/sms", words).want(422)
		b.send(mira, "DELETE", at("ready/fi/sms"), nil).want(204)
		b.send(mira, "DELETE", at("ready/fi/sms"), nil).want(204)
		b.send(sanna, "GET", at("ready/fi/sms"), nil).want(200).equal("own", false)
	})
}

func TestAManagerWritesTextsOnThePage(t *testing.T) {
	b := onSQLite(t)
	b.atDesk(b.manager())
	page := b.open(b.open("/desk/settings").link("Messages")).want(200).says("Before the visit", "Booked", "One-time code")
	page.saysNot("Own words", "occasion.").accessible()
	path := "/desk/settings/texts/ready?channel=sms&in=en"
	first := b.open(path).want(200).says("{vehicle}", "Volvo V60 ABC-123 is ready to collect", "With a vehicle", "2 text messages")
	first.accessible()
	form := first.form(path)
	bad := form.set("body", "It is ready, {vehcile}.").set("act", "save").send().want(422).says("Did you mean {vehicle}?")
	if got := bad.wrong(); len(got) != 1 || got[0] != "body" {
		t.Errorf("marked as wrong: %v", got)
	}
	dear := "It’s ready: " + strings.Repeat("come ", 14) + "{advisor}, {customer}"
	looked := bad.form(path).set("body", dear).set("act", "look").send().want(200).says("’ → '", "Use plain characters", "It’s ready", "{customer}")
	again := looked.form(path).set("body", dear).set("act")
	again.values.Set("replace", "1") // the button stands beside the preview
	replaced := again.send().want(200).says("It's ready", "One text message")
	if got := replaced.form(path).values.Get("body"); !strings.HasPrefix(got, "It's ready") {
		t.Errorf("the replaced text is %q", got)
	}
	b.open(path).saysNot("It's ready") // looking stores nothing
	replaced.form(path).set("act", "save").send().want(200).says("Saved.", "Own words")
	b.open("/desk/settings").want(200).says("Message ready, en, sms: changed")
	part := b.browse("POST", "/desk/settings/texts/ready/preview?channel=sms&in=en", url.Values{"body": {"Now ready. {advisor}"}})
	part.says("Now ready. Satu", "One text message").saysNot("Settings")
	b.open(path).form(path).set("act", "reset").send().want(200).says("Volvo V60 ABC-123 is ready to collect").saysNot("Own words")
	b.open("/desk/settings/texts/booked?channel=email&in=sv").want(200).says("Bokningen är bekräftad", "{details}").accessible()
	b.open("/desk/settings/texts/birthday").want(404)
	b.browse("POST", "/desk/sign-out", url.Values{})
	b.atDesk("sanna@example.com")
	b.open(path).want(http.StatusForbidden)
	b.browse("POST", "/desk/settings/texts/ready?channel=sms&in=en", url.Values{"body": {"x"}}).want(http.StatusForbidden)
}

var shortCode = regexp.MustCompile(`/l/([1-9A-Za-z]{11})`)

func TestAShortLinkLeadsToThePageAndRecordsNothing(t *testing.T) {
	b := onSQLite(t)
	id, token := b.book("10:00")
	before := string(b.send(sanna, "GET", "/api/v1/jobs/"+id+"/timeline", nil).want(200).raw)
	code := shortCode.FindString(before)
	if code == "" {
		t.Fatalf("no short link in %s", before)
	}
	for _, method := range []string{"GET", "HEAD", "GET"} {
		a := b.send("", method, code, nil).want(http.StatusFound)
		if got := a.header.Get("Location"); got != "http://desk.example.com/j/"+token || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s leads to %s, %v", method, got, a.header)
		}
	}
	if after := string(b.send(sanna, "GET", "/api/v1/jobs/"+id+"/timeline", nil).want(200).raw); after != before {
		t.Errorf("following the link left a trace:\n%s\n%s", before, after)
	}
	for _, wrong := range []string{"/l/x", "/l/" + strings.Repeat("1", 11), "/l/" + strings.Repeat("%2e", 11)} {
		b.send("", "GET", wrong, nil).want(404)
	}
}

func TestGuessingShortLinksIsBounded(t *testing.T) {
	b := onSQLite(t, func(o *Options) { o.RateLimit.Address = Limit{Every: 1 << 40, Burst: 5} })
	for range 5 {
		b.send("", "GET", "/l/"+strings.Repeat("2", 11), nil).want(404)
	}
	b.send("", "GET", "/l/"+strings.Repeat("2", 11), nil).want(http.StatusTooManyRequests)
}

func TestTheDeskSeesWhatATextCostsBeforeItGoes(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	b.atDesk("sanna@example.com")
	path := "/desk/jobs/" + id
	cost := func(form url.Values) string {
		t.Helper()
		return b.browse("POST", path+"/cost", form).words()
	}
	dear := "It’s ready: " + strings.Repeat("come ", 14)
	if said := cost(url.Values{"body": {dear}}); !strings.Contains(said, "’ → '") || !strings.Contains(said, "2 text messages") {
		t.Errorf("%s", said)
	}
	if said := cost(url.Values{"body": {strings.Repeat("a", 150)}}); !strings.Contains(said, "2 text messages") { // with the signature
		t.Errorf("%s", said)
	}
	if said := cost(url.Values{"to": {"received"}, "body": {strings.Repeat("a", 150)}}); !strings.Contains(said, "One text message") {
		t.Errorf("%s", said)
	}
	if said := cost(url.Values{"body": {dear}, "channel": {"email"}}); strings.Contains(said, "text message") {
		t.Errorf("an e-mail costs %s", said)
	}
	// Without script, looking and replacing go through the form itself.
	looked := b.open(path).form("/messages").set("body", dear).set("act", "look").send().want(200).says("It’s ready", "Sanna", "Use plain characters")
	replaced := looked.form("/messages").set("act").set("replace", "1").send().want(200).says("It's ready")
	if ms := string(b.send(sanna, "GET", "/api/v1/jobs/"+id+"/timeline", nil).want(200).raw); strings.Contains(ms, "ready: come") {
		t.Error("looking sent it")
	}
	replaced.form("/messages").set("act").send().want(200)
	if ms := string(b.send(sanna, "GET", "/api/v1/jobs/"+id+"/timeline", nil).want(200).raw); !strings.Contains(ms, "It's ready: come") {
		t.Error("it was not sent")
	}
	f := b.open(path+"?to=received").want(200).form("/status").set("body", dear)
	f.values.Set("replace", "1") // the button comes with the warning
	if got := f.send().want(200).form("/status").values.Get("body"); !strings.HasPrefix(got, "It's ready") {
		t.Errorf("replaced %q", got)
	}
}

// What a page says while somebody types is what the server counts.
func TestAPageCountsAsTheNetworkDoes(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	ctx := browser(t)
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	b.must(chromedp.Do(ctx,
		chromedp.Navigate(b.url+"/desk?lang=en"),
		chromedp.SendKeys(css("#f-email"), "sanna@example.com"), chromedp.SendKeys(css("#f-password"), testPassword), chromedp.Click(css("form.card button")),
		chromedp.WaitVisible(css("#j"+id)),
		chromedp.Navigate(b.url+"/desk/jobs/"+id+"?to=received&lang=en"), chromedp.WaitVisible(css("#f-text")),
	))
	// type puts a text in and waits for what the page says of it.
	typeIn := func(text, says string) {
		t.Helper()
		js, err := json.Marshal(text)
		b.must(err)
		_, err = chromedp.Run(ctx, chromedp.Evaluate[any](`{ const area = document.querySelector("#f-text"); area.value = `+string(js)+`; area.dispatchEvent(new Event("input", { bubbles: true })); }`))
		b.must(err)
		want, err := json.Marshal(says)
		b.must(err)
		if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`document.querySelector("#text-cost").textContent.includes(`+string(want)+`)`, chromedp.WithPollingTimeout(10*time.Second))); err != nil {
			found, _ := chromedp.Run(ctx, chromedp.Text(css("#text-cost")))
			t.Fatalf("%.40q…: want %q, the page says %q (%v)", text, says, found, err)
		}
	}
	parts := func(n int) string {
		return strings.TrimSpace(templates.T("en", "page.desk.parts", map[string]any{"count": n}))
	}
	for i, text := range []string{
		strings.Repeat("a", 161), strings.Repeat("a", 160), strings.Repeat("€", 81), strings.Repeat("€", 80), strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152),
		strings.Repeat("š", 70), strings.Repeat("š", 66) + "😀" + strings.Repeat("š", 66), "👨‍👩‍👧‍👦", strings.Repeat("ä\n", 160),
	} {
		cost := notify.Explain(text)
		if i%2 == 0 && cost.Parts == 1 || i%2 == 1 && i < 4 && cost.Parts != 1 {
			t.Fatalf("text %d takes %d parts", i, cost.Parts)
		}
		typeIn(text, parts(cost.Parts))
	}
	typeIn(strings.Repeat("a", 80)+"–", "Because of the characters – → - this takes 2 text messages. With plain ones, one is enough.")
	b.must(chromedp.Do(ctx, chromedp.Click(css("#text-cost [data-replace]"))))
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`document.querySelector("#f-text").value.endsWith("a-") && document.querySelector("#text-cost").textContent.trim() === "One text message"`, chromedp.WithPollingTimeout(10*time.Second))); err != nil {
		t.Errorf("replacing on the page: %v", err)
	}
}
