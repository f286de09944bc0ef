package kafkalog

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/produce"
	"github.com/segmentio/kafka-go/protocol/rawproduce"
	"golang.org/x/sync/errgroup"

	"migassist/capture"
)

// Appender appends to a topic. It is a [capture.Appender].
type Appender struct {
	topic   *topic
	batcher *batcher
	waiting [][]int32 // by partition: which of the records are not sent yet
	out     []byte    // the batches of a round, each behind its length
	parts   []part    // the same, in pieces
}

// part is a partition's piece of a round.
type part struct {
	partition int
	from, to  int // of out
	records   int
}

var _ capture.Appender = (*Appender)(nil)

const (
	// roundBytes bounds what is sent at once, to all partitions, and so the memory: brokers would take requests of up to 100 MiB.
	roundBytes = 4 << 20
	// batchBytes bounds a batch where the topic takes larger ones; a single record may be larger.
	batchBytes = 1 << 20
)

// OpenAppender connects to the topic. What would let all appends fail is found here: a broker that is not reached or refuses us, a topic
// that is not there or that we may not write to.
func OpenAppender(ctx context.Context, o Options) (*Appender, error) {
	batcher, err := newBatcher()
	if err != nil {
		return nil, err
	}
	t, err := open(ctx, o, (*topic).checkWrite)
	if err != nil {
		return nil, err
	}
	return &Appender{topic: t, batcher: batcher, waiting: make([][]int32, t.partitions)}, nil
}

// MaxRecord is how many bytes a record may have, key and value together.
func (a *Appender) MaxRecord() int { return a.topic.maxBatch - batchHead - recordRoom }

// Append implements [capture.Appender].
func (a *Appender) Append(ctx context.Context, records []capture.Record) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("append to topic %s: %w", a.topic.Topic, err)
	}
	for i := range a.waiting {
		a.waiting[i] = a.waiting[i][:0]
	}
	for i, r := range records {
		if r.Size() > a.MaxRecord() {
			return &TooLargeError{Topic: a.topic.Topic, Size: r.Size(), Limit: a.MaxRecord()}
		}
		p := partition(r.Key, len(a.waiting))
		a.waiting[p] = append(a.waiting[p], int32(i))
	}
	for a.round(records) {
		if err := a.send(ctx); err != nil {
			a.out = nil // a request that was given up may still be read by its connection
			// The connection's deadline, and the broker's, are the context's, or a moment before it.
			if !errors.Is(err, context.DeadlineExceeded) && (errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, kafka.RequestTimedOut)) {
				err = fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
			}
			return fmt.Errorf("append to topic %s: %w", a.topic.Topic, err)
		}
	}
	return nil
}

// Sync has nothing to do: what was appended is acknowledged by all replicas that are in sync.
func (a *Appender) Sync(context.Context) error { return nil }

// Close gives up the connections.
func (a *Appender) Close() error {
	a.topic.close()
	return nil
}

// round puts the next batches of all partitions together, one each at most, and tells whether there are any.
func (a *Appender) round(records []capture.Record) bool {
	a.out, a.parts = a.out[:0], a.parts[:0]
	now := time.Now()
	for p, waiting := range a.waiting {
		if len(waiting) == 0 || len(a.out) > roundBytes {
			continue
		}
		count := a.fits(records, waiting)
		from := len(a.out)
		a.out = append(a.out, 0, 0, 0, 0)
		a.out = a.batcher.append(a.out, records, waiting[:count], now)
		binary.BigEndian.PutUint32(a.out[from:], uint32(len(a.out)-from-4))
		a.parts = append(a.parts, part{partition: p, from: from, to: len(a.out), records: count})
		a.waiting[p] = waiting[count:]
		runtime.Gosched() // to compress takes long, for who has few processors
	}
	return len(a.parts) > 0
}

// fits returns how many of the records go into one batch, even if they do not compress: a topic may keep them otherwise than they came.
func (a *Appender) fits(records []capture.Record, waiting []int32) int {
	limit, bytes := min(a.topic.maxBatch, batchBytes)-batchHead, 0
	for n, i := range waiting {
		if bytes += size(records[i]); bytes > limit && n > 0 {
			return n
		}
	}
	return len(waiting)
}

// send sends a round, and what a broker was not the right one for once more.
func (a *Appender) send(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.topic.Timeout) // a connection waits for as long, not for ever
	defer cancel()
	left, err := a.sendOnce(ctx, a.parts)
	if err == nil || !stale(err) || ctx.Err() != nil {
		return err
	}
	first := err
	a.topic.refresh()
	if err := pause(ctx, 50*time.Millisecond); err != nil { // an election takes a moment
		return fmt.Errorf("%w, after %w", err, first)
	}
	if _, err = a.sendOnce(ctx, left); err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w, after %w", err, first)
	}
	return err
}

// sendOnce sends every part to the leader of its partition, one request to each, and returns the parts that are not acknowledged.
func (a *Appender) sendOnce(ctx context.Context, parts []part) ([]part, error) {
	leaders, err := a.leaders(ctx, parts)
	if err != nil {
		return parts, err
	}
	var group errgroup.Group
	lefts := make([][]part, len(leaders))
	for i, mine := range leaders {
		group.Go(func() error {
			var err error
			lefts[i], err = a.produce(ctx, mine)
			return err
		})
	}
	err = group.Wait()
	var left []part
	for _, some := range lefts {
		left = append(left, some...)
	}
	return left, err
}

// leaders groups the parts by the broker that leads their partitions.
func (a *Appender) leaders(ctx context.Context, parts []part) ([][]part, error) {
	if len(parts) == 1 {
		return [][]part{parts}, nil
	}
	known, err := a.topic.known(ctx)
	if err != nil {
		return nil, err
	}
	leaderOf := make(map[int32]int32, len(known.Partitions))
	for _, p := range known.Partitions {
		leaderOf[p.PartitionIndex] = p.LeaderID
	}
	var groups [][]part
	at := map[int32]int{}
	for _, p := range parts {
		leader, found := leaderOf[int32(p.partition)]
		if !found {
			return nil, fmt.Errorf("partition %d: %w", p.partition, protocol.ErrNoPartition)
		}
		i, found := at[leader]
		if !found {
			i = len(groups)
			at[leader] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], p)
	}
	return groups, nil
}

// produce sends one request, and returns the parts that are not acknowledged.
func (a *Appender) produce(ctx context.Context, parts []part) ([]part, error) {
	answer, err := a.topic.produce(ctx, parts, a.out)
	if err != nil {
		return parts, err
	}
	codes := map[int32]produce.ResponsePartition{}
	for _, t := range answer.Topics {
		for _, p := range t.Partitions {
			codes[p.Partition] = p
		}
	}
	var left []part
	var worst error
	for _, p := range parts {
		got, found := codes[int32(p.partition)]
		if found && got.ErrorCode == 0 {
			continue
		}
		left = append(left, p)
		switch {
		case !found:
			err = fmt.Errorf("partition %d: the broker does not mention it", p.partition)
		default:
			err = a.topic.refusal(p, got)
		}
		if worst == nil || stale(worst) { // what can't be helped decides
			worst = err
		}
	}
	return left, worst
}

// produce is a request to the leader of some partitions.
func (t *topic) produce(ctx context.Context, parts []part, out []byte) (*produce.Response, error) {
	partitions := make([]rawproduce.RequestPartition, len(parts))
	for i, p := range parts {
		partitions[i] = rawproduce.RequestPartition{Partition: int32(p.partition), RecordSet: protocol.RawRecordSet{Reader: bytes.NewReader(out[p.from:p.to])}}
	}
	timeout := t.Timeout
	if end, ends := ctx.Deadline(); ends {
		timeout = max(time.Millisecond, min(timeout, time.Until(end)))
	}
	answer, err := t.transport.RoundTrip(ctx, t.addr, &rawproduce.Request{
		Acks: int16(kafka.RequireAll), Timeout: int32(timeout.Milliseconds()),
		Topics: []rawproduce.RequestTopic{{Topic: t.Topic, Partitions: partitions}},
	})
	if err != nil {
		var moved *rawproduce.Error // the layout changed since the parts were grouped
		if errors.As(err, &moved) && !stale(err) {
			return nil, fmt.Errorf("%w: %w", errMoved, err)
		}
		return nil, err
	}
	return answer.(*produce.Response), nil
}

// refusal is a broker's error for a part.
func (t *topic) refusal(p part, got produce.ResponsePartition) error {
	err := fmt.Errorf("partition %d: %w", p.partition, kafka.Error(got.ErrorCode))
	switch kafka.Error(got.ErrorCode) {
	case kafka.MessageSizeTooLarge, kafka.RecordListTooLarge:
		return fmt.Errorf("%w (a batch of %d bytes and %d records; at the opening the topic took %d bytes)", err, p.to-p.from-4, p.records, t.maxBatch)
	case kafka.TopicAuthorizationFailed:
		return fmt.Errorf("%w: %s may not write to it", err, t.who())
	case kafka.NotEnoughReplicas, kafka.NotEnoughReplicasAfterAppend:
		return fmt.Errorf("%w: fewer brokers have it than min.insync.replicas wants", err)
	}
	if got.ErrorMessage != "" {
		return fmt.Errorf("%w: %s", err, got.ErrorMessage)
	}
	return err
}

// checkWrite asks whether we may write, by a request with no records: a broker looks at rights first, and then finds nothing in it.
func (t *topic) checkWrite(ctx context.Context) error {
	answer, err := t.produce(ctx, []part{{to: 4}}, make([]byte, 4))
	if err != nil {
		return fmt.Errorf("ask whether topic %s may be written to: %w", t.Topic, err)
	}
	for _, found := range answer.Topics {
		for _, p := range found.Partitions {
			if code := kafka.Error(p.ErrorCode); code == kafka.TopicAuthorizationFailed || code == kafka.ClusterAuthorizationFailed {
				return fmt.Errorf("%s may not write to topic %s at %s: %w", t.who(), t.Topic, t.brokers(), code)
			}
		}
	}
	return nil
}
