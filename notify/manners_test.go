package notify_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"neuvo/internal/db"
	"neuvo/notify"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// quiet makes manners of two times of day.
func quiet(loc *time.Location, from, until string) notify.Manners {
	minute := func(s string) int {
		var h, m int
		_, _ = fmt.Sscanf(s, "%d:%d", &h, &m)
		return h*60 + m
	}
	return notify.Manners{Zone: loc, QuietFrom: minute(from), QuietUntil: minute(until)}
}

func TestQuietHoursEndWhenTheWallClockSaysSo(t *testing.T) {
	helsinki, london := zone(t, "Europe/Helsinki"), zone(t, "Europe/London")
	for name, c := range map[string]struct {
		zone        *time.Location
		from, until string
		at, want    string // UTC
	}{
		"in the afternoon it goes at once":                 {helsinki, "21:00", "08:00", "2026-11-23T13:00", "2026-11-23T13:00"},
		"at nine in the evening it waits for eight":        {helsinki, "21:00", "08:00", "2026-11-23T19:00", "2026-11-24T06:00"},
		"a minute before nine it goes":                     {helsinki, "21:00", "08:00", "2026-11-23T18:59", "2026-11-23T18:59"},
		"at eight sharp it goes":                           {helsinki, "21:00", "08:00", "2026-11-23T06:00", "2026-11-23T06:00"},
		"after midnight it waits for the same morning":     {helsinki, "21:00", "08:00", "2026-11-22T22:30", "2026-11-23T06:00"},
		"the night into summer time is an hour shorter":    {helsinki, "21:00", "08:00", "2026-03-28T19:00", "2026-03-29T05:00"},
		"just before the clocks go forward":                {helsinki, "21:00", "08:00", "2026-03-29T00:59", "2026-03-29T05:00"},
		"just after the clocks went forward":               {helsinki, "21:00", "08:00", "2026-03-29T01:00", "2026-03-29T05:00"},
		"the night out of summer time is an hour longer":   {helsinki, "21:00", "08:00", "2026-10-24T18:00", "2026-10-25T06:00"},
		"in the first of the two hours from three to four": {helsinki, "21:00", "08:00", "2026-10-25T00:30", "2026-10-25T06:00"},
		"in the second of them":                            {helsinki, "21:00", "08:00", "2026-10-25T01:30", "2026-10-25T06:00"},
		"quiet until a time that the clocks jump over":     {helsinki, "21:00", "03:30", "2026-03-28T22:00", "2026-03-29T01:00"},
		"quiet until a time that comes twice, before both": {helsinki, "21:00", "03:30", "2026-10-24T23:00", "2026-10-25T00:30"},
		"between the two it is loud already":               {helsinki, "21:00", "03:30", "2026-10-25T00:45", "2026-10-25T00:45"},
		"when the hour comes again it is quiet again":      {helsinki, "21:00", "03:30", "2026-10-25T01:10", "2026-10-25T01:30"},
		"quiet from a time that the clocks jump over":      {helsinki, "03:30", "08:00", "2026-03-29T01:00", "2026-03-29T05:00"},
		"a siesta": {london, "12:00", "14:00", "2026-06-01T11:30", "2026-06-01T13:00"},
		"the same from and until are no quiet hours": {london, "00:00", "00:00", "2026-06-01T02:30", "2026-06-01T02:30"},
		"London's night into summer time":            {london, "21:00", "08:00", "2026-03-29T00:59", "2026-03-29T07:00"},
		"seconds do not matter":                      {helsinki, "21:00", "08:00", "2026-11-23T19:00:59", "2026-11-24T06:00"},
	} {
		t.Run(name, func(t *testing.T) {
			read := func(s string) time.Time {
				layout := "2006-01-02T15:04:05"[:len(s)]
				at, err := time.Parse(layout, s)
				if err != nil {
					t.Fatal(err)
				}
				return at
			}
			m := quiet(c.zone, c.from, c.until)
			if got := m.Opens(read(c.at)); !got.Equal(read(c.want)) {
				t.Errorf("Opens = %s, want %s", got.In(c.zone), read(c.want).In(c.zone))
			}
		})
	}
}

func TestQuietHoursEndAtTheFirstLoudMinute(t *testing.T) {
	zones := []*time.Location{zone(t, "Europe/Helsinki"), zone(t, "Europe/London"), zone(t, "America/St_Johns"), zone(t, "Australia/Lord_Howe"), time.UTC}
	rapid.Check(t, func(t *rapid.T) {
		loc := rapid.SampledFrom(zones).Draw(t, "zone")
		from := rapid.IntRange(0, 1439).Draw(t, "from")
		length := rapid.IntRange(0, 1200).Draw(t, "length") // nobody is quiet all day
		m := notify.Manners{Zone: loc, QuietFrom: from, QuietUntil: (from + length) % 1440}
		// Around both nights of the year in which clocks change in these zones.
		month := rapid.SampledFrom([]time.Month{time.March, time.April, time.October, time.November}).Draw(t, "month")
		at := time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 31*24*60).Draw(t, "minute")) * time.Minute)
		want := at
		for m.Quiet(want) {
			want = want.Add(time.Minute)
		}
		if got := m.Opens(at); !got.Equal(want) {
			t.Fatalf("Opens(%s) = %s, want %s", at.In(loc), got.In(loc), want.In(loc))
		}
	})
}

// night puts the world at nine in the evening in Helsinki, with quiet hours.
func (w *world) night(n *notify.Notifier, at time.Time) {
	w.clock.Advance(at.Sub(w.clock.Now()))
	n.SetManners(func(context.Context, string) (notify.Manners, error) {
		return quiet(zone(w.t, "Europe/Helsinki"), "21:00", "08:00"), nil
	})
}

func TestTextsWaitForTheMorningOnBothNightsOfTheClocks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			evening string // in UTC, half past nine
			hours   int    // until half past seven or so
		}{{"2026-03-28T19:30", 9}, {"2026-10-24T18:30", 11}, {"2026-11-23T19:30", 10}} {
			evening, hours := c.evening, c.hours
			n := w.process("a")
			at, err := time.Parse("2006-01-02T15:04", evening)
			if err != nil {
				t.Fatal(err)
			}
			w.night(n, at)
			soon, own, urgent := text("worthless before dawn "+evening), text("own words "+evening), text("waited for "+evening)
			soon.ExpiresAt, own.ByHuman, urgent.AtOnce = db.At(at.Add(3*time.Hour)), true, true
			letter := mail("by mail " + evening)
			rows := w.queue(n, text("automatic "+evening), own, urgent, soon, letter)
			before := len(w.sms.bodies())
			w.sendDue(n)
			if diff := cmp.Diff([]string{"waited for " + evening}, w.sms.bodies()[before:]); diff != "" {
				t.Errorf("sent in the evening (-want +got):\n%s", diff)
			}
			if got := w.message(n, rows[4].ID); got.State != notify.Accepted {
				t.Errorf("the e-mail is %s: nobody wakes up of one", got.State)
			}
			if got := w.states(n, rows[0].ID); got != "queued queued" {
				t.Errorf("history %q", got)
			}
			w.clock.Advance(time.Duration(hours)*time.Hour + 29*time.Minute)
			w.sendDue(n)
			if got := w.message(n, rows[3].ID); got.State != notify.Expired || !strings.Contains(got.Error, "worth") {
				t.Errorf("what was worthless before dawn is %s %q", got.State, got.Error)
			}
			if len(w.sms.bodies()) != before+1 {
				t.Errorf("a minute before eight there went %q", w.sms.bodies()[before:])
			}
			w.clock.Advance(time.Minute)
			w.sendDue(n)
			if diff := cmp.Diff([]string{"automatic " + evening, "own words " + evening}, w.sms.bodies()[before+1:]); diff != "" {
				t.Errorf("sent at eight (-want +got):\n%s", diff)
			}
		}
	})
}

func TestOnePhoneGetsOnlySoManyAutomaticTextsHoweverManyAdvisorsWrite(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := notify.New(w.db, notify.Options{Now: w.clock.Now, Routes: []notify.Route{{Gateway: w.sms}}, Burst: notify.Burst{PerHour: 2, PerDay: 3}})
		for i := range 5 {
			o := text(fmt.Sprint("automatic ", i))
			o.Subject = fmt.Sprint("job:", i)
			w.queue(n, o)
		}
		own, code, other := text("own"), text("code"), text("other")
		own.ByHuman, code.AtOnce, other.To = true, true, "+358400000009"
		w.queue(n, own, code, other)
		w.sendDue(n)
		sent := w.sms.bodies()
		if len(sent) != 5 || strings.Join(sent, ",") != "automatic 0,other,automatic 1,own,code" && !strings.Contains(strings.Join(sent, ","), "automatic 1") {
			t.Errorf("at first there went %q", sent)
		}
		if f, err := n.Forecast(t.Context(), "job:9", mobile, false); err != nil || !f.Many || !f.At.After(w.clock.Now()) || f.Recent < 2 {
			t.Errorf("forecast %+v, %v", f, err)
		}
		if f, err := n.Forecast(t.Context(), "job:9", mobile, true); err != nil || !f.Many || f.At.After(w.clock.Now()) {
			t.Errorf("a person's words are warned of, not held: %+v, %v", f, err)
		}
		w.clock.Advance(time.Hour + time.Second)
		w.sendDue(n)
		w.clock.Advance(24 * time.Hour)
		w.sendDue(n)
		got := strings.Join(w.sms.bodies()[5:], ",")
		if got != "automatic 2,automatic 3" && got != "automatic 2,automatic 3,automatic 4" {
			t.Errorf("later there went %q", got)
		}
		w.clock.Advance(24 * time.Hour)
		w.sendDue(n)
		if len(w.sms.bodies()) != 8 {
			t.Errorf("in the end there went %q", w.sms.bodies())
		}
	})
}
