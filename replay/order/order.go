package order

import (
	"cmp"
	"container/heap"
	"slices"
	"time"
)

// Doc is a document. Different names of an index, as an alias, are different documents here: the caller says the one that was written.
type Doc struct{ Index, ID, Routing string }

// Write is a write of a document.
type Write struct {
	Doc
	Ranked    bool // the source told a rank
	Term, Seq int64
}

// Work is a request that is to be sent.
type Work struct {
	Connection string
	Begin      time.Time // of the request on the source: it is due then
	End        time.Time // of its answer; of the request where none came
	Writes     []Write
	Reads      []Doc // by their ids
	Indices    []string
	Barrier    func(index string) bool // of a request without documents of its own: the indices for which it is one; nil is none
	Divisible  bool                    // its writes can be sent one by one

	number   uint64 // of Add
	settled  uint64 // a number in the order of settling; 0 while it is not
	waits    int    // for barriers, or to be settled
	unclear  int    // touches that wait for others
	touches  []*touch
	split    bool
	left     int // touches that are not done, and 1 for the rest of it
	sent     int // touches that were handed out
	begun    bool
	queued   int  // place among the ready ones, from 1; 0 is none
	loose    bool // does not wait for barriers any more
	overtook bool // does not wait for its connection any more
	forced   bool // does not wait for documents any more
	awaited  int  // of a barrier: work before it that is not done
	previous *Work
	next     *Work
}

// touch is a work's use of a document.
type touch struct {
	work  *Work
	write int // of Work.Writes; -1 is a read
	doc   *document
	clear bool // nothing goes before it
	given bool // handed out
}

// document is the touches of a document that are not done, in their order.
type document struct {
	key     Doc
	touches []*touch
}

// Unit is what is to be sent now.
type Unit struct {
	*Work
	Whole  bool  // all of it, at once
	First  bool  // nothing of it was handed out before
	Writes []int // those of Work.Writes that are meant, where it is not the whole
	given  []*touch
}

// Order is the requests that are not done.
type Order struct {
	known       time.Time // all that began before are added
	count       uint64
	settling    uint64
	unsettled   byEnd
	ready       byBegin
	connections map[string]*Work // the last one
	documents   map[Doc]*document
	barriers    []*Work // settled and not done, in their order
	standing    map[*Work]struct{}
	inFlight    int
	moved       int // units handed out since the oldest standing one was looked at
	untied      int
	late        int
}

// New makes an order of nothing.
func New() *Order {
	return &Order{connections: map[string]*Work{}, documents: map[Doc]*document{}, standing: map[*Work]struct{}{}}
}

// Len is how many requests are not done.
func (o *Order) Len() int { return len(o.unsettled) + len(o.standing) }

// InFlight is how many units were handed out and are not done.
func (o *Order) InFlight() int { return o.inFlight }

// Untied is how often requests waited for each other in a circle, and one of them was not sent as a whole, or not in the order of time.
func (o *Order) Untied() int { return o.untied }

// Late is how many writes were added after one of the same document with a higher rank was handed out.
func (o *Order) Late() int { return o.late }

// Add takes a request. Those of one connection come in their order.
func (o *Order) Add(w *Work) {
	o.count++
	w.number, w.left, w.waits = o.count, 1, 1
	if last := o.connections[w.Connection]; last != nil {
		last.next, w.previous = w, last
	}
	o.connections[w.Connection] = w
	for i := range w.Writes {
		o.touch(w, w.Writes[i].Doc, i)
	}
	for _, d := range w.Reads {
		o.touch(w, d, -1)
	}
	heap.Push(&o.unsettled, w)
	o.settle()
}

// Advance says that all requests that began before t were added.
func (o *Order) Advance(t time.Time) {
	if t.After(o.known) {
		o.known = t
	}
	o.settle()
}

// touch puts a use of a document among the others of it.
func (o *Order) touch(w *Work, key Doc, write int) {
	if key.ID == "" {
		return
	}
	d := o.documents[key]
	if d == nil {
		d = &document{key: key}
		o.documents[key] = d
	}
	t := &touch{work: w, write: write, doc: d}
	w.touches = append(w.touches, t)
	w.left++
	w.unclear++
	at := d.place(t)
	if at > 0 && d.touches[at-1].given && t.outranked(d.touches[at-1]) {
		o.late++
	}
	d.touches = slices.Insert(d.touches, at, t)
	o.review(d, at, at)
}

// place is where a use belongs among the others: before all writes of a higher rank, and as far behind as the times want it.
func (d *document) place(t *touch) int {
	at := len(d.touches)
	for i, other := range slices.Backward(d.touches) {
		if other.outranked(t) || other.given {
			break
		}
		if t.outranked(other) {
			at = i
		}
	}
	for at > 0 && t.before(d.touches[at-1]) {
		at--
	}
	return at
}

// outranked tells whether both are writes with ranks, and the other's is higher.
func (t *touch) outranked(other *touch) bool {
	if t.write < 0 || other.write < 0 || t.work == other.work {
		return false
	}
	a, b := &t.work.Writes[t.write], &other.work.Writes[other.write]
	return a.Ranked && b.Ranked && cmp.Or(cmp.Compare(a.Term, b.Term), cmp.Compare(a.Seq, b.Seq)) < 0
}

// before tells whether t goes before another use of the document.
func (t *touch) before(other *touch) bool {
	switch {
	case other.given || t.work == other.work: // too late, or in the order of the bulk
		return false
	case t.write < 0 || other.write < 0:
		return !t.work.End.After(other.work.Begin) // where a read and a write overlap, none has to wait
	case t.work.Writes[t.write].Ranked && other.work.Writes[other.write].Ranked:
		return t.outranked(other)
	default:
		return t.work.End.Before(other.work.End)
	}
}

// review finds out which uses of a document nothing goes before: the first write, or all reads up to it. They are the first ones, but for what was
// forced; so those from the place of a change on are looked at, and from through on only up to one that still has to wait.
func (o *Order) review(d *document, from, through int) {
	for i := from; i < len(d.touches); i++ {
		t := d.touches[i]
		free := t.work.forced || i == 0 || t.follows(d.touches[i-1])
		if free == t.clear {
			if !free && i > through {
				return
			}
			continue
		}
		t.clear = free
		if free {
			t.work.unclear--
		} else {
			t.work.unclear++
		}
		o.consider(t.work)
	}
}

// follows tells whether a use can go together with the one before it: both are reads, or of one request that is sent as a whole.
func (t *touch) follows(before *touch) bool {
	return before.clear && (t.write < 0 && before.write < 0 || t.work == before.work && !t.work.split)
}

// settle takes those whose time has come, in the order of their answers.
func (o *Order) settle() {
	for len(o.unsettled) > 0 && !o.unsettled[0].End.After(o.known) {
		w := heap.Pop(&o.unsettled).(*Work)
		o.settling++
		w.settled = o.settling
		w.waits--
		if w.Barrier == nil {
			for _, b := range o.barriers {
				if b.bars(w) {
					w.waits++
				}
			}
		} else {
			for other := range o.standing {
				if w.bars(other) {
					w.awaited++
				}
			}
			w.waits += w.awaited
			o.barriers = append(o.barriers, w)
		}
		o.standing[w] = struct{}{}
		o.consider(w)
	}
}

// bars tells whether a barrier is one for another request.
func (w *Work) bars(other *Work) bool {
	if other.Barrier != nil {
		return true // of what another barrier is one for is not looked at
	}
	return slices.ContainsFunc(other.Indices, w.Barrier)
}

// consider puts a work among the ready ones, or takes it away from there.
func (o *Order) consider(w *Work) {
	ready := w.free() && (w.unclear == 0 && !w.begun || w.split && w.more())
	switch {
	case ready && w.queued == 0:
		heap.Push(&o.ready, w)
	case !ready && w.queued > 0:
		heap.Remove(&o.ready, w.queued-1)
	}
}

// free tells whether it waits for nothing but documents.
func (w *Work) free() bool {
	return w.settled > 0 && (w.waits == 0 || w.loose) && (w.previous == nil || w.overtook)
}

// more tells whether there is something that can be sent now.
func (w *Work) more() bool {
	return slices.ContainsFunc(w.touches, func(t *touch) bool { return t.clear && !t.given })
}

// Peek is the request that is due first of those that can be sent now; nil is none.
func (o *Order) Peek() *Work {
	for stuck := true; stuck && len(o.ready) == 0 && o.inFlight == 0; {
		stuck = o.untie()
	}
	if len(o.ready) == 0 {
		return nil
	}
	return o.ready[0]
}

// often is after how many units a request that still waits is looked at.
const often = 1000

// Next hands out what Peek shows.
func (o *Order) Next() (Unit, bool) {
	w := o.Peek()
	if w == nil {
		return Unit{}, false
	}
	heap.Pop(&o.ready)
	u := Unit{Work: w, First: !w.begun}
	for _, t := range w.touches {
		if t.given || !t.clear {
			continue
		}
		t.given = true
		w.sent++
		u.given = append(u.given, t)
		if t.write >= 0 {
			u.Writes = append(u.Writes, t.write)
		}
	}
	u.Whole = u.First && w.sent == len(w.touches)
	w.begun = true
	o.inFlight++
	if o.moved++; o.moved >= often {
		o.moved = 0
		o.untie()
	}
	return u, true
}

// Done says that a unit was sent and answered, or given up.
func (o *Order) Done(u Unit) {
	o.inFlight--
	w := u.Work
	for _, t := range u.given {
		d := t.doc
		gone := slices.Index(d.touches, t)
		d.touches = slices.Delete(d.touches, gone, gone+1)
		w.left--
		if len(d.touches) == 0 {
			delete(o.documents, d.key)
			continue
		}
		o.review(d, 0, 0)
	}
	if u.First {
		w.left--
	}
	if w.left > 0 {
		o.consider(w)
		return
	}
	o.finish(w)
}

// finish lets go those who waited for a work that is done.
func (o *Order) finish(w *Work) {
	delete(o.standing, w)
	if w.previous != nil { // it went before it
		w.previous.next = w.next
	}
	if next := w.next; next != nil {
		next.previous = w.previous
		o.consider(next)
	} else if w.previous != nil {
		o.connections[w.Connection] = w.previous
	} else {
		delete(o.connections, w.Connection)
	}
	for _, b := range o.barriers {
		if b.settled > w.settled && b.awaited > 0 && b.bars(w) {
			b.awaited--
			b.waits--
			o.consider(b)
		}
	}
	if w.Barrier == nil {
		return
	}
	o.barriers = slices.DeleteFunc(o.barriers, func(b *Work) bool { return b == w })
	for other := range o.standing {
		if other.settled > w.settled && other.Barrier == nil && w.bars(other) {
			other.waits--
			o.consider(other)
		}
	}
}
