//go:build e2e

package rebuild

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"migassist/internal/testcluster"
)

var (
	plainTypes   = []string{"byte", "short", "integer", "long", "float", "double", "boolean", "date", "ip", "geo_point", "binary"}
	laterTypes   = slices.Concat(plainTypes, []string{"keyword", "keyword", "text", "half_float", "integer_range", "long_range", "float_range", "double_range", "date_range", "ip_range"})
	exactTypes   = slices.Concat(laterTypes, []string{"date_nanos", "flattened", "dense_vector", "completion"})
	derivedTypes = []string{"byte", "short", "integer", "long", "float", "double", "half_float", "unsigned_long", "boolean", "date", "date_nanos", "ip", "geo_point", "keyword", "text", "wildcard"}
)

// eras are the servers that rebuilt documents are held against: synthetic and derived source against what the server
// returns, documents without _source against what was sent.
var eras = []struct {
	spec testcluster.Spec
	era  era
}{
	{testcluster.Spec{Product: testcluster.Elasticsearch, Version: "8.17.0"}, era{name: "synthetic", major: 8, synthetic: true, types: without(exactTypes, "text", "dense_vector")}},
	{testcluster.Spec{Product: testcluster.Elasticsearch, Version: "8.19.0"}, era{name: "synthetic", major: 8, synthetic: true, types: exactTypes}},
	{testcluster.Spec{Product: testcluster.Elasticsearch, Version: "9.1.0"}, era{name: "synthetic", major: 9, synthetic: true, types: exactTypes}},
	{testcluster.Spec{Product: testcluster.OpenSearch, Version: "3.3.0"}, era{name: "derived", major: 3, openSearch: true, derived: true, types: derivedTypes}},
	{testcluster.Spec{Product: testcluster.Elasticsearch, Version: "1.7.6"}, era{name: "disabled", major: 1, types: slices.Concat(plainTypes, []string{"string", "string"})}},
	{testcluster.Spec{Product: testcluster.Elasticsearch, Version: "2.4.6"}, era{name: "disabled", major: 2, types: slices.Concat(plainTypes, []string{"string", "string"})}},
	{testcluster.Spec{Product: testcluster.Elasticsearch, Version: "5.6.16"}, era{name: "disabled", major: 5, types: slices.Concat(laterTypes, []string{"scaled_float"})}},
	{testcluster.Spec{Product: testcluster.Elasticsearch, Version: "6.8.23"}, era{name: "disabled", major: 6, types: laterTypes}},
	{testcluster.Spec{Product: testcluster.Elasticsearch, Version: "7.10.2"}, era{name: "disabled", major: 7, types: slices.Concat(laterTypes, []string{"date_nanos", "scaled_float"})}},
	{testcluster.Spec{Product: testcluster.OpenSearch, Version: "2.19.1"}, era{name: "disabled", major: 7, openSearch: true, types: slices.Concat(laterTypes, []string{"date_nanos", "scaled_float", "unsigned_long", "flat_object", "wildcard"})}},
}

// without leaves out what 8.17.0 does not return as it has it: texts, of which it gives those of another document where there
// are none, and vectors, which it forgets.
func without(names []string, out ...string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(out, name) })
}

// What is tried: the mappings and documents of an earlier run again, more of them, and with what the servers refuse.
var (
	seed     = flag.Int64("rebuild.seed", time.Now().UnixNano()&0xFFFFFFF, "of the random mappings and documents")
	indices  = flag.Int("rebuild.indices", 20, "per server")
	refusals = flag.Bool("rebuild.refusals", false, "log what the servers refuse")
)

// Random mappings are filled with random documents.
func TestRebuiltIsWhatTheServerHad(t *testing.T) {
	for _, e := range eras {
		t.Run(e.spec.String()+"/"+e.era.name, func(t *testing.T) {
			t.Logf("-rebuild.seed=%d", *seed)
			server, err := testcluster.Start(t.Context(), e.spec)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Stop()
			r := random{rand.New(rand.NewPCG(uint64(*seed), 1)), e.era, new(bool)}
			s := session{t: t, Server: server, random: r, sent: map[string]map[string]any{}, mappings: map[string]map[string]any{}}
			s.run(*indices)
		})
	}
}

// session is one server with random indices.
type session struct {
	*testcluster.Server
	random
	t        *testing.T
	mappings map[string]map[string]any // properties by index
	sent     map[string]map[string]any // documents by index/id
	refused  int                       // by the server
	unclear  int                       // by us: documents with nested objects that can't be told apart
}

func (s *session) run(indices int) {
	if s.era.synthetic {
		if _, err := s.Do(s.t.Context(), "POST", "/_license/start_trial?acknowledge=true", nil); err != nil {
			s.t.Fatal(err)
		}
	}
	for len(s.mappings) < indices {
		if s.refused > 20*indices {
			s.t.Fatal("the server takes none of these mappings")
		}
		s.create(fmt.Sprintf("r%d", len(s.mappings)))
	}
	if err := s.Snapshot(s.t.Context(), "rebuild", "one", "r*"); err != nil {
		s.t.Fatal(err)
	}
	documents := 0
	for _, index := range slices.Sorted(maps.Keys(s.mappings)) {
		s.t.Run(index, func(t *testing.T) { documents += s.compare(t, index) })
	}
	s.t.Logf("%d indices, %d documents the same, %d of unclear nested objects, %d requests refused by the server", len(s.mappings), documents, s.unclear, s.refused)
}

// create makes an index and fills it; a mapping that the server refuses is none.
func (s *session) create(index string) {
	*s.nested = false
	properties := s.object(0)
	if s.era.synthetic {
		properties["copied"] = map[string]any{"type": map[bool]string{true: "text", false: "keyword"}[slices.Contains(s.era.types, "text")]}
	}
	root := map[string]any{"properties": properties}
	settings := map[string]any{"index.number_of_shards": 1 + s.IntN(2), "index.number_of_replicas": 0}
	kind := "_doc"
	switch {
	case s.era.synthetic:
		settings["index.mapping.source.mode"] = "synthetic"
		root["dynamic"] = []any{"true", "false", "runtime"}[s.IntN(3)]
		if s.IntN(3) == 0 {
			settings["index.mapping.synthetic_source_keep"] = "arrays"
		}
	case s.era.derived:
		settings["index.derived_source.enabled"] = true
	default:
		root["_source"] = map[string]any{"enabled": false}
		root["dynamic"] = "false"
	}
	if s.era.major < 7 && !s.era.openSearch {
		kind = "doc"
		root = map[string]any{kind: root}
	}
	body, _ := json.Marshal(map[string]any{"settings": settings, "mappings": root})
	if _, err := s.Do(s.t.Context(), "PUT", "/"+index, body); err != nil {
		if s.refused++; *refusals {
			s.t.Log(err)
		}
		return
	}
	s.mappings[index] = properties
	for batch := range 4 {
		s.fill(index, kind, properties, batch*8)
		if s.IntN(2) == 0 {
			s.post("/" + index + "/_flush")
		}
	}
	s.post("/" + index + "/_refresh")
	if s.IntN(2) == 0 {
		s.post("/" + index + map[bool]string{true: "/_optimize", false: "/_forcemerge"}[s.era.major == 1] + "?max_num_segments=1")
	}
}

// fill sends eight documents, and deletes one of them now and then.
func (s *session) fill(index, kind string, properties map[string]any, first int) {
	var body []byte
	for i := range 8 {
		id := strconv.Itoa(first + i)
		source, _ := json.Marshal(s.document(properties, 0))
		body = fmt.Appendf(body, "{\"index\":{\"_id\":%q}}\n%s\n", id, source)
		s.sent[index+"/"+id], _ = value(s.t, source).(map[string]any)
	}
	path := "/" + index + "/" + kind + "/_bulk"
	if kind == "_doc" {
		path = "/" + index + "/_bulk"
	}
	answer, err := s.Do(s.t.Context(), "POST", path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	var result struct {
		Items []map[string]struct {
			ID    string `json:"_id"`
			Error any
		}
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		s.t.Fatal(err)
	}
	var taken []string
	for _, item := range result.Items {
		for _, outcome := range item {
			if outcome.Error == nil {
				taken = append(taken, outcome.ID)
			} else if s.refused++; *refusals {
				s.t.Logf("%.300s", fmt.Sprint(outcome.Error))
			}
		}
	}
	if len(taken) > 1 && s.IntN(3) == 0 {
		s.delete(index, kind, taken[0])
	}
}

func (s *session) delete(index, kind, id string) {
	if _, err := s.Do(s.t.Context(), "DELETE", "/"+index+"/"+kind+"/"+id, nil); err != nil {
		s.t.Fatal(err)
	}
	delete(s.sent, index+"/"+id)
}

func (s *session) post(path string) {
	if _, err := s.Do(s.t.Context(), "POST", path, nil); err != nil {
		s.t.Fatal(err)
	}
}

// compare holds the rebuilt documents of an index against what they should be, and returns how many are right.
func (s *session) compare(t *testing.T, index string) (right int) {
	x, err := openIndex(t.Context(), filepath.Join(s.Repo, "rebuild"), "one", index)
	if err != nil {
		t.Fatal(err)
	}
	got, plan, err := rebuilt(t.Context(), x)
	if err != nil {
		t.Errorf("%v\nmapping %.1500s", err, asJSON(s.mappings[index]))
		return 0
	}
	want := s.returned(t, index)
	if len(got) != len(want) {
		t.Errorf("%d documents, want %d", len(got), len(want))
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		if strings.HasPrefix(got[id], "refused: ") {
			s.unclear++
			continue
		}
		sent := s.sent[index+"/"+id]
		problem := ""
		if s.era.synthetic || s.era.derived {
			if !same(value(t, []byte(got[id])), value(t, want[id])) {
				problem = "want " + string(want[id])
			}
		} else {
			problem = judge(t, plan, s.mappings[index], sent, []byte(got[id]))
		}
		if problem != "" {
			t.Errorf("document %s is\n     %.900s\n%.900s\nsent %.900s\nmapping %.1500s", id, got[id], problem, asJSON(sent), asJSON(s.mappings[index]))
			return right
		}
		right++
	}
	return right
}

// returned are the documents as the server returns them.
func (s *session) returned(t *testing.T, index string) map[string]json.RawMessage {
	var answer struct {
		Hits struct {
			Hits []struct {
				ID     string          `json:"_id"`
				Source json.RawMessage `json:"_source"`
			}
		}
	}
	if err := s.Get(t.Context(), "/"+index+"/_search?size=1000", &answer); err != nil {
		t.Fatal(err)
	}
	documents := map[string]json.RawMessage{}
	for _, hit := range answer.Hits.Hits {
		documents[hit.ID] = hit.Source
	}
	return documents
}
