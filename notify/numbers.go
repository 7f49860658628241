package notify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"neuvo/internal/db"
	"neuvo/templates"
)

const (
	// numberRest is how long after the end of a conversation its number is not
	// given to another one of the same phone: answers to old texts still come.
	numberRest = 30 * 24 * time.Hour
	// codeRest is how long after it was last shown a code is not given to another
	// conversation of the same phone.
	codeRest = 90 * 24 * time.Hour
)

// NumberPair is a number of ours that a phone knows a conversation by.
type NumberPair struct {
	Phone          string `gorm:"primaryKey"`
	Number         string `gorm:"primaryKey"`
	ConversationID int64  `gorm:"primaryKey;autoIncrement:false"`
	Shared         bool   // the phone knows another conversation by the same number: codes tell them apart
	CreatedAt      db.Time
	UsedAt         db.Time
	ReleasedAt     db.Time // zero while the conversation is open
}

// ThreadCode is a letter and a digit by which a phone names a conversation.
type ThreadCode struct {
	Phone          string `gorm:"primaryKey"`
	Code           string `gorm:"primaryKey"`
	ConversationID int64
	GivenAt        db.Time
	ShownAt        db.Time // last
}

// quarantine is the instant from which on a released number is still resting.
func (n *Notifier) quarantine() db.Time { return db.At(n.opt.Now().Add(-numberRest)) }

// senderFor chooses which of a route's numbers a text is sent from. A conversation
// keeps its number, and two conversations that one phone may still answer to never
// share one while there is another. Where they must, each of their texts ends with
// the code of its conversation, which is added to m.
func (n *Notifier) senderFor(ctx context.Context, m *Message, r *Route) (o origin, err error) {
	if slices.Contains(r.Numbers, m.FromAddress) {
		return origin{from: m.FromAddress}, nil // it answers a text to that number
	}
	err = n.db.Tx(ctx, func(ctx context.Context) error {
		// Another text to the same phone may be choosing at this moment: whoever
		// finds its choice taken chooses again.
		for range len(r.Numbers) + 2 {
			pairs, err := n.pairsOf(ctx, m.ToAddress, r.Numbers)
			if err != nil {
				return err
			}
			choice := chooseNumber(pairs, m.ConversationID, r.Numbers, n.quarantine().Time)
			taken, err := n.takeNumber(ctx, m, choice)
			if err != nil {
				return err
			}
			if !taken {
				continue
			}
			o = origin{from: choice.number, fresh: choice.mine == nil}
			if len(choice.beside) == 0 {
				return nil
			}
			return n.showCode(ctx, m, choice.beside)
		}
		return fmt.Errorf("no number could be taken for %s", m.ToAddress)
	})
	return o, err
}

// untake gives back the number that a conversation was given for a text that was
// not sent from it after all: the phone does not know it.
func (n *Notifier) untake(ctx context.Context, t *task) error {
	if !t.origin.fresh {
		return nil
	}
	err := n.db.Tx(ctx, func(ctx context.Context) error { return n.dropNumber(ctx, &t.m, t.origin.from) })
	if err != nil {
		return fmt.Errorf("give the number of message %d back: %w", t.m.ID, err)
	}
	t.origin = origin{}
	return nil
}

// numberChoice is a number for a conversation and the other conversations that
// the phone knows by it.
type numberChoice struct {
	number string
	mine   *NumberPair // the row of this conversation, nil: none yet
	beside []int64
}

// chooseNumber decides from what a phone knows our numbers by: the number that the
// conversation has, else one that nothing else has or had lately, the longest
// unused first, else the one that the fewest share.
func chooseNumber(pairs []NumberPair, conversation int64, numbers []string, rested time.Time) numberChoice {
	choices := make([]numberChoice, len(numbers))
	used := map[string]time.Time{}
	for i, number := range numbers {
		choices[i].number = number
		for _, p := range pairs {
			if p.Number != number {
				continue
			}
			if p.UsedAt.After(used[number]) {
				used[number] = p.UsedAt.Time
			}
			switch {
			case p.ConversationID == conversation:
				choices[i].mine = &p
			case p.ReleasedAt.IsZero() || p.ReleasedAt.After(rested):
				choices[i].beside = append(choices[i].beside, p.ConversationID)
			}
		}
		if mine := choices[i].mine; mine != nil && mine.ReleasedAt.IsZero() {
			return choices[i] // it keeps its number, whoever else has it
		}
	}
	return slices.MinFunc(choices, func(a, b numberChoice) int {
		return cmp.Or(
			cmp.Compare(len(a.beside), len(b.beside)),
			cmp.Compare(second(a.mine == nil), second(b.mine == nil)), // its own of before
			used[a.number].Compare(used[b.number]),
		)
	})
}

func second(later bool) int {
	if later {
		return 1
	}
	return 0
}

// showCode ends a text with the code of its conversation and makes sure that the
// others on the number have theirs.
func (n *Notifier) showCode(ctx context.Context, m *Message, beside []int64) error {
	codes, err := n.codesFor(ctx, m.ToAddress, append([]int64{m.ConversationID}, beside...))
	if err != nil {
		return err
	}
	code := codes[m.ConversationID]
	if code == "" {
		return nil // more conversations than codes: the list to choose from cannot be sent either
	}
	line := templates.T(m.Locale, "notify.code_line", map[string]any{"code": code})
	if m.Asks != "" {
		line = templates.T(m.Locale, "notify.code_answer", map[string]any{"code": code})
	}
	if strings.HasSuffix(m.Body, line) {
		return nil // it was added on an earlier attempt
	}
	m.Body += "\n" + line
	m.Segments, _ = Segments(m.Body)
	return n.saveBody(ctx, m)
}

// freeCode is the first code that a phone has not been shown for 90 days; "" where
// there is none.
func freeCode(given []ThreadCode, now time.Time) string {
	for _, code := range allCodes() {
		taken := slices.ContainsFunc(given, func(c ThreadCode) bool {
			return c.Code == code && c.ShownAt.After(now.Add(-codeRest))
		})
		if !taken {
			return code
		}
	}
	return ""
}
