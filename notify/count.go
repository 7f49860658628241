package notify

import (
	"context"
	"fmt"
)

// Count keeps what was counted in a source of messages beside what is stored of
// it: held are the numbers of those that were due to be stored. It gives those that
// are missing, in their order.
func (n *Notifier) Count(ctx context.Context, source string, uidValidity int64, held []int64) (missing []int64, err error) {
	stored, err := n.storedUIDs(ctx, source, uidValidity, 0, -1)
	if err != nil {
		return nil, fmt.Errorf("count what is stored of %s: %w", source, err)
	}
	return n.counted(ctx, source, held, stored)
}

// CountListed is Count for a source that lists what came in some time rather than
// all that it has; its messages bear numbers without an order.
func (n *Notifier) CountListed(ctx context.Context, source string, held []int64) (missing []int64, err error) {
	stored, err := n.storedAmong(ctx, source, held)
	if err != nil {
		return nil, fmt.Errorf("count what is stored of %s: %w", source, err)
	}
	return n.counted(ctx, source, held, stored)
}

// counted keeps a count and gives what is missing.
func (n *Notifier) counted(ctx context.Context, source string, held, stored []int64) (missing []int64, err error) {
	have := make(map[int64]bool, len(stored))
	for _, uid := range stored {
		have[uid] = true
	}
	for _, uid := range held {
		if !have[uid] {
			missing = append(missing, uid)
		}
	}
	c := SourceCount{Source: source, CountedAt: n.now(), Held: int64(len(held)), Stored: int64(len(held) - len(missing)), Missing: int64(len(missing))}
	if len(missing) > 0 {
		c.Says = fmt.Sprintf("%d of %d messages were not stored; the first has the number %d", len(missing), len(held), missing[0])
	}
	if err := n.saveCount(ctx, c); err != nil {
		return missing, fmt.Errorf("keep the count of %s: %w", source, err)
	}
	return missing, nil
}

// StoredUIDs gives the numbers of what is stored of a source, lowest first: at most
// limit of those above after.
func (n *Notifier) StoredUIDs(ctx context.Context, source string, uidValidity, after int64, limit int) ([]int64, error) {
	uids, err := n.storedUIDs(ctx, source, uidValidity, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list what is stored of %s: %w", source, err)
	}
	return uids, nil
}

// Counts gives the latest count of every source.
func (n *Notifier) Counts(ctx context.Context) ([]SourceCount, error) {
	rows, err := n.counts(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the counts: %w", err)
	}
	return rows, nil
}

// CountOf gives the latest count of a source, the zero count where there is none.
func (n *Notifier) CountOf(ctx context.Context, source string) (SourceCount, error) {
	c, err := n.countOf(ctx, source)
	if err != nil {
		return c, fmt.Errorf("read the count of %s: %w", source, err)
	}
	return c, nil
}
