package rebuild

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"migassist/lucene"
	"migassist/snapshot"
)

// expected are the documents that the server of a fixture returned, by id.
func expected(t testing.TB, file string) map[string]map[string]any {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	documents := map[string]map[string]any{}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var doc struct {
			ID     string          `json:"_id"`
			Source json.RawMessage `json:"_source"`
		}
		if err := json.Unmarshal(lines.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		if len(doc.Source) > 0 {
			documents[doc.ID], _ = value(t, doc.Source).(map[string]any)
		}
	}
	return documents
}

// disabled pretends that an index did not keep the _source that it has.
func disabled(t testing.TB, index *snapshot.Index) (properties map[string]any, ok bool) {
	t.Helper()
	if len(index.Mappings) != 1 || index.SourceMode() != snapshot.SourceStored {
		return nil, false
	}
	for name, raw := range index.Mappings {
		mapping, _ := value(t, raw).(map[string]any)
		properties, ok = mapping["properties"].(map[string]any)
		mapping["_source"] = map[string]any{"enabled": false}
		index.Mappings[name] = json.RawMessage(asJSON(mapping))
	}
	return properties, ok
}

// Every index of the fixtures is read as if it had not kept _source. What comes back must be what was sent, but for what
// the plan says is lost.
func TestDocumentsComeBackWithoutTheirSource(t *testing.T) {
	folders, err := filepath.Glob("../../testdata/snapshots/*/expected/second")
	if err != nil || len(folders) == 0 {
		t.Fatal("there are no fixtures", err)
	}
	right := 0
	for _, folder := range folders {
		fixture := filepath.Dir(filepath.Dir(folder))
		files, _ := filepath.Glob(filepath.Join(folder, "*.ndjson"))
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".ndjson")
			t.Run(filepath.Base(fixture)+"/"+name, func(t *testing.T) {
				right += comesBack(t, filepath.Join(fixture, "repository"), name, expected(t, file))
			})
		}
	}
	if right < 1000 {
		t.Errorf("only %d documents were compared", right)
	}
}

func comesBack(t *testing.T, repository, name string, want map[string]map[string]any) (right int) {
	index, err := openIndex(t.Context(), repository, "second", name)
	if err != nil {
		t.Skip(err)
	}
	properties, ok := disabled(t, index)
	if !ok {
		t.Skip("its mapping has no fields, or several types, or its _source was not kept")
	}
	got, plan, err := rebuilt(t.Context(), index)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		if problem := judge(t, plan, properties, want[id], []byte(got[id])); problem != "" {
			t.Errorf("document %s is %.600s\n%.600s\nsent %.600s", id, got[id], problem, asJSON(want[id]))
			return right
		}
		right++
	}
	return right
}

// A Rebuilder that is given but one document reads the nested ones before it by itself: those of a block that began in
// another span.
func TestNestedDocumentsAreFoundAcrossSpans(t *testing.T) {
	index, err := openIndex(t.Context(), "../../testdata/snapshots/elasticsearch-7.10.2/repository", "second", "nested")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := disabled(t, index); !ok {
		t.Fatal("the fixture has no nested mapping")
	}
	whole, plan, err := rebuilt(t.Context(), index)
	if err != nil {
		t.Fatal(err)
	}
	apart := map[string]string{}
	forEachSegment(t, index, func(docs *lucene.Documents) {
		one, err := plan.Open(t.Context(), docs)
		if err != nil {
			t.Fatal(err)
		}
		err = docs.Visit(t.Context(), &lucene.Decoder{}, 0, 1<<30, func(doc *lucene.Doc) error {
			id := testID(doc)
			if id == "" {
				return nil
			}
			one.Leap()
			source, err := one.Append(nil, doc)
			apart[id] = string(source)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	nested := 0
	for id, source := range whole {
		nested += strings.Count(source, `"parts"`)
		if apart[id] != source {
			t.Errorf("document %s alone is %s, want %s", id, apart[id], source)
		}
	}
	if nested == 0 || len(apart) != len(whole) {
		t.Errorf("%d documents alone, %d together, with %d nested objects that have some of their own", len(apart), len(whole), nested)
	}
}

// forEachSegment opens the segments of all shards.
func forEachSegment(t testing.TB, index *snapshot.Index, visit func(*lucene.Documents)) {
	t.Helper()
	for number := range index.Shards {
		shard, err := index.Shard(t.Context(), number)
		if err != nil {
			t.Fatal(err)
		}
		commit, err := lucene.OpenCommit(t.Context(), shard.Directory())
		if err != nil {
			t.Fatal(err)
		}
		for _, segment := range commit.Segments {
			docs, err := segment.Open(t.Context(), "_id", "_uid")
			if err != nil {
				t.Fatal(err)
			}
			visit(docs)
			if err := docs.Close(); err != nil {
				t.Fatal(fmt.Errorf("segment %s: %w", segment.Name, err))
			}
		}
	}
}

// Documents of synthetic and derived source are what the server of the fixture returned.
func TestMadeSourceIsTheServers(t *testing.T) {
	files, err := filepath.Glob("../../testdata/snapshots/*/expected/second/*.ndjson")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no fixtures", err)
	}
	for _, file := range files {
		fixture := filepath.Dir(filepath.Dir(filepath.Dir(file)))
		name := strings.TrimSuffix(filepath.Base(file), ".ndjson")
		index, err := openIndex(t.Context(), filepath.Join(fixture, "repository"), "second", name)
		if err != nil {
			continue // indices that are refused are tested where they are
		}
		if mode := index.SourceMode(); mode != snapshot.SourceSynthetic && mode != snapshot.SourceDerived {
			continue
		}
		t.Run(filepath.Base(fixture)+"/"+name, func(t *testing.T) {
			isTheServers(t, index, expected(t, file), omitted[filepath.Base(fixture)])
		})
	}
}

// omitted are fields that a server has, but does not return: 8.17.0 forgets where it is in its vectors when it is asked for
// several documents.
var omitted = map[string]string{"elasticsearch-8.17.0": "vector"}

func isTheServers(t *testing.T, index *snapshot.Index, want map[string]map[string]any, omitted string) {
	got, plan, err := rebuilt(t.Context(), index)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Errorf("%d documents, want %d", len(got), len(want))
	}
	for id, doc := range want {
		for _, l := range plan.Losses() {
			if l.Gone {
				delete(doc, l.Field) // which is a field of the root in all fixtures
			}
		}
		made, _ := value(t, []byte(got[id])).(map[string]any)
		delete(made, omitted)
		if !same(made, doc) {
			t.Errorf("document %s is\n%.900s, want\n%.900s", id, got[id], asJSON(doc))
		}
	}
}

// What was sent to indices that did not keep it comes back, but for what the plan says is lost.
func TestSentDocumentsComeBack(t *testing.T) {
	files, err := filepath.Glob("../../testdata/snapshots/*/sent/*.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		fixture := filepath.Dir(filepath.Dir(file))
		name := strings.TrimSuffix(filepath.Base(file), ".ndjson")
		t.Run(filepath.Base(fixture)+"/"+name, func(t *testing.T) {
			index, err := openIndex(t.Context(), filepath.Join(fixture, "repository"), "second", name)
			if err != nil {
				t.Skip(err)
			}
			if mode := index.SourceMode(); mode != snapshot.SourceDisabled && mode != snapshot.SourceFiltered {
				t.Skip("its _source is", mode)
			}
			got, plan, err := rebuilt(t.Context(), index)
			if err != nil {
				t.Fatal(err)
			}
			for id, doc := range expected(t, file) {
				if problem := judge(t, plan, propertiesOf(t, index), doc, []byte(got[id])); problem != "" {
					t.Errorf("document %s is %.600s\n%.600s\nsent %.600s", id, got[id], problem, asJSON(doc))
				}
			}
		})
	}
}

func propertiesOf(t testing.TB, index *snapshot.Index) map[string]any {
	t.Helper()
	for _, raw := range index.Mappings {
		mapping, _ := value(t, raw).(map[string]any)
		properties, _ := mapping["properties"].(map[string]any)
		return properties
	}
	return nil
}

// A document so young that it is still there for replication comes back as it was sent, with what no mapping has.
func TestRecoverySourceIsPreferred(t *testing.T) {
	files, err := filepath.Glob("../../testdata/snapshots/*/sent/no-source.ndjson")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixture has an index without _source", err)
	}
	whole := 0
	for _, file := range files {
		fixture := filepath.Dir(filepath.Dir(file))
		index, err := openIndex(t.Context(), filepath.Join(fixture, "repository"), "second", "no-source")
		if err != nil {
			t.Fatal(err)
		}
		plan, err := NewPlan(index)
		if err != nil {
			t.Fatal(err)
		}
		sent := expected(t, file)
		forEachSegment(t, index, func(docs *lucene.Documents) {
			rebuilder, err := plan.Open(t.Context(), docs)
			if err != nil {
				t.Fatal(err)
			}
			err = docs.Visit(t.Context(), &lucene.Decoder{}, 0, 1<<30, func(doc *lucene.Doc) error {
				for field, stored := range doc.Fields() {
					if field.Name != recoveryField {
						continue
					}
					whole++
					source, err := rebuilder.Append(nil, doc)
					if err != nil || string(source) != string(stored.Bytes) || !same(value(t, source), any(sent[testID(doc)])) {
						t.Errorf("%s: document %s is %s, %v, want %s", file, testID(doc), source, err, stored.Bytes)
					}
					return nil
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	if whole == 0 {
		t.Error("no document had a _recovery_source")
	}
}
