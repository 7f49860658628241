package inbox

import (
	"bytes"
	"strings"
	"testing"
)

func TestEachReaderTakesOverWhereTheOneBeforeGivesUp(t *testing.T) {
	multi := func(head, body string) string {
		return "From: a@b.test\r\nContent-Type: multipart/mixed" + head + "\r\n\r\n" + body
	}
	part := "--b\r\nContent-Type: text/plain\r\n\r\nHei\r\n--b--\r\n"
	for name, c := range map[string]struct{ raw, how string }{
		"a single part needs no reader of parts":              {"From: a@b.test\r\n\r\nHei", "single"},
		"enmime reads what is small and well behaved":         {multi("; boundary=b", part), "enmime"},
		"go-message reads what is large":                      {multi("; boundary=b", part) + strings.Repeat("x", enmimeBytes), "go-message"},
		"go-message reads what has many dashes":               {multi("; boundary=b", part) + strings.Repeat("\n--", enmimeLines), "go-message"},
		"a forgotten boundary is found in the body":           {multi("", part), "go-message"},
		"a wrong boundary is replaced by the one in use":      {multi("; boundary=other", part), "go-message"},
		"without any boundary the body is one text":           {multi("; boundary=b", "Hei"), "no boundary"},
		"a boundary that nothing follows leaves the raw body": {multi("; boundary=b", "--b--\r\n"), "raw"},
	} {
		t.Run(name, func(t *testing.T) {
			raw := []byte(c.raw)
			h, body := splitMessage(raw)
			root, how := readTree(h, raw, body)
			if how != c.how {
				t.Errorf("read by %q, want %q", how, c.how)
			}
			if text := plainText(readContent(root).plain); c.how != "raw" && !strings.Contains(text, "Hei") {
				t.Errorf("text is %q", text)
			}
		})
	}
}

func TestTransferEncodingsAreDecodedAsFarAsTheyHold(t *testing.T) {
	for name, c := range map[string]struct{ encoding, in, want string }{
		"base64 without its padding":            {"base64", "SGVp", "Hei"},
		"base64 with blanks and foreign signs":  {"BASE64", "SG*Vp\r\n", "Hei"},
		"base64 cut in the middle of a letter":  {"base64", "SGVpIQ", "Hei!"},
		"base64 padded line by line":            {"base64", strings.Repeat("SGVpIHZhYW4sIHTDpG3DpCBvbiB0ZXN0aSE=\r\n", 2), ""},
		"text below closed base64":              {"base64", "SGVpIQ==\r\n\r\n-- \r\nFooter", "Hei!\n-- \r\nFooter"},
		"quoted-printable with lower-case hex":  {"quoted-printable", "=c3=a4", "ä"},
		"quoted-printable with soft breaks":     {"quoted-printable", "a=\r\nb= \r\nc=", "abc"},
		"quoted-printable with a lone sign":     {"quoted-printable", "1=2 = 3", "1=2 = 3"},
		"an encoding nobody knows leaves bytes": {"x-uuencode", "abc", "abc"},
	} {
		t.Run(name, func(t *testing.T) {
			got := string(decodeTransfer(c.encoding, []byte(c.in)))
			if c.want != "" && got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if !strings.HasPrefix(got, c.want) || bytes.Contains([]byte(got), []byte("SGVp")) {
				t.Errorf("got %q", got)
			}
		})
	}
}
