package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"migassist/cluster/version"
)

// Hit is a document as a search returns it. Its bytes are the caller's to keep.
type Hit struct {
	Index   string          `json:"_index"`
	Type    string          `json:"_type"` // "" where the version has no types
	ID      string          `json:"_id"`
	Routing string          `json:"_routing"`
	Parent  string          `json:"_parent"` // of versions before 6
	Source  json.RawMessage `json:"_source"` // byte for byte as stored; nil where _source is off
}

// scrollFor is how long the server keeps a scroll between two pages. A scroll is not closed, for that is
// no read: it ends by itself.
const scrollFor = time.Minute

// pageDocuments is the number of documents asked for at once.
const pageDocuments = 1000

// Documents returns every document that searches see in the index or pattern, in the order of the
// shards. The first error ends the stream.
func (r *Reader) Documents(ctx context.Context, index string) iter.Seq2[Hit, error] {
	return r.Search(ctx, index, json.RawMessage(`{"sort":["_doc"]}`))
}

// Search returns every document that the search body selects, page after page.
func (r *Reader) Search(ctx context.Context, index string, body json.RawMessage) iter.Seq2[Hit, error] {
	return func(yield func(Hit, error) bool) {
		next := func() (page, error) { return r.firstPage(ctx, index, body) }
		for {
			p, err := next()
			if err != nil {
				yield(Hit{}, fmt.Errorf("documents of %s: %w", index, err))
				return
			}
			for _, hit := range p.Hits.Hits {
				if !yield(hit.merged(), nil) {
					return
				}
			}
			if len(p.Hits.Hits) == 0 {
				return
			}
			next = func() (page, error) { return r.nextPage(ctx, p.ScrollID) }
		}
	}
}

// page is the answer to a search or a scroll.
type page struct {
	ScrollID string `json:"_scroll_id"`
	TimedOut bool   `json:"timed_out"`
	Shards   struct {
		Failed   int             `json:"failed"`
		Failures json.RawMessage `json:"failures"`
	} `json:"_shards"`
	Hits struct {
		Hits []pageHit `json:"hits"`
	} `json:"hits"`
}

// pageHit is a hit with the metadata where 1.x has it.
type pageHit struct {
	Hit
	Fields struct {
		Routing json.RawMessage `json:"_routing"`
		Parent  json.RawMessage `json:"_parent"`
	} `json:"fields"`
}

func (h pageHit) merged() Hit {
	hit := h.Hit
	if hit.Routing == "" {
		_ = json.Unmarshal(h.Fields.Routing, &hit.Routing) // a document's own field of this name is a list
	}
	if hit.Parent == "" {
		_ = json.Unmarshal(h.Fields.Parent, &hit.Parent)
	}
	return hit
}

// complete makes sure that nothing is missing from the page.
func (p page) complete() (page, error) {
	if p.TimedOut {
		return page{}, errors.New("a page is not complete: the search timed out")
	}
	if p.Shards.Failed > 0 {
		return page{}, fmt.Errorf("a page is not complete: %d shards failed: %s", p.Shards.Failed, excerpt(p.Shards.Failures))
	}
	return p, nil
}

func (r *Reader) firstPage(ctx context.Context, index string, body json.RawMessage) (page, error) {
	var p page
	err := r.get(ctx, esapi.SearchRequest{
		Index:  escape([]string{index}),
		Body:   bytes.NewReader(body),
		Scroll: scrollFor,
		Size:   new(pageDocuments),
	}, &p)
	if err != nil {
		return page{}, err
	}
	return p.complete()
}

// nextPage is never repeated when its answer got lost: the server has moved on, and the page after the
// lost one would look like it.
func (r *Reader) nextPage(ctx context.Context, scroll string) (page, error) {
	var p page
	request := esapi.ScrollRequest{}
	if v := r.info.Version; v.Flavor == version.Elasticsearch && !v.AtLeast(2, 0) {
		request.Scroll = scrollFor
		request.Body = strings.NewReader(scroll) // 1.x takes the id alone
	} else {
		body, err := json.Marshal(map[string]string{"scroll_id": scroll, "scroll": "1m"})
		if err != nil {
			return page{}, err
		}
		request.Body = bytes.NewReader(body)
	}
	if err := send(ctx, r.once, request, &p); err != nil {
		return page{}, err
	}
	return p.complete()
}
