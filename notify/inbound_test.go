package notify_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"neuvo/notify"
)

const liisa = "liisa@example.com"

// desk has two open jobs of the same customer, each with a text and a mail sent.
type desk struct {
	*world
	n         *notify.Notifier
	mails     *mails
	first     *notify.Conversation
	second    *notify.Conversation
	sent      []*notify.Message // text 1, mail 1, text 2, mail 2
	replies   []notify.Reply
	failures  []notify.Message
	handleErr error
}

func eachDesk(t *testing.T, f func(t *testing.T, d *desk)) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		d := &desk{world: w, n: n, mails: w.mails(n)}
		d.first, d.second = w.open(n, "job:1", mobile, liisa), w.open(n, "job:2", mobile, liisa)
		for _, subject := range []string{"job:1", "job:2"} {
			a, b := text("text "+subject), text("mail "+subject)
			a.Subject, b.Subject, b.Channel, b.To, b.Occasion = subject, subject, notify.Email, liisa, "survey"
			d.sent = append(d.sent, w.queue(n, a, b)...)
		}
		w.sendDue(n)
		n.OnReply(func(_ context.Context, r notify.Reply) (bool, error) {
			if d.handleErr != nil {
				return false, d.handleErr
			}
			d.replies = append(d.replies, r)
			return true, nil
		})
		n.OnFailure(func(_ context.Context, _ string, m notify.Message) error {
			d.failures = append(d.failures, m)
			return nil
		})
		f(t, d)
	})
}

// mail is what a person wrote back by e-mail.
func (d *desk) mail(to, inReplyTo, words string) notify.Parsed {
	return notify.Parsed{
		Kind: notify.Human, Channel: notify.Email, MessageID: words + "@customer", From: "Liisa@Example.com", FromName: "Liisa",
		Recipients: []notify.Recipient{{Header: "To", Address: to}}, InReplyTo: inReplyTo, Subject: "Re: x", ReplyText: words,
	}
}

func TestARepliedTextAndMailReachTheirOwnJobs(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		sms := d.mail(d.addresses.For(d.first.ID), "", "by text")
		sms.Channel, sms.From, sms.FromName = notify.SMS, mobile, ""
		a := d.mails.arrive(sms)
		b := d.mails.arrive(d.mail("desk@reply.neuvo.test", "<"+d.sent[3].MessageID+">", "by mail"))
		stranger := d.mail(strings.ToUpper(d.addresses.For(d.second.ID)), "", "by a friend")
		stranger.From = "friend@example.com"
		c := d.mails.arrive(stranger)
		if got := d.mails.process(); got != 3 {
			t.Errorf("%d were dealt with", got)
		}
		type seen struct {
			Subject, Body, Rule, Occasion, From string
			Channel                             notify.Channel
			Verified                            bool
			Inbound                             int64
		}
		var got []seen
		for _, r := range d.replies {
			m := r.Message
			got = append(got, seen{r.Subject, m.Body, m.MatchRule, r.InReplyToOccasion, m.FromAddress, m.Channel, m.Verified, m.InboundID})
		}
		want := []seen{
			{"job:1", "by text", "address", "", mobile, notify.SMS, true, a},
			{"job:2", "by mail", "in_reply_to", "survey", liisa, notify.Email, true, b},
			{"job:2", "by a friend", "address", "", "friend@example.com", notify.Email, false, c},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("replies (-want +got):\n%s", diff)
		}
		if in := d.mails.row(a); in.State != notify.InPlaced || in.Attempts != 1 {
			t.Errorf("the row is %s after %d attempts", in.State, in.Attempts)
		}
		if d.mails.process() != 0 {
			t.Error("what was placed is placed again")
		}
	})
}

func TestStoreRawKeepsEachMessageOnceAndMovesTheCursor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		store := func(validity, uid int64) (int64, bool) {
			id, fresh, err := n.StoreRaw(t.Context(), notify.Raw{Source: "imap:INBOX", Mailbox: "INBOX", UIDValidity: validity, UID: uid, Bytes: []byte("x")})
			if err != nil {
				t.Fatal(err)
			}
			return id, fresh
		}
		at := func(validity, uid int64) {
			t.Helper()
			c, err := n.Cursor(t.Context(), "INBOX")
			if err != nil || c.UIDValidity != validity || c.LastUID != uid {
				t.Errorf("cursor %d/%d, %v, want %d/%d", c.UIDValidity, c.LastUID, err, validity, uid)
			}
		}
		at(0, 0)
		first, fresh := store(7, 10)
		if !fresh {
			t.Error("the first is not fresh")
		}
		store(7, 12)
		if again, fresh := store(7, 10); fresh || again != first {
			t.Errorf("the same place again is row %d, fresh %t", again, fresh)
		}
		at(7, 12)
		if other, fresh := store(8, 1); !fresh || other == first {
			t.Error("another UIDVALIDITY is another place")
		}
		at(8, 1)
		if err := n.SetPolled(t.Context(), "INBOX", errBroken); err != nil {
			t.Fatal(err)
		}
		at(8, 1)
		if c, _ := n.Cursor(t.Context(), "INBOX"); c.Error != errBroken.Error() || !c.PolledAt.Equal(w.clock.Now()) {
			t.Errorf("polled %+v", c)
		}
		hook := notify.Raw{Source: "hook:x", Bytes: []byte("one")}
		for i, want := range []bool{true, false} {
			if _, fresh, err := n.StoreRaw(t.Context(), hook); fresh != want || err != nil {
				t.Errorf("the same call of a hook, time %d: fresh %t, %v", i+1, fresh, err)
			}
		}
	})
}

func TestAMailboxReadAgainBringsNothingTwice(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.mails.arrive(d.mail(d.addresses.For(d.first.ID), "", "once"))
		d.mails.process()
		again := d.mails.store("raw 1", 2, 1) // a new UIDVALIDITY, the same bytes
		other := d.mail(d.addresses.For(d.first.ID), "", "once")
		byAnotherWay := d.mails.arrive(other) // other bytes, the same Message-ID, sender and words
		d.mails.process()
		if len(d.replies) != 1 {
			t.Errorf("%d replies", len(d.replies))
		}
		for _, id := range []int64{again, byAnotherWay} {
			if in := d.mails.row(id); in.State != notify.InDuplicate || in.Reason == "" {
				t.Errorf("row %d is %s: %s", id, in.State, in.Reason)
			}
		}
		nameless := d.mail(d.addresses.For(d.first.ID), "", "ok")
		nameless.MessageID = ""
		d.mails.arrive(nameless)
		d.mails.arrive(nameless)
		d.mails.process()
		if len(d.replies) != 3 {
			t.Errorf("%d replies: two like texts without an id are both meant", len(d.replies))
		}
	})
}

func TestAPoisonousMailStopsNothing(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		poison := d.mail("", "", "x")
		poison.Subject = "panic"
		bad := d.mails.arrive(poison)
		unreadable := d.mails.store("Subject: odd\x00\xff bytes", 1, 900)
		strange := d.mail(d.addresses.For(d.first.ID), "", "\x00odd \xff words\r\n")
		strange.Subject, strange.FromName = "a\x00b\xffc", strings.Repeat("ä", 5000)
		odd := d.mails.arrive(strange)
		d.mails.arrive(d.mail(d.addresses.For(d.first.ID), "", "good"))
		if got := d.mails.process(); got != 4 {
			t.Errorf("%d were dealt with", got)
		}
		for _, id := range []int64{bad, unreadable} {
			if in := d.mails.row(id); in.State != notify.InTriage || !strings.HasPrefix(in.Reason, notify.ReasonUnreadable) || in.Body == "" {
				t.Errorf("row %d is %s: %s, %q", id, in.State, in.Reason, in.Body)
			}
		}
		if in := d.mails.row(odd); in.State != notify.InPlaced {
			t.Errorf("odd characters: %s %s %s", in.State, in.Reason, in.Error)
		}
		if len(d.replies) != 2 {
			t.Errorf("%d replies", len(d.replies))
		}
	})
}

func TestAReaderThatKillsTheProgramIsGivenUpAfterThreeTimes(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		id := d.mails.arrive(d.mail(d.addresses.For(d.first.ID), "", "x"))
		// Three processes died in the parser: all that is left of them is the count.
		err := d.db.Tx(t.Context(), func(ctx context.Context) error {
			return d.db.In(ctx).Exec("UPDATE inbound SET attempts = 3 WHERE id = ?", id).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		if d.mails.process() != 1 || d.mails.row(id).State != notify.InTriage {
			t.Errorf("it is %s", d.mails.row(id).State)
		}
	})
}

func TestAFailingHandlerIsAskedAgainAndThenAPerson(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.handleErr = errBroken
		id := d.mails.arrive(d.mail(d.addresses.For(d.first.ID), "", "x"))
		for i := range 3 {
			_, err := d.n.ProcessStored(t.Context(), d.mails.read)
			if !errors.Is(err, errBroken) {
				t.Fatalf("time %d: %v", i+1, err)
			}
			if rows, _ := d.n.Messages(t.Context(), "job:1"); len(rows) != 2 {
				t.Fatalf("time %d left %d messages", i+1, len(rows))
			}
			if in := d.mails.row(id); i < 2 && (in.State != notify.InStored || in.Error == "" || in.Attempts != i+1) {
				t.Fatalf("time %d: %s %q", i+1, in.State, in.Error)
			}
		}
		in := d.mails.row(id)
		want := []notify.Candidate{{Subject: "job:1", Why: "address: To: " + d.addresses.For(d.first.ID)}}
		if in.State != notify.InTriage || !strings.HasPrefix(in.Reason, notify.ReasonGaveUp) || cmp.Diff(want, in.Candidates) != "" {
			t.Errorf("it is %s: %s, %v", in.State, in.Reason, in.Candidates)
		}
		d.handleErr = nil
		if _, err := d.n.Assign(t.Context(), id, "job:1", "maija"); err != nil || len(d.replies) != 1 {
			t.Errorf("Assign: %v, %d replies", err, len(d.replies))
		}
	})
}

func TestMachinesAreNotedAndNeverAnswer(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		about := d.addresses.For(d.first.ID)
		states := map[notify.Kind]int64{}
		for _, kind := range []notify.Kind{notify.Auto, notify.List, notify.Own, notify.Receipt} {
			p := d.mail(about, "", "machine "+string(kind))
			p.Kind = kind
			states[kind] = d.mails.arrive(p)
		}
		stray := d.mail("desk@reply.neuvo.test", "", "newsletter")
		stray.Kind = notify.List
		states["stray"] = d.mails.arrive(stray)
		d.mails.process()
		if len(d.replies) != 0 || len(d.failures) != 0 {
			t.Errorf("%d replies, %d failures", len(d.replies), len(d.failures))
		}
		for kind, id := range states {
			if in := d.mails.row(id); in.State != notify.InEvent || in.Reason == "" {
				t.Errorf("%s is %s: %q", kind, in.State, in.Reason)
			}
		}
		rows, err := d.n.Messages(t.Context(), "job:1")
		var kinds strings.Builder
		for _, m := range rows {
			kinds.WriteString(" " + string(m.Kind))
		}
		if err != nil || strings.Join(strings.Fields(kinds.String()), " ") != "auto list receipt" {
			t.Errorf("on the conversation: %q, %v", kinds.String(), err)
		}
	})
}

func TestABounceFailsTheMessageItIsAbout(t *testing.T) {
	for name, bounce := range map[string]func(d *desk) notify.Parsed{
		"named by its Message-ID": func(d *desk) notify.Parsed {
			return notify.Parsed{OriginalID: "<" + d.sent[1].MessageID + ">"}
		},
		"named by address and recipient": func(d *desk) notify.Parsed {
			return notify.Parsed{FailedRecipient: "Liisa@example.com", Recipients: to(d.addresses.For(d.first.ID))}
		},
		"a text by the gateway's recipient": func(d *desk) notify.Parsed {
			return notify.Parsed{FailedRecipient: "358401234567@sms.example.com", Recipients: to(d.addresses.For(d.first.ID))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachDesk(t, func(t *testing.T, d *desk) {
				p := bounce(d)
				p.Kind, p.From, p.MessageID, p.FailedReason = notify.Bounce, "mailer-daemon@mx", "b@mx", "550 no such user"
				id := d.mails.arrive(p)
				d.mails.process()
				failed := d.sent[1]
				if strings.HasPrefix(p.FailedRecipient, "358") {
					failed = d.sent[0]
				}
				got := d.message(d.n, failed.ID)
				if got.State != notify.Failed || got.Error != "550 no such user" || d.states(d.n, failed.ID) != "queued claimed accepted failed" {
					t.Errorf("it is %s %q (%s)", got.State, got.Error, d.states(d.n, failed.ID))
				}
				if len(d.failures) != 1 || d.failures[0].ID != failed.ID || len(d.replies) != 0 {
					t.Errorf("%d failures told, %d replies", len(d.failures), len(d.replies))
				}
				if in := d.mails.row(id); in.State != notify.InEvent {
					t.Errorf("the row is %s", in.State)
				}
				p.MessageID = "b2@mx"
				d.mails.arrive(p)
				d.mails.process()
				if len(d.failures) != 1 {
					t.Error("a second bounce is told again")
				}
			})
		})
	}
}

func TestAReceiptMarksDelivery(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.mails.arrive(notify.Parsed{Kind: notify.Receipt, From: liisa, MessageID: "r@x", OriginalID: d.sent[1].MessageID})
		d.mails.process()
		if got := d.message(d.n, d.sent[1].ID); got.State != notify.Delivered {
			t.Errorf("it is %s", got.State)
		}
	})
}

func TestTriageWaitsForAPersonWhoPlacesOrDismisses(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		lost := d.mails.arrive(d.mail("desk@reply.neuvo.test", "", "which one?"))
		torn := d.mails.arrive(d.mail(d.addresses.For(d.first.ID), d.sent[3].MessageID, "torn"))
		spam := d.mails.arrive(notify.Parsed{From: "x@spam", Text: "buy", MessageID: "s@s"})
		d.mails.process()
		rows, next, err := d.n.Inbox(t.Context(), "triage", 2, "")
		if err != nil || len(rows) != 2 || rows[0].ID != spam || next == "" || len(rows[0].Raw) != 0 {
			t.Fatalf("first page: %d rows, %q, %v", len(rows), next, err)
		}
		rows, next, err = d.n.Inbox(t.Context(), "triage", 2, next)
		if err != nil || len(rows) != 1 || rows[0].ID != lost || next != "" {
			t.Fatalf("second page: %d rows, %q, %v", len(rows), next, err)
		}
		if _, _, err := d.n.Inbox(t.Context(), "all", 0, "x"); err == nil {
			t.Error("a cursor that is none was accepted")
		}
		want := []notify.Candidate{{Subject: "job:2", Why: liisa + " takes part in it"}, {Subject: "job:1", Why: liisa + " takes part in it"}}
		if diff := cmp.Diff(want, rows[0].Candidates); diff != "" || rows[0].Reason != notify.ReasonSeveral || rows[0].Body != "which one?" {
			t.Errorf("%s, candidates (-want +got):\n%s", rows[0].Reason, diff)
		}
		if in := d.mails.row(torn); !strings.HasPrefix(in.Reason, notify.ReasonDisagree) || len(in.Candidates) != 2 {
			t.Errorf("torn: %s %v", in.Reason, in.Candidates)
		}
		m, err := d.n.Assign(t.Context(), lost, "job:2", "Maija")
		if err != nil || m.MatchRule != "hand" || m.MatchEvidence != "Maija" || !m.Verified || m.Body != "which one?" {
			t.Errorf("Assign = %+v, %v", m, err)
		}
		if len(d.replies) != 1 || d.replies[0].Subject != "job:2" || d.replies[0].InReplyToOccasion != "" {
			t.Errorf("replies %+v", d.replies)
		}
		if err := d.n.Dismiss(t.Context(), spam, "Maija"); err != nil {
			t.Errorf("Dismiss: %v", err)
		}
		if err := d.n.Dismiss(t.Context(), spam, "Maija"); err != nil {
			t.Errorf("Dismiss again: %v", err)
		}
		d.refusals(t, lost)
	})
}

// refusals are what cannot be done with an inbound message that was placed.
func (d *desk) refusals(t *testing.T, placed int64) {
	t.Helper()
	for name, c := range map[string]struct {
		do   func() error
		want string
	}{
		"assign what is placed":  {func() error { _, err := d.n.Assign(t.Context(), placed, "job:1", "x"); return err }, "fault.inbound_done"},
		"dismiss what is placed": {func() error { return d.n.Dismiss(t.Context(), placed, "x") }, "fault.inbound_done"},
		"dismiss what is not":    {func() error { return d.n.Dismiss(t.Context(), 12345, "x") }, "fault.not_found"},
		"assign to nothing": {func() error {
			id := d.mails.arrive(notify.Parsed{From: "q@q", Text: fmt.Sprint(time.Now()), MessageID: "q@q"})
			d.mails.process()
			_, err := d.n.Assign(t.Context(), id, "job:404", "x")
			return err
		}, "fault.not_found"},
	} {
		if err := c.do(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestPurgeEmptiesWhatIsLongDealtWithAndStillKnowsIt(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		placed := d.mails.arrive(d.mail(d.addresses.For(d.first.ID), "", "old"))
		waiting := d.mails.arrive(d.mail("", "", "still in triage"))
		d.mails.process()
		d.clock.Advance(200 * 24 * time.Hour)
		if got, err := d.n.Purge(t.Context()); got != 1 || err != nil {
			t.Errorf("Purge = %d, %v", got, err)
		}
		if in := d.mails.row(placed); len(in.Raw) != 0 || in.Body != "" {
			t.Errorf("%d bytes and %q are left", len(in.Raw), in.Body)
		}
		if in := d.mails.row(waiting); len(in.Raw) == 0 {
			t.Error("what waits for a person was emptied")
		}
		if got, err := d.n.Purge(t.Context()); got != 0 || err != nil {
			t.Errorf("Purge again = %d, %v", got, err)
		}
		d.mails.store("raw 1", 2, 1)
		d.mails.process()
		if len(d.replies) != 1 {
			t.Error("a purged message came back as new")
		}
	})
}
