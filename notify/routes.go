package notify

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// class is the traffic that the same routes fit: one channel, and those numbers
// whose longest prefix among all that any route names is this one.
type class struct {
	channel Channel
	prefix  string   // "": whatever no other class has
	longer  []string // prefixes of other classes that begin with this one
	lanes   []*lane  // the best first

	claimed atomic.Int64 // claimed, and the outcome not stored yet
	turns   turns
	pulse   chan struct{} // rung when a call ends or an outcome is stored
}

// pulse tells every drain that something has ended: classes share lanes.
func (n *Notifier) pulse() {
	for _, c := range n.classes {
		select {
		case c.pulse <- struct{}{}:
		default:
		}
	}
}

// underWay is how many messages are claimed and their outcomes not stored yet.
func (n *Notifier) underWay() int {
	var count int64
	for _, c := range n.classes {
		count += c.claimed.Load()
	}
	return int(count)
}

// makeLanes sets the routes up for work.
func makeLanes(routes []Route, concurrency int) map[Channel][]*lane {
	lanes := map[Channel][]*lane{}
	for _, r := range routes {
		channel := r.Gateway.Channel()
		lanes[channel] = append(lanes[channel], newLane(r, concurrency))
	}
	return lanes
}

// classesOf divides the traffic of both channels. A class without lanes has no
// gateway: what falls into it fails aloud.
func classesOf(lanes map[Channel][]*lane) []*class {
	var classes []*class
	for _, channel := range []Channel{SMS, Email} {
		prefixes := []string{""}
		for _, l := range lanes[channel] {
			prefixes = append(prefixes, l.Prefixes...)
		}
		slices.Sort(prefixes)
		prefixes = slices.Compact(prefixes)
		for _, p := range prefixes {
			c := &class{channel: channel, prefix: p, lanes: fitting(lanes[channel], p), pulse: make(chan struct{}, 1)}
			for _, other := range prefixes {
				if other != p && strings.HasPrefix(other, p) {
					c.longer = append(c.longer, other)
				}
			}
			classes = append(classes, c)
		}
	}
	return classes
}

// fitting gives the lanes that a message to an address may take, the best first:
// the longest fitting prefix, then the order in which they are set up.
func fitting(lanes []*lane, to string) []*lane {
	type fit struct {
		lane   *lane
		length int
	}
	var fits []fit
	for _, l := range lanes {
		if length, ok := prefixLength(l.Prefixes, to); ok {
			fits = append(fits, fit{l, length})
		}
	}
	slices.SortStableFunc(fits, func(a, b fit) int { return cmp.Compare(b.length, a.length) })
	list := make([]*lane, len(fits))
	for i, f := range fits {
		list[i] = f.lane
	}
	return list
}

// prefixLength is how much of an address the longest fitting prefix covers; no
// prefixes fit everything.
func prefixLength(prefixes []string, to string) (length int, fits bool) {
	if len(prefixes) == 0 {
		return 0, true
	}
	for _, p := range prefixes {
		if strings.HasPrefix(to, p) {
			length, fits = max(length, len(p)), true
		}
	}
	return length, fits
}

// laneFor is the lane that what is due takes now: the best that is not to be left
// alone, else the best. nil: the class has no gateway.
func (c *class) laneFor(now time.Time) *lane {
	for _, l := range c.lanes {
		if !l.resting(now) {
			return l
		}
	}
	if len(c.lanes) > 0 {
		return c.lanes[0]
	}
	return nil
}
