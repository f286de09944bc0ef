package kafkalog

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"migassist/capture"
)

// Description is what a topic holds.
type Description struct {
	Topic      string
	Partitions []PartitionDescription
}

// PartitionDescription is what a partition holds: the offsets from Begin up to, and without, End. First and Last are the times of its first
// and last record, zero where it has none. Brokers tell bytes only to their administrators, by a request that kafka-go does not have.
type PartitionDescription struct {
	Position    capture.Position // of the first entry
	Begin, End  int64
	First, Last time.Time
}

// Describe asks what a topic holds.
func Describe(ctx context.Context, o Options) (Description, error) {
	t, err := open(ctx, o, (*topic).checkRead)
	if err != nil {
		return Description{}, err
	}
	defer t.close()
	spans, err := t.spans(ctx)
	if err != nil {
		return Description{}, err
	}
	d := Description{Topic: t.Topic}
	for number, s := range spans {
		p := PartitionDescription{Position: capture.Position{Part: t.part(number), Offset: s.begin}, Begin: s.begin, End: s.end}
		if s.begin < s.end {
			if p.First, err = t.timeAt(ctx, number, s.begin); err != nil {
				return Description{}, err
			}
			if p.Last, err = t.timeAt(ctx, number, s.end-1); err != nil {
				return Description{}, err
			}
		}
		d.Partitions = append(d.Partitions, p)
	}
	return d, nil
}

// timeAt returns the time of the record at an offset, or zero where it is gone.
func (t *topic) timeAt(ctx context.Context, partition int, offset int64) (time.Time, error) {
	f := fetcher{topic: t, partition: partition, at: offset, end: offset + 1, follow: true, bytes: 1, wait: time.Millisecond}
	p := f.fetch(ctx)
	if p.err != nil {
		return time.Time{}, fmt.Errorf("read topic %s: %w", t.Topic, p.err)
	}
	if len(p.entries) == 0 {
		return time.Time{}, nil
	}
	return p.entries[0].Time, nil
}

// span is the offsets of a partition.
type span struct{ begin, end int64 }

// spans asks for the offsets of all partitions.
func (t *topic) spans(ctx context.Context) ([]span, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	spans := make([]span, t.partitions)
	var requests []kafka.OffsetRequest
	for number := range spans {
		requests = append(requests, kafka.FirstOffsetOf(number), kafka.LastOffsetOf(number))
	}
	answer, err := t.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{t.Topic: requests}})
	if err != nil {
		return nil, fmt.Errorf("ask for the offsets of topic %s: %w", t.Topic, err)
	}
	for _, p := range answer.Topics[t.Topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("ask for the offsets of topic %s, partition %d: %w", t.Topic, p.Partition, p.Error)
		}
		if p.Partition < 0 || p.Partition >= len(spans) {
			return nil, fmt.Errorf("ask for the offsets of topic %s: the broker speaks of partition %d", t.Topic, p.Partition)
		}
		spans[p.Partition] = span{p.FirstOffset, p.LastOffset}
	}
	return spans, nil
}
