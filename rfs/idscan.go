package rfs

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"migassist/lucene"
	"migassist/snapshot"
)

// IDScan is what the ids are that come to targets from several mapping types or indices.
type IDScan struct {
	Targets []TargetIDs `json:"targets"`
}

// TargetIDs are the ids for one target.
type TargetIDs struct {
	Target    string   `json:"target"`
	Origins   []string `json:"origins"`
	Documents int64    `json:"documents"`
	Distinct  int64    `json:"distinct"`
	Colliding int64    `json:"colliding"` // ids that documents of several origins have
	Examples  []string `json:"examples,omitempty"`
}

// ScanOptions bound what the reading of ids takes.
type ScanOptions struct {
	Dir    string // where hashes go that memory does not hold, in a file without a name; empty: the system's for temporary files
	Memory int    // bytes; 0 is 256 MiB
}

// mostExamples is how many ids are named of those that collide, for each target.
const mostExamples = 5

// ScanIDs reads the ids of all documents that come to one target from several mapping types or indices, and compares them by
// 128-bit hashes: in memory, and beyond a quarter of that given, sorted on disk, 28 bytes a document. It writes nothing to
// the target. It follows [Plan.Address] and [Plan.Collide], whose prefixes it sees; one worker of a run is enough. A plan in which no
// target is shared has nothing to read.
func (p *Plan) ScanIDs(ctx context.Context, snap *snapshot.Snapshot, o ScanOptions) (result *IDScan, err error) {
	s := &idScan{plan: p, snap: snap, memory: Options{Memory: o.Memory}.withDefaults().Memory, targets: map[string]int{}, numbers: map[*route]uint32{}}
	s.begin()
	if len(s.result.Targets) == 0 {
		return &s.result, nil
	}
	s.sorter = newIDSorter(o.Dir, s.memory/4)
	defer func() { err = errors.Join(err, s.sorter.close()) }()
	if err := s.read(ctx); err != nil {
		return nil, fmt.Errorf("read the ids of documents that go to one index: %w", err)
	}
	return &s.result, s.compare(ctx)
}

// idScan is one [Plan.ScanIDs] while it goes on.
type idScan struct {
	plan    *Plan
	snap    *snapshot.Snapshot
	memory  int
	result  IDScan
	targets map[string]int // places in result
	origins []origin       // by number
	numbers map[*route]uint32

	lock     sync.Mutex
	sorter   *idSorter
	segments []scanned // by number
}

// scanned is a segment that ids were read of.
type scanned struct {
	index   string
	shard   int
	segment *lucene.Segment
}

// begin numbers the origins of all shared targets.
func (s *idScan) begin() {
	shared := s.plan.shared()
	for _, target := range slices.Sorted(maps.Keys(shared)) {
		s.targets[target] = len(s.result.Targets)
		ids := TargetIDs{Target: target}
		for _, from := range shared[target] {
			s.numbers[from.route] = uint32(len(s.origins))
			s.origins = append(s.origins, from)
			ids.Origins = append(ids.Origins, from.String())
		}
		s.result.Targets = append(s.result.Targets, ids)
	}
}

// memoryPerReader is so much that giant documents pass too.
const memoryPerReader = 512 << 20

// read reads the ids of every shard concerned: one at a time, and more where there is the memory.
func (s *idScan) read(ctx context.Context) error {
	indices := map[string]bool{}
	for _, from := range s.origins {
		indices[from.index] = true
	}
	workers := max(1, min(runtime.GOMAXPROCS(0), s.memory/memoryPerReader))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for _, name := range slices.Sorted(maps.Keys(indices)) {
		index, err := s.snap.Index(ctx, name)
		if err != nil {
			return errors.Join(err, group.Wait())
		}
		for shard := range index.Shards {
			group.Go(func() error { return s.shard(ctx, index, shard, s.memory*3/4/workers) })
		}
	}
	return group.Wait()
}

// shard reads the ids of one shard. One that the snapshot lacks, or of a kind that is not read, has none: the run will
// say so of it.
func (s *idScan) shard(ctx context.Context, index *snapshot.Index, shard, memory int) error {
	commit, err := openShard(ctx, index, shard)
	if err != nil {
		if _, known := Refusal(index.Name, err); known {
			return nil
		}
		return err
	}
	r := &idReader{scan: s, reading: s.plan.readings[index.Name], decoder: lucene.Decoder{Limit: memory * 2 / 3}, pool: lucene.NewSpanPool(1)}
	r.pool.Limit = memory / 3
	for _, segment := range commit.Segments {
		if err := r.segment(ctx, scanned{index.Name, shard, segment}); err != nil {
			return fmt.Errorf("shard %d of %s: %w", shard, index.Name, err)
		}
	}
	return r.flush()
}

// idReader reads the ids of one shard.
type idReader struct {
	scan    *idScan
	reading *reading
	decoder lucene.Decoder
	pool    *lucene.SpanPool
	number  uint32 // of the segment
	id, key []byte
	records []idRecord
}

// recordsAtOnce is how many records a reader gathers for the sorter.
const recordsAtOnce = 4096

func (r *idReader) segment(ctx context.Context, at scanned) (err error) {
	docs, err := at.segment.Open(ctx, storedFields...)
	if err != nil {
		if _, known := Refusal(at.index, err); known {
			return nil
		}
		return err
	}
	defer func() { err = errors.Join(err, docs.Close()) }()
	r.number = r.scan.enter(at)
	for span, err := range docs.Spans(ctx, 0, r.pool) {
		if err != nil {
			return err
		}
		if err := r.decoder.Decode(span, 0, r.add); err != nil {
			return err
		}
		r.pool.Put(span)
	}
	return nil
}

// enter gives a segment its number.
func (s *idScan) enter(at scanned) uint32 {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.segments = append(s.segments, at)
	return uint32(len(s.segments) - 1)
}

// add notes the id of a document, unless it will not be sent.
func (r *idReader) add(doc *lucene.Doc) error {
	d, to := r.identify(doc)
	if to == nil {
		return nil
	}
	number, shared := r.scan.numbers[to]
	if !shared {
		return nil
	}
	record := idRecord{origin: number, segment: r.number, doc: uint32(doc.Number)}
	r.key = binary.LittleEndian.AppendUint32(r.key[:0], uint32(r.scan.targets[to.target]))
	r.key = append(append(r.key, to.prefix...), d.ID...)
	sum := sha256.Sum256(r.key)
	copy(record.hash[:], sum[:])
	if r.records = append(r.records, record); len(r.records) < recordsAtOnce {
		return nil
	}
	return r.flush()
}

func (r *idReader) identify(doc *lucene.Doc) (Document, *route) {
	d, ok, err := identify(doc, r.id)
	if !ok || err != nil {
		return d, nil
	}
	to, err := r.reading.route(d)
	if err != nil {
		return d, nil
	}
	return d, to
}

func (r *idReader) flush() error {
	r.scan.lock.Lock()
	defer r.scan.lock.Unlock()
	err := r.scan.sorter.add(r.records)
	r.records = r.records[:0]
	return err
}

// compare counts, in the order of the hashes, which ids several origins have.
func (s *idScan) compare(ctx context.Context) error {
	var same sameIDs
	for record, err := range s.sorter.sorted() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("compare ids: %w", err)
		}
		if same.documents > 0 && same.first.hash == record.hash {
			same.add(record)
			continue
		}
		if err := s.count(ctx, same); err != nil {
			return err
		}
		same = sameIDs{documents: 1, first: record}
	}
	return s.count(ctx, same)
}

// sameIDs are the documents of one id. Routing may put one on many shards of its index: then they are of one origin.
type sameIDs struct {
	documents    int64
	first, other idRecord // other: of another origin, if several
	several      bool
}

func (i *sameIDs) add(record idRecord) {
	i.documents++
	if !i.several && record.origin != i.first.origin {
		i.other, i.several = record, true
	}
}

// count enters the documents of one id.
func (s *idScan) count(ctx context.Context, same sameIDs) error {
	if same.documents == 0 {
		return nil
	}
	first := s.origins[same.first.origin]
	target := &s.result.Targets[s.targets[first.route.target]]
	target.Documents += same.documents
	target.Distinct++
	if !same.several {
		return nil
	}
	target.Colliding++
	if len(target.Examples) >= mostExamples {
		return nil
	}
	id, err := s.id(ctx, same.first)
	if err != nil {
		return err
	}
	target.Examples = append(target.Examples, fmt.Sprintf("%q of %s and %s", id, first, s.origins[same.other.origin]))
	return nil
}

// id reads the id of a record's document once more.
func (s *idScan) id(ctx context.Context, record idRecord) (id string, err error) {
	at := s.segments[record.segment]
	docs, err := at.segment.Open(ctx, storedFields...)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, docs.Close()) }()
	decoder := lucene.Decoder{Limit: s.memory / 2}
	err = docs.Visit(ctx, &decoder, int(record.doc), int(record.doc)+1, func(doc *lucene.Doc) error {
		d, _, err := identify(doc, nil)
		id = string(d.ID)
		return err
	})
	return id, err
}
