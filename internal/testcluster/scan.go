package testcluster

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// scanSize is how many documents one page of a scan has.
const scanSize = 1000

// Hit is a document as the server returned it; Source has the server's bytes,
// unchanged with the white space around them, and is nil where the index keeps none.
type Hit struct {
	Index   string          `json:"_index,omitempty"`
	Type    string          `json:"_type,omitempty"`
	ID      string          `json:"_id"`
	Routing string          `json:"_routing,omitempty"`
	Parent  string          `json:"_parent,omitempty"`
	Source  json.RawMessage `json:"_source,omitempty"`
}

// sourceKey cannot occur earlier in a hit than as its key: inside a string its quotes
// would be escaped, and what comes before it are plain values.
var sourceKey = []byte(`"_source":`)

// UnmarshalJSON reads a hit. A json.RawMessage alone would lose the white space
// around the source, which the server keeps as it came.
func (h *Hit) UnmarshalJSON(data []byte) error {
	type plain Hit
	hit := struct {
		*plain
		Fields struct { // where Elasticsearch 1.x puts them
			Routing string `json:"_routing"`
			Parent  string `json:"_parent"`
		} `json:"fields"`
	}{plain: (*plain)(h)}
	if err := json.Unmarshal(data, &hit); err != nil {
		return err
	}
	h.Routing, h.Parent = cmp.Or(h.Routing, hit.Fields.Routing), cmp.Or(h.Parent, hit.Fields.Parent)
	if h.Source == nil {
		return nil
	}
	start := bytes.Index(data, sourceKey) + len(sourceKey)
	end := start + bytes.Index(data[start:], h.Source) + len(h.Source)
	for strings.IndexByte(" \t\r\n", data[end]) >= 0 {
		end++
	}
	h.Source = slices.Clone(data[start:end])
	return nil
}

// OneLine writes the line breaks of a source as spaces, as a bulk request needs it.
// JSON has none inside strings.
func OneLine(source []byte) []byte {
	line := slices.Clone(source)
	for i, c := range line {
		if c == '\n' || c == '\r' {
			line[i] = ' '
		}
	}
	return line
}

// oldestPage is the one page that Elasticsearch 1.x and 2.x are asked for: no test has more
// documents there, and more would be an error.
const oldestPage = 10_000

// page is one answer of a scroll.
type page struct {
	Scroll  string `json:"_scroll_id"`
	Timeout bool   `json:"timed_out"`
	Shards  struct {
		Failed int `json:"failed"`
	} `json:"_shards"`
	Hits struct {
		Total json.RawMessage `json:"total"` // a number in Elasticsearch 1.x and 2.x
		Hits  []Hit           `json:"hits"`
	} `json:"hits"`
}

// Scan calls do with every document of an index (or one slice of it, where of > 1),
// in no order. The hit's bytes stay valid.
func (s *Server) Scan(ctx context.Context, index string, slice, of int, do func(Hit) error) error {
	return s.scan(ctx, scanning{index: index, slice: slice, of: of}, do)
}

// ScanPresent is Scan for an index of which some shards may not be there.
func (s *Server) ScanPresent(ctx context.Context, index string, do func(Hit) error) error {
	return s.scan(ctx, scanning{index: index, of: 1, partial: true}, do)
}

// scanning is what to scan.
type scanning struct {
	index     string
	slice, of int
	partial   bool // shards may be missing
}

func (s *Server) scan(ctx context.Context, what scanning, do func(Hit) error) error {
	index, slice, of := what.index, what.slice, what.of
	if s.Spec.Product == Elasticsearch && !s.Spec.AtLeast(Elasticsearch, 5) {
		return s.scanOldest(ctx, index, do)
	}
	request := map[string]any{"size": scanSize, "sort": []string{"_doc"}}
	if of > 1 {
		request["slice"] = map[string]int{"id": slice, "max": of}
	}
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	path := "/" + url.PathEscape(index) + "/_search?scroll=5m"
	for {
		answer, err := s.Do(ctx, "POST", path, body)
		if err != nil {
			return fmt.Errorf("scan %s: %w", index, err)
		}
		var p page
		if err := json.Unmarshal(answer, &p); err != nil {
			return fmt.Errorf("scan %s: %w", index, err)
		}
		if err := p.complete(what); err != nil {
			return err
		}
		if len(p.Hits.Hits) == 0 {
			return s.endScan(ctx, p.Scroll)
		}
		for _, hit := range p.Hits.Hits {
			if err := do(hit); err != nil {
				return errors.Join(err, s.endScan(ctx, p.Scroll))
			}
		}
		path = "/_search/scroll"
		if body, err = json.Marshal(map[string]string{"scroll": "5m", "scroll_id": p.Scroll}); err != nil {
			return err
		}
	}
}

// complete tells whether the page has what was asked for.
func (p page) complete(what scanning) error {
	if p.Timeout || (p.Shards.Failed > 0 && !what.partial) {
		return fmt.Errorf("scan %s: timed out %t, failed shards %d", what.index, p.Timeout, p.Shards.Failed)
	}
	return nil
}

// scanOldest asks for everything at once, with the metadata that Elasticsearch 1.x names only when asked.
func (s *Server) scanOldest(ctx context.Context, index string, do func(Hit) error) error {
	body := fmt.Appendf(nil, `{"size":%d,"fields":["_source","_routing","_parent"]}`, oldestPage)
	answer, err := s.Do(ctx, "POST", "/"+url.PathEscape(index)+"/_search", body)
	if err != nil {
		return fmt.Errorf("scan %s: %w", index, err)
	}
	var p page
	if err := json.Unmarshal(answer, &p); err != nil {
		return fmt.Errorf("scan %s: %w", index, err)
	}
	if p.Timeout || p.Shards.Failed > 0 || string(p.Hits.Total) != strconv.Itoa(len(p.Hits.Hits)) {
		return fmt.Errorf("scan %s: timed out %t, failed shards %d, %d of %s hits", index, p.Timeout, p.Shards.Failed, len(p.Hits.Hits), p.Hits.Total)
	}
	for _, hit := range p.Hits.Hits {
		if err := do(hit); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) endScan(ctx context.Context, scroll string) error {
	body, err := json.Marshal(map[string]string{"scroll_id": scroll})
	if err != nil {
		return err
	}
	_, err = s.Do(ctx, "DELETE", "/_search/scroll", body)
	return err
}
