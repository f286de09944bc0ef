//go:build e2e

package kafkalog

import (
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"migassist/capture"
	"migassist/internal/testcluster"
)

func TestJavaAndWeReadEachOtherAndAgreeOnPartitions(t *testing.T) {
	k := startKafka(t, testcluster.KafkaSpec{})
	const count, partitions = 5000, 7
	for _, compression := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		o := Options{Brokers: []string{k.Addr}, Topic: "java-" + compression, Create: &Creation{Partitions: partitions}}
		a := openAppender(t, o)
		var records []capture.Record
		want := map[string]string{} // what Java should print of our records, without the offset
		for i := range count {
			r := capture.Record{Key: fmt.Appendf(nil, "connection-%d", i), Value: []byte(strings.Repeat("go ", i%3000))}
			records = append(records, r)
			want[string(r.Key)] = fmt.Sprintf("%d %d %d", partition(r.Key, partitions), crc32.ChecksumIEEE(r.Value), len(r.Value))
		}
		if err := a.Append(t.Context(), records); err != nil {
			t.Fatal(err)
		}
		_ = a.Close()
		out, err := k.Java(t.Context(), "testdata/Producer.java", k.Addr, o.Topic, fmt.Sprint(count), compression)
		if err != nil {
			t.Fatal(err)
		}
		placed := map[string]int{} // by Java
		for line := range strings.Lines(string(out)) {
			var p, offset, sum, length int
			var key string
			if _, err := fmt.Sscan(line, &p, &offset, &key, &sum, &length); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			got := fmt.Sprintf("%d %d %d", p, sum, length)
			if _, ours := want[key]; ours && got == want[key] {
				delete(want, key)
				continue
			}
			placed[key] = p
		}
		if len(want) != 0 || len(placed) != count {
			t.Errorf("%s: Java read %d of our %d records as they were, and %d of its own", compression, count-len(want), count, len(placed))
		}
		for key, p := range placed {
			if ours := partition([]byte(key), partitions); ours != p {
				t.Fatalf("%s: Java puts %s into partition %d, we into %d", compression, key, p, ours)
			}
		}
		theirs := 0
		for _, e := range readAll(t, o, Reading{}) {
			if i, java := strings.CutPrefix(string(e.Value), "java "); java {
				if string(e.Key) != "connection-"+i {
					t.Fatalf("%s: %s has the value %s", compression, e.Key, e.Value)
				}
				theirs++
			}
		}
		if theirs != count {
			t.Errorf("%s: we read %d of Java's %d records", compression, theirs, count)
		}
	}
}
