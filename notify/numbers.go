package notify

import "context"

// senderFor chooses which of a route's numbers a message is sent from. "" where
// the route has none: its answers come back to a signed address.
func (n *Notifier) senderFor(_ context.Context, _ *Message, r Route) (string, error) {
	if len(r.Numbers) == 0 {
		return "", nil
	}
	return r.Numbers[0], nil
}
