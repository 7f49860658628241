package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"neuvo/booking"
	"neuvo/notify"
	"neuvo/notify/email"
	"neuvo/notify/httpsms"
)

// overHTTP tells whether texts go over HTTP at all.
func (e *examination) overHTTP() bool {
	made, _ := e.textGateways(e.now)
	return len(made) > 0
}

// gateway calls a gateway of texts over HTTP in a way that sends nothing and
// costs nothing. One that is not set up has no finding.
func (e *examination) gateway(name string) func(context.Context) finding {
	return func(ctx context.Context) finding {
		made, _ := e.textGateways(e.now) // what is wrong with the settings stands under settings
		g := made[name]
		if g == nil {
			return finding{}
		}
		if err := errors.Join(g.Check(ctx), g.Close()); err != nil {
			return mendError(err)
		}
		switch {
		case len(e.traffics()[name].Numbers) == 0:
			return note("it takes our sign-in; customers cannot answer its texts: set %s-numbers to numbers of yours at it", name)
		case name == "vonage" && e.Vonage.SignatureSecret == "":
			return note("it takes our sign-in; its calls are not taken without vonage-signature-secret")
		case !lists(g):
			return fine("it takes our sign-in; let it call %s/hooks/%s/inbound; it keeps no list of the texts that came, so that one it cannot bring us is only as safe as its own queue", e.BaseURL, name)
		}
		return fine("it takes our sign-in; let it call %s/hooks/%s/inbound", e.BaseURL, name)
	}
}

// senders looks at what texts come from: whether each name can be sent, is known
// to be registered where that is asked for, and whether questions can be answered.
// The countries are those of the workshops and of the gateways' settings.
func (e *examination) senders(ctx context.Context) finding {
	m, err := email.NewMailer(email.MailerOptions{URL: e.SMTP, Log: e.log})
	if err != nil {
		return note("not looked at: smtp comes first")
	}
	made, err := e.textGateways(e.now)
	if err != nil {
		return note("not looked at: the gateways' settings come first")
	}
	routes, err := e.routes(m, made)
	for _, g := range made { // nothing was called
		err = errors.Join(err, g.Close())
	}
	if err = errors.Join(err, m.Close()); err != nil {
		return mendError(err)
	}
	var homes []string
	if e.ready {
		shops, err := booking.New(e.db, nil, booking.Options{Now: e.now, BaseURL: e.BaseURL, Log: e.log}).Workshops(ctx)
		if err != nil {
			return mendError(err)
		}
		for _, shop := range shops {
			if code := phonenumbers.GetCountryCodeForRegion(shop.Country); code != 0 {
				homes = append(homes, "+"+strconv.Itoa(code))
			}
		}
	}
	if err := notify.CheckSenders(routes, homes); err != nil {
		return mendError(err)
	}
	for name, t := range e.traffics() {
		if name == "vonage" && strings.ContainsAny(t.From+strings.Join(slices.Collect(maps.Values(t.Names)), ""), " ") {
			return mend("vonage takes no spaces in sender names: write them without in vonage-names and vonage-from")
		}
	}
	return fine("names can be sent where they are used, and every question can be answered")
}

// lists tells whether a gateway's provider lists the texts that came.
func lists(g textGateway) bool {
	_, is := g.(httpsms.Lister)
	return is
}
