package notify

import (
	"context"
	"errors"
	"strings"

	"neuvo/internal/fault"
)

// registeredOnly are the countries that carry a text from a name only where the
// name is registered beforehand, by calling code; a name that is set up for every
// country does not count there.
var registeredOnly = []string{
	"+358", // Finland: Traficom's register of sender names; unregistered ones are blocked since 2026
	"+353", // Ireland: ComReg's sender ID registry, S.I. 2024; unregistered ones are blocked since October 2025
	"+65",  // Singapore: SMS Sender ID Registry, mandatory since January 2023
	"+34",  // Spain: CNMC's register of aliases, Orden TDF/149/2025
}

// noNames are the countries whose networks carry no names at all.
var noNames = []string{"+1"} // North American Numbering Plan

// maxName is the longest alphanumeric sender, 3GPP TS 23.040 section 9.1.2.5:
// eleven characters of the 7-bit alphabet.
const maxName = 11

// errNoSender is a text that no route can send, because of what it would come
// from.
var errNoSender = fault.New(fault.Conflict, "fault.no_sender")

// CheckRoutes tells of every sender name and number that cannot work as it is set
// up; the errors are *fault.Error.
func CheckRoutes(routes []Route) error {
	var errs []error
	for _, r := range routes {
		for prefix, name := range r.Names {
			errs = append(errs, checkName(r.Gateway.Name(), prefix, name))
		}
		for _, number := range r.Numbers {
			if !isE164(number) {
				errs = append(errs, fault.New(fault.Invalid, "fault.sender_number").With("gateway", r.Gateway.Name()).With("number", number))
			}
		}
		for _, prefix := range r.Prefixes {
			if !isE164(prefix) {
				errs = append(errs, fault.New(fault.Invalid, "fault.route_prefix").With("gateway", r.Gateway.Name()).With("prefix", prefix))
			}
		}
	}
	return errors.Join(errs...)
}

func checkName(gateway, prefix, name string) error {
	bad := func(key string) error {
		return fault.New(fault.Invalid, key).With("gateway", gateway).With("name", name).With("country", prefix)
	}
	_, plain := Segments(name)
	switch {
	case prefix != "" && !isE164(prefix):
		return fault.New(fault.Invalid, "fault.route_prefix").With("gateway", gateway).With("prefix", prefix)
	case name == "" || len([]rune(name)) > maxName || !plain || !strings.ContainsFunc(name, isLetter):
		return bad("fault.sender_name")
	case begins(prefix, noNames):
		return bad("fault.sender_country")
	}
	return nil
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// isE164 tells whether s is "+" and up to 15 digits (ITU-T E.164).
func isE164(s string) bool {
	digits, ok := strings.CutPrefix(s, "+")
	return ok && digits != "" && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}

func begins(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// nameFor is the sender name that a country accepts from us, "" where there is
// none: the one for its calling code, or the one for every country where that
// needs no registration.
func nameFor(names map[string]string, to string) string {
	best, name := 0, ""
	for prefix, candidate := range names {
		if prefix != "" && strings.HasPrefix(to, prefix) && len(prefix) > best {
			best, name = len(prefix), candidate
		}
	}
	if name == "" && !begins(to, registeredOnly) {
		name = names[""]
	}
	if begins(to, noNames) {
		return ""
	}
	return name
}

// senderOn chooses what a message comes from on a route: "" for our signed
// address, else a registered name where nothing is asked, else one of our
// numbers. errNoSender where the route has nothing that will do: a name cannot be
// answered, and one that is not registered is not delivered.
func (n *Notifier) senderOn(ctx context.Context, m *Message, r Route) (string, error) {
	if m.Channel != SMS || len(r.Names) == 0 && len(r.Numbers) == 0 {
		return "", nil
	}
	name := nameFor(r.Names, m.ToAddress)
	wantsAnswer := m.Asks != "" || m.ByHuman && len(r.Numbers) > 0
	if name != "" && !wantsAnswer {
		return name, nil
	}
	if len(r.Numbers) == 0 {
		return "", errNoSender
	}
	return n.senderFor(ctx, m, r)
}
