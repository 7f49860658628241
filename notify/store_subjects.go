package notify

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"neuvo/internal/db"
)

// Subjects is what the rooms above know of the things that conversations are
// about. Every method takes many at once and asks the database a constant number
// of times.
type Subjects interface {
	// TagsIn lists the words in the subject of an e-mail that look like a
	// reference of theirs ("NV-7K3Q9"), each once.
	TagsIn(title string) []string
	// Tagged gives the subjects that such words name, by word; those that name
	// none are left out.
	Tagged(ctx context.Context, words []string) (map[string]string, error)
	// Describe says what subjects are about, for the list that a customer is asked
	// to choose from; unknown ones are left out.
	Describe(ctx context.Context, subjects []string) (map[string]Description, error)
	// Doubt puts a text that may belong to any of several subjects in front of
	// their people, in the transaction that stores it; over, with the same
	// subjects, that it has found its place.
	Doubt(ctx context.Context, in Inbound, subjects []string, over bool) error
}

// Description is how a customer knows a subject.
type Description struct {
	Label  string // "Volvo V60 ABC-123"
	Locale string
	Author string // the name that answers, "Satu Salo"
}

// SetSubjects sets who knows the subjects. Without it no reference is read and
// no customer asked back.
func (n *Notifier) SetSubjects(s Subjects) { n.subjects = s }

// SetClosed tells when what a conversation is about was over; the zero time that
// it is open (again). Numbers are given back with it. It joins the caller's
// transaction; a subject without a conversation is no error.
func (n *Notifier) SetClosed(ctx context.Context, subject string, at db.Time) error {
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		res := n.db.In(ctx).Model(&Conversation{}).Where("subject = ?", subject).Update("closed_at", at)
		if res.Error != nil || res.RowsAffected == 0 || at.IsZero() {
			return res.Error // a number that was given back is taken again with the next text
		}
		return n.db.In(ctx).Model(&NumberPair{}).
			Where("conversation_id IN (SELECT id FROM conversations WHERE subject = ?) AND released_at IS NULL", subject).
			Update("released_at", at).Error
	})
	if err != nil {
		return fmt.Errorf("close the conversation of %s: %w", subject, err)
	}
	return nil
}

// Answered ends the questions of these kinds (all where none is named) that are
// out on a subject, because they were answered or are no longer asked. It joins
// the caller's transaction.
func (n *Notifier) Answered(ctx context.Context, subject string, asks ...string) error {
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		q := n.db.In(ctx).Model(&Message{}).Where("asks_until IS NOT NULL AND conversation_id IN (SELECT id FROM conversations WHERE subject = ?)", subject)
		if len(asks) > 0 {
			q = q.Where("asks IN ?", asks)
		}
		return q.Update("asks_until", nil).Error
	})
	if err != nil {
		return fmt.Errorf("end the questions on %s: %w", subject, err)
	}
	return nil
}

// saveMove writes where a message stands and why.
func (n *Notifier) saveMove(ctx context.Context, m *Message) error {
	return n.db.In(ctx).Model(m).Select("ConversationID", "MatchRule", "MatchConfidence", "MatchEvidence", "Verified").Updates(m).Error
}

// join adds a participant to the conversations of subjects.
func (n *Notifier) join(ctx context.Context, subjects []string, p Participant) error {
	var ids []int64
	err := n.db.In(ctx).Model(&Conversation{}).Where("subject IN ?", subjects).Pluck("id", &ids).Error
	if err != nil || len(ids) == 0 {
		return err
	}
	rows := make([]Participant, len(ids))
	for i, id := range ids {
		rows[i] = Participant{ConversationID: id, Channel: p.Channel, Address: p.Address}
	}
	if err := n.db.In(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error; err != nil {
		return err
	}
	return n.db.In(ctx).Model(&Message{}).
		Where("conversation_id IN ? AND direction = ? AND channel = ? AND from_address = ? AND verified = ?", ids, In, p.Channel, p.Address, false).
		Update("verified", true).Error
}
