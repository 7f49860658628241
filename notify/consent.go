package notify

import (
	"context"
	"fmt"
	"slices"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// Consent is one word of a customer on a purpose: given or withdrawn, when, how
// and by whose hand. The last one on an address and a purpose holds; those before
// stay as evidence (GDPR article 7(1): one must be able to show it).
type Consent struct {
	ID      int64 `gorm:"primaryKey"`
	Address string
	Purpose Purpose
	Given   bool
	How     string // "booking", "page", "desk", "text": see the constants
	Author  string // who wrote it down; "" where the customer did it alone
	At      db.Time
}

// How consent was given or withdrawn.
const (
	ByBooking = "booking" // a box of the booking form
	ByPage    = "page"    // the customer's own page
	ByDesk    = "desk"    // told to an advisor
	ByText    = "text"    // a word such as STOP
)

// ConsentPurposes are the purposes that ask for consent.
var ConsentPurposes = []Purpose{Survey, Reminder, Marketing}

// SetConsents writes down what a customer wants, for all of his or her
// addresses. It joins the caller's transaction.
func (n *Notifier) SetConsents(ctx context.Context, addresses []string, want map[Purpose]bool, how, author string) error {
	for p := range want {
		if !slices.Contains(ConsentPurposes, p) {
			return fault.BadField("purpose", "fault.purpose", string(p))
		}
	}
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		said, err := n.consentsOf(ctx, addresses)
		if err != nil {
			return err
		}
		var rows []Consent
		for _, address := range addresses {
			for _, p := range ConsentPurposes {
				given, named := want[p]
				before, known := said[consentKey{address, p}]
				if address == "" || !named || known && before == given {
					continue
				}
				rows = append(rows, Consent{Address: address, Purpose: p, Given: given, How: how, Author: author, At: n.now()})
			}
		}
		if len(rows) == 0 {
			return nil
		}
		return n.insertConsents(ctx, rows)
	})
	if err != nil {
		return fmt.Errorf("write consents down: %w", err)
	}
	return nil
}

// OnConsent adds who hears, inside the transaction that stores it, what the owner
// of a phone has said by a word such as STOP.
func (n *Notifier) OnConsent(h ConsentHandler) { n.onConsent = append(n.onConsent, h) }

// ConsentHandler hears of consents given or withdrawn by text.
type ConsentHandler func(ctx context.Context, phone string, want map[Purpose]bool) error

// Withdrawn tells which purposes a customer has withdrawn from on any of the
// addresses.
func (n *Notifier) Withdrawn(ctx context.Context, addresses ...string) (map[Purpose]bool, error) {
	said, err := n.consentsOf(ctx, addresses)
	if err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	gone := map[Purpose]bool{}
	for key, given := range said {
		if !given {
			gone[key.purpose] = true
		}
	}
	return gone, nil
}

// Consents gives what the owner of some addresses has said, the newest first.
func (n *Notifier) Consents(ctx context.Context, addresses ...string) ([]Consent, error) {
	const most = 100
	rows, err := n.consentLog(ctx, addresses, most)
	if err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	return rows, nil
}
