package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"

	"neuvo/internal/fault"
)

// logging is how much the program says, and in what shape.
type logging struct {
	LogLevel  slog.Level `help:"Log level: debug, info, warn or error." default:"info"`
	LogFormat string     `help:"Log format: text or json." enum:"text,json" default:"text"`
}

func (l logging) logger(w io.Writer) *slog.Logger {
	opt := &slog.HandlerOptions{Level: l.LogLevel}
	if l.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opt))
	}
	return slog.New(slog.NewTextHandler(w, opt))
}

// database is where everything is kept.
type database struct {
	Database string `help:"PostgreSQL DSN (postgres://user:password@host/name) or the path of a SQLite file." default:"data/neuvo.db" placeholder:"DSN"`
}

// settingsServe is all that serve must know. Names are the flags; the
// environment has them as NEUVO_…, the config file as they are.
type settingsServe struct {
	database
	logging
	signing
	reading
	gatewaySettings

	Addr             string   `help:"Address to listen on." default:"127.0.0.1:8080"`
	BaseURL          string   `help:"Public address of this site, as customers reach it: https://service.example.com." placeholder:"URL"`
	ShortURL         string   `name:"short-url" help:"Shorter address that leads to this site too, for links in texts: https://nv.example." placeholder:"URL"`
	SMTP             string   `name:"smtp" help:"SMTP server for e-mail and texts: smtp://user:password@host:587, smtps://…:465, ?tls=none on a trusted network." placeholder:"URL"`
	ReplyAddress     string   `help:"Pattern of the addresses customers answer to, with {token}: {token}@reply.example.com or desk+{token}@example.com." placeholder:"PATTERN"`
	TextsPerHour     int      `help:"Automatic texts that one phone gets in an hour at most; those beyond wait. 0: no bound." default:"8"`
	TextsPerDay      int      `help:"Automatic texts that one phone gets in a day at most; those beyond wait. 0: no bound." default:"20"`
	TrustedProxies   []string `help:"Networks of reverse proxies whose X-Forwarded-For is believed: 10.0.0.0/8." placeholder:"CIDR"`
	PlateRegisterKey string   `name:"plate-register-key" help:"Key of the Norwegian vehicle register (Statens vegvesen, technical vehicle data); without one plates are not looked up." placeholder:"KEY"`
	Migrate          bool     `help:"Bring the database to this program's schema first." default:"false"`
}

// setting is a wrong or missing setting: its names and what to set.
func setting(flag, say string) error {
	env := "NEUVO_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
	return &fault.Error{Kind: fault.Invalid, Key: "fault.setting",
		Args: map[string]any{"flag": flag, "env": env, "say": say}}
}

// check tells everything that is missing or wrong at once, a sentence each.
func (s settingsServe) check() error {
	var errs []error
	if _, _, err := net.SplitHostPort(s.Addr); err != nil {
		errs = append(errs, setting("addr", fmt.Sprintf("%q is no address: give host:port, such as 127.0.0.1:8080 or :8080", s.Addr)))
	}
	errs = append(errs,
		checkURL("base-url", s.BaseURL, "the public address of this site, such as https://service.example.com", "http", "https"),
		checkURL("smtp", s.SMTP, "the server that sends e-mail and texts, such as smtp://user:password@mail.example.com:587", "smtp", "smtps"),
		s.checkMailboxes(),
		checkPattern("reply-address", s.ReplyAddress, "the addresses customers answer to, such as {token}@reply.example.com", "{token}"),
		s.checkGateways(),
	)
	errs = append(errs, s.checkSigning())
	if s.ShortURL != "" {
		errs = append(errs, checkURL("short-url", s.ShortURL, "a short address that leads to this site, such as https://nv.example", "http", "https"))
	}
	for _, proxy := range s.TrustedProxies {
		if _, _, err := net.ParseCIDR(proxy); err != nil {
			errs = append(errs, setting("trusted-proxies", fmt.Sprintf("%q is no network: give it as 10.0.0.0/8", proxy)))
		}
	}
	return errors.Join(errs...)
}

// checkURL wants an address with one of the schemes and a host. What it says
// never repeats the value: it may hold a password.
func checkURL(flag, value, what string, schemes ...string) error {
	if value == "" {
		return setting(flag, "it is not set: give "+what)
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" {
		return setting(flag, "it is no address: give "+what)
	}
	for _, scheme := range schemes {
		if u.Scheme == scheme {
			return nil
		}
	}
	return setting(flag, fmt.Sprintf("it begins with %s: but must begin with %s:; give %s", u.Scheme, strings.Join(schemes, ": or "), what))
}

// checkPattern wants an e-mail address that holds one of the placeholders once.
func checkPattern(flag, value, what string, placeholders ...string) error {
	if value == "" {
		return setting(flag, "it is not set: give "+what)
	}
	for _, placeholder := range placeholders {
		local, domain, ok := strings.Cut(value, "@")
		if ok && strings.Count(local, placeholder) == 1 && domain != "" && !strings.ContainsAny(domain, "{}@ ") {
			return nil
		}
	}
	return setting(flag, fmt.Sprintf("%q holds no %s before an @: give %s", value, strings.Join(placeholders, " or "), what))
}

// domainOf is the right side of an address pattern.
func domainOf(pattern string) string {
	_, domain, _ := strings.Cut(pattern, "@")
	return strings.ToLower(domain)
}
