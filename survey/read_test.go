package survey

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// sample reads a table of replies; "\n" in a reply stands for a line break.
func sample(t testing.TB, name string) [][3]string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out [][3]string
	for n, line := range strings.Split(strings.TrimRight(string(data), "\n"), "\n") {
		cells := strings.Split(line, "\t")
		if len(cells) != 3 {
			t.Fatalf("%s:%d: %d columns", name, n+1, len(cells))
		}
		if n > 0 {
			out = append(out, [3]string{cells[0], strings.ReplaceAll(cells[1], `\n`, "\n"), cells[2]})
		}
	}
	return out
}

func TestRepliesAreReadAsACarefulPersonWould(t *testing.T) {
	for _, name := range []string{"answers.tsv", "answers_own.tsv", "answers_round5.tsv", "answers_round6.tsv", "answers_round7.tsv", "answers_round8.tsv", "answers_round9.tsv", "answers_round10.tsv"} {
		wrong, rows := 0, sample(t, name)
		for _, row := range rows {
			got := Read(row[0], row[1])
			if have := strings.Join(got.Outcome, ","); have != row[2] {
				wrong++
				t.Errorf("%s %q: got %s by %s, want %s", row[0], row[1], have, got.Rule, row[2])
			}
		}
		t.Logf("%s: %d of %d", name, len(rows)-wrong, len(rows))
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"answers.tsv", "answers_own.tsv", "answers_round5.tsv", "answers_round6.tsv", "answers_round7.tsv", "answers_round8.tsv", "answers_round9.tsv", "answers_round10.tsv"} {
		for _, row := range sample(f, name) {
			f.Add(row[0] == "0-10", row[1])
		}
	}
	known := []string{"met=yes", "met=no", Ask, NeedsPerson, Urgent, Callback, Stop, NoAnswer, WrongPerson, Acknowledged}
	f.Fuzz(func(t *testing.T, ten bool, reply string) {
		scale := "1-5"
		if ten {
			scale = "0-10"
		}
		start := time.Now()
		got := Read(scale, reply)
		if took := time.Since(start); took > 2*time.Second {
			t.Fatalf("took %v", took)
		}
		if again := Read(scale, reply); !slices.Equal(got.Outcome, again.Outcome) || got.Rule != again.Rule {
			t.Fatalf("read twice, differently: %v, %v", got, again)
		}
		if len(got.Outcome) == 0 || got.Rule == "" {
			t.Fatalf("no outcome or rule: %+v", got)
		}
		for _, w := range got.Outcome {
			if !strings.HasPrefix(w, "score=") && !slices.Contains(known, w) {
				t.Fatalf("unknown word %q", w)
			}
		}
		if s := scaleOf(scale); got.Score != nil && (*got.Score < s.lo || *got.Score > s.hi) {
			t.Fatalf("score %d off the scale", *got.Score)
		}
		if !utf8.ValidString(got.Rule) {
			t.Fatal("rule is not text")
		}
	})
}

func TestALongReplyIsReadInBoundedTime(t *testing.T) {
	for _, piece := range []string{"ei ", "5 ", "4-", "ei ole ollut kyllä ", "(", "1/", "soittakaa jarrut ", "no one ", "👍", "a1-", "\n", "\"", "t. A "} {
		start := time.Now()
		Read("1-5", strings.Repeat(piece, 100_000/len(piece)))
		if took := time.Since(start); took > time.Second {
			t.Errorf("%q over and over took %v", piece, took)
		}
	}
}

func TestTheWordListsAreWholeAndNoPhraseMatchesAnything(t *testing.T) {
	lex := words()
	if len(lex.phrases) < 500 || len(lex.exact) < 1000 || len(lex.stops) < 15 {
		t.Errorf("the lists are thin: %d phrases, %d words, %d keywords", len(lex.phrases), len(lex.exact), len(lex.stops))
	}
	for _, p := range lex.phrases {
		if len(p.slots) > 1 && p.slots[0].words[0].any || p.slots[len(p.slots)-1].gap > 0 || p.slots[0].gap > 0 {
			t.Errorf("a phrase begins or ends with anything at all: %+v", p)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		Read("1-5", "Kyllä mutta hinta yllätti, muuten hyvä palvelu 4/5")
	}
}
