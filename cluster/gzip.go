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
	buffer, ok := c.buffers.Get().(*bytes.Buffer)
	if !ok {
		buffer = new(bytes.Buffer)
	}
	buffer.Reset()
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

// recycle takes back a buffer that nothing reads any more.
func (c *compressor) recycle(buffer *bytes.Buffer) { c.buffers.Put(buffer) }
