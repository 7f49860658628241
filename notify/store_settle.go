package notify

import (
	"context"

	"neuvo/internal/db"
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

// settleAccepted is settleMessage for messages that were taken over, with their
// history; errNotAll where one of them is no longer ours.
func (n *Notifier) settleAccepted(ctx context.Context, tasks []*task) error {
	count := len(tasks)
	ids, attempts, segments, at := make([]int64, count), make([]int64, count), make([]int64, count), make([]int64, count)
	states, names := make([]string, count), make([]string, count)
	for i, t := range tasks {
		ids[i], attempts[i], segments[i], at[i] = t.m.ID, int64(t.m.Attempts), int64(t.m.Segments), t.m.SentAt.UnixMicro()
		states[i], names[i] = string(t.m.State), t.m.GatewayID
	}
	res := n.db.In(ctx).Exec(`UPDATE messages SET state = v.state, gateway_id = v.gateway_id, segments = v.segments, sent_at = v.sent_at,
		next_at = NULL, claimed_until = NULL, error = '', body = CASE WHEN shown <> '' THEN shown ELSE body END FROM ?
		WHERE messages.id = v.id AND messages.attempts = v.attempts AND messages.claimed_by = ? AND messages.state IN ('claimed', 'unknown')`,
		n.db.Values(db.Ints("id", ids), db.Ints("attempts", attempts), db.Texts("state", states), db.Texts("gateway_id", names),
			db.Ints("segments", segments), db.Ints("sent_at", at)), n.self)
	if res.Error == nil && res.RowsAffected != int64(count) {
		return errNotAll
	}
	if res.Error != nil {
		return res.Error
	}
	for state, of := range byState(tasks) {
		n.countState(ctx, state, of)
	}
	return n.db.In(ctx).Exec(`INSERT INTO message_states (message_id, state, at, detail) SELECT v.id, v.state, v.at, v.detail FROM ?`,
		n.db.Values(db.Ints("id", ids), db.Texts("state", states), db.Ints("at", at), db.Texts("detail", names))).Error
}

// byState counts tasks by the state they came into.
func byState(tasks []*task) map[State]int {
	counts := map[State]int{}
	for _, t := range tasks {
		counts[t.m.State]++
	}
	return counts
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
			Where("gateway = ? AND message_id = 0", gateway).Where(db.Among(n.db, "gateway_id", list)).Find(&early).Error
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
	err := n.db.In(ctx).Model(&MessageReport{}).Where(db.Among(n.db, "message_id", ids)).Where("message_id > 0").
		Distinct().Pluck("message_id", &with).Error
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
