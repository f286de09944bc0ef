package capture

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Assembler joins streams into exchanges. Streams of one connection come in their order, those of different connections mixed in any way.
// Not safe for use by several goroutines at once.
type Assembler struct {
	// Exchange gets each exchange when its answer is whole, or when none is to come. It may keep it.
	Exchange func(*Exchange)
	// Fault gets what is wrong, and what was left out.
	Fault func(Fault)

	connections map[string]*connection
	// ended are connections that ended not long ago, in two generations: their streams may still come again.
	ended, endedBefore map[string]bool
}

// remembered are the ended connections of a generation.
const remembered = 1 << 16

// close forgets a connection, but for its name.
func (a *Assembler) close(id string) {
	delete(a.connections, id)
	if len(a.ended) >= remembered || a.ended == nil {
		a.ended, a.endedBefore = map[string]bool{}, a.ended
	}
	a.ended[id] = true
}

// Add takes the next stream. It copies what it keeps of it.
func (a *Assembler) Add(s *Stream) {
	if s.Gap != nil && (a.ended[s.Connection] || a.endedBefore[s.Connection]) {
		a.Fault(Fault{Kind: Repeated, Connection: s.Connection, Node: s.Node, Number: s.Number})
		return
	}
	if s.Gap != nil {
		a.close(s.Connection)
		a.Fault(Fault{Kind: GapMarked, Connection: s.Connection, Node: s.Node, Number: s.Number, Gap: s.Gap, What: fmt.Sprintf("%d records lost between %s and %s: %s",
			s.Gap.Records, s.Gap.From.Format(time.RFC3339Nano), s.Gap.To.Format(time.RFC3339Nano), s.Gap.Reason)})
		return
	}
	if a.connections == nil {
		a.connections = map[string]*connection{}
	}
	c := a.connections[s.Connection]
	if c == nil && (a.ended[s.Connection] || a.endedBefore[s.Connection]) {
		a.Fault(Fault{Kind: Repeated, Connection: s.Connection, Node: s.Node, Number: s.Number})
		return
	}
	if c == nil {
		c = &connection{id: Identity{s.Connection, s.Node}, to: a, synced: s.Number <= 1 || !s.UnterminatedRead, awaitRead: s.Number > 1}
		a.connections[s.Connection] = c
		if s.Number > 1 {
			c.fault(Missing, s.Number, fmt.Sprintf("it begins with number %d", s.Number))
			c.index = s.PriorRequests
		}
	} else if s.Number <= c.number {
		c.fault(Repeated, s.Number, "")
		return
	} else if s.Number > c.number+1 {
		c.fault(Missing, s.Number, fmt.Sprintf("%d to %d are missing", c.number+1, s.Number-1))
		c.lose(s)
	}
	c.add(s)
	if s.Last {
		c.settle(s.Number)
		a.close(s.Connection)
	}
}

// Expire gives up connections of which nothing was seen since that time, as the observations tell it.
func (a *Assembler) Expire(before time.Time) {
	for _, id := range slices.Sorted(maps.Keys(a.connections)) {
		if c := a.connections[id]; c.last.Before(before) {
			c.settle(c.number)
			a.close(id)
		}
	}
}

// End gives up all connections: nothing is to come.
func (a *Assembler) End() { a.Expire(time.Unix(1<<40, 0)) }

// Open are the connections whose end was not seen.
func (a *Assembler) Open() int { return len(a.connections) }
