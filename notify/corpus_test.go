package notify_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/notify"
	"neuvo/notify/inbox"
)

// fixedWorld is testdata/world.yaml: what is known before a message comes in.
type fixedWorld struct {
	Pattern       string
	Key           string
	Conversations []fixedConversation
}

type fixedConversation struct {
	Subject      string
	Address      string
	Open         bool
	DaysClosed   int `yaml:"days_closed"` // where it is not open; 1 where 0
	Participants []string
	Sent         []fixedMessage
	Received     []fixedMessage
}

type fixedMessage struct {
	ID       string
	Channel  notify.Channel
	From     string
	To       string
	Occasion string
	Body     string
}

// placeExpectation is "place" of an entry of testdata/expected.yaml.
type placeExpectation struct {
	Job, Rule, Confidence string
	Verified              *bool
	Triage                string
	Candidates            []string
	Belongs               string
	State                 notify.InboundState
	Reason                string
	ReasonStarts          string `yaml:"reason_starts"`
	Failed                string
	After                 []string
}

type corpusEntry struct {
	Kind  notify.Kind
	Place *placeExpectation
}

// triageReasons are the short names of reasons in expected.yaml.
var triageReasons = map[string]string{
	"no_signal": notify.ReasonNoSignal, "forged": notify.ReasonForged, "disagree": notify.ReasonDisagree,
	"unreadable": notify.ReasonUnreadable, "several": notify.ReasonSeveral, "long_closed": notify.ReasonLongClosed,
	"forged_sender": notify.ReasonForgedSender,
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// standing is the fixed world in a database, with what became of it.
type standing struct {
	d      *db.DB
	n      *notify.Notifier
	failed []string
	uid    int64
}

// build makes the world of the file in a fresh database.
func (f *fixedWorld) build(t *testing.T) *standing {
	t.Helper()
	s := &standing{d: dbtest.SQLite(t, dbtest.Clock(newClock().Now))}
	made := addresses(t, f.Pattern, f.Key)
	s.n = notify.New(s.d, notify.Options{Now: newClock().Now, Addresses: made, MailDomain: "neuvo.test"})
	open := map[string]bool{}
	s.n.SetVersions(func(_ context.Context, subject string) (int, bool, error) { return 1, open[subject], nil })
	s.n.OnFailure(func(_ context.Context, _ string, m notify.Message) error {
		s.failed = append(s.failed, m.MessageID)
		return nil
	})
	err := s.d.Tx(t.Context(), func(ctx context.Context) error {
		for _, c := range f.Conversations {
			open[c.Subject] = c.Open
			var who []notify.Participant
			for _, address := range c.Participants {
				who = append(who, notify.Participant{Channel: channelOf(address), Address: address})
			}
			row, err := s.n.Open(ctx, c.Subject, who...)
			if err != nil {
				return err
			}
			if made.For(row.ID) != c.Address {
				t.Errorf("the address of %s is %s", c.Subject, made.For(row.ID))
			}
			if !c.Open {
				if err := s.n.SetClosed(ctx, c.Subject, db.At(newClock().Now().AddDate(0, 0, -max(c.DaysClosed, 1)))); err != nil {
					return err
				}
			}
			if err := s.fill(ctx, row.ID, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func channelOf(address string) notify.Channel {
	if strings.Contains(address, "@") {
		return notify.Email
	}
	return notify.SMS
}

// fill writes what was said before, as it stands once it has been sent.
func (s *standing) fill(ctx context.Context, conversation int64, c fixedConversation) error {
	at := db.At(newClock().Now())
	for _, m := range c.Sent {
		row := notify.Message{
			ConversationID: conversation, Direction: notify.Out, Channel: m.Channel, MessageID: m.ID, ToAddress: m.To,
			Occasion: m.Occasion, Body: m.Body, Author: "Liisa", State: notify.Accepted, CreatedAt: at, SentAt: at, Segments: 1,
		}
		if err := s.d.In(ctx).Create(&row).Error; err != nil {
			return err
		}
	}
	for _, m := range c.Received {
		row := notify.Message{
			ConversationID: conversation, Direction: notify.In, Channel: channelOf(m.From), MessageID: m.ID, FromAddress: m.From,
			Body: m.Body, State: notify.Received, Kind: notify.Human, Verified: true, CreatedAt: at,
		}
		if err := s.d.In(ctx).Create(&row).Error; err != nil {
			return err
		}
	}
	return nil
}

// arrive brings in a message of the corpus the whole way and gives its row and,
// where it was placed, the subject and message that it became.
func (s *standing) arrive(t *testing.T, name string) (in notify.Inbound, subject string, m notify.Message) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "mail", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	s.uid++
	id, fresh, err := s.n.StoreRaw(t.Context(), notify.Raw{Source: "imap:corpus", Mailbox: "corpus", UIDValidity: 1, UID: s.uid, Bytes: raw})
	if err != nil || !fresh {
		t.Fatalf("store %s: fresh %t, %v", name, fresh, err)
	}
	options := inbox.ParseOptions{SMSDomain: "sms.neuvo.test", OwnDomain: "neuvo.test", Country: "FI", TrustedAuthserv: "mx.neuvo.test"}
	_, err = s.n.ProcessStored(t.Context(), func(_ string, raw []byte) (notify.Parsed, error) { return inbox.Parse(raw, options) })
	if err != nil {
		t.Fatal(err)
	}
	row, err := s.n.InboundByID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var list []notify.Message
	if err := s.d.In(t.Context()).Where("inbound_id = ?", id).Find(&list).Error; err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		return *row, "", m
	}
	var c notify.Conversation
	if err := s.d.In(t.Context()).Where("id = ?", list[0].ConversationID).Take(&c).Error; err != nil {
		t.Fatal(err)
	}
	return *row, c.Subject, list[0]
}

// tally counts how matching did on the corpus. Precision is right placements of
// all placements of people's messages, recall the share of those that have a job
// and were placed on it without a person's help.
type tally struct{ placed, right, owned, found int }

func (y *tally) count(want *placeExpectation, subject string) {
	truth := want.Job
	if truth == "" {
		truth = want.Belongs
	}
	if subject != "" {
		y.placed++
		if subject == truth {
			y.right++
		}
	}
	if truth != "" {
		y.owned++
		if subject == truth {
			y.found++
		}
	}
}

func TestEveryMessageOfTheCorpusLandsOnItsJobOrInTriageWithTheReason(t *testing.T) {
	var world fixedWorld
	readYAML(t, "world.yaml", &world)
	var all map[string]corpusEntry
	readYAML(t, "expected.yaml", &all)
	var score tally
	for name, entry := range all {
		t.Run(name, func(t *testing.T) {
			want := entry.Place
			if want == nil {
				want = &placeExpectation{Triage: "no_signal"}
				if entry.Kind != notify.Human {
					want = &placeExpectation{State: notify.InEvent}
				}
			}
			s := world.build(t)
			for _, before := range want.After {
				s.arrive(t, before)
			}
			in, subject, m := s.arrive(t, name)
			if entry.Kind == notify.Human {
				score.count(want, subject)
			}
			for _, wrong := range want.differences(in, subject, m, s.failed) {
				t.Error(wrong)
			}
		})
	}
	t.Logf("people's messages placed: %d, on the right job: %d; with a job of their own: %d, placed on it without triage: %d (recall %.0f %%)",
		score.placed, score.right, score.owned, score.found, 100*float64(score.found)/float64(max(score.owned, 1)))
	if score.right != score.placed || score.placed < 20 {
		t.Errorf("precision is %d of %d", score.right, score.placed)
	}
}

// differences says in sentences what is not as expected.
func (want *placeExpectation) differences(in notify.Inbound, subject string, m notify.Message, failed []string) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	state, reason := want.State, want.Reason
	switch {
	case want.Job != "":
		state = notify.InPlaced
	case want.Triage != "":
		state = notify.InTriage
		if want.ReasonStarts = triageReasons[want.Triage]; want.ReasonStarts == "" {
			want.ReasonStarts = want.Triage
		}
	}
	if in.State != state {
		say("state is %s (%s), want %s", in.State, in.Reason, state)
	}
	if reason != "" && in.Reason != reason || !strings.HasPrefix(in.Reason, want.ReasonStarts) {
		say("reason is %q, want %q", in.Reason, reason+want.ReasonStarts)
	}
	if want.Job != "" && subject != want.Job {
		say("it stands on %q, want %q", subject, want.Job)
	}
	if want.Rule != "" && m.MatchRule != want.Rule || want.Confidence != "" && m.MatchConfidence != want.Confidence {
		say("placed by %q (%s), want %q", m.MatchRule, m.MatchConfidence, want.Rule)
	}
	if want.Verified != nil && m.Verified != *want.Verified {
		say("verified is %t", m.Verified)
	}
	var named []string
	for _, c := range in.Candidates {
		named = append(named, c.Subject)
	}
	if want.Candidates != nil && !slices.Equal(named, want.Candidates) {
		say("candidates are %v, want %v", named, want.Candidates)
	}
	if got := strings.Join(failed, " "); got != want.Failed {
		say("marked as failed: %q, want %q", got, want.Failed)
	}
	return wrong
}
