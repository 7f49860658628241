package web

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"neuvo/notify"
	"neuvo/notify/inbox"
	"neuvo/survey"
)

// standing is all that the database holds but what a letter itself leaves there:
// the letter, and somebody being asked to look at it.
func (b *bed) standing() map[string]string {
	b.t.Helper()
	var tables []string
	b.must(b.db.In(b.t.Context()).Raw("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").Scan(&tables).Error)
	out := map[string]string{}
	for _, table := range tables {
		query := "SELECT * FROM " + table + " ORDER BY 1, 2"
		switch table {
		case "inbound", "inbound_files", "message_states", "attentions", "leases", "sessions", "idempotency_keys":
			continue
		case "messages":
			query = "SELECT * FROM messages WHERE direction = 'out' ORDER BY id"
		}
		var rows []map[string]any
		b.must(b.db.In(b.t.Context()).Raw(query).Scan(&rows).Error)
		for _, row := range rows { // what was written stands on the entry, for the desk to read
			delete(row, "reply")
			delete(row, "reply_at")
		}
		out[table] = fmt.Sprint(rows)
	}
	return out
}

// tokenOf is the signed address of a conversation.
func (b *bed) tokenOf(subject string) string {
	b.t.Helper()
	var id int64
	b.must(b.db.In(b.t.Context()).Raw("SELECT id FROM conversations WHERE subject = ?", subject).Scan(&id).Error)
	addresses, err := notify.NewAddresses("desk+{token}@example.com", []byte("0123456789abcdef0123456789abcdef"))
	b.must(err)
	return addresses.For(id)
}

// scenes are states of a visit in which a customer's few words do something.
var scenes = map[string]struct {
	set   func(b *bed) (subject string)
	words string
}{
	"an estimate waits for a decision": {func(b *bed) string {
		id, _ := b.received("10:00")
		b.proposed(id, pads())
		return "job:" + id
	}, "Kyllä"},
	"a call is wished for": {func(b *bed) string {
		id, _ := b.book("10:00")
		return "job:" + id
	}, "Soittakaa minulle"},
	"the visit is asked about": {func(b *bed) string {
		id, _ := b.book("10:00")
		b.exec("UPDATE jobs SET reconfirm_at = ?", b.clock.now().UnixMicro())
		if n, err := b.desk.AskReconfirmations(b.t.Context()); n != 1 || err != nil {
			b.t.Fatalf("%d asked, %v", n, err)
		}
		return "job:" + id
	}, "Kyllä"},
	"the question about the service is out": {func(b *bed) string {
		b.askedSurvey()
		var subject string
		b.must(b.db.In(b.t.Context()).Raw("SELECT subject FROM conversations WHERE subject LIKE 'job:%'").Scan(&subject).Error)
		return subject
	}, "1"},
	"a time is held for the waiting list": {func(b *bed) string {
		wish := object{"workshop_id": "1", "service_ids": []string{"101"}, "transport": "drop_off", "latest": "2026-11-24",
			"customer": object{"name": "Maija Virtanen", "phone": "+358401234567", "email": "maija@example.com", "locale": "fi"}}
		id := b.send("", "POST", "/api/v1/waitlist", wish).want(201).text("id")
		b.clock.advance(45 * time.Minute)
		_, err := b.desk.SweepWaitlist(b.t.Context())
		b.must(err)
		return "waitlist:" + id
	}, "Kyllä"},
}

// strangers are letters with the token of a visit whose writer is not known to be
// its customer, however much they claim to be.
var strangers = map[string]string{
	"another address":                        "From: Maija Virtanen <outo@muu.test>\r\nReply-To: maija@example.com\r\nSender: maija@example.com\r\n",
	"no From but the customer's in Sender":   "Sender: Maija <maija@example.com>\r\nReply-To: maija@example.com\r\n",
	"the customer's address beside another":  "From: maija@example.com, outo@muu.test\r\n",
	"the customer's in a second From":        "From: outo@muu.test\r\nFrom: maija@example.com\r\n",
	"our server says the address is forged":  "Authentication-Results: mx.example.com; spf=pass; dmarc=fail header.from=example.com\r\nFrom: maija@example.com\r\n",
	"our header and a pass that he wrote":    "X-Neuvo-Message: m1\r\nX-Neuvo-Verified: yes\r\nAuthentication-Results: mx.example.com; dmarc=pass\r\nFrom: outo@muu.test\r\n",
	"the customer's address as a mere name":  "From: \"maija@example.com\" <outo@muu.test>\r\n",
	"the customer's address in encoded name": "From: =?utf-8?q?maija=40example=2Ecom?= <outo@muu.test>\r\n",
}

func TestAStrangerWithATokenChangesNothing(t *testing.T) {
	for scene, s := range scenes {
		t.Run(scene, func(t *testing.T) {
			b := onSQLite(t)
			b.desk.SetWish(survey.WantsCall)
			b.notify.OnConsent(b.desk.HandleConsent)
			subject := s.set(b)
			read := inbox.ParseOptions{TrustedAuthserv: "mx.example.com", OwnDomain: "example.net"}
			uid := int64(0)
			write := func(from, words string) notify.InboundState {
				t.Helper()
				uid++
				raw := from + "To: " + b.tokenOf(subject) + "\r\nSubject: Re: Huolto\r\nMessage-ID: <" + fmt.Sprint(uid) + "@muu.test>\r\n\r\n" + words + "\r\n"
				in, err := b.notify.InboundByID(t.Context(), b.mailed(uid, []byte(raw), read))
				b.must(err)
				return in.State
			}
			before := b.standing()
			for who, from := range strangers {
				for _, words := range []string{s.words, "STOP", "Peruuttakaa koko käynti", "Uusi numeroni on +358407777777, vaihtakaa se"} {
					if state := write(from, words); state != notify.InPlaced && state != notify.InTriage {
						t.Errorf("%s: the letter is %s: nobody reads it", who, state)
					}
				}
			}
			after := b.standing()
			for table := range maps.Keys(after) {
				if before[table] != after[table] {
					t.Errorf("%s changed\nfrom %s\nto   %s", table, before[table], after[table])
				}
			}
			var trusted int64
			b.must(b.db.In(t.Context()).Table("messages").Where("direction = 'in' AND verified").Count(&trusted).Error)
			if trusted != 0 {
				t.Errorf("%d of a stranger's letters count as the customer's", trusted)
			}
			// The customer's own word does it: the scene was real.
			_, err := b.notify.Record(t.Context(), subject, notify.Message{Channel: notify.SMS, FromAddress: "+358401234567", Verified: true, Body: s.words})
			b.must(err)
			changed := 0
			for table, now := range b.standing() {
				if now != after[table] {
					changed++
				}
			}
			if changed == 0 {
				t.Error("the customer's word did nothing either")
			}
		})
	}
}
