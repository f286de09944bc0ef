package snapshot_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/flate"

	"migassist/snapshot"
)

func TestIndicesThatASnapshotDoesNotHoldAreRefusedByName(t *testing.T) {
	for want, change := range map[string]func(h *handmade){
		"searchable snapshot (index.store.type: snapshot)":        func(h *handmade) { h.settings["index.store.type"] = "snapshot" },
		"searchable snapshot (index.store.type: remote_snapshot)": func(h *handmade) { h.settings["index.store.type"] = "remote_snapshot" },
		"index.mode is time_series":                               func(h *handmade) { h.settings["index.mode"] = "time_series" },
		"index.mode is logsdb":                                    func(h *handmade) { h.settings["index.mode"] = "logsdb" },
		"index.mode is new_mode, which is not known":              func(h *handmade) { h.settings["index.mode"] = "new_mode" },
	} {
		h := newHandmade()
		change(h)
		_, err := h.readIndex(t)
		if !errors.Is(err, snapshot.ErrUnsupported) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `index "x" in snapshot "s"`) {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
	h := newHandmade()
	h.settings["index.mode"], h.settings["index.store.type"] = "standard", "fs"
	if _, err := h.readIndex(t); err != nil {
		t.Error(err)
	}
}

func TestShallowCopiesAreRefusedByName(t *testing.T) {
	repo := newHandmade().build(t)
	repo["indices/I/0/shallow-snap-U.dat"] = seal("snapshot", []byte("{}"))
	s, err := open(t, repo.without("indices/I/0/snap-U.dat")).Snapshot(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	x, err := s.Index(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Shard(t.Context(), 0); !errors.Is(err, snapshot.ErrUnsupported) || !strings.Contains(err.Error(), "indices/I/0/shallow-snap-U.dat") {
		t.Errorf("got error %v", err)
	}
}

func TestSettingsThatMakeNoSenseAreCorrupt(t *testing.T) {
	for want, change := range map[string]func(h *handmade){
		`number_of_shards from 1 to 10000, got "0"`:     func(h *handmade) { h.settings["index.number_of_shards"] = "0" },
		`number_of_shards from 1 to 10000, got "99999"`: func(h *handmade) { h.settings["index.number_of_shards"] = "99999" },
		`number_of_shards from 1 to 10000, got ""`:      func(h *handmade) { delete(h.settings, "index.number_of_shards") },
		`index.version.created, got "x"`:                func(h *handmade) { h.settings["index.version.created"] = "x" },
		`the metadata of index "x"`:                     func(h *handmade) { h.root["indices"] = object{"y": h.index}; h.info["indices"] = []string{"y"} },
		"a list of plain values":                        func(h *handmade) { h.settings["index.l"] = []any{object{}} },
	} {
		h := newHandmade()
		change(h)
		name := "x"
		if strings.HasPrefix(want, "the metadata") {
			name, want = "y", `the metadata of index "y", got that of ["x"]`
		}
		s, err := open(t, h.build(t)).Snapshot(t.Context(), "s")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Index(t.Context(), name); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "indices/I/meta-M.dat") {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
}

func TestSettingsFlatNestedListedAndNull(t *testing.T) {
	h := newHandmade()
	h.settings["index.analysis.filter.stop.stopwords"] = []any{"a", "b", 3, true}
	h.settings["index.analysis.filter.none.stopwords"] = []any{}
	h.settings["index"] = object{"blocks": object{"write": true}, "n": 12345678901234567}
	h.settings["index.gone"] = nil
	x, err := h.readIndex(t)
	if err != nil {
		t.Fatal(err)
	}
	wantValues := map[string]string{"index.number_of_shards": "1", "index.version.created": "7100299", "index.uuid": "cluster-uuid", "index.blocks.write": "true", "index.n": "12345678901234567"}
	wantLists := map[string][]string{"index.analysis.filter.stop.stopwords": {"a", "b", "3", "true"}, "index.analysis.filter.none.stopwords": {}}
	if diff := cmp.Diff(wantValues, x.Settings) + cmp.Diff(wantLists, x.Lists); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(string(x.RawSettings), `"index.gone":null`) {
		t.Errorf("raw settings %s", x.RawSettings)
	}
}

// TestMappingsInEveryForm: objects in a list, several types, the REST form, and bytes as written in
// binary mode.
func TestMappingsInEveryForm(t *testing.T) {
	deflated := func(prefix, text string) string {
		var b bytes.Buffer
		b.WriteString(prefix)
		w, _ := flate.NewWriter(&b, 6)
		_, _ = w.Write([]byte(text))
		_ = w.Close()
		return base64.StdEncoding.EncodeToString(b.Bytes())
	}
	smiled := base64.StdEncoding.EncodeToString([]byte(":)\n\x05\xfa\x83_doc\xfa\x86dynamic\x44false\xfb\xfb"))
	for name, c := range map[string]struct {
		mappings any
		want     map[string]string
	}{
		"list":           {[]any{object{"_doc": object{"dynamic": "false"}}}, map[string]string{"_doc": `{"dynamic":"false"}`}},
		"several types":  {[]any{object{"a": object{}}, object{"b": object{"x": 1}}}, map[string]string{"a": `{}`, "b": `{"x":1}`}},
		"REST":           {object{"_doc": object{}}, map[string]string{"_doc": `{}`}},
		"empty list":     {[]any{}, map[string]string{}},
		"nothing":        {nil, map[string]string{}},
		"deflated bytes": {[]any{deflated("DFL\x00", `{"_doc":{"dynamic":"strict"}}`)}, map[string]string{"_doc": `{"dynamic":"strict"}`}},
		"SMILE bytes":    {[]any{smiled}, map[string]string{"_doc": `{"dynamic":"false"}`}},
	} {
		h := newHandmade()
		h.meta["mappings"] = c.mappings
		x, err := h.readIndex(t)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := map[string]string{}
		for k, v := range x.Mappings {
			got[k] = string(v)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, bad := range []any{[]any{"not base64!"}, []any{"AAAA"}, []any{1}, 7} {
		h := newHandmade()
		h.meta["mappings"] = bad
		if _, err := h.readIndex(t); err == nil || !strings.Contains(err.Error(), "corrupt indices/I/meta-M.dat") {
			t.Errorf("%v: got error %v", bad, err)
		}
	}
}

func TestSourceModeLooksAtEveryTypeAndSetting(t *testing.T) {
	stored := snapshot.Source{Mode: snapshot.SourceStored}
	vectors := object{"_doc": object{"properties": object{
		"v": object{"type": "dense_vector"}, "unindexed": object{"type": "dense_vector", "index": false}, "k": object{"type": "knn_vector"},
		"o": object{"properties": object{"deep": object{"type": "sparse_vector"}, "t": object{"type": "text"}}},
	}}}
	for name, c := range map[string]struct {
		mappings []any
		settings object
		want     snapshot.Source
	}{
		"plain":            {[]any{object{"_doc": object{"properties": object{"_source": object{"type": "keyword"}}}}}, nil, stored},
		"no mapping":       {nil, nil, stored},
		"enabled":          {[]any{object{"_doc": object{"_source": object{"enabled": true}}}}, nil, stored},
		"empty lists":      {[]any{object{"_doc": object{"_source": object{"includes": []any{}, "excludes": []any{}}}}}, nil, stored},
		"disabled":         {[]any{object{"_doc": object{"_source": object{"enabled": false}}}}, nil, snapshot.Source{Mode: snapshot.SourceDisabled, Type: "_doc"}},
		"disabled by text": {[]any{object{"t": object{"_source": object{"enabled": "false"}}}}, nil, snapshot.Source{Mode: snapshot.SourceDisabled, Type: "t"}},
		"mode disabled":    {[]any{object{"_doc": object{"_source": object{"mode": "disabled"}}}}, nil, snapshot.Source{Mode: snapshot.SourceDisabled, Type: "_doc"}},
		"synthetic":        {[]any{object{"_doc": object{"_source": object{"mode": "synthetic"}}}}, nil, snapshot.Source{Mode: snapshot.SourceSynthetic, Type: "_doc"}},
		"excludes":         {[]any{object{"_doc": object{"_source": object{"excludes": []any{"a.*"}}}}}, nil, snapshot.Source{Mode: snapshot.SourceFiltered, Type: "_doc", Excludes: []string{"a.*"}}},
		"includes one":     {[]any{object{"_doc": object{"_source": object{"includes": "a"}}}}, nil, snapshot.Source{Mode: snapshot.SourceFiltered, Type: "_doc", Includes: []string{"a"}}},
		"the worst type": {
			[]any{object{"a": object{"_source": object{"excludes": []any{"x"}}}}, object{"b": object{"_source": object{"enabled": false}}}, object{"c": object{}}},
			nil,
			snapshot.Source{Mode: snapshot.SourceDisabled, Type: "b"},
		},
		"setting synthetic": {[]any{object{"_doc": object{}}}, object{"index.mapping.source.mode": "synthetic"}, snapshot.Source{Mode: snapshot.SourceSynthetic}},
		"setting disabled":  {nil, object{"index.mapping.source.mode": "disabled"}, snapshot.Source{Mode: snapshot.SourceDisabled}},
		"setting derived":   {nil, object{"index.derived_source.enabled": "true"}, snapshot.Source{Mode: snapshot.SourceDerived}},
		"derived, disabled": {[]any{object{"_doc": object{"_source": object{"enabled": false}}}}, object{"index.derived_source.enabled": "true"}, snapshot.Source{Mode: snapshot.SourceDisabled, Type: "_doc"}},
		"setting stored":    {[]any{object{"_doc": object{"_source": object{"mode": "synthetic"}}}}, object{"index.mapping.source.mode": "stored"}, stored},
		"vectors, by default": {
			[]any{vectors}, object{"index.version.created": "9039001"}, snapshot.Source{Mode: snapshot.SourceFiltered, Excludes: []string{"o.deep", "v"}},
		},
		"vectors, kept":   {[]any{vectors}, object{"index.version.created": "9039001", "index.mapping.exclude_source_vectors": "false"}, stored},
		"vectors, before": {[]any{vectors}, object{"index.version.created": "9033000"}, stored},
		"vectors, and more": {
			[]any{object{"_doc": object{"_source": object{"excludes": "a"}, "properties": vectors["_doc"].(object)["properties"]}}},
			object{"index.version.created": "8536000", "index.mapping.exclude_source_vectors": "true"},
			snapshot.Source{Mode: snapshot.SourceFiltered, Type: "_doc", Excludes: []string{"a", "o.deep", "v"}},
		},
		"vectors of OpenSearch": {
			[]any{vectors},
			object{"index.version.created": "137247827", "index.knn": "true", "index.knn.derived_source.enabled": "true"},
			snapshot.Source{Mode: snapshot.SourceFiltered, Excludes: []string{"k"}},
		},
		"vectors of OpenSearch 2": {[]any{vectors}, object{"index.version.created": "136407927", "index.knn": "true"}, stored},
		"only for new types": {
			[]any{object{"_default_": object{"_source": object{"enabled": false}}}, object{"a": object{}}}, nil, stored,
		},
	} {
		h := newHandmade()
		h.meta["mappings"] = c.mappings
		maps.Copy(h.settings, c.settings)
		x, err := h.readIndex(t)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, x.Source()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSourceModeOfRealIndices(t *testing.T) {
	want := map[string]snapshot.SourceMode{
		"no-source": snapshot.SourceDisabled, "no-source-stored": snapshot.SourceDisabled,
		"filtered-source": snapshot.SourceFiltered, "excluded-source": snapshot.SourceFiltered,
		"synthetic": snapshot.SourceSynthetic, "synthetic-unmapped": snapshot.SourceSynthetic, "synthetic-kept": snapshot.SourceSynthetic,
		"synthetic-many": snapshot.SourceSynthetic, "derived": snapshot.SourceDerived,
	}
	eachSnapshot(t, func(t *testing.T, _ string, s *snapshot.Snapshot) {
		for _, name := range s.IndexNames() {
			x, err := s.Index(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			expect := snapshot.SourceStored
			if w, ok := want[name]; ok {
				expect = w
			}
			if got := x.SourceMode(); got != expect {
				t.Errorf("%s: %s, want %s", name, got, expect)
			}
		}
	})
}

// TestTemplatesWrittenAsBytes: composable templates carry their mappings compressed in some versions.
func TestTemplatesWrittenAsBytes(t *testing.T) {
	bytesOf := base64.StdEncoding.EncodeToString([]byte(`{"_doc":{"properties":{"a<b":{"type":"keyword"}}}}`))
	h := newHandmade()
	h.global = object{
		"templates":          object{"old": object{"order": 1, "mappings": []any{object{"_doc": object{"dynamic": "a<b"}}}}, "none": object{"mappings": []any{}}},
		"component_template": object{"component_template": object{"c": object{"version": 2, "template": object{"mappings": bytesOf}}, "bare": object{}}},
		"index_template":     object{"index_template": object{"i": object{"index_patterns": []any{"x"}, "template": object{"mappings": object{"properties": object{}}}}}},
		"settings":           object{"cluster.a": "1", "cluster.l": []any{"x"}},
		"custom_section":     object{"kept": true},
	}
	s, err := open(t, h.build(t)).Snapshot(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	g, err := s.Global(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]string{
		"legacy":       {`{"mappings":{"_doc":{"dynamic":"a<b"}},"order":1}`, string(g.Templates["old"])},
		"legacy empty": {`{"mappings":{}}`, string(g.Templates["none"])},
		"component":    {`{"template":{"mappings":{"_doc":{"properties":{"a<b":{"type":"keyword"}}}}},"version":2}`, string(g.ComponentTemplates["c"])},
		"bare":         {`{}`, string(g.ComponentTemplates["bare"])},
		"index":        {`{"index_patterns":["x"],"template":{"mappings":{"properties":{}}}}`, string(g.IndexTemplates["i"])},
		"section":      {`{"kept":true}`, string(g.Sections["custom_section"])},
	} {
		if pair[0] != pair[1] && !strings.Contains(pair[1], "\\u003c") {
			t.Errorf("%s: got %s, want %s", name, pair[1], pair[0])
		}
	}
	if g.PersistentSettings["cluster.a"] != "1" || len(g.PersistentLists["cluster.l"]) != 1 {
		t.Errorf("settings %v, %v", g.PersistentSettings, g.PersistentLists)
	}
}
