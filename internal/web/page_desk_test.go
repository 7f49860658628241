package web

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"neuvo/booking"
	"neuvo/notify"
)

func TestTheDeskIsClosedToStrangers(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	for _, path := range []string{"/desk", "/desk/book", "/desk/inbox", "/desk/jobs/" + id} {
		if s := b.open(path).want(200); !strings.HasPrefix(s.path, "/desk/sign-in") {
			t.Errorf("%s shows %s", path, s.path)
		}
		if s := b.browse("POST", path, url.Values{}); !strings.HasPrefix(s.path, "/desk/sign-in") && s.status < 400 {
			t.Errorf("a stranger's POST to %s ends at %s", path, s.path)
		}
	}
	wrong := b.open("/desk/jobs/"+id).form("/desk/sign-in").set("email", "sanna@example.com").set("password", "no").send().want(401)
	wrong.says("Wrong e-mail or password.")
	if got := wrong.form("/desk/sign-in").values; got.Get("email") != "sanna@example.com" || got.Get("password") != "" {
		t.Errorf("the form came back as %v", got)
	}
	in := wrong.form("/desk/sign-in").set("password", testPassword).send().want(200)
	if in.path != "/desk/jobs/"+id {
		t.Errorf("the sign-in leads to %s", in.path)
	}
	in.form("/desk/sign-out").send().want(200)
	if s := b.open("/desk").want(200); !strings.HasPrefix(s.path, "/desk/sign-in") {
		t.Errorf("after signing out the desk shows %s", s.path)
	}
}

func TestAnAdvisorSeesNoOtherWorkshop(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	b.atDesk("olli@example.com").saysNot("Maija Virtanen")
	b.open("/desk/jobs/" + id).want(404)
	b.open("/desk?workshop=1&who=all").want(200).saysNot("Maija Virtanen")
	b.open("/desk?q=Maija").want(200).saysNot("ABC-123")
	for _, act := range []string{"status", "messages", "notes", "handover", "cancel"} {
		if s := b.browse("POST", "/desk/jobs/"+id+"/"+act, url.Values{"body": {"x"}, "note": {"x"}, "to": {"received"}, "advisor": {"21"}}); s.status != 404 {
			t.Errorf("%s answers %d", act, s.status)
		}
	}
}

func TestTheSignInLeadsOnlyToTheDesk(t *testing.T) {
	for raw, want := range map[string]string{
		"": "/desk", "/desk/jobs/3?to=ready": "/desk/jobs/3?to=ready", "https://evil.example": "/desk", "//evil.example/desk": "/desk",
		"/desk\\..": "/desk", "/book": "/desk", "/deskx": "/desk", "/desk/sign-in": "/desk", "javascript:alert(1)": "/desk",
	} {
		if got := deskAddress(raw); got != want {
			t.Errorf("%q leads to %q, want %q", raw, got, want)
		}
	}
}

func TestATextIsShownAgainBeforeItGoesWhenItsWordsChange(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	b.atDesk("sanna@example.com")
	preview := b.open("/desk/jobs/" + id + "?to=received").want(200)
	changed := preview.form("/status").set("ready_by", "2026-11-23T15:30").send().want(200)
	changed.says("Please check it before it goes.")
	job, err := b.desk.Job(t.Context(), number(id))
	b.must(err)
	if job.Status != booking.Booked {
		t.Fatalf("it went unseen: %s", job.Status)
	}
	form := changed.form("/status")
	if !strings.Contains(form.values.Get("body"), "15.30") {
		t.Fatalf("the text says nothing of the time: %q", form.values.Get("body"))
	}
	form.send().want(200).says("Saved.", "15.30")
}

func TestAnEditedTextGoesAsEdited(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	b.atDesk("sanna@example.com")
	b.open("/desk/jobs/"+id+"?to=received").want(200).form("/status").set("body", "Tervetuloa! Sanna").send().want(200).says("Tervetuloa! Sanna")
	quiet := b.open("/desk/jobs/" + id + "?to=in_work").want(200).form("/status")
	quiet.values.Del("send")
	quiet.send().want(200)
	list, err := b.notify.Messages(t.Context(), booking.SubjectOf(number(id)))
	b.must(err)
	for _, m := range list {
		if m.Occasion == "in_work" {
			t.Errorf("sent although unticked: %q", m.Body)
		}
		if m.Occasion == "received" && m.Body != "Tervetuloa! Sanna" {
			t.Errorf("sent as %q", m.Body)
		}
	}
}

func TestTheDeskWritesNotesAndHandsOver(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	b.atDesk("sanna@example.com")
	job := func() *screen { return b.open("/desk/jobs/" + id).want(200) }
	job().form("/messages").send().want(422).says("Please write a message.")
	sent := job().form("/messages").set("body", "We found <b>more</b>").set("channel", "email").send().want(200)
	sent.says("The message is on its way.", "We found <b>more</b>")
	trace := b.open(sent.link("Queued")).want(200)
	trace.says("Queued")
	job().form("/notes").set("note", "Careful with the door").send().want(200).says("Careful with the door")
	b.open("/desk/jobs/" + id + "?to=received").want(200).form("/status").send().want(200)
	job().form("/handover").set("advisor", "12").set("handover_note", "I am away").send().want(200).says("The job has been handed over.")
	told := func() int {
		return strings.Count(string(b.send(sanna, "GET", "/api/v1/jobs/"+id+"/timeline", nil).want(200).raw), `"occasion":"handover"`)
	}
	if n := told(); n != 1 {
		t.Errorf("the customer is told %d times who takes over", n)
	}
	job().form("/handover").set("advisor", "11").set("tell").send().want(200)
	if n := told(); n != 1 {
		t.Errorf("unticked, the customer is told nevertheless")
	}
	found := b.open("/desk?q=abc-123").want(200).says("Maija Virtanen", "One job")
	if got := found.link("Maija Virtanen"); got != "/desk/jobs/"+id {
		t.Errorf("the search leads to %s", got)
	}
}

func TestTheDeskBooksWithoutNotice(t *testing.T) {
	b := onSQLite(t)
	b.clock.advance(3 * time.Hour) // 10:30 on Monday
	b.atDesk("sanna@example.com")
	form := b.open("/desk/book").want(200).form("/desk/book").set("name", "Kalle Katu").set("phone", "0407654321")
	looked := form.set("service", "101").set("date", "2026-11-24").send("look", "1").want(200)
	again := looked.form("/desk/book")
	if again.values.Get("name") != "Kalle Katu" || len(again.offers("start")) < 5 {
		t.Fatalf("after looking: %v, times %v", again.values, again.offers("start"))
	}
	again.send().want(422).says("Choose a time")
	made := again.set("start", "now").send().want(200).says("The booking is made.", "Kalle Katu", "10:30")
	if !strings.HasPrefix(made.path, "/desk/jobs/") {
		t.Errorf("it ends at %s", made.path)
	}
}

func TestTheTriageListPlacesAMessageWithOneTap(t *testing.T) {
	b := onSQLite(t)
	b.book("13:00")
	id, _ := b.book("10:00")
	b.triage("maija@example.com", "Which one? <script>alert(1)</script>")
	b.triage("nobody@example.com", "Nothing known")
	board := b.atDesk("sanna@example.com")
	board.link("To sort out 2")
	list := b.open("/desk/inbox").want(200).says("Which one? <script>alert(1)</script>", "It may belong to", "Nothing known")
	placed := list.form("/assign").send().want(200).says("The message is now on the job.").saysNot("Which one?")
	job := b.open("/desk/jobs/"+id).want(200).says("Which one?", "Why here?", "Placed by hand")
	_ = job
	list.form("/assign").send().want(200).says("Somebody has already dealt with this message.")
	found := placed.form("/desk/inbox").set("q", "abc-123").send().want(200).says("Maija Virtanen")
	found.form("/dismiss").send().want(200).says("The message was put away.", "Nothing to sort out.")
}

// triage puts a message that nobody can place into the list.
func (b *bed) triage(from, body string) {
	b.t.Helper()
	raw := "From: " + from + "\r\nTo: desk@example.com\r\nSubject: Hello\r\nMessage-ID: <" + from + ">\r\n\r\n" + body + "\r\n"
	_, _, err := b.notify.StoreRaw(b.t.Context(), notify.Raw{
		Source: "imap:test", Mailbox: "", UIDValidity: 1, UID: int64(len(raw)), Bytes: []byte(raw), ReceivedAt: b.clock.now(),
	})
	b.must(err)
	_, err = b.notify.ProcessStored(b.t.Context(), func(string, []byte) (notify.Parsed, error) {
		return notify.Parsed{Kind: notify.Human, Channel: notify.Email, From: from, Subject: "Hello", Text: body, ReplyText: body, MessageID: from}, nil
	})
	b.must(err)
}

func TestTheDeskIsToldWhyATimeIsNotFree(t *testing.T) {
	b := onSQLite(t)
	b.book("10:00")
	b.atDesk(sanna)
	form := b.open("/desk/book").want(200).form("/desk/book").set("service", "101").set("advisor", "11").set("date", "2026-11-23").
		set("clock", "10:00").set("name", "Aino Aalto").set("phone", "040 111 1111")
	page := form.send().want(409)
	page.says("Sanna Niemi", "The nearest free times")
	page.accessible()
	a := b.send(sanna, "POST", "/api/v1/jobs", with1(visit("10:00"), "advisor_id", "11")).want(409)
	if a.text("reasons.0.rule") != "taken" {
		t.Errorf("%s", a.raw)
	}
}

func TestTheBoardShowsOneCardForAllThereIsAboutAJob(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	other, _ := b.book("11:00")
	for _, a := range []booking.Attention{
		{JobID: number(id), Kind: booking.NeedsReply, Body: "Is it ready?"},
		{JobID: number(other), Kind: booking.NeedsReply, Body: "May I come later?"},
		{JobID: number(id), Kind: booking.NeedsCase, Body: "It rattles"},
		{JobID: number(id), Kind: booking.NeedsSafetyCall, Body: "The brakes are gone"},
	} {
		b.must(b.desk.Raise(t.Context(), a))
	}
	b.atDesk(sanna)
	page := b.open("/desk?lang=en").want(200).says("Is it ready?", "It rattles", "The brakes are gone", "May I come later?")
	var source strings.Builder
	b.must(html.Render(&source, page.root))
	if n := strings.Count(source.String(), `<article class="attention`); n != 2 {
		t.Errorf("%d cards of two jobs", n)
	}
	urgent, later := strings.Index(source.String(), "The brakes are gone"), strings.Index(source.String(), "May I come later?")
	if urgent > strings.Index(source.String(), "Is it ready?") || urgent > later {
		t.Error("danger does not stand first")
	}
	page.accessible()
}
