package httpsms

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"neuvo/notify"
)

// TwilioOptions for NewTwilio.
type TwilioOptions struct {
	Common
	Account string // account SID, "AC…"
	Token   string // auth token; Twilio signs its calls with it too
	From    string // number or name of texts whose own sender is none
	Service string // messaging service SID, "MG…", in place of From
	URL     string // of another region; https://api.twilio.com where empty
}

// Twilio sends through Twilio's Programmable Messaging.
type Twilio struct {
	*client
	opt TwilioOptions
}

// NewTwilio reads the settings; it does not call (see Check).
func NewTwilio(opt TwilioOptions) (*Twilio, error) {
	base, err := baseURL(opt.URL, "https://api.twilio.com")
	if err != nil {
		return nil, fmt.Errorf("twilio: %w", err)
	}
	if opt.Account == "" || opt.Token == "" || opt.From == "" && opt.Service == "" {
		return nil, fmt.Errorf("twilio: %w", errSettings)
	}
	c := newClient("twilio", base, opt.From, opt.Common, opt.Token)
	opt.Common = c.opt
	return &Twilio{client: c, opt: opt}, nil
}

// twilioMessage is the Message resource as far as it is looked at.
type twilioMessage struct {
	SID         string  `json:"sid"`
	Status      string  `json:"status"`
	NumSegments string  `json:"num_segments"`
	To          string  `json:"to"`
	Body        string  `json:"body"`
	Direction   string  `json:"direction"`
	DateCreated string  `json:"date_created"` // RFC 2822
	ErrorCode   *int    `json:"error_code"`
	ErrorText   *string `json:"error_message"`
}

// Twilio's codes of refusals that are about our account or sender, and of those
// that pass by themselves; the rest are about the text.
var (
	twilioSettings = []int{20003, 20005, 20008, 20404, 21212, 21408, 21601, 21603, 21606, 21608, 21609, 21620, 21659, 21660, 21661, 30002, 30034}
	twilioForNow   = []int{14107, 20429, 21611, 30001, 63038}
)

// twilioOptedOut is the code of a phone whose owner has written STOP.
const twilioOptedOut = 21610

// Send implements notify.Gateway.
func (t *Twilio) Send(ctx context.Context, e notify.Envelope) (notify.Sent, error) {
	if !notify.IsE164(e.To) {
		return notify.Sent{}, t.final("", "not a phone number with a country code: "+e.To)
	}
	form := url.Values{"To": {e.To}, "Body": {e.Body}}
	if from := t.sender(e.From); from != "" {
		form.Set("From", from)
	}
	if t.opt.Service != "" {
		form.Set("MessagingServiceSid", t.opt.Service)
	}
	if hook := t.statusURL(e.ClientRef, nil); hook != "" {
		form.Set("StatusCallback", hook)
	}
	a, err := t.post(ctx, t.path("/Messages.json"), form, t.sign())
	if err != nil {
		return notify.Sent{}, err
	}
	if a.status/100 != 2 {
		return notify.Sent{}, t.refusal(a)
	}
	var m twilioMessage
	if err := a.decode(&m); err != nil || m.SID == "" {
		return notify.Sent{}, t.unclear(a)
	}
	// A messaging service has not counted yet and says 0.
	parts, _ := strconv.Atoi(m.NumSegments)
	if parts <= 0 {
		parts, _ = notify.Segments(e.Body)
	}
	return notify.Sent{ID: m.SID, Segments: parts}, nil
}

// refusal reads Twilio's own code out of an answer.
func (t *Twilio) refusal(a answer) *notify.SendError {
	var said struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if a.decode(&said) != nil || said.Code == 0 {
		return t.refused(a, "", excerpt(a.body))
	}
	code, text := strconv.Itoa(said.Code), excerpt([]byte(said.Message))
	switch {
	case said.Code == twilioOptedOut:
		return t.fail(outcome{optedOut: true}, code, "this phone takes no more texts of ours: "+text, nil)
	case slices.Contains(twilioForNow, said.Code):
		return t.fail(outcome{again: true, after: t.retryAfter(a)}, code, "twilio refused the text for now: "+text, nil)
	case slices.Contains(twilioSettings, said.Code):
		return t.settings(code, text)
	}
	return t.refused(a, code, text)
}

// Ask implements notify.Asker. Twilio keeps no reference of ours, so that the
// text is known by its phone, its words and its time.
func (t *Twilio) Ask(ctx context.Context, e notify.Envelope, handedAt time.Time) (notify.Report, bool, error) {
	a, err := t.get(ctx, t.base, t.path("/Messages.json"), url.Values{"To": {e.To}, "PageSize": {"50"}}, t.sign())
	if err != nil {
		return notify.Report{}, false, err
	}
	var list struct {
		Messages *[]json.RawMessage `json:"messages"`
	}
	if a.status != http.StatusOK || a.decode(&list) != nil || list.Messages == nil {
		return notify.Report{}, false, t.refused(a, "", excerpt(a.body))
	}
	since := t.since(a, handedAt)
	for _, raw := range *list.Messages {
		var m twilioMessage
		if err := json.Unmarshal(raw, &m); err != nil {
			return notify.Report{}, false, t.unclear(a)
		}
		made, err := time.Parse(time.RFC1123Z, m.DateCreated)
		if err != nil || made.Before(since) || m.To != e.To || m.Body != e.Body || m.Direction == "inbound" {
			continue
		}
		r := notify.Report{Gateway: t.name, GatewayID: m.SID, ClientRef: e.ClientRef, State: twilioState(m.Status), At: made}
		if m.ErrorCode != nil {
			r.Code, r.OptedOut = strconv.Itoa(*m.ErrorCode), *m.ErrorCode == twilioOptedOut
		}
		if m.ErrorText != nil {
			r.Text = excerpt([]byte(*m.ErrorText))
		}
		return r, true, nil
	}
	return notify.Report{}, false, t.tooSoon(handedAt, listed)
}

// Check asks for the account: it costs nothing and sends nothing. The error
// says, without secrets, what did not work.
func (t *Twilio) Check(ctx context.Context) error {
	return t.check(ctx, t.base, "/2010-04-01/Accounts/"+url.PathEscape(t.opt.Account)+".json", nil, t.sign())
}

func (t *Twilio) path(rest string) string {
	return "/2010-04-01/Accounts/" + url.PathEscape(t.opt.Account) + rest
}

func (t *Twilio) sign() func(*http.Request) { return basic(t.opt.Account, t.opt.Token) }

// twilioState is Twilio's word for a message's state in ours.
func twilioState(status string) notify.State {
	switch status {
	case "delivered", "read", "received":
		return notify.Delivered
	case "undelivered", "failed", "canceled":
		return notify.Failed
	}
	return notify.Accepted // queued, accepted, scheduled, sending, sent
}
