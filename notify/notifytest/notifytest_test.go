package notifytest

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"
)

func TestDovecotTakesMailOverLMTPAndServesItOverIMAP(t *testing.T) {
	d := StartDovecot(t)
	if err := d.Deliver("inbox", []byte("Subject: one\r\n\r\nhello\r\n"), "desk+x@reply.neuvo.test"); err != nil {
		t.Fatal(err)
	}
	c, err := imapclient.DialInsecure(d.IMAPAddr, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("inbox", Password).Wait(); err != nil {
		t.Fatal(err)
	}
	box, err := c.Select("INBOX", nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if box.NumMessages != 1 {
		t.Fatalf("INBOX has %d messages, want 1", box.NumMessages)
	}
}

func TestSMTPHandsOverWhatItGot(t *testing.T) {
	got := make(chan string, 1)
	s := StartSMTP(t, func(from string, to []string, raw []byte) error {
		got <- from + " " + strings.Join(to, ",") + " " + string(raw)
		return nil
	})
	c, err := smtp.Dial(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendMail("a@example.test", []string{"b@example.test", "c@example.test"}, strings.NewReader("Subject: x\r\n\r\nhi\r\n")); err != nil {
		t.Fatal(err)
	}
	want := "a@example.test b@example.test,c@example.test Subject: x\r\n\r\nhi\r\n"
	if g := <-got; g != want {
		t.Fatalf("got %q, want %q", g, want)
	}
}

func TestStoppedServersNoLongerAnswer(t *testing.T) {
	var addr string
	t.Run("inner", func(t *testing.T) { addr = StartDovecot(t).IMAPAddr })
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	if line, err := bufio.NewReader(conn).ReadString('\n'); err == nil {
		t.Fatalf("Dovecot still answers %q after its test", line)
	}
}
