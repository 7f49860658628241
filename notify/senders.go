package notify

import (
	"errors"
	"slices"
	"strings"

	"neuvo/internal/fault"
)

// sayNothing are sender names that do not tell who sends. British networks have
// blocked them since 12 September 2023 (MessageMedia, "UK Sender ID requirements"),
// Finnish and Norwegian ones do not register them (Traficom, SureSMS; read in
// November 2026).
var (
	sayNothing   = []string{"admin", "alert", "booking", "code", "info", "message", "msg", "notice", "notify", "otp", "service", "sms", "text", "verify"}
	wantsMeaning = []registry{{"+44", "the United Kingdom"}, {"+358", "Finland"}, {"+47", "Norway"}}
)

// CheckSenders tells, for the countries whose calling codes are given ("+358"),
// of senders that are well formed and still will not do: a name that needs to be
// registered there, one that its networks block, and questions that nobody could
// answer. The errors are *fault.Error.
func CheckSenders(routes []Route, homes []string) error {
	var errs []error
	countries := slices.Clone(homes)
	for i := range routes {
		r := &routes[i]
		if r.Gateway.Channel() != SMS {
			continue
		}
		served := append(slices.Clone(r.Prefixes), namedFor(r)...)
		countries = append(countries, served...)
		if len(r.Prefixes) == 0 {
			served = append(served, homes...)
		}
		slices.Sort(served)
		for _, country := range slices.Compact(served) {
			errs = append(errs, checkNameIn(r, country))
		}
	}
	slices.Sort(countries)
	for _, country := range slices.Compact(countries) {
		errs = append(errs, checkAnswers(routes, country))
	}
	return errors.Join(errs...)
}

// namedFor lists the countries that a route has a name for.
func namedFor(r *Route) []string {
	var list []string
	for prefix := range r.Names {
		if prefix != "" {
			list = append(list, prefix)
		}
	}
	return list
}

// checkNameIn looks at the name that a route has for a country.
func checkNameIn(r *Route, country string) error {
	names := r.named()
	tell := func(key, land, name string) error {
		return fault.New(fault.Invalid, key).With("gateway", r.Gateway.Name()).With("land", land).With("name", name).With("country", country)
	}
	name := nameFor(names, country)
	if reg, only := registeredIn(country); only && name == "" && names[""] != "" && len(r.Numbers) == 0 {
		return tell("fault.sender_unregistered", reg.land, names[""])
	}
	for _, reg := range wantsMeaning {
		if strings.HasPrefix(country, reg.prefix) && slices.Contains(sayNothing, strings.ToLower(name)) {
			return tell("fault.sender_generic", reg.land, name)
		}
	}
	return nil
}

// checkAnswers looks whether any route to a country can ask a question.
func checkAnswers(routes []Route, country string) error {
	first := ""
	for i := range routes {
		r := &routes[i]
		if _, fits := prefixLength(r.Prefixes, country); !fits || r.Gateway.Channel() != SMS {
			continue
		}
		if r.answerable() {
			return nil
		}
		if first == "" {
			first = r.Gateway.Name()
		}
	}
	if first == "" {
		return nil // no texts go there at all
	}
	return fault.New(fault.Invalid, "fault.sender_silent").With("country", country).With("gateway", first)
}
