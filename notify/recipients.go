package notify

import (
	"time"
)

// Burst bounds the automatic texts that one phone gets, from all advisors
// together. What is too much waits; a person's own words never do. 0: no bound.
type Burst struct {
	PerHour, PerDay int
}

// recipients is what is known of the people that a batch goes to.
type recipients struct {
	consents map[consentKey]bool    // the last word on each purpose
	blocked  map[string]string      // phone: the gateway that carries nothing to it
	sent     map[string][]time.Time // phone: the automatic texts of the last day, oldest first
}

type consentKey struct {
	address string
	purpose Purpose
}

// refuse tells why a message may not go to whom it is meant for.
func (r recipients) refuse(m *Message) verdict {
	if given, said := r.consents[consentKey{m.ToAddress, m.Purpose}]; said && !given && m.Purpose != JobUpdate {
		return verdict{state: Suppressed, detail: "the customer wants no messages of this kind"}
	}
	if gateway := r.blocked[m.ToAddress]; gateway != "" && m.Channel == SMS {
		return verdict{state: Failed, byMail: true, detail: "this phone's owner has stopped texts at " + gateway}
	}
	return verdict{}
}

// spaced gives the instant at which a text to a phone is not one too many.
func (r recipients) spaced(b Burst, m *Message, now time.Time) time.Time {
	if m.ByHuman {
		return now
	}
	sent, at := r.sent[m.ToAddress], now
	for _, bound := range []struct {
		most  int
		while time.Duration
	}{{b.PerHour, time.Hour}, {b.PerDay, 24 * time.Hour}} {
		if bound.most <= 0 || len(sent) < bound.most {
			continue
		}
		// Free once the oldest of the last so many is old enough.
		if free := sent[len(sent)-bound.most].Add(bound.while); free.After(at) {
			at = free
		}
	}
	return at
}
