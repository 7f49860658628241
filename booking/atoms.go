package booking

import (
	"math/bits"
	"time"
)

// atomOf is the atom that an instant lies in.
func atomOf(t time.Time) int64 { return floorDiv(t.Unix(), AtomSeconds) }

// atomAfter is the first atom that begins at or after an instant.
func atomAfter(t time.Time) int64 {
	a := atomOf(t)
	if timeOf(a).Before(t) {
		a++
	}
	return a
}

// timeOf is the instant at which an atom begins.
func timeOf(atom int64) time.Time { return time.Unix(atom*AtomSeconds, 0).UTC() }

// atomsIn is how many atoms a number of minutes takes, rounded up.
func atomsIn(minutes int) int { return (minutes*60 + AtomSeconds - 1) / AtomSeconds }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// wallInstant converts a wall-clock minute of a date into an instant: the first
// at which the clock on the wall shows that minute or a later one of the date.
// Minutes may run beyond the day: 1440 is the next midnight.
//
// On the day the clocks go forward a minute inside the gap does not exist and
// becomes the end of the gap; on the day they go back a minute that comes twice
// is its first coming. The conversion therefore never runs backwards: intervals
// that do not overlap on the wall do not overlap in time, and one that spans
// the change is 23 or 25 hours' worth, as the staff experience it.
func wallInstant(year int, month time.Month, day, minute int, loc *time.Location) time.Time {
	t := time.Date(year, month, day, 0, minute, 0, 0, loc)
	want := time.Date(year, month, day, 0, minute, 0, 0, time.UTC).Unix()
	_, offset := t.Zone()
	begin, end := t.ZoneBounds()
	switch shown := t.Unix() + int64(offset); {
	case shown > want:
		// In a gap, and time.Date used the offset from before it.
		return begin
	case shown < want:
		// In a gap, and time.Date used the offset from after it.
		return end
	}
	if !begin.IsZero() {
		_, before := begin.Add(-time.Second).In(loc).Zone()
		if first := time.Unix(want-int64(before), 0); first.Before(begin) {
			return first.In(loc)
		}
	}
	return t
}

// date is a calendar date without a zone, at midnight UTC so that days can be
// added and compared.
type date struct{ time.Time }

func parseDate(s string) (date, error) {
	t, err := time.Parse(time.DateOnly, s)
	return date{t}, err
}

// dateOf is the date that the clock on the wall of loc shows at t.
func dateOf(t time.Time, loc *time.Location) date {
	y, m, d := t.In(loc).Date()
	return date{time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}

func (d date) add(days int) date { return date{d.AddDate(0, 0, days)} }

func (d date) String() string { return d.Format(time.DateOnly) }

// at is the instant of a wall-clock minute of the date, see wallInstant.
func (d date) at(minute int, loc *time.Location) time.Time {
	return wallInstant(d.Year(), d.Month(), d.Day(), minute, loc)
}

// atoms is a set of atoms, counted from the base of the window it belongs to.
type atoms []uint64

func newAtoms(n int) atoms { return make(atoms, (n+63)/64) }

func (s atoms) clone() atoms { return append(atoms(nil), s...) }

func (s atoms) has(i int) bool {
	return i >= 0 && i>>6 < len(s) && s[i>>6]>>(i&63)&1 == 1
}

// add puts the half-open interval [from, to) into the set, cut to its length.
func (s atoms) add(from, to int) {
	from, to = max(from, 0), min(to, len(s)*64)
	for from < to {
		word, low := from>>6, from&63
		high := min(64, low+to-from)
		s[word] |= ^uint64(0) << low & (^uint64(0) >> (64 - high))
		from += high - low
	}
}

func (s atoms) and(o atoms) {
	for i := range s {
		s[i] &= o[i]
	}
}

func (s atoms) or(o atoms) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s atoms) without(o atoms) {
	for i := range s {
		s[i] &^= o[i]
	}
}

// andLater intersects the set with itself moved down by n: what stays are the
// atoms whose nth successor is in the set, too.
func (s atoms) andLater(n int) {
	word, bit := n>>6, n&63
	for i := range s {
		var v uint64
		if i+word < len(s) {
			v = s[i+word] >> bit
		}
		if bit > 0 && i+word+1 < len(s) {
			v |= s[i+word+1] << (64 - bit)
		}
		s[i] &= v
	}
}

// starts gives the atoms from which n in a row are in the set, by doubling.
func (s atoms) starts(n int) atoms {
	out := s.clone()
	for have := 1; have < n; {
		step := min(have, n-have)
		out.andLater(step)
		have += step
	}
	return out
}

// covers tells whether the n atoms from i on are all in the set.
func (s atoms) covers(i, n int) bool {
	for ; n > 0; i, n = i+1, n-1 {
		if !s.has(i) {
			return false
		}
	}
	return true
}

// meets tells whether any of the n atoms from i on is in the set.
func (s atoms) meets(i, n int) bool {
	for ; n > 0; i, n = i+1, n-1 {
		if s.has(i) {
			return true
		}
	}
	return false
}

// count is how many atoms of [from, to) are in the set.
func (s atoms) count(from, to int) int {
	from, to = max(from, 0), min(to, len(s)*64)
	n := 0
	for from < to {
		word, low := from>>6, from&63
		high := min(64, low+to-from)
		n += bits.OnesCount64(s[word] & (^uint64(0) << low) & (^uint64(0) >> (64 - high)))
		from += high - low
	}
	return n
}

// each calls f with the atoms of [from, to) that are in the set, in order.
func (s atoms) each(from, to int, f func(i int)) {
	from, to = max(from, 0), min(to, len(s)*64)
	for i := from; i < to; {
		word := s[i>>6] >> (i & 63)
		if word == 0 {
			i = (i>>6 + 1) << 6
			continue
		}
		if i += bits.TrailingZeros64(word); i < to {
			f(i)
		}
		i++
	}
}

// remove takes the half-open interval [from, to) out of the set.
func (s atoms) remove(from, to int) {
	from, to = max(from, 0), min(to, len(s)*64)
	for from < to {
		word, low := from>>6, from&63
		high := min(64, low+to-from)
		s[word] &^= ^uint64(0) << low & (^uint64(0) >> (64 - high))
		from += high - low
	}
}

// not gives the atoms that are not in the set.
func (s atoms) not() atoms {
	out := make(atoms, len(s))
	for i := range s {
		out[i] = ^s[i]
	}
	return out
}

// earlier gives the set moved down by n: the atoms whose nth successor is in it.
func (s atoms) earlier(n int) atoms {
	out := make(atoms, len(s))
	word, bit := n>>6, n&63
	for i := 0; i+word < len(s); i++ {
		out[i] = s[i+word] >> bit
		if bit > 0 && i+word+1 < len(s) {
			out[i] |= s[i+word+1] << (64 - bit)
		}
	}
	return out
}

// later gives the set moved up by n.
func (s atoms) later(n int) atoms {
	out := make(atoms, len(s))
	word, bit := n>>6, n&63
	for i := len(s) - 1; i >= word; i-- {
		out[i] = s[i-word] << bit
		if bit > 0 && i > word {
			out[i] |= s[i-word-1] >> (64 - bit)
		}
	}
	return out
}

// next is the first atom of the set from one on, -1 where there is none.
func (s atoms) next(from int) int {
	for i := max(from, 0); i>>6 < len(s); i = (i>>6 + 1) << 6 {
		if word := s[i>>6] >> (i & 63); word != 0 {
			return i + bits.TrailingZeros64(word)
		}
	}
	return -1
}
