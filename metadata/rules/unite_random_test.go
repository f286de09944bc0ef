package rules

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNothingOfAPieceIsMissingInSilence unites random items: every leaf of every piece is there, or a change or the refusal says what became of it, and
// nothing is there that no piece had.
func TestNothingOfAPieceIsMissingInSilence(t *testing.T) {
	const rounds = 2000
	united, refused := 0, 0
	for seed := range uint64(rounds) {
		random := rand.New(rand.NewPCG(seed, 7))
		pieces := make([]Piece, 2+random.IntN(2))
		before := make([]map[string]any, len(pieces))
		for i := range pieces {
			pieces[i] = Piece{fmt.Sprint("i/", i), randomItem(random)}
			before[i] = map[string]any{}
			leaves("", pieces[i].Item.Body(), before[i])
		}
		untouched := pieces[1].Item.clone()
		outcome := Unite(pieces)
		if diff := cmp.Diff(untouched, pieces[1].Item); diff != "" {
			t.Fatalf("seed %d: a piece was changed: %s", seed, diff)
		}
		if outcome.Refusal != nil {
			refused++
			continue
		}
		united++
		after := map[string]any{}
		leaves("", outcome.Item.Body(), after)
		for i := range pieces {
			for path, value := range before[i] {
				if !cmp.Equal(value, after[path]) && !explained(path, outcome.Changes) && !empty(path, after) {
					t.Fatalf("seed %d: %s of %s: %v became %v, and no change says why\n%+v", seed, path, pieces[i].Name, value, after[path], outcome.Changes)
				}
			}
		}
		for path := range after {
			if !had(path, before) {
				t.Fatalf("seed %d: %s is of no piece", seed, path)
			}
		}
	}
	if united < rounds/10 || refused < rounds/10 {
		t.Errorf("%d united, %d refused: the random items are too much alike", united, refused)
	}
}

// empty tells whether a leaf is an object without members that has got some from another piece.
func empty(path string, after map[string]any) bool {
	for other := range after {
		if strings.HasPrefix(other, path+"/") {
			return true
		}
	}
	return false
}

func had(path string, before []map[string]any) bool {
	for _, leaves := range before {
		if _, there := leaves[path]; there {
			return true
		}
	}
	return false
}

func randomItem(r *rand.Rand) *Item {
	item := &Item{Kind: Index, Name: "u", Settings: map[string]any{"index.number_of_shards": fmt.Sprint(1 + r.IntN(2))}, Mappings: map[string]any{}, Aliases: map[string]any{}, Rest: map[string]any{}}
	maybe := func(in map[string]any, key string, values ...any) {
		if r.IntN(4) == 0 {
			in[key] = copyOf(values[r.IntN(len(values))])
		}
	}
	maybe(item.Settings, "index.refresh_interval", "1s", "2s")
	maybe(item.Settings, "index.analysis.filter.f.type", "stop", "stop", "length")
	maybe(item.Mappings, "dynamic", "strict", "false", "true")
	maybe(item.Mappings, "date_detection", true, false)
	maybe(item.Mappings, "_routing", map[string]any{"required": true})
	maybe(item.Mappings, "_meta", map[string]any{"a": "1"}, map[string]any{"a": "2", "b": "3"})
	maybe(item.Mappings, "dynamic_templates", []any{map[string]any{"t": map[string]any{"match": "a"}}}, []any{map[string]any{"t": map[string]any{"match": "b"}}, map[string]any{"s": map[string]any{"match": "c"}}})
	maybe(item.Aliases, "x", map[string]any{"routing": "1"}, map[string]any{"routing": "2"})
	item.Mappings["properties"] = randomFields(r, 2)
	return item
}

func randomFields(r *rand.Rand, depth int) map[string]any {
	fields := map[string]any{}
	for range r.IntN(3) {
		field := map[string]any{}
		fields[string(rune('a'+r.IntN(5)))] = field
		switch kind := r.IntN(8); {
		case kind < 2 && depth > 0:
			field["properties"] = randomFields(r, depth-1)
			if r.IntN(4) == 0 {
				field["dynamic"] = "strict"
			}
		default:
			field["type"] = "keyword"
			if kind == 7 {
				field["type"] = "text"
			}
			if r.IntN(3) == 0 {
				field["ignore_above"] = fmt.Sprint(r.IntN(3))
			}
			if r.IntN(4) == 0 {
				field["fields"] = map[string]any{string(rune('p' + r.IntN(2))): map[string]any{"type": "long"}}
			}
		}
	}
	return fields
}
