package web

import (
	"bytes"
	"net/http"
	"os"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/notify"
	"neuvo/notify/inbox"
)

// mailed brings a mail in as the mailbox would and gives its number.
func (b *bed) mailed(uid int64, raw []byte, read inbox.ParseOptions) int64 {
	b.t.Helper()
	id, _, err := b.notify.StoreRaw(b.t.Context(), notify.Raw{Source: "imap:test", UIDValidity: 1, UID: uid, Bytes: raw, ReceivedAt: b.clock.now()})
	b.must(err)
	_, err = b.notify.ProcessStored(b.t.Context(), func(_ string, raw []byte) (notify.Parsed, error) { return inbox.Parse(raw, read) })
	b.must(err)
	return id
}

func TestFilesOfAVisitOutliveTheMailAroundThemAndAreErasedWithIt(t *testing.T) {
	each(t, func(b *bed) {
		t := b.t
		id, _ := b.book("10:00")
		raw, err := os.ReadFile("../../notify/testdata/mail/tnef-with-text-and-files.eml")
		b.must(err)
		onJob, inTriage := b.mailed(7, raw, inbox.ParseOptions{}), b.mailed(8, bytes.Replace(raw, []byte("Message-ID: <"), []byte("Message-ID: <2"), 1), inbox.ParseOptions{})
		if _, err := b.notify.Assign(t.Context(), onJob, "job:"+id, "Sanna"); err != nil {
			t.Fatal(err)
		}
		b.must(b.notify.Dismiss(t.Context(), inTriage, "Sanna"))
		stored := func(id int64) int {
			t.Helper()
			in, err := b.notify.InboundByID(t.Context(), id)
			b.must(err)
			return len(in.Raw)
		}
		b.atDesk("sanna@example.com")
		base := "/desk/jobs/" + id + "/inbound/" + idOf(onJob)
		before := b.bytesOf(base + "/files/2").want(200).raw
		b.clock.advance(170 * 24 * time.Hour)
		if n, err := b.notify.Purge(t.Context()); n != 0 || err != nil {
			t.Fatalf("%d were emptied too soon, %v", n, err)
		}
		b.clock.advance(20 * 24 * time.Hour)
		for range 2 { // what is kept is kept
			_, err := b.notify.Purge(t.Context())
			b.must(err)
			if stored(onJob)+stored(inTriage) != 0 {
				t.Fatalf("%d and %d bytes of raw mail are left", stored(onJob), stored(inTriage))
			}
		}
		b.open("/desk/jobs/"+id).want(200).says("lasku.pdf", "The whole message")
		if after := b.bytesOf(base + "/files/2").want(200).raw; !bytes.Equal(before, after) || len(after) == 0 {
			t.Errorf("the file had %d bytes and has %d", len(before), len(after))
		}
		if a := b.bytesOf(base + "/files/1/thumbnail").want(200); !bytes.HasPrefix(a.raw, []byte("\xff\xd8\xff")) {
			t.Errorf("the picture is no picture any more: %.20q", a.raw)
		}
		if _, err := b.notify.File(t.Context(), inTriage, 2); err == nil {
			t.Error("what was dismissed is kept")
		}
		// The customer wants to be forgotten.
		b.exec("UPDATE jobs SET closed_at = ?", b.clock.now().UnixMicro())
		job, err := b.desk.Job(t.Context(), number(id))
		b.must(err)
		b.must(b.desk.EraseCustomer(t.Context(), job.CustomerID, booking.Actor{Kind: "staff", Name: "Bea"}))
		b.bytesOf(base + "/files/2").want(http.StatusNotFound)
		var left int64
		b.must(b.db.In(t.Context()).Table("inbound_files").Where("inbound_id = ?", onJob).Count(&left).Error)
		if left != 0 {
			t.Errorf("%d files are left", left)
		}
	})
}

func TestFilesFromAnAddressThatIsErasedGoWhereverTheyStand(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	mail := []byte("From: maija@example.com\r\nTo: someone@example.com\r\nMessage-ID: <a@x>\r\nSubject: Kuva\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nOhessa\r\n--b\r\nContent-Type: application/pdf\r\n" +
		"Content-Disposition: attachment; filename=\"maijan-salaisuus.pdf\"\r\n\r\n%PDF-1.4 x\r\n--b--\r\n")
	in := b.mailed(9, mail, inbox.ParseOptions{})
	if waits, err := b.notify.InboundByID(t.Context(), in); err != nil || waits.State != notify.InPlaced {
		b.t.Fatalf("it is %s, %v", waits.State, err)
	}
	b.exec("UPDATE inbound SET state = 'dismissed'")
	b.exec("DELETE FROM messages WHERE inbound_id > 0")
	b.exec("UPDATE jobs SET closed_at = ?", b.clock.now().UnixMicro())
	job, err := b.desk.Job(t.Context(), number(id))
	b.must(err)
	b.must(b.desk.EraseCustomer(t.Context(), job.CustomerID, booking.Actor{Kind: "staff", Name: "Bea"}))
	var left int64
	b.must(b.db.In(t.Context()).Table("inbound_files").Count(&left).Error)
	if left != 0 {
		t.Errorf("%d names of files are left", left)
	}
}
