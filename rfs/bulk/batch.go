package bulk

import "bytes"

// Batch is the body of a bulk request: for each operation an action line and a source line. The zero
// value is empty and ready.
type Batch struct {
	// Conflict is what it means when an operation meets a document that is there already.
	Conflict Conflict
	// Suspect says that the operations were refused before: that the target turns down all of them is no wonder then.
	Suspect bool

	body []byte
	ends []int // where each operation ends in body
}

// Conflict says how an operation counts that the target answers with a version conflict (409).
type Conflict int

// The zero value is for operations that give no version, which cannot conflict.
const (
	ConflictRefused    Conflict = iota // as any other refusal
	ConflictSuperseded                 // a later write put a newer version there: the backfill shall not overwrite it
	ConflictWritten                    // the same was written before: op_type create, sent once more
)

// NewBatch returns an empty batch with room for size bytes.
func NewBatch(size int) *Batch { return &Batch{body: make([]byte, 0, size)} }

// Grow returns the body to append the next operation to. It is the batch's own memory: append to it and hand it
// back with [Batch.Add], or drop it.
func (b *Batch) Grow() []byte { return b.body }

// Add takes back what [Batch.Grow] gave, one operation longer.
func (b *Batch) Add(body []byte) {
	b.body = body
	b.ends = append(b.ends, len(body))
}

// Append adds the operations of other, which are of the same kind.
func (b *Batch) Append(other *Batch) {
	base := len(b.body)
	b.Conflict = other.Conflict
	b.body = append(b.body, other.body...)
	for _, end := range other.ends {
		b.ends = append(b.ends, base+end)
	}
}

// Len returns the number of operations.
func (b *Batch) Len() int { return len(b.ends) }

// Size returns the bytes of the body.
func (b *Batch) Size() int { return len(b.body) }

// Body returns the request's body, newline-delimited JSON. It is valid until the batch changes.
func (b *Batch) Body() []byte { return b.body }

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.body, b.ends, b.Conflict, b.Suspect = b.body[:0], b.ends[:0], ConflictRefused, false
}

// Operation returns the action line and the source line of operation i, without their line ends.
func (b *Batch) Operation(i int) (action, source []byte) {
	action, source, _ = bytes.Cut(b.operation(i), []byte{'\n'})
	return action, bytes.TrimSuffix(source, []byte{'\n'})
}

// operation returns both lines of operation i as they are sent.
func (b *Batch) operation(i int) []byte {
	begin := 0
	if i > 0 {
		begin = b.ends[i-1]
	}
	return b.body[begin:b.ends[i]]
}

// only returns the body of the operations of which, in their order: a part of the batch's own where they are neighbors.
func (b *Batch) only(which []int) []byte {
	if first, last := which[0], which[len(which)-1]; last-first+1 == len(which) {
		return b.body[b.ends[first]-len(b.operation(first)) : b.ends[last]]
	}
	size := 0
	for _, i := range which {
		size += len(b.operation(i))
	}
	body := make([]byte, 0, size)
	for _, i := range which {
		body = append(body, b.operation(i)...)
	}
	return body
}
