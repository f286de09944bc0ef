package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"migassist/cluster/version"
)

// RawHit is a document as a search returns it, in bytes that are valid until the next group of hits.
type RawHit struct {
	Type    []byte // nil where the version has no types
	ID      []byte
	Routing []byte // nil: none
	Parent  []byte // of versions before 6; nil: none
	Source  []byte // byte for byte as stored; nil where _source is off
}

// Hits are neighbors of a page. They come in groups, so that a page is never in memory as a whole.
type Hits struct {
	Hits []RawHit
	// Scroll is what the search goes on with, for [Client.EndScroll]; "": nothing.
	Scroll string
}

// scanFor is how long the server keeps a scroll between two pages: as long as a throttled reader takes for one.
const scanFor = 5 * time.Minute

// flowTime bounds how long the answer with a page may take to be read: whoever reads it may be throttled.
const flowTime = 15 * time.Minute

// Scan returns every document that the search body selects in the index, pattern or data stream, page after page; the body says how
// many documents a page has ("size") and their order, which is ["_doc"] where it does not matter. Preference, unless empty, names the shards:
// "_shards:0". A page is decoded while it comes. The first error ends the stream, and a page that was not complete is one: what was
// yielded of it counts for nothing.
func (r *Reader) Scan(ctx context.Context, index, preference string, body json.RawMessage) iter.Seq2[Hits, error] {
	return func(yield func(Hits, error) bool) {
		first := esapi.SearchRequest{Index: escape([]string{index}), Body: bytes.NewReader(body), Scroll: scanFor, Preference: preference}
		p := &rawPage{yield: yield}
		err := p.read(ctx, first, r.flow)
		for err == nil && p.hits > 0 && !p.ended {
			if p.scroll == "" {
				err = errors.New("the answer has no _scroll_id to go on with")
				break
			}
			err = p.read(ctx, r.scrollRequest(p.scroll), r.flowOnce)
		}
		if err != nil && !p.ended {
			yield(Hits{Scroll: p.scroll}, fmt.Errorf("documents of %s: %w", index, err))
		}
	}
}

// Select returns what one search finds: the body says how many documents at most ("size").
func (r *Reader) Select(ctx context.Context, index, preference string, body json.RawMessage) iter.Seq2[Hits, error] {
	return func(yield func(Hits, error) bool) {
		p := &rawPage{yield: yield}
		err := p.read(ctx, esapi.SearchRequest{Index: escape([]string{index}), Body: bytes.NewReader(body), Preference: preference}, r.flow)
		if err != nil && !p.ended {
			yield(Hits{}, fmt.Errorf("documents of %s: %w", index, err))
		}
	}
}

// scrollRequest asks for the next page. It is never repeated when its answer got lost, as in [Reader.nextPage].
func (r *Reader) scrollRequest(scroll string) esapi.Request {
	if v := r.info.Version; v.Flavor == version.Elasticsearch && !v.AtLeast(2, 0) {
		return esapi.ScrollRequest{Scroll: scanFor, Body: strings.NewReader(scroll)} // 1.x takes the id alone
	}
	// Marshalling strings can't fail.
	body, _ := json.Marshal(map[string]string{"scroll_id": scroll, "scroll": "5m"})
	return esapi.ScrollRequest{Body: bytes.NewReader(body)}
}

// EndScroll lets the server give up what it keeps for a scan; without, it does so by itself after a while.
func (c *Client) EndScroll(ctx context.Context, scroll string) error {
	body, err := json.Marshal(map[string][]string{"scroll_id": {scroll}})
	if err != nil {
		return err
	}
	err = send(ctx, c.repeat, esapi.ClearScrollRequest{Body: bytes.NewReader(body)}, nil)
	if NotFound(err) {
		return nil
	}
	return err
}

// rawPage reads the answers of one scan.
type rawPage struct {
	yield  func(Hits, error) bool
	ended  bool // by who takes the hits
	scroll string
	hits   int // of the last answer

	timedOut bool
	shards   struct {
		Failed   int             `json:"failed"`
		Failures json.RawMessage `json:"failures"`
	}
	group  []RawHit
	memory []byte // of the group
}

// groupBytes is the size above which a group of hits is handed on.
const groupBytes = 1 << 20

// read sends a request and yields the hits of its answer while it comes.
func (p *rawPage) read(ctx context.Context, request esapi.Request, over transport) (err error) {
	answer, err := request.Do(ctx, over)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	p.hits, p.timedOut, p.shards.Failed = 0, false, 0
	in := newScanner(answer.Body)
	if err := in.object(func(name string) error { return p.member(in, name) }); err != nil {
		if p.ended || errors.Is(err, errEnough) {
			return nil
		}
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return fmt.Errorf("read a page: %w", err)
	}
	if p.timedOut {
		return errors.New("a page is not complete: the search timed out")
	}
	if p.shards.Failed > 0 {
		return fmt.Errorf("a page is not complete: %d shards failed: %s", p.shards.Failed, excerpt(p.shards.Failures))
	}
	p.flush()
	_, _ = io.Copy(io.Discard, answer.Body) // its last byte makes the connection one for the next page
	return nil
}

// errEnough ends an answer of which no more is wanted.
var errEnough = errors.New("no more is wanted")

func (p *rawPage) member(in *scanner, name string) error {
	switch name {
	case "_scroll_id":
		id, err := in.text(nil)
		p.scroll = string(id)
		return err
	case "timed_out":
		raw, err := in.raw()
		p.timedOut = string(raw) == "true"
		return err
	case "_shards":
		raw, err := in.raw()
		if err != nil {
			return err
		}
		return json.Unmarshal(raw, &p.shards)
	case "hits":
		return in.object(func(name string) error {
			if name != "hits" {
				return in.skip()
			}
			return in.array(func() error { return p.hit(in) })
		})
	}
	return in.skip()
}

// hit reads one hit into the group.
func (p *rawPage) hit(in *scanner) error {
	var h RawHit
	err := in.object(func(name string) error {
		switch name {
		case "_id":
			return p.text(in, &h.ID)
		case "_type":
			return p.text(in, &h.Type)
		case "_routing":
			return p.text(in, &h.Routing)
		case "_parent":
			return p.text(in, &h.Parent)
		case "_source":
			raw, err := in.raw()
			h.Source = p.keep(raw)
			return err
		case "fields": // where 1.x has them
			return in.object(func(name string) error {
				switch name {
				case "_routing":
					return p.text(in, &h.Routing)
				case "_parent":
					return p.text(in, &h.Parent)
				}
				return in.skip()
			})
		}
		return in.skip()
	})
	if err != nil {
		return err
	}
	p.hits++
	p.group = append(p.group, h)
	if len(p.memory) >= groupBytes {
		p.flush()
		if p.ended {
			return errEnough
		}
	}
	return nil
}

// text keeps a string; other values, as a document's own field of the name, are passed over.
func (p *rawPage) text(in *scanner, to *[]byte) error {
	if b, err := in.peek(); err != nil || b != '"' {
		return errors.Join(err, in.skip())
	}
	begin := len(p.memory)
	var err error
	p.memory, err = in.text(p.memory)
	*to = p.memory[begin:len(p.memory):len(p.memory)]
	return err
}

// keep copies bytes into the group's memory.
func (p *rawPage) keep(b []byte) []byte {
	begin := len(p.memory)
	p.memory = append(p.memory, b...)
	return p.memory[begin:len(p.memory):len(p.memory)]
}

// flush hands the group on.
func (p *rawPage) flush() {
	if len(p.group) > 0 && !p.ended {
		p.ended = !p.yield(Hits{Hits: p.group, Scroll: p.scroll}, nil)
	}
	if cap(p.memory) > 4*groupBytes {
		p.memory = nil
	}
	p.group, p.memory = p.group[:0], p.memory[:0]
}

// flowing has answers handed on while they come, instead of read first.
type flowing struct{ *wire }

// Perform sends the request and returns an answer whose body is read from the network.
func (w flowing) Perform(req *http.Request) (*http.Response, error) {
	return w.perform(req, func(answer *http.Response, done func()) (io.ReadCloser, error) {
		return &flow{ReadCloser: answer.Body, done: done}, nil
	})
}

// flow is a body whose request ends with it.
type flow struct {
	io.ReadCloser
	done func()
}

// Close gives up what was not read.
func (f *flow) Close() error {
	defer f.done()
	return f.ReadCloser.Close()
}

// IndexSize is what an index, or all behind a name, come to.
type IndexSize struct {
	Docs  int64 // Lucene's documents: nested ones count apart
	Bytes int64 // of the primary shards
}

// Size returns how large an index, or all that a name or pattern leads to, is.
func (r *Reader) Size(ctx context.Context, index string) (IndexSize, error) {
	var size IndexSize
	var lines []struct {
		Docs  json.Number `json:"docs.count"`
		Bytes json.Number `json:"pri.store.size"`
	}
	request := esapi.CatIndicesRequest{Index: escape([]string{index}), Format: "json", Bytes: "b", H: []string{"docs.count", "pri.store.size"}}
	if err := r.get(ctx, request, &lines); err != nil {
		return size, err
	}
	for _, line := range lines { // closed ones have null
		docs, _ := line.Docs.Int64()
		bytes, _ := line.Bytes.Int64()
		size.Docs += docs
		size.Bytes += bytes
	}
	return size, nil
}

// Ancient tells of Elasticsearch 1.x, which shows routing and parent only to those who ask for these fields.
func (r *Reader) Ancient() bool {
	return r.info.Version.Flavor == version.Elasticsearch && !r.info.Version.AtLeast(2, 0)
}
