package notify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// What matching may know is read for a whole batch at once, in a number of
// queries that does not depend on its size.

// gather reads what the database and our key know of the signals of one message.
func (n *Notifier) gather(ctx context.Context, p Parsed) (Facts, error) {
	all, err := n.gatherAll(ctx, []Parsed{p})
	if err != nil {
		return Facts{}, err
	}
	return all[0], nil
}

// gatherAll is gather for several; the answers are in their order.
func (n *Notifier) gatherAll(ctx context.Context, ps []Parsed) ([]Facts, error) {
	facts, named := make([]Facts, len(ps)), make([]map[int64]bool, len(ps))
	for i, p := range ps {
		facts[i] = Facts{Addresses: map[string]AddressFact{}, Messages: map[string]MessageFact{}, Conversations: map[int64]ConversationFact{}}
		named[i] = map[int64]bool{}
		for _, r := range p.Recipients {
			if n.opt.Addresses == nil {
				break
			}
			if id, ours, valid := n.opt.Addresses.Read(r.Address); ours {
				facts[i].Addresses[r.Address] = AddressFact{ConversationID: id, Valid: valid}
				if valid {
					named[i][id] = true
				}
			}
		}
	}
	for _, read := range []func(context.Context, []Parsed, []map[int64]bool, []Facts) error{
		n.gatherMessages, n.gatherConversations, n.gatherCandidates,
	} {
		if err := read(ctx, ps, named, facts); err != nil {
			return nil, err
		}
	}
	return facts, nil
}

// gatherMessages reads those messages of ours that are mentioned, and names their
// conversations.
func (n *Notifier) gatherMessages(ctx context.Context, ps []Parsed, named []map[int64]bool, facts []Facts) error {
	mentions := map[string][]int{} // Message-ID: who mentions it
	for i, p := range ps {
		for _, id := range append(newestReferences(p.References), bareID(p.InReplyTo), bareID(p.OriginalID)) {
			if id != "" {
				mentions[id] = append(mentions[id], i)
			}
		}
	}
	return inChunks(slices.Collect(maps.Keys(mentions)), func(ids []string) error {
		var sent []Message
		err := n.db.In(ctx).Select("id", "conversation_id", "message_id", "occasion").
			Where("message_id IN ? AND message_id <> '' AND direction = ?", ids, Out).Find(&sent).Error
		for _, m := range sent {
			for _, i := range mentions[m.MessageID] {
				facts[i].Messages[m.MessageID] = MessageFact{ID: m.ID, ConversationID: m.ConversationID, Occasion: m.Occasion}
				named[i][m.ConversationID] = true
			}
		}
		return err
	})
}

// gatherConversations reads those conversations that are named and whether the
// sender takes part in them.
func (n *Notifier) gatherConversations(ctx context.Context, ps []Parsed, named []map[int64]bool, facts []Facts) error {
	names := map[int64][]int{}
	for i := range named {
		for id := range named[i] {
			names[id] = append(names[id], i)
		}
	}
	return inChunks(slices.Collect(maps.Keys(names)), func(ids []int64) error {
		var rows []struct {
			ID      int64
			Subject string
			Channel Channel
			Address string
		}
		err := n.db.In(ctx).Raw(`SELECT c.id, c.subject, COALESCE(p.channel, '') AS channel, COALESCE(p.address, '') AS address
			FROM conversations c LEFT JOIN participants p ON p.conversation_id = c.id WHERE c.id IN ?`, ids).Scan(&rows).Error
		for _, r := range rows {
			for _, i := range names[r.ID] {
				f := facts[i].Conversations[r.ID]
				f.Subject = r.Subject
				f.SenderTakesPart = f.SenderTakesPart || r.Address != "" && r.Channel == ps[i].Channel && r.Address == ps[i].From
				facts[i].Conversations[r.ID] = f
			}
		}
		return err
	})
}

// maxCandidates newest conversations of a sender are named to a person.
const maxCandidates = 5

// gatherCandidates names the newest conversations in which each sender takes part.
func (n *Notifier) gatherCandidates(ctx context.Context, ps []Parsed, _ []map[int64]bool, facts []Facts) error {
	senders := map[string][]int{}
	for i, p := range ps {
		if p.From != "" {
			senders[p.From] = append(senders[p.From], i)
		}
	}
	return inChunks(slices.Collect(maps.Keys(senders)), func(from []string) error {
		var rows []struct {
			Subject string
			Channel Channel
			Address string
		}
		err := n.db.In(ctx).Raw(`SELECT subject, channel, address FROM (
				SELECT c.id, c.subject, p.channel, p.address,
					ROW_NUMBER() OVER (PARTITION BY p.address, p.channel ORDER BY c.id DESC) AS place
				FROM participants p JOIN conversations c ON c.id = p.conversation_id WHERE p.address IN ?
			) newest WHERE place <= ? ORDER BY id DESC`, from, maxCandidates).Scan(&rows).Error
		for _, r := range rows {
			for _, i := range senders[r.Address] {
				if ps[i].Channel == r.Channel {
					facts[i].Candidates = append(facts[i].Candidates, Candidate{Subject: r.Subject, Why: r.Address + " takes part in it"})
				}
			}
		}
		return err
	})
}

// duplicates tells of each row why it is the second copy of an earlier one; those
// that are not are missing. The same bytes with the same Message-ID come when a
// mailbox has a new UIDVALIDITY; the same Message-ID, sender and words when a host
// delivered a message on two ways. Without a Message-ID only the same bytes under
// another UIDVALIDITY of the same mailbox count: two like texts may both be meant.
func (n *Notifier) duplicates(ctx context.Context, list []*reading) (map[int64]string, error) {
	byID, bySum := map[string][]*Inbound{}, map[string][]*Inbound{}
	for _, r := range list {
		if r.in.MessageID != "" {
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
