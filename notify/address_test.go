package notify_test

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"neuvo/internal/fault"
	"neuvo/notify"
)

func addresses(t testing.TB, pattern, key string) *notify.Addresses {
	t.Helper()
	a, err := notify.NewAddresses(pattern, []byte(key))
	if err != nil {
		t.Fatalf("NewAddresses(%q): %v", pattern, err)
	}
	return a
}

const testKey = "0123456789abcdef0123456789abcdef"

func TestEveryConversationHasOneAddressThatReadsBackInAnyCase(t *testing.T) {
	patterns := []string{"{token}@reply.example.com", "desk+{token}@example.com", "a.{token}-x@Example.COM"}
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.SampledFrom(patterns).Draw(t, "pattern")
		a, err := notify.NewAddresses(pattern, []byte(testKey))
		if err != nil {
			t.Fatal(err)
		}
		id := rapid.Int64Range(1, math.MaxInt64).Draw(t, "id")
		address := a.For(id)
		local, _, _ := strings.Cut(address, "@")
		if len(local) > 64 || address != strings.ToLower(address) {
			t.Fatalf("%q is no good local part", local)
		}
		written := []byte(address)
		for i := range written {
			if rapid.Bool().Draw(t, "upper") {
				written[i] = strings.ToUpper(string(written[i]))[0]
			}
		}
		if got, ours, valid := a.Read("<" + string(written) + ">"); got != id || !ours || !valid {
			t.Fatalf("Read(%s) = %d, %t, %t, want %d", written, got, ours, valid, id)
		}
	})
}

func TestNoChangedTokenIsValid(t *testing.T) {
	a := addresses(t, "desk+{token}@example.com", testKey)
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Int64Range(1, 1<<40).Draw(t, "id")
		token := strings.TrimSuffix(strings.TrimPrefix(a.For(id), "desk+"), "@example.com")
		at := rapid.IntRange(0, len(token)-1).Draw(t, "at")
		c := alphabet[rapid.IntRange(0, len(alphabet)-1).Draw(t, "c")]
		if token[at] == c {
			return
		}
		forged := token[:at] + string(c) + token[at+1:]
		if got, ours, valid := a.Read("desk+" + forged + "@example.com"); valid || !ours || got != 0 {
			t.Fatalf("forged %s (of %s) reads as %d, %t, %t", forged, token, got, ours, valid)
		}
	})
}

func TestReadTellsForeignFromForged(t *testing.T) {
	a := addresses(t, "desk+{token}@example.com", testKey)
	other := addresses(t, "desk+{token}@example.com", strings.ToUpper(testKey))
	good := a.For(42)
	for name, c := range map[string]struct {
		address     string
		ours, valid bool
	}{
		"our own":                          {good, true, true},
		"with a dot after the domain":      {good + ".", true, true},
		"signed with another key":          {other.For(42), true, false},
		"cut short":                        {strings.Replace(good, "@", "", 1)[:20] + "@example.com", true, false},
		"one letter too many":              {strings.Replace(good, "@", "a@", 1), true, false},
		"words in place of the token":      {"desk+hello@example.com", false, false},
		"far too long":                     {"desk+" + strings.Repeat("a", 300) + "@example.com", true, false},
		"the bare desk":                    {"desk@example.com", false, false},
		"no token":                         {"desk+@example.com", false, false},
		"another domain":                   {strings.Replace(good, "example.com", "example.org", 1), false, false},
		"our domain inside a longer one":   {good + ".evil.test", false, false},
		"no address":                       {"hello", false, false},
		"nothing":                          {"", false, false},
		"letters that only look like ours": {strings.Replace(good, "desk", "dęsk", 1), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, ours, valid := a.Read(c.address); ours != c.ours || valid != c.valid {
				t.Errorf("Read(%q) = %t, %t, want %t, %t", c.address, ours, valid, c.ours, c.valid)
			}
		})
	}
}

func TestAPatternThatCannotWorkIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ pattern, key string }{
		"no token":                {"desk@example.com", testKey},
		"token in the domain":     {"desk@{token}.example.com", testKey},
		"two tokens":              {"{token}{token}@example.com", testKey},
		"no domain":               {"{token}@", testKey},
		"no at":                   {"{token}", testKey},
		"two ats":                 {"{token}@a@b", testKey},
		"a local part too long":   {strings.Repeat("x", 40) + "{token}@example.com", testKey},
		"a line break":            {"{token}@example.com\r\nBcc: x@y", testKey},
		"a key too short to sign": {"{token}@example.com", "short"},
		"a letter outside ASCII":  {"påtår+{token}@example.com", testKey},
	} {
		t.Run(name, func(t *testing.T) {
			if a, err := notify.NewAddresses(c.pattern, []byte(c.key)); !fault.Is(err, fault.Invalid) {
				t.Errorf("NewAddresses(%q) = %v, %v, want Invalid", c.pattern, a, err)
			}
		})
	}
}
