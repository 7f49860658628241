package demo

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"neuvo/internal/fault"
)

// someDay is a Friday in winter time.
var someDay = time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC)

func startHost(t *testing.T, dir string, onMail func()) *Host {
	t.Helper()
	h, err := StartHost(HostOptions{Dir: dir, Now: func() time.Time { return someDay }, OnMail: onMail})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("close the host: %v", err)
		}
	})
	return h
}

// post delivers one message over real SMTP.
func post(t *testing.T, h *Host, from, to, header, body string) error {
	t.Helper()
	u, err := url.Parse(h.SMTPURL())
	if err != nil {
		t.Fatal(err)
	}
	message := header + "\r\n" + strings.ReplaceAll(body, "\n", "\r\n")
	c, err := smtp.Dial(u.Host)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SendMail(from, []string{to}, strings.NewReader(message)); err != nil {
		return err
	}
	return c.Quit()
}

func mustPost(t *testing.T, h *Host, from, to, header, body string) {
	t.Helper()
	if err := post(t, h, from, to, header, body); err != nil {
		t.Fatalf("deliver to %s: %v", to, err)
	}
}

// inboxMail is one message of the shop's INBOX as a client sees it.
type inboxMail struct {
	UID  imap.UID
	Body string
}

// readInbox fetches the INBOX over real IMAP.
func readInbox(t *testing.T, h *Host) (validity uint32, list []inboxMail) {
	t.Helper()
	u, err := url.Parse(h.IMAPURL())
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapclient.DialInsecure(u.Host, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	password, _ := u.User.Password()
	if err := c.Login(u.User.Username(), password).Wait(); err != nil {
		t.Fatal(err)
	}
	selected, err := c.Select("INBOX", nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if selected.NumMessages == 0 {
		return selected.UIDValidity, nil
	}
	all := imap.UIDSet{}
	all.AddRange(1, 0)
	got, err := c.Fetch(all, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range got {
		list = append(list, inboxMail{UID: m.UID, Body: string(m.FindBodySection(&imap.FetchItemBodySection{Peek: true}))})
	}
	return selected.UIDValidity, list
}

func TestMailToANumberIsATextOnThatPhone(t *testing.T) {
	h := startHost(t, t.TempDir(), nil)
	mustPost(t, h, "abc@reply.neuvo.test", "358401234567@sms.neuvo.test",
		"From: Sanna <abc@reply.neuvo.test>\r\nMessage-ID: <m1@reply.neuvo.test>\r\nSubject: SMS\r\n"+
			"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
		"Hei Ville, autosi on valmis. T=C3=A4ss=C3=A4 linkki: https://example.test/j/1=\n23\nSanna\n")
	want := []Text{{
		ID: "t1", At: someDay, From: "abc@reply.neuvo.test", To: "+358401234567",
		Body: "Hei Ville, autosi on valmis. Tässä linkki: https://example.test/j/123\nSanna", Direction: Received,
	}}
	for _, spelling := range []string{"+358401234567", "358401234567", "0401234567", "+358 40 123 4567"} {
		if diff := cmp.Diff(want, h.Texts(spelling), cmp.AllowUnexported(Text{}), cmpIgnoreID()); diff != "" {
			t.Errorf("texts of %s (-want +got):\n%s", spelling, diff)
		}
	}
	if got := h.Texts("+358409999999"); got == nil || len(got) != 0 {
		t.Errorf("an unknown phone has %v, want an empty list", got)
	}
}

func cmpIgnoreID() cmp.Option {
	return cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".messageID" }, cmp.Ignore())
}

func TestMailToACustomerIsInTheMailbox(t *testing.T) {
	h := startHost(t, t.TempDir(), nil)
	mustPost(t, h, "abc@reply.neuvo.test", "Ville@Example.test",
		"From: Sanna <abc@reply.neuvo.test>\r\nReply-To: <abc@reply.neuvo.test>\r\nTo: ville@example.test\r\n"+
			"Message-ID: <m2@reply.neuvo.test>\r\nSubject: =?utf-8?q?Varaus_vahvistettu_=C3=A4?=\r\nMIME-Version: 1.0\r\n"+
			"Content-Type: multipart/mixed; boundary=b\r\n",
		"--b\nContent-Type: text/plain; charset=utf-8\n\nTervetuloa!\n--b\nContent-Type: text/calendar; name=aika.ics\n"+
			"Content-Disposition: attachment; filename=aika.ics\n\nBEGIN:VCALENDAR\n--b--\n")
	got := h.Mails("ville@example.test")
	if len(got) != 1 {
		t.Fatalf("%d mails, want 1", len(got))
	}
	m := got[0]
	if m.ID != "m1" || m.MessageID != "m2@reply.neuvo.test" || m.Subject != "Varaus vahvistettu ä" || m.Body != "Tervetuloa!" ||
		m.ReplyTo != "abc@reply.neuvo.test" || m.From != "abc@reply.neuvo.test" || m.To != "ville@example.test" {
		t.Errorf("mail is %+v", m)
	}
	if len(m.Attachments) != 1 || m.Attachments[0].Name != "aika.ics" || m.Attachments[0].ContentType != "text/calendar" {
		t.Errorf("attachments are %+v", m.Attachments)
	}
}

func TestWhatIsNoPhoneIsRefusedAtTheDoor(t *testing.T) {
	h := startHost(t, t.TempDir(), nil)
	err := post(t, h, "a@reply.neuvo.test", "nobody@sms.neuvo.test", "", "x\n")
	if e, ok := err.(*smtp.SMTPError); !ok || e.Code != 550 {
		t.Errorf("got %v, want 550", err)
	}
}

func TestARetriedDeliveryShowsOnce(t *testing.T) {
	h := startHost(t, t.TempDir(), nil)
	for range 2 {
		mustPost(t, h, "a@reply.neuvo.test", "358401234567@sms.neuvo.test", "Message-ID: <same@reply.neuvo.test>\r\n", "once\n")
		mustPost(t, h, "a@reply.neuvo.test", "v@example.test", "Message-ID: <same@reply.neuvo.test>\r\n", "once\n")
	}
	if n := len(h.Texts("+358401234567")); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
	if n := len(h.Mails("v@example.test")); n != 1 {
		t.Errorf("%d mails, want 1", n)
	}
}

func TestAPhoneAnswersToWhoeverTextedLast(t *testing.T) {
	rung := make(chan bool, 10)
	h := startHost(t, t.TempDir(), func() { rung <- true })
	for _, from := range []string{"first@reply.neuvo.test", "second@reply.neuvo.test"} {
		mustPost(t, h, from, "358401234567@sms.neuvo.test", "From: "+from+"\r\n", "Palveliko?\n")
	}
	if err := h.SendText("0401234567", "5, kiitos!\nTerveisin Ville"); err != nil {
		t.Fatal(err)
	}
	<-rung
	_, list := readInbox(t, h)
	if len(list) != 1 {
		t.Fatalf("%d messages in the inbox, want 1", len(list))
	}
	for _, want := range []string{
		"Delivered-To: second@reply.neuvo.test\r\n", "From: <+358401234567@sms.neuvo.test>", "Subject: SMS reply\r\n",
		"Text: 5, kiitos!\r\nTerveisin Ville", "--- Original message ---\r\nPalveliko?",
	} {
		if !strings.Contains(list[0].Body, want) {
			t.Errorf("the answer lacks %q:\n%s", want, list[0].Body)
		}
	}
	chat := h.Chat("+358401234567")
	if len(chat) != 3 || chat[2].Direction != Sent || chat[2].Body != "5, kiitos!\nTerveisin Ville" || chat[2].To != "second@reply.neuvo.test" {
		t.Errorf("the phone shows %+v", chat)
	}
	if n := len(h.Texts("+358401234567")); n != 2 {
		t.Errorf("the phone received %d texts, want 2", n)
	}
	if _, err := h.SendTextTo("+358401234567", "first@reply.neuvo.test", "Ja kiitos myös siitä"); err != nil {
		t.Fatal(err)
	}
	if _, list = readInbox(t, h); !strings.Contains(list[1].Body, "Delivered-To: first@reply.neuvo.test\r\n") {
		t.Errorf("a named recipient did not get it:\n%s", list[1].Body)
	}
}

func TestAMailAnswerThreads(t *testing.T) {
	h := startHost(t, t.TempDir(), nil)
	mustPost(t, h, "tok@reply.neuvo.test", "ville@example.test",
		"From: <tok@reply.neuvo.test>\r\nMessage-ID: <two@reply.neuvo.test>\r\nReferences: <one@reply.neuvo.test>\r\nSubject: Valmis\r\n", "x\n")
	if err := h.SendMail("ville@example.test", NewMail{InReplyTo: "<two@reply.neuvo.test>", Body: "Tulen neljältä."}); err != nil {
		t.Fatal(err)
	}
	_, list := readInbox(t, h)
	if len(list) != 1 {
		t.Fatalf("%d messages in the inbox, want 1", len(list))
	}
	for _, want := range []string{
		"In-Reply-To: <two@reply.neuvo.test>", "<one@reply.neuvo.test> <two@reply.neuvo.test>",
		"Subject: Re: Valmis", "@example.test>\r\n", "From: <ville@example.test>",
	} {
		if !strings.Contains(strings.ReplaceAll(list[0].Body, "\r\n ", " "), want) {
			t.Errorf("the answer lacks %q:\n%s", want, list[0].Body)
		}
	}
	if all := h.Correspondence("ville@example.test"); len(all) != 2 || all[1].Direction != Sent {
		t.Errorf("the mailbox shows %+v", all)
	}
}

func TestBadInputNamesTheField(t *testing.T) {
	h := startHost(t, t.TempDir(), nil)
	mustPost(t, h, "a@reply.neuvo.test", "358401234567@sms.neuvo.test", "", "hello\n")
	text := func(number, to, body string) error { _, err := h.SendTextTo(number, to, body); return err }
	for name, c := range map[string]struct {
		err   error
		field string
	}{
		"no number":                      {text("abc", "", "x"), "path.number"},
		"an empty text":                  {text("+358401234567", "", "  \n"), "body.body"},
		"a text to what is no address":   {text("+358401234567", "nobody", "x"), "body.to"},
		"a mailbox that is no address":   {h.SendMail("nobody", NewMail{To: "a@b.test", Body: "x"}), "path.address"},
		"an empty mail":                  {h.SendMail("v@example.test", NewMail{To: "a@b.test"}), "body.body"},
		"a mail to nobody":               {h.SendMail("v@example.test", NewMail{Body: "x"}), "body.to"},
		"an answer to what is no id":     {h.SendMail("v@example.test", NewMail{To: "a@b.test", Body: "x", InReplyTo: "no id"}), "body.in_reply_to"},
		"a mail to a phone with letters": {h.SendMail("v@example.test", NewMail{To: "abc@sms.neuvo.test", Body: "x"}), "body.to"},
	} {
		f, ok := c.err.(*fault.Error)
		if !ok || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Location != c.field {
			t.Errorf("%s: got %v, want field %s", name, c.err, c.field)
		}
	}
}

func TestARestartKeepsEverythingUnderTheSameUIDs(t *testing.T) {
	dir := t.TempDir()
	h := startHost(t, dir, nil)
	mustPost(t, h, "a@reply.neuvo.test", "358401234567@sms.neuvo.test", "Message-ID: <t@x>\r\n", "text\n")
	for i := range 3 {
		mustPost(t, h, "v@example.test", "tok@reply.neuvo.test", fmt.Sprintf("Subject: n%d\r\n", i), "mail\n")
	}
	validity, before := readInbox(t, h)
	texts := h.Texts("+358401234567")
	// No Close: the file must hold it all already, as after kill -9.
	again := startHost(t, dir, nil)
	validityAgain, after := readInbox(t, again)
	if validity != validityAgain || validity == 0 {
		t.Errorf("UIDVALIDITY was %d and is %d", validity, validityAgain)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the inbox changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(texts, again.Texts("+358401234567"), cmp.AllowUnexported(Text{}), cmpIgnoreID()); diff != "" {
		t.Errorf("the phone changed (-before +after):\n%s", diff)
	}
	mustPost(t, again, "a@reply.neuvo.test", "358401234567@sms.neuvo.test", "Message-ID: <t@x>\r\n", "text\n")
	if n := len(again.Texts("+358401234567")); n != 1 {
		t.Errorf("a retry over the restart shows %d times", n)
	}
	mustPost(t, again, "v@example.test", "tok@reply.neuvo.test", "Subject: later\r\n", "mail\n")
	if _, list := readInbox(t, again); len(list) != 4 || list[3].UID != 4 {
		t.Errorf("the next message did not get the next UID: %d messages", len(list))
	}
}

func TestATornLastLineIsCutOff(t *testing.T) {
	dir := t.TempDir()
	h := startHost(t, dir, nil)
	for i := range 3 {
		mustPost(t, h, "v@example.test", "tok@reply.neuvo.test", fmt.Sprintf("Subject: n%d\r\n", i), "mail\n")
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "mailhost.jsonl")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for name, cut := range map[string]int{"in the middle": last + 20, "before its line end": len(whole) - 1, "at its first byte": last + 1} {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		again := startHost(t, dir, nil)
		if _, list := readInbox(t, again); len(list) != 2 {
			t.Errorf("torn %s: %d messages, want 2", name, len(list))
		}
		mustPost(t, again, "v@example.test", "tok@reply.neuvo.test", "Subject: retried\r\n", "mail\n")
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		third := startHost(t, dir, nil)
		if _, list := readInbox(t, third); len(list) != 3 || list[2].UID != 3 || !strings.Contains(list[2].Body, "retried") {
			t.Errorf("torn %s: the retry is not in its place", name)
		}
		if err := third.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADamagedMiddleIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mailhost.jsonl"), []byte("{broken\n{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := StartHost(HostOptions{Dir: dir}); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("got %v, want an error that names line 1", err)
	}
}

func TestManySendersAtOnceLoseNothing(t *testing.T) {
	h := startHost(t, t.TempDir(), nil)
	errs := make(chan error)
	const senders, each = 8, 25
	for s := range senders {
		go func() {
			for i := range each {
				if err := post(t, h, "v@example.test", "tok@reply.neuvo.test", fmt.Sprintf("Subject: %d-%d\r\n", s, i), "x\n"); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range senders {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if _, list := readInbox(t, h); len(list) != senders*each {
		t.Errorf("%d messages, want %d", len(list), senders*each)
	}
}

func TestManyItemsAreAnsweredQuickly(t *testing.T) {
	dir := t.TempDir()
	opt := HostOptions{Dir: dir, ReplyDomain: ReplyDomain, SMSDomain: SMSDomain}
	var lines bytes.Buffer
	raw := []byte("Subject: x\r\n\r\n" + strings.Repeat("A line of text.\r\n", 60))
	r := newRecord("a@reply.neuvo.test", nil, raw, someDay, opt)
	for i := range 10_000 {
		r.To = []string{fmt.Sprintf("3584%08d@sms.neuvo.test", i%5000)}
		r.ID, r.MessageID = int64(i+1), fmt.Sprintf("m%d@x", i)
		b, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(b, '\n'))
	}
	if err := os.WriteFile(filepath.Join(dir, "mailhost.jsonl"), lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	h := startHost(t, dir, nil)
	loaded := time.Since(began)
	began = time.Now()
	if n := len(h.Phones()); n != 5000 {
		t.Errorf("%d phones, want 5000", n)
	}
	if n := len(h.Texts("+358400000007")); n != 2 {
		t.Errorf("%d texts, want 2", n)
	}
	t.Logf("10,000 items: reloaded in %v, listed in %v", loaded, time.Since(began))
}
