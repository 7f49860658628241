package httpsms

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"neuvo/notify"
)

// Lister is a provider that lists the texts that came to our numbers, so that one
// whose call never reached us is not lost. Kannel keeps no such list.
type Lister interface {
	Hook
	// Inbound lists the texts that came to numbers of ours from since up to until,
	// as the calls that the provider made, or should have made, for them.
	Inbound(ctx context.Context, numbers []string, since, until time.Time) ([]Listed, error)
}

// Listed is a text in a provider's list.
type Listed struct {
	Call *Call
	At   time.Time // when it came to the provider
}

var (
	_ Lister = (*Twilio)(nil)
	_ Lister = (*Vonage)(nil)
	_ Lister = (*Elks46)(nil)
)

const (
	// maxPages of a list are read in one go.
	maxPages = 200
	// settled is how old a text must be to be counted: younger ones may be on
	// their way to us. overlap is how far a count goes back behind the one before
	// it, and farthest how far at most, after an outage.
	settled  = 10 * time.Minute
	overlap  = 2 * time.Hour
	farthest = 30 * 24 * time.Hour
)

var errPages = errors.New("the list does not end")

// RawOf is a call as it is stored. The provider's id stands in for a number of the
// message: a call that is repeated has other headers.
func RawOf(h Hook, c *Call) notify.Raw {
	raw := notify.Raw{Source: SourcePrefix + h.Name(), Bytes: c.Raw()}
	if id := h.ProviderID(c); id != "" {
		sum := sha256.Sum256([]byte(id))
		raw.UID = int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
	}
	return raw
}

// Count compares what a provider lists with what is stored of it and brings in
// what is missing as if its call had come; it tells how much that was. It begins
// where the count before it ended: the first one only makes that mark, since what
// came before this program did is nobody's concern here.
func Count(ctx context.Context, n *notify.Notifier, l Lister, numbers []string, parse notify.Parser, now time.Time) (missing int, err error) {
	source := SourcePrefix + l.Name()
	last, err := n.CountOf(ctx, source)
	if err != nil {
		return 0, err
	}
	var list []Listed
	until := now.Add(-settled)
	if !last.CountedAt.IsZero() {
		since := last.CountedAt.Add(-settled - overlap)
		if earliest := now.Add(-farthest); since.Before(earliest) {
			since = earliest
		}
		if list, err = l.Inbound(ctx, numbers, since, until); err != nil {
			return 0, fmt.Errorf("list the texts at %s: %w", l.Name(), err)
		}
	}
	byUID := map[int64]notify.Raw{}
	var held []int64
	for _, one := range list {
		raw := RawOf(l, one.Call)
		raw.ReceivedAt = one.At
		if _, twice := byUID[raw.UID]; !twice && raw.UID != 0 {
			byUID[raw.UID], held = raw, append(held, raw.UID)
		}
	}
	lost, err := n.CountListed(ctx, source, held)
	if err != nil || len(lost) == 0 {
		return len(lost), err
	}
	for _, uid := range lost {
		if _, _, err := n.StoreRaw(ctx, byUID[uid]); err != nil {
			return len(lost), err
		}
	}
	_, err = n.ProcessStored(ctx, parse)
	return len(lost), err
}

// asCall is a text as the provider would have brought it.
func (c *client) asCall(fields url.Values) *Call {
	return &Call{
		Method: http.MethodPost, URL: c.opt.Hooks + "/hooks/" + c.name + "/inbound", Query: url.Values{}, Form: fields,
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(fields.Encode()),
	}
}

// listed makes an entry of a text; when tells whether it is of the time asked for.
func (c *client) listed(fields url.Values, at, since, until time.Time) (one Listed, when bool) {
	return Listed{Call: c.asCall(fields), At: at}, !at.Before(since.Truncate(time.Second)) && at.Before(until)
}

// Inbound implements Lister with the Message resource.
func (t *Twilio) Inbound(ctx context.Context, numbers []string, since, until time.Time) ([]Listed, error) {
	var out []Listed
	for _, number := range numbers {
		query := url.Values{"To": {number}, "DateSent>": {since.UTC().Format(time.RFC3339)}, "PageSize": {"1000"}}
		for page := 0; ; page++ {
			a, err := t.get(ctx, t.base, t.path("/Messages.json"), query, t.sign())
			if err != nil {
				return nil, err
			}
			var list struct {
				Messages *[]struct {
					twilioMessage
					From     string `json:"from"`
					DateSent string `json:"date_sent"`
				} `json:"messages"`
				Next string `json:"next_page_uri"`
			}
			if a.status != http.StatusOK || a.decode(&list) != nil || list.Messages == nil {
				return nil, t.refused(a, "", excerpt(a.body))
			}
			for _, m := range *list.Messages {
				at, err := time.Parse(time.RFC1123Z, m.DateSent)
				if err != nil {
					at, err = time.Parse(time.RFC1123Z, m.DateCreated)
				}
				if err != nil || m.Direction != "inbound" || m.To != number {
					continue
				}
				fields := url.Values{"MessageSid": {m.SID}, "AccountSid": {t.opt.Account}, "From": {m.From}, "To": {m.To}, "Body": {m.Body}}
				if one, when := t.listed(fields, at, since, until); when {
					out = append(out, one)
				}
			}
			next, err := url.Parse(list.Next)
			if list.Next == "" || err != nil {
				break
			}
			if page >= maxPages {
				return nil, errPages
			}
			query = next.Query() // of the same resource: only the query is followed
		}
	}
	return out, nil
}

// Inbound implements Lister. "start" and "end" are 46elks' words for the newer and
// the older end, and pages go backward in time.
func (g *Elks46) Inbound(ctx context.Context, numbers []string, since, until time.Time) ([]Listed, error) {
	var out []Listed
	for _, number := range numbers {
		query := url.Values{"to": {number}, "limit": {"100"}, "end": {since.UTC().Format(elksTime)}}
		for page := 0; ; page++ {
			a, err := g.get(ctx, g.base, "/a1/sms", query, g.sign())
			if err != nil {
				return nil, err
			}
			var list struct {
				Data *[]struct {
					elksMessage
					From string `json:"from"`
				} `json:"data"`
				Next string `json:"next"`
			}
			if a.status != http.StatusOK || a.decode(&list) != nil || list.Data == nil {
				return nil, g.refused(a, "", excerpt(a.body))
			}
			for _, m := range *list.Data {
				at, err := time.Parse(elksTime, m.Created)
				if err != nil || m.Direction != "incoming" || m.To != number {
					continue
				}
				fields := url.Values{"id": {m.ID}, "from": {m.From}, "to": {m.To}, "message": {m.Message}, "direction": {m.Direction}, "created": {m.Created}}
				if one, when := g.listed(fields, at, since, until); when {
					out = append(out, one)
				}
			}
			if list.Next == "" || list.Next == query.Get("start") {
				break
			}
			if page >= maxPages {
				return nil, errPages
			}
			query.Set("start", list.Next)
		}
	}
	return out, nil
}

// Inbound implements Lister with the Reports API, which takes a day at a time. The
// parts of a longer text stand in it one by one and are brought in so.
func (v *Vonage) Inbound(ctx context.Context, numbers []string, since, until time.Time) ([]Listed, error) {
	ours := map[string]bool{}
	for _, number := range numbers {
		ours[strings.TrimPrefix(number, "+")] = true
	}
	var out []Listed
	for from := since; from.Before(until); from = from.AddDate(0, 0, 1) {
		to := from.AddDate(0, 0, 1)
		if until.Before(to) {
			to = until
		}
		query := url.Values{
			"account_id": {v.opt.Key}, "product": {"SMS"}, "direction": {"inbound"}, "include_message": {"true"},
			"date_start": {from.UTC().Format(time.RFC3339)}, "date_end": {to.UTC().Format(time.RFC3339)},
		}
		for page := 0; ; page++ {
			records, next, err := v.records(ctx, query)
			if err != nil {
				return nil, err
			}
			for _, m := range records {
				at, err := time.Parse(vonageTime, m.Received)
				if err != nil {
					at, err = time.Parse(time.RFC3339, m.Received)
				}
				if err != nil || !ours[strings.TrimPrefix(m.To, "+")] {
					continue
				}
				fields := url.Values{"messageId": {m.ID}, "msisdn": {m.From}, "to": {m.To}, "text": {m.Body}, "type": {"text"}, "message-timestamp": {at.UTC().Format(time.DateTime)}}
				if one, when := v.listed(fields, at, since, until); when {
					out = append(out, one)
				}
			}
			if next == nil {
				break
			}
			if page >= maxPages {
				return nil, errPages
			}
			query = next
		}
	}
	return out, nil
}

// vonageTime is how the Reports API writes an instant.
const vonageTime = "2006-01-02T15:04:05-0700"

// vonageRecord is an inbound text in the Reports API.
type vonageRecord struct {
	ID       string `json:"message_id"`
	From     string `json:"from"`
	To       string `json:"to"`
	Body     string `json:"message_body"`
	Received string `json:"date_received"`
}

// records reads one page of the Reports API and gives the query for the next; nil:
// there is none.
func (v *Vonage) records(ctx context.Context, query url.Values) ([]vonageRecord, url.Values, error) {
	a, err := v.get(ctx, v.reports, "/v2/reports/records", query, basic(v.opt.Key, v.opt.Secret))
	if err != nil {
		return nil, nil, err
	}
	var list struct {
		Records *[]vonageRecord `json:"records"`
		Links   struct {
			Next struct {
				Href string `json:"href"`
			} `json:"next"`
		} `json:"_links"`
	}
	if a.status != http.StatusOK || json.Unmarshal(a.body, &list) != nil || list.Records == nil {
		return nil, nil, v.refused(a, "", excerpt(a.body))
	}
	next, err := url.Parse(list.Links.Next.Href)
	if list.Links.Next.Href == "" || err != nil {
		return *list.Records, nil, nil
	}
	return *list.Records, next.Query(), nil
}
