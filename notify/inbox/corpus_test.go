package inbox

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"neuvo/notify"
)

// ours is how the messages of testdata know us.
var ours = ParseOptions{SMSDomain: "sms.neuvo.test", OwnDomain: "neuvo.test", Country: "FI", TrustedAuthserv: "mx.neuvo.test"}

// expectation is an entry of ../testdata/expected.yaml; what is left out of it is
// not looked at.
type expectation struct {
	Kind        notify.Kind    `yaml:"kind"`
	Channel     notify.Channel `yaml:"channel"`
	From        *string        `yaml:"from"`
	Reply       *string        `yaml:"reply"`
	Subject     *string        `yaml:"subject"`
	Forwarded   bool           `yaml:"forwarded"`
	Failed      *string        `yaml:"failed"`
	Reason      *string        `yaml:"reason"`
	Original    *string        `yaml:"original"`
	InReplyTo   *string        `yaml:"in_reply_to"`
	References  []string       `yaml:"references"`
	Recipients  []string       `yaml:"recipients"`
	Attachments []string       `yaml:"attachments"`
	Refused     []string       `yaml:"refused"`
	// StartOnly: the reply begins so; what a scanner put below is kept.
	StartOnly bool `yaml:"contains_only_start"`
}

func corpus(t testing.TB) (map[string]expectation, func(name string) []byte) {
	t.Helper()
	text, err := os.ReadFile("../testdata/expected.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]expectation
	if err := yaml.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all, func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join("../testdata/mail", name+".eml"))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
}

func TestEveryMessageOfTheCorpusIsReadAsExpected(t *testing.T) {
	all, read := corpus(t)
	files, _ := filepath.Glob("../testdata/mail/*.eml")
	if len(files) != len(all) || len(all) < 60 {
		t.Fatalf("%d messages and %d expectations", len(files), len(all))
	}
	for name, want := range all {
		t.Run(name, func(t *testing.T) {
			p, err := Parse(read(name), ours)
			if err != nil {
				t.Fatal(err)
			}
			if p.Kind != want.Kind {
				t.Errorf("kind is %s, want %s", p.Kind, want.Kind)
			}
			if want.Channel == "" {
				want.Channel = notify.Email
			}
			if p.Channel != want.Channel {
				t.Errorf("channel is %s, want %s", p.Channel, want.Channel)
			}
			if p.Forwarded != want.Forwarded {
				t.Errorf("forwarded is %t", p.Forwarded)
			}
			if want.StartOnly && strings.HasPrefix(p.ReplyText, *want.Reply) {
				want.Reply = &p.ReplyText
			}
			for what, pair := range map[string][2]*string{
				"from": {&p.From, want.From}, "reply": {&p.ReplyText, want.Reply}, "subject": {&p.Subject, want.Subject},
				"failed recipient": {&p.FailedRecipient, want.Failed}, "failed reason": {&p.FailedReason, want.Reason},
				"original id": {&p.OriginalID, want.Original}, "in-reply-to": {&p.InReplyTo, want.InReplyTo},
			} {
				if pair[1] != nil && *pair[0] != *pair[1] {
					t.Errorf("%s (got, want):\n%q\n%q", what, *pair[0], *pair[1])
				}
			}
			var to, files, refused []string
			for _, r := range p.Recipients {
				to = append(to, r.Header+" "+r.Address)
			}
			for _, a := range p.Attachments {
				files = append(files, strings.Join([]string{a.Name, a.ContentType, strconv.Itoa(a.Size)}, " "))
				if a.Refused != "" {
					refused = append(refused, a.Refused)
				}
			}
			if !cmp.Equal(refused, want.Refused) {
				t.Errorf("refused: %s", cmp.Diff(want.Refused, refused))
			}
			if want.Recipients != nil && !cmp.Equal(to, want.Recipients) {
				t.Errorf("recipients: %s", cmp.Diff(want.Recipients, to))
			}
			if want.References != nil && !cmp.Equal(p.References, want.References) {
				t.Errorf("references: %s", cmp.Diff(want.References, p.References))
			}
			if !cmp.Equal(files, want.Attachments) {
				t.Errorf("attachments: %s", cmp.Diff(want.Attachments, files))
			}
		})
	}
}
