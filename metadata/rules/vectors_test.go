package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oneField is what the rules make of an index with the one field f.
func oneField(t *testing.T, from, to string, settings map[string]any, def string) (field, with map[string]any, refusal string) {
	t.Helper()
	parsed := map[string]any{}
	decode(t, []byte(def), &parsed)
	set, err := For(Pair{From: parse(t, from), To: parse(t, to)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	outcome := set.Rewrite(&Item{Kind: Index, Name: "i", Settings: settings, Mappings: map[string]any{"properties": map[string]any{"f": parsed}}})
	if outcome.Refusal != nil {
		return nil, nil, outcome.Refusal.Why
	}
	field, _ = outcome.Item.Mappings["properties"].(map[string]any)["f"].(map[string]any)
	return field, outcome.Item.Settings, ""
}

// TestEverySimilarityOfDenseVectors asks for each similarity, element type, form of index and target; what no engine has is refused by its name.
func TestEverySimilarityOfDenseVectors(t *testing.T) {
	const es = "ES 8.17.0"
	for _, c := range []struct{ name, from, to, def, want string }{
		{"cosine", es, "OS 3.3.0", `{"similarity":"cosine"}`, `{"method":{"engine":"lucene","name":"hnsw","space_type":"cosinesimil"}}`},
		{"dot product", es, "OS 3.3.0", `{"similarity":"dot_product"}`, `{"method":{"engine":"lucene","name":"hnsw","space_type":"innerproduct"}}`},
		{"l2", es, "OS 3.3.0", `{"similarity":"l2_norm"}`, `{"method":{"engine":"lucene","name":"hnsw","space_type":"l2"}}`},
		{"inner product", es, "OS 3.3.0", `{"similarity":"max_inner_product"}`, `{"method":{"engine":"lucene","name":"hnsw","space_type":"innerproduct"}}`},
		{"none said", es, "OS 3.3.0", `{}`, `{"method":{"engine":"lucene","name":"hnsw","space_type":"cosinesimil"}}`},
		{"none said before 8.11", "ES 8.10.0", "OS 3.3.0", `{}`, `{}`},
		{"unknown", es, "OS 3.3.0", `{"similarity":"other"}`, "compares vectors by the similarity other"},
		{"not indexed", es, "OS 3.3.0", `{"index":false}`, `{}`},
		{"not indexed, as text", es, "OS 3.3.0", `{"index":"false"}`, `{}`},

		{"hnsw", es, "OS 3.3.0", `{"similarity":"l2_norm","index_options":{"type":"hnsw","m":8,"ef_construction":50}}`, `{"method":{"engine":"lucene","name":"hnsw","space_type":"l2","parameters":{"m":8,"ef_construction":50}}}`},
		{"int8", es, "OS 3.3.0", `{"index_options":{"type":"int8_hnsw","m":8,"confidence_interval":0.9}}`, `{"method":{"engine":"lucene","name":"hnsw","space_type":"cosinesimil","parameters":{"m":8}}}`},
		{"int4", es, "OS 3.3.0", `{"index_options":{"type":"int4_hnsw"}}`, `{"method":{"engine":"lucene","name":"hnsw","space_type":"cosinesimil"}}`},
		{"bbq", "ES 9.1.0", "OS 3.3.0", `{"index_options":{"type":"bbq_hnsw","rescore_vector":{"oversample":3}}}`, `{"method":{"engine":"lucene","name":"hnsw","space_type":"cosinesimil"}}`},
		{"bbq flat", "ES 9.1.0", "OS 3.3.0", `{"index_options":{"type":"bbq_flat"}}`, `{"method":{"engine":"lucene","name":"hnsw","space_type":"cosinesimil"}}`},
		{"flat", es, "OS 3.3.0", `{"index_options":{"type":"flat"}}`, `{"method":{"engine":"lucene","name":"hnsw","space_type":"cosinesimil"}}`},

		{"bytes", es, "OS 3.3.0", `{"element_type":"byte","similarity":"l2_norm"}`, `{"data_type":"byte","method":{"engine":"lucene","name":"hnsw","space_type":"l2"}}`},
		{"bits", es, "OS 3.3.0", `{"element_type":"bit"}`, `{"data_type":"binary","method":{"engine":"lucene","name":"hnsw","space_type":"hamming"}}`},
		{"bits by l2", es, "OS 2.19.1", `{"element_type":"bit","similarity":"l2_norm"}`, `{"data_type":"binary","method":{"engine":"lucene","name":"hnsw","space_type":"hamming"}}`},
		{"bits that are not indexed", es, "OS 2.19.1", `{"element_type":"bit","index":false}`, `{"data_type":"binary"}`},
		{"bits by cosine", es, "OS 3.3.0", `{"element_type":"bit","similarity":"cosine"}`, "vectors of bits by the similarity cosine"},
		{"bits on 1.x", es, "OS 1.3.20", `{"element_type":"bit"}`, "vectors of bits by the similarity hamming"},
		{"bits that are not indexed on 1.x", es, "OS 1.3.20", `{"element_type":"bit","index":false}`, `{"type":"object","enabled":false}`},
		{"bytes on 1.x", es, "OS 1.3.20", `{"element_type":"byte","similarity":"cosine"}`, `{"method":{"engine":"nmslib","name":"hnsw","space_type":"cosinesimil"}}`},
		{"bytes that Lucene does not compare yet", es, "OS 2.10.0", `{"element_type":"byte","similarity":"dot_product"}`, `{"method":{"engine":"faiss","name":"hnsw","space_type":"innerproduct"}}`},
		{"l2 on 1.x", es, "OS 1.3.20", `{"similarity":"l2_norm"}`, `{"method":{"engine":"faiss","name":"hnsw","space_type":"l2"}}`},
		{"long ones before 2.12", es, "OS 2.11.0", `{"similarity":"l2_norm","dims":2048}`, `{"dimension":2048,"method":{"engine":"faiss","name":"hnsw","space_type":"l2"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			def := `{"type":"dense_vector","dims":64,` + c.def[1:]
			if c.def == "{}" {
				def = `{"type":"dense_vector","dims":64}`
			}
			held(t, c.from, c.to, nil, def, c.want, `{"type":"knn_vector","dimension":64,`)
		})
	}
}

// TestVectorsOfOpenSearch keeps the distance of each vector, whichever engine has it on the target.
func TestVectorsOfOpenSearch(t *testing.T) {
	nmslib := func(space string) string {
		return `{"method":{"name":"hnsw","engine":"nmslib","space_type":"` + space + `"}}`
	}
	for _, c := range []struct {
		name, from, to string
		settings       map[string]any
		def, want      string
	}{
		{"l2", "OS 2.19.1", "OS 3.3.0", nil, nmslib("l2"), `{"method":{"name":"hnsw","engine":"lucene","space_type":"l2"}}`},
		{"cosine", "OS 2.19.1", "OS 3.3.0", nil, nmslib("cosinesimil"), `{"method":{"name":"hnsw","engine":"lucene","space_type":"cosinesimil"}}`},
		{"inner product", "OS 2.19.1", "OS 3.3.0", nil, nmslib("innerproduct"), `{"method":{"name":"hnsw","engine":"lucene","space_type":"innerproduct"}}`},
		{"l1", "OS 2.19.1", "OS 3.3.0", nil, nmslib("l1"), "space type l1"},
		{"linf", "OS 1.3.20", "OS 3.3.0", nil, nmslib("linf"), "space type linf"},
		{"nmslib is there", "OS 1.3.20", "OS 2.19.1", nil, nmslib("l1"), nmslib("l1")},
		{"what 1.3 took without an engine", "OS 1.3.20", "OS 2.19.1", nil, `{"method":{"name":"hnsw","space_type":"l1"}}`, nmslib("l1")},
		{"and 3.3 has not", "OS 1.3.20", "OS 3.3.0", nil, `{"method":{"name":"hnsw","space_type":"linf"}}`, "space type linf"},
		{"a default that both have", "OS 1.3.20", "OS 3.3.0", nil, `{"method":{"name":"hnsw","space_type":"l2"}}`, `{"method":{"name":"hnsw","space_type":"l2"}}`},
		{"a setting that is still known", "OS 1.3.20", "OS 2.19.1", map[string]any{"index.knn.space_type": "l2"}, `{}`, `{}`},
		{"a setting the default engine lacks", "OS 1.3.20", "OS 2.19.1", map[string]any{"index.knn.space_type": "l1"}, `{}`, nmslib("l1")},
		{"a setting that is gone", "OS 1.3.20", "OS 3.3.0", map[string]any{"index.knn.space_type": "cosinesimil"}, `{}`, `{"method":{"name":"hnsw","engine":"lucene","space_type":"cosinesimil"}}`},
		{"beside the method", "OS 2.17.0", "OS 3.3.0", nil, `{"space_type":"l1"}`, "space type l1"},
		{"beside the method, named nmslib", "OS 2.17.0", "OS 3.3.0", nil, `{"space_type":"l2","method":{"name":"hnsw","engine":"nmslib"}}`, `{"space_type":"l2","method":{"name":"hnsw","engine":"lucene"}}`},
		{"faiss with cosine", "OS 2.19.1", "OS 3.3.0", nil, `{"method":{"name":"hnsw","engine":"faiss","space_type":"cosinesimil"}}`, `{"method":{"name":"hnsw","engine":"faiss","space_type":"cosinesimil"}}`},
		{"bits", "OS 2.19.1", "OS 3.3.0", nil, `{"data_type":"BINARY","method":{"name":"hnsw","engine":"faiss"}}`, `{"data_type":"BINARY","method":{"name":"hnsw","engine":"faiss"}}`},
		{"trained", "OS 2.19.1", "OS 3.3.0", nil, `{"model_id":"m"}`, "the model m"},
	} {
		t.Run(c.name, func(t *testing.T) {
			def := strings.Replace(`{"type":"knn_vector","dimension":4,`+c.def[1:], ",}", "}", 1)
			held(t, c.from, c.to, c.settings, def, c.want, `{"type":"knn_vector","dimension":4,`)
		})
	}
}

// held compares a field with what is wanted of it, which is a refusal where it is no JSON.
func held(t *testing.T, from, to string, settings map[string]any, def, want, base string) {
	t.Helper()
	field, with, refusal := oneField(t, from, to, settings, def)
	if !strings.HasPrefix(want, "{") {
		if !strings.Contains(refusal, want) {
			t.Errorf("got %v, refused with %q; want a refusal with %q", field, refusal, want)
		}
		return
	}
	if strings.Contains(want, `"type"`) {
		base = "{"
	}
	wanted := map[string]any{}
	decode(t, []byte(strings.Replace(base+want[1:], ",}", "}", 1)), &wanted)
	if diff := cmp.Diff(wanted, field); diff != "" {
		t.Errorf("%s; -want +got:\n%s", refusal, diff)
	}
	if _, searched := field["method"]; searched && strings.HasPrefix(from, "ES") && with["index.knn"] != true {
		t.Errorf("neighbours are not found without index.knn: %v", with)
	}
	for name, value := range settings {
		if with[name] != nil && field["method"] != nil {
			t.Errorf("both the method and %s=%v are said", name, value)
		}
	}
}

func TestAllocationThatIsOffWaits(t *testing.T) {
	set, err := For(Pair{From: parse(t, "ES 7.10.2"), To: parse(t, "OS 2.19.1")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const name = "index.routing.allocation.enable"
	for value, waits := range map[string]bool{"none": true, "all": false, "primaries": false, "new_primaries": false} {
		outcome := set.Rewrite(&Item{Kind: Index, Name: "i", Settings: map[string]any{name: value}})
		kept := outcome.Item.Settings[name] == value
		if kept == waits || (len(outcome.Later) == 1) != waits || waits && outcome.Later[0].Body[name] != value {
			t.Errorf("%s: kept is %v, later %v", value, kept, outcome.Later)
		}
	}
}
