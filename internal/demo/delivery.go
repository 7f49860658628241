package demo

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-smtp"
)

// delivery is one SMTP session. The host takes mail from anyone on loopback.
type delivery struct {
	host *Host
	from string
	to   []string
}

var _ smtp.Session = (*delivery)(nil)

// Reset forgets the message that was begun.
func (d *delivery) Reset() { d.from, d.to = "", nil }

// Logout has nothing to free.
func (d *delivery) Logout() error { return nil }

// Mail takes any sender, the empty one of bounces too (RFC 5321 section 4.5.5).
func (d *delivery) Mail(from string, _ *smtp.MailOptions) error {
	d.from = strings.ToLower(from)
	return nil
}

// Rcpt refuses only what cannot be a phone or a mailbox.
func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	to = strings.ToLower(to)
	local, domain, ok := strings.Cut(to, "@")
	if !ok || local == "" || domain == "" {
		return noSuchUser(to)
	}
	if domain == d.host.opt.SMSDomain && Number(local) == "" {
		return noSuchUser(to)
	}
	d.to = append(d.to, to)
	return nil
}

func noSuchUser(to string) error {
	return &smtp.SMTPError{
		Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1},
		Message: fmt.Sprintf("No such phone or mailbox: %q", to),
	}
}

// Data returns only when the message is on disk: the 250 is a promise.
func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	err = d.host.store.accept(d.from, d.to, raw)
	switch {
	case errors.Is(err, errClosed):
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Shutting down"}
	case err != nil:
		d.host.opt.Log.Error("demo mail host: keep a message", "error", err)
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Cannot keep the message now"}
	}
	return nil
}
