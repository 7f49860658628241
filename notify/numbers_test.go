package notify_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"neuvo/internal/db"
	"neuvo/notify"
)

// rooms stands for the rooms above: it names jobs and hears of doubts.
type rooms struct {
	doubts, over []string
}

func (r *rooms) TagsIn(text string) (list []string) {
	for word := range strings.FieldsSeq(text) {
		if strings.HasPrefix(word, "NV-") {
			list = append(list, word)
		}
	}
	return list
}

func (r *rooms) Tagged(_ context.Context, words []string) (map[string]string, error) {
	out := map[string]string{}
	for _, word := range words {
		out[word] = "job:" + strings.TrimPrefix(word, "NV-")
	}
	return out, nil
}

func (r *rooms) Describe(_ context.Context, subjects []string) (map[string]notify.Description, error) {
	out := map[string]notify.Description{}
	for _, s := range subjects {
		out[s] = notify.Description{Label: "Volvo of " + s, Locale: "en", Author: "Satu Salo"}
	}
	return out, nil
}

func (r *rooms) Doubt(_ context.Context, in notify.Inbound, subjects []string, over bool) error {
	line := in.Body + ": " + strings.Join(subjects, " ")
	if over {
		r.over = append(r.over, line)
	} else {
		r.doubts = append(r.doubts, line)
	}
	return nil
}

// phones is a world whose texts go over numbers of ours.
type phones struct {
	*world
	n       *notify.Notifier
	mails   *mails
	rooms   *rooms
	replies []notify.Reply
	next    int
}

func eachPhones(t *testing.T, numbers []string, f func(t *testing.T, p *phones)) {
	each(t, func(t *testing.T, w *world) {
		p := &phones{world: w, rooms: &rooms{}}
		p.n = notify.New(w.db, notify.Options{
			Now: w.clock.Now, Log: slog.New(slog.DiscardHandler), Addresses: w.addresses, Holder: "a",
			Routes: []notify.Route{{Gateway: w.sms, Numbers: numbers}, {Gateway: w.email}},
		})
		p.n.SetSubjects(p.rooms)
		p.n.SetVersions(func(context.Context, string) (int, bool, error) { return 1, true, nil })
		p.n.OnReply(func(_ context.Context, r notify.Reply) (bool, error) {
			p.replies = append(p.replies, r)
			return true, nil
		})
		p.mails = w.mails(p.n)
		f(t, p)
	})
}

// tells sends a text about a job to a phone and gives what arrived.
func (p *phones) tells(subject, phone, body string) notify.Envelope {
	p.t.Helper()
	return p.asks(subject, phone, body, "")
}

func (p *phones) asks(subject, phone, body, asks string) notify.Envelope {
	p.t.Helper()
	o := text(body)
	o.Subject, o.To, o.Locale, o.Asks, o.Occasion = subject, phone, "en", asks, "x"+asks
	p.queue(p.n, o)
	p.sendDue(p.n)
	sent := p.sms.envelopes()
	return sent[len(sent)-1]
}

// arrives brings in a text over HTTP and gives its row as it stands then.
func (p *phones) arrives(from, number, body string) notify.Inbound {
	p.t.Helper()
	p.next++
	return p.arrivesAs(notify.Parsed{
		Channel: notify.SMS, From: from, Number: number, ReplyText: body, Text: body, ProviderID: fmt.Sprintf("SM%d", p.next),
	})
}

func (p *phones) arrivesAs(in notify.Parsed) notify.Inbound {
	p.t.Helper()
	in.Kind = notify.Human
	id := p.mails.arrive(in)
	p.mails.process()
	return p.mails.row(id)
}

// onJob is where a placed row stands and by which rule.
func (p *phones) onJob(in notify.Inbound) string {
	p.t.Helper()
	for _, job := range []string{"job:1", "job:2", "job:3", "job:4"} {
		list, err := p.n.Messages(p.t.Context(), job)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, m := range list {
			if m.InboundID == in.ID {
				return job + " by " + m.MatchRule
			}
		}
	}
	return string(in.State)
}

func (p *phones) wantOn(in notify.Inbound, want string) {
	p.t.Helper()
	if got := p.onJob(in); got != want {
		p.t.Errorf("%q stands on %s, want %s (%s)", in.Body, got, want, in.Reason)
	}
}

func (p *phones) close(subject string) {
	p.t.Helper()
	if err := p.n.SetClosed(p.t.Context(), subject, db.At(p.clock.Now())); err != nil {
		p.t.Fatal(err)
	}
}

const (
	line1 = "+358457000001"
	line2 = "+358457000002"
	other = "+358409999999"
)

func TestTwoOpenJobsOfAPhoneNeverShareANumberWhileThereIsAnother(t *testing.T) {
	eachPhones(t, []string{line1, line2}, func(t *testing.T, p *phones) {
		for _, job := range []string{"job:1", "job:2", "job:3"} {
			p.open(p.n, job, mobile, "")
		}
		p.open(p.n, "job:4", other, "")
		first, second := p.tells("job:1", mobile, "one"), p.tells("job:2", mobile, "two")
		if first.From == second.From || !slices.Contains([]string{line1, line2}, first.From) || !slices.Contains([]string{line1, line2}, second.From) {
			t.Fatalf("sent from %s and %s", first.From, second.From)
		}
		if again := p.tells("job:1", mobile, "again"); again.From != first.From || again.Body != "again" {
			t.Errorf("the job's number moved to %s, %q", again.From, again.Body)
		}
		if another := p.tells("job:4", other, "four"); another.From != line1 || another.Body != "four" {
			t.Errorf("another phone's is %s, %q", another.From, another.Body)
		}
		p.wantOn(p.arrives(mobile, first.From, "Kiitos"), "job:1 by pair")
		p.wantOn(p.arrives(mobile, second.From, "Kiitos"), "job:2 by pair")
		// Over, its number still is its own for a while, and rests.
		p.close("job:1")
		p.wantOn(p.arrives(mobile, first.From, "5"), "job:1 by pair")
		third := p.tells("job:3", mobile, "three")
		if !strings.Contains(third.Body, "three\n") || !strings.HasSuffix(third.Body, "begin with J2.") {
			t.Errorf("with every number taken or resting the text is %q", third.Body)
		}
		p.clock.Advance(31 * 24 * time.Hour)
		p.close("job:2")
		if again := p.tells("job:3", mobile, "later"); again.From != third.From {
			t.Errorf("a number that a job has was changed from %s to %s", third.From, again.From)
		}
	})
}

func TestOneNumberAndTwoJobsAreToldApartByCodes(t *testing.T) {
	eachPhones(t, []string{line1}, func(t *testing.T, p *phones) {
		p.open(p.n, "job:1", mobile, "")
		p.open(p.n, "job:2", mobile, "")
		if first := p.tells("job:1", mobile, "one"); first.Body != "one" {
			t.Errorf("a phone's only job has a code: %q", first.Body)
		}
		second := p.asks("job:2", mobile, "Is 9 fine?", "confirmation")
		if second.From != line1 || second.Body != "Is 9 fine?\nPlease begin your answer with J2." {
			t.Errorf("from %s: %q", second.From, second.Body)
		}
		if again := p.tells("job:1", mobile, "ready"); again.Body != "ready\nIf you answer, please begin with K2." {
			t.Errorf("now the first has one too: %q", again.Body)
		}
		p.wantOn(p.arrives(mobile, line1, "J2 kyllä"), "job:2 by code")
		if got := p.replies[0]; got.Message.Body != "kyllä" {
			t.Errorf("the handlers read %q", got.Message.Body)
		}
		p.wantOn(p.arrives(mobile, line1, "kyllä"), "job:2 by asked")
		if err := p.n.Answered(t.Context(), "job:2", "confirmation"); err != nil {
			t.Fatal(err)
		}
		// Nothing asks any more: the customer is asked, once, and the answer places
		// what came before.
		lost, lostToo := p.arrives(mobile, line1, "Tulenko yhdeksältä?"), p.arrives(mobile, line1, "Haloo")
		p.wantOn(lost, "triage")
		p.sendDue(p.n)
		list := p.sms.envelopes()[len(p.sms.envelopes())-1]
		if list.From != line1 || !strings.Contains(list.Body, "J2 Volvo of job:2\n") || !strings.Contains(list.Body, "Volvo of job:1\n") || !strings.Contains(list.Body, "Satu") {
			t.Errorf("the list is from %s: %q", list.From, list.Body)
		}
		if len(p.rooms.doubts) != 2 || p.rooms.doubts[0] != "Tulenko yhdeksältä?: job:2 job:1" {
			t.Errorf("told of doubts: %q", p.rooms.doubts)
		}
		before := len(p.replies)
		answer := p.arrives(mobile, line1, "j2")
		p.wantOn(answer, "job:2 by code")
		p.wantOn(p.mails.row(lost.ID), "job:2 by answered")
		p.wantOn(p.mails.row(lostToo.ID), "job:2 by answered")
		if got := p.replies[before:]; len(got) != 2 || got[0].Message.Body != "Tulenko yhdeksältä?" {
			t.Errorf("a bare code answers nothing by itself; the handlers saw %+v", got)
		}
		if len(p.rooms.over) != 2 {
			t.Errorf("found their place: %q", p.rooms.over)
		}
		if n := p.sendDue(p.n); n != 0 {
			t.Errorf("%d more lists were sent", n)
		}
	})
}

func TestACodeIsNotGivenAgainForNinetyDays(t *testing.T) {
	eachPhones(t, []string{line1}, func(t *testing.T, p *phones) {
		code := func(e notify.Envelope) string {
			return strings.TrimSuffix(e.Body[strings.LastIndexByte(e.Body, ' ')+1:], ".")
		}
		for _, job := range []string{"job:1", "job:2", "job:3", "job:4"} {
			p.open(p.n, job, mobile, "")
		}
		p.tells("job:1", mobile, "one")
		two := code(p.tells("job:2", mobile, "two"))
		p.close("job:2")
		p.clock.Advance(60 * 24 * time.Hour)
		if three := code(p.tells("job:3", mobile, "three")); three == two {
			t.Errorf("%s was given again after 60 days", three)
		}
		p.clock.Advance(31 * 24 * time.Hour)
		if four := code(p.tells("job:4", mobile, "four")); four == "" {
			t.Error("no code")
		}
		p.wantOn(p.arrives(mobile, line1, two+" ok"), "job:4 by code")
		p.wantOn(p.arrives(other, line1, two+" ok"), "triage")
	})
}

func TestATextThatComesTwiceStandsOnce(t *testing.T) {
	eachPhones(t, []string{line1}, func(t *testing.T, p *phones) {
		p.open(p.n, "job:1", mobile, "")
		p.tells("job:1", mobile, "one")
		in := notify.Parsed{Channel: notify.SMS, From: mobile, Number: line1, ReplyText: "ok", Text: "ok", ProviderID: "SM1"}
		p.wantOn(p.arrivesAs(in), "job:1 by pair")
		if again := p.arrivesAs(in); again.State != notify.InDuplicate {
			t.Errorf("the second is %s", again.State)
		}
		in.ProviderID = "SM2"
		p.wantOn(p.arrivesAs(in), "job:1 by pair") // the same words, meant twice
	})
}

func TestALongTextIsPutTogetherWhateverTheOrder(t *testing.T) {
	part := func(number int, words, ref string) notify.Parsed {
		return notify.Parsed{
			Channel: notify.SMS, From: mobile, Number: line1, ReplyText: words, Text: words,
			ProviderID: fmt.Sprintf("%s-%d", ref, number), Part: notify.Part{Ref: ref, Number: number, Total: 3},
		}
	}
	pieces := []string{"Voitteko katsoa ", "myös jarrut, ne vin", "kuvat. Kiitos!"}
	eachPhones(t, []string{line1}, func(t *testing.T, p *phones) {
		p.open(p.n, "job:1", mobile, "")
		p.tells("job:1", mobile, "one")
		for i, order := range [][]int{{1, 2, 3}, {3, 1, 2}, {2, 3, 1}, {3, 3, 2, 1}} {
			var last notify.Inbound
			for _, number := range order {
				last = p.arrivesAs(part(number, pieces[number-1], fmt.Sprint("ref", i)))
			}
			p.wantOn(last, "job:1 by pair")
			if got := p.replies[len(p.replies)-1].Message.Body; got != strings.Join(pieces, "") || len(p.replies) != i+1 {
				t.Errorf("order %v gave %q, %d replies", order, got, len(p.replies))
			}
		}
		// One that never comes is not waited for without end.
		first := p.arrivesAs(part(3, pieces[2], "torn"))
		p.arrivesAs(part(1, pieces[0], "torn"))
		p.wantOn(first, "part")
		p.clock.Advance(2 * time.Minute)
		if p.mails.process() != 0 {
			t.Error("it was not waited for")
		}
		p.clock.Advance(2 * time.Minute)
		p.mails.process()
		if got := p.replies[len(p.replies)-1].Message.Body; got != "Voitteko katsoa  […] kuvat. Kiitos!" {
			t.Errorf("what there is reads %q", got)
		}
		if n := p.mails.process(); n != 0 {
			t.Errorf("%d more were dealt with", n)
		}
	})
}

func TestTwoCustomersWhoShareAPhoneAreAskedAndAMarkIsNoAnswer(t *testing.T) {
	eachPhones(t, []string{line1}, func(t *testing.T, p *phones) {
		p.open(p.n, "job:1", mobile, "eeva@example.com")
		p.open(p.n, "job:2", mobile, "erkki@example.com")
		p.tells("job:1", mobile, "Eeva, the bike is here")
		p.tells("job:2", mobile, "Erkki, the bike is here")
		p.wantOn(p.arrives(mobile, line1, "Y"), "triage")
		p.sendDue(p.n)
		if got := p.sms.bodies(); len(got) != 3 || !strings.Contains(got[2], "job:1") || !strings.Contains(got[2], "job:2") {
			t.Fatalf("texts %q", got)
		}
		p.wantOn(p.arrives(mobile, line1, "👍 to “Eeva, the bike is here”"), "job:1 by reaction")
		if got := p.replies[0]; got.Reaction != notify.ReactionLike || got.InReplyToOccasion != "x" {
			t.Errorf("the handlers saw %+v", got)
		}
		p.sendDue(p.n)
		if got := p.sms.bodies(); len(got) != 3 {
			t.Errorf("asked again: %q", got)
		}
		if err := p.n.Dismiss(t.Context(), 1, "Maija"); err != nil {
			t.Fatal(err)
		}
		if len(p.rooms.over) != 1 {
			t.Errorf("dismissed, and told %q", p.rooms.over)
		}
	})
}

func TestAMessageIsMovedByHandWithTheReason(t *testing.T) {
	eachPhones(t, []string{line1}, func(t *testing.T, p *phones) {
		p.open(p.n, "job:1", mobile, "")
		p.open(p.n, "job:2", other, "")
		p.tells("job:1", mobile, "one")
		p.arrives(mobile, line1, "About the other car")
		m := p.replies[0].Message
		moved, err := p.n.Move(t.Context(), m.ID, "job:2", "Satu", "his wife's car", "")
		if err != nil || moved.MatchRule != notify.RuleHand || moved.MatchEvidence != "Satu: his wife's car" || moved.Verified {
			t.Fatalf("%+v, %v", moved, err)
		}
		if len(p.replies) != 2 || p.replies[1].Subject != "job:2" {
			t.Errorf("the handlers saw %+v", p.replies)
		}
		if got := p.states(p.n, m.ID); got != "received received" {
			t.Errorf("its history is %q", got)
		}
		for name, to := range map[string]string{"where it stands": "job:2", "nowhere": "job:99"} {
			if _, err := p.n.Move(t.Context(), m.ID, to, "Satu", "", ""); err == nil {
				t.Errorf("it was moved %s", name)
			}
		}
		// Once the phone is known to be his, what came from it counts as his.
		who := notify.Participant{Channel: notify.SMS, Address: mobile}
		if err := p.n.Recognise(t.Context(), []string{"job:2"}, who); err != nil {
			t.Fatal(err)
		}
		if got := p.message(p.n, m.ID); !got.Verified {
			t.Error("it is not counted as the customer's")
		}
	})
}

func TestATextThatNamesItsVisitIsNotTakenAlongByAnAnswerAboutAnother(t *testing.T) {
	eachPhones(t, []string{line1}, func(t *testing.T, p *phones) {
		p.open(p.n, "job:1", mobile, "")
		p.open(p.n, "job:2", mobile, "")
		p.tells("job:1", mobile, "one")
		p.tells("job:2", mobile, "two")
		p.wantOn(p.arrives(mobile, line1, "NV-1 could you look at the brakes"), "job:1 by tag")
		unclear := p.arrives(mobile, line1, "When is it ready?")
		named := p.arrives(mobile, line1, "and JOB 1 needs a wash")
		coded := p.arrives(mobile, line1, "J9 hello")
		p.wantOn(p.arrives(mobile, line1, "J2"), "job:2 by code")
		p.wantOn(p.mails.row(unclear.ID), "job:2 by answered")
		p.wantOn(p.mails.row(named.ID), "triage")
		p.wantOn(p.mails.row(coded.ID), "triage")
	})
}
