package templates

import (
	"bufio"
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMatchPicksTheBestLocale(t *testing.T) {
	for name, c := range map[string]struct{ header, fallback, want string }{
		"a browser in Finnish":                {"fi-FI,fi;q=0.9,en;q=0.8", "en", "fi"},
		"a browser in Finland-Swedish":        {"sv-FI,sv;q=0.9,fi;q=0.8", "fi", "sv"},
		"weights count more than order":       {"fi;q=0.2,en;q=0.9", "sv", "en"},
		"an unknown language is passed over":  {"et-EE,et;q=0.9,sv;q=0.5", "fi", "sv"},
		"none of ours gives the fallback":     {"et,de;q=0.9", "sv", "sv"},
		"no header gives the fallback":        {"", "en", "en"},
		"anything goes gives the fallback":    {"*", "sv", "sv"},
		"zero weight means not acceptable":    {"fi;q=0,en;q=0.1", "sv", "en"},
		"nonsense gives the fallback":         {"%%%;;q==", "en", "en"},
		"a fallback we lack gives the first":  {"", "et", "fi"},
		"a header of a kilobyte is not read":  {strings.Repeat("en,", 400), "sv", "sv"},
		"capitals and scripts are understood": {"EN-latn-GB", "fi", "en"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Match(c.header, c.fallback); got != c.want {
				t.Errorf("Match(%.40q, %q) = %q, want %q", c.header, c.fallback, got, c.want)
			}
		})
	}
}

func TestTFillsPlaceholdersOnceAndLeavesUnknownKeysAlone(t *testing.T) {
	for name, c := range map[string]struct {
		locale, key string
		args        map[string]any
		want        string
	}{
		"a plain sentence":               {"en", "status.ready", nil, "Ready"},
		"an unknown locale is the first": {"xx", "status.ready", nil, "Valmis"},
		"an unknown key is itself":       {"en", "no.such_key", nil, "no.such_key"},
		"a placeholder":                  {"en", "fault.password_short", map[string]any{"min": 12}, "The password needs at least 12 characters."},
		"a word of the program":          {"fi", "fault.move", map[string]any{"from": "booked", "to": "ready"}, "Työ on vaiheessa Varattu, eikä siitä voi siirtyä vaiheeseen Valmis."},
		"a value with braces stays":      {"en", "fault.move", map[string]any{"from": "{status.to}", "to": "x"}, "The job stands at {status.to} and cannot go from there to x."},
		"a missing value is seen":        {"en", "fault.move", map[string]any{"to": "ready"}, "The job stands at {status.from} and cannot go from there to Ready."},
		"one takes the singular":         {"en", "count.messages", map[string]any{"count": 1}, "1 message"},
		"two take the plural":            {"en", "count.messages", map[string]any{"count": int64(2)}, "2 messages"},
		"none takes the plural":          {"fi", "count.messages", map[string]any{"count": 0}, "0 viestiä"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := T(c.locale, c.key, c.args); got != c.want {
				t.Errorf("T(%q, %q, %v) = %q, want %q", c.locale, c.key, c.args, got, c.want)
			}
		})
	}
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

func TestEveryLocaleHasTheSameKeysAndPlaceholders(t *testing.T) {
	all := dictionaries()
	first := all[Locales[0]]
	for _, locale := range Locales[1:] {
		keys := slices.Sorted(maps.Keys(all[locale]))
		if diff := cmp.Diff(slices.Sorted(maps.Keys(first)), keys); diff != "" {
			t.Errorf("keys of %s differ from those of %s (-%[2]s +%[1]s):\n%s", locale, Locales[0], diff)
		}
		for _, key := range keys {
			want, got := placeholders(first[key]), placeholders(all[locale][key])
			if !slices.Equal(want, got) {
				t.Errorf("%s: %s has the placeholders %v, %s has %v", key, Locales[0], want, locale, got)
			}
		}
	}
	for locale, d := range all {
		for key, sentence := range d {
			if strings.TrimSpace(sentence) != sentence || sentence == "" || strings.Contains(sentence, "  ") {
				t.Errorf("%s: %s is %q", locale, key, sentence)
			}
			if base, ok := strings.CutSuffix(key, ".one"); ok && d[base+".other"] == "" {
				t.Errorf("%s: %s has no plural", locale, base)
			}
		}
	}
}

// placeholders of a sentence, each once, sorted: a language may well say
// something twice.
func placeholders(sentence string) []string {
	found := placeholder.FindAllString(sentence, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// usesInGo finds the keys that Go code names: fault.New(kind, "key"),
// fault.BadField(location, "key", value), Key: "key", templates.T(locale,
// "key", args), and any other literal that can only be a key. A literal that
// ends in a full stop is the beginning of a computed key.
var usesInGo = []*regexp.Regexp{
	regexp.MustCompile(`\bfault\.New\([\w.]+, "([\w.]+)"\)`),
	regexp.MustCompile(`\bfault\.BadField\([^"]*"[^"]*",\s*"([\w.]+)"`),
	regexp.MustCompile(`\bKey:\s*"([a-z_]+\.[\w.]*)"`),
	regexp.MustCompile(`\btemplates\.T\([\w.]+(?:\([^()]*\))?, "([\w.]+)"[,)]`),
	regexp.MustCompile(`\.words\("([\w.]+)"`),
	regexp.MustCompile(`\bT\([\w.]+(?:\([^()]*\))?, "([\w.]+\.)" ?\+`),
	regexp.MustCompile(`"((?:fault|validation|problem|attention|why|transport|message_state)\.[a-z_0-9]+)"`),
}

// usesInPages finds t "key", has "key" and t (print "beginning." .Word).
var usesInPages = regexp.MustCompile(`[{( ](?:t|has) (?:\(printf? )?"([^"%]+)`)

func TestEveryKeyThatIsUsedExistsInEveryLocale(t *testing.T) {
	used := map[string]string{}
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch {
		case e.IsDir() && strings.HasPrefix(e.Name(), ".") && path != "..":
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			return collect(used, path, usesInGo...)
		case strings.HasSuffix(path, ".html") && filepath.Base(filepath.Dir(path)) == "pages":
			return collect(used, path, usesInPages)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(used) < 20 {
		t.Fatalf("found only %d keys in use: the search is broken", len(used))
	}
	for _, key := range slices.Sorted(maps.Keys(used)) {
		missing := slices.DeleteFunc(slices.Clone(Locales), func(locale string) bool { return Has(locale, key) || begins(locale, key) })
		if len(missing) > 0 {
			t.Errorf("%s: no %q in %v", used[key], key, missing)
		}
	}
}

// begins tells whether a computed key's beginning, which ends in a full stop,
// has any sentence at all.
func begins(locale, beginning string) bool {
	if !strings.HasSuffix(beginning, ".") {
		return false
	}
	for key := range dictionaries()[locale] {
		if strings.HasPrefix(key, beginning) {
			return true
		}
	}
	return false
}

func collect(used map[string]string, path string, patterns ...*regexp.Regexp) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		code := lines.Text()
		if strings.HasSuffix(path, ".go") {
			code, _, _ = strings.Cut(code, "// ")
		}
		for _, pattern := range patterns {
			for _, m := range pattern.FindAllStringSubmatch(code, -1) {
				used[m[1]] = path
			}
		}
	}
	return lines.Err()
}

// families are the keys that code computes from words of the domain.
var families = map[string][]string{
	"status.":            {"unconfirmed", "booked", "received", "in_work", "waiting_approval", "waiting_parts", "ready", "collected", "cancelled", "no_show"},
	"page.job.headline.": {"unconfirmed", "booked", "received", "in_work", "waiting_approval", "waiting_parts", "ready", "collected", "cancelled", "no_show"},
	"transport.":         {"drop_off", "waiting", "loaner", "key_box"},
	"why.":               {"offered", "past", "notice", "horizon", "closed", "hours", "absence", "taken", "grid", "service"},
	"attention.":         {"reply", "low_score", "read_answer", "undelivered", "callback", "unverified", "urgent"},
	"channel.":           {"sms", "email", "web", "phone"},
	"event.":             {"message", "status", "note", "call", "estimate", "promise", "survey", "verification", "event"},
	"message_state.":     {"queued", "claimed", "unknown", "accepted", "delivered", "failed", "expired", "suppressed", "received"},
	"outcome.":           {"reached", "no_answer", "moved_by_customer", "renegotiated"},
	"promise.":           {"open", "kept", "missed", "closed"},
	"role.":              {"admin", "manager", "advisor"},
	"problem.":           {"400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "429", "500", "503"},
	"locale.":            Locales,
	"mail.title.":        Occasions,
	"page.act.":          {"received", "in_work", "waiting_approval", "waiting_parts", "ready", "collected", "cancelled", "no_show"},
	"page.match.":        {"address", "in_reply_to", "references", "original", "hand"},
	"survey.word.":       {"1", "2", "3", "4", "5"},
	"weekday.long.":      weekdayKeys[:],
	"weekday.short.":     weekdayKeys[:],
	"month.":             monthKeys[:],

	"page.settings.how.":  {"added", "changed", "removed"},
	"page.settings.what.": {"workshop", "service", "advisor", "resource", "pool", "hours", "closure", "other"},
}

func TestEveryWordOfTheDomainHasItsSentence(t *testing.T) {
	for prefix, words := range families {
		for _, word := range words {
			for _, locale := range Locales {
				if !Has(locale, prefix+word) {
					t.Errorf("locale %s has no %q", locale, prefix+word)
				}
			}
		}
	}
}
