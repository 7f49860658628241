package notify

import (
	"context"
	"strings"
)

// settleMessage writes how an attempt ended, if nobody has settled that attempt
// yet.
func (n *Notifier) settleMessage(ctx context.Context, m *Message) (bool, error) {
	changes := map[string]any{
		"state": m.State, "next_at": m.NextAt, "claimed_until": nil, "error": m.Error,
		"gateway_id": m.GatewayID, "segments": m.Segments, "sent_at": m.SentAt,
	}
	if m.Shown != "" && m.NextAt.IsZero() {
		changes["body"] = m.Shown // it will not be sent (again): the secret is forgotten
	}
	res := n.db.In(ctx).Model(&Message{}).
		Where("id = ? AND attempts = ? AND state IN ?", m.ID, m.Attempts, []State{Claimed, Unknown}).
		Where("claimed_by = ?", m.ClaimedBy).
		Updates(changes)
	return res.RowsAffected == 1, res.Error
}

// settleAccepted is settleMessage for messages that were taken over; errNotAll
// where one of them is no longer ours.
func (n *Notifier) settleAccepted(ctx context.Context, tasks []*task) error {
	var q strings.Builder
	q.WriteString(`UPDATE messages SET state = v.column3, gateway_id = v.column4, segments = v.column5, sent_at = v.column6,
		next_at = NULL, claimed_until = NULL, error = '', body = CASE WHEN shown <> '' THEN shown ELSE body END FROM (VALUES `)
	args := make([]any, 0, 6*len(tasks)+1)
	for i, t := range tasks {
		if i > 0 {
			q.WriteByte(',')
		}
		q.WriteString(`(CAST(? AS BIGINT), CAST(? AS INTEGER), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS INTEGER), CAST(? AS BIGINT))`)
		args = append(args, t.m.ID, t.m.Attempts, string(t.m.State), t.m.GatewayID, t.m.Segments, t.m.SentAt)
	}
	q.WriteString(`) AS v WHERE messages.id = v.column1 AND messages.attempts = v.column2
		AND messages.claimed_by = ? AND messages.state IN ('claimed', 'unknown')`)
	res := n.db.In(ctx).Exec(q.String(), append(args, n.self)...)
	if res.Error == nil && res.RowsAffected != int64(len(tasks)) {
		return errNotAll
	}
	return res.Error
}

// addSteps is addHistory for messages that were taken over.
func (n *Notifier) addSteps(ctx context.Context, tasks []*task) error {
	rows := make([]MessageState, len(tasks))
	for i, t := range tasks {
		rows[i] = MessageState{MessageID: t.m.ID, State: t.m.State, At: t.m.SentAt, Detail: t.sent.ID}
	}
	for _, t := range tasks {
		n.countState(ctx, t.m.State, 1)
	}
	return n.db.In(ctx).Create(&rows).Error
}

// adoptAll gives messages the reports that came before their gateways' answers,
// and tells which have reports.
func (n *Notifier) adoptAll(ctx context.Context, tasks []*task) (map[int64]bool, error) {
	ids, names := make([]int64, len(tasks)), map[string][]string{}
	byName := map[[2]string]int64{}
	for i, t := range tasks {
		ids[i] = t.m.ID
		if t.m.GatewayID != "" {
			names[t.m.Gateway] = append(names[t.m.Gateway], t.m.GatewayID)
			byName[[2]string{t.m.Gateway, t.m.GatewayID}] = t.m.ID
		}
	}
	for gateway, list := range names {
		var early []MessageReport
		err := n.db.In(ctx).Select("id", "gateway_id").
			Where("gateway = ? AND gateway_id IN ? AND message_id = 0", gateway, list).Find(&early).Error
		if err != nil {
			return nil, err
		}
		for _, r := range early {
			err := n.db.In(ctx).Model(&MessageReport{}).Where("id = ?", r.ID).
				Update("message_id", byName[[2]string{gateway, r.GatewayID}]).Error
			if err != nil {
				return nil, err
			}
		}
	}
	var with []int64
	err := n.db.In(ctx).Model(&MessageReport{}).Where("message_id IN ? AND message_id > 0", ids).Distinct().Pluck("message_id", &with).Error
	reported := make(map[int64]bool, len(with))
	for _, id := range with {
		reported[id] = true
	}
	return reported, err
}

// timesIn counts how often a message was in a state.
func (n *Notifier) timesIn(ctx context.Context, id int64, state State) (int64, error) {
	var count int64
	err := n.db.In(ctx).Model(&MessageState{}).Where("message_id = ? AND state = ?", id, state).Count(&count).Error
	return count, err
}
