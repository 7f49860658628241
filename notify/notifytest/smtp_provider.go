package notifytest

import (
	"bufio"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
)

// StartMailHost starts an SMTP server that can behave as badly as any; StartSMTP
// starts one that only takes mail.
func StartMailHost(t testing.TB) *Counterpart {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen for SMTP: %v", err)
	}
	c := &Counterpart{Addr: l.Addr().String()}
	var group sync.WaitGroup
	over := make(chan struct{})
	group.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				done := make(chan struct{})
				go func() {
					select {
					case <-over:
					case <-done:
					}
					_ = conn.Close()
				}()
				c.serveMail(conn)
				close(done)
			})
		}
	})
	t.Cleanup(func() { close(over); _ = l.Close(); group.Wait() })
	return c
}

// serveMail speaks RFC 5321 as far as a client that sends needs it.
func (c *Counterpart) serveMail(conn net.Conn) {
	in := bufio.NewReader(conn)
	say := func(line string) bool {
		_, err := io.WriteString(conn, line+"\r\n")
		return err == nil
	}
	var from, to string
	ok := say("220 mail.neuvo.test ESMTP")
	for ok {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			ok = say("250-mail.neuvo.test") && say("250-8BITMIME") && say("250 AUTH PLAIN")
		case "AUTH":
			ok = say("235 2.7.0 welcome")
		case "MAIL":
			from, to = address(rest), ""
			switch c.manner() {
			case Settings:
				ok = say("530 5.7.0 sign in first")
			case Throttle:
				ok = say("450 4.7.1 too much mail from you")
			default:
				ok = say("250 2.1.0 ok")
			}
		case "RCPT":
			to = address(rest)
			if c.manner() == Refuse {
				ok = say("550 5.1.1 no such user")
			} else {
				ok = say("250 2.1.5 ok")
			}
		case "DATA":
			if ok = say("354 go on"); ok {
				ok = c.takeMail(in, conn, from, to)
			}
		case "QUIT":
			say("221 2.0.0 bye")
			return
		default:
			ok = say("250 2.0.0 ok")
		}
	}
}

// takeMail reads a message up to the final dot and answers.
func (c *Counterpart) takeMail(in *bufio.Reader, conn net.Conn, from, to string) bool {
	var raw strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		raw.WriteString(strings.TrimPrefix(line, "."))
	}
	say := func(line string) bool {
		_, err := io.WriteString(conn, line+"\r\n")
		return err == nil
	}
	behaviour := c.manner()
	if behaviour == Later {
		return say("451 4.3.0 the scanner is down")
	}
	c.mu.Lock()
	id := fmt.Sprintf("4F%06X", len(c.taken)+1)
	c.mu.Unlock()
	c.take(Taken{From: from, To: to, Text: textOf(raw.String()), ID: id})
	switch behaviour {
	case Garbage:
		return say("welcome to the hotel's network")
	case Huge:
		for say("250-" + strings.Repeat("x", 1000)) {
		}
		return false
	}
	return say("250 2.0.0 Ok: queued as " + id)
}

// textOf is the text of a message as its reader sees it, without the final line
// break that mail adds: of one with alternatives, the plain one.
func textOf(raw string) string {
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return "unreadable: " + err.Error()
	}
	var body io.Reader = quotedprintable.NewReader(m.Body)
	if kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type")); err == nil && strings.HasPrefix(kind, "multipart/") {
		// The reader decodes quoted-printable by itself.
		if body, err = multipart.NewReader(m.Body, params["boundary"]).NextPart(); err != nil {
			return "unreadable: " + err.Error()
		}
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return "unreadable: " + err.Error()
	}
	return strings.TrimSuffix(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
}

// address is what stands between the angle brackets of MAIL FROM and RCPT TO.
func address(rest string) string {
	_, after, _ := strings.Cut(rest, "<")
	inside, _, _ := strings.Cut(after, ">")
	return inside
}
