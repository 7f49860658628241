package web

import (
	"context"
	"strings"
	"testing"

	"neuvo/internal/db"
	"neuvo/notify"
)

const (
	boss  = "boss@example.com"  // every workshop
	sanna = "sanna@example.com" // workshop 1
	olli  = "olli@example.com"  // workshop 2
)

func TestTheDeskLeadsAJobThroughItsLife(t *testing.T) {
	each(t, func(b *bed) {
		made := b.send(sanna, "POST", "/api/v1/jobs", visit("10:00")).want(201)
		made.equal("status", "booked", "booked_with.id", "11", "customer.phone", "+358401234567", "source", "desk",
			"vehicle.plate", "ABC-123", "services.0.name", "Öljynvaihto", "start", "2026-11-23T10:00:00+02:00")
		id := made.text("id")
		if made.get("received_by") != nil {
			t.Errorf("received by someone already: %s", made.raw)
		}
		job := "/api/v1/jobs/" + id
		moved := b.send(sanna, "POST", job+"/transitions", object{"to": "received", "ready_by": "2026-11-23T15:00:00+02:00"}).want(200)
		moved.equal("job.status", "received", "job.received_by.name", "Sanna Niemi", "job.ready_by", "2026-11-23T15:00:00+02:00",
			"message.direction", "out", "message.job_id", id)
		b.send(sanna, "POST", job+"/transitions", object{"to": "in_work", "message": object{"send": false}}).want(200).
			equal("job.status", "in_work", "message", nil)
		seen := moved.get("job.version")
		b.send(sanna, "POST", job+"/transitions", object{"to": "ready", "version": seen}, "Accept-Language", "en").want(409).
			equal("detail", "The job has changed meanwhile. Reload the page and try again.")
		b.send(sanna, "POST", job+"/transitions", object{"to": "in_work", "version": seen}).want(200) // a second tap
		b.send(sanna, "POST", job+"/transitions", object{"to": "no_show"}).want(409)
		b.send(sanna, "POST", job+"/transitions", object{"to": "flying"}).want(422).equal("errors.0.location", "body.to")

		sent := b.send(sanna, "POST", job+"/messages", object{"body": "Hei, työ etenee.", "channel": "email"}).want(201)
		sent.equal("channel", "email", "to", "maija@example.com", "author", "Sanna Niemi")
		b.send(boss, "GET", "/api/v1/messages/"+sent.text("id"), nil).want(200).
			equal("job_id", id, "body", sent.text("body"), "history.0.state", "queued", "state", "queued")

		b.send(sanna, "POST", job+"/notes", object{"body": "Jarrut kuluneet"}).want(201).equal("kind", "note", "body", "Jarrut kuluneet")
		b.send(sanna, "POST", job+"/handover", object{"advisor_id": "12", "note": "lounas"}).want(200).equal("received_by.id", "12")

		line := b.send(sanna, "GET", job+"/timeline", nil).want(200)
		kinds := map[string]bool{}
		last := ""
		for _, v := range line.items("items") {
			item := v.(object)
			kinds[item["kind"].(string)] = true
			if at := item["at"].(string); at < last {
				t.Errorf("the timeline goes back in time at %v", item)
			} else {
				last = at
			}
		}
		for _, kind := range []string{"message", "status", "note"} {
			if !kinds[kind] {
				t.Errorf("no %s on the timeline: %s", kind, line.raw)
			}
		}
		mine := b.send("", "GET", "/api/v1/bookings/"+made.text("token"), nil).want(200)
		if strings.Contains(string(mine.raw), "Jarrut") {
			t.Errorf("the customer reads the desk's note: %s", mine.raw)
		}
	})
}

func TestOnlyTheDeskOverbooksAndSaysWhy(t *testing.T) {
	each(t, func(b *bed) {
		b.book("10:00")
		b.send(sanna, "POST", "/api/v1/jobs", with1(visit("10:00"), "advisor_id", "11")).want(409)
		over := with1(with1(visit("10:00"), "advisor_id", "11"), "overbook", object{"reason": "Hinausauto pihalla"})
		b.send("", "POST", "/api/v1/bookings", over).want(422).equal("errors.0.location", "body.overbook")
		b.send(sanna, "POST", "/api/v1/bookings", over).want(422).equal("errors.0.location", "body.overbook")
		b.send("", "POST", "/api/v1/jobs", over).want(401)
		b.send(sanna, "POST", "/api/v1/jobs", with1(over, "overbook", object{"reason": "  "})).want(422).equal("errors.0.location", "body.overbook.reason")
		b.send(sanna, "POST", "/api/v1/jobs", with1(over, "overbook", object{})).want(422).equal("errors.0.location", "body.overbook.reason")

		made := b.send(sanna, "POST", "/api/v1/jobs", over).want(201).equal("overbooked.reason", "Hinausauto pihalla", "start", "2026-11-23T10:00:00+02:00")
		job := "/api/v1/jobs/" + made.text("id")
		b.send(sanna, "GET", job, nil).want(200).equal("overbooked.reason", "Hinausauto pihalla")
		line := b.send(sanna, "GET", job+"/timeline", nil).want(200)
		if !strings.Contains(string(line.raw), `"state":"overbooked"`) {
			t.Errorf("nothing is recorded: %s", line.raw)
		}
		mine := b.send("", "GET", "/api/v1/bookings/"+made.text("token"), nil).want(200)
		if strings.Contains(string(mine.raw), "Hinausauto") {
			t.Errorf("the customer reads the desk's reason: %s", mine.raw)
		}
		free := with1(visit("14:00"), "overbook", object{"reason": "Varmuuden vuoksi"})
		if a := b.send(sanna, "POST", "/api/v1/jobs", free).want(201); a.get("overbooked") != nil {
			t.Errorf("overbooked where all was free: %s", a.raw)
		}
	})
}

func TestJobsAreListedByDayStatusAdvisorAndWords(t *testing.T) {
	each(t, func(b *bed) {
		b.book("10:00")
		b.book("11:00")
		id, _ := b.book("12:00")
		b.send(sanna, "POST", "/api/v1/jobs/"+id+"/transitions", object{"to": "received"}).want(200)
		for _, c := range []struct {
			query string
			want  int
		}{
			{"", 3}, {"date=2026-11-23", 3}, {"date=2026-11-24", 0}, {"from=2026-11-01&to=2026-11-23", 3}, {"from=2026-11-24", 0},
			{"status=received", 1}, {"status=received&status=booked", 3}, {"status=booked,received", 3}, {"status=ready", 0},
			{"advisor_id=11", 3}, {"advisor_id=12", 0}, {"q=ABC-123", 3}, {"q=nobody", 0}, {"workshop_id=1", 3}, {"limit=2", 2},
		} {
			if got := len(b.send(sanna, "GET", "/api/v1/jobs?"+c.query, nil).want(200).items("items")); got != c.want {
				t.Errorf("%s: %d jobs, want %d", c.query, got, c.want)
			}
		}
		page := b.send(sanna, "GET", "/api/v1/jobs?limit=2", nil).want(200)
		rest := b.send(sanna, "GET", "/api/v1/jobs?limit=2&cursor="+page.text("next_cursor"), nil).want(200)
		if rest.equal("items.0.id", id, "next_cursor", ""); len(rest.items("items")) != 1 {
			t.Errorf("second page: %s", rest.raw)
		}
		for query, field := range map[string]string{
			"status=flying": "query.status", "date=tomorrow": "query.date", "advisor_id=x": "query.advisor_id",
			"limit=0": "query.limit", "limit=x": "query.limit", "cursor=!": "query.cursor", "workshop_id=2": "query.workshop_id",
			"from=2026-11-24&to=2026-11-01": "query.to",
		} {
			b.send(sanna, "GET", "/api/v1/jobs?"+query, nil).want(422).equal("errors.0.location", field)
		}
	})
}

func TestStaffSeeTheirOwnWorkshopOnly(t *testing.T) {
	each(t, func(b *bed) {
		id, token := b.book("10:00")
		promise := b.send("", "POST", "/api/v1/bookings/"+token+"/callback", object{}).want(201).text("id")
		for _, c := range []struct {
			method, path string
			body         any
		}{
			{"GET", "/api/v1/jobs/" + id, nil},
			{"POST", "/api/v1/jobs/" + id + "/transitions", object{"to": "received"}},
			{"GET", "/api/v1/jobs/" + id + "/timeline", nil},
			{"POST", "/api/v1/jobs/" + id + "/messages", object{"body": "x"}},
			{"POST", "/api/v1/jobs/" + id + "/notes", object{"body": "x"}},
			{"POST", "/api/v1/jobs/" + id + "/handover", object{"advisor_id": "21"}},
			{"GET", "/api/v1/messages/1", nil},
			{"POST", "/api/v1/promises/" + promise + "/attempts", object{"outcome": "reached"}},
		} {
			if a := b.send(olli, c.method, c.path, c.body); a.status != 404 {
				t.Errorf("%s %s of another workshop: %d %s", c.method, c.path, a.status, a.raw)
			}
		}
		b.send(olli, "POST", "/api/v1/jobs", visit("11:00")).want(422).equal("errors.0.location", "body.workshop_id")
		b.send(olli, "POST", "/api/v1/promises", object{"job_id": id}).want(422).equal("errors.0.location", "body.job_id")
		for _, path := range []string{"/api/v1/jobs", "/api/v1/promises", "/api/v1/surveys"} {
			if got := b.send(olli, "GET", path, nil).want(200).items("items"); len(got) != 0 {
				t.Errorf("%s shows another workshop's: %v", path, got)
			}
		}
		b.send(boss, "GET", "/api/v1/jobs/"+id, nil).want(200)
		b.send(sanna, "GET", "/api/v1/promises", nil).want(200).equal("items.0.id", promise, "items.0.job_id", id)
		b.send(sanna, "POST", "/api/v1/promises/"+promise+"/attempts", object{"outcome": "reached", "note": "ok"}).want(201).
			equal("id", promise, "outcome", "reached")
		b.send(sanna, "POST", "/api/v1/promises/"+promise+"/attempts", object{"outcome": "maybe"}).want(422).
			equal("errors.0.location", "body.outcome")
	})
}

func TestStaffCallsNeedStaff(t *testing.T) {
	each(t, func(b *bed) {
		for _, who := range []string{"", "neuvo_WRONG", b.tokens[sanna] + "x"} {
			a := b.send(who, "GET", "/api/v1/jobs", nil, "Accept-Language", "en").want(401)
			if a.header.Get("WWW-Authenticate") != "Bearer" || a.header.Get("Content-Type") != problemJSON {
				t.Errorf("headers %v", a.header)
			}
			// Not even what is wrong with a body is told to a stranger.
			b.send(who, "POST", "/api/v1/jobs", object{}).want(401)
		}
	})
}

// raw stores an inbound message that fits nothing and gives its id.
func (b *bed) stray(uid int64, from string) string {
	b.t.Helper()
	ctx := b.t.Context()
	_, _, err := b.notify.StoreRaw(ctx, notify.Raw{Source: "imap:INBOX", Mailbox: "INBOX", UIDValidity: 1, UID: uid, Bytes: []byte(from), ReceivedAt: b.clock.now()})
	b.must(err)
	_, err = b.notify.ProcessStored(ctx, func(_ string, raw []byte) (notify.Parsed, error) {
		return notify.Parsed{Kind: notify.Human, Channel: notify.Email, MessageID: "m" + from, From: string(raw),
			Subject: "Moi", Text: "Missä auto?", ReplyText: "Missä auto?", Date: db.At(b.clock.now())}, nil
	})
	b.must(err)
	list := b.send(boss, "GET", "/api/v1/inbox?state=triage", nil).want(200)
	return list.text("items.0.id")
}

func TestWhatWaitsInTriageIsPlacedOrPutAway(t *testing.T) {
	each(t, func(b *bed) {
		id, _ := b.book("10:00")
		first := b.stray(1, "stranger@example.com")
		b.send(sanna, "GET", "/api/v1/inbox", nil).want(200).
			equal("items.0.from", "stranger@example.com", "items.0.channel", "email", "items.0.body", "Missä auto?")
		b.send(sanna, "POST", "/api/v1/inbox/"+first+"/assign", object{"job_id": "999"}).want(422).equal("errors.0.location", "body.job_id")
		b.send(olli, "POST", "/api/v1/inbox/"+first+"/assign", object{"job_id": id}).want(422).equal("errors.0.location", "body.job_id")
		b.send(sanna, "POST", "/api/v1/inbox/"+first+"/assign", object{"job_id": id}).want(200).
			equal("job_id", id, "direction", "in", "body", "Missä auto?")
		b.send(sanna, "POST", "/api/v1/inbox/"+first+"/assign", object{"job_id": id}).want(409)
		line := b.send(sanna, "GET", "/api/v1/jobs/"+id+"/timeline", nil).want(200)
		if !strings.Contains(string(line.raw), "Missä auto?") {
			t.Errorf("not on the timeline: %s", line.raw)
		}
		second := b.stray(2, "other@example.com")
		b.send(sanna, "POST", "/api/v1/inbox/"+second+"/dismiss", nil).want(204)
		if got := b.send(sanna, "GET", "/api/v1/inbox?state=triage", nil).want(200).items("items"); len(got) != 0 {
			t.Errorf("still waiting: %v", got)
		}
		if got := b.send(sanna, "GET", "/api/v1/inbox?state=all", nil).want(200).items("items"); len(got) != 2 {
			t.Errorf("all: %v", got)
		}
		b.send(sanna, "GET", "/api/v1/inbox?state=lost", nil).want(422).equal("errors.0.location", "query.state")
		b.send(sanna, "POST", "/api/v1/inbox/999/dismiss", nil).want(404)
	})
}

func TestASurveyIsAnsweredOnItsPageOnce(t *testing.T) {
	each(t, func(b *bed) {
		id, _ := b.book("10:00")
		for _, to := range []string{"received", "ready", "collected"} {
			b.send(sanna, "POST", "/api/v1/jobs/"+id+"/transitions", object{"to": to}).want(200)
		}
		b.clock.advance(12 * 3600e9)
		_, err := b.survey.AskDue(t.Context())
		b.must(err)
		var token string
		b.must(b.db.In(context.Background()).Table("surveys").Select("token").Scan(&token).Error)
		path := "/api/v1/surveys/" + token
		b.send("", "GET", path, nil, "Accept-Language", "en").want(200).
			equal("scale", "1-5", "max", 5, "advisor", "Sanna Niemi", "state", "asked", "question", "Did the service meet your expectations?")
		b.send("", "POST", path, object{"score": 9}).want(422).equal("errors.0.location", "body.score")
		b.send("", "POST", path, object{"score": "5"}).want(422).equal("errors.0.location", "body.score")
		b.send("", "POST", path, object{"score": 2, "comment": "hidas"}).want(200).equal("score", 2, "state", "answered", "comment", "hidas")
		b.send(sanna, "GET", "/api/v1/surveys?from=2026-11-01&to=2026-12-31&advisor_id=11", nil).want(200).
			equal("items.0.job_id", id, "items.0.score", 2, "items.0.channel", "web", "items.0.advisor", "Sanna Niemi", "items.0.late", false)
	})
}
