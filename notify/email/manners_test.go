package email_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/notify/email"
)

// sendOne hands one message to a fresh server and gives what arrived.
func sendOne(t *testing.T, e notify.Envelope, sign *email.Signature) string {
	t.Helper()
	s := startServer(t, serverOptions{})
	g := email.NewSMTP(mailer(t, email.MailerOptions{URL: "smtp://" + s.addr, Signature: sign}))
	if _, err := send(t, g, e); err != nil {
		t.Fatal(err)
	}
	return s.messages()[0].raw
}

func TestAMailSaysTheSameInHTML(t *testing.T) {
	e := envelope()
	e.Occasion = "booked"
	e.Body = "Hei Liisa!\n\nAika: 23.11.2026 klo 9.30\nPalvelu: Öljynvaihto & <pesu>\n\nTäällä voit siirtää:\nhttps://desk.test/j/abc?x=1&y=2\n\nKatso myös https://desk.test/ohje.\n\nTerveisin\nSatu"
	e.Files = []notify.File{{Name: "visit.ics", ContentType: "text/calendar; method=PUBLISH; charset=utf-8", Content: []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")}}
	_, parts := partsOf(t, sendOne(t, e, nil))
	if parts["text/plain"] != e.Body {
		t.Errorf("plain text: %q", parts["text/plain"])
	}
	for _, kind := range []string{"multipart/mixed", "multipart/alternative", "text/calendar"} {
		if parts[kind] == "" {
			t.Errorf("no %s among the parts", kind)
		}
	}
	page := parts["text/html"]
	for _, want := range []string{
		`<html lang="fi">`, "Hei Liisa!", "Aika: 23.11.2026 klo 9.30<br>", "Öljynvaihto &amp; &lt;pesu&gt;", "prefers-color-scheme: dark",
		`<a href="https://desk.test/j/abc?x=1&amp;y=2" style="display:inline-block`, ">Katso tai muuta varausta</a>",
		`Katso myös <a href="https://desk.test/ohje" style="color:#0b6b5d">https://desk.test/ohje</a>.`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	for _, no := range []string{"<img", "<script", "src=", "@import", "<pesu>"} {
		if strings.Contains(page, no) {
			t.Errorf("the page holds %q", no)
		}
	}
}

func TestALinkThatIsNoWebAddressIsNotMadeOne(t *testing.T) {
	e := envelope()
	e.Body = "Look: javascript:alert(1)\n<a href='https://evil.test'>x</a> \"https://desk.test/a\" https://"
	_, parts := partsOf(t, sendOne(t, e, nil))
	page := parts["text/html"]
	if strings.Contains(page, "href=\"javascript") || strings.Contains(page, "<a href='") || !strings.Contains(page, `<a href="https://desk.test/a"`) {
		t.Errorf("%s", page)
	}
}

func TestWhatWasSubscribedToCanBeLeftWithOneClick(t *testing.T) {
	leave := "https://desk.test/u/token"
	for name, c := range map[string]struct {
		purpose   notify.Purpose
		automatic bool
		url       string
		offered   bool
	}{
		"a survey":                           {notify.Survey, true, leave, true},
		"a reminder":                         {notify.Reminder, true, leave, true},
		"marketing":                          {notify.Marketing, true, leave, true},
		"a job update":                       {notify.JobUpdate, true, leave, false},
		"an advisor's own words":             {notify.Survey, false, leave, false},
		"a survey whose page is not known":   {notify.Survey, true, "", false},
		"an address that forges a header":    {notify.Survey, true, leave + "\r\nBcc: x@y", false},
		"an address that closes its bracket": {notify.Survey, true, leave + ">,<x", false},
	} {
		t.Run(name, func(t *testing.T) {
			e := envelope()
			e.Purpose, e.Automatic, e.Unsubscribe = c.purpose, c.automatic, c.url
			header, parts := partsOf(t, sendOne(t, e, nil))
			want, post := "", ""
			if c.offered {
				want, post = "<"+leave+">", "List-Unsubscribe=One-Click"
			}
			if header.Get("List-Unsubscribe") != want || header.Get("List-Unsubscribe-Post") != post {
				t.Errorf("%q, %q", header.Get("List-Unsubscribe"), header.Get("List-Unsubscribe-Post"))
			}
			for kind, body := range parts {
				if strings.HasPrefix(kind, "text/") && strings.Contains(body, leave) != c.offered {
					t.Errorf("%s:\n%s", kind, body)
				}
			}
		})
	}
}

// keyFile writes a private key as operators have them.
func keyFile(t *testing.T, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestAReceivingHostCanTellOurMailFromAForgery(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"RSA in PKCS #1": keyFile(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)), "RSA in PKCS #8": keyFile(t, "PRIVATE KEY", pkcs8(t, rsaKey)),
		"Ed25519": keyFile(t, "PRIVATE KEY", pkcs8(t, edKey)),
	} {
		t.Run(name, func(t *testing.T) {
			sign, err := email.NewSignature("Neuvo.test", "desk1", file)
			if err != nil {
				t.Fatal(err)
			}
			record, err := sign.Record()
			if err != nil || sign.Name() != "desk1._domainkey.neuvo.test" {
				t.Fatalf("%s, %v", sign.Name(), err)
			}
			lookup := &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
				if name != sign.Name() {
					t.Errorf("asked for %s", name)
				}
				return []string{record}, nil
			}}
			verdict := func(raw string) error {
				t.Helper()
				found, err := dkim.VerifyWithOptions(strings.NewReader(raw), lookup)
				if err != nil || len(found) != 1 || found[0].Domain != "neuvo.test" {
					t.Fatalf("%+v, %v", found, err)
				}
				return found[0].Err
			}
			e := envelope()
			e.Purpose, e.Unsubscribe = notify.Survey, "https://desk.test/u/token"
			raw := sendOne(t, e, sign)
			if err := verdict(raw); err != nil {
				t.Errorf("our own mail: %v", err)
			}
			for what, forged := range map[string]string{
				"another body":    strings.Replace(raw, "Liisa!", "Lissa!", 1),
				"another sender":  strings.Replace(raw, "desk+token@", "boss@", 1),
				"another way out": strings.Replace(raw, "desk.test/u/token>", "evil.test/u/token>", 1),
				"no one-click":    strings.Replace(raw, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", "", 1),
			} {
				if forged == raw {
					t.Fatalf("%s: nothing forged", what)
				}
				if verdict(forged) == nil {
					t.Errorf("%s is taken for ours", what)
				}
			}
		})
	}
}

func TestTextsThroughAMailGatewayAreSignedAndStayPlain(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sign, err := email.NewSignature("neuvo.test", "desk1", keyFile(t, "PRIVATE KEY", pkcs8(t, key)))
	if err != nil {
		t.Fatal(err)
	}
	s := startServer(t, serverOptions{})
	g, err := email.NewSMSGateway(mailer(t, email.MailerOptions{URL: "smtp://" + s.addr, Signature: sign}), email.SMSOptions{Address: "{digits}@sms.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	e := envelope()
	e.To, e.Purpose, e.Unsubscribe = "+358401234567", notify.Survey, "https://desk.test/u/token"
	if _, err := send(t, g, e); err != nil {
		t.Fatal(err)
	}
	header, parts := partsOf(t, s.messages()[0].raw)
	if header.Get("Dkim-Signature") == "" || len(parts) != 1 || parts["text/plain"] != e.Body {
		t.Errorf("%v %v", header, parts)
	}
}

func TestASignatureThatCannotWorkIsRefusedWithWhatToMend(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	good := keyFile(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(short))
	plain := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(plain, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ domain, selector, file, key string }{
		"no domain":               {"", "desk", good, "fault.dkim_domain"},
		"a domain of one label":   {"localhost", "desk", good, "fault.dkim_domain"},
		"a domain with an at":     {"a@example.com", "desk", good, "fault.dkim_domain"},
		"no selector":             {"example.com", "", good, "fault.dkim_selector"},
		"a selector with a space": {"example.com", "a b", good, "fault.dkim_selector"},
		"no file":                 {"example.com", "desk", filepath.Join(t.TempDir(), "none"), "fault.dkim_key"},
		"no PEM":                  {"example.com", "desk", plain, "fault.dkim_key"},
		"not a private key":       {"example.com", "desk", keyFile(t, "CERTIFICATE", []byte("x")), "fault.dkim_key"},
		"a key that cannot sign":  {"example.com", "desk", keyFile(t, "PRIVATE KEY", pkcs8(t, ecKey(t))), "fault.dkim_key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := email.NewSignature(c.domain, c.selector, c.file)
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.key) {
				t.Errorf("%v, want %s", err, c.key)
			}
		})
	}
	s, err := email.NewSignature("example.com", "desk", good)
	if err != nil {
		t.Fatal(err)
	}
	for domain, want := range map[string]bool{"example.com": true, "reply.Example.com.": true, "badexample.com": false, "com": false} {
		if s.Covers(domain) != want {
			t.Errorf("covers %s: %t", domain, !want)
		}
	}
}

// ecKey is a key of a kind that DKIM does not know.
func ecKey(t *testing.T) crypto.PrivateKey {
	t.Helper()
	cert, _ := certificate(t)
	return cert.PrivateKey
}
