package web

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"neuvo/booking"
)

// received books and receives a visit.
func (b *bed) received(clock string) (id, token string) {
	b.t.Helper()
	id, token = b.book(clock)
	b.send("sanna@example.com", "POST", "/api/v1/jobs/"+id+"/transitions", object{"to": "received"}).want(200)
	return id, token
}

// pads is a proposal of two lines, 100.00 and 50.00.
func pads() object {
	return object{"lines": []object{
		{"title": "Jarrupalat", "price": object{"amount": 10000, "currency": "EUR"}, "labour_minutes": 45},
		{"title": "Pyyhkijät", "price": object{"amount": 5000, "currency": "EUR"}},
	}, "expires_at": "2026-11-25T16:00:00+02:00"}
}

func (b *bed) proposed(id string, body object) *answer {
	b.t.Helper()
	return b.send("sanna@example.com", "POST", "/api/v1/jobs/"+id+"/estimates", body).want(201)
}

// said is a customer's answer to a proposal.
func said(e *answer, decisions ...string) object {
	var lines []object
	for i, d := range decisions {
		lines = append(lines, object{"id": e.text(fmt.Sprintf("lines.%d.id", i)), "decision": d})
	}
	return object{"version": e.get("version"), "lines": lines}
}

var codeDigits = regexp.MustCompile(`\b\d{6}\b`)

// codeSent is the newest code that was texted: pages hide it.
func (b *bed) codeSent() string {
	b.t.Helper()
	var body string
	b.must(b.db.In(b.t.Context()).Raw(`SELECT body FROM messages WHERE occasion = 'code' ORDER BY id DESC LIMIT 1`).Scan(&body).Error)
	digits := codeDigits.FindString(body)
	if digits == "" {
		b.t.Fatalf("no code in %q", body)
	}
	return digits
}

// upload posts a file as a member of staff.
func (b *bed) upload(who, path string, raw []byte, headers ...string) *answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("file", "pads.jpg")
	b.must(err)
	_, err = part.Write(raw)
	b.must(err)
	b.must(w.Close())
	return b.send(who, "POST", path, body.String(), append([]string{"Content-Type", w.FormDataContentType()}, headers...)...)
}

func TestAPhotoSentAgainIsKeptOnce(t *testing.T) {
	each(t, func(b *bed) {
		id, _ := b.received("10:00")
		path := "/api/v1/jobs/" + id + "/photos"
		// Each upload draws another boundary.
		first := b.upload(sanna, path, smallJPEG(b.t), "Idempotency-Key", "pads-1").want(201)
		again := b.upload(sanna, path, smallJPEG(b.t), "Idempotency-Key", "pads-1").want(201)
		if string(first.raw) != string(again.raw) || again.header.Get("Idempotency-Replayed") != "true" {
			b.t.Errorf("sent again: %s, first %s", again.raw, first.raw)
		}
		other := append(smallJPEG(b.t), 0)
		b.upload(sanna, path, other, "Idempotency-Key", "pads-1").want(422).equal("errors.0.location", "header.Idempotency-Key")
		if n := len(b.send(sanna, "GET", path, nil).want(200).items("items")); n != 1 {
			b.t.Errorf("%d photos are kept", n)
		}
	})
}

func smallJPEG(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAProposalIsAnsweredLineByLineOverTheAPI(t *testing.T) {
	each(t, func(b *bed) {
		id, token := b.received("10:00")
		photo := b.upload("sanna@example.com", "/api/v1/jobs/"+id+"/photos", smallJPEG(b.t)).want(201)
		proposal := pads()
		proposal["lines"].([]object)[0]["photo_ids"] = []string{photo.text("id")}
		e := b.proposed(id, proposal)
		e.equal("version", 1, "state", "sent", "price.amount", 15000, "ceiling.amount", 17250, "ceiling.currency", "EUR",
			"lines.0.title", "Jarrupalat", "lines.0.labour_minutes", 45, "lines.0.photos.0.id", photo.text("id"), "expires_at", "2026-11-25T16:00:00+02:00")
		mine := b.send("", "GET", "/api/v1/bookings/"+token, nil).want(200)
		mine.equal("status", "waiting_approval", "estimates.0.id", e.text("id"), "estimates.0.lines.1.price.amount", 5000)

		path := "/api/v1/bookings/" + token + "/estimates/" + e.text("id") + "/decision"
		yes := said(e, "approve", "decline")
		b.send("", "POST", path, yes).want(403)
		yes["code"] = b.codeSent()
		done := b.send("", "POST", path, yes).want(200)
		done.equal("state", "partly_approved", "approved.amount", 10000, "approved_ceiling.amount", 11500, "lines.1.decision", "decline")
		if done.json["decided_phone"] != nil || done.json["decided_by"] != nil {
			b.t.Errorf("the customer's page tells %s", done.raw)
		}
		b.send("sanna@example.com", "GET", "/api/v1/jobs/"+id+"/estimates", nil).want(200).
			equal("items.0.decided_phone", "+358401234567", "items.0.decided_by", "Maija Virtanen")
		b.send("sanna@example.com", "GET", "/api/v1/jobs/"+id, nil).want(200).equal("status", "in_work")

		b.send("sanna@example.com", "POST", "/api/v1/jobs/"+id+"/final-price", object{"amount": 11501}).want(409)
		b.send("sanna@example.com", "POST", "/api/v1/jobs/"+id+"/final-price", object{"amount": 11500, "currency": "EUR"}).want(200).equal("final_price.amount", 11500)
		b.send("", "GET", "/api/v1/bookings/"+token, nil).want(200).equal("final_price.amount", 11500)
		kinds := fmt.Sprint(b.send("sanna@example.com", "GET", "/api/v1/jobs/"+id+"/timeline", nil).want(200).json)
		for _, want := range []string{"kind:estimate", "state:sent", "state:partly_approved", "kind:verification"} {
			if !strings.Contains(kinds, want) {
				b.t.Errorf("the timeline lacks %s: %s", want, kinds)
			}
		}
	})
}

func TestAnAnswerThatComesTooLateIsToldWhatStandsNow(t *testing.T) {
	b := onSQLite(t)
	id, token := b.received("10:00")
	old := b.proposed(id, pads())
	changed := pads()
	changed["lines"].([]object)[0]["price"] = object{"amount": 12000, "currency": "EUR"}
	now := b.proposed(id, changed)
	path := func(e *answer) string {
		return "/api/v1/bookings/" + token + "/estimates/" + e.text("id") + "/decision"
	}
	b.send("", "POST", path(old), said(old, "approve", "approve"), "Accept-Language", "en").want(409).
		equal("estimate.id", now.text("id"), "estimate.version", 2, "detail", "Your advisor has changed the proposal since. Here is the new one.")
	stale := said(now, "decline", "decline")
	stale["version"] = 1
	b.send("", "POST", path(now), stale).want(409)
	b.send("", "POST", path(now), said(now, "decline")).want(422)
	b.send("", "POST", path(now), said(now, "decline", "decline")).want(200).equal("state", "declined")
	b.send("", "POST", path(now), said(now, "approve", "approve")).want(409).equal("estimate.state", "declined")

	// A cancelled visit refuses politely.
	id, token = b.book("12:00")
	late := b.proposed(id, pads())
	b.send("", "DELETE", "/api/v1/bookings/"+token, nil).want(204)
	b.send("", "POST", path(late), said(late, "decline", "decline"), "Accept-Language", "en").want(409).equal("estimate.state", "withdrawn")
	b.send("sanna@example.com", "POST", "/api/v1/jobs/"+id+"/estimates", pads()).want(409)
}

func TestAProposalIsTheDesksOwn(t *testing.T) {
	b := onSQLite(t)
	id, token := b.received("10:00")
	b.send("", "POST", "/api/v1/jobs/"+id+"/estimates", pads()).want(401)
	b.send("olli@example.com", "POST", "/api/v1/jobs/"+id+"/estimates", pads()).want(404)
	b.send("olli@example.com", "POST", "/api/v1/jobs/"+id+"/final-price", object{"amount": 1}).want(404)
	b.upload("olli@example.com", "/api/v1/jobs/"+id+"/photos", smallJPEG(t)).want(404)
	b.upload("", "/api/v1/jobs/"+id+"/photos", smallJPEG(t)).want(401)
	e := b.proposed(id, pads())
	_, other := b.book("12:00")
	b.send("", "POST", "/api/v1/bookings/"+other+"/estimates/"+e.text("id")+"/decision", said(e, "decline", "decline")).want(404)
	b.send("", "POST", "/api/v1/bookings/"+token+"/estimates/999/decision", said(e, "decline", "decline")).want(404)
	wrong := pads()
	wrong["ceiling"] = object{"amount": 99999, "currency": "EUR"}
	b.send("sanna@example.com", "POST", "/api/v1/jobs/"+id+"/estimates", wrong).want(422).equal("errors.0.location", "body.ceiling")
	wrong["ceiling"] = object{"amount": 15000, "currency": "SEK"}
	b.send("sanna@example.com", "POST", "/api/v1/jobs/"+id+"/estimates", wrong).want(422)
}

func TestAPhotoIsServedAsAPictureAndNothingElse(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.received("10:00")
	p := b.upload("sanna@example.com", "/api/v1/jobs/"+id+"/photos", smallJPEG(t)).want(201)
	path := strings.TrimPrefix(p.text("url"), "http://desk.example.com")
	got := b.send("", "GET", path, nil).want(200)
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Content-Disposition": "inline", "Content-Encoding": "",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s is %q", name, got.header.Get(name))
		}
	}
	if !bytes.HasPrefix(got.raw, []byte{0xff, 0xd8, 0xff}) {
		t.Errorf("served %q", got.raw[:10])
	}
	b.send("", "GET", "/photos/aaaaaaaaaaaaaaaaaaaaaaaaaa", nil).want(404)
	b.upload("sanna@example.com", "/api/v1/jobs/"+id+"/photos", []byte("<svg onload='alert(1)'/>")).want(422)
	large := append(smallJPEG(t), make([]byte, 3<<20)...)
	b.upload("sanna@example.com", "/api/v1/jobs/"+id+"/photos", large).want(201)
	b.upload("", "/api/v1/jobs/"+id+"/photos", large).want(413)
	b.upload("sanna@example.com", "/api/v1/jobs/"+id+"/photos", make([]byte, booking.MaxPhotoBytes+1<<20)).want(413)
}

// plateBook is a register that knows one plate.
type plateBook struct{}

func (plateBook) Lookup(_ context.Context, country, plate string) (booking.VehicleFacts, error) {
	switch {
	case country != "FI":
		return booking.VehicleFacts{}, booking.ErrRegisterCountry
	case booking.PlateKey(plate) == "SLOW1":
		return booking.VehicleFacts{}, booking.ErrRegisterUnavailable
	case booking.PlateKey(plate) != "ABC123":
		return booking.VehicleFacts{}, booking.ErrPlateUnknown
	}
	return booking.VehicleFacts{Plate: "ABC-123", VIN: "YV1SW58D932005423", Make: "VOLVO", Model: "V70"}, nil
}

func TestVehiclesAndTheirHistoryOverTheAPI(t *testing.T) {
	each(t, func(b *bed) {
		id, _ := b.received("10:00")
		mended := b.send("sanna@example.com", "PATCH", "/api/v1/jobs/"+id+"/vehicle", object{"vin": "yv1sw58d932005423", "mileage": 81000}).want(200)
		mended.equal("vehicle.vin", "YV1SW58D932005423", "vehicle.mileage", 81000, "vehicle.plate", "ABC-123")
		second, _ := b.book("12:00")
		b.send("sanna@example.com", "PATCH", "/api/v1/jobs/"+second+"/vehicle", object{"mileage": 8100}).want(200).equal("warnings.0", "mileage")
		b.send("sanna@example.com", "PATCH", "/api/v1/jobs/"+second+"/vehicle", object{"vin": "short"}).want(422).equal("errors.0.location", "body.vin")
		found := b.send("sanna@example.com", "GET", "/api/v1/vehicles?plate=abc+123", nil).want(200)
		found.equal("items.0.vin", "YV1SW58D932005423")
		b.send("sanna@example.com", "GET", "/api/v1/vehicles?vin=YV1SW58D932005423", nil).want(200).equal("items.0.plate", "ABC-123")
		history := b.send("sanna@example.com", "GET", "/api/v1/vehicles/"+found.text("items.0.id")+"/history", nil).want(200)
		history.equal("items.0.mileage", 8100, "items.1.mileage", 81000, "items.1.job_id", id, "items.1.customer", "Maija Virtanen")
		b.send("sanna@example.com", "GET", "/api/v1/vehicles", nil).want(422)
		b.send("", "GET", "/api/v1/vehicles?plate=ABC-123", nil).want(401)
		b.send("olli@example.com", "GET", "/api/v1/vehicles/"+found.text("items.0.id")+"/history", nil).want(404)
		if n := len(b.send("olli@example.com", "GET", "/api/v1/vehicles?plate=ABC-123", nil).want(200).items("items")); n != 0 {
			b.t.Errorf("another workshop sees %d vehicles", n)
		}
	})
}

func TestThePlateRegisterIsAskedByTheDeskAlone(t *testing.T) {
	off := onSQLite(t)
	off.send("sanna@example.com", "GET", "/api/v1/plates?plate=ABC-123", nil).want(409)
	b := onSQLite(t, func(o *Options) { o.Plates = plateBook{} })
	b.send("", "GET", "/api/v1/plates?plate=ABC-123", nil).want(http.StatusUnauthorized)
	b.send("sanna@example.com", "GET", "/api/v1/plates?plate=abc123", nil).want(200).equal("make", "VOLVO", "vin", "YV1SW58D932005423")
	b.send("sanna@example.com", "GET", "/api/v1/plates?plate=XYZ-9", nil).want(404)
	b.send("sanna@example.com", "GET", "/api/v1/plates?plate=SLOW-1", nil).want(503)
	b.send("sanna@example.com", "GET", "/api/v1/plates?plate=ABC-123&country=SE", nil).want(409)
}
