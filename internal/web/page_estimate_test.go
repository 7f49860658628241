package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	"neuvo/booking"
)

// chooseAll answers every line of the form in one way.
func (f *sheet) chooseAll(decision string) *sheet {
	f.s.b.t.Helper()
	for name := range lineNames(f) {
		f.set(name, decision)
	}
	return f
}

func lineNames(f *sheet) map[string]bool {
	names := map[string]bool{}
	for _, n := range f.s.all(func(n *html.Node) bool { return strings.HasPrefix(attr(n, "name"), "line-") }) {
		names[attr(n, "name")] = true
	}
	return names
}

func TestACustomerAnswersAProposalWithoutJavaScript(t *testing.T) {
	each(t, func(b *bed) {
		b.book("09:00")
		id, token := b.received("10:00")
		e := b.proposed(id, pads())
		path := "/j/" + token + "/estimate/" + e.text("id")
		job := b.open("/j/"+token+"?lang=en").want(200).says("Proposed extra work", "Waits for an answer", "€150.00")
		job.saysNot("Earlier visits") // a link alone proves nobody
		if got := job.link("See and answer"); got != path {
			b.t.Fatalf("the visit's page leads to %s", got)
		}
		page := b.open(path).want(200).says("Jarrupalat", "€100.00", "45 min of work", "at most €172.50")
		page.form(path).send().want(422).says("Choose for every part")
		first := "line-" + e.text("lines.0.id")
		second := "line-" + e.text("lines.1.id")
		check := page.form(path).set(first, "approve").set(second, "decline").send().want(200)
		check.says("Check your answer", "You approve", "€100.00", "€115.00", "ending in 4567")
		// Nothing has been decided by looking.
		b.send("sanna@example.com", "GET", "/api/v1/jobs/"+id, nil).want(200).equal("status", "waiting_approval")
		check.form(path).send("step", "decide").want(422).says("Please fill in this field.")
		wrong := check.form(path).set("code", "123").send("step", "decide").want(403)
		if w := wrong.wrong(); len(w) != 1 || w[0] != "code" {
			b.t.Errorf("marked as wrong: %v", w)
		}
		done := wrong.form(path).set("code", b.codeSent()).send("step", "decide").want(200)
		done.says("Thank you! Your answer has arrived.", "You approved part of the proposal", "Approved", "Declined", "€115.00")
		b.open("/j/"+token).want(200).says("Partly approved", "€100.00", "Earlier visits")
		b.atDesk("sanna@example.com")
		b.open("/desk/jobs/"+id).want(200).says("Partly approved", "code to +358401234567", "at most €115.00")
		final := func(amount string) *screen {
			return b.open("/desk/jobs/"+id).want(200).form("/final-price").set("amount", amount).send()
		}
		final("much").want(422).says("Please check the price.")
		final("115,01").want(409).says("The price exceeds the highest price")
		final("115").want(200).says("The final price is saved.")
		b.open("/j/" + token).want(200).says("Final price €115.00")
	})
}

func TestDecliningEverythingAsksForNoCode(t *testing.T) {
	b := onSQLite(t)
	id, token := b.received("10:00")
	path := "/j/" + token + "/estimate/" + b.proposed(id, pads()).text("id")
	check := b.open(path + "?lang=en").want(200).form(path).chooseAll("decline").send().want(200).says("You decline everything")
	again := check.form(path).send("step", "back").want(200).says("Continue to the summary")
	again.form(path).send().want(200).form(path).send("step", "decide").want(200).says("You declined the proposal")
	for _, m := range b.texts(id) {
		if m == "code" {
			t.Error("a code went for nothing")
		}
	}
}

// texts are the occasions of the texts of a job.
func (b *bed) texts(id string) []string {
	b.t.Helper()
	list, err := b.notify.Messages(b.t.Context(), booking.SubjectOf(number(id)))
	b.must(err)
	var out []string
	for _, m := range list {
		out = append(out, m.Occasion)
	}
	return out
}

func TestAnOldProposalLeadsToTheNewOne(t *testing.T) {
	b := onSQLite(t)
	id, token := b.received("10:00")
	old := b.proposed(id, pads())
	path := "/j/" + token + "/estimate/" + old.text("id")
	open := b.open(path + "?lang=en").want(200)
	now := b.proposed(id, pads())
	late := open.form(path).chooseAll("approve").send().want(409).says("Your advisor has changed the proposal")
	if got := late.link("See the new proposal"); got != "/j/"+token+"/estimate/"+now.text("id") {
		t.Errorf("it leads to %s", got)
	}
	_, other := b.book("12:00")
	b.open("/j/" + other + "/estimate/" + now.text("id")).want(404)
	b.open("/j/" + token + "/estimate/nonsense").want(404)
}

// sendFiles submits a form with files, as a browser does.
func (f *sheet) sendFiles(input string, files ...[]byte) *screen {
	b := f.s.b
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range f.values {
		for _, v := range values {
			if name != input {
				b.must(w.WriteField(name, v))
			}
		}
	}
	for _, raw := range files {
		part, err := w.CreateFormFile(input, "photo.jpg")
		b.must(err)
		_, err = part.Write(raw)
		b.must(err)
	}
	b.must(w.Close())
	return b.browseRaw(attr(f.node, "action"), w.FormDataContentType(), body.String())
}

// browseRaw posts a body of any type and follows where it leads.
func (b *bed) browseRaw(path, kind, body string) *screen {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), "POST", b.url+path, strings.NewReader(body))
	b.must(err)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Accept-Language", "en")
	req.Header.Set("Origin", b.url)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	a := b.do(req)
	if a.status == http.StatusSeeOther {
		to, _, _ := strings.Cut(a.header.Get("Location"), "#")
		return b.open(to)
	}
	root, err := html.Parse(bytes.NewReader(a.raw))
	b.must(err)
	return &screen{b: b, status: a.status, path: path, root: root}
}

func TestTheDeskProposesWithPhotos(t *testing.T) {
	b := onSQLite(t)
	id, token := b.received("10:00")
	b.atDesk("sanna@example.com")
	job := b.open("/desk/jobs/" + id).want(200)
	form := b.open(job.link("Propose extra work")).want(200).form("/estimate")
	form.set("title-0", "Jarrupalat").set("price-0", "a lot").set("minutes-0", "45")
	bad := form.sendFiles("photos-0", smallJPEG(t)).want(422)
	if w := bad.wrong(); len(w) != 1 || w[0] != "price-0" {
		t.Errorf("marked as wrong: %v", w)
	}
	again := bad.form("/estimate")
	if len(again.values["kept-0"]) != 1 {
		t.Fatal("the photo was lost with the typing mistake")
	}
	more := again.set("price-0", "1 129,50").sendFiles("photos-1", []byte("no photo")).want(422).says("The photo must be JPEG, PNG or WebP.")
	grown := more.form("/estimate")
	grown.values.Set("add", "1")
	grown = grown.sendFiles("photos-0").want(200).form("/estimate")
	grown.values.Del("add")
	sent := grown.set("title-3", "Pyyhkijät").set("price-3", "50").sendFiles("photos-0").want(200)
	sent.says("The proposal is on its way", "Proposal 1", "€1,179.50", "Waits for an answer")
	page := b.open("/j/" + token + "?lang=en").want(200)
	page = b.open(page.link("See and answer")).want(200).says("€1,129.50", "€50.00")
	if n := len(page.all(func(n *html.Node) bool { return n.Data == "img" && strings.HasPrefix(attr(n, "src"), "/photos/") })); n != 1 {
		t.Errorf("%d photos on the customer's page", n)
	}
	change := b.open(sent.link("Change")).want(200).says("has not answered the last proposal yet")
	if v := change.form("/estimate").values; v.Get("title-0") != "Jarrupalat" || v.Get("price-0") != "1129,50" || v.Get("kept-0") == "" {
		t.Errorf("the form begins with %v", v)
	}
}

func TestTheDeskSeesAVehicleThroughItsOwners(t *testing.T) {
	b := onSQLite(t, func(o *Options) { o.Plates = plateBook{} })
	id, _ := b.received("10:00")
	second := visit("12:00")
	second["customer"] = object{"name": "Uusi Omistaja", "phone": "+358407654321", "locale": "fi"}
	other := b.send("", "POST", "/api/v1/bookings", second).want(201).text("id")
	b.atDesk("sanna@example.com")
	page := b.open("/desk/jobs/"+other).want(200).says("Service history", "Another owner")
	looked := page.form("/vehicle").send("look_up", "1").want(200).says("From the register: VOLVO V70")
	v := looked.form("/vehicle")
	if v.values.Get("vin") != "YV1SW58D932005423" || v.values.Get("make") != "VOLVO" {
		t.Errorf("the form holds %v", v.values)
	}
	b.send("sanna@example.com", "GET", "/api/v1/jobs/"+other, nil).want(200).equal("vehicle.make", "Volvo") // not saved yet
	v.values.Del("look_up")
	v.set("mileage", "81000").send().want(200).says("The vehicle is saved.", "81000 km")
	b.open("/desk/jobs/"+other).want(200).form("/vehicle").set("mileage", "810").send().want(200).says("less than before")
	b.open("/desk/jobs/"+other).want(200).form("/vehicle").set("vin", "x").send().want(422)
	b.open("/desk/jobs/"+other).want(200).form("/vehicle").set("plate", "SLOW-1").send("look_up", "1").want(503).says("Fill the details in by hand")
	whole := b.open(page.link("The whole history")).want(200).says("ABC-123", "Another owner")
	if got := whole.all(func(n *html.Node) bool { return attr(n, "href") == "/desk/jobs/"+id }); len(got) != 1 {
		t.Errorf("the first owner's visit is linked %d times", len(got))
	}
}

func TestTheBookingFormAsksTheRegister(t *testing.T) {
	b := onSQLite(t, func(o *Options) { o.Plates = plateBook{} })
	b.atDesk("sanna@example.com")
	form := b.open("/desk/book").want(200).form("/desk/book").set("name", "Kalle Katu").set("plate", "abc123")
	filled := form.send("look_up", "1").want(200).form("/desk/book").values
	if filled.Get("make") != "VOLVO" || filled.Get("model") != "V70" || filled.Get("name") != "Kalle Katu" {
		t.Errorf("the form holds %v", filled)
	}
	form.set("plate", "zzz-9").send("look_up", "1").want(404).says("The register does not know this plate.")
	off := onSQLite(t)
	off.atDesk("sanna@example.com")
	off.open("/desk/book").want(200).saysNot("Look up")
}

func TestTheSumMovesWithTheChoicesInABrowser(t *testing.T) {
	b := onSQLite(t)
	id, token := b.received("10:00")
	e := b.proposed(id, pads())
	ctx := browser(t)
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	b.must(chromedp.Do(ctx,
		chromedp.Navigate(b.url+"/j/"+token+"/estimate/"+e.text("id")+"?lang=en"),
		chromedp.WaitVisible(css("#estimate-sum")),
		chromedp.Click(css("[name=line-"+e.text("lines.0.id")+"][value=approve]")),
		chromedp.Click(css("[name=line-"+e.text("lines.1.id")+"][value=decline]")),
	))
	sum, err := chromedp.Run(ctx, chromedp.Text(css("#estimate-sum")))
	b.must(err)
	if sum != "€100.00" {
		t.Errorf("the sum reads %q", sum)
	}
}
