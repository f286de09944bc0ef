package rebuild

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"migassist/internal/blob"
	"migassist/lucene"
	"migassist/snapshot"
)

// openIndex opens an index of a snapshot in the repository in a folder.
func openIndex(ctx context.Context, folder, name, index string) (*snapshot.Index, error) {
	repository, err := snapshot.Open(ctx, blob.FromFS(os.DirFS(folder), folder))
	if err != nil {
		return nil, err
	}
	snap, err := repository.Snapshot(ctx, name)
	if err != nil {
		return nil, err
	}
	return snap.Index(ctx, index)
}

// rebuilt are the documents of an index by id, in the JSON that was made of them.
func rebuilt(ctx context.Context, index *snapshot.Index) (map[string]string, *Plan, error) {
	plan, err := NewPlan(index)
	if err != nil {
		return nil, nil, err
	}
	plan.bare = true
	documents := map[string]string{}
	for number := range index.Shards {
		shard, err := index.Shard(ctx, number)
		if err != nil {
			return nil, plan, err
		}
		commit, err := lucene.OpenCommit(ctx, shard.Directory())
		if err != nil {
			return nil, plan, err
		}
		for _, segment := range commit.Segments {
			if err := rebuildSegment(ctx, plan, segment, documents); err != nil {
				return documents, plan, fmt.Errorf("segment %s: %w", segment.Name, err)
			}
		}
	}
	return documents, plan, nil
}

// rebuildSegment opens a Rebuilder for each span, as the decoders of a backfill do.
func rebuildSegment(ctx context.Context, plan *Plan, segment *lucene.Segment, documents map[string]string) error {
	docs, err := segment.Open(ctx, append([]string{"_id", "_uid"}, plan.StoredFields()...)...)
	if err != nil {
		return err
	}
	defer docs.Close()
	var decoder lucene.Decoder
	for span, err := range docs.Spans(ctx, 0, nil) {
		if err != nil {
			return err
		}
		rebuilder, err := plan.Open(ctx, docs)
		if err != nil {
			return err
		}
		err = decoder.Decode(span, 0, func(doc *lucene.Doc) error {
			id := testID(doc)
			if id == "" {
				return rebuilder.Child(doc)
			}
			source, err := rebuilder.Append(nil, doc)
			if errors.Is(err, ErrUnsupported) {
				source, err = []byte("refused: "+err.Error()), nil
			}
			if err != nil {
				return fmt.Errorf("document %s: %w", id, err)
			}
			documents[id] = string(source)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// testID decodes the id of a document that was opened with _id and _uid first.
func testID(doc *lucene.Doc) string {
	raw := cmp.Or(string(doc.Values[0].Bytes), string(doc.Values[1].Bytes))
	coded := doc.Values[0].Kind == lucene.Bytes
	if _, id, ok := strings.Cut(raw, "#"); ok && !coded {
		return id
	}
	if !coded || raw == "" {
		return raw
	}
	switch raw[0] {
	case 0xFF:
		return raw[1:]
	case 0xFE:
		return strings.TrimSuffix(fmt.Sprintf("%x", raw[1:]), "f")
	case 0xFD:
		raw = raw[1:]
	}
	return base64.RawURLEncoding.EncodeToString([]byte(raw))
}

// value decodes JSON with its numbers as written.
func value(t testing.TB, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// same compares JSON values. Numbers are the same where they read as the same float64, or the same float32: Java until
// 18 writes some floats with a digit too many.
func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		other, ok := b.(map[string]any)
		if !ok || len(a) != len(other) {
			return false
		}
		for key, v := range a {
			if w, ok := other[key]; !ok || !same(v, w) {
				return false
			}
		}
		return true
	case []any:
		other, ok := b.([]any)
		if !ok || len(a) != len(other) {
			return false
		}
		for i := range a {
			if !same(a[i], other[i]) {
				return false
			}
		}
		return true
	case json.Number:
		other, ok := b.(json.Number)
		return ok && sameNumber(a, other)
	default:
		return a == b
	}
}

func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	if !strings.ContainsAny(string(a+b), ".eE") {
		return false // whole numbers may be larger than a float64 can tell apart
	}
	x, errX := a.Float64()
	y, errY := b.Float64()
	return errX == nil && errY == nil && (x == y || float32(x) == float32(y) && !math.IsInf(float64(float32(x)), 0) && (len(a) < 12 || len(b) < 12))
}
