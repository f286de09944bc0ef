package kafkalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"migassist/capture"
)

// Reading says where to begin and where to end. The zero value reads what is there.
type Reading struct {
	// From are the entries to begin with; parts that are not named are read from their begin.
	From []capture.Position
	// Follow waits at the end for what comes.
	Follow bool
}

// Source reads all partitions of a topic, each in its order. Partitions that are added later are not read. It is a [capture.Source].
type Source struct {
	topic    *topic
	pages    chan page // of all fetchers; closed when they have ended
	stop     context.CancelFunc
	fetchers sync.WaitGroup
	current  page
	next     int // of current's entries
}

var _ capture.Source = (*Source)(nil)

// fetchBytes bounds what all fetchers together ask for at once.
const fetchBytes = 16 << 20

// OpenSource connects to the topic. The end, for a source that does not follow, is where the topic ended now.
func OpenSource(ctx context.Context, o Options, r Reading) (*Source, error) {
	t, err := open(ctx, o, (*topic).checkRead)
	if err != nil {
		return nil, err
	}
	fetchers, err := t.plan(ctx, r)
	if err != nil {
		t.close()
		return nil, err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Source{topic: t, pages: make(chan page), stop: stop}
	for _, f := range fetchers {
		s.fetchers.Go(func() { f.run(running, s.pages) })
	}
	go func() {
		s.fetchers.Wait()
		close(s.pages)
	}()
	return s, nil
}

// plan makes a fetcher for every partition that has something to read.
func (t *topic) plan(ctx context.Context, r Reading) ([]*fetcher, error) {
	spans, err := t.spans(ctx)
	if err != nil {
		return nil, err
	}
	begins := map[int]int64{}
	for _, p := range r.From {
		number, err := t.partitionOf(p.Part)
		if err != nil {
			return nil, err
		}
		begins[number] = p.Offset
	}
	var fetchers []*fetcher
	for number, s := range spans {
		f := &fetcher{topic: t, partition: number, part: t.part(number), at: s.begin, end: s.end, follow: r.Follow, bytes: max(64<<10, fetchBytes/len(spans))}
		if from, named := begins[number]; named {
			f.at, f.asked = from, true
		}
		if r.Follow || f.at < f.end {
			fetchers = append(fetchers, f)
		}
	}
	return fetchers, nil
}

// part names a partition in positions.
func (t *topic) part(number int) string { return t.Topic + "/" + strconv.Itoa(number) }

func (t *topic) partitionOf(part string) (int, error) {
	for number := range t.partitions {
		if t.part(number) == part {
			return number, nil
		}
	}
	return 0, fmt.Errorf("position in %q: topic %s has partitions %s to %s", part, t.Topic, t.part(0), t.part(t.partitions-1))
}

// Next implements [capture.Source].
func (s *Source) Next(ctx context.Context) (capture.Entry, error) {
	if err := ctx.Err(); err != nil {
		return capture.Entry{}, fmt.Errorf("read topic %s: %w", s.topic.Topic, err)
	}
	for s.next == len(s.current.entries) {
		select {
		case page, more := <-s.pages:
			if !more {
				return capture.Entry{}, io.EOF
			}
			if page.err != nil {
				return capture.Entry{}, fmt.Errorf("read topic %s: %w", s.topic.Topic, page.err)
			}
			s.current, s.next = page, 0
		case <-ctx.Done():
			return capture.Entry{}, fmt.Errorf("read topic %s: %w", s.topic.Topic, ctx.Err())
		}
	}
	s.next++
	return s.current.entries[s.next-1], nil
}

// Close ends the fetchers and gives up the connections.
func (s *Source) Close() error {
	s.stop()
	s.fetchers.Wait()
	s.topic.close()
	return nil
}

// checkRead asks whether we may read.
func (t *topic) checkRead(ctx context.Context) error {
	f := fetcher{topic: t, bytes: 1, wait: time.Millisecond}
	answer, err := f.ask(ctx)
	if err == nil {
		err = answer.Error
	}
	switch {
	case err == nil, errors.Is(err, kafka.OffsetOutOfRange):
		return nil
	case errors.Is(err, kafka.TopicAuthorizationFailed):
		return fmt.Errorf("%s may not read topic %s at %s: %w", t.who(), t.Topic, t.brokers(), err)
	default:
		return fmt.Errorf("read topic %s: %w", t.Topic, err)
	}
}
