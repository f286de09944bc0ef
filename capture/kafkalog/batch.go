package kafkalog

import (
	"encoding/binary"
	"hash/crc32"
	"time"

	"github.com/klauspost/compress/zstd"

	"migassist/capture"
)

// The record batch, version 2 of the message format (https://kafka.apache.org/documentation/#recordbatch). Numbers are big-endian; those of
// records are zigzag varints. The sum is CRC-32C of all behind it.
//
//	┌ 0 base offset 8 ┬ 8 length of what follows 4 ┬ 12 leader epoch 4 ┬ 16 magic 1 ┬ 17 sum 4 ┬ 21 attributes 2 ┬ 23 last offset delta 4 ┐
//	├ 27 first time 8 ┬ 35 last time 8 ┬ 43 producer 8 ┬ 51 its epoch 2 ┬ 53 sequence 4 ┬ 57 count 4 ┬ 61 records, compressed together ────┤
//	└ record: length · attributes 1 · time delta · offset delta · key length · key · value length · value · number of headers ──────────────┘
const (
	batchHead  = 61
	recordHead = 1 + 1 + 1 + 5 + 5 + 5 + 1 // at most, without the length: attributes, times, offset, key, value, headers
	recordRoom = recordHead + 5
	attrZstd   = 4
)

// batcher writes batches. It reuses its memory.
type batcher struct {
	encoder *zstd.Encoder
	records []byte // of one batch, not yet compressed
	table   *crc32.Table
}

func newBatcher() (*batcher, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false),
		zstd.WithLowerEncoderMem(true)) // as fast for batches of this size
	if err != nil {
		return nil, err
	}
	return &batcher{encoder: encoder, table: crc32.MakeTable(crc32.Castagnoli)}, nil
}

// size is what a record takes in a batch at most.
func size(r capture.Record) int { return r.Size() + recordRoom }

// append writes one batch of the records behind dst.
func (b *batcher) append(dst []byte, records []capture.Record, at []int32, now time.Time) []byte {
	b.records = b.records[:0]
	for delta, i := range at {
		b.records = appendRecord(b.records, records[i], delta)
	}
	begin, millis := len(dst), uint64(now.UnixMilli())
	dst = append(dst, make([]byte, batchHead)...)
	attributes := uint16(attrZstd)
	dst = b.encoder.EncodeAll(b.records, dst)
	if len(dst)-begin-batchHead >= len(b.records) { // it did not compress
		attributes = 0
		dst = append(dst[:begin+batchHead], b.records...)
	}
	head, big := dst[begin:], binary.BigEndian
	big.PutUint32(head[8:], uint32(len(head)-12))
	big.PutUint32(head[12:], ^uint32(0)) // the leader knows
	head[16] = 2
	big.PutUint16(head[21:], attributes)
	big.PutUint32(head[23:], uint32(len(at)-1))
	big.PutUint64(head[27:], millis)
	big.PutUint64(head[35:], millis)
	big.PutUint64(head[43:], ^uint64(0)) // no producer id: what is there twice is dropped by readers
	big.PutUint16(head[51:], ^uint16(0))
	big.PutUint32(head[53:], ^uint32(0))
	big.PutUint32(head[57:], uint32(len(at)))
	big.PutUint32(head[17:], crc32.Checksum(head[21:], b.table))
	return dst
}

// appendRecord writes one record. An empty key or value is written as empty, not as missing: a missing value would mean that the key is
// deleted.
func appendRecord(dst []byte, r capture.Record, offsetDelta int) []byte {
	length := 1 + 1 + varintLen(offsetDelta) + varintLen(len(r.Key)) + len(r.Key) + varintLen(len(r.Value)) + len(r.Value) + 1
	dst = binary.AppendVarint(dst, int64(length))
	dst = append(dst, 0, 0) // no attributes; the time of the batch
	dst = binary.AppendVarint(dst, int64(offsetDelta))
	dst = binary.AppendVarint(dst, int64(len(r.Key)))
	dst = append(dst, r.Key...)
	dst = binary.AppendVarint(dst, int64(len(r.Value)))
	dst = append(dst, r.Value...)
	return append(dst, 0) // no headers
}

// varintLen is the length of a number that is not negative as a zigzag varint.
func varintLen(n int) int {
	length := 1
	for n >>= 6; n > 0; n >>= 7 {
		length++
	}
	return length
}
