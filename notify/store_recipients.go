package notify

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"neuvo/internal/db"
)

// recipientsOf reads what is known of those that the messages go to.
func (n *Notifier) recipientsOf(ctx context.Context, rows []Message) (recipients, error) {
	r := recipients{}
	phones, capped, asked := addressesOf(rows, n.opt.Burst)
	var err error
	if r.consents, err = n.consentsOf(ctx, asked); err != nil {
		return r, err
	}
	if r.blocked, err = n.blockedOf(ctx, phones); err != nil {
		return r, err
	}
	r.sent, err = n.sentTo(ctx, capped)
	return r, err
}

// addressesOf gives, each once, the phones among the recipients, those of them
// to which automatic texts are counted, and the addresses whose consent matters.
func addressesOf(rows []Message, b Burst) (phones, capped, asked []string) {
	seen := map[string]int{}
	add := func(list *[]string, address string, bit int) {
		if seen[address]&bit == 0 {
			seen[address] |= bit
			*list = append(*list, address)
		}
	}
	for _, m := range rows {
		if m.Channel == SMS {
			add(&phones, m.ToAddress, 1)
			if !m.ByHuman && !m.AtOnce && (b.PerHour > 0 || b.PerDay > 0) {
				add(&capped, m.ToAddress, 2)
			}
		}
		if m.Purpose != JobUpdate && m.Purpose != "" {
			add(&asked, m.ToAddress, 4)
		}
	}
	return phones, capped, asked
}

// sentTo gives when automatic texts of the last day went to phones, oldest first.
func (n *Notifier) sentTo(ctx context.Context, phones []string) (map[string][]time.Time, error) {
	if len(phones) == 0 {
		return nil, nil
	}
	var rows []struct {
		ToAddress string
		HandedAt  db.Time
	}
	err := n.db.In(ctx).Model(&Message{}).Select("to_address", "handed_at").
		Where(db.Among(n.db, "to_address", phones)).Where("handed_at > ? AND channel = ? AND by_human = ?", db.At(n.opt.Now().Add(-24*time.Hour)), SMS, false).
		Order("handed_at").Scan(&rows).Error
	sent := map[string][]time.Time{}
	for _, row := range rows {
		sent[row.ToAddress] = append(sent[row.ToAddress], row.HandedAt.Time)
	}
	return sent, err
}

// blockedOf gives the phones that a gateway carries nothing to, and which.
func (n *Notifier) blockedOf(ctx context.Context, phones []string) (map[string]string, error) {
	if len(phones) == 0 {
		return nil, nil
	}
	var rows []GatewayOptOut
	err := n.db.In(ctx).Where(db.Among(n.db, "phone", phones)).Find(&rows).Error
	blocked := make(map[string]string, len(rows))
	for _, row := range rows {
		blocked[row.Phone] = row.Gateway
	}
	return blocked, err
}

// block notes that a gateway carries nothing to a phone.
func (n *Notifier) block(ctx context.Context, o *GatewayOptOut) error {
	return n.db.In(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(o).Error
}

func (n *Notifier) unblock(ctx context.Context, phone, gateway string) error {
	return n.db.In(ctx).Where("phone = ? AND gateway = ?", phone, gateway).Delete(&GatewayOptOut{}).Error
}

// consentsOf gives the last word of each address on each purpose.
func (n *Notifier) consentsOf(ctx context.Context, addresses []string) (map[consentKey]bool, error) {
	if len(addresses) == 0 {
		return nil, nil
	}
	rows, err := n.lastConsents(ctx, addresses)
	said := make(map[consentKey]bool, len(rows))
	for _, row := range rows {
		said[consentKey{row.Address, row.Purpose}] = row.Given
	}
	return said, err
}

// lastWords is consentsOf with how each came about.
func (n *Notifier) lastWords(ctx context.Context, addresses []string) (map[consentKey]Consent, error) {
	if len(addresses) == 0 {
		return nil, nil
	}
	rows, err := n.lastConsents(ctx, addresses)
	last := make(map[consentKey]Consent, len(rows))
	for _, row := range rows {
		last[consentKey{row.Address, row.Purpose}] = row
	}
	return last, err
}

func (n *Notifier) lastConsents(ctx context.Context, addresses []string) ([]Consent, error) {
	var rows []Consent
	err := n.db.In(ctx).Where("id IN (SELECT MAX(id) FROM consents WHERE ? GROUP BY address, purpose)", db.Among(n.db, "address", addresses)).
		Order("id").Find(&rows).Error
	return rows, err
}

func (n *Notifier) insertConsents(ctx context.Context, rows []Consent) error {
	return n.db.In(ctx).Create(&rows).Error
}

func (n *Notifier) consentLog(ctx context.Context, addresses []string, limit int) ([]Consent, error) {
	var rows []Consent
	err := n.db.In(ctx).Where(db.Among(n.db, "address", addresses)).Order("id DESC").Limit(limit).Find(&rows).Error
	return rows, err
}

// mailOf is the customer's e-mail address on a conversation, "" where there is
// none.
func (n *Notifier) mailOf(ctx context.Context, conversationID int64) (string, error) {
	var list []string
	err := n.db.In(ctx).Model(&Participant{}).Where("conversation_id = ? AND channel = ?", conversationID, Email).
		Order("address").Limit(1).Pluck("address", &list).Error
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0], nil
}

// lastWrittenTo is the newest message of ours to an address, nil where there is
// none.
func (n *Notifier) lastWrittenTo(ctx context.Context, channel Channel, address string) (*Message, error) {
	var rows []Message
	err := n.db.In(ctx).Where("to_address = ? AND handed_at IS NOT NULL AND channel = ?", address, channel).
		Order("handed_at DESC").Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// wroteLately tells whether a text of an occasion has gone to an address since an
// instant, or is about to.
func (n *Notifier) wroteLately(ctx context.Context, address, occasion string, since db.Time) (bool, error) {
	var count int64
	err := n.db.In(ctx).Model(&Message{}).
		Where("to_address = ? AND occasion = ? AND (handed_at > ? OR next_at IS NOT NULL)", address, occasion, since).Count(&count).Error
	return count > 0, err
}
