package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/notify"
	"neuvo/notify/email"
	"neuvo/notify/inbox"
)

type doctorCmd struct {
	settingsServe
}

// errUnwell ends the program with 1; what is wrong has been said.
var errUnwell = errors.New("something is to be mended")

// Bounds of the examination.
const (
	checkTime = 20 * time.Second // each check
	maxSkew   = 30 * time.Second // of clocks: reminders and codes go by them
)

// Run makes every check, also after one has failed, and prints a line each.
func (c *doctorCmd) Run(ctx context.Context, io streams) error {
	e := &examination{settingsServe: c.settingsServe, out: io.out, log: c.logger(io.err), now: time.Now}
	return e.run(ctx)
}

// finding is the outcome of one check: ok, note (worth knowing, nothing wrong
// here) or mend.
type finding struct{ word, say string }

func fine(format string, args ...any) finding { return finding{"ok", fmt.Sprintf(format, args...)} }
func note(format string, args ...any) finding { return finding{"note", fmt.Sprintf(format, args...)} }
func mend(format string, args ...any) finding { return finding{"mend", fmt.Sprintf(format, args...)} }

// mendError is an error as what to mend, in one line.
func mendError(err error) finding {
	return mend("%s", strings.Join(strings.Fields(strings.Join(sentences(err), " ")), " "))
}

// run makes the checks in the order in which things depend on each other.
func (e *examination) run(ctx context.Context) error {
	defer e.close()
	bad := 0
	for _, check := range []struct {
		name string
		do   func(context.Context) finding
	}{
		{"settings", e.settings}, {"database", e.database}, {"desk", e.desk}, {"staff", e.staff}, {"smtp", e.smtp}, {"imap", e.imap}, {"count", e.count},
		{"reply-address", e.replyAddress}, {"sms-address", e.smsAddress}, {"twilio", e.gateway("twilio")},
		{"vonage", e.gateway("vonage")}, {"elks46", e.gateway("elks46")}, {"kannel", e.gateway("kannel")}, {"senders", e.senders}, {"dkim", e.dkim}, {"base-url", e.baseURL}, {"clock", e.clock},
	} {
		limited, cancel := context.WithTimeout(ctx, checkTime)
		f := check.do(limited)
		cancel()
		if f.word == "" { // nothing that concerns this installation
			continue
		}
		if f.word == "mend" {
			bad++
		}
		fmt.Fprintf(e.out, "%-4s  %-13s  %s\n", f.word, check.name, f.say)
	}
	if bad > 0 {
		return errUnwell
	}
	return nil
}

// settings are complete and readable; each that is not is named.
func (e *examination) settings(context.Context) finding {
	if err := e.check(); err != nil {
		return mendError(err)
	}
	return fine("all that neuvo serve needs is set")
}

// database answers and has the schema of this program.
func (e *examination) database(ctx context.Context) finding {
	d, err := db.OpenExisting(ctx, db.Options{DSN: e.Database, Log: e.log})
	if err != nil {
		return mendError(err)
	}
	e.db = d
	have, want, err := d.SchemaVersion(ctx)
	switch {
	case err != nil:
		return mend("the schema cannot be read: %v", err)
	case have < want:
		return mend("the schema is at version %d and this program needs %d: run neuvo migrate", have, want)
	case have > want:
		return mend("the schema is at version %d, newer than the %d of this program: install the newer program", have, want)
	}
	e.ready = true
	return fine("%s answers, at schema version %d", d.Dialect, have)
}

// desk tells whether anything can be booked at all.
func (e *examination) desk(ctx context.Context) finding {
	if !e.ready {
		return note("not looked at: the database comes first")
	}
	desk := booking.New(e.db, nil, booking.Options{Now: e.now, BaseURL: e.BaseURL, Log: e.log})
	shops, err := desk.Workshops(ctx)
	if err != nil {
		return mendError(err)
	}
	if len(shops) == 0 {
		return mend("there is no workshop: run neuvo import FILE.yaml")
	}
	for _, shop := range shops {
		services, err1 := desk.Services(ctx, shop.ID)
		advisors, err2 := desk.Advisors(ctx, shop.ID)
		if err := errors.Join(err1, err2); err != nil {
			return mendError(err)
		}
		if len(services) == 0 || len(advisors) == 0 {
			return mend("%s offers %d services and has %d advisors: add them under /desk/settings or with neuvo import", shop.Name, len(services), len(advisors))
		}
	}
	return fine("workshops that can be booked: %d", len(shops))
}

// staff tells whether anybody may change the settings.
func (e *examination) staff(ctx context.Context) finding {
	if !e.ready {
		return note("not looked at: the database comes first")
	}
	list, err := auth.New(e.db).List(ctx)
	if err != nil {
		return mendError(err)
	}
	able := 0
	for i := range list {
		if list[i].Can(auth.ActManage) {
			able++
		}
	}
	if able == 0 {
		return mend("nobody may manage: run neuvo staff add E-MAIL --name NAME --role admin")
	}
	return fine("%d can sign in or hold tokens, %d of them manage", len(list), able)
}

// smtp signs in at the host that sends.
func (e *examination) smtp(ctx context.Context) finding {
	m, err := email.NewMailer(email.MailerOptions{URL: e.SMTP, Log: e.log})
	if err != nil {
		return mendError(err)
	}
	if err := errors.Join(m.Check(ctx), m.Close()); err != nil {
		return mendError(err)
	}
	return fine("%s takes our sign-in", hostOf(e.SMTP))
}

// imap opens the mailboxes where replies arrive. Nothing is read.
func (e *examination) imap(ctx context.Context) finding {
	var opened []string
	for _, url := range e.IMAP {
		p, err := inbox.NewPoller(nil, inbox.PollerOptions{
			URL: url, Mailbox: e.Mailbox, OAuth: e.oauth(), DB: e.db, Holder: "doctor", Log: e.log, Now: e.now,
		})
		if err != nil {
			return mendError(err)
		}
		// The poller holds no lease and no connection after a check: nothing to close.
		if err := p.Check(ctx); err != nil {
			return mendError(err)
		}
		opened = append(opened, hostOf(url)+" opens "+p.Folder())
	}
	return fine("%s", strings.Join(opened, ", "))
}

// count tells how the last counts of the mailboxes and of the providers' lists came out.
func (e *examination) count(ctx context.Context) finding {
	if !e.ready {
		return note("not looked at: the database comes first")
	}
	counts, err := notify.New(e.db, notify.Options{Log: e.log}).Counts(ctx)
	if err != nil {
		return mendError(err)
	}
	if len(counts) == 0 {
		return note("no mailbox has been counted yet: neuvo serve does it every night")
	}
	total := int64(0)
	for _, c := range counts {
		if c.Missing > 0 {
			return mend("%s on %s: %s; they have been fetched since, look through them under /desk/inbox", c.Source, c.CountedAt.UTC().Format(time.DateOnly), c.Says)
		}
		if e.now().Sub(c.CountedAt.Time) > 50*time.Hour {
			return mend("%s was last counted on %s: look whether neuvo serve runs and reads it", c.Source, c.CountedAt.UTC().Format(time.DateOnly))
		}
		total += c.Held
	}
	return fine("all %d messages that the mailboxes and the gateways' lists hold are stored", total)
}

// replyAddress makes an address of the pattern and reads it again.
func (e *examination) replyAddress(context.Context) finding {
	if err := checkPattern("reply-address", e.ReplyAddress, "the addresses customers answer to", "{token}"); err != nil {
		return mendError(err)
	}
	// Any key will do: the database's own would be made by asking for it.
	addresses, err := notify.NewAddresses(e.ReplyAddress, make([]byte, 32))
	if err != nil {
		return mendError(err)
	}
	example := addresses.For(1)
	if id, ours, valid := addresses.Read(example); id != 1 || !ours || !valid {
		return mend("an address made of %s cannot be read again: use another pattern", e.ReplyAddress)
	}
	local, _, _ := strings.Cut(example, "@")
	if len(local) > 64 { // RFC 5321 section 4.5.3.1.1
		return mend("the part before the @ has %d characters, and mail allows 64: shorten the pattern", len(local))
	}
	return fine("customers answer to addresses like %s; mail to each of them must reach the mailbox", example)
}

// smsAddress looks at the pattern only: a text would cost money.
func (e *examination) smsAddress(context.Context) finding {
	if e.SMSAddress == "" && e.overHTTP() {
		return note("not set: texts go over HTTP alone")
	}
	if err := checkPattern("sms-address", e.SMSAddress, "the address pattern of your e-mail-to-SMS gateway", "{digits}", "{e164}"); err != nil {
		return mendError(err)
	}
	if domainOf(e.SMSAddress) == domainOf(e.ReplyAddress) {
		return mend("texts would go to %s, which is where customers answer to: give the gateway's own domain", domainOf(e.SMSAddress))
	}
	return fine("texts go to addresses like %s", strings.NewReplacer("{digits}", "358401234567", "{e164}", "+358401234567").Replace(e.SMSAddress))
}

// baseURL asks the site for its health, as customers reach it.
func (e *examination) baseURL(ctx context.Context) finding {
	u, err := url.Parse(e.BaseURL)
	if err != nil || u.Host == "" {
		return mend("it is no address: give the public address of this site, such as https://service.example.com")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(e.BaseURL, "/")+"/healthz", nil)
	if err != nil {
		return mend("it is no address: %v", err)
	}
	asked := e.now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return note("%s does not answer from here: fine if neuvo serve is not running yet (%v)", u.Host, shortly(err))
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 100))
	if res.StatusCode != http.StatusOK || strings.TrimSpace(string(text)) != "ok" || err != nil {
		return mend("%s/healthz answers %d and is not this program: let the reverse proxy pass everything on to %s", e.BaseURL, res.StatusCode, e.Addr)
	}
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		e.seen = append(e.seen, sighting{u.Host, at, asked})
	}
	if u.Scheme == "http" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" {
		return note("%s answers, but without encryption: customers' names travel in the clear, use https", u.Host)
	}
	return fine("%s answers", e.BaseURL)
}

// clock compares this machine's clock with those it has met.
func (e *examination) clock(ctx context.Context) finding {
	if e.db != nil {
		asked := e.now()
		at, known, err := e.db.ServerTime(ctx)
		if err != nil {
			return mend("the database does not tell its time: %v", err)
		}
		if known {
			e.seen = append(e.seen, sighting{"the database", at, asked})
		}
	}
	if len(e.seen) == 0 {
		return note("%s here; there was no other clock to compare it with", e.now().UTC().Format(time.RFC3339))
	}
	var names []string
	for _, s := range e.seen {
		if skew := s.at.Sub(s.here); skew.Abs() > maxSkew {
			return mend("this machine's clock and that of %s are %s apart: set up time synchronisation (NTP) on both", s.whose, skew.Abs().Round(time.Second))
		}
		names = append(names, s.whose)
	}
	return fine("agrees with %s", strings.Join(names, " and "))
}
