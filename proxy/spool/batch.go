package spool

import (
	"errors"
	"time"

	"migassist/capture"
)

// ErrLost says that neither the log nor the spill took a record.
var ErrLost = errors.New("the capture takes nothing")

// batch is records that are handed to the log together.
type batch struct {
	arena    []byte // keys and values, one after the other
	ends     []int  // of each key and each value
	requests int    // records that hold a part of a request that changes something
	waiting  int    // of those who wait for it
	born     time.Time
	fate     *fate // for those who wait; nil while nobody does
}

// fate is what becomes of a batch. It outlives the batch, whose memory is used again.
type fate struct {
	done chan struct{} // closed when err is set
	err  error
}

// mostKept is the memory of a batch that is kept for another one.
const mostKept = 1 << 20

func (b *batch) reset(now time.Time) { *b = batch{arena: b.arena[:0], ends: b.ends[:0], born: now} }

func (b *batch) add(r capture.Record) {
	b.arena = append(b.arena, r.Key...)
	b.ends = append(b.ends, len(b.arena))
	b.arena = append(b.arena, r.Value...)
	b.ends = append(b.ends, len(b.arena))
}

// records gives the records of the batch, appended to list.
func (b *batch) records(list []capture.Record) []capture.Record {
	at := 0
	for i := 0; i < len(b.ends); i += 2 {
		key, value := b.ends[i], b.ends[i+1]
		list = append(list, capture.Record{Key: b.arena[at:key], Value: b.arena[key:value]})
		at = value
	}
	return list
}

// Ticket is what one gets for a record, to wait with. The zero value is that of a record that one does not wait for.
type Ticket struct{ fate *fate }

// Wait returns nil when the record is durable, or [ErrLost].
func (t Ticket) Wait() error {
	if t.fate == nil {
		return nil
	}
	<-t.fate.done
	return t.fate.err
}
