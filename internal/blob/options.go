package blob

import (
	"cmp"
	"time"

	"migassist/internal/blob/object"
	"migassist/internal/retry"
)

// Options say how to reach far stores; a folder needs none of them. The zero value asks the machine for credentials.
type Options struct {
	S3    object.S3Options
	GCS   object.GCSOptions
	Azure object.AzureOptions

	// ReadAhead is the memory, in bytes, for what was fetched from a far store and not read yet. Default
	// [DefaultReadAhead]. A quarter more goes to small pieces that are read again.
	ReadAhead int64
	// Stall is how long a request may bring no byte before it is given up and repeated. Default 30 s.
	Stall time.Duration
	// Retry says how often in a row a request may fail without bringing anything. Default 10 times, which takes about a minute.
	Retry retry.Policy
	// Retrying is told of each repetition, if it is there.
	Retrying func(Retry)
}

func (o Options) withDefaults() Options {
	o.ReadAhead = cmp.Or(o.ReadAhead, DefaultReadAhead)
	o.Stall = cmp.Or(o.Stall, stallTime)
	o.Retry.Attempts = cmp.Or(o.Retry.Attempts, attempts)
	o.Retry.First = cmp.Or(o.Retry.First, firstPause)
	o.Retry.Ceiling = cmp.Or(o.Retry.Ceiling, longestPause)
	return o
}
