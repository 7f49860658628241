package email

import (
	"context"
	"errors"
	"log/slog"

	"neuvo/notify"
)

// MailerOptions for NewMailer.
type MailerOptions struct {
	URL      string
	FromName string
	Log      *slog.Logger
}

// Mailer sends over one SMTP host.
type Mailer struct{}

func NewMailer(opt MailerOptions) (*Mailer, error) { return nil, errors.New("being built") }

func (m *Mailer) Check(ctx context.Context) error { return errors.New("being built") }

func NewSMTP(m *Mailer) notify.Gateway { return nil }

// SMSOptions for NewSMSGateway.
type SMSOptions struct {
	Address string
	Subject string
}

func NewSMSGateway(m *Mailer, opt SMSOptions) (notify.Gateway, error) {
	return nil, errors.New("being built")
}
