package booking

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestSetsOfAtomsBehaveLikeListsOfBooleans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		set, list := newAtoms(n), make([]bool, n)
		for range rapid.IntRange(0, 8).Draw(t, "intervals") {
			from, to := rapid.IntRange(-5, n+5).Draw(t, "from"), rapid.IntRange(-5, n).Draw(t, "to")
			set.add(from, to)
			for i := max(from, 0); i < min(to, n); i++ {
				list[i] = true
			}
		}
		run := rapid.IntRange(1, 140).Draw(t, "run")
		starts := set.starts(run)
		count := 0
		var visited []int
		set.each(0, n, func(i int) { visited = append(visited, i) })
		for i, want := range list {
			if set.has(i) != want {
				t.Fatalf("atom %d: %v, want %v", i, set.has(i), want)
			}
			if want {
				if visited[count] != i {
					t.Fatalf("visited %v", visited)
				}
				count++
			}
			all := i+run <= n && !slices.Contains(list[i:min(i+run, n)], false)
			any := slices.Contains(list[i:min(i+run, n)], true)
			if i+run <= n && (starts.has(i) != all || set.covers(i, run) != all || set.meets(i, run) != any) {
				t.Fatalf("%d in a row from %d: %v, want %v", run, i, starts.has(i), all)
			}
		}
		if set.count(0, n) != count || len(visited) != count {
			t.Fatalf("count %d, want %d", set.count(0, n), count)
		}
	})
}

func TestTheClockOnTheWallBecomesAnInstant(t *testing.T) {
	for _, c := range []struct{ name, zone, day, clock, want string }{
		{"an ordinary morning", "Europe/Helsinki", "2026-11-23", "07:30", "2026-11-23T05:30:00Z"},
		{"the next midnight", "Europe/Helsinki", "2026-11-23", "24:00", "2026-11-23T22:00:00Z"},
		{"a time in the gap is the end of the gap", "Europe/Helsinki", "2026-03-29", "03:30", "2026-03-29T01:00:00Z"},
		{"the first minute of the gap too", "Europe/Helsinki", "2026-03-29", "03:00", "2026-03-29T01:00:00Z"},
		{"the first minute after the gap", "Europe/Helsinki", "2026-03-29", "04:00", "2026-03-29T01:00:00Z"},
		{"a time that comes twice is its first coming", "Europe/Helsinki", "2026-10-25", "03:30", "2026-10-25T00:30:00Z"},
		{"the end of the hour that comes twice is after both", "Europe/Helsinki", "2026-10-25", "04:00", "2026-10-25T02:00:00Z"},
		{"an afternoon after the change in New York", "America/New_York", "2026-03-08", "13:00", "2026-03-08T17:00:00Z"},
		{"a time that comes twice in New York", "America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30:00Z"},
		{"a midnight that does not exist", "America/Santiago", "2026-09-06", "00:00", "2026-09-06T04:00:00Z"},
		{"a midnight at which the clocks go back", "America/Santiago", "2026-04-05", "00:00", "2026-04-05T04:00:00Z"},
		{"a change of half an hour", "Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			day, err := parseDate(c.day)
			if err != nil {
				t.Fatal(err)
			}
			minute, _ := clockMinute(c.clock)
			if got := day.at(minute, zone(t, c.zone)).UTC().Format(time.RFC3339); got != c.want {
				t.Fatalf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestReferencesAndTokensAreOfTheRightShape(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		ref, err := newReference()
		if err != nil || len(ref) != 8 || ref[:3] != "NV-" {
			t.Fatalf("%q, %v", ref, err)
		}
		token := newToken()
		if len(token)*5 < 80 || seen[token] {
			t.Fatalf("token %q", token)
		}
		seen[token] = true
	}
}
