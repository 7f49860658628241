package notifytest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What providers answer who are asked for the texts of phones; nil where the
// question was another.

func twilioInbound(path string) func(*Counterpart, *http.Request) any {
	return func(c *Counterpart, r *http.Request) any {
		since, err := time.Parse(time.RFC3339, r.FormValue("DateSent>"))
		if err != nil {
			return nil
		}
		offset, _ := strconv.Atoi(r.FormValue("Page"))
		list, next := c.inList(offset, func(m Received) bool { return m.To == r.FormValue("To") && !m.At.Before(since) })
		messages := []any{}
		for _, m := range list {
			one := twilioMessage(Taken{ID: m.ID, From: m.From, To: m.To, Text: m.Text})
			one["direction"], one["status"] = "inbound", "received"
			one["date_created"], one["date_sent"] = m.At.UTC().Format(time.RFC1123Z), m.At.UTC().Format(time.RFC1123Z)
			messages = append(messages, one)
		}
		answer := map[string]any{"messages": messages, "page": offset, "page_size": 1000, "uri": path, "next_page_uri": nil}
		if next > 0 {
			answer["next_page_uri"] = path + "?" + with(r.URL.Query(), "Page", next)
		}
		return answer
	}
}

func vonageInbound(c *Counterpart, r *http.Request) any {
	if r.FormValue("direction") != "inbound" {
		return nil
	}
	from, err := time.Parse(time.RFC3339, r.FormValue("date_start"))
	to, err2 := time.Parse(time.RFC3339, r.FormValue("date_end"))
	if err != nil || err2 != nil || to.Sub(from) > 24*time.Hour || r.FormValue("include_message") != "true" {
		return map[string]any{"title": "Unprocessable entity"}
	}
	offset, _ := strconv.Atoi(r.FormValue("cursor"))
	list, next := c.inList(offset, func(m Received) bool { return !m.At.Before(from) && m.At.Before(to) })
	records := []any{}
	for _, m := range list {
		records = append(records, map[string]string{
			"message_id": m.ID, "direction": "inbound", "from": strings.TrimPrefix(m.From, "+"), "to": strings.TrimPrefix(m.To, "+"),
			"message_body": m.Text, "date_received": m.At.UTC().Format("2006-01-02T15:04:05-0700"),
		})
	}
	answer := map[string]any{"records": records, "request_status": "SUCCESS", "items_count": len(records)}
	if next > 0 {
		href := "https://api.nexmo.com/v2/reports/records?" + with(r.URL.Query(), "cursor", next)
		answer["_links"] = map[string]any{"next": map[string]string{"href": href}}
	}
	return answer
}

// elksTime is how 46elks writes an instant, in UTC.
const elksTime = "2006-01-02T15:04:05.000000"

func elksInbound(c *Counterpart, r *http.Request) any {
	oldest, err := time.Parse("2006-01-02T15:04:05", r.FormValue("end"))
	if err != nil {
		return nil
	}
	newest, startErr := time.Parse(elksTime, r.FormValue("start"))
	list, next := c.inList(0, func(m Received) bool {
		return m.To == r.FormValue("to") && m.At.After(oldest) && (startErr != nil || m.At.Before(newest))
	})
	if len(list) == 0 && startErr != nil {
		return nil
	}
	data := []any{}
	for _, m := range list {
		data = append(data, map[string]any{
			"id": m.ID, "direction": "incoming", "from": m.From, "to": m.To, "message": m.Text, "created": m.At.UTC().Format(elksTime), "cost": 0,
		})
	}
	answer := map[string]any{"data": data}
	if next > 0 {
		answer["next"] = list[len(list)-1].At.UTC().Format(elksTime)
	}
	return answer
}

func with(query url.Values, name string, value int) string {
	query.Set(name, strconv.Itoa(value))
	return query.Encode()
}
