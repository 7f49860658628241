package inbox

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"neuvo/notify"
)

func TestWhatHoldsNothingIsAnErrorAndNoPanic(t *testing.T) {
	for _, raw := range []string{"", "\r\n\r\n", "\x00", "\n\n\n", ":", "From "} {
		p, err := Parse([]byte(raw), ours)
		if err == nil && p.Text == "" {
			t.Errorf("%q: no error and no text: %+v", raw, p)
		}
		if p.Kind == "" || p.Channel == "" {
			t.Errorf("%q: kind %q, channel %q", raw, p.Kind, p.Channel)
		}
	}
}

func TestHugeAndHostileMessagesAreReadInBoundedTimeAndMemory(t *testing.T) {
	head := "From: matti@asiakas.test\r\nTo: desk@reply.neuvo.test\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
	multi := head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	const size = 50 << 20
	nested := func(depth int) string {
		var b strings.Builder
		b.WriteString(head + "Content-Type: multipart/mixed; boundary=b0\r\n\r\n")
		for i := range depth {
			fmt.Fprintf(&b, "--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n", i, i+1)
		}
		return b.String()
	}
	for name, raw := range map[string][]byte{
		"a text of 50 MB on one line":        []byte(head + "\r\n" + strings.Repeat("a", size)),
		"a text of 50 MB in empty lines":     []byte(head + "\r\n" + strings.Repeat("\n", size)),
		"50 MB of quotation marks":           []byte(head + "\r\n" + strings.Repeat(">", size)),
		"50 MB of lines that end in a colon": []byte(head + "\r\n" + strings.Repeat("On 23.11.2026 10:00 a@b.c\n", size/26)),
		"50 MB of headers":                   []byte(head + strings.Repeat("X-A: b\r\n", size/8)),
		"a header of 50 MB":                  []byte(head + "References: " + strings.Repeat("<a@b> ", size/6)),
		"a To of 10 MB":                      []byte(head + "Cc: " + strings.Repeat("a@b.c, ", 10<<20/7) + "\r\n\r\n"),
		"50 MB of base64":                    []byte(multi + "--b\r\n\r\nHei\r\n--b\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", size/78) + "--b--\r\n"),
		"50 MB of base64 text":               []byte(head + "Content-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", size/78)),
		"a million parts":                    []byte(multi + strings.Repeat("--b\r\n\r\nx\r\n", 1_000_000)),
		"parts nested 10000 deep":            []byte(nested(10_000)),
		"50 MB below 15 nested parts":        append([]byte(nested(15)), bytes.Repeat([]byte("--x\n"), size/4)...),
		"HTML with a million open elements":  []byte(head + "Content-Type: text/html\r\n\r\n" + strings.Repeat("<div><blockquote>a", 1_000_000)),
		"HTML of one tag of 50 MB":           []byte(head + "Content-Type: text/html\r\n\r\n<a " + strings.Repeat("x=y ", size/4)),
		"a line end of 50 million returns":   []byte(head + "\r\n" + strings.Repeat("\r", size) + "\n"),
		"boundaries of nothing but dashes":   []byte(head + "Content-Type: multipart/mixed; boundary=\"-\"\r\n\r\n" + strings.Repeat("---\n", size/4)),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			start := time.Now()
			p, _ := Parse(raw, ours)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			t.Logf("%d bytes: %s, %d MB allocated in all", len(raw), took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20)
			if took > 20*time.Second {
				t.Errorf("took %s", took)
			}
			if len(p.Text) > 2*maxText || len(p.ReplyText) > 2*maxText {
				t.Errorf("text of %d bytes, reply of %d", len(p.Text), len(p.ReplyText))
			}
			if p.From != "matti@asiakas.test" {
				t.Errorf("from %q", p.From)
			}
		})
	}
}

func TestExplainTellsWhatIsSeenInAMessage(t *testing.T) {
	addresses, err := notify.NewAddresses("desk+{token}@reply.neuvo.test", bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	good := addresses.For(7)
	raw := fmt.Sprintf("From: Matti <Matti@Asiakas.test>\nTo: Neuvo <%s>\nCc: desk+aaaaaaaaaaaaaaaaaaaa@reply.neuvo.test\n"+
		"In-Reply-To: <m42.x@neuvo.test>\nReferences: <other@asiakas.test> <m42.x@neuvo.test>\nSubject: Re: [#K7M2QX] Auto\n\n"+
		"Hei\n\nOn 23.11.2026 at 9:58 Neuvo <%s> wrote:\n> valmis\n", good, good)
	got := Explain("a.eml", []byte(raw), ours, addresses)
	want := Explanation{
		File: "a.eml", Kind: notify.Human, From: "matti@asiakas.test", Subject: "Re: [#K7M2QX] Auto", Channel: "email",
		ReplyText: "Hei", Attachments: []Attachment{}, Signals: []Signal{
			{"address", good, true}, {"address", "desk+aaaaaaaaaaaaaaaaaaaa@reply.neuvo.test", false}, {"marker", good, true},
			{"in_reply_to", "m42.x@neuvo.test", true}, {"references", "m42.x@neuvo.test", true},
			{"references", "other@asiakas.test", false}, {"subject_tag", "K7M2QX", false},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func FuzzParse(f *testing.F) {
	all, read := corpus(f)
	for name := range all {
		f.Add(read(name))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		start := time.Now()
		p, err := Parse(raw, ours)
		if took := time.Since(start); took > 10*time.Second {
			t.Fatalf("%d bytes took %s", len(raw), took)
		}
		if err != nil && strings.Contains(err.Error(), "panicked") {
			t.Fatal(err)
		}
		checkParsed(t, p)
		Explain("x", raw, ours, nil)
	})
}

// checkParsed holds what must be true of every message: text the database
// takes, a reply where there is a text, no line breaks where one line belongs.
func checkParsed(t *testing.T, p notify.Parsed) {
	t.Helper()
	for what, s := range map[string]string{
		"text": p.Text, "reply": p.ReplyText, "subject": p.Subject, "from": p.From, "name": p.FromName, "id": p.MessageID,
		"failed": p.FailedRecipient, "reason": p.FailedReason, "original": p.OriginalID,
	} {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			t.Errorf("%s is not text: %q", what, s)
		}
		if what != "text" && what != "reply" && strings.ContainsAny(s, "\r\n") {
			t.Errorf("%s has several lines: %q", what, s)
		}
	}
	for _, r := range p.Recipients {
		if !utf8.ValidString(r.Address) {
			t.Errorf("recipient is not text: %q", r.Address)
		}
	}
	for _, a := range p.Attachments {
		if !utf8.ValidString(a.Name) || strings.ContainsAny(a.Name, "/\\\n\x00") || !utf8.ValidString(a.ContentType) {
			t.Errorf("attachment %q of type %q", a.Name, a.ContentType)
		}
	}
	if strings.TrimSpace(p.Text) != "" && strings.TrimSpace(p.ReplyText) == "" {
		t.Errorf("no reply from the text %q", p.Text)
	}
}

func FuzzReplyText(f *testing.F) {
	all, read := corpus(f)
	for name := range all {
		if _, body, ok := bytes.Cut(read(name), []byte("\r\n\r\n")); ok {
			f.Add(string(body), false)
			f.Add(string(body), true)
		}
	}
	f.Fuzz(func(t *testing.T, text string, forwarded bool) {
		text = clean(text)
		for name, lines := range map[string][]line{
			"plain": plainLines(text, false, false), "flowed": plainLines(text, true, true), "html": htmlLines(text),
		} {
			got := stripReply(lines, forwarded, "matti")
			whole := plainText(lines)
			if (got.text == "") != (whole == "") {
				t.Errorf("%s: reply %q of %q", name, got.text, whole)
			}
			if len(got.text) > len(whole)+len(lines)+2 {
				t.Errorf("%s: the reply is longer than the text", name)
			}
		}
		unwrapSMS(text)
	})
}

func BenchmarkParse(b *testing.B) {
	for _, name := range []string{"gmail-fi", "nested-related", "outlook-desktop-html", "bounce-postfix"} {
		raw, err := os.ReadFile("../testdata/mail/" + name + ".eml")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(raw, ours); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
