package httpsms

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"neuvo/notify"
)

// Elks46Options for NewElks46.
type Elks46Options struct {
	Common
	User     string // API user name, "u…"
	Password string // API password
	From     string // number or name of texts whose own sender is none
	URL      string // https://api.46elks.com where empty
}

// Elks46 sends through 46elks.
type Elks46 struct {
	*client
	opt Elks46Options
}

// NewElks46 reads the settings; it does not call (see Check).
func NewElks46(opt Elks46Options) (*Elks46, error) {
	base, err := baseURL(opt.URL, "https://api.46elks.com")
	if err != nil {
		return nil, fmt.Errorf("46elks: %w", err)
	}
	if opt.User == "" || opt.Password == "" || opt.From == "" {
		return nil, fmt.Errorf("46elks: %w", errSettings)
	}
	c := newClient("elks46", base, opt.From, opt.Common, opt.Password)
	opt.Common = c.opt
	return &Elks46{client: c, opt: opt}, nil
}

// elksMessage is a text as 46elks tells of it.
type elksMessage struct {
	ID        string `json:"id"`
	Status    string `json:"status"`
	Direction string `json:"direction"`
	To        string `json:"to"`
	Message   string `json:"message"`
	Created   string `json:"created"` // UTC without a zone
	Parts     int    `json:"parts"`
}

// elksTime is how 46elks writes an instant, in UTC; with or without a fraction.
const elksTime = "2006-01-02T15:04:05"

// Send implements notify.Gateway.
func (g *Elks46) Send(ctx context.Context, e notify.Envelope) (notify.Sent, error) {
	if !notify.IsE164(e.To) {
		return notify.Sent{}, g.final("", "not a phone number with a country code: "+e.To)
	}
	form := url.Values{"from": {g.sender(e.From)}, "to": {e.To}, "message": {e.Body}}
	if hook := g.statusURL(e.ClientRef, g.withSecret()); hook != "" {
		form.Set("whendelivered", hook)
	}
	a, err := g.post(ctx, "/a1/sms", form, g.sign())
	if err != nil {
		return notify.Sent{}, err
	}
	if a.status != http.StatusOK {
		return notify.Sent{}, g.refused(a, "", excerpt(a.body)) // it answers in plain words
	}
	var m elksMessage
	if err := a.decode(&m); err != nil || m.ID == "" {
		return notify.Sent{}, g.unclear(a)
	}
	if m.Status == "failed" {
		return notify.Sent{}, g.final(m.Status, "it could not be sent")
	}
	parts := m.Parts
	if parts <= 0 {
		parts, _ = notify.Segments(e.Body)
	}
	return notify.Sent{ID: m.ID, Segments: parts}, nil
}

// Ask implements notify.Asker. 46elks keeps no reference of ours, so that the
// text is known by its phone, its words and its time.
func (g *Elks46) Ask(ctx context.Context, e notify.Envelope, handedAt time.Time) (notify.Report, bool, error) {
	query := url.Values{"to": {e.To}, "limit": {"100"}, "end": {handedAt.Add(-5 * time.Minute).UTC().Format(elksTime)}}
	a, err := g.get(ctx, g.base, "/a1/sms", query, g.sign())
	if err != nil {
		return notify.Report{}, false, err
	}
	var list struct {
		Data *[]elksMessage `json:"data"`
	}
	if a.status != http.StatusOK || a.decode(&list) != nil || list.Data == nil {
		return notify.Report{}, false, g.refused(a, "", excerpt(a.body))
	}
	since := g.since(a, handedAt)
	for _, m := range *list.Data {
		made, err := time.Parse(elksTime, m.Created)
		if err != nil || made.Before(since) || m.To != e.To || m.Message != e.Body || m.Direction == "incoming" {
			continue
		}
		return notify.Report{Gateway: g.name, GatewayID: m.ID, ClientRef: e.ClientRef, State: elksState(m.Status), At: made}, true, nil
	}
	return notify.Report{}, false, g.tooSoon(handedAt, listed)
}

// Check asks for the account: it costs nothing and sends nothing. The error
// says, without secrets, what did not work.
func (g *Elks46) Check(ctx context.Context) error {
	return g.check(ctx, g.base, "/a1/me", nil, g.sign())
}

func (g *Elks46) sign() func(*http.Request) { return basic(g.opt.User, g.opt.Password) }

// elksState is 46elks' word for a text's state in ours.
func elksState(status string) notify.State {
	switch status {
	case "delivered":
		return notify.Delivered
	case "failed":
		return notify.Failed
	}
	return notify.Accepted // created, sent
}
