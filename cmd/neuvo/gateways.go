package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"neuvo/notify"
	"neuvo/notify/email"
	"neuvo/notify/httpsms"
)

// traffic is what a gateway of texts is given, and how fast.
type traffic struct {
	From     string            `help:"Number its texts come from where nothing else is set, or a name, which nobody can answer and which only countries without a register take; the first of its numbers where empty."`
	Numbers  []string          `help:"Our numbers at it, which customers can answer to: +358401234567." placeholder:"NUMBER"`
	Names    map[string]string `help:"Registered sender names by country prefix, for texts that ask nothing: +358=AUTOTALO." placeholder:"PREFIX=NAME"`
	Prefixes []string          `help:"Country prefixes it serves: +358,+46. All where empty." placeholder:"PREFIX"`
	Rate     float64           `help:"Texts a second it takes at most; 0: no bound." default:"0"`
	Calls    int               `help:"Calls to it at once; 0: as many as there are senders." default:"0"`
}

// sender is what a gateway sends from by itself: its own setting, else one of its
// numbers, else one of its names.
func (t traffic) sender() string {
	names := slices.Sorted(maps.Values(t.Names))
	return cmp.Or(t.From, append(t.Numbers, "")[0], append(names, "")[0])
}

// gatewaySettings are the gateways of texts. Each that has its first setting is
// used; where several fit a number, they are tried in the order of SMSOrder.
type gatewaySettings struct {
	SMSAddress string   `name:"sms-address" help:"Pattern of your e-mail-to-SMS gateway, with {digits} (358401234567) or {e164} (+358401234567): {digits}@sms.example.com." placeholder:"PATTERN"`
	SMSSubject string   `name:"sms-subject" help:"Subject your e-mail-to-SMS gateway wants: a password, a route or the registered sender name; {digits} and {e164} stand for the phone." default:""`
	SMSBody    string   `name:"sms-body" help:"What stands around the text in mails to your e-mail-to-SMS gateway, with {text} and \\n for a line break: {text}\\nEND for one that wants a mark at the end." default:"{text}" placeholder:"PATTERN"`
	SMSMax     int      `name:"sms-max" help:"Characters after which your e-mail-to-SMS gateway cuts a text: longer ones are not given to it. 0: it cuts none." default:"0"`
	SMSOrder   []string `name:"sms-order" help:"Order in which gateways that fit a number are tried." default:"twilio,vonage,elks46,kannel,mail" placeholder:"NAME"`
	HookSecret string   `name:"hook-secret" help:"Secret in the addresses that 46elks and Kannel call: /hooks/elks46/inbound?secret=…" placeholder:"SECRET"`

	Twilio struct {
		Account string `help:"Account SID of Twilio: AC…" placeholder:"SID"`
		Token   string `help:"Auth token of Twilio; it signs its calls with it too." placeholder:"TOKEN"`
		Service string `help:"Messaging service of Twilio, in place of a number: MG…" placeholder:"SID"`
		URL     string `help:"Address of Twilio's API." default:"https://api.twilio.com"`
		traffic
	} `embed:"" prefix:"twilio-"`
	Vonage struct {
		Key             string `help:"API key of Vonage." placeholder:"KEY"`
		Secret          string `help:"API secret of Vonage." placeholder:"SECRET"`
		SignatureSecret string `help:"Secret with which Vonage signs its calls; without one they are not taken." placeholder:"SECRET"`
		SignatureMethod string `help:"How Vonage signs: md5hash, md5, sha1, sha256 or sha512." default:"sha256"`
		URL             string `help:"Address of Vonage's SMS API." default:"https://rest.nexmo.com"`
		ReportsURL      string `help:"Address of Vonage's Reports API." default:"https://api.nexmo.com"`
		traffic
	} `embed:"" prefix:"vonage-"`
	Elks46 struct {
		User     string `help:"API user name of 46elks: u…" placeholder:"NAME"`
		Password string `help:"API password of 46elks." placeholder:"PASSWORD"`
		URL      string `help:"Address of 46elks' API." default:"https://api.46elks.com"`
		traffic
	} `embed:"" prefix:"elks46-"`
	Kannel struct {
		URL      string `help:"Address of Kannel's sendsms service: http://127.0.0.1:13013/cgi-bin/sendsms." placeholder:"URL"`
		User     string `help:"sendsms-user of Kannel." placeholder:"NAME"`
		Password string `help:"Password of that user." placeholder:"PASSWORD"`
		SMSC     string `name:"smsc" help:"SMSC that Kannel is to route by." placeholder:"ID"`
		traffic
	} `embed:"" prefix:"kannel-"`
}

// textGateway is a gateway of texts over HTTP with all that it does.
type textGateway interface {
	notify.Gateway
	httpsms.Hook
	io.Closer
	Check(ctx context.Context) error
}

// textGateways makes the gateways over HTTP that are set up, by name. What is
// wrong with one is told with the name of its first setting.
func (s settingsServe) textGateways(now func() time.Time) (map[string]textGateway, error) {
	common := httpsms.Common{Hooks: s.BaseURL, HookSecret: s.HookSecret, Now: now}
	from := traffic.sender
	made := map[string]textGateway{}
	var errs []error
	add := func(flag string, g textGateway, err error) {
		if err != nil {
			errs = append(errs, setting(flag, err.Error()))
			return
		}
		made[g.Name()] = g
	}
	if t := s.Twilio; t.Account != "" {
		g, err := httpsms.NewTwilio(httpsms.TwilioOptions{Common: common, Account: t.Account, Token: t.Token, From: from(t.traffic), Service: t.Service, URL: t.URL})
		add("twilio-account", g, err)
	}
	if v := s.Vonage; v.Key != "" {
		g, err := httpsms.NewVonage(httpsms.VonageOptions{
			Common: common, Key: v.Key, Secret: v.Secret, From: from(v.traffic), SignatureSecret: v.SignatureSecret,
			SignatureMethod: v.SignatureMethod, URL: v.URL, ReportsURL: v.ReportsURL,
		})
		add("vonage-key", g, err)
	}
	if e := s.Elks46; e.User != "" {
		g, err := httpsms.NewElks46(httpsms.Elks46Options{Common: common, User: e.User, Password: e.Password, From: from(e.traffic), URL: e.URL})
		add("elks46-user", g, err)
	}
	if k := s.Kannel; k.URL != "" {
		g, err := httpsms.NewKannel(httpsms.KannelOptions{Common: common, URL: k.URL, User: k.User, Password: k.Password, From: from(k.traffic), SMSC: k.SMSC})
		add("kannel-url", g, err)
	}
	return made, errors.Join(errs...)
}

// minHookSecret is the shortest secret that nobody guesses in an address.
const minHookSecret = 16

// checkGateways tells what is missing or wrong about the gateways of texts.
func (s settingsServe) checkGateways() error {
	var errs []error
	made, err := s.textGateways(nil)
	errs = append(errs, err)
	if s.SMSAddress != "" || len(made) == 0 && err == nil {
		errs = append(errs, checkPattern("sms-address", s.SMSAddress, "the address pattern of your e-mail-to-SMS gateway, such as {digits}@sms.example.com", "{digits}", "{e164}"))
	}
	if s.SMSBody != "" && strings.Count(s.SMSBody, "{text}") != 1 {
		errs = append(errs, setting("sms-body", "it must hold {text} once: give {text} or, for a gateway that wants a mark at the end, {text}\\nEND"))
	}
	if (made["elks46"] != nil || made["kannel"] != nil) && len(s.HookSecret) < minHookSecret {
		errs = append(errs, setting("hook-secret", fmt.Sprintf("46elks and Kannel sign nothing: give a secret of at least %d characters and put it into the addresses they call", minHookSecret)))
	}
	for _, name := range s.SMSOrder {
		if !slices.Contains(gatewayNames, name) {
			errs = append(errs, setting("sms-order", fmt.Sprintf("%q is no gateway: give some of %s", name, strings.Join(gatewayNames, ", "))))
		}
	}
	for flag, t := range s.traffics() {
		for _, number := range t.Numbers {
			if !notify.IsE164(number) {
				errs = append(errs, setting(flag+"-numbers", fmt.Sprintf("%q is no number with its country code: give it as +358401234567", number)))
			}
		}
	}
	return errors.Join(errs...)
}

// gatewayNames are the gateways of texts that there are.
var gatewayNames = []string{"twilio", "vonage", "elks46", "kannel", "mail"}

// traffics are what the gateways over HTTP are given, by name.
func (s settingsServe) traffics() map[string]traffic {
	return map[string]traffic{"twilio": s.Twilio.traffic, "vonage": s.Vonage.traffic, "elks46": s.Elks46.traffic, "kannel": s.Kannel.traffic}
}

// mailSMS is the gateway that makes texts of mails, nil where it is not set up.
func (s settingsServe) mailSMS(m *email.Mailer) (notify.Gateway, error) {
	if s.SMSAddress == "" {
		return nil, nil
	}
	return email.NewSMSGateway(m, email.SMSOptions{
		Address: s.SMSAddress, Subject: s.SMSSubject, Body: strings.ReplaceAll(s.SMSBody, `\n`, "\n"), Max: s.SMSMax,
	})
}

// routes lists every gateway there is, in the order in which they are tried:
// nothing registers itself.
func (s settingsServe) routes(m *email.Mailer, texts map[string]textGateway) ([]notify.Route, error) {
	list := []notify.Route{{Gateway: email.NewSMTP(m)}}
	mail, err := s.mailSMS(m)
	if err != nil {
		return nil, err
	}
	traffics := s.traffics()
	order := slices.Clone(s.SMSOrder)
	for _, name := range append(order, gatewayNames...) {
		switch t := traffics[name]; {
		case name == "mail" && mail != nil:
			list = append(list, notify.Route{Gateway: mail})
			mail = nil
		case texts[name] != nil && !slices.ContainsFunc(list, func(r notify.Route) bool { return r.Gateway == texts[name] }):
			list = append(list, notify.Route{
				Gateway: texts[name], Prefixes: t.Prefixes, PerSecond: t.Rate, Concurrency: t.Calls, Numbers: t.Numbers, Names: t.Names, From: t.From,
			})
		}
	}
	return list, notify.CheckRoutes(list)
}

// hooks are the gateways that their providers call us for.
func hooks(texts map[string]textGateway) []httpsms.Hook {
	var list []httpsms.Hook
	for _, name := range gatewayNames {
		if texts[name] != nil {
			list = append(list, texts[name])
		}
	}
	return list
}
