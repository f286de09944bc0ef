//go:build e2e

package matrix

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"migassist/internal/testcluster"
)

// source is what is kept of a real server when it has ended: its snapshot, and what it answered.
type source struct {
	spec    testcluster.Spec
	repo    string // folder of the repository
	fields  []field
	answers map[string]string // by index and query: the ids that it finds
	multi   bool              // it has an index of several types
	server  *testcluster.Server
	taken   []string // what it took of what was offered to it
}

func (s *source) elasticsearch() bool { return s.spec.Product == testcluster.Elasticsearch }

func (s *source) before(version ...int) bool {
	return s.elasticsearch() && !s.spec.AtLeast(testcluster.Elasticsearch, version...)
}

// load starts a server in a folder that stays, fills it, asks it, takes the snapshot and ends it.
func load(t *testing.T, spec testcluster.Spec, folder string) *source {
	t.Helper()
	spec.Dir = filepath.Join(folder, spec.String())
	server, err := testcluster.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	}()
	s := &source{spec: spec, server: server, repo: filepath.Join(server.Repo, "matrix"), answers: map[string]string{}}
	s.choose(t)
	s.fill(t)
	for _, asked := range s.questions() {
		found, err := ask(t, server, asked.index, asked.body)
		if err != nil {
			t.Fatalf("%s asked the source: %v", asked, err)
		}
		if s.answers[asked.String()] = found; found == "" {
			t.Errorf("%s finds nothing on the source", asked)
		}
	}
	s.shut(t)
	if err := server.Snapshot(t.Context(), "matrix", snapshotName, "*"); err != nil {
		t.Fatal(err)
	}
	if *update {
		keep(t, s.repo, spec)
	}
	slices.Sort(s.taken)
	t.Logf("%s: %d fields, %d questions; also took %s", spec, len(s.fields), len(s.answers), strings.Join(s.taken, ", "))
	return s
}

// must sends what the server has to take.
func (s *source) must(t *testing.T, method, path, body string) {
	t.Helper()
	if _, err := s.server.Do(t.Context(), method, path, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

// offer sends what the server may refuse, as it does not know it; what it took is remembered by name.
func (s *source) offer(t *testing.T, name, method, path, body string) bool {
	t.Helper()
	_, err := s.server.Do(t.Context(), method, path, []byte(body))
	if err == nil {
		s.taken = append(s.taken, name)
	}
	return err == nil
}

// accepts tells whether an index can be made so. A template is asked for it where the server looks into templates, as that makes no shards.
func (s *source) accepts(t *testing.T, body string) bool {
	t.Helper()
	if !s.before(5) {
		pattern := `"index_patterns":["probe-*"]`
		if s.before(6) {
			pattern = `"template":"probe-*"`
		}
		_, err := s.server.Do(t.Context(), "PUT", "/_template/probe", []byte("{"+pattern+","+strings.TrimPrefix(body, "{")))
		return err == nil
	}
	if _, err := s.server.Do(t.Context(), "PUT", "/probe", []byte(body)); err != nil {
		return false
	}
	s.must(t, "DELETE", "/probe", "")
	return true
}

// choose finds the kinds of fields that the server has.
func (s *source) choose(t *testing.T) {
	t.Helper()
	if s.before(5) {
		s.must(t, "PUT", "/probe-fields", s.body("", "", ""))
		defer s.must(t, "DELETE", "/probe-fields", "")
	}
	for _, f := range fields {
		definitions := map[string]json.RawMessage{f.name: json.RawMessage(f.definition)}
		for _, other := range fields {
			if other.name == f.needs {
				definitions[f.needs] = json.RawMessage(other.definition)
			}
		}
		if s.takes(t, definitions) {
			s.fields = append(s.fields, f)
		}
	}
	if len(s.fields) < 20 {
		t.Fatalf("%s takes %d kinds of fields only", s.spec, len(s.fields))
	}
}

// takes tells whether the server knows fields.
func (s *source) takes(t *testing.T, definitions map[string]json.RawMessage) bool {
	t.Helper()
	if !s.before(5) {
		return s.accepts(t, s.body("", s.mapping(definitions, ""), ""))
	}
	_, err := s.server.Do(t.Context(), "PUT", "/probe-fields/_mapping/"+s.typeName(), []byte(s.mapping(definitions, "")))
	return err == nil
}

// typeName is the type of documents of a server that has types.
func (s *source) typeName() string {
	if s.before(6) {
		return "doc"
	}
	return "_doc"
}

// mapping is one with these fields, and with further keys at its root.
func (s *source) mapping(definitions map[string]json.RawMessage, more string) string {
	properties, err := json.Marshal(definitions)
	if err != nil {
		panic(err) // the table has no JSON
	}
	if more != "" {
		more += ","
	}
	mapping := fmt.Sprintf(`{%s"properties":%s}`, more, properties)
	if s.before(7) {
		return fmt.Sprintf(`{%q:%s}`, s.typeName(), mapping)
	}
	return mapping
}

// body is what makes an index.
func (s *source) body(settings, mapping, aliases string) string {
	parts := []string{fmt.Sprintf(`"settings":{"number_of_shards":1,"number_of_replicas":0%s}`, settings)}
	if mapping != "" {
		parts = append(parts, `"mappings":`+mapping)
	}
	if aliases != "" {
		parts = append(parts, `"aliases":`+aliases)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// definitions are those of all fields that the server has.
func (s *source) definitions() map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	for _, f := range s.fields {
		all[f.name] = json.RawMessage(f.definition)
	}
	return all
}

// question is a query of an index.
type question struct{ index, field, kind, body string }

func (q question) String() string { return q.index + "/" + q.field + " " + q.kind }

// questions are all that the fields are asked, once for each index that has them.
func (s *source) questions() []question {
	var all []question
	for _, index := range []string{"rich", "made-1"} {
		for _, f := range s.fields {
			for _, q := range f.queries {
				put := strings.NewReplacer("FIELD", f.name)
				all = append(all, question{index, f.name, q.kind, put.Replace(q.body)})
			}
		}
	}
	return all
}

// ask returns the ids that a query finds, in order.
func ask(t *testing.T, server *testcluster.Server, index, query string) (string, error) {
	t.Helper()
	answer, err := server.Do(t.Context(), "POST", "/"+index+"/_search?size=100", []byte(`{"query":`+query+`}`))
	if err != nil {
		return "", err
	}
	var found struct {
		Shards struct{ Failed int } `json:"_shards"`
		Hits   struct{ Hits []testcluster.Hit }
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return "", err
	}
	if found.Shards.Failed > 0 {
		return "", fmt.Errorf("a shard failed: %.500s", answer)
	}
	ids := make([]string, len(found.Hits.Hits))
	for i, hit := range found.Hits.Hits {
		ids[i] = hit.ID
	}
	slices.Sort(ids)
	return strings.Join(ids, ","), nil
}
