package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/notify"
	"neuvo/notify/inbox"
)

// wrote brings a mail of somebody in and gives the message that it became.
func (b *bed) wrote(uid int64, from, subject, words string) notify.Message {
	b.t.Helper()
	raw := "From: " + from + "\r\nTo: " + b.tokenOf(subject) + "\r\nSubject: Hei\r\nMessage-ID: <" + idOf(uid) + "@x>\r\n\r\n" + words + "\r\n"
	in := b.mailed(uid, []byte(raw), inbox.ParseOptions{})
	list, err := b.notify.Messages(b.t.Context(), subject)
	b.must(err)
	for _, m := range list {
		if m.InboundID == in {
			return m
		}
	}
	b.t.Fatalf("%q did not land on %s", words, subject)
	return notify.Message{}
}

// refuse posts to an address that is not this person's business.
func (b *bed) refuse(path string, form url.Values) {
	b.t.Helper()
	if s := b.browse("POST", path, form); s.status != http.StatusNotFound && s.status != http.StatusForbidden {
		b.t.Errorf("%s answers %d: %s", path, s.status, s.words())
	}
}

func TestTheDeskMovesAMessageAndOtherWorkshopsCannot(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	other := b.book2("11:00")
	m := b.wrote(1, "maija@example.com", "job:"+id, "Tämä koskee toista autoa")
	to, err := b.desk.Job(t.Context(), number(other))
	b.must(err)
	move := "/desk/jobs/" + id + "/messages/" + idOf(m.ID) + "/move"
	b.atDesk("olli@example.com")
	b.open("/desk/jobs/" + id).want(404)
	b.refuse(move, url.Values{"reference": {to.Reference}})
	b.refuse("/desk/jobs/"+id+"/messages/"+idOf(m.ID)+"/sender", nil)
	b.open("/desk").want(200).saysNot("Tämä koskee toista autoa")
	list, err := b.notify.Messages(t.Context(), "job:"+id)
	b.must(err)
	if list[len(list)-1].ID != m.ID {
		t.Fatal("somebody of another workshop moved it")
	}
}

func TestAnAdvisorMovesAMessageToTheJobThatItIsAbout(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	other := b.book2("11:00")
	m := b.wrote(1, "maija@example.com", "job:"+id, "Tämä koskee toista autoa")
	to, err := b.desk.Job(t.Context(), number(other))
	b.must(err)
	b.atDesk("sanna@example.com").says("Tämä koskee toista autoa")
	form := func() *sheet { return b.open("/desk/jobs/" + id).want(200).form("/messages/" + idOf(m.ID) + "/move") }
	form().set("reference", "NV-00000").send().want(409)
	done := form().set("reference", strings.ToLower(to.Reference)).set("reason", "Väärä auto").send().want(200)
	done.says("Tämä koskee toista autoa", "Väärä auto", "Why here?")
	if !strings.HasPrefix(done.path, "/desk/jobs/"+other) {
		t.Errorf("it ends at %s", done.path)
	}
	b.open("/desk/jobs/"+id).want(200).says("Message moved to another job", to.Reference)
	// Back again: nothing is lost by a slip.
	from, err := b.desk.Job(t.Context(), number(id))
	b.must(err)
	done.form("/messages/"+idOf(m.ID)+"/move").set("reference", from.Reference).send().want(200).says("Tämä koskee toista autoa")
}

func TestTheSenderOfAMessageIsLearnedOnlyWhereSomebodyOfOursSaysSo(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	m := b.wrote(1, "puoliso@example.net", "job:"+id, "Haen auton")
	b.atDesk("sanna@example.com")
	page := b.open("/desk/jobs/"+id).want(200).says("Unverified sender", "puoliso@example.net")
	page.form("/messages/" + idOf(m.ID) + "/sender").send().want(200)
	if again := b.wrote(2, "puoliso@example.net", "job:"+id, "Tulen viideltä"); !again.Verified {
		t.Errorf("the learned sender is not known: %+v", again)
	}
	if stranger := b.wrote(3, "outo@example.net", "job:"+id, "Ja minä"); stranger.Verified {
		t.Error("another stranger is known, too")
	}
}

func TestTheBoardShowsUnansweredRepliesToWhomTheyConcern(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	b.clock.advance(2 * time.Hour) // 9:30, open
	b.wrote(1, "maija@example.com", "job:"+id, "Koska auto on valmis?")
	b.atDesk("sanna@example.com").says("Koska auto on valmis?").saysNot("Whole team")
	b.clock.advance(70 * time.Minute)
	if n, err := b.desk.EscalateReplies(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d rose, %v", n, err)
	}
	b.open("/desk").want(200).says("Koska auto on valmis?", "Whole team")
	b.clock.advance(3 * time.Hour)
	if n, err := b.desk.EscalateReplies(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d rose, %v", n, err)
	}
	b.open("/desk").want(200).says("Manager")
	list, err := b.desk.Attentions(t.Context(), 1)
	b.must(err)
	done := "/desk/attentions/" + idOf(list[0].ID) + "/done"
	b.browse("POST", "/desk/sign-out", nil)
	b.atDesk("olli@example.com").saysNot("Koska auto on valmis?")
	b.browse("POST", done, nil)
	if list, err := b.desk.Attentions(t.Context(), 1); err != nil || len(list) != 1 {
		t.Fatalf("another workshop took it off the board: %d left, %v", len(list), err)
	}
}

func TestTheWholeOfAHostileMailIsPlainTextWithoutScriptOrPictures(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	raw := "From: maija@example.com\r\nTo: " + b.tokenOf("job:"+id) + "\r\nSubject: Hei\r\nMessage-ID: <h@x>\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" +
		`<html><head><script>alert(1)</script><style>body{background:url(https://spy.test/css)}</style></head><body onload="alert(2)">` +
		strings.Repeat(`<img src="https://spy.test/pixel.gif" width=1 height=1>`, 40) +
		`<p>Jarrut <b>vinkuvat</b></p><iframe src="https://spy.test/f"></iframe><svg onload=alert(3)></svg><a href="javascript:alert(4)">lue</a></body></html>`
	in := b.mailed(5, []byte(raw), inbox.ParseOptions{})
	b.atDesk("sanna@example.com")
	page := b.open("/desk/jobs/" + id).want(200).says("Jarrut vinkuvat")
	for _, bad := range []string{"alert(", "spy.test", "javascript:"} {
		page.saysNot(bad)
	}
	whole := b.bytesOf("/desk/jobs/" + id + "/inbound/" + idOf(in)).want(200)
	h := whole.header
	if h.Get("Content-Type") != "text/plain; charset=utf-8" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != "default-src 'none'; sandbox" {
		t.Errorf("the whole is shown as %v", h)
	}
	for _, bad := range []string{"alert(1)", "alert(2)", "alert(3)", "<img", "<script"} {
		if strings.Contains(string(whole.raw), bad) {
			t.Errorf("the whole holds %q: %s", bad, whole.raw)
		}
	}
	if !strings.Contains(string(whole.raw), "Jarrut") {
		t.Errorf("the whole says %q", whole.raw)
	}
}

func TestTheReportCountsHandOversInsideTheHouse(t *testing.T) {
	each(t, func(b *bed) {
		id, _ := b.received("10:00")
		by := booking.Actor{Kind: "staff", Name: "Sanna Niemi"}
		for _, to := range []int64{12, 11, 12} {
			b.must(b.desk.Handover(b.t.Context(), booking.HandoverRequest{JobID: number(id), To: to, Actor: by}))
		}
		const path = "/api/v1/reports/handovers?from=2026-11-01&to=2026-12-31"
		b.send("", "GET", path, nil).want(401)
		b.send("boss@example.com", "GET", path, nil).want(200).equal("received", 1, "handed_over", 1, "more_than_once", 1, "handovers", 3, "jobs.0.job_id", id, "jobs.0.times", 3)
		b.send("olli@example.com", "GET", path, nil).want(200).equal("received", 0, "handovers", 0)
		b.send("sanna@example.com", "GET", path+"&advisor_id=12", nil).want(403)
		b.atDesk("boss@example.com")
		b.open("/desk/satisfaction?from=2026-11-01&to=2026-12-31&workshop=1").want(200).says("Hand-overs inside the house", "One of 1 received jobs", "3×")
	})
}
