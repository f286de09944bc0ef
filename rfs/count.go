package rfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"migassist/cluster/version"
	"migassist/lucene"
	"migassist/lucene/docvalues"
	"migassist/snapshot"
)

// Live is how many documents an index of a snapshot has, by its metadata.
type Live struct {
	Documents int64
	// Children says that nested objects, each a document to Lucene, could not be told from users' documents and count too.
	Children bool
}

// fieldPrimaryTerm is the column that, from Elasticsearch 6.1 on, users' documents have and their nested objects have not.
const fieldPrimaryTerm = "_primary_term"

// shardsAtOnce are the shards of an index whose commits are read at once: far stores answer in tens of milliseconds.
const shardsAtOnce = 8

// CountLive counts the documents in the shards of an index that the plan has, without reading one: commits tell how many there are.
// Where the mapping has nested objects, the column that only users' documents have is read, if there is one.
func (p *Plan) CountLive(ctx context.Context, snap *snapshot.Snapshot, name string) (Live, error) {
	index, err := snap.Index(ctx, name)
	if err != nil {
		return Live{}, err
	}
	nested := false
	for _, mapping := range index.Mappings {
		nested = nested || hasNested(mapping)
	}
	marked := index.Created.Flavor == version.OpenSearch || index.Created.AtLeast(6, 1)
	var live Live
	results := make(chan Live, len(p.Items))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(shardsAtOnce)
	for _, item := range p.Items {
		if item.Index != name {
			continue
		}
		group.Go(func() error {
			shard, err := countShard(within, index, item.Shard, nested && marked)
			results <- shard
			return err
		})
	}
	err = group.Wait()
	close(results)
	for shard := range results {
		live.Documents += shard.Documents
		live.Children = live.Children || shard.Children
	}
	live.Children = live.Children || nested && !marked
	return live, err
}

// countShard counts a shard's documents; by the column of users' documents if told so.
func countShard(ctx context.Context, index *snapshot.Index, number int, column bool) (Live, error) {
	commit, err := openShard(ctx, index, number)
	if err != nil {
		return Live{}, err
	}
	var live Live
	for _, segment := range commit.Segments {
		n := int64(segment.MaxDoc - segment.Deleted - segment.SoftDeleted)
		if column && n > 0 {
			users, err := countUsers(ctx, segment)
			switch {
			case errors.Is(err, docvalues.ErrNoColumn): // of an index whose metadata says more than its segments
				live.Children = true
			case err != nil:
				return live, fmt.Errorf("count the documents of shard %d of %s: segment %s: %w", number, index.Name, segment.Name, err)
			default:
				n = int64(users)
			}
		}
		live.Documents += n
	}
	return live, nil
}

// countUsers counts the live documents of a segment that are no nested objects.
func countUsers(ctx context.Context, segment *lucene.Segment) (n int, err error) {
	segment.Verification = lucene.VerifyRead // a count is no proof, and reads little
	docs, err := segment.Open(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, docs.Close()) }()
	return docs.LiveWith(ctx, fieldPrimaryTerm)
}

// hasNested tells whether a mapping, or a field of it, has nested objects at any depth.
func hasNested(mapping json.RawMessage) bool {
	var level struct {
		Type       json.RawMessage            `json:"type"` // a field may be called type
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if json.Unmarshal(mapping, &level) != nil {
		return false
	}
	if string(level.Type) == `"nested"` {
		return true
	}
	for _, field := range level.Properties {
		if hasNested(field) {
			return true
		}
	}
	return false
}

// TargetsOf returns the names on the target that documents of an index of the plan go to, sorted.
func (p *Plan) TargetsOf(index string) []string {
	if reading := p.readings[index]; reading != nil {
		return reading.targetNames()
	}
	return nil
}
