package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"migassist/cluster"
	"migassist/transform"
)

// Live is a source that is a cluster with traffic on it, read by search.
type Live struct {
	cluster *Cluster
	indices []string
	options LiveOptions
	parts   map[string]part
}

// LiveOptions say what becomes of documents between a live source and the target.
type LiveOptions struct {
	// Address is the name on the target for documents that the source has under an index and a mapping type, which is "" where there are none, or to
	// which a transform gave this index; nil: the same name.
	Address func(index, mappingType string) string
	// Transform makes a chain of transforms, for one goroutine; nil: documents are not changed.
	Transform func() transform.Transformer
	// MaxDocsPerSecond is how fast it is read at most; 0: no limit.
	MaxDocsPerSecond float64
}

var _ Source = (*Live)(nil)

// NewLive returns the named indices of a cluster as a source, which is only read.
func NewLive(reader *cluster.Reader, indices []string, options LiveOptions) *Live {
	if options.Address == nil {
		options.Address = func(index, _ string) string { return index }
	}
	from := NewCluster(reader)
	from.MaxDocsPerSecond = options.MaxDocsPerSecond
	return &Live{cluster: from, indices: slices.Sorted(slices.Values(indices)), options: options}
}

// Targets implements Source. Names that only documents tell come later.
func (l *Live) Targets(context.Context) ([]string, error) {
	var names []string
	for _, index := range l.indices {
		names = append(names, l.options.Address(index, ""))
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Parts implements Source.
func (l *Live) Parts(ctx context.Context) ([]string, error) {
	l.parts = map[string]part{}
	var names []string
	for _, index := range l.indices {
		parts, _, _, err := l.cluster.parts(ctx, index)
		if err != nil {
			return nil, fmt.Errorf("the source: index %s: %w", index, err)
		}
		for _, p := range parts {
			l.parts[p.name()] = p
			names = append(names, p.name())
		}
	}
	return names, nil
}

// Read implements Source. A part whose reading can't be gone on with is an error: what was handed out of it can't be taken back.
func (l *Live) Read(ctx context.Context, name string, visit func([]Document) error) (Reading, error) {
	p := l.parts[name]
	var chain transform.Transformer
	if l.options.Transform != nil {
		chain = l.options.Transform()
	}
	var reading Reading
	err := l.cluster.read(ctx, p, func(hits []cluster.RawHit) error {
		docs := make([]Document, 0, len(hits))
		for i := range hits {
			var err error
			if hits[i].Source == nil && !reading.Failed {
				reading.Failed = true
				reading.note(fmt.Sprintf(sourceless, p.Index, "source"))
			}
			if docs, err = l.convert(ctx, docs, chain, p.Index, &hits[i]); err != nil {
				reading.Skipped++ // as a backfill sends none that a transform fails on
				reading.note(fmt.Sprintf("document %s of %s: %v", hits[i].ID, p.Index, err))
			}
		}
		return visit(docs)
	})
	if err != nil {
		return reading, fmt.Errorf("read %s of the source: %w", name, err)
	}
	return reading, nil
}

// note keeps the first problems.
func (r *Reading) note(problem string) {
	const most = 10
	if len(r.Problems) < most {
		r.Problems = append(r.Problems, problem)
	}
}

// convert appends what a document of the source is on the target.
func (l *Live) convert(ctx context.Context, dst []Document, chain transform.Transformer, index string, hit *cluster.RawHit) ([]Document, error) {
	if chain == nil {
		target := l.options.Address(index, string(hit.Type))
		return append(dst, Document{Index: target, ID: hit.ID, Routing: routing(hit), Source: hit.Source, Action: actionOf(target, hit.ID, routing(hit))}), nil
	}
	messages, err := chain.Transform(ctx, nil, transform.NewDocument(transform.Write{
		Action: "index", Index: index, Type: string(hit.Type), ID: hit.ID, Routing: routing(hit), Source: hit.Source,
	}))
	if err != nil {
		return dst, err
	}
	for _, m := range messages {
		if err := m.Encode(); err != nil {
			return dst, err
		}
		if w := m.Write; w.Action != "delete" {
			target := l.options.Address(w.Index, w.Type)
			dst = append(dst, Document{Index: target, ID: w.ID, Routing: w.Routing, Source: w.Source, Version: w.Version, Action: actionOf(target, w.ID, w.Routing)})
		}
	}
	return dst, nil
}

// actionOf is the action line of a document that is written as it is.
func actionOf(index string, id, routing []byte) []byte {
	type operation struct {
		Index   string `json:"_index"`
		ID      string `json:"_id,omitempty"`
		Routing string `json:"routing,omitempty"`
	}
	line, _ := json.Marshal(map[string]operation{"index": {index, string(id), string(routing)}}) // strings always marshal
	return line
}

// Again implements [Changing]. With transforms, which may change ids, it is not certain.
func (l *Live) Again(ctx context.Context, keys []Key, visit func(Document) error) (certain bool, err error) {
	ids := map[string][]string{}
	for _, key := range keys {
		for _, index := range l.indices {
			if l.options.Transform != nil || l.options.Address(index, "") == key.Index {
				ids[index] = append(ids[index], key.ID)
			}
		}
	}
	var chain transform.Transformer
	if l.options.Transform != nil {
		chain = l.options.Transform()
	}
	for _, index := range l.indices {
		for some := range slices.Chunk(ids[index], lookupIDs) {
			if err := l.cluster.lookup(ctx, index, some, func(hit cluster.RawHit) error { return l.hand(ctx, chain, index, &hit, visit) }); err != nil {
				return false, fmt.Errorf("ask the source again: %w", err)
			}
		}
	}
	return chain == nil, nil
}

// hand hands on what a document of the source is on the target. One that a transform fails on is none, as for a backfill: of that was told when
// it was read first.
func (l *Live) hand(ctx context.Context, chain transform.Transformer, index string, hit *cluster.RawHit, visit func(Document) error) error {
	docs, failed := l.convert(ctx, nil, chain, index, hit)
	if failed != nil {
		docs = nil
	}
	for i := range docs {
		if err := visit(docs[i]); err != nil {
			return err
		}
	}
	return nil
}
