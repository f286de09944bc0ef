package capturetest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"migassist/capture"
)

// head is what every value of the suite begins with: its number within its key, and the sum of what follows.
const head = 8

// traffic makes records of keys, numbered per key from 1.
type traffic struct {
	random  *rand.Rand
	numbers map[string]uint32
	all     []capture.Record // in the order of making
}

func newTraffic(seed uint64) *traffic {
	return &traffic{random: rand.New(rand.NewPCG(seed, 0)), numbers: map[string]uint32{}} //nolint:gosec // the same in every run
}

// record makes the next one of a key, with a body of that many bytes, half of them random.
func (f *traffic) record(key string, body int) capture.Record {
	f.numbers[key]++
	value := make([]byte, head+body)
	for i := head; i < len(value); i += 2 {
		value[i] = byte(f.random.Uint32())
	}
	binary.BigEndian.PutUint32(value, f.numbers[key])
	binary.BigEndian.PutUint32(value[4:], crc32.ChecksumIEEE(value[head:]))
	r := capture.Record{Key: []byte(key), Value: value}
	f.all = append(f.all, r)
	return clone(r)
}

// batch makes some records of some of the keys, interleaved.
func (f *traffic) batch(count, keys, body int) []capture.Record {
	records := make([]capture.Record, count)
	for i := range records {
		records[i] = f.record(connection(f.random.IntN(keys)), f.random.IntN(body))
	}
	return records
}

// connection is a key as the proxy makes them.
func connection(i int) string { return fmt.Sprintf("0242acfffe12000d-00000006-%016x", i) }

// checkExact holds what was read against all that was made: each once, those of a key in their order.
func (f *traffic) checkExact(t *testing.T, read []capture.Record) {
	t.Helper()
	if len(read) != len(f.all) {
		t.Errorf("read %d records, %d were appended", len(read), len(f.all))
	}
	f.check(t, read, false)
}

// checkOnceDropped does so after a reader has dropped what is there twice, by key and number.
func (f *traffic) checkOnceDropped(t *testing.T, read []capture.Record) {
	t.Helper()
	f.check(t, read, true)
	if twice := len(read) - len(f.all); twice > 0 {
		t.Logf("%d of %d records were there twice", twice, len(f.all))
	}
}

func (f *traffic) check(t *testing.T, read []capture.Record, drop bool) {
	t.Helper()
	wanted := map[string][][]byte{}
	for _, r := range f.all {
		wanted[string(r.Key)] = append(wanted[string(r.Key)], r.Value)
	}
	seen := map[string]uint32{} // the highest number read of a key
	for i, r := range read {
		key := string(r.Key)
		number := readNumber(t, i, r)
		if drop && number <= seen[key] {
			if !bytes.Equal(r.Value, wanted[key][number-1]) {
				t.Fatalf("record %d, a second number %d of %s, is not what was appended", i, number, key)
			}
			continue
		}
		if number != seen[key]+1 {
			t.Fatalf("record %d is number %d of %s, after number %d", i, number, key, seen[key])
		}
		if int(number) > len(wanted[key]) || !bytes.Equal(r.Value, wanted[key][number-1]) {
			t.Fatalf("record %d, number %d of %s, is not what was appended", i, number, key)
		}
		seen[key] = number
	}
	for key, values := range wanted {
		if int(seen[key]) != len(values) {
			t.Errorf("of %s the records up to %d were read, %d were appended", key, seen[key], len(values))
		}
	}
}

// readNumber looks into a record.
func readNumber(t *testing.T, i int, r capture.Record) uint32 {
	t.Helper()
	if len(r.Value) < head {
		t.Fatalf("record %d of %q has %d bytes", i, r.Key, len(r.Value))
	}
	if got, want := crc32.ChecksumIEEE(r.Value[head:]), binary.BigEndian.Uint32(r.Value[4:]); got != want {
		t.Fatalf("record %d of %q is damaged: sum %08x, want %08x", i, r.Key, got, want)
	}
	return binary.BigEndian.Uint32(r.Value)
}

func clone(r capture.Record) capture.Record {
	return capture.Record{Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value)}
}
