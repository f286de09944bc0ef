package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// Name names a document: the same id under another routing is another document.
type Name struct {
	Index   string // or alias, or data stream
	ID      string
	Routing string // "": none
}

// Fetched is what a cluster has under a name. Its bytes are the caller's to keep.
type Fetched struct {
	Found   bool
	Index   string // that the document is in, by its own name
	Version int64
	// Revision is zero where the version of the cluster has none, before Elasticsearch 6.7.
	Revision
	Source json.RawMessage // byte for byte as stored; nil where _source is off
}

// fetched is a document as mget and search show it.
type fetched struct {
	revised

	Index   string `json:"_index"`
	Version int64  `json:"_version"`
	Routing string `json:"_routing"`
	Found   bool   `json:"found"` // says mget alone
	Error   *struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	} `json:"error"`
}

func (f fetched) got() Fetched {
	got := Fetched{Found: true, Index: f.Index, Version: f.Version, Source: f.Source}
	if f.SeqNo != nil {
		got.Revision = Revision{*f.SeqNo, f.Term}
	}
	return got
}

// mostFetched bounds the names of one request.
const mostFetched = 500

// Fetch returns the documents of the names, in their order, as they were written last, whether searches see them yet or not. Behind data
// streams, and aliases of several indices, it is what searches see. An index that is missing has no documents.
func (r *Reader) Fetch(ctx context.Context, names []Name) ([]Fetched, error) {
	all := make([]Fetched, 0, len(names))
	for some := range slices.Chunk(names, mostFetched) {
		got, err := r.fetch(ctx, some)
		if err != nil {
			return nil, fmt.Errorf("get %d documents by their ids: %w", len(some), err)
		}
		all = append(all, got...)
	}
	return all, nil
}

func (r *Reader) fetch(ctx context.Context, names []Name) ([]Fetched, error) {
	type wanted struct {
		Index   string `json:"_index"`
		ID      string `json:"_id"`
		Routing string `json:"routing,omitempty"`
	}
	docs := make([]wanted, len(names))
	for i, name := range names {
		docs[i] = wanted(name)
	}
	body, err := json.Marshal(map[string]any{"docs": docs})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Docs []fetched `json:"docs"`
	}
	if err := r.get(ctx, esapi.MgetRequest{Body: bytes.NewReader(body), Preference: r.primary()}, &answer); err != nil {
		return nil, err
	}
	if len(answer.Docs) != len(names) {
		return nil, fmt.Errorf("the answer has %d documents where %d were asked for", len(answer.Docs), len(names))
	}
	got := make([]Fetched, len(names))
	search := map[string][]int{} // by index: places of the names that are no single index's
	for i, doc := range answer.Docs {
		switch {
		case doc.Error != nil && (doc.Error.Type == "index_not_found_exception" || doc.Error.Type == "illegal_argument_exception"):
			search[names[i].Index] = append(search[names[i].Index], i)
		case doc.Error != nil && wantsRouting(doc.Error.Type, doc.Error.Reason): // none is there without
		case doc.Error != nil:
			return nil, fmt.Errorf("%s/%s: %s: %s", names[i].Index, names[i].ID, doc.Error.Type, doc.Error.Reason)
		case doc.Found && doc.Routing == names[i].Routing:
			got[i] = doc.got()
		}
	}
	for index, places := range search {
		if err := r.fetchBySearch(ctx, index, names, places, got); err != nil {
			return nil, err
		}
	}
	return got, nil
}

// wantsRouting tells whether the index has no documents without a routing. Elasticsearch 7 falls over its own words when it says so.
func wantsRouting(kind, reason string) bool {
	return kind == "routing_missing_exception" || kind == "null_pointer_exception" && reason == "type must not be null"
}

// fetchBySearch puts what a search for the ids of some names of one index finds in their places.
func (r *Reader) fetchBySearch(ctx context.Context, index string, names []Name, places []int, got []Fetched) error {
	ids := make([]string, len(places))
	for i, place := range places {
		ids[i] = names[place].ID
	}
	const mostHits = 10_000 // index.max_result_window
	body, err := json.Marshal(map[string]any{
		"query": map[string]any{"ids": map[string]any{"values": ids}}, "size": mostHits, "seq_no_primary_term": true, "version": true,
	})
	if err != nil {
		return err
	}
	var answer struct {
		page
		Hits struct {
			Hits []fetched `json:"hits"`
		} `json:"hits"`
	}
	err = r.get(ctx, esapi.SearchRequest{Index: escape([]string{index}), Body: bytes.NewReader(body), Preference: r.primary()}, &answer)
	if NotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := answer.complete(); err != nil {
		return err
	}
	found := make(map[Name]fetched, len(answer.Hits.Hits))
	for _, hit := range answer.Hits.Hits {
		found[Name{index, hit.ID, hit.Routing}] = hit
	}
	for _, place := range places {
		if hit, ok := found[names[place]]; ok {
			got[place] = hit.got()
		}
	}
	return nil
}
