package kafkalog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/compress"
	"github.com/segmentio/kafka-go/compress/zstd"
	"github.com/segmentio/kafka-go/protocol"

	"migassist/capture"
)

// read decodes batches with kafka-go, which checks their sums.
func read(t *testing.T, encoded []byte) []kafka.Record {
	t.Helper()
	var set protocol.RecordSet
	if _, err := set.ReadFrom(bytes.NewReader(append(binary.BigEndian.AppendUint32(nil, uint32(len(encoded))), encoded...))); err != nil {
		t.Fatalf("decode: %v", err)
	}
	var records []kafka.Record
	for {
		r, err := set.Records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return records
		}
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, *r)
	}
}

func TestBatchIsWhatKafkaClientsRead(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	b, err := newBatcher()
	if err != nil {
		t.Fatal(err)
	}
	now := time.UnixMilli(1790000000123)
	for _, count := range []int{1, 2, 63, 64, 65, 300, 9000} {
		for _, noise := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d records, noise %v", count, noise), func(t *testing.T) {
				records, at := make([]capture.Record, 2*count), []int32{}
				for i := range records {
					value := bytes.Repeat([]byte("GET / HTTP/1.1\r\n"), random.IntN(20))
					for j := range value {
						if noise {
							value[j] = byte(random.Uint32())
						}
					}
					records[i] = capture.Record{Key: bytes.Repeat([]byte("k"), i%70), Value: value}
					if i%2 == 1 { // every second one is of this partition
						at = append(at, int32(i))
					}
				}
				room := batchHead
				for _, i := range at {
					room += size(records[i])
				}
				out := b.append([]byte("before"), records, at, now)
				if len(out)-len("before") > room {
					t.Errorf("a batch of %d bytes, not more than %d were foreseen", len(out)-len("before"), room)
				}
				if flags := binary.BigEndian.Uint16(out[len("before")+21:]); !noise && count > 1 && flags != attrZstd {
					t.Errorf("attributes %d, want zstd", flags)
				}
				got := read(t, out[len("before"):])
				if len(got) != len(at) {
					t.Fatalf("%d records, want %d", len(got), len(at))
				}
				for i, r := range got {
					key, _ := kafka.ReadAll(r.Key)
					value, _ := kafka.ReadAll(r.Value)
					want := records[at[i]]
					if !bytes.Equal(key, want.Key) || !bytes.Equal(value, want.Value) || r.Offset != int64(i) || !r.Time.Equal(now) {
						t.Fatalf("record %d: offset %d, time %s, key %q, %d bytes; want %q, %d bytes", i, r.Offset, r.Time, key, len(value), want.Key, len(want.Value))
					}
					if r.Value == nil {
						t.Fatalf("record %d: an empty value is written as a missing one, which deletes", i)
					}
				}
			})
		}
	}
}

// BenchmarkBatch is an append's own work: 256 records of 1.5 KB of HTTP, to one partition.
func BenchmarkBatch(b *testing.B) {
	records, total := traffic(256, 1500)
	at := make([]int32, len(records))
	for i := range at {
		at[i] = int32(i)
	}
	batcher, err := newBatcher()
	if err != nil {
		b.Fatal(err)
	}
	var out []byte
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		out = batcher.append(out[:0], records, at, time.Now())
	}
	b.ReportMetric(float64(total)/float64(len(out)), "ratio")
}

// traffic makes records of requests that differ, of about that size, and their bytes.
func traffic(count, bytes int) ([]capture.Record, int) {
	random := rand.New(rand.NewPCG(3, 4))
	records, total := make([]capture.Record, count), 0
	for i := range records {
		value := fmt.Appendf(nil, "POST /logs-%d/_bulk HTTP/1.1\r\nHost: source:9200\r\nContent-Type: application/x-ndjson\r\n\r\n", random.IntN(9))
		for len(value) < bytes {
			value = fmt.Appendf(value, `{"index":{"_id":"%016x"}}`+"\n"+`{"@timestamp":"2026-11-23T14:%02d:%02d.%03dZ","status":%d,"bytes":%d,"client":"10.%d.%d.%d","path":"/item/%d"}`+"\n",
				random.Uint64(), random.IntN(60), random.IntN(60), random.IntN(1000), 200+random.IntN(300), random.IntN(1<<20), random.IntN(256), random.IntN(256), random.IntN(256), random.IntN(1<<24))
		}
		records[i] = capture.Record{Key: fmt.Appendf(nil, "0242acfffe12000d-00000006-%016x", i%32), Value: value[:min(len(value), bytes)]}
		total += records[i].Size()
	}
	return records, total
}

// BenchmarkBatchOfTheLibrary is the same work by kafka-go's own encoder, at the level that is zstd's fastest, to compare with.
func BenchmarkBatchOfTheLibrary(b *testing.B) {
	records, total := traffic(256, 1500)
	compress.Codecs[compress.Zstd] = &zstd.Codec{Level: 1}
	var out bytes.Buffer
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		converted := make([]kafka.Record, len(records))
		for i, r := range records {
			converted[i] = kafka.Record{Key: kafka.NewBytes(r.Key), Value: kafka.NewBytes(r.Value)}
		}
		set := protocol.RecordSet{Version: 2, Attributes: protocol.Zstd, Records: kafka.NewRecordReader(converted...)}
		if _, err := set.WriteTo(&out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(total)/float64(out.Len()), "ratio")
}
