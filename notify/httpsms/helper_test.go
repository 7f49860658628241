package httpsms

import (
	"encoding/json"
	"net/url"
	"strconv"
	"testing"
	"time"
)

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// asJSON writes form fields as a JSON object.
func asJSON(t *testing.T, f url.Values) string {
	t.Helper()
	fields := map[string]string{}
	for k := range f {
		fields[k] = f.Get(k)
	}
	b, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
