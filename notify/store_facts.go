package notify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// duplicates tells of each row why it is the second copy of an earlier one; those
// that are not are missing. The same bytes with the same Message-ID come when a
// mailbox has a new UIDVALIDITY; the same Message-ID, sender and words when a host
// delivered a message on two ways. Without a Message-ID only the same bytes under
// another UIDVALIDITY of the same mailbox count: two like texts may both be meant. A
// text over HTTP is told by the id that its provider gave it.
func (n *Notifier) duplicates(ctx context.Context, list []*reading) (map[int64]string, error) {
	byID, bySum, byProvider := map[string][]*Inbound{}, map[string][]*Inbound{}, map[string][]*Inbound{}
	for _, r := range list {
		if r.in.ProviderID != "" {
			byProvider[r.in.ProviderID] = append(byProvider[r.in.ProviderID], r.in)
		} else if r.in.MessageID != "" {
			byID[r.in.MessageID] = append(byID[r.in.MessageID], r.in)
		} else {
			bySum[r.in.SHA256] = append(bySum[r.in.SHA256], r.in)
		}
	}
	first := map[int64]int64{}
	note := func(in *Inbound, earlier Inbound) {
		if have := first[in.ID]; earlier.ID < in.ID && (have == 0 || earlier.ID < have) {
			first[in.ID] = earlier.ID
		}
	}
	columns := []string{"id", "source", "uid_validity", "message_id", "sha256", "from_address", "body"}
	err := inChunks(slices.Collect(maps.Keys(byID)), func(ids []string) error {
		var rows []Inbound
		err := n.db.In(ctx).Select(columns).Where("message_id IN ? AND message_id <> ''", ids).Find(&rows).Error
		for _, earlier := range rows {
			for _, in := range byID[earlier.MessageID] {
				if earlier.SHA256 == in.SHA256 || earlier.FromAddress == in.FromAddress && earlier.Body == in.Body {
					note(in, earlier)
				}
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for a duplicate: %w", err)
	}
	err = inChunks(slices.Collect(maps.Keys(bySum)), func(sums []string) error {
		var rows []Inbound
		err := n.db.In(ctx).Select(columns[:5]).Where("sha256 IN ?", sums).Find(&rows).Error
		for _, earlier := range rows {
			for _, in := range bySum[earlier.SHA256] {
				if earlier.Source == in.Source && earlier.UIDValidity != in.UIDValidity {
					note(in, earlier)
				}
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for a duplicate: %w", err)
	}
	err = inChunks(slices.Collect(maps.Keys(byProvider)), func(ids []string) error {
		var rows []Inbound
		err := n.db.In(ctx).Select("id", "source", "provider_id").Where("provider_id IN ? AND provider_id <> ''", ids).Find(&rows).Error
		for _, earlier := range rows {
			for _, in := range byProvider[earlier.ProviderID] {
				if earlier.Source == in.Source {
					note(in, earlier)
				}
			}
		}
		return err
	})
	why := make(map[int64]string, len(first))
	for id, earlier := range first {
		why[id] = fmt.Sprintf("the same as inbound message %d", earlier)
	}
	return why, err
}

// lastIn is when the newest message of each conversation came or was written.
func (n *Notifier) lastIn(ctx context.Context, list []attached) (map[int64]time.Time, error) {
	ids := make([]int64, len(list))
	for i, a := range list {
		ids[i] = a.where.ConversationID
	}
	var rows []Message
	err := n.db.In(ctx).Select("conversation_id", "MAX(created_at) AS created_at").Where("conversation_id IN ?", ids).
		Group("conversation_id").Find(&rows).Error
	last := make(map[int64]time.Time, len(rows))
	for _, r := range rows {
		last[r.ConversationID] = r.CreatedAt.Time
	}
	return last, err
}

// inChunks gives a query no more values than both engines take at once.
func inChunks[T any](list []T, query func([]T) error) error {
	for part := range slices.Chunk(list, 500) {
		if err := query(part); err != nil {
			return err
		}
	}
	return nil
}
