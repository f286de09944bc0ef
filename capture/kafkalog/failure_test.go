//go:build e2e

package kafkalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"migassist/capture"
	"migassist/internal/testcluster"
)

func TestABrokerThatHangsIsNotWaitedForBeyondTheContext(t *testing.T) {
	k := startKafka(t, testcluster.KafkaSpec{})
	o := Options{Brokers: []string{k.Addr}, Create: &Creation{Partitions: 3}, Timeout: 3 * time.Second}
	a := openAppender(t, o)
	defer a.Close()
	records, _ := traffic(100, 500)
	if err := a.Append(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	if err := k.Freeze(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		call func(ctx context.Context) error
		max  time.Duration
		ctx  time.Duration
	}{
		{"append, by the context", func(ctx context.Context) error { return a.Append(ctx, records) }, 800 * time.Millisecond, 300 * time.Millisecond},
		{"append again", func(ctx context.Context) error { return a.Append(ctx, records) }, 800 * time.Millisecond, 300 * time.Millisecond},
		{"append, by the time-out", func(ctx context.Context) error { return a.Append(ctx, records) }, 4 * time.Second, time.Minute},
		{"open", func(ctx context.Context) error { _, err := OpenAppender(ctx, o); return err }, 7 * time.Second, time.Minute},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), c.ctx)
		begun := time.Now()
		err := c.call(ctx)
		cancel()
		if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) && c.name != "open" || err == nil || took > c.max {
			t.Errorf("%s: %v after %s, want the end of the time within %s", c.name, err, took, c.max)
		}
		t.Logf("%s: %v (%s)", c.name, err, time.Since(begun))
	}
	if err := k.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := a.Append(t.Context(), records); err != nil {
		t.Errorf("append after the broker goes on: %v", err)
	}
	// 100 before, 100 after, and 100 for each of the three that were given up, which the broker may have found in its sockets.
	if got := len(readAll(t, o, Reading{})); got < 200 || got > 500 {
		t.Errorf("%d records", got)
	}
}

func TestABrokerThatWasStartedAgainIsNotNoticed(t *testing.T) {
	k := startKafka(t, testcluster.KafkaSpec{})
	o := Options{Brokers: []string{k.Addr}, Create: &Creation{Partitions: 2}}
	a := openAppender(t, o)
	defer a.Close()
	s := openSource(t, o, Reading{Follow: true})
	records, _ := traffic(10, 100)
	for range 3 {
		if err := a.Append(t.Context(), records); err != nil {
			t.Fatalf("append, with connections from before: %v", err)
		}
		for i := range records {
			if _, err := s.Next(t.Context()); err != nil {
				t.Fatalf("follow, record %d: %v", i, err)
			}
		}
		if err := k.Halt(); err != nil {
			t.Fatal(err)
		}
		if err := k.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenAppender(t.Context(), o); err != nil { // it is ready
			t.Fatal(err)
		}
	}
	if got := len(readAll(t, o, Reading{})); got != 30 {
		t.Errorf("%d records, want 30", got)
	}
}

func TestRecordsAreHeldAgainstTheTopicsLimit(t *testing.T) {
	k := startKafka(t, testcluster.KafkaSpec{MaxMessageBytes: 50_000})
	o := Options{Brokers: []string{k.Addr}, Create: &Creation{Partitions: 1}}
	a := openAppender(t, o)
	defer a.Close()
	if limit := a.MaxRecord(); limit > 50_000 || limit < 49_800 {
		t.Fatalf("records may have %d bytes where batches have 50,000", limit)
	}
	noise := func(size int) capture.Record {
		value := make([]byte, size)
		for i := range value {
			value[i] = byte(rand.Uint32())
		}
		return capture.Record{Value: value}
	}
	var large *TooLargeError
	if err := a.Append(t.Context(), []capture.Record{noise(10), noise(a.MaxRecord() + 1)}); !errors.As(err, &large) {
		t.Errorf("a record that is too large: %v", err)
	}
	var batch []capture.Record
	for range 40 { // as large as can be, and some small ones in between: many batches, in order
		batch = append(batch, noise(a.MaxRecord()), noise(10), noise(20_000))
	}
	if err := a.Append(t.Context(), batch); err != nil {
		t.Fatalf("records that just fit: %v", err)
	}
	got := readAll(t, o, Reading{})
	if len(got) != len(batch) {
		t.Fatalf("%d records, want %d", len(got), len(batch))
	}
	for i, e := range got {
		if string(e.Value) != string(batch[i].Value) {
			t.Fatalf("record %d is not what was appended at its place", i)
		}
	}
}

func TestALimitThatShrankIsNamed(t *testing.T) {
	k := startKafka(t, testcluster.KafkaSpec{})
	o := Options{Brokers: []string{k.Addr}, Create: &Creation{Partitions: 1}}
	a := openAppender(t, o)
	defer a.Close()
	client := &kafka.Client{Addr: kafka.TCP(k.Open), Transport: &kafka.Transport{}}
	if _, err := client.IncrementalAlterConfigs(t.Context(), &kafka.IncrementalAlterConfigsRequest{Resources: []kafka.IncrementalAlterConfigsRequestResource{{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: DefaultTopic,
		Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: "max.message.bytes", Value: "2000", ConfigOperation: kafka.ConfigOperationSet}},
	}}}); err != nil {
		t.Fatal(err)
	}
	<-time.After(time.Second)
	value := make([]byte, 20_000)
	for i := range value {
		value[i] = byte(rand.Uint32())
	}
	err := a.Append(t.Context(), []capture.Record{{Value: value}})
	if !errors.Is(err, kafka.MessageSizeTooLarge) || !strings.Contains(err.Error(), "1048588") {
		t.Errorf("error: %v", err)
	}
}

func TestDamageOnTheBrokersDiskIsToldAndPassed(t *testing.T) {
	k := startKafka(t, testcluster.KafkaSpec{})
	o := Options{Brokers: []string{k.Addr}, Create: &Creation{Partitions: 1}}
	a := openAppender(t, o)
	for i := range 50 { // ten records a batch
		records := make([]capture.Record, 10)
		for j := range records {
			records[j] = capture.Record{Key: []byte("k"), Value: fmt.Appendf(nil, "%d", i*10+j)}
		}
		if err := a.Append(t.Context(), records); err != nil {
			t.Fatal(err)
		}
	}
	_ = a.Close()
	if err := k.Halt(); err != nil {
		t.Fatal(err)
	}
	segment := filepath.Join(k.DataDir(), DefaultTopic+"-0", "00000000000000000000.log")
	content, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 0x10
	if err := os.WriteFile(segment, content, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := k.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := openSource(t, o, Reading{})
	var read, damaged int
	last := int64(-1)
	for {
		e, err := s.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, capture.ErrDamaged) {
			damaged++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if string(e.Value) != fmt.Sprint(e.Position.Offset) || e.Position.Offset <= last {
			t.Fatalf("offset %d has %s, after offset %d", e.Position.Offset, e.Value, last)
		}
		last = e.Position.Offset
		read++
	}
	if read != 490 || damaged == 0 || last != 499 {
		t.Errorf("read %d records up to offset %d, told of damage %d times; one batch of ten is damaged of 500 records", read, last, damaged)
	}
	t.Logf("told of damage %d times", damaged)
}

func TestWhatRetentionDeletedIsPassedOrTold(t *testing.T) {
	k := startKafka(t, testcluster.KafkaSpec{Settings: map[string]string{
		"log.retention.check.interval.ms": "300", "log.initial.task.delay.ms": "300", "log.segment.delete.delay.ms": "0",
		"log.segment.bytes": "1048576", "log.retention.bytes": "1048576",
	}})
	o := Options{Brokers: []string{k.Addr}, Create: &Creation{Partitions: 1}}
	a := openAppender(t, o)
	defer a.Close()
	s := openSource(t, o, Reading{Follow: true}) // it has read nothing when its begin is deleted
	value := make([]byte, 100_000)
	for range 60 {
		for i := range value {
			value[i] = byte(rand.Uint32())
		}
		if err := a.Append(t.Context(), []capture.Record{{Value: value}}); err != nil {
			t.Fatal(err)
		}
	}
	var d Description
	for over := time.Now().Add(30 * time.Second); d.Partitions == nil || d.Partitions[0].Begin < 30; {
		if time.Now().After(over) {
			t.Fatalf("nothing was deleted: %+v", d)
		}
		var err error
		if d, err = Describe(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	p := d.Partitions[0]
	if p.End != 60 || time.Since(p.First) > time.Minute || p.Last.Before(p.First) || time.Since(p.Last) > time.Minute {
		t.Errorf("description: %+v", p)
	}
	last := int64(-1)
	for last < 59 {
		e, err := s.Next(t.Context())
		if err != nil {
			t.Fatalf("after offset %d: %v", last, err)
		}
		last = e.Position.Offset
	}
	begin := readAll(t, o, Reading{})
	if len(begin) == 0 || begin[0].Position.Offset < 30 {
		t.Errorf("read %d records from the begin", len(begin))
	}
	asked := openSource(t, o, Reading{From: []capture.Position{{Part: DefaultTopic + "/0", Offset: 3}}})
	if _, err := asked.Next(t.Context()); !errors.Is(err, capture.ErrDamaged) || !strings.Contains(err.Error(), "offsets 3 to") {
		t.Errorf("a position that is gone: %v", err)
	}
	if e, err := asked.Next(t.Context()); err != nil || e.Position.Offset < 30 {
		t.Errorf("behind it: %+v, %v", e.Position, err)
	}
	if _, err := OpenSource(t.Context(), o, Reading{From: []capture.Position{{Part: "other/0"}}}); err == nil {
		t.Error("a position of another topic is taken")
	}
	late := readAll(t, o, Reading{From: []capture.Position{{Part: DefaultTopic + "/0", Offset: 58}}})
	if len(late) != 2 || late[0].Position.Offset != 58 {
		t.Errorf("from offset 58: %d records", len(late))
	}
}

func TestACompactedTopicIsReadToItsEnd(t *testing.T) {
	k := startKafka(t, testcluster.KafkaSpec{Settings: map[string]string{"log.cleaner.backoff.ms": "200", "log.retention.check.interval.ms": "300"}})
	o := Options{Brokers: []string{k.Addr}, Topic: "compacted"}
	client := &kafka.Client{Addr: kafka.TCP(k.Addr), Transport: &kafka.Transport{}}
	if _, err := client.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: o.Topic, NumPartitions: 1, ReplicationFactor: 1, ConfigEntries: []kafka.ConfigEntry{
			{ConfigName: "cleanup.policy", ConfigValue: "compact"},
			{ConfigName: "min.cleanable.dirty.ratio", ConfigValue: "0.001"},
			{ConfigName: "segment.bytes", ConfigValue: "20000"},
			{ConfigName: "max.compaction.lag.ms", ConfigValue: "200"},
		},
	}}}); err != nil {
		t.Fatal(err)
	}
	a := openAppender(t, o)
	defer a.Close()
	last := map[string]int64{} // the offset of the last record of a key, which compaction keeps
	for i := range 200 {
		var records []capture.Record
		for j := range 10 {
			key := fmt.Sprintf("key-%d", (i+j)%7)
			records = append(records, capture.Record{Key: []byte(key), Value: make([]byte, 100)})
			last[key] = int64(i*10 + j)
		}
		if err := a.Append(t.Context(), records); err != nil {
			t.Fatal(err)
		}
	}
	for over := time.Now().Add(60 * time.Second); ; {
		entries := readAll(t, o, Reading{})
		found := map[string]int64{}
		for i, e := range entries {
			if i > 0 && e.Position.Offset <= entries[i-1].Position.Offset {
				t.Fatalf("offset %d after %d", e.Position.Offset, entries[i-1].Position.Offset)
			}
			found[string(e.Key)] = e.Position.Offset
		}
		if !maps.Equal(found, last) {
			t.Fatalf("the last records are at %v, want %v", found, last)
		}
		if len(entries) < 1500 {
			t.Logf("%d of 2000 records are left", len(entries))
			return
		}
		if time.Now().After(over) {
			t.Fatalf("nothing was compacted: %d records", len(entries))
		}
		<-time.After(500 * time.Millisecond)
	}
}
