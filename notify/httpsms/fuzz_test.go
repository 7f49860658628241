package httpsms

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse is given stored calls of providers.
func FuzzParse(f *testing.F) {
	form := "POST /hooks/twilio/inbound HTTP/1.1\r\nHost: desk.example.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %LEN\r\n\r\n"
	for gateway, body := range map[string]string{
		"twilio": "MessageSid=SM01&AccountSid=AC01&From=%2B358401234567&To=%2B358401110000&Body=Kyll%C3%A4&NumMedia=0",
		"vonage": "msisdn=358401234567&to=358401110000&messageId=0A01&text=Kyll%C3%A4&concat=true&concat-ref=7&concat-total=2&concat-part=1&message-timestamp=2026-11-23+10:00:00",
		"46elks": "id=s01&from=%2B358401234567&to=%2B358401110000&message=Kyll%C3%A4&direction=incoming&created=2026-11-23T10:00:00",
		"kannel": "from=%2B358401234567&to=%2B358401110000&text=Kyll%C3%A4&id=01",
	} {
		f.Add(gateway, []byte(strings.Replace(form, "%LEN", "1000", 1)+body))
		f.Add(gateway, []byte("GET /hooks/"+gateway+"/inbound?"+body+" HTTP/1.1\r\nHost: desk.example.com\r\n\r\n"))
		f.Add(gateway, []byte(strings.Replace(form, "application/x-www-form-urlencoded", "application/json", 1)+`{"msisdn":"358401234567","text":"x"}`))
	}
	f.Fuzz(func(t *testing.T, gateway string, raw []byte) {
		p, err := Parse(SourcePrefix+gateway, raw)
		if err != nil {
			return
		}
		if p.From == "" || p.ProviderID == "" {
			t.Errorf("a text of nobody, or without an id: %+v", p)
		}
		if utf8.Valid(raw) && len(p.Text) > 4*len(raw) {
			t.Errorf("%d bytes of text out of %d", len(p.Text), len(raw))
		}
	})
}
