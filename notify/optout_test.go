package notify_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"neuvo/notify"
)

func TestOnlyTheWholeTextIsAnOptOutWord(t *testing.T) {
	for body, want := range map[string]notify.OptOut{
		"STOP": notify.OptedOut, " stop. ": notify.OptedOut, "Stop all": notify.OptedOut, "UNSUBSCRIBE!": notify.OptedOut,
		"Lopeta": notify.OptedOut, "LOPETA  VIESTIT": notify.OptedOut, "ei kiitos viestejä": notify.OptedOut, "ei enää viestejä": notify.OptedOut,
		"SLUTA": notify.OptedOut, "Avsluta": notify.OptedOut, "inga fler sms": notify.OptedOut, "STOPP": notify.OptedOut,
		"START": notify.OptedIn, "Aloita": notify.OptedIn, "starta": notify.OptedIn, "Börja.": notify.OptedIn,
		"It squeaks when I stop": "", "stop the work please": "", "Lopettakaa tuo ääni": "", "Ei kiitos": "", "Nej tack": "",
		"No": "", "Quit": "", "end": "", "cancel": "", "peru": "", "peru aika": "", "avboka": "", "The car won't start": "", "starta den inte": "",
		"5 stop": "", "": "", "stop?no": "",
		"STOP 🛑": notify.OptedOut, "🙏 stop 🙏🏽": notify.OptedOut, "“STOP”!!!": notify.OptedOut, "*STOP*": notify.OptedOut, "STOP\u200d\ufe0f": notify.OptedOut,
		"\u00a0Lopeta…": notify.OptedOut, "stop :)": notify.OptedOut, "<STOP>": notify.OptedOut, "start 👍": notify.OptedIn,
		"STOP 12345": "", "STOP ABC-123": "", "stop 2": "", "no STOP": "", "🛑": "", "non-stop": "", "STOP\nwork until I call": "",
	} {
		if got := notify.OptWord(body); got != want {
			t.Errorf("OptWord(%q) = %q, want %q", body, got, want)
		}
	}
}

// said lets a text come from the phone of the desk's customer.
func (d *desk) said(body string, by notify.OptOut) {
	d.t.Helper()
	d.mails.arrive(notify.Parsed{Kind: notify.Human, Channel: notify.SMS, From: mobile, Text: body, ReplyText: body, OptOut: by,
		Recipients: []notify.Recipient{{Header: "To", Address: d.addresses.For(d.first.ID)}}})
	d.mails.process()
}

func TestStopEndsWhatIsNotPartOfTheServiceAndStartBringsItBack(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		var heard []map[notify.Purpose]bool
		d.n.OnConsent(func(_ context.Context, phone string, want map[notify.Purpose]bool) error {
			if phone != mobile || !d.db.InTx(t.Context()) && phone == "" {
				t.Errorf("heard of %s", phone)
			}
			heard = append(heard, want)
			return nil
		})
		about := func(p notify.Purpose, body string) notify.Outgoing {
			o := text(body)
			o.Purpose = p
			return o
		}
		d.queue(d.n, about(notify.Survey, "How was it?"))
		d.sendDue(d.n)
		before := len(d.sms.bodies())
		d.said("STOP", "")
		d.said("stop", "") // answered once
		rows := d.queue(d.n, about(notify.Survey, "survey"), about(notify.Reminder, "reminder"), about(notify.Marketing, "offer"), about(notify.JobUpdate, "your car is ready"))
		d.sendDue(d.n)
		got := d.sms.bodies()[before:]
		if len(got) != 2 || !strings.Contains(got[0], "ALOITA") || got[1] != "your car is ready" {
			t.Errorf("after STOP there went %q", got)
		}
		for _, row := range rows[:3] {
			if m := d.message(d.n, row.ID); m.State != notify.Suppressed || m.Error == "" {
				t.Errorf("%s is %s %q", m.Body, m.State, m.Error)
			}
		}
		if len(d.replies) != 0 {
			t.Errorf("the word was taken for an answer: %+v", d.replies)
		}
		before = len(d.sms.bodies())
		d.said("START", "")
		d.queue(d.n, about(notify.Survey, "survey again"), about(notify.Marketing, "offer again"))
		d.sendDue(d.n)
		if got := d.sms.bodies()[before:]; len(got) != 2 || got[1] != "survey again" {
			t.Errorf("after START there went %q", got)
		}
		if len(heard) != 3 || heard[0][notify.Survey] || !heard[2][notify.Survey] {
			t.Errorf("heard %v", heard)
		}
		log, err := d.n.Consents(t.Context(), mobile)
		if err != nil || len(log) != 5 || log[0].How != notify.ByText {
			t.Errorf("log %+v, %v", log, err)
		}
	})
}

func TestAPhoneThatStoppedTextsAtTheGatewayGetsMailInstead(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		told := 0
		n.OnFailure(func(context.Context, string, notify.Message) error { told++; return nil })
		w.open(n, "job:1", mobile, "liisa@example.com")
		w.sms.say(stopped)
		first := w.queue(n, text("your car is ready"))[0]
		w.sendDue(n)
		w.sendDue(n)
		if m := w.message(n, first.ID); m.State != notify.Suppressed || told != 0 || strings.Join(w.email.bodies(), "") != "your car is ready" {
			t.Errorf("it is %s %q, told %d, mailed %q", m.State, m.Error, told, w.email.bodies())
		}
		w.sms.say(nil)
		calls := len(w.sms.bodies())
		code := text("your code is 123")
		code.Shown = "your code is •••"
		rows := w.queue(n, text("once more"), code)
		w.sendDue(n)
		w.sendDue(n)
		if len(w.sms.bodies()) != calls {
			t.Error("the gateway was bothered again")
		}
		if m := w.message(n, rows[1].ID); m.State != notify.Failed || told != 1 || len(w.email.bodies()) != 2 {
			t.Errorf("the code is %s, told %d, mailed %q", m.State, told, w.email.bodies())
		}
		if f, err := n.Forecast(t.Context(), "job:1", mobile, true); err != nil || !f.Blocked {
			t.Errorf("forecast %+v, %v", f, err)
		}
		nowhere := text("nobody to mail")
		nowhere.Subject = "job:2"
		m := w.queue(n, nowhere)[0]
		w.sendDue(n)
		if got := w.message(n, m.ID); got.State != notify.Failed || told != 2 {
			t.Errorf("without an address it is %s, told %d", got.State, told)
		}
	})
}

func TestAReportOfAnOptOutIsMirrored(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		m := w.queue(n, text("x"))[0]
		w.sendDue(n)
		reporter{w, n}.say(notify.Report{GatewayID: w.message(n, m.ID).GatewayID, State: notify.Failed, Code: "21610", OptedOut: true})
		w.clock.Advance(time.Minute)
		w.queue(n, text("y"))
		w.sendDue(n)
		if got := w.sms.bodies(); len(got) != 1 {
			t.Errorf("sent %q", got)
		}
	})
}

func TestAStopOnASharedNumberEndsTextsAndAsksNothing(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		out  bool
	}{
		"the bare word":                         {"STOP", true},
		"with a smile":                          {"Stop! 😡", true},
		"with our number behind it":             {"STOP " + line1, true},
		"with our number as people write it":    {"stop 358457000001", true},
		"with the code of a visit, as we asked": {"J2 stop", true},
		"with the code behind it":               {"LOPETA J2.", true},
		"with a number of something else":       {"STOP 12345", false},
	} {
		t.Run(name, func(t *testing.T) {
			eachPhones(t, []string{line1}, func(t *testing.T, p *phones) {
				p.open(p.n, "job:1", mobile, "")
				p.open(p.n, "job:2", mobile, "")
				p.tells("job:1", mobile, "one")
				p.asks("job:2", mobile, "How was it?", "")
				p.arrives(mobile, line1, c.body)
				p.sendDue(p.n)
				gone, err := p.n.Withdrawn(t.Context(), mobile)
				if err != nil || gone[notify.Survey] != c.out || gone[notify.Marketing] != c.out {
					t.Errorf("withdrawn %v, %v", gone, err)
				}
				sent := p.sms.envelopes()[2:]
				if len(sent) != 1 || sent[0].From != line1 {
					t.Fatalf("answered with %+v", sent)
				}
				asked := strings.Contains(sent[0].Body, "Volvo of job:1")
				if asked == c.out || c.out && !strings.Contains(sent[0].Body, "START") {
					t.Errorf("answered with %q", sent[0].Body)
				}
				if c.out && len(p.replies) != 0 {
					t.Errorf("a room has looked at it: %+v", p.replies)
				}
				if !c.out {
					return
				}
				// Nothing is asked afterwards either, and the work is told of.
				p.arrives(mobile, line1, "stop")
				p.tells("job:1", mobile, "ready")
				if got := p.sms.bodies()[3:]; len(got) != 1 || !strings.HasPrefix(got[0], "ready") {
					t.Errorf("later there went %q", got)
				}
			})
		})
	}
}

func TestAStopConfirmationComesFromTheNumberItWasSaidTo(t *testing.T) {
	eachPhones(t, []string{line1, line2}, func(t *testing.T, p *phones) {
		p.open(p.n, "job:1", mobile, "")
		p.open(p.n, "job:2", mobile, "")
		first := p.tells("job:1", mobile, "one")
		p.tells("job:2", mobile, "two")
		p.arrives(mobile, first.From, "STOP")
		p.sendDue(p.n)
		sent := p.sms.envelopes()
		if got := sent[len(sent)-1]; len(sent) != 3 || got.From != first.From || got.Occasion != "opted_out" {
			t.Errorf("%d texts, the last is %+v", len(sent), got)
		}
	})
}

func TestACodeIsNotGivenToAnotherVisitForNinetyDays(t *testing.T) {
	eachPhones(t, []string{line1}, func(t *testing.T, p *phones) {
		for _, job := range []string{"job:1", "job:2", "job:3"} {
			p.open(p.n, job, mobile, "")
		}
		p.tells("job:1", mobile, "one")
		second := p.tells("job:2", mobile, "two")
		if !strings.Contains(second.Body, "J2") {
			t.Fatalf("%q", second.Body)
		}
		p.close("job:2")
		p.clock.Advance(89 * 24 * time.Hour)
		third := p.tells("job:3", mobile, "three")
		if strings.Contains(third.Body, "J2") {
			t.Errorf("after 89 days its code is given again: %q", third.Body)
		}
		p.wantOn(p.arrives(mobile, line1, "J2 hello"), "triage") // never placed on the visit that has one now
	})
}

func TestWhatWasWrittenHoursAgoIsAnsweredInTheMorning(t *testing.T) {
	for body, first := range map[string]string{"STOP": "No more surveys", "Is it ready?": "Thank you for your message!"} {
		t.Run(body, func(t *testing.T) {
			eachPhones(t, []string{line1}, func(t *testing.T, p *phones) {
				p.night(p.n, time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC))
				p.open(p.n, "job:1", mobile, "")
				p.open(p.n, "job:2", mobile, "")
				p.tells("job:1", mobile, "one")
				p.tells("job:2", mobile, "two")
				p.next++
				in := notify.Parsed{Kind: notify.Human, Channel: notify.SMS, From: mobile, Number: line1, ReplyText: body, Text: body, ProviderID: "late"}
				p.mails.arrive(in)             // at five in the afternoon
				p.clock.Advance(7 * time.Hour) // and read at midnight: the program was down
				p.mails.process()
				p.sendDue(p.n)
				if got := p.sms.bodies()[2:]; len(got) != 0 {
					t.Errorf("woken by %q", got)
				}
				p.clock.Advance(8 * time.Hour)
				p.sendDue(p.n)
				if got := p.sms.bodies()[2:]; len(got) != 1 || !strings.HasPrefix(got[0], first) {
					t.Errorf("in the morning there went %q", got)
				}
			})
		})
	}
}

func TestAQuestionThatIsSentAgainIsStillOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.processWith(notify.Route{Gateway: w.sms, Names: map[string]string{"+358": "AUTOTALO"}, Numbers: []string{line1}})
		w.sms.say(refuseForGood)
		o := text("Did it meet your expectations?")
		o.Asks = "survey"
		m := w.queue(n, o)[0]
		w.sendDue(n)
		w.sms.say(nil)
		again, err := n.Retry(t.Context(), m.ID, "Satu")
		if err != nil || again.Asks != "survey" || !again.AsksUntil.After(w.clock.Now()) {
			t.Fatalf("%+v, %v", again, err)
		}
		w.sendDue(n)
		if sent := w.sms.envelopes(); len(sent) != 2 || sent[1].From != line1 {
			t.Errorf("sent %+v", sent)
		}
	})
}
func TestWhoeverWritesAtNightIsAnsweredAtNight(t *testing.T) {
	for body, first := range map[string]string{"STOP": "No more surveys", "Is it ready?": "Thank you for your message!"} {
		t.Run(body, func(t *testing.T) {
			eachPhones(t, []string{line1}, func(t *testing.T, p *phones) {
				p.night(p.n, time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC))
				p.open(p.n, "job:1", mobile, "")
				p.open(p.n, "job:2", mobile, "")
				p.tells("job:1", mobile, "one")
				p.tells("job:2", mobile, "two")
				p.clock.Advance(6 * time.Hour)
				p.arrives(mobile, line1, body)
				p.sendDue(p.n)
				if got := p.sms.bodies()[2:]; len(got) != 1 || !strings.HasPrefix(got[0], first) {
					t.Errorf("answered with %q", got)
				}
			})
		})
	}
}
