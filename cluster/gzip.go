package cluster

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// worthCompressing is the size below which gzip saves no packet.
const worthCompressing = 1400

// compressor compresses request bodies at the fastest level, with writers and buffers that are used
// again. Its zero value is ready.
type compressor struct {
	writers sync.Pool
	buffers sync.Pool
}

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
