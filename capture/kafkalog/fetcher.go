package kafkalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"migassist/capture"
)

// page is what one fetch brought, in memory of its own: entries, or an error.
type page struct {
	entries []capture.Entry
	err     error
}

// fetcher reads one partition.
type fetcher struct {
	topic     *topic
	partition int
	part      string
	at, end   int64 // the next offset, and the one behind the last
	asked     bool  // at was asked for: if that is gone, somebody misses it
	follow    bool
	bytes     int
	wait      time.Duration // how long a broker may wait for more
}

const (
	fetchWait = 500 * time.Millisecond // a broker answers at once when there is something
	patience  = 30 * time.Second       // of brokers that do not answer, until the reader is told
)

// run sends pages until the end or until ctx ends.
func (f *fetcher) run(ctx context.Context, pages chan<- page) {
	for f.follow || f.at < f.end {
		p := f.persist(ctx)
		if p.err == nil && len(p.entries) == 0 && ctx.Err() == nil {
			continue
		}
		select {
		case pages <- p:
		case <-ctx.Done():
			return
		}
	}
}

// persist asks until there is an answer, or no hope of one.
func (f *fetcher) persist(ctx context.Context) page {
	failing := time.Now()
	for {
		p := f.fetch(ctx)
		if p.err == nil || errors.Is(p.err, capture.ErrDamaged) || ctx.Err() != nil {
			return p
		}
		f.topic.refresh()
		if !temporary(p.err) || time.Since(failing) > patience || pause(ctx, fetchWait) != nil {
			return p
		}
	}
}

// fetch asks once.
func (f *fetcher) fetch(ctx context.Context) page {
	answer, err := f.ask(ctx)
	if err == nil {
		err = answer.Error
	}
	switch {
	case errors.Is(err, kafka.OffsetOutOfRange):
		return f.moved(ctx)
	case unreadable(ctx, err):
		// One offset further, until a batch is whole: what lies between is not known before that.
		f.at++
		return page{err: fmt.Errorf("%w: offset %d of partition %d: %w", capture.ErrDamaged, f.at-1, f.partition, err)}
	case err != nil:
		return page{err: fmt.Errorf("partition %d at offset %d: %w", f.partition, f.at, err)}
	}
	before := f.at
	var p page
	for _, batch := range batches(answer.Records) {
		if err := f.take(&p, batch); err != nil {
			return page{err: fmt.Errorf("partition %d at offset %d: %w", f.partition, f.at, err)}
		}
	}
	if f.at == before && answer.HighWatermark > f.at {
		f.at++ // a batch whose records were all compacted away: there is nothing to read, and no telling how long it is
	}
	return p
}

// ask is one request.
func (f *fetcher) ask(ctx context.Context) (*kafka.FetchResponse, error) {
	wait := f.wait
	if wait == 0 {
		wait = fetchWait
	}
	ctx, cancel := context.WithTimeout(ctx, wait+f.topic.Timeout)
	defer cancel()
	return f.topic.client.Fetch(ctx, &kafka.FetchRequest{
		Topic: f.topic.Topic, Partition: f.partition, Offset: f.at, MinBytes: 1, MaxBytes: int64(f.bytes), MaxWait: wait,
	})
}

// batches are what an answer is made of.
func batches(records kafka.RecordReader) []kafka.RecordReader {
	if stream, ok := records.(*protocol.RecordStream); ok {
		return stream.Records
	}
	return []kafka.RecordReader{records}
}

// take copies what a batch has from at on. What brokers wrote for themselves (the ends of transactions) is passed over.
func (f *fetcher) take(p *page, batch kafka.RecordReader) error {
	_, control := batch.(*protocol.ControlBatch)
	for {
		r, err := batch.ReadRecord()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if r.Offset < f.at { // batches begin before what was asked for
			continue
		}
		if !f.follow && r.Offset >= f.end {
			f.at = f.end
			return nil
		}
		key, err := kafka.ReadAll(r.Key)
		if err != nil {
			return err
		}
		value, err := kafka.ReadAll(r.Value)
		if err != nil {
			return err
		}
		f.at, f.asked = r.Offset+1, false
		if !control {
			p.entries = append(p.entries, capture.Entry{
				Record: capture.Record{Key: key, Value: value}, Position: capture.Position{Part: f.part, Offset: r.Offset}, Time: r.Time.UTC(),
			})
		}
	}
}

// moved goes on where the partition begins, when what was to be read is not there any more.
func (f *fetcher) moved(ctx context.Context) page {
	spans, err := f.topic.spans(ctx)
	if err != nil {
		return page{err: err}
	}
	s := spans[f.partition]
	missing, from := f.at, s.begin
	if f.at > s.end {
		return page{err: fmt.Errorf("partition %d ends at offset %d, and %d was asked for: it is not the topic that the position is of", f.partition, s.end, f.at)}
	}
	f.at = from
	if !f.asked {
		return page{}
	}
	f.asked = false
	return page{err: fmt.Errorf("%w: offsets %d to %d of partition %d were deleted before they were read (retention)", capture.ErrDamaged, missing, from-1, f.partition)}
}

// temporary tells of errors that waiting may heal.
func temporary(err error) bool {
	if code, is := errors.AsType[kafka.Error](err); is {
		return code.Temporary() || stale(err)
	}
	_, network := errors.AsType[net.Error](err)
	return network || stale(err) || errors.Is(err, context.DeadlineExceeded)
}

// unreadable tells of an answer that came, and was not what it should be.
func unreadable(ctx context.Context, err error) bool {
	_, answered := errors.AsType[kafka.Error](err)
	return err != nil && ctx.Err() == nil && !temporary(err) && !answered
}
