package testcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// scanSize is how many documents one page of a scan has.
const scanSize = 1000

// Hit is a document as the server returned it; Source has the server's bytes,
// unchanged with the white space around them, and is nil where the index keeps none.
type Hit struct {
	Index   string          `json:"_index"`
	ID      string          `json:"_id"`
	Routing string          `json:"_routing,omitempty"`
	Source  json.RawMessage `json:"_source,omitempty"`
}

// sourceKey cannot occur earlier in a hit than as its key: inside a string its quotes
// would be escaped, and what comes before it are plain values.
var sourceKey = []byte(`"_source":`)

// UnmarshalJSON reads a hit. A json.RawMessage alone would lose the white space
// around the source, which the server keeps as it came.
func (h *Hit) UnmarshalJSON(data []byte) error {
	type plain Hit
	if err := json.Unmarshal(data, (*plain)(h)); err != nil {
		return err
	}
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

// page is one answer of a scroll.
type page struct {
	Scroll  string `json:"_scroll_id"`
	Timeout bool   `json:"timed_out"`
	Shards  struct {
		Failed int `json:"failed"`
	} `json:"_shards"`
	Hits struct {
		Hits []Hit `json:"hits"`
	} `json:"hits"`
}

// Scan calls do with every document of an index (or one slice of it, where of > 1),
// in no order. The hit's bytes stay valid.
func (s *Server) Scan(ctx context.Context, index string, slice, of int, do func(Hit) error) error {
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
		if p.Timeout || p.Shards.Failed > 0 {
			return fmt.Errorf("scan %s: timed out %t, failed shards %d", index, p.Timeout, p.Shards.Failed)
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

func (s *Server) endScan(ctx context.Context, scroll string) error {
	body, err := json.Marshal(map[string]string{"scroll_id": scroll})
	if err != nil {
		return err
	}
	_, err = s.Do(ctx, "DELETE", "/_search/scroll", body)
	return err
}
