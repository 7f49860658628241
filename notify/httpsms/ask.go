package httpsms

import (
	"time"

	"neuvo/notify"
)

// How long after a text was handed over it may be missing from a provider's
// lists although the provider has it: those that answer from where it is kept,
// and those that make records of it later.
const (
	listed   = 30 * time.Second
	recorded = 10 * time.Minute
)

// since is the provider's time from which on a text that was handed over may
// have been made. Their times count whole seconds.
func (c *client) since(a answer, handedAt time.Time) time.Time {
	ours := c.opt.Now()
	return handedAt.Add(a.now(ours).Sub(ours)).Add(-2 * time.Second)
}

// tooSoon is the error for a list that may not hold the text yet: that it is
// missing there says nothing.
func (c *client) tooSoon(handedAt time.Time, settles time.Duration) error {
	if c.opt.Now().Sub(handedAt) >= settles {
		return nil
	}
	return c.fail(outcome{again: true, after: settles}, "", c.name+" does not know the text yet", nil)
}

var (
	_ notify.Asker = (*Twilio)(nil)
	_ notify.Asker = (*Vonage)(nil)
	_ notify.Asker = (*Elks46)(nil)
)
