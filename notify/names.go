package notify

import (
	"context"
	"errors"
	"strings"

	"neuvo/internal/fault"
)

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
		if r.From != "" && isName(r.From) {
			errs = append(errs, checkName(r.Gateway.Name(), "", r.From))
		}
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
	switch {
	case prefix != "" && !isE164(prefix):
		return fault.New(fault.Invalid, "fault.route_prefix").With("gateway", gateway).With("prefix", prefix)
	case !isSenderName(name):
		return bad("fault.sender_name")
	case takesNoNames(prefix):
		return bad("fault.sender_country")
	}
	return nil
}

// isSenderName tells whether every network and provider takes a name: one to
// eleven of the letters, digits and signs that all of them have, one letter at
// least, and no space where a phone would not show it.
func isSenderName(name string) bool {
	if len(name) > maxName || !strings.ContainsFunc(name, isLetter) || strings.Join(strings.Fields(name), " ") != name {
		return false
	}
	for _, r := range name {
		if !isLetter(r) && (r < '0' || r > '9') && !strings.ContainsRune(" .&_-", r) {
			return false
		}
	}
	return strings.IndexAny(name[:1], ".&_-") < 0
}

// isName tells a sender that is a name from one that is a number, long or short.
func isName(sender string) bool {
	return strings.Trim(sender, "+0123456789 ") != ""
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// isE164 tells whether s is "+" and up to 15 digits (ITU-T E.164).
func isE164(s string) bool {
	digits, ok := strings.CutPrefix(s, "+")
	return ok && digits != "" && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
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
	if takesNoNames(to) {
		return ""
	}
	if _, only := registeredIn(to); name == "" && !only {
		name = names[""]
	}
	return name
}

// named are the names that a route sends from, by country prefix. What a gateway
// sends from by itself is one of them where nothing else is set up.
func (r *Route) named() map[string]string {
	if len(r.Names) > 0 || len(r.Numbers) > 0 || !isName(r.From) {
		return r.Names
	}
	return map[string]string{"": r.From}
}

// answerable tells whether what a route carries can be answered: to a number, or
// to the signed address of a route that has no sender of its own. Nobody can
// answer a name.
func (r *Route) answerable() bool {
	switch {
	case len(r.Numbers) > 0:
		return true
	case r.From != "":
		return !isName(r.From)
	}
	return len(r.Names) == 0
}

// origin is what a message comes from on a route.
type origin struct {
	from  string // our number or name; "": our signed address, or the gateway's own number
	fresh bool   // the conversation was given this number for this message
}

// senderOn chooses what a message comes from on a route: a registered name where
// nothing is asked, else one of our numbers, else what the gateway itself sends
// from. errNoSender where the route has nothing that will do: a name cannot be
// answered, and one that is not registered is not delivered.
func (n *Notifier) senderOn(ctx context.Context, m *Message, r *Route) (origin, error) {
	if m.Channel != SMS {
		return origin{}, nil
	}
	name := nameFor(r.named(), m.ToAddress)
	wantsAnswer := m.Asks != "" || m.ByHuman && r.answerable()
	switch {
	case name != "" && !wantsAnswer:
		return origin{from: name}, nil
	case len(r.Numbers) > 0:
		return n.senderFor(ctx, m, r)
	case r.answerable():
		return origin{}, nil
	}
	return origin{}, errNoSender
}
