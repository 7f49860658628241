package notify

import (
	"context"
	"maps"
	"slices"
	"time"

	"neuvo/internal/db"
)

const (
	// recentlyClosed is how long after its end something may still be spoken of
	// without being named.
	recentlyClosed = 7 * 24 * time.Hour
	// longClosed is how long after its end an answer to something is still taken
	// for one although its sender has something else open.
	longClosed = 30 * 24 * time.Hour
	// maxOfSender conversations of one sender are looked at.
	maxOfSender = 20
	// maxQuotable texts to one phone are compared with what a reaction quotes.
	maxQuotable = 50
)

// gather reads what the database and our key know of the signals of p.
func (n *Notifier) gather(ctx context.Context, p Parsed) (Facts, error) {
	all, err := n.gatherAll(ctx, []Parsed{p})
	if err != nil {
		return Facts{}, err
	}
	return all[0], nil
}

// gatherAll reads what is known of the signals of many messages, in a number of
// queries that does not depend on how many they are.
func (n *Notifier) gatherAll(ctx context.Context, ps []Parsed) ([]Facts, error) {
	g := gathering{n: n, ps: ps, facts: make([]Facts, len(ps)), named: make([]map[int64]bool, len(ps))}
	for i := range ps {
		g.facts[i] = Facts{
			Addresses: map[string]AddressFact{}, Markers: map[string]AddressFact{}, Messages: map[string]MessageFact{}, Foreign: map[string][]int64{},
			Tags: map[string]int64{}, Codes: map[string]int64{}, Conversations: map[int64]ConversationFact{},
		}
		g.named[i] = map[int64]bool{}
		g.addresses(i)
	}
	for _, step := range []func(context.Context) error{g.messages, g.tags, g.numbers, g.conversations, g.senders, g.quotable} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return g.facts, nil
}

// gathering is a round of reading facts: what each message names is collected,
// then read for all of them at once.
type gathering struct {
	n     *Notifier
	ps    []Parsed
	facts []Facts
	named []map[int64]bool // conversations by message
}

// addresses reads the signed addresses of a message, which asks no database.
func (g *gathering) addresses(i int) {
	ours := g.n.opt.Addresses
	if ours == nil {
		return
	}
	p, f := g.ps[i], g.facts[i]
	for _, r := range p.Recipients {
		if id, is, valid := ours.Read(r.Address); is {
			f.Addresses[r.Address] = AddressFact{ConversationID: id, Valid: valid}
			g.name(i, id)
		}
	}
	if p.Kind.machine() {
		return
	}
	for _, address := range ours.Find(p.Text) {
		if id, _, valid := ours.Read(address); valid {
			f.Markers[address] = AddressFact{ConversationID: id, Valid: true}
			g.name(i, id)
		}
	}
}

func (g *gathering) name(i int, id int64) {
	if id > 0 {
		g.named[i][id] = true
	}
}

// messages finds the stored messages that the Message-IDs name.
func (g *gathering) messages(ctx context.Context) error {
	by := map[string][]int{} // messages of this round that mention an id
	for i, p := range g.ps {
		for _, id := range append(newestReferences(p.References), bareID(p.InReplyTo), bareID(p.OriginalID)) {
			if id != "" && !slices.Contains(by[id], i) {
				by[id] = append(by[id], i)
			}
		}
	}
	if len(by) == 0 {
		return nil
	}
	return inChunks(slices.Collect(maps.Keys(by)), func(ids []string) error {
		var rows []Message
		err := g.n.db.In(ctx).Select("id", "conversation_id", "message_id", "direction", "occasion").Order("id").
			Where("message_id IN ? AND message_id <> ''", ids).Find(&rows).Error
		for _, m := range rows {
			for _, i := range by[m.MessageID] {
				if m.Direction == Out {
					g.facts[i].Messages[m.MessageID] = MessageFact{ID: m.ID, ConversationID: m.ConversationID, Occasion: m.Occasion}
				} else {
					g.facts[i].Foreign[m.MessageID] = append(g.facts[i].Foreign[m.MessageID], m.ConversationID)
				}
				g.name(i, m.ConversationID)
			}
		}
		return err
	})
}

// tags finds what the references in the subjects name.
func (g *gathering) tags(ctx context.Context) error {
	if g.n.subjects == nil {
		return nil
	}
	by := map[string][]int{}
	for i, p := range g.ps {
		if p.Kind.machine() {
			continue
		}
		title := p.Subject
		if p.Channel == SMS { // a text has no subject: its words are all there is
			title = p.ReplyText
		}
		for _, word := range g.n.subjects.TagsIn(title) {
			by[word] = append(by[word], i)
		}
	}
	if len(by) == 0 {
		return nil
	}
	subjects, err := g.n.subjects.Tagged(ctx, slices.Collect(maps.Keys(by)))
	if err != nil || len(subjects) == 0 {
		return err
	}
	var rows []Conversation
	err = g.n.db.In(ctx).Where("subject IN ?", slices.Collect(maps.Values(subjects))).Find(&rows).Error
	ids := map[string]int64{}
	for _, c := range rows {
		ids[c.Subject] = c.ID
	}
	for word, subject := range subjects {
		for _, i := range by[word] {
			if id := ids[subject]; id != 0 {
				g.facts[i].Tags[word] = id
				g.name(i, id)
			}
		}
	}
	return err
}

// numbers finds what the phones know our numbers by, and their codes.
func (g *gathering) numbers(ctx context.Context) error {
	texts := map[string][]int{}
	codes := false
	for i, p := range g.ps {
		if p.Channel == SMS && p.From != "" {
			texts[p.From] = append(texts[p.From], i)
			codes = codes || len(codesIn(p.ReplyText)) > 0
		}
	}
	if len(texts) == 0 {
		return nil
	}
	phones := slices.Collect(maps.Keys(texts))
	var pairs []NumberPair
	err := g.n.db.In(ctx).Where("phone IN ? AND (released_at IS NULL OR released_at > ?)", phones, g.n.quarantine()).
		Order("conversation_id").Find(&pairs).Error
	if err != nil {
		return err
	}
	for _, pair := range pairs {
		for _, i := range texts[pair.Phone] {
			if g.ps[i].Number == pair.Number {
				g.facts[i].Pairs = append(g.facts[i].Pairs, pair.ConversationID)
				g.name(i, pair.ConversationID)
			}
		}
	}
	if !codes {
		return nil
	}
	var given []ThreadCode
	if err := g.n.db.In(ctx).Where("phone IN ?", phones).Find(&given).Error; err != nil {
		return err
	}
	for _, c := range given {
		for _, i := range texts[c.Phone] {
			g.facts[i].Codes[c.Code] = c.ConversationID
			g.name(i, c.ConversationID)
		}
	}
	return nil
}

// factRow is a conversation as a query gives it.
type factRow struct {
	ID       int64
	Subject  string
	ClosedAt db.Time
	Channel  Channel
	Address  string
}

func (g *gathering) fact(r factRow) ConversationFact {
	return ConversationFact{
		Subject: r.Subject, Open: r.ClosedAt.IsZero(),
		Recent:     !r.ClosedAt.IsZero() && r.ClosedAt.After(g.n.opt.Now().Add(-recentlyClosed)),
		LongClosed: !r.ClosedAt.IsZero() && r.ClosedAt.Before(g.n.opt.Now().Add(-longClosed)),
	}
}

// conversations reads those that are named and whether the senders take part.
func (g *gathering) conversations(ctx context.Context) error {
	by := map[int64][]int{}
	for i := range g.named {
		for id := range g.named[i] {
			by[id] = append(by[id], i)
		}
	}
	return inChunks(slices.Collect(maps.Keys(by)), func(ids []int64) error {
		var rows []factRow
		err := g.n.db.In(ctx).Raw(`SELECT c.id, c.subject, c.closed_at, COALESCE(p.channel, '') AS channel, COALESCE(p.address, '') AS address
			FROM conversations c LEFT JOIN participants p ON p.conversation_id = c.id WHERE c.id IN ?`, ids).Scan(&rows).Error
		for _, r := range rows {
			for _, i := range by[r.ID] {
				c, seen := g.facts[i].Conversations[r.ID]
				if !seen {
					c = g.fact(r)
				}
				c.SenderTakesPart = c.SenderTakesPart || r.Address != "" && r.Address == g.ps[i].From && r.Channel == g.ps[i].Channel
				g.facts[i].Conversations[r.ID] = c
			}
		}
		return err
	})
}

// senders reads the conversations of those senders whose messages do not say by
// themselves where they belong, and the questions that are out to them.
func (g *gathering) senders(ctx context.Context) error {
	by := map[string][]int{}
	for i, p := range g.ps {
		if p.From != "" && needsSender(p, g.facts[i]) {
			by[p.From] = append(by[p.From], i)
		}
	}
	if len(by) == 0 {
		return nil
	}
	senders := slices.Collect(maps.Keys(by))
	var rows []factRow
	err := g.n.db.In(ctx).Raw(`SELECT id, subject, closed_at, channel, address FROM (
			SELECT c.id, c.subject, c.closed_at, p.channel, p.address,
				ROW_NUMBER() OVER (PARTITION BY p.channel, p.address ORDER BY CASE WHEN c.closed_at IS NULL THEN 0 ELSE 1 END, c.id DESC) AS place
			FROM participants p JOIN conversations c ON c.id = p.conversation_id WHERE p.address IN ?) AS ranked
		WHERE place <= ? ORDER BY address, place`, senders, maxOfSender).Scan(&rows).Error
	if err != nil {
		return err
	}
	for _, r := range rows {
		for _, i := range by[r.Address] {
			if g.ps[i].Channel != r.Channel {
				continue
			}
			c := g.fact(r)
			c.SenderTakesPart = true
			g.facts[i].Sender = append(g.facts[i].Sender, r.ID)
			g.facts[i].Conversations[r.ID] = c
		}
	}
	return g.asked(ctx, by)
}

// asked reads the questions that are out by text to these phones.
func (g *gathering) asked(ctx context.Context, by map[string][]int) error {
	var phones []string
	for from, list := range by {
		if g.ps[list[0]].Channel == SMS {
			phones = append(phones, from)
		}
	}
	if len(phones) == 0 {
		return nil
	}
	var rows []Message
	err := g.n.db.In(ctx).Select("id", "conversation_id", "to_address", "asks", "occasion").Order("id").
		Where("to_address IN ? AND asks_until > ? AND sent_at IS NOT NULL AND state NOT IN ?", phones, g.n.now(),
			[]State{Failed, Expired, Suppressed}).Find(&rows).Error
	for _, m := range rows {
		for _, i := range by[m.ToAddress] {
			if c, known := g.facts[i].Conversations[m.ConversationID]; known && c.SenderTakesPart {
				c.Asks, c.Asked = m.Asks, MessageFact{ID: m.ID, ConversationID: m.ConversationID, Occasion: m.Occasion}
				g.facts[i].Conversations[m.ConversationID] = c
			}
		}
	}
	return err
}

// quotable reads the latest texts to those phones that sent a reaction.
func (g *gathering) quotable(ctx context.Context) error {
	by := map[string][]int{}
	for i, p := range g.ps {
		if p.Channel != SMS || p.From == "" {
			continue
		}
		if _, quoted := readReaction(p.ReplyText); quoted != "" {
			by[p.From] = append(by[p.From], i)
		}
	}
	if len(by) == 0 {
		return nil
	}
	var rows []Message
	err := g.n.db.In(ctx).Raw(`SELECT id, conversation_id, to_address, body, occasion FROM (
			SELECT m.id, m.conversation_id, m.to_address, m.body, m.occasion,
				ROW_NUMBER() OVER (PARTITION BY m.to_address ORDER BY m.id DESC) AS place
			FROM messages m WHERE m.direction = ? AND m.channel = ? AND m.to_address IN ? AND m.conversation_id IN (
				SELECT conversation_id FROM participants WHERE address IN ?)) AS ranked
		WHERE place <= ? ORDER BY id DESC`, Out, SMS, slices.Collect(maps.Keys(by)), slices.Collect(maps.Keys(by)), maxQuotable).Scan(&rows).Error
	if err != nil {
		return err
	}
	fresh := false
	for _, m := range rows {
		for _, i := range by[m.ToAddress] {
			g.facts[i].Texts = append(g.facts[i].Texts, TextFact{MessageFact{ID: m.ID, ConversationID: m.ConversationID, Occasion: m.Occasion}, m.Body})
			if _, known := g.facts[i].Conversations[m.ConversationID]; !known {
				g.name(i, m.ConversationID)
				fresh = true
			}
		}
	}
	if fresh {
		return g.conversations(ctx)
	}
	return nil
}

// senderTakesPart tells whether an address is a participant's of a conversation.
func (n *Notifier) senderTakesPart(ctx context.Context, id int64, channel Channel, from string) (bool, error) {
	var count int64
	err := n.db.In(ctx).Model(&Participant{}).Where("conversation_id = ? AND channel = ? AND address = ?", id, channel, from).Count(&count).Error
	return count > 0, err
}
