package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"migassist/cluster"
)

// Cluster is a side that is asked by search: a target, or, with [NewLive], a source.
type Cluster struct {
	Reader *cluster.Reader
	// Refresh makes what was written visible to searches; nil: it is as visible as it is.
	Refresh func(ctx context.Context, names ...string) error
	// MaxDocsPerSecond is how fast it is read at most: a page that takes too long is no longer kept by the server. 0: no limit.
	MaxDocsPerSecond float64
	// EndScroll gives up what the server keeps for a scan; nil: that ends by itself.
	EndScroll func(ctx context.Context, scroll string) error
}

// NewTarget returns a target as a side.
func NewTarget(client *cluster.Client) *Cluster {
	return &Cluster{Reader: client.Reader, Refresh: client.Refresh, EndScroll: client.EndScroll}
}

// NewCluster returns a cluster as a side that is only read.
func NewCluster(reader *cluster.Reader) *Cluster { return &Cluster{Reader: reader} }

// part is what is read of a cluster in one go: one shard of an index, or of each index of a data stream.
type part struct {
	Index string `json:"index"`
	Shard int    `json:"shard"` // -1: all of them, in one search
	Page  int    `json:"page"`  // documents of a page
}

func (p part) name() string {
	if p.Shard < 0 {
		return p.Index
	}
	return p.Index + "/" + strconv.Itoa(p.Shard)
}

// Sizes of what is asked for at once.
const (
	pageBytes   = 4 << 20 // of sources, as far as the average tells
	mostPage    = 1000
	leastPage   = 10
	pageSeconds = 60    // that a page takes at most, where reading is held back
	smallIndex  = 1000  // documents of an index that is read by one search
	mostAtOnce  = 10000 // documents that one search gives, by default of the server
	lookupIDs   = 200
	lookupBytes = 4 << 20
)

// errAbsent is of an index that a cluster does not have.
var errAbsent = errors.New("no such index")

// made is what an index is: its shards, and an identity that is another when it was deleted and made again.
type made struct {
	shards   int
	identity string
}

// ask asks what an index is, or what the indices of a data stream are. One that is not there has no shards.
func (c *Cluster) ask(ctx context.Context, index string) (m made, err error) {
	settings, err := c.Reader.IndexSettings(ctx, index)
	if err != nil {
		return m, fmt.Errorf("ask what index %s is: %w", index, err)
	}
	var identities []string
	for name, of := range settings {
		var shards, identity string
		if err := json.Unmarshal(of["index.number_of_shards"], &shards); err != nil {
			return m, fmt.Errorf("index %s does not say how many shards it has", name)
		}
		n, err := strconv.Atoi(shards)
		if err != nil {
			return m, fmt.Errorf("the number of shards of index %s: %w", name, err)
		}
		m.shards = max(m.shards, n)
		_ = json.Unmarshal(of["index.uuid"], &identity) // one that has none is only known by its name
		identities = append(identities, name+" "+identity)
	}
	slices.Sort(identities)
	m.identity = strings.Join(identities, ", ")
	return m, nil
}

// parts lists what there is to read of an index, and how many documents that are. An index that is not there has none, and the error
// is errAbsent.
func (c *Cluster) parts(ctx context.Context, index string) (parts []part, is made, count int64, err error) {
	count, err = c.Reader.Count(ctx, index)
	switch {
	case cluster.NotFound(err):
		return nil, is, 0, errAbsent
	case cluster.Closed(err):
		return nil, is, 0, closed(index)
	case err != nil:
		return nil, is, 0, fmt.Errorf("count the documents of %s: %w", index, err)
	}
	if is, err = c.ask(ctx, index); err != nil {
		return nil, is, 0, err
	}
	page := c.page(ctx, index)
	if count <= smallIndex && count <= int64(page) {
		return []part{{index, -1, page}}, is, count, nil
	}
	for i := range is.shards {
		parts = append(parts, part{index, i, page})
	}
	return parts, is, count, nil
}

// closed is the error of indices whose documents can't be read.
func closed(names ...string) error {
	return fmt.Errorf("closed, so that their documents can't be read: %s; open them (POST /NAME/_open), or leave them out with --index-allowlist", strings.Join(names, ", "))
}

// page is how many documents of an index make about pageBytes.
func (c *Cluster) page(ctx context.Context, index string) int {
	most := int64(mostPage)
	if c.MaxDocsPerSecond > 0 {
		most = min(most, max(int64(c.MaxDocsPerSecond*pageSeconds), 1))
	}
	size, err := c.Reader.Size(ctx, index)
	if err != nil || size.Docs == 0 { // who may search may not always ask for sizes
		return int(min(most, mostPage/4))
	}
	const unpacked = 2 // what the server compresses, as a guess
	return int(min(max(pageBytes/max(unpacked*size.Bytes/size.Docs, 1), leastPage), most))
}

// read hands all documents of a part to visit, group after group.
func (c *Cluster) read(ctx context.Context, p part, visit func([]cluster.RawHit) error) error {
	if p.Shard < 0 {
		return c.readWhole(ctx, p.Index, visit)
	}
	var scroll string
	var failed error
	for group, err := range c.Reader.Scan(ctx, p.Index, "_shards:"+strconv.Itoa(p.Shard), search{Size: p.Page, Sort: []string{"_doc"}}.body(c)) {
		scroll = group.Scroll
		if err == nil {
			err = visit(group.Hits)
		}
		if err != nil {
			failed = err
			break
		}
	}
	if scroll != "" && c.EndScroll != nil && ctx.Err() == nil {
		failed = errors.Join(failed, c.EndScroll(ctx, scroll))
	}
	return failed
}

// errGrown is of an index that was small, and no longer is.
var errGrown = errors.New("the index has grown while it was read: begin again")

func (c *Cluster) readWhole(ctx context.Context, index string, visit func([]cluster.RawHit) error) error {
	seen := 0
	for group, err := range c.Reader.Select(ctx, index, "", search{Size: mostAtOnce, Sort: []string{"_doc"}}.body(c)) {
		if err != nil {
			return err
		}
		seen += len(group.Hits)
		if err := visit(group.Hits); err != nil {
			return err
		}
	}
	if seen >= mostAtOnce {
		return fmt.Errorf("%s: %w", index, errGrown)
	}
	return nil
}

// lookup asks for documents by id, whatever their routing.
func (c *Cluster) lookup(ctx context.Context, index string, ids []string, visit func(cluster.RawHit) error) error {
	if len(ids) == 0 {
		return nil
	}
	query := search{Size: min(mostAtOnce, 8*len(ids)+100), Query: &idsQuery{}}
	query.Query.IDs.Values = ids
	seen := 0
	for group, err := range c.Reader.Select(ctx, index, "", query.body(c)) {
		if cluster.NotFound(err) {
			return nil // no such index: none of the documents
		}
		if err != nil {
			return err
		}
		seen += len(group.Hits)
		for _, hit := range group.Hits {
			if err := visit(hit); err != nil {
				return err
			}
		}
	}
	if seen < query.Size {
		return nil
	}
	if len(ids) == 1 {
		return fmt.Errorf("id %s stands more than %d times in %s, under other routing each: that can't be compared", ids[0], seen-1, index)
	}
	return errCrowded
}

// errCrowded is of ids that stand under so many routings that one search can't tell.
var errCrowded = errors.New("the documents of some ids are too many for one search")

// search is the body of one.
type search struct {
	Size   int       `json:"size"`
	Sort   []string  `json:"sort,omitempty"`
	Query  *idsQuery `json:"query,omitempty"`
	Fields []string  `json:"fields,omitempty"`
}

type idsQuery struct {
	IDs struct {
		Values []string `json:"values"`
	} `json:"ids"`
}

func (s search) body(c *Cluster) json.RawMessage {
	if c.Reader.Ancient() {
		s.Fields = []string{"_source", "_routing", "_parent"}
	}
	body, _ := json.Marshal(s) // strings and numbers always marshal
	return body
}

// routing is what leads to the document's shard.
func routing(hit *cluster.RawHit) []byte {
	if hit.Routing == nil {
		return hit.Parent
	}
	return hit.Routing
}
