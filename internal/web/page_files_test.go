package web

import (
	"bytes"
	"image"
	_ "image/jpeg" // to read thumbnails
	"net/http"
	"os"
	"strings"
	"testing"

	"neuvo/notify"
	"neuvo/notify/inbox"
)

// bytesOf asks for an address as the browser that is signed in does.
func (b *bed) bytesOf(path string) *answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), "GET", b.url+path, nil)
	b.must(err)
	return b.do(req)
}

func TestFilesOfAMessageAreSavedAndNeverShownAsPages(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	raw, err := os.ReadFile("../../notify/testdata/mail/tnef-with-text-and-files.eml")
	b.must(err)
	inboundID, _, err := b.notify.StoreRaw(t.Context(), notify.Raw{Source: "imap:test", UIDValidity: 1, UID: 7, Bytes: raw, ReceivedAt: b.clock.now()})
	b.must(err)
	_, err = b.notify.ProcessStored(t.Context(), func(_ string, raw []byte) (notify.Parsed, error) {
		return inbox.Parse(raw, inbox.ParseOptions{})
	})
	b.must(err)
	waiting := "/desk/inbox/" + idOf(inboundID)
	if a := b.bytesOf(waiting + "/files/1"); a.status == http.StatusOK || bytes.Contains(a.raw, []byte("PNG")) {
		t.Fatalf("a stranger got %d", a.status)
	}
	b.atDesk("sanna@example.com")
	b.open("/desk/inbox").want(200).says("Kuvat jarruista ohessa", "lasku.pdf", "The whole message")
	guarded := func(path, kind, begin string) []byte {
		t.Helper()
		a := b.bytesOf(path)
		h := a.header
		if a.status != 200 || h.Get("Content-Type") != kind || !bytes.HasPrefix(a.raw, []byte(begin)) ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != "default-src 'none'; sandbox" {
			t.Errorf("%s: %d %v %.20q", path, a.status, h, a.raw)
		}
		if strings.Contains(path, "/files/") && !strings.HasSuffix(path, "thumbnail") && !strings.HasPrefix(h.Get("Content-Disposition"), "attachment;") {
			t.Errorf("%s is shown: %s", path, h.Get("Content-Disposition"))
		}
		return a.raw
	}
	all := func(base, whole string) {
		t.Helper()
		guarded(base+"/files/1", "image/png", "\x89PNG")
		guarded(base+"/files/2", "application/pdf", "%PDF")
		guarded(whole, "text/plain; charset=utf-8", "Kuvat jarruista")
		small, kind, err := image.DecodeConfig(bytes.NewReader(guarded(base+"/files/1/thumbnail", "image/jpeg", "\xff\xd8\xff")))
		if err != nil || kind != "jpeg" || small.Width != 4 {
			t.Errorf("the thumbnail is %s %+v, %v", kind, small, err)
		}
		for _, none := range []string{"/files/3", "/files/0", "/files/2/thumbnail"} {
			if a := b.bytesOf(base + none); a.status < 400 || a.status >= 500 {
				t.Errorf("%s answers %d", none, a.status)
			}
		}
	}
	all(waiting, waiting+"/whole")
	if _, err := b.notify.Assign(t.Context(), inboundID, "job:"+id, "Sanna"); err != nil {
		t.Fatal(err)
	}
	base := "/desk/jobs/" + id + "/inbound/" + idOf(inboundID)
	b.open("/desk/jobs/"+id).want(200).says("lasku.pdf", "The whole message")
	all(base, base)
	if a := b.bytesOf(waiting + "/files/1"); a.status != http.StatusNotFound {
		t.Errorf("what no longer waits answers %d", a.status)
	}
	other := b.book2("11:00")
	if a := b.bytesOf("/desk/jobs/" + other + "/inbound/" + idOf(inboundID) + "/files/1"); a.status != http.StatusNotFound {
		t.Errorf("another job's address answers %d", a.status)
	}
}
