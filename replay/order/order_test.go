package order

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func at(ms int) time.Time { return time.Unix(0, int64(ms)*1e6) }

func write(id string, seq int64) Write {
	return Write{Doc: Doc{Index: "i", ID: id}, Ranked: seq >= 0, Seq: seq}
}

// drain hands out all there is, one after the other, and names them by their connections.
func drain(o *Order) (names []string) {
	for {
		u, ok := o.Next()
		if !ok {
			return names
		}
		name := u.Connection
		if !u.Whole {
			name += fmt.Sprint(u.Writes)
		}
		names = append(names, name)
		o.Done(u)
	}
}

func TestOrders(t *testing.T) {
	all := func(string) bool { return true }
	for name, c := range map[string]struct {
		works []*Work
		want  string
	}{
		"by rank, whatever the times": {[]*Work{
			{Connection: "a", Begin: at(1), End: at(9), Writes: []Write{write("1", 5)}},
			{Connection: "b", Begin: at(2), End: at(8), Writes: []Write{write("1", 4)}},
		}, "[b a]"},
		"by time without ranks": {[]*Work{
			{Connection: "a", Begin: at(1), End: at(9), Writes: []Write{write("1", -1)}},
			{Connection: "b", Begin: at(2), End: at(8), Writes: []Write{write("1", -1)}},
		}, "[b a]"},
		"a connection": {[]*Work{
			{Connection: "a", Begin: at(1), End: at(9), Writes: []Write{write("1", 5)}},
			{Connection: "b", Begin: at(2), End: at(30), Writes: []Write{write("1", 4)}},
			{Connection: "a", Begin: at(10), End: at(12), Writes: []Write{write("2", 6)}},
		}, "[b a a]"},
		"a barrier": {[]*Work{
			{Connection: "a", Begin: at(1), End: at(9), Indices: []string{"i"}, Writes: []Write{write("1", 5)}},
			{Connection: "b", Begin: at(3), End: at(20), Barrier: all},
			{Connection: "c", Begin: at(2), End: at(30), Indices: []string{"i"}, Writes: []Write{write("2", 6)}},
		}, "[a b c]"},
		"reads between writes": {[]*Work{
			{Connection: "w", Begin: at(1), End: at(2), Writes: []Write{write("1", 5)}},
			{Connection: "v", Begin: at(5), End: at(6), Writes: []Write{write("1", 6)}},
			{Connection: "r", Begin: at(3), End: at(4), Reads: []Doc{{Index: "i", ID: "1"}}},
		}, "[w r v]"},
		"bulks that were carried out together": {[]*Work{
			{Connection: "x", Begin: at(1), End: at(9), Divisible: true, Writes: []Write{write("1", 5), write("2", 8)}},
			{Connection: "y", Begin: at(2), End: at(8), Divisible: true, Writes: []Write{write("1", 6), write("2", 7)}},
		}, "[y[1] x y[0]]"},
		"one document twice in a bulk": {[]*Work{
			{Connection: "x", Begin: at(1), End: at(9), Divisible: true, Writes: []Write{write("1", 5), write("1", 7)}},
			{Connection: "y", Begin: at(2), End: at(8), Writes: []Write{write("1", 6)}},
		}, "[x[0] y x[1]]"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				o := New()
				for _, w := range c.works {
					fresh := &Work{Connection: w.Connection, Begin: w.Begin, End: w.End, Writes: w.Writes, Reads: w.Reads, Indices: w.Indices, Barrier: w.Barrier, Divisible: w.Divisible}
					o.Add(fresh)
				}
				if early := drain(o); len(early) > 0 {
					t.Fatalf("%v go before it is known what else there is", early)
				}
				o.Advance(at(100))
				if got := fmt.Sprint(drain(o)); got != c.want {
					t.Fatalf("%s, want %s", got, c.want)
				}
				if o.Len() != 0 || len(o.documents) != 0 || len(o.connections) != 0 {
					t.Fatalf("%d are left", o.Len())
				}
			}
		})
	}
}

// history is a source that carries out what many clients ask of it at the same time.
type history struct {
	works []*Work
	seq   int64
}

// newHistory makes one: each client waits for its answers; the writes of a bulk are carried out one by one, between those of others.
func newHistory(random *rand.Rand, clients, requests int) *history {
	h := &history{}
	type step struct {
		at    int
		work  *Work
		write int
	}
	var steps []step
	for client := range clients {
		now := random.IntN(20)
		for range requests {
			begin := now + random.IntN(10)
			end := begin + 1 + random.IntN(40)
			w := &Work{Connection: fmt.Sprint(client), Begin: at(begin), End: at(end), Divisible: true}
			switch random.IntN(12) {
			case 0:
				index := fmt.Sprint("i", random.IntN(2))
				w.Barrier = func(name string) bool { return name == index }
			case 1, 2:
				w.Reads = []Doc{{Index: "i0", ID: fmt.Sprint(random.IntN(4))}}
			default:
				for range 1 + random.IntN(4)*random.IntN(2) {
					w.Writes = append(w.Writes, Write{Doc: Doc{Index: fmt.Sprint("i", random.IntN(2)), ID: fmt.Sprint(random.IntN(4))}})
				}
				times := make([]int, len(w.Writes))
				for i := range times {
					times[i] = 1000*begin + random.IntN(1000*(end-begin))
				}
				slices.Sort(times)
				for i, at := range times {
					w.Indices = append(w.Indices, w.Writes[i].Index)
					steps = append(steps, step{at, w, i})
				}
			}
			h.works = append(h.works, w)
			now = end
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.at - b.at })
	for _, s := range steps {
		h.seq++
		s.work.Writes[s.write].Seq, s.work.Writes[s.write].Ranked = h.seq, true
	}
	slices.SortStableFunc(h.works, func(a, b *Work) int { return a.End.Compare(b.End) }) // as they become whole
	return h
}

// Whatever many clients did at the same time: each document gets its writes in the order of the source, one after the other, nobody is forgotten,
// and the requests of a connection stay in order.
func TestDocumentsAreWrittenInTheOrderOfTheSource(t *testing.T) {
	for range 300 {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 1))
		h := newHistory(random, 2+random.IntN(8), 1+random.IntN(30))
		o := New()
		v := newVerifier(t, seed)
		next, flying := 0, []Unit(nil)
		for next < len(h.works) || o.Len() > 0 {
			if next < len(h.works) && random.IntN(2) == 0 {
				o.Add(h.works[next])
				next++
				o.Advance(known(h.works[next:]))
			}
			if u, ok := o.Next(); ok && len(flying) < 6 {
				v.begun(u)
				flying = append(flying, u)
			} else if ok {
				v.begun(u)
				v.done(u)
				o.Done(u)
			} else if len(flying) == 0 && next == len(h.works) {
				t.Fatalf("seed %d: %d requests wait for ever", seed, o.Len())
			}
			if len(flying) > 0 && random.IntN(3) > 0 {
				i := random.IntN(len(flying))
				v.done(flying[i])
				o.Done(flying[i])
				flying = slices.Delete(flying, i, i+1)
			}
		}
		v.complete(h)
		if len(o.documents)+len(o.connections)+len(o.barriers) > 0 || o.Late() > 0 {
			t.Fatalf("seed %d: something is left; %d late", seed, o.Late())
		}
	}
}

// known is the time before which nothing begins any more.
func known(left []*Work) time.Time {
	first := at(1 << 30)
	for _, w := range left {
		if w.Begin.Before(first) {
			first = w.Begin
		}
	}
	return first
}

// verifier is a target that notices what should not be.
type verifier struct {
	t       *testing.T
	seed    uint64
	ranks   map[Doc]int64
	writing map[Doc]bool
	written map[*Work]int
	open    map[string]int
	last    map[string]time.Time
	loose   int
}

func newVerifier(t *testing.T, seed uint64) *verifier {
	return &verifier{t: t, seed: seed, ranks: map[Doc]int64{}, writing: map[Doc]bool{}, written: map[*Work]int{}, open: map[string]int{}, last: map[string]time.Time{}}
}

func (v *verifier) begun(u Unit) {
	v.t.Helper()
	busy := map[Doc]bool{}
	for _, i := range u.Writes {
		w := u.Work.Writes[i]
		if v.writing[w.Doc] && !busy[w.Doc] || v.ranks[w.Doc] >= w.Seq {
			v.t.Fatalf("seed %d: %v with %d after %d, written at the same time: %v", v.seed, w.Doc, w.Seq, v.ranks[w.Doc], v.writing[w.Doc])
		}
		busy[w.Doc], v.writing[w.Doc], v.ranks[w.Doc] = true, true, w.Seq
		v.written[u.Work]++
	}
	if u.First {
		if v.last[u.Connection].After(u.Begin) {
			v.loose++
		}
		v.last[u.Connection] = u.Begin
		if len(u.Work.Writes) == 0 {
			v.written[u.Work]++
		}
	}
}

func (v *verifier) done(u Unit) {
	for _, i := range u.Writes {
		delete(v.writing, u.Work.Writes[i].Doc)
	}
}

func (v *verifier) complete(h *history) {
	v.t.Helper()
	for _, w := range h.works {
		if v.written[w] != max(1, len(w.Writes)) {
			v.t.Fatalf("seed %d: of %d writes %d were handed out", v.seed, len(w.Writes), v.written[w])
		}
	}
	if v.loose > 0 {
		v.t.Fatalf("seed %d: %d requests overtook others of their connections", v.seed, v.loose)
	}
}

// One document that everybody writes does not make it slow.
func TestAHotDocument(t *testing.T) {
	const size = 20_000
	o := New()
	for n := range size {
		o.Add(&Work{Connection: fmt.Sprint(n), Begin: at(n), End: at(n + 10), Writes: []Write{write("1", int64(n^1))}})
	}
	o.Advance(at(size * 2))
	began := time.Now()
	for n := range size {
		u, ok := o.Next()
		if !ok || u.Work.Writes[0].Seq != int64(n) {
			t.Fatalf("%d: %v %v", n, ok, u.Work)
		}
		o.Done(u)
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("it took %s", d)
	}
}

func BenchmarkOrder(b *testing.B) {
	o := New()
	var works []*Work
	for n := range b.N {
		works = append(works, &Work{
			Connection: fmt.Sprint(n % 64), Begin: at(n), End: at(n + 10), Indices: []string{"i"}, Writes: []Write{write(fmt.Sprint(n%1000), int64(n))},
		})
	}
	b.ReportAllocs()
	b.ResetTimer()
	for n, w := range works {
		o.Add(w)
		o.Advance(at(n))
		for {
			u, ok := o.Next()
			if !ok {
				break
			}
			o.Done(u)
		}
	}
}
