package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"
)

// The demo's domains, all under .test (RFC 6761 section 6.2): no message can
// leave the machine.
const (
	ReplyDomain = "reply.neuvo.test" // the shop's per-conversation addresses
	SMSDomain   = "sms.neuvo.test"   // NUMBER@ this is the phone NUMBER
)

// imapUser is who the shop's mailbox belongs to.
const imapUser = "desk"

// maxMessage is the largest message the host takes, in bytes.
const maxMessage = 25 << 20

// HostOptions for StartHost.
type HostOptions struct {
	// Dir is where mailhost.jsonl lives; it is made when missing.
	Dir string
	// ReplyDomain and SMSDomain default to the constants of those names.
	ReplyDomain, SMSDomain string
	// SMTPAddr and IMAPAddr are where to listen; "127.0.0.1:0" when empty.
	SMTPAddr, IMAPAddr string
	// Now is the demo's clock; time.Now when nil.
	Now func() time.Time
	// OnMail is called when something new is in the shop's INBOX. It must not
	// block. May be nil; see also Host.OnMail.
	OnMail func()
	// Log may be nil.
	Log *slog.Logger
}

// Host is the demo's mail host: SMTP in, IMAP out for the shop, phones and
// mailboxes for its customers.
type Host struct {
	opt      HostOptions
	store    *store
	password string

	smtpServer   *smtp.Server
	imapServer   *imapserver.Server
	smtpListener net.Listener
	imapListener net.Listener
	served       chan error
}

// StartHost reloads what was delivered before and listens on loopback. The
// error says which file or address is at fault.
func StartHost(opt HostOptions) (*Host, error) {
	if opt.ReplyDomain == "" {
		opt.ReplyDomain = ReplyDomain
	}
	if opt.SMSDomain == "" {
		opt.SMSDomain = SMSDomain
	}
	if opt.SMTPAddr == "" {
		opt.SMTPAddr = "127.0.0.1:0"
	}
	if opt.IMAPAddr == "" {
		opt.IMAPAddr = "127.0.0.1:0"
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	h := &Host{opt: opt, password: rand.Text(), served: make(chan error, 2)}
	if err := h.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the demo's mail host: %w", err), h.Close())
	}
	return h, nil
}

// open is StartHost after the defaults; what it opened is closed by Close.
func (h *Host) open() error {
	if err := os.MkdirAll(h.opt.Dir, 0o700); err != nil {
		return err
	}
	user := imapmemserver.NewUser(imapUser, h.password)
	// The first mailbox made gets UIDVALIDITY 1, at every start: the cursor that
	// a poller keeps stays good (RFC 3501 section 2.3.1.1).
	if err := user.Create("INBOX", nil); err != nil {
		return err
	}
	var err error
	if h.store, err = openStore(filepath.Join(h.opt.Dir, "mailhost.jsonl"), h.opt, user); err != nil {
		return err
	}
	if h.smtpListener, err = net.Listen("tcp", h.opt.SMTPAddr); err != nil {
		return err
	}
	if h.imapListener, err = net.Listen("tcp", h.opt.IMAPAddr); err != nil {
		return err
	}
	h.serveSMTP()
	h.serveIMAP(user)
	return nil
}

func (h *Host) serveSMTP() {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &delivery{host: h}, nil
	}))
	s.Domain = "mail." + h.opt.ReplyDomain
	s.MaxMessageBytes = maxMessage
	s.MaxRecipients = 50
	s.EnableSMTPUTF8 = true
	s.ReadTimeout = time.Minute
	s.WriteTimeout = time.Minute
	s.ErrorLog = smtpLog{h.opt.Log}
	h.smtpServer = s
	go func() { h.served <- s.Serve(h.smtpListener) }()
}

func (h *Host) serveIMAP(user *imapmemserver.User) {
	memory := imapmemserver.New()
	memory.AddUser(user)
	h.imapServer = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return memory.NewSession(), nil, nil
		},
		Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		// Loopback only, and the password is new at every start.
		InsecureAuth: true,
		Logger:       smtpLog{h.opt.Log},
	})
	go func() { h.served <- h.imapServer.Serve(h.imapListener) }()
}

// smtpLog passes what the servers have to say on to the program's log.
type smtpLog struct{ log *slog.Logger }

// Printf implements the servers' logger.
func (l smtpLog) Printf(format string, v ...any) {
	l.log.Debug("demo mail host: " + strings.TrimSpace(fmt.Sprintf(format, v...)))
}

// Println implements the servers' logger.
func (l smtpLog) Println(v ...any) {
	l.log.Debug("demo mail host: " + strings.TrimSpace(fmt.Sprintln(v...)))
}

// SMTPURL is where the shop sends its mail, in the form that notify/email takes.
func (h *Host) SMTPURL() string {
	return "smtp://" + h.smtpListener.Addr().String() + "?tls=none"
}

// IMAPURL is the shop's mailbox with its credentials, in the form that
// notify/inbox takes. The password is new at every start: keep it out of logs.
func (h *Host) IMAPURL() string {
	u := url.URL{
		Scheme: "imap", User: url.UserPassword(imapUser, h.password),
		Host: h.imapListener.Addr().String(), RawQuery: "tls=none",
	}
	return u.String()
}

// SMSAddress is the address pattern of the e-mail-to-SMS gateway, for
// notify/email.
func (h *Host) SMSAddress() string { return "{digits}@" + h.opt.SMSDomain }

// OnMail sets what is called when something new is in the shop's INBOX, in
// place of what the options gave. f must not block.
func (h *Host) OnMail(f func()) { h.store.setOnMail(f) }

// Close stops both servers and closes the file. What was accepted is on disk
// already. Calling it twice is harmless.
func (h *Host) Close() error {
	var errs []error
	served := 0
	if h.smtpServer != nil {
		served++
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		if h.smtpServer.Shutdown(ctx) != nil {
			h.smtpServer.Close()
		}
		cancel()
	} else if h.smtpListener != nil {
		errs = append(errs, h.smtpListener.Close())
	}
	if h.imapServer != nil {
		served++
		errs = append(errs, h.imapServer.Close())
	} else if h.imapListener != nil {
		errs = append(errs, h.imapListener.Close())
	}
	// A server that was stopped before it began to serve has not closed these.
	for _, l := range []net.Listener{h.smtpListener, h.imapListener} {
		if l != nil {
			_ = l.Close()
		}
	}
	for range served {
		<-h.served
	}
	h.smtpServer, h.imapServer, h.smtpListener, h.imapListener = nil, nil, nil, nil
	if h.store != nil {
		errs = append(errs, h.store.close())
	}
	return errors.Join(errs...)
}
