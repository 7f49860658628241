package notify_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"neuvo/notify"
)

// known is what the database would say in the tests of matching: jobs 1 and 2
// with messages a and b; the sender takes part in 1 only and last got message 19.
func known() notify.Facts {
	return notify.Facts{
		Addresses: map[string]notify.AddressFact{
			"one@r": {ConversationID: 1, Valid: true}, "two@r": {ConversationID: 2, Valid: true},
			"gone@r": {ConversationID: 99, Valid: true}, "forged@r": {},
		},
		Messages: map[string]notify.MessageFact{
			"a@n": {ID: 11, ConversationID: 1}, "a2@n": {ID: 12, ConversationID: 1}, "b@n": {ID: 21, ConversationID: 2},
		},
		Conversations: map[int64]notify.ConversationFact{
			1: {Subject: "job:1", SenderTakesPart: true}, 2: {Subject: "job:2"},
		},
		Sender: []int64{1},
	}
}

func to(addresses ...string) (list []notify.Recipient) {
	for _, a := range addresses {
		list = append(list, notify.Recipient{Header: "To", Address: a})
	}
	return list
}

func TestMatchPlacesByTheStrongestValidSignal(t *testing.T) {
	for name, c := range map[string]struct {
		parsed   notify.Parsed
		want     int64
		rule     string
		answered int64
		verified bool
	}{
		"the signed address":                          {notify.Parsed{Recipients: to("x@y", "one@r")}, 1, "address", 0, true},
		"the address of one that a stranger writes":   {notify.Parsed{Recipients: to("two@r")}, 2, "address", 0, false},
		"the address and the answered message agree":  {notify.Parsed{Recipients: to("one@r"), InReplyTo: "<a@n>"}, 1, "address", 11, true},
		"the address twice":                           {notify.Parsed{Recipients: to("one@r", "one@r")}, 1, "address", 0, true},
		"In-Reply-To":                                 {notify.Parsed{InReplyTo: " <a@n> "}, 1, "in_reply_to", 11, true},
		"References, the newest of ours":              {notify.Parsed{References: []string{"<a@n>", "<a2@n>", "<x@y>"}}, 1, "references", 12, true},
		"In-Reply-To before References":               {notify.Parsed{InReplyTo: "a@n", References: []string{"a2@n"}}, 1, "in_reply_to", 11, true},
		"an older reference to another job":           {notify.Parsed{References: []string{"b@n", "a@n"}}, 1, "references", 11, true},
		"a forged address next to a good In-Reply-To": {notify.Parsed{Recipients: to("forged@r"), InReplyTo: "a@n"}, 1, "in_reply_to", 11, true},
		"an address of a conversation that is gone":   {notify.Parsed{Recipients: to("gone@r"), InReplyTo: "a@n"}, 1, "in_reply_to", 11, true},
		"what a bounce is about":                      {notify.Parsed{Kind: notify.Bounce, OriginalID: "<b@n>"}, 2, "original", 21, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := notify.Match(c.parsed, known())
			if got.ConversationID != c.want || got.Rule != c.rule || got.AnsweredID != c.answered || got.Verified != c.verified {
				t.Errorf("placed on %d by %s answering %d verified %t, want %d %s %d %t",
					got.ConversationID, got.Rule, got.AnsweredID, got.Verified, c.want, c.rule, c.answered, c.verified)
			}
			if got.Confidence != notify.Certain || got.Evidence == "" {
				t.Errorf("confidence %q, evidence %q", got.Confidence, got.Evidence)
			}
		})
	}
}

func TestMatchNeverGuesses(t *testing.T) {
	for name, c := range map[string]struct {
		parsed     notify.Parsed
		reason     string
		candidates []string
	}{
		"no signal":                      {notify.Parsed{Recipients: to("desk@r")}, notify.ReasonNoSignal, []string{"job:1"}},
		"a forged address only":          {notify.Parsed{Recipients: to("forged@r")}, notify.ReasonForged, []string{"job:1"}},
		"unknown references only":        {notify.Parsed{InReplyTo: "q@q", References: []string{"r@r"}}, notify.ReasonNoSignal, []string{"job:1"}},
		"two addresses":                  {notify.Parsed{Recipients: to("two@r", "one@r")}, notify.ReasonDisagree, []string{"job:2", "job:1"}},
		"address against In-Reply-To":    {notify.Parsed{Recipients: to("one@r"), InReplyTo: "b@n"}, notify.ReasonDisagree, []string{"job:1", "job:2"}},
		"In-Reply-To and References":     {notify.Parsed{InReplyTo: "a@n", References: []string{"b@n"}}, notify.ReasonDisagree, []string{"job:1", "job:2"}},
		"a person cannot use a bounce's": {notify.Parsed{Kind: notify.Human, OriginalID: "b@n"}, notify.ReasonNoSignal, []string{"job:1"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := notify.Match(c.parsed, known())
			var subjects []string
			for _, x := range got.Candidates {
				subjects = append(subjects, x.Subject)
				if x.Why == "" {
					t.Errorf("candidate %s without a why", x.Subject)
				}
			}
			if got.ConversationID != 0 || !strings.HasPrefix(got.Reason, c.reason) {
				t.Errorf("placed on %d with reason %q, want triage with %q", got.ConversationID, got.Reason, c.reason)
			}
			if diff := cmp.Diff(c.candidates, subjects); diff != "" {
				t.Errorf("candidates (-want +got):\n%s", diff)
			}
		})
	}
}
