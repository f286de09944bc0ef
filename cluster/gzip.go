package cluster

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// worthCompressing is the size below which gzip saves no packet.
const worthCompressing = 1400

// encoding is what is known of a server's taking compressed bodies.
type encoding int32

const (
	off encoding = iota // bodies are sent as they are
	untried
	proven
)

// compressor compresses request bodies at the fastest level, with writers and buffers that are used
// again. Its zero value is ready, and off.
type compressor struct {
	known   atomic.Int32
	writers sync.Pool
	buffers sync.Pool
}

func (c *compressor) use() encoding { return encoding(c.known.Load()) }

func (c *compressor) set(e encoding) { c.known.Store(int32(e)) }

// compress returns the body as gzip, in a buffer to be given back with recycle.
func (c *compressor) compress(body []byte) (*bytes.Buffer, error) {
	buffer := c.buffer(len(body))
	writer, ok := c.writers.Get().(*gzip.Writer)
	if !ok {
		var err error
		if writer, err = gzip.NewWriterLevel(buffer, gzip.BestSpeed); err != nil {
			return nil, err
		}
	}
	defer c.writers.Put(writer)
	writer.Reset(buffer)
	if _, err := writer.Write(body); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return buffer, nil
}

// giant is the size of a body, in bytes, for which a buffer of its own is made, as large as it can become: growing by
// doubling takes three times that.
const giant = 16 << 20

// buffer returns an empty buffer for a body of n bytes.
func (c *compressor) buffer(n int) *bytes.Buffer {
	if n > giant {
		return bytes.NewBuffer(make([]byte, 0, n+n/storedShare+slack))
	}
	buffer, ok := c.buffers.Get().(*bytes.Buffer)
	if !ok {
		return new(bytes.Buffer)
	}
	buffer.Reset()
	return buffer
}

// What does not compress grows by one byte in so many, and by what begins and ends it.
const (
	storedShare = 1 << 10
	slack       = 1 << 10
)

// recycle takes back a buffer that nothing reads any more. Those of giants are not kept.
func (c *compressor) recycle(buffer *bytes.Buffer) {
	if buffer.Cap() <= giant {
		c.buffers.Put(buffer)
	}
}
