package inbox

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/notify"
)

// TestNumbersThatShiftMeanwhileMixNothingUp has another program remove messages and
// a new one come between the list and the fetch: by then most messages stand in
// another place of the mailbox.
func TestNumbersThatShiftMeanwhileMixNothingUp(t *testing.T) {
	h, _ := dovecot(t)
	d := dbtest.SQLite(t)
	p := poller(t, d, h.url())
	for n := range 8 {
		h.deliver(t, letter(n))
	}
	box, err := p.ready(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	entries, err := p.session.list(t.Context(), 0, box.UIDNext)
	if err != nil || len(entries) != 8 {
		t.Fatalf("%d listed, %v", len(entries), err)
	}
	other, err := p.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if _, err := other.open(t.Context(), "INBOX", false); err != nil {
		t.Fatal(err)
	}
	gone := imap.UIDSetNum(1, 2, 5)
	if err := other.flag(t.Context(), gone, imap.FlagDeleted); err != nil {
		t.Fatal(err)
	}
	if err := other.client.UIDExpunge(gone).Close(); err != nil {
		t.Fatal(err)
	}
	h.deliver(t, letter(8))
	got, err := p.session.fetch(t.Context(), entries, maxMessage)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range got {
		if want := fmt.Sprintf("Message-ID: <n%d@asiakas.test>", m.uid-1); !strings.Contains(string(m.bytes), want) {
			t.Errorf("number %d is not %s", m.uid, want)
		}
	}
	if len(got) < 5 { // Dovecot may still give what another session removed
		t.Errorf("%d fetched", len(got))
	}
	poll(t, p, 6)
	poll(t, p, 0)
	// "9:*" names the last message also where it is no news, and not every server
	// says what its next number is.
	if again, err := p.session.list(t.Context(), 9, 0); err != nil || len(again) != 0 {
		t.Errorf("%v, %v", again, err)
	}
	if last, err := p.session.list(t.Context(), 8, 0); err != nil || len(last) != 1 || last[0].uid != 9 {
		t.Errorf("%v, %v", last, err)
	}
}

// TestAnOutageOfWeeksEndsWithEverythingInItsPlace has mail of four weeks wait, more
// than two fetches of it.
func TestAnOutageOfWeeksEndsWithEverythingInItsPlace(t *testing.T) {
	const waiting = 2*batchCount + 50
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		user, h := memoryUser(t)
		p := poller(t, d, h.url())
		h.deliver(t, letter(0))
		poll(t, p, 1)
		began := now
		for n := range waiting {
			raw := letter(1 + n)
			at := began.Add(time.Duration(n) * time.Hour)
			if _, err := user.Append("INBOX", literal{strings.NewReader(raw), int64(len(raw))}, &imap.AppendOptions{Time: at}); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(4 * 7 * 24 * time.Hour)
		p.drop() // its connection is long gone
		poll(t, p, waiting)
		poll(t, p, 0)
		var rows []notify.Inbound
		if err := d.In(t.Context()).Omit("raw").Order("uid").Find(&rows).Error; err != nil {
			t.Fatal(err)
		}
		for i, r := range rows[1:] {
			if want := began.Add(time.Duration(i) * time.Hour); !r.ReceivedAt.Equal(want) || r.MessageID != fmt.Sprintf("n%d@asiakas.test", i+1) || r.State != notify.InTriage {
				t.Fatalf("%s is %s of %s, want number %d of %s", r.MessageID, r.State, r.ReceivedAt, i+1, want)
			}
		}
		if len(rows) != waiting+1 {
			t.Errorf("%d rows", len(rows))
		}
	}, dbtest.Clock(func() time.Time { return now }))
}

// TestAServerThatForbidsLOGINIsSignedInToWithPLAIN has a server that offers nothing
// else, as RFC 9051 section 6.2.3 allows.
func TestAServerThatForbidsLOGINIsSignedInToWithPLAIN(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	proof := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "* OK ready\r\n")
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			tag, command, _ := strings.Cut(lines.Text(), " ")
			switch word, rest, _ := strings.Cut(command, " "); strings.ToUpper(word) {
			case "CAPABILITY":
				fmt.Fprintf(conn, "* CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN\r\n%s OK done\r\n", tag)
			case "AUTHENTICATE":
				fmt.Fprint(conn, "+ \r\n")
				lines.Scan()
				secret, _ := base64.StdEncoding.DecodeString(lines.Text())
				proof <- rest + " " + string(secret)
				fmt.Fprintf(conn, "%s OK welcome\r\n", tag)
			case "SELECT", "EXAMINE":
				fmt.Fprintf(conn, "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n%s OK open\r\n", tag)
			default:
				fmt.Fprintf(conn, "%s NO %s is not wanted here\r\n", tag, word)
			}
		}
	}()
	if err := poller(t, dbtest.SQLite(t), host{addr: l.Addr().String()}.url()).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := <-proof; got != "PLAIN \x00inbox\x00secret" {
		t.Errorf("%q", got)
	}
}

// TestLargeMessagesComeInInBoundedMemory brings in three messages of 50 MB, one of
// them a file and one a text, all the way into triage.
func TestLargeMessagesComeInInBoundedMemory(t *testing.T) {
	const size, limit = 50 << 20, 700 << 20
	d := dbtest.SQLite(t)
	h, dove := dovecot(t)
	if err := dove.Wipe("inbox", 1); err != nil {
		t.Fatal(err)
	}
	line := strings.Repeat("QUJD", 19) + "\r\n"
	for n, body := range []string{
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHei\r\n--b\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		"\r\n",
		"Content-Transfer-Encoding: base64\r\n\r\n",
	} {
		raw := fmt.Sprintf("From: c%d@asiakas.test\r\nMessage-ID: <large%d@asiakas.test>\r\nSubject: large\r\n", n, n) + body
		raw += strings.Repeat(line, (size-len(raw))/len(line))
		dropFile(t, dove, n+1, raw)
	}
	if err := dove.Own("inbox"); err != nil {
		t.Fatal(err)
	}
	p := poller(t, d, h.url())
	before := peak(t)
	poll(t, p, 3)
	grew := peakSince(t) - before
	t.Logf("at the most %d MB more", grew>>20)
	if grew > limit {
		t.Errorf("it took %d MB, more than %d", grew>>20, limit>>20)
	}
	if got := states(t, d); got[notify.InTriage] != 3 {
		t.Errorf("states %v", got)
	}
}

// peak begins to watch the memory that this process has from the system, and gives
// what it is now, in bytes.
func peak(t *testing.T) int64 {
	t.Helper()
	debug.FreeOSMemory()
	// proc(5): 5 sets VmHWM back to what is used now.
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
	return peakSince(t)
}

// peakSince is the most it has had since.
func peakSince(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("the system does not say")
	return 0
}
