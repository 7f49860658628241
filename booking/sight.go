package booking

import (
	"neuvo/internal/db"
)

// sight is what is taken in a range of blocks, as a question needs it.
type sight struct {
	from, to int64 // blocks, both included
	claims   map[markKey]*claimBlock
	counts   []*countBlock
}

// into puts what is taken of a resource into a set of atoms that counts from
// base, a multiple of 64. The claims of holds that have run out do not count,
// nor what an exception leaves out.
func (s *sight) into(set atoms, base, resource int64, now db.Time, except *exceptions) {
	for b := s.from; b <= s.to; b++ {
		block := s.claims[markKey{b, resource}]
		if block == nil {
			continue
		}
		shift := int((b*blockAtoms - base) / 64)
		for i := max(0, -shift); i < len(block.words) && i+shift < len(set); i++ {
			set[i+shift] |= block.words[i]
		}
		for _, h := range block.held {
			if h.expires.After(now.Time) && h.holdID != except.holdID {
				i := int(h.atom - base)
				set.add(i, i+1)
			}
		}
	}
	for _, c := range except.claims {
		if c.ResourceID == resource {
			i := int(c.Atom - base)
			set.remove(i, i+1)
		}
	}
}

// counted gives the counters' use, without that of holds that have run out and
// of what an exception leaves out.
func (s *sight) counted(now db.Time, except *exceptions) []counted {
	var out []counted
	less := map[counted]counted{} // by kind, owner and time
	key := func(c counted) counted { return counted{kind: c.kind, owner: c.owner, at: c.at} }
	take := func(c counted) {
		sum := less[key(c)]
		sum.used, sum.desk = sum.used+c.used, sum.desk+c.desk
		less[key(c)] = sum
	}
	for _, t := range except.takings {
		take(countedOf(t.Kind, t.OwnerID, t.Period, t.Used, t.Desk))
	}
	for _, b := range s.counts {
		for _, h := range b.held {
			if !h.expires.After(now.Time) && h.holdID != except.holdID {
				take(h.counted)
			}
		}
	}
	for _, b := range s.counts {
		if len(less) == 0 {
			out = append(out, b.all...)
			continue
		}
		for _, c := range b.all {
			minus := less[key(c)]
			c.used, c.desk = c.used-minus.used, c.desk-minus.desk
			out = append(out, c)
		}
	}
	return out
}
