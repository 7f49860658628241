package booking

import "slices"

// share is what a visit takes of a pool on one date.
type share struct {
	pool    *Pool
	day     date
	minutes int
}

// room is what is left of a pool on each date of the window, in minutes: nothing
// where the workshop is closed.
func (w *window) room(p *Pool) []int {
	out := make([]int, len(w.bounds)-1)
	for i := range out {
		if !w.closed.has(w.bounds[i]) {
			out[i] = w.capacity(p, w.first.add(i))
		}
	}
	for _, k := range w.counts {
		if k.kind != countPool || k.owner != p.ID {
			continue
		}
		if i := w.dayAt(k.at); i >= 0 {
			out[i] = max(0, out[i]-int(k.used))
		}
	}
	return out
}

// labourCan gives the starts at which a pool has so many minutes left on the
// dates that a car is there, from the one it comes on to the one it is promised
// for. A stay is counted in atoms.
func (w *window) labourCan(p *Pool, minutes, stay int) atoms {
	room := w.room(p)
	sums := make([]int, len(room)+1) // of the dates before
	for i, n := range room {
		sums[i+1] = sums[i] + n
	}
	out := newAtoms(w.end())
	for i, j := 0, 0; i < len(room); i++ {
		// Starts of the ith date end on one date, or on one of a few.
		for j = max(i, j); j < len(room); j++ {
			from, to := max(w.bounds[i], w.bounds[j]-stay+1), min(w.bounds[i+1], w.bounds[j+1]-stay+1)
			if from < to && sums[j+1]-sums[i] >= minutes {
				out.add(from, to)
			}
			if to == w.bounds[i+1] {
				break // later starts are the next date's
			}
		}
	}
	return out
}

// shares spreads the labour of a visit that starts at an index over the dates
// that the car is there, the earliest first. What finds no room, because the
// desk overbooks, falls on the day that the car is promised for.
func (w *window) shares(need *demand, at int) []share {
	var out []share
	for _, l := range need.labour {
		p := w.pool(l.skill)
		if p == nil {
			continue
		}
		room := w.room(p)
		first, last := w.dateAt(at), w.dateAt(at+need.stay-1)
		left := l.minutes
		for i := first; i <= last && left > 0; i++ {
			n := min(room[i], left)
			if i == last {
				n = left
			}
			if left -= n; n > 0 {
				out = append(out, share{p, w.first.add(i), n})
			}
		}
	}
	return out
}

// dateAt is the place of the date that an index of the window's sets lies on.
func (w *window) dateAt(at int) int {
	i, found := slices.BinarySearch(w.bounds, at)
	if !found {
		i--
	}
	return min(max(0, i), len(w.bounds)-2)
}
