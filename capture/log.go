package capture

import (
	"context"
	"time"
)

// Record is one TrafficStream as a log keeps it.
type Record struct {
	Key   []byte // the connection's id; records of one key keep their order
	Value []byte // the TrafficStream
}

// Size is what the record weighs in queues: bytes of key and value.
func (r Record) Size() int { return len(r.Key) + len(r.Value) }

// Appender puts records at the end of a log. One goroutine at a time uses it.
type Appender interface {
	// Append hands records to the log, in their order. When it returns nil, they outlive this process, and every reader will see those of
	// one key in the order of all calls. After an error any of them may be in the log or not: the caller appends all of them again, before
	// anything else, and readers drop what is there twice by its connection and number; only where the error wraps [ErrRefused] does that
	// never help. It keeps no reference to the records.
	Append(ctx context.Context, records []Record) error

	// Sync returns nil when all that was appended outlives the machine, as far as the log can see to it.
	Sync(ctx context.Context) error

	// Close gives up what the process holds of the log. It does not sync.
	Close() error
}

// Entry is a record with its place in a log.
type Entry struct {
	Record
	Position Position
	Time     time.Time // when the log took it; zero where the log does not know
}

// Position is where in a log a record stands: of entries with the same Part, a later one has a higher Offset.
type Position struct {
	Part   string // a partition, or a folder of segments; the order of records across parts is not known
	Offset int64
}

// Source reads a log from its begin, each part in its order. One goroutine at a time uses it.
type Source interface {
	// Next returns the next entry, which is valid until the next call. At the end of the log, as it was when the source was opened or
	// later, the error is io.EOF; a source that follows a log which is still written waits instead, until ctx ends. An error that wraps
	// [ErrDamaged] tells of records that can't be read; the next call goes on behind them.
	Next(ctx context.Context) (Entry, error)

	// Close gives up what the process holds of the log.
	Close() error
}
