package httpsms

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"neuvo/notify"
)

// VonageOptions for NewVonage.
type VonageOptions struct {
	Common
	Key    string // API key
	Secret string // API secret
	From   string // number or name of texts whose own sender is none
	// SignatureSecret and SignatureMethod are the account's for signed calls:
	// md5hash, md5, sha1, sha256 or sha512. Unsigned calls are not taken.
	SignatureSecret string
	SignatureMethod string
	URL             string // of the SMS API; https://rest.nexmo.com where empty
	ReportsURL      string // of the Reports API; https://api.nexmo.com where empty
}

// Vonage sends through Vonage's SMS API.
type Vonage struct {
	*client
	opt     VonageOptions
	reports string
}

// NewVonage reads the settings; it does not call (see Check).
func NewVonage(opt VonageOptions) (*Vonage, error) {
	base, err := baseURL(opt.URL, "https://rest.nexmo.com")
	if err != nil {
		return nil, fmt.Errorf("vonage: %w", err)
	}
	reports, err := baseURL(opt.ReportsURL, "https://api.nexmo.com")
	if err != nil {
		return nil, fmt.Errorf("vonage reports: %w", err)
	}
	if opt.Key == "" || opt.Secret == "" || opt.From == "" {
		return nil, fmt.Errorf("vonage: %w", errSettings)
	}
	if _, ok := vonageMethods[opt.SignatureMethod]; !ok && opt.SignatureSecret != "" {
		return nil, fmt.Errorf("vonage: %q is no signature method: md5hash, md5, sha1, sha256 or sha512", opt.SignatureMethod)
	}
	c := newClient("vonage", base, opt.From, opt.Common, opt.Secret, opt.SignatureSecret)
	opt.Common = c.opt
	return &Vonage{client: c, opt: opt, reports: reports}, nil
}

// vonagePart is the answer for one part of a text.
type vonagePart struct {
	ID     string `json:"message-id"`
	Status string `json:"status"`
	Text   string `json:"error-text"`
}

// Statuses of a refused part. What is not named here is about the text.
const (
	vonageTaken    = "0"
	vonageThrottle = "1"
	vonageInternal = "5"
)

var vonageSettings = map[string]bool{
	"2": true, "4": true, "8": true, "9": true, "10": true, "11": true, "14": true, "15": true, "23": true, "29": true, "32": true,
}

// Send implements notify.Gateway.
func (v *Vonage) Send(ctx context.Context, e notify.Envelope) (notify.Sent, error) {
	if !notify.IsE164(e.To) {
		return notify.Sent{}, v.final("", "not a phone number with a country code: "+e.To)
	}
	form := url.Values{
		"api_key": {v.opt.Key}, "api_secret": {v.opt.Secret}, "client-ref": {e.ClientRef}, "text": {e.Body},
		"from": {strings.TrimPrefix(v.sender(e.From), "+")}, "to": {strings.TrimPrefix(e.To, "+")},
	}
	if _, gsm7 := notify.Segments(e.Body); !gsm7 {
		form.Set("type", "unicode")
	}
	if hook := v.statusURL(e.ClientRef, nil); hook != "" {
		form.Set("callback", hook)
	}
	a, err := v.post(ctx, "/sms/json", form, nil)
	if err != nil {
		return notify.Sent{}, err
	}
	if a.status != http.StatusOK {
		return notify.Sent{}, v.refused(a, "", excerpt(a.body))
	}
	var said struct {
		Messages []vonagePart `json:"messages"`
	}
	if err := a.decode(&said); err != nil || len(said.Messages) == 0 {
		return notify.Sent{}, v.unclear(a)
	}
	return v.verdict(a, said.Messages)
}

// verdict reads the answers for the parts of one text.
func (v *Vonage) verdict(a answer, parts []vonagePart) (notify.Sent, error) {
	taken, id := 0, ""
	var refused *vonagePart
	for i, p := range parts {
		switch {
		case p.Status != vonageTaken:
			refused = &parts[i]
		case p.ID == "":
			return notify.Sent{}, v.unclear(a)
		default:
			taken++
			if id == "" {
				id = p.ID
			}
		}
	}
	switch {
	case refused == nil:
		return notify.Sent{ID: id, Segments: taken}, nil
	case taken > 0: // the text is torn: a second try by itself would bring the first parts twice
		return notify.Sent{}, v.final(refused.Status, fmt.Sprintf("only %d of %d parts were taken: %s", taken, len(parts), excerpt([]byte(refused.Text))))
	}
	text := excerpt([]byte(refused.Text))
	switch {
	case refused.Status == vonageThrottle:
		return notify.Sent{}, v.fail(outcome{again: true, after: max(time.Second, v.retryAfter(a))}, refused.Status, "vonage refused the text for now: "+text, nil)
	case refused.Status == vonageInternal:
		return notify.Sent{}, v.fail(outcome{unknown: true}, refused.Status, "vonage broke off over the text: "+text, nil)
	case vonageSettings[refused.Status]:
		return notify.Sent{}, v.settings(refused.Status, text)
	}
	return notify.Sent{}, v.final(refused.Status, text)
}

// Ask implements notify.Asker with the Reports API, by our reference.
func (v *Vonage) Ask(ctx context.Context, e notify.Envelope, handedAt time.Time) (notify.Report, bool, error) {
	now := v.opt.Now()
	query := url.Values{
		"account_id": {v.opt.Key}, "product": {"SMS"}, "direction": {"outbound"}, "client_ref": {e.ClientRef},
		"to": {strings.TrimPrefix(e.To, "+")}, "date_start": {handedAt.Add(-time.Minute).UTC().Format(time.RFC3339)},
		"date_end": {now.Add(time.Minute).UTC().Format(time.RFC3339)},
	}
	a, err := v.get(ctx, v.reports, "/v2/reports/records", query, basic(v.opt.Key, v.opt.Secret))
	if err != nil {
		return notify.Report{}, false, err
	}
	var list struct {
		Records *[]struct {
			ID     string `json:"message_id"`
			Ref    string `json:"client_ref"`
			To     string `json:"to"`
			Status string `json:"status"`
			Code   string `json:"error_code"`
			Text   string `json:"error_code_description"`
		} `json:"records"`
	}
	if a.status != http.StatusOK || a.decode(&list) != nil || list.Records == nil {
		return notify.Report{}, false, v.refused(a, "", excerpt(a.body))
	}
	// There is a record for each part: the text has failed where one of them has,
	// and is delivered where all of them are.
	r, arrived, known := notify.Report{Gateway: v.name, ClientRef: e.ClientRef, State: notify.Accepted, At: now}, 0, false
	for _, m := range *list.Records {
		if m.Ref != e.ClientRef || strings.TrimPrefix(m.To, "+") != strings.TrimPrefix(e.To, "+") {
			continue
		}
		if !known {
			known, r.GatewayID = true, m.ID
		}
		switch vonageState(strings.ToLower(m.Status)) {
		case notify.Delivered:
			arrived++
		case notify.Failed:
			r.State, r.Code, r.Text = notify.Failed, m.Code, excerpt([]byte(m.Text))
		}
	}
	if !known {
		return notify.Report{}, false, v.tooSoon(handedAt, recorded)
	}
	if parts, _ := notify.Segments(e.Body); r.State == notify.Accepted && arrived >= parts {
		r.State = notify.Delivered
	}
	return r, true, nil
}

// Check asks for the balance: it costs nothing and sends nothing. The error
// says, without secrets, what did not work.
func (v *Vonage) Check(ctx context.Context) error {
	return v.check(ctx, v.base, "/account/get-balance", nil, basic(v.opt.Key, v.opt.Secret))
}

// vonageState is Vonage's word for a text's state in ours. "unknown" says that
// the operator tells nothing: the text is where it was.
func vonageState(status string) notify.State {
	switch status {
	case "delivered":
		return notify.Delivered
	case "expired", "failed", "rejected", "deleted", "undeliverable":
		return notify.Failed
	}
	return notify.Accepted // accepted, buffered, unknown
}
