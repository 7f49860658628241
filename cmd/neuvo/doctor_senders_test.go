package main

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
)

// senderFindings runs the doctor over senders that will not do, and over some
// that will, each beside settings that are good.
func senderFindings(t *testing.T, good map[string]string) {
	account := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id": "u1"}`))
	}))
	t.Cleanup(account.Close)
	elks := map[string]string{
		"elks46-user": "u1", "elks46-password": "p", "elks46-url": account.URL, "hook-secret": "a-secret-of-sixteen-or-more", "sms-address": "",
	}
	for _, c := range []struct {
		name string
		set  map[string]string
		want string
	}{
		{"a name of twelve characters", map[string]string{"elks46-from": "AUTOHUOLTO12", "elks46-numbers": "+358457000001"}, `mend +senders +.*AUTOHUOLTO12.*1 to 11`},
		{"a name of digits alone", map[string]string{"elks46-names": "+358=12345", "elks46-numbers": "+358457000001"}, `mend +senders +.*12345.*at least one letter`},
		{"a name with a letter that providers refuse", map[string]string{"elks46-names": "+46=BILÄGARE", "elks46-numbers": "+358457000001"}, `mend +senders +.*BILÄGARE`},
		{"a name where no names pass", map[string]string{"elks46-names": "+1=GARAGE", "elks46-numbers": "+358457000001"}, `mend +senders +.*GARAGE cannot be used in \+1`},
		{"a name that is not set up as registered in the workshop's country", map[string]string{"elks46-from": "AUTOTALO"},
			`mend +senders +.*Finland takes only registered names.*elks46-names to \+358=AUTOTALO`},
		{"nor in one that the gateway serves", map[string]string{"elks46-from": "AUTOTALO", "elks46-prefixes": "+353"}, `mend +senders +.*Ireland`},
		{"a registered name alone, where texts ask questions", map[string]string{"elks46-names": "+358=AUTOTALO"},
			`mend +senders +.*Questions .*cannot go to \+358.*elks46-numbers`},
		{"a name that says nothing", map[string]string{"elks46-names": "+44=INFO", "elks46-numbers": "+447700900001"}, `mend +senders +.*United Kingdom.*INFO`},
		{"a registered name and a number", map[string]string{"elks46-names": "+358=AUTOTALO", "elks46-numbers": "+358457000001"}, `ok +senders`},
		{"a name for news beside an e-mail-to-SMS gateway for questions", map[string]string{"elks46-names": "+358=AUTOTALO", "sms-address": "{digits}@" + smsDomain}, `ok +senders`},
		{"a number alone", map[string]string{"elks46-from": "+358457000001"}, `ok +senders`},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := maps.Clone(good)
			maps.Copy(set, elks)
			maps.Copy(set, c.set)
			args := []string{"doctor"}
			for flag, value := range set {
				args = append(args, "--"+flag+"="+value)
			}
			code, out, said := neuvo(t, args...)
			if !regexp.MustCompile(`(?m)^`+c.want).MatchString(out) || (c.want[:4] == "mend") != (code == 1) {
				t.Errorf("%d\n%s%s", code, out, said)
			}
		})
	}
}
