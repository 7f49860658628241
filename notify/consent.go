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
	Origin  string // from where: a network address or a phone; "" where only its author knows
	Wording string // the sentence that was agreed to or turned down; "" where another site showed its own
	At      db.Time
}

// Evidence is how a word on consent came about.
type Evidence struct {
	How, Author, Origin string
	// Wording holds, for each purpose that was spoken of, the sentence that the
	// customer saw; "" where it is not known.
	Wording map[Purpose]string
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

// maxWording is how much of a sentence is kept, in characters.
const maxWording = 500

// row is what is written down of a word on one purpose.
func (e Evidence) row(address string, p Purpose, given bool, at db.Time) Consent {
	words := []rune(oneLine(e.Wording[p]))
	return Consent{
		Address: address, Purpose: p, Given: given, How: e.How, Author: e.Author, Origin: e.Origin,
		Wording: string(words[:min(len(words), maxWording)]), At: at,
	}
}

// SetConsents writes down what a customer wants, for all of his or her
// addresses. What the last word says already is not written again, unless another
// sentence is agreed to. It joins the caller's transaction.
func (n *Notifier) SetConsents(ctx context.Context, addresses []string, want map[Purpose]bool, ev Evidence) error {
	for p := range want {
		if !slices.Contains(ConsentPurposes, p) {
			return fault.BadField("purpose", "fault.purpose", string(p))
		}
	}
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		last, err := n.lastWords(ctx, addresses)
		if err != nil {
			return err
		}
		var rows []Consent
		for _, address := range addresses {
			for _, p := range ConsentPurposes {
				given, named := want[p]
				row := ev.row(address, p, given, n.now())
				before, known := last[consentKey{address, p}]
				if address == "" || !named || known && before.Given == given && (!given || row.Wording == "" || row.Wording == before.Wording) {
					continue
				}
				rows = append(rows, row)
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

// Agreed takes what was agreed to in a booking and gives what holds of it. The
// form of a booking proves nobody: what the owner of an address has withdrawn
// from stays withdrawn until he or she says otherwise, by text or on the page of
// the visit. What the evidence has a wording for was said, and is written down;
// the rest was only presumed. It joins the caller's transaction.
func (n *Notifier) Agreed(ctx context.Context, addresses []string, want map[Purpose]bool, ev Evidence) (holds map[Purpose]bool, err error) {
	holds = map[Purpose]bool{}
	err = n.db.Tx(ctx, func(ctx context.Context) error {
		last, err := n.lastWords(ctx, addresses)
		if err != nil {
			return err
		}
		var rows []Consent
		for _, p := range ConsentPurposes {
			holds[p] = want[p] && !slices.ContainsFunc(addresses, func(address string) bool {
				before, known := last[consentKey{address, p}]
				return known && !before.Given
			})
			if _, said := ev.Wording[p]; !said || !holds[p] {
				continue
			}
			for _, address := range addresses {
				row := ev.row(address, p, true, n.now())
				if before, known := last[consentKey{address, p}]; !known || row.Wording != "" && row.Wording != before.Wording {
					rows = append(rows, row)
				}
			}
		}
		if len(rows) == 0 {
			return nil
		}
		return n.insertConsents(ctx, rows)
	})
	if err != nil {
		return nil, fmt.Errorf("write down what was agreed to: %w", err)
	}
	return holds, nil
}

// OnConsent adds who hears, inside the transaction that stores it, what the owner
// of an address has said by a word such as STOP.
func (n *Notifier) OnConsent(h ConsentHandler) { n.onConsent = append(n.onConsent, h) }

// ConsentHandler hears of consents given or withdrawn by text or by the way out of
// an e-mail.
type ConsentHandler func(ctx context.Context, address string, want map[Purpose]bool) error

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
