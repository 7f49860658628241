package booking

import (
	"context"
	"slices"
	"sync"
	"time"
)

// blockAtoms is how many atoms a block has, some four weeks: what is kept in
// memory is kept, and goes out of date, block by block.
const blockAtoms = 8192

// blockOf is the block that an atom lies in.
func blockOf(atom int64) int64 { return floorDiv(atom, blockAtoms) }

// occupancy is what is taken at one workshop.
type occupancy struct {
	mu     sync.Mutex
	known  map[markKey]*known
	sums   map[int64]int64     // of the versions, by block
	looked map[int64]time.Time // when a block was last compared with the database
	claims map[markKey]*claimBlock
	counts map[int64]*countBlock
}

// known is how far a mark has moved, as memory knows it: in each lane, and in
// all. It stands for a set of transactions that have committed, all those that
// had when it was read and the ones learned since.
type known struct {
	lanes   map[int64]int64
	version int64
}

// markKey names what a Mark is about; resource 0 are the counters.
type markKey struct{ block, resource int64 }

// claimBlock are the claims of a resource in a block. It is not changed after.
type claimBlock struct {
	version int64
	words   [blockAtoms / 64]uint64 // of jobs
	held    []heldAtom
}

type heldAtom struct {
	atom, holdID int64
	expires      time.Time
}

// countBlock are the counters of a workshop in a block. It is not changed after.
type countBlock struct {
	version int64
	all     []counted // with what holds have taken
	held    []heldCount
}

type heldCount struct {
	counted
	holdID  int64
	expires time.Time
}

func newOccupancy() *occupancy {
	return &occupancy{
		known: map[markKey]*known{}, sums: map[int64]int64{}, looked: map[int64]time.Time{},
		claims: map[markKey]*claimBlock{}, counts: map[int64]*countBlock{},
	}
}

// occupancy gives a workshop's occupancy; inside a transaction an empty one, for
// what a transaction sees may never have been.
func (d *Desk) occupancy(ctx context.Context, workshopID int64) *occupancy {
	if d.db.InTx(ctx) {
		return newOccupancy()
	}
	d.memory.mu.Lock()
	defer d.memory.mu.Unlock()
	o := d.memory.taken[workshopID]
	if o == nil {
		if d.memory.taken == nil {
			d.memory.taken = map[int64]*occupancy{}
		}
		o = newOccupancy()
		d.memory.taken[workshopID] = o
	}
	return o
}

// glance is how lately a look must have been for a booking to do without one.
// Nothing is promised on it: what a booking takes is decided by the database,
// and it looks before it refuses.
const glance = time.Second

// look brings the occupancy of some resources, and of the counters where asked
// for, up to date and gives it: one query where nothing has changed, at most
// five more where something has; none where a glance will do and there has been
// a look lately.
func (d *Desk) look(ctx context.Context, o *occupancy, shopID int64, resources []int64, counters, glancing bool, from, to int64) (*sight, error) {
	now := d.now().Time
	o.mu.Lock()
	if glancing && o.lately(now, resources, counters, from, to) {
		defer o.mu.Unlock()
		return o.sight(resources, counters, from, to), nil
	}
	before := o.sum(from, to)
	o.mu.Unlock()
	// What was known before the question had committed before it. Only that may
	// be compared by sums: of what has been learned since, the database may have
	// told of something else instead.
	sum, err := d.marksSum(ctx, shopID, from, to)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if before != sum {
		marks, err := d.marks(ctx, shopID, from, to)
		if err != nil {
			return nil, err
		}
		o.compare(marks, from, to)
	}
	if err := o.refresh(ctx, d, shopID, resources, counters, from, to); err != nil {
		return nil, err
	}
	for b := from; b <= to; b++ {
		o.looked[b] = now
	}
	return o.sight(resources, counters, from, to), nil
}

// sum adds up the versions of blocks.
func (o *occupancy) sum(from, to int64) int64 {
	sum := int64(0)
	for b := from; b <= to; b++ {
		sum += o.sums[b]
	}
	return sum
}

// lately tells whether all that is asked for is in memory, as somebody has seen
// it within a glance.
func (o *occupancy) lately(now time.Time, resources []int64, counters bool, from, to int64) bool {
	for b := from; b <= to; b++ {
		if since := now.Sub(o.looked[b]); since < 0 || since > glance {
			return false
		}
		if counters && o.counts[b] == nil {
			return false
		}
		for _, r := range resources {
			if o.claims[markKey{b, r}] == nil {
				return false
			}
		}
	}
	return true
}

// sight gives what is in memory.
func (o *occupancy) sight(resources []int64, counters bool, from, to int64) *sight {
	s := &sight{from: from, to: to, claims: make(map[markKey]*claimBlock, len(resources)*int(to-from+1))}
	for b := from; b <= to; b++ {
		for _, r := range resources {
			s.claims[markKey{b, r}] = o.claims[markKey{b, r}]
		}
		if counters {
			s.counts = append(s.counts, o.counts[b])
		}
	}
	return s
}

// version is how far a mark has moved, as far as is known.
func (o *occupancy) version(k markKey) int64 {
	if n := o.known[k]; n != nil {
		return n.version
	}
	return 0
}

// compare takes over the marks of blocks as the database has them, but where
// memory has learned at least as much.
func (o *occupancy) compare(marks []Mark, from, to int64) {
	fresh := map[markKey]*known{}
	for _, m := range marks {
		k := markKey{m.Block, m.ResourceID}
		n := fresh[k]
		if n == nil {
			n = &known{lanes: map[int64]int64{}}
			fresh[k] = n
		}
		n.lanes[m.Lane] = m.Version
		n.version += m.Version
	}
	for b := from; b <= to; b++ {
		o.sums[b] = 0
	}
	for k, n := range o.known {
		switch {
		case k.block < from || k.block > to:
		case fresh[k] != nil && n.covers(fresh[k]):
			delete(fresh, k)
			o.sums[k.block] += n.version
		default:
			delete(o.known, k)
		}
	}
	for k, n := range fresh {
		o.known[k] = n
		o.sums[k.block] += n.version
		// Versions that are equal need not stand for the same transactions.
		delete(o.claims, k)
		if k.resource == 0 {
			delete(o.counts, k.block)
		}
	}
}

// covers tells whether nothing of another is missing.
func (n *known) covers(other *known) bool {
	for lane, version := range other.lanes {
		if n.lanes[lane] < version {
			return false
		}
	}
	return true
}

// refresh loads the blocks that are missing or out of date.
func (o *occupancy) refresh(ctx context.Context, d *Desk, shopID int64, resources []int64, counters bool, from, to int64) error {
	var stale []int64
	low, high := to, from
	for _, r := range resources {
		is := false
		for b := from; b <= to; b++ {
			k := markKey{b, r}
			if c := o.claims[k]; c == nil || c.version != o.version(k) {
				is = true
				low, high = min(low, b), max(high, b)
			}
		}
		if is {
			stale = append(stale, r)
		}
	}
	if len(stale) > 0 {
		o.prune(from)
		blocks, err := d.claimBlocks(ctx, stale, low, high)
		if err != nil {
			return err
		}
		for k, c := range blocks {
			c.version = o.version(k)
			o.claims[k] = c
		}
	}
	if !counters {
		return nil
	}
	low, high = to+1, from-1
	for b := from; b <= to; b++ {
		if c := o.counts[b]; c == nil || c.version != o.version(markKey{b, 0}) {
			low, high = min(low, b), max(high, b)
		}
	}
	if low > high {
		return nil
	}
	blocks, err := d.countBlocks(ctx, shopID, low, high)
	if err != nil {
		return err
	}
	for b, c := range blocks {
		c.version = o.version(markKey{b, 0})
		o.counts[b] = c
	}
	return nil
}

// maxBlocks bounds how many blocks of claims a workshop has in memory, some
// 1 kB each.
const maxBlocks = 20_000

// prune forgets everything where it has grown too much.
func (o *occupancy) prune(int64) {
	if len(o.claims) > maxBlocks {
		clear(o.claims)
	}
}

// changed is what a transaction did to the claims: told to the memory once it
// has committed.
type changed struct {
	shopID     int64
	marks      []Mark // as they are now
	gone, come []Claim
	expires    time.Time // of the hold that came
	reload     bool      // what changed is not told here
}

// learn puts the change of a transaction of our own into memory, so that a busy
// block need not be loaded again. Only what comes next in its lane can be
// learned, and only where each atom is as the change found it: whoever missed
// one, or hears of two in the wrong order, loads.
func (o *occupancy) learn(c changed) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range c.marks {
		k := markKey{m.Block, m.ResourceID}
		old, n := o.claims[k], o.known[k]
		if n == nil && old != nil {
			n = &known{lanes: map[int64]int64{}}
			o.known[k] = n
		}
		if m.ResourceID == 0 || old == nil || old.version != n.version || n.lanes[m.Lane] != m.Version-1 {
			continue
		}
		fresh := &claimBlock{version: n.version + 1, words: old.words, held: old.held}
		if !fresh.change(k, c) {
			continue
		}
		o.claims[k] = fresh
		n.lanes[m.Lane] = m.Version
		n.version++
		o.sums[k.block]++
	}
}

// change gives back and takes what a change does to a block that nobody else has
// yet; false where an atom is not as it should be.
func (b *claimBlock) change(k markKey, c changed) bool {
	for _, g := range c.gone {
		if g.ResourceID == k.resource && blockOf(g.Atom) == k.block && !b.drop(g) {
			return false
		}
	}
	for _, n := range c.come {
		if n.ResourceID == k.resource && blockOf(n.Atom) == k.block {
			if b.has(n.Atom) {
				return false
			}
			b.put(n, c.expires)
		}
	}
	return true
}

// has tells whether an atom is claimed.
func (b *claimBlock) has(atom int64) bool {
	i := atom - blockOf(atom)*blockAtoms
	return b.words[i>>6]>>(i&63)&1 == 1 || slices.ContainsFunc(b.held, func(h heldAtom) bool { return h.atom == atom })
}

// put adds a claim to a block that nobody else has yet.
func (b *claimBlock) put(c Claim, expires time.Time) {
	if c.HoldID != 0 {
		b.held = append(b.held[:len(b.held):len(b.held)], heldAtom{c.Atom, c.HoldID, expires})
		return
	}
	i := c.Atom - blockOf(c.Atom)*blockAtoms
	b.words[i>>6] |= 1 << (i & 63)
}

// drop takes a claim out of a block that nobody else has yet; false where it is
// not there.
func (b *claimBlock) drop(c Claim) bool {
	if c.HoldID != 0 {
		before := len(b.held)
		b.held = slices.DeleteFunc(slices.Clone(b.held), func(h heldAtom) bool { return h.atom == c.Atom && h.holdID == c.HoldID })
		return len(b.held) < before
	}
	i := c.Atom - blockOf(c.Atom)*blockAtoms
	was := b.words[i>>6]
	b.words[i>>6] &^= 1 << (i & 63)
	return was != b.words[i>>6]
}
