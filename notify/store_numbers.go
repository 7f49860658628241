package notify

import (
	"context"

	"gorm.io/gorm/clause"

	"neuvo/internal/db"
)

func (n *Notifier) pairsOf(ctx context.Context, phone string, numbers []string) ([]NumberPair, error) {
	var rows []NumberPair
	err := n.db.In(ctx).Where("phone = ? AND number IN ?", phone, numbers).Find(&rows).Error
	return rows, err
}

// takeNumber writes a choice; false where somebody else has just taken the number.
func (n *Notifier) takeNumber(ctx context.Context, m *Message, c numberChoice) (bool, error) {
	tx, shared := n.db.In(ctx), len(c.beside) > 0
	if shared {
		// Those that had it alone share it from now on.
		err := tx.Model(&NumberPair{}).Where("phone = ? AND number = ? AND shared = ?", m.ToAddress, c.number, false).
			Update("shared", true).Error
		if err != nil {
			return false, err
		}
	}
	if c.mine == nil {
		row := NumberPair{Phone: m.ToAddress, Number: c.number, ConversationID: m.ConversationID, Shared: shared, CreatedAt: n.now(), UsedAt: n.now()}
		res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		return res.RowsAffected == 1, res.Error
	}
	res := tx.Model(&NumberPair{}).
		Where("phone = ? AND number = ? AND conversation_id = ?", m.ToAddress, c.number, m.ConversationID).
		Where(`? = TRUE OR NOT EXISTS (SELECT 1 FROM number_pairs o WHERE o.phone = number_pairs.phone AND o.number = number_pairs.number
			AND o.conversation_id <> number_pairs.conversation_id AND o.shared = FALSE AND o.released_at IS NULL)`, shared).
		Updates(map[string]any{"used_at": n.now(), "released_at": nil, "shared": shared})
	return res.RowsAffected == 1, res.Error
}

// dropNumber takes a conversation's number from it that its phone has never seen.
// Whoever shared it because of that has it alone again.
func (n *Notifier) dropNumber(ctx context.Context, m *Message, number string) error {
	tx := n.db.In(ctx)
	err := tx.Where("phone = ? AND number = ? AND conversation_id = ?", m.ToAddress, number, m.ConversationID).Delete(&NumberPair{}).Error
	if err != nil {
		return err
	}
	var left []NumberPair
	err = n.db.ForUpdate(tx).Where("phone = ? AND number = ?", m.ToAddress, number).
		Where("released_at IS NULL OR released_at > ?", n.quarantine()).Limit(2).Find(&left).Error
	if err != nil || len(left) != 1 || !left[0].Shared {
		return err
	}
	return tx.Model(&NumberPair{}).Where("phone = ? AND number = ? AND conversation_id = ?", m.ToAddress, number, left[0].ConversationID).
		Update("shared", false).Error
}

// codesFor gives the codes by which a phone names conversations, giving new ones
// where they have none, and notes that they are shown now.
func (n *Notifier) codesFor(ctx context.Context, phone string, conversations []int64) (map[int64]string, error) {
	var given []ThreadCode
	if err := n.db.ForUpdate(n.db.In(ctx)).Where("phone = ?", phone).Find(&given).Error; err != nil {
		return nil, err
	}
	codes := map[int64]string{}
	for _, c := range given {
		codes[c.ConversationID] = c.Code
	}
	for _, id := range conversations {
		if codes[id] != "" {
			continue
		}
		for code := freeCode(given, n.opt.Now()); code != "" && codes[id] == ""; code = freeCode(given, n.opt.Now()) {
			row := ThreadCode{Phone: phone, Code: code, ConversationID: id, GivenAt: n.now(), ShownAt: n.now()}
			// One that rested is taken over; one that another has taken just now is not.
			res := n.db.In(ctx).Clauses(clause.OnConflict{
				Columns:   []clause.Column{{Name: "phone"}, {Name: "code"}},
				DoUpdates: clause.AssignmentColumns([]string{"conversation_id", "given_at", "shown_at"}),
				Where: clause.Where{Exprs: []clause.Expression{
					clause.Lte{Column: clause.Column{Table: "thread_codes", Name: "shown_at"}, Value: db.At(n.opt.Now().Add(-codeRest))},
				}},
			}).Create(&row)
			if res.Error != nil {
				return nil, res.Error
			}
			if res.RowsAffected == 1 {
				codes[id] = code
			}
			given = append(given, row)
		}
	}
	err := n.db.In(ctx).Model(&ThreadCode{}).Where("phone = ? AND conversation_id IN ?", phone, conversations).Update("shown_at", n.now()).Error
	return codes, err
}

// saveBody keeps what is added to a text before it goes.
func (n *Notifier) saveBody(ctx context.Context, m *Message) error {
	return n.db.In(ctx).Model(&Message{}).Where("id = ?", m.ID).Updates(map[string]any{"body": m.Body, "segments": m.Segments}).Error
}
