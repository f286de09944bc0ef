package snapshot_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/lucene/input"
	"migassist/snapshot"
)

// expected reads what the server itself said about a snapshot of a fixture.
func expected(t *testing.T, fixture, snap, file string, v any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../testdata/snapshots", fixture, "expected/metadata", snap, file))
	if errors.Is(err, fs.ErrNotExist) && (file == "component_templates.json" || file == "index_templates.json") {
		return // an older server, that knows none
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

// eachSnapshot runs f for every snapshot of every fixture.
func eachSnapshot(t *testing.T, f func(t *testing.T, fixture string, s *snapshot.Snapshot)) {
	for _, name := range fixtures(t) {
		repo := open(t, fixture(t, name))
		for _, summary := range repo.Snapshots() {
			t.Run(name+"/"+summary.Name, func(t *testing.T) {
				s, err := repo.Snapshot(t.Context(), summary.Name)
				if err != nil {
					t.Fatal(err)
				}
				f(t, name, s)
			})
		}
	}
}

// decoded is JSON as values, for comparison without regard to order and spacing.
func decoded(t *testing.T, raw []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v in %.200s", err, raw)
	}
	return v
}

func TestSnapshotsAreWhatTheServerSays(t *testing.T) {
	eachSnapshot(t, func(t *testing.T, fixture string, s *snapshot.Snapshot) {
		var want struct {
			Snapshots []struct {
				Snapshot, UUID, Version, State string
				Indices                        []string
				Global                         *bool    `json:"include_global_state"` // not said by old servers
				DataStreams                    []string `json:"data_streams"`
				Start                          int64    `json:"start_time_in_millis"`
				End                            int64    `json:"end_time_in_millis"`
				Shards                         struct{ Total int }
			}
		}
		expected(t, fixture, s.Name, "snapshot.json", &want)
		w := want.Snapshots[0]
		slices.Sort(w.Indices)
		if diff := cmp.Diff(w.Indices, s.IndexNames()); diff != "" {
			t.Error(diff)
		}
		if w.UUID == "" { // Elasticsearch 1 and 2 have none: the name stands for it
			w.UUID = w.Snapshot
		}
		if s.Name != w.Snapshot || s.UUID != w.UUID || s.State.String() != w.State || s.Version != w.Version || w.Global != nil && s.HasGlobal != *w.Global ||
			s.Started.UnixMilli() != w.Start || s.Ended.UnixMilli() != w.End || s.TotalShards != w.Shards.Total || !slices.Equal(s.DataStreams, w.DataStreams) {
			t.Errorf("got %+v, want %+v", s, w)
		}
		product, _, named := strings.Cut(fixture, "-") // "opensearch-2.19.1"; "demo" says nothing
		if named && s.Product() != product || (len(s.Warnings()) != 0) != (s.State == snapshot.Partial) {
			t.Errorf("product %s, warnings %q", s.Product(), s.Warnings())
		}
	})
}

func TestIndicesAreWhatTheServerSays(t *testing.T) {
	eachSnapshot(t, func(t *testing.T, fixture string, s *snapshot.Snapshot) {
		var settings, mappings, aliases map[string]map[string]json.RawMessage
		expected(t, fixture, s.Name, "settings.json", &settings)
		expected(t, fixture, s.Name, "mappings.json", &mappings)
		expected(t, fixture, s.Name, "aliases.json", &aliases)
		for _, name := range s.IndexNames() {
			x, err := s.Index(t.Context(), name)
			if err != nil {
				t.Error(err)
				continue
			}
			if diff := cmp.Diff(flat(t, settings[name]["settings"]), together(x.Settings, x.Lists)); diff != "" {
				t.Errorf("settings of %s: %s", name, diff)
			}
			if diff := cmp.Diff(decoded(t, mappings[name]["mappings"]), decoded(t, mappingsAsServed(t, x, mappings[name]["mappings"]))); diff != "" {
				t.Errorf("mappings of %s: %s", name, diff)
			}
			if diff := cmp.Diff(decoded(t, aliases[name]["aliases"]), decoded(t, toJSON(t, x.Aliases))); diff != "" {
				t.Errorf("aliases of %s: %s", name, diff)
			}
			if x.Created.String() != createdBy(fixture, name, s) || x.UUID == "" || (x.RoutingShards == 0 && !strings.HasPrefix(fixture, "elasticsearch-1.") && !strings.HasPrefix(fixture, "elasticsearch-2.")) || (x.State == "close") != (name == "closed" && s.Name == "second") {
				t.Errorf("%s: created by %s, uuid %q, %d routing shards, state %s", name, x.Created, x.UUID, x.RoutingShards, x.State)
			}
		}
	})
}

// createdBy is the server that created an index: in the upgraded cluster an earlier one than took the snapshot.
func createdBy(fixture, index string, s *snapshot.Snapshot) string {
	first, _, _ := strings.Cut(index, "-")
	by := map[string]string{"five": "5.6.16", "types": "5.6.16", "family": "5.6.16", "six": "6.8.23", "seven": "7.10.2"}[first]
	if fixture != "upgraded" {
		return s.Release().String()
	}
	return "Elasticsearch " + by
}

// flat turns the settings of a REST answer, nested, into dotted names.
func flat(t *testing.T, raw json.RawMessage) map[string]any {
	out := map[string]any{}
	var walk func(prefix string, v any)
	walk = func(prefix string, v any) {
		if o, ok := v.(map[string]any); ok {
			for k, inner := range o {
				walk(prefix+"."+k, inner)
			}
			return
		}
		out[strings.TrimPrefix(prefix, ".")] = v
	}
	walk("", decoded(t, raw))
	return out
}

func together(values map[string]string, lists map[string][]string) map[string]any {
	out := map[string]any{}
	for k, v := range values {
		out[k] = v
	}
	for k, list := range lists {
		items := make([]any, 0, len(list))
		for _, item := range list {
			items = append(items, item)
		}
		out[k] = items
	}
	return out
}

// mappingsAsServed is the mappings with type name where the server, asked with include_type_name, has it.
func mappingsAsServed(t *testing.T, x *snapshot.Index, served json.RawMessage) []byte {
	var byType map[string]json.RawMessage
	if err := json.Unmarshal(served, &byType); err != nil {
		t.Fatal(err)
	}
	for name := range x.Mappings {
		if _, typed := byType[name]; typed {
			return toJSON(t, x.Mappings)
		}
		return x.Mappings[name]
	}
	return []byte("{}")
}

func TestTemplatesAreWhatTheServerSays(t *testing.T) {
	all := 0
	eachSnapshot(t, func(t *testing.T, fixture string, s *snapshot.Snapshot) {
		g, err := s.Global(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var components struct {
			List []struct {
				Name  string
				Value json.RawMessage `json:"component_template"`
			} `json:"component_templates"`
		}
		var composable struct {
			List []struct {
				Name  string
				Value json.RawMessage `json:"index_template"`
			} `json:"index_templates"`
		}
		var legacy map[string]json.RawMessage
		expected(t, fixture, s.Name, "component_templates.json", &components)
		expected(t, fixture, s.Name, "index_templates.json", &composable)
		expected(t, fixture, s.Name, "templates.json", &legacy)
		all += len(components.List) + len(composable.List) + len(legacy)
		for _, c := range components.List {
			compareTemplate(t, c.Name, c.Value, g.ComponentTemplates)
		}
		for _, c := range composable.List {
			compareTemplate(t, c.Name, c.Value, g.IndexTemplates)
		}
		for name, want := range legacy {
			compareLegacy(t, name, want, g.Templates[name])
		}
		if len(g.ComponentTemplates) != len(components.List) || len(g.IndexTemplates) != len(composable.List) || len(g.Templates) != len(legacy) {
			t.Errorf("%d, %d and %d templates, want %d, %d and %d", len(g.ComponentTemplates), len(g.IndexTemplates), len(g.Templates), len(components.List), len(composable.List), len(legacy))
		}
		if g.Sections["cluster_uuid"] == nil && !strings.HasPrefix(fixture, "elasticsearch-1.") || g.Raw == nil {
			t.Error("sections are missing")
		}
	})
	if all < 12 {
		t.Errorf("%d templates in all fixtures: they prove too little", all)
	}
}

func compareTemplate(t *testing.T, name string, want json.RawMessage, got map[string]json.RawMessage) {
	t.Helper()
	if got[name] == nil {
		t.Errorf("no template %q", name)
		return
	}
	if diff := cmp.Diff(decoded(t, want), decoded(t, got[name])); diff != "" {
		t.Errorf("template %q: %s", name, diff)
	}
}

// compareLegacy compares with a template that servers from 7 on show without type names.
func compareLegacy(t *testing.T, name string, want, got json.RawMessage) {
	t.Helper()
	g, ok := decoded(t, got).(map[string]any)
	if !ok {
		t.Fatalf("template %q: %s", name, got)
	}
	w, ok := decoded(t, want).(map[string]any)
	if !ok {
		t.Fatalf("template %q as served: %s", name, want)
	}
	served, _ := w["mappings"].(map[string]any)
	if m, ok := g["mappings"].(map[string]any); ok && m["_doc"] != nil && served["_doc"] == nil {
		g["mappings"] = m["_doc"]
	}
	if diff := cmp.Diff(any(w), any(g)); diff != "" {
		t.Errorf("template %q: %s", name, diff)
	}
}

func TestDataStreamsHaveTheirIndices(t *testing.T) {
	s, err := open(t, fixture(t, "opensearch-2.19.1")).Snapshot(t.Context(), "first")
	if err != nil {
		t.Fatal(err)
	}
	g, err := s.Global(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(g.DataStreams) != 1 || !strings.Contains(string(g.DataStreams["logs-app"]), ".ds-logs-app-000002") {
		t.Errorf("got %s", g.DataStreams)
	}
}

// TestEveryFileOfEveryShardIsWhole opens every Lucene file of every fixture, in parts and virtual ones
// among them, and verifies it to its last byte.
func TestEveryFileOfEveryShardIsWhole(t *testing.T) {
	virtual, parted := 0, 0
	eachSnapshot(t, func(t *testing.T, _ string, s *snapshot.Snapshot) {
		for _, name := range s.IndexNames() {
			x, err := s.Index(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			for n := range x.Shards {
				shard, err := x.Shard(t.Context(), n)
				if errors.Is(err, snapshot.ErrIncomplete) {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range shard.Files {
					if f.Virtual {
						virtual++
					} else if f.Size > f.PartSize {
						parted++
					}
				}
				verifyShard(t, shard)
			}
		}
	})
	if virtual == 0 || parted == 0 {
		t.Errorf("%d virtual files and %d in parts: the fixtures prove too little", virtual, parted)
	}
}

func verifyShard(t *testing.T, shard *snapshot.Shard) {
	t.Helper()
	d := shard.Directory()
	commits := 0
	for _, name := range d.Names() {
		if strings.HasPrefix(name, "segments_") {
			commits++
		}
		f, err := d.Open(t.Context(), name)
		if err != nil {
			t.Error(err)
			continue
		}
		if data, err := input.ReadVerified(f); err != nil || int64(len(data)) != f.Size() || f.Name() != name {
			t.Errorf("%s of %s: %d bytes, error %v", name, shard, len(data), err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if commits != 1 {
		t.Errorf("%s has %d commits", shard, commits)
	}
}
