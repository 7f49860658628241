package inbox

import (
	"bytes"
	"strings"
	"testing"

	"neuvo/internal/dbtest"
	"neuvo/notify"
)

func TestWhatHoldsNothingToReadWaitsInTriageWithAReasonAndItsBytes(t *testing.T) {
	for name, tt := range map[string]struct{ raw, reason, body string }{
		"bytes that are no mail": {"\xff\xfe\x00garbage", "", ""},
		"a mail without words": {
			"From: matti@asiakas.test\r\nTo: desk@reply.neuvo.test\r\nSubject: Re: Huolto\r\n\r\n\r\n",
			"the message of matti@asiakas.test is empty", "",
		},
		"words in the subject alone": {
			"From: matti@asiakas.test\r\nTo: desk@reply.neuvo.test\r\nSubject: Tulen huomenna\r\n\r\n", "", "Tulen huomenna",
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachHost(t, func(t *testing.T, h host) {
				d := dbtest.SQLite(t)
				p := poller(t, d, h.url())
				h.deliver(t, tt.raw)
				h.deliver(t, letter(1))
				poll(t, p, 2)
				var rows []notify.Inbound
				if err := d.In(t.Context()).Order("uid").Find(&rows).Error; err != nil {
					t.Fatal(err)
				}
				if len(rows) != 2 {
					t.Fatalf("%d stored", len(rows))
				}
				r := rows[0]
				if r.State != notify.InTriage || r.Reason == "" || len(bytes.TrimSpace(r.Raw)) == 0 {
					t.Errorf("state %s, reason %q, %d bytes kept", r.State, r.Reason, len(r.Raw))
				}
				if !strings.Contains(r.Reason, tt.reason) || !strings.Contains(r.Body, tt.body) {
					t.Errorf("reason %q, body %q", r.Reason, r.Body)
				}
			})
		})
	}
}

func TestAMessageWithoutAnyBytesIsNoted(t *testing.T) {
	h := memory(t, nil, nil)
	d := dbtest.SQLite(t)
	h.deliver(t, "")
	poll(t, poller(t, d, h.url()), 1)
	var row notify.Inbound
	if err := d.In(t.Context()).First(&row).Error; err != nil {
		t.Fatal(err)
	}
	if row.State != notify.InTriage || !strings.Contains(row.Body, "the message is empty") {
		t.Errorf("state %s, body %q", row.State, row.Body)
	}
}
