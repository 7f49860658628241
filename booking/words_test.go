package booking_test

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// shortOf is the short address of a page.
func (w *world) shortOf(path string) string {
	w.Helper()
	var url string
	w.ok(w.db.Tx(w.Context(), func(ctx context.Context) (err error) {
		url, err = w.desk.Shorten(ctx, path, w.clock.now().AddDate(1, 0, 0))
		return err
	}))
	return url
}

// own stores a text of the workshop's own.
func (w *world) own(occasion, locale string, channel notify.Channel, title, body string) *booking.TextEntry {
	w.Helper()
	t, err := w.desk.SetText(w.Context(), managerOf(w.shop.ID), booking.OwnText{
		WorkshopID: w.shop.ID, Occasion: occasion, Locale: locale, Channel: channel, Title: title, Body: body,
	})
	w.ok(err)
	return t
}

func TestAWorkshopSpeaksInItsOwnWordsWhereItHasSome(t *testing.T) {
	each(t, func(w *world) {
		before := w.messages(w.book("2026-11-23 11:00"))
		w.own("booked", "en", notify.SMS, "", "Hi {customer}, see you {when}. {link}\n{advisor}")
		w.own("booked", "en", notify.Email, "Yours: {when}", "Dear {customer},\n\n{details}\n{link}\n\n{signature}")
		w.own("booked", "sv", notify.SMS, "", "Tjena {customer}, vi ses {when}. {link}\n{advisor}")
		w.own("advisor", "en", notify.SMS, "", "{note}\n/{advisor}")
		j := w.book("2026-11-23 12:00")
		ms := w.messages(j)
		if want := "Hi Maija, see you Mon 23 Nov at 12:00. " + w.shortOf("/j/"+j.Token) + "\nAnna"; ms[0].Body != want {
			w.Errorf("%q, want %q", ms[0].Body, want)
		}
		if ms[1].Subject != "Yours: Mon 23 Nov at 12:00" || !strings.HasPrefix(ms[1].Body, "Dear Maija,\n\nWhen: 23 November 2026 at 12:00\n") || !strings.Contains(ms[1].Body, "https://neuvo.test/j/"+j.Token) {
			w.Errorf("%q: %q", ms[1].Subject, ms[1].Body)
		}
		sent, err := w.desk.Write(w.Context(), j.ID, notify.SMS, "Shall we wash it?", w.staff())
		w.ok(err)
		first, _, _ := strings.Cut(w.staff().Name, " ")
		if sent.Body != "Shall we wash it?\n/"+first {
			w.Errorf("own words: %q", sent.Body)
		}
		for _, channel := range booking.TextChannels {
			w.ok(w.desk.ResetText(w.Context(), managerOf(w.shop.ID), booking.OwnText{WorkshopID: w.shop.ID, Occasion: "booked", Locale: "en", Channel: channel}))
		}
		after := w.messages(w.book("2026-11-23 13:00"))
		if strings.ReplaceAll(after[1].Subject, "13:00", "11:00") != before[1].Subject || !strings.HasPrefix(after[0].Body, "Hello Maija!") {
			w.Errorf("after the reset %q: %q", after[1].Subject, after[0].Body)
		}
		if n := w.count("SELECT COUNT(*) FROM settings_log WHERE what = 'text' AND name LIKE 'booked, en, %' AND before <> '' AND after <> ''"); n != 4 {
			w.Errorf("%d changes were recorded", n)
		}
	})
}

func TestOwnWordsOfATextAreItsMailsWhereThatHasNone(t *testing.T) {
	w := onSQLite(t)
	w.own("in_work", "en", notify.SMS, "", "We are at it, {customer}.\n{signature}")
	shop, err := w.desk.Workshop(t.Context(), w.shop.ID)
	w.ok(err)
	title, body, err := w.desk.Compose(t.Context(), shop, notify.Email, "en", "in_work", templates.Example("en", true))
	w.ok(err)
	if title == "" || !strings.HasPrefix(body, "We are at it, Liisa.\n") {
		w.Errorf("%q: %q", title, body)
	}
}

func TestATextThatCannotWorkIsNotStored(t *testing.T) {
	w := onSQLite(t)
	for name, c := range map[string]struct{ body, location, key string }{
		"no such field":       {"{advisor} {when} {link} {colour}", "body.body", "fault.text_field"},
		"no link":             {"{advisor} {when}", "body.body", "fault.text_lacks"},
		"a control character": {"{advisor} {when} {link}\x07", "body.body", "fault.text_characters"},
		"seven parts":         {"{advisor} {when} {link} " + strings.Repeat("long ", 195), "body.body", "fault.text_parts"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.desk.SetText(t.Context(), managerOf(w.shop.ID), booking.OwnText{WorkshopID: w.shop.ID, Occasion: "booked", Locale: "en", Channel: notify.SMS, Body: c.body})
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "["+c.location+": "+c.key) {
				t.Errorf("%v, want %s", err, c.key)
			}
		})
	}
	good := booking.OwnText{WorkshopID: w.shop.ID, Occasion: "booked", Locale: "en", Channel: notify.SMS, Body: "{advisor} {when} {link}"}
	for name, change := range map[string]func(*booking.OwnText){
		"another occasion": func(o *booking.OwnText) { o.Occasion = "birthday" },
		"another language": func(o *booking.OwnText) { o.Locale = "de" },
		"another channel":  func(o *booking.OwnText) { o.Channel = notify.Web },
		"another workshop": func(o *booking.OwnText) { o.WorkshopID = 999 },
	} {
		bad := good
		change(&bad)
		if _, err := w.desk.SetText(t.Context(), managerOf(w.shop.ID), bad); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if err := w.desk.ResetText(t.Context(), managerOf(w.shop.ID), bad); !fault.Is(err, fault.NotFound) {
			t.Errorf("reset of %s: %v", name, err)
		}
	}
	if n := w.count("SELECT COUNT(*) FROM own_texts"); n != 0 {
		w.Errorf("%d texts were stored", n)
	}
	ours, err := w.desk.Text(t.Context(), good)
	w.ok(err)
	if _, err := w.desk.SetText(t.Context(), managerOf(w.shop.ID), ours.OwnText); err != nil || w.count("SELECT COUNT(*) FROM own_texts") != 0 {
		t.Errorf("our own words were stored as theirs: %v", err)
	}
}

func TestOwnWordsAreAskedForOnceAndAgainAfterAChange(t *testing.T) {
	w := onSQLite(t)
	compose := func() (body string, queries int) {
		shop, err := w.desk.Workshop(t.Context(), w.shop.ID)
		w.ok(err)
		queries = w.countQueries(func() {
			_, body, err = w.desk.Compose(t.Context(), shop, notify.SMS, "en", "ready", templates.Example("en", true))
			w.ok(err)
		})
		return body, queries
	}
	if _, n := compose(); n != 0 {
		t.Errorf("%d queries where there are no own words", n)
	}
	for _, words := range []string{"Done! {advisor}", "Ready! {advisor}"} {
		w.own("ready", "en", notify.SMS, "", words)
		for i, want := range []int{1, 0, 0} {
			body, n := compose()
			if n != want || !strings.HasPrefix(body, words[:5]) {
				t.Errorf("look %d: %d queries, %q", i, n, body)
			}
		}
	}
	// A workshop that is changed or imported anew keeps its words.
	_, err := w.desk.ChangeWorkshop(t.Context(), managerOf(w.shop.ID), w.shop.ID, func(s *booking.Workshop) error { s.Name = "Other"; s.TextsVersion = 0; return nil })
	w.ok(err)
	_, err = w.desk.Import(t.Context(), w.catalogue())
	w.ok(err)
	if body, _ := compose(); !strings.HasPrefix(body, "Ready!") {
		t.Errorf("after an import: %q", body)
	}
}

func TestManyMayWriteWhileWordsChange(t *testing.T) {
	w := onSQLite(t)
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for range 20 {
				if i == 0 {
					w.own("ready", "en", notify.SMS, "", "Done "+strings.Repeat("!", 1+int(time.Now().UnixNano()%7))+" {advisor}")
					continue
				}
				shop, err := w.desk.Workshop(t.Context(), w.shop.ID)
				if err != nil {
					t.Error(err)
					return
				}
				if _, body, err := w.desk.Compose(t.Context(), shop, notify.SMS, "en", "ready", templates.Example("en", true)); err != nil || !strings.Contains(body, "Satu") {
					t.Errorf("%q, %v", body, err)
				}
			}
		})
	}
	group.Wait()
}

func TestAPreviewShowsWhatATextCosts(t *testing.T) {
	w := onSQLite(t)
	preview := func(body string) *booking.TextPreview {
		t.Helper()
		p, err := w.desk.PreviewText(w.shop, booking.OwnText{WorkshopID: w.shop.ID, Occasion: "ready", Locale: "en", Channel: notify.SMS, Body: body})
		w.ok(err)
		return p
	}
	p := preview("It’s ready: {vehicle}. " + strings.Repeat("Come. ", 8) + "{advisor}, {workshop}")
	if p.Cost.Parts != 2 || p.Cost.Alphabet != notify.UCS2 || p.Cost.CheaperParts != 1 || !strings.Contains(p.Cost.Cheaper, "It's ready") {
		t.Errorf("%+v", p.Cost)
	}
	if len(p.Examples) != 2 || !strings.Contains(p.Examples[0].Body, "Volvo") || strings.Contains(p.Examples[1].Body, "Volvo") || !strings.Contains(p.Examples[0].Body, w.shop.Name) {
		t.Errorf("%+v", p.Examples)
	}
	if len(p.Doubtful) != 1 || p.Doubtful[0] != "vehicle" {
		t.Errorf("doubtful: %v", p.Doubtful)
	}
}

var shortAddress = regexp.MustCompile(`https://neuvo\.test/l/([1-9A-HJ-NP-Za-km-z]{11})(\s|$)`)

func TestAShortLinkLeadsToItsPageUntilThatExpires(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-23 11:00")
		ms := w.messages(j)
		found := shortAddress.FindStringSubmatch(ms[0].Body)
		if found == nil {
			w.Fatalf("no short link in %q", ms[0].Body)
		}
		rows := "SELECT COUNT(*) FROM short_links"
		if got, err := w.desk.FollowLink(w.Context(), found[1]); err != nil || got != "/j/"+j.Token {
			w.Errorf("leads to %s, %v", got, err)
		}
		if n := w.count(rows); n != 1 {
			w.Errorf("%d short links", n)
		}
		if _, err := w.desk.Write(w.Context(), j.ID, notify.SMS, "Hello", w.staff()); err != nil || w.count(rows) != 1 {
			w.Errorf("a second text to the same page: %v, %d links", err, w.count(rows))
		}
		other := w.book("2026-11-23 12:00")
		if w.shortOf("/j/"+other.Token) == "https://neuvo.test/l/"+found[1] {
			w.Error("two jobs have one address")
		}
		for _, wrong := range []string{"", "x", found[1][:10], found[1] + "a", strings.Repeat("0", 11), strings.Repeat("1", 11), "../../admin"} {
			if got, err := w.desk.FollowLink(w.Context(), wrong); !fault.Is(err, fault.NotFound) {
				w.Errorf("%q leads to %q, %v", wrong, got, err)
			}
		}
		w.exec("UPDATE jobs SET token_expires_at = 1 WHERE id = ?", j.ID)
		if _, err := w.desk.FollowLink(w.Context(), found[1]); !fault.Is(err, fault.NotFound) {
			w.Errorf("the page has expired, and the link: %v", err)
		}
		w.clock.advance(3 * 365 * 24 * time.Hour)
		if _, err := w.desk.Purge(w.Context()); err != nil || w.count(rows) != 0 {
			w.Errorf("%v, %d links are left", err, w.count(rows))
		}
	})
}

func TestAShortDomainOfItsOwnIsUsedInTextsOnly(t *testing.T) {
	w := onSQLite(t)
	w.desk = booking.New(w.db, w.notify, booking.Options{Now: w.clock.now, BaseURL: "https://neuvo.test", ShortURL: "https://nv.test/"})
	j := w.book("2026-11-23 11:00")
	ms := w.messages(j)
	if !strings.Contains(ms[0].Body, "https://nv.test/l/") || !strings.Contains(ms[1].Body, "https://neuvo.test/j/"+j.Token) {
		t.Errorf("%q\n%q", ms[0].Body, ms[1].Body)
	}
	if n := w.count("SELECT COUNT(*) FROM short_links WHERE target = ?", "/j/"+j.Token); n != 1 {
		t.Errorf("%d links to the page", n)
	}
}

func TestAPreviewOfAMoveIsTheVeryTextThatGoes(t *testing.T) {
	w := onSQLite(t)
	w.own("received", "en", notify.SMS, "", "Got it, {customer}. {link} {advisor}")
	j := w.book("2026-11-23 11:00")
	before := w.count("SELECT COUNT(*) FROM short_links")
	text, err := w.desk.Preview(t.Context(), j.ID, booking.Received, time.Time{}, w.anna.ID)
	w.ok(err)
	if w.count("SELECT COUNT(*) FROM short_links") != before {
		t.Error("a preview wrote a link")
	}
	if _, sent := w.move(j, booking.Received); sent == nil || sent.Body != text || !strings.HasPrefix(text, "Got it, Maija. https://neuvo.test/l/") {
		t.Errorf("shown %q, sent %+v", text, sent)
	}
}
