package notify_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"neuvo/notify"
)

func TestAReplaySaysWhatWouldChangeAndDoesItWhenTold(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		good := d.mail(d.addresses.For(d.first.ID), "", "Sopii")
		bad := good
		bad.MessageID, bad.ReplyText = "broken@customer", "S?pii"
		var broken bool
		read := func(_ string, raw []byte) (notify.Parsed, error) {
			switch {
			case string(raw) == "lost" && !broken:
				return notify.Parsed{}, errors.New("the reader has a fault")
			case string(raw) == "lost":
				return good, nil
			case broken:
				again := bad
				again.ReplyText = "Söpii"
				return again, nil
			}
			return bad, nil
		}
		lost := d.raw(t, "lost", 1)
		placed := d.raw(t, "placed", 2)
		if _, err := d.n.ProcessStored(t.Context(), read); err != nil {
			t.Fatal(err)
		}
		broken = true // the reader is mended
		run := func(apply bool) (list []notify.Replayed) {
			t.Helper()
			err := d.n.Replay(t.Context(), notify.ReplayFilter{}, read, apply, func(r notify.Replayed) error {
				list = append(list, r)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		want := []notify.Replayed{
			{ID: lost, State: notify.InTriage, Stands: notify.ReasonUnreadable + ": the reader has a fault", Would: "job:1", Reading: "Sopii", Action: notify.ReplayPlace},
			{ID: placed, State: notify.InPlaced, Stands: "job:1", Would: "job:1", Reading: "Söpii", Action: notify.ReplayReword},
		}
		if diff := cmp.Diff(want, run(false)); diff != "" {
			t.Error(diff)
		}
		if len(d.replies) != 1 {
			t.Fatalf("%d replies before it was told to", len(d.replies))
		}
		run(true)
		if _, err := d.n.ProcessStored(t.Context(), read); err != nil {
			t.Fatal(err)
		}
		if len(d.replies) != 2 || d.replies[1].Message.Body != "Sopii" {
			t.Errorf("replies %+v", d.replies)
		}
		messages, err := d.n.Messages(t.Context(), "job:1")
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, m := range messages {
			if m.Direction == notify.In {
				words = append(words, m.Body)
			}
		}
		if diff := cmp.Diff([]string{"Söpii", "Sopii"}, words); diff != "" {
			t.Error(diff)
		}
		for _, r := range run(false) {
			if r.Action != "" || r.State != notify.InPlaced {
				t.Errorf("a second replay would do %+v", r)
			}
		}
	})
}

// raw stores bytes as a mailbox brings them.
func (d *desk) raw(t *testing.T, bytes string, uid int64) int64 {
	t.Helper()
	id, _, err := d.n.StoreRaw(t.Context(), notify.Raw{Source: "imap:x", Mailbox: "x", UIDValidity: 1, UID: uid, Bytes: []byte(bytes)})
	if err != nil {
		t.Fatal(err)
	}
	return id
}
