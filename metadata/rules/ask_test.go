//go:build knows

package rules

// The tables in known/ are made by asking real servers. Start one with every
// module the full distribution has (analysis-common, mapper-extras,
// parent-join, geo, lang-painless and the k-NN plugin; the minimal builds lack
// them), and then:
//
//	go test -tags knows ./metadata/rules -run TestAsk -ask http://127.0.0.1:9200 -core http://127.0.0.1:9201 -write
//
// The servers are those of internal/testcluster: "serve opensearch-VERSION-full" and "serve
// opensearch-VERSION" (go run ./internal/testcluster/serve). Of 1.3.20 not all modules are published; its table says in made_by
// what was told otherwise.
//
// -core names a second server, the minimal build, which tells what is the core's
// and what a module's. Without -write the test compares the committed table with what the server
// answers, and fails on every difference.

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	askURL   = flag.String("ask", "", "URL of a real server that has every module of the full distribution")
	askCore  = flag.String("core", "", "URL of a real server of the same version that has no module but its transport")
	askWrite = flag.Bool("write", false, "write known/PRODUCT-VERSION.json from what the server answers")
)

func TestAskTheServerWhatItKnows(t *testing.T) {
	if *askURL == "" || *askCore == "" {
		t.Fatal("name two running servers with -ask URL and -core URL; see the comment at the top of this file")
	}
	a := &asker{t: t, url: strings.TrimSuffix(*askURL, "/")}
	got := a.table()
	core := &asker{t: t, url: strings.TrimSuffix(*askCore, "/")}
	got.Core = core.analysis()
	modules := core.modules()
	for name := range core.fields() {
		if module := got.Fields[name].Module; module != "" && !slices.Contains(modules, module) {
			t.Errorf("the minimal build has the field type %s, which is said to come with %s", name, got.Fields[name].Module)
		}
	}
	name := filepath.Join("known", got.Product+"-"+got.Version+".json")
	encoded, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	encoded = append(encoded, '\n')
	if *askWrite {
		if err := os.WriteFile(name, encoded, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(filepath.Clean(name))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), string(encoded)); diff != "" {
		t.Errorf("%s is not what the server says (-table +server):\n%s", name, diff)
	}
}

// asker creates and deletes throw-away indices on a real server.
type asker struct {
	t   *testing.T
	url string
}

// modules are the names of the modules and plugins that the server has.
func (a *asker) modules() []string {
	var answer struct {
		Nodes map[string]struct {
			Modules, Plugins []struct{ Name string }
		}
	}
	a.get("/_nodes/plugins", &answer)
	var names []string
	for _, node := range answer.Nodes {
		for _, module := range append(node.Modules, node.Plugins...) {
			names = append(names, module.Name)
		}
	}
	return names
}

func (a *asker) table() *known {
	k := &known{
		Format: knownFormat,
		MadeBy: "go test -tags knows ./metadata/rules -run TestAsk -ask URL -core URL -write",
	}
	var root struct {
		Version struct{ Number, Distribution string }
	}
	a.get("/", &root)
	k.Version, k.Product = root.Version.Number, root.Version.Distribution
	if k.Product == "" {
		k.Product = "elasticsearch"
	}
	k.Settings, k.Private = a.settings()
	k.Mapping = a.accepted(rootCandidates, func(name string, value any) body {
		return body{"mappings": body{name: value}}
	})
	k.Source = a.accepted(sourceCandidates, func(name string, value any) body {
		return body{"mappings": body{"_source": body{name: value}}}
	})
	k.Fields = a.fields()
	k.KNN = a.knn()
	k.DynamicTemplate = a.accepted(dynamicTemplateCandidates, func(name string, value any) body {
		template := body{"match": "a*", "mapping": body{"type": "keyword"}}
		if name == "runtime" {
			delete(template, "mapping")
		}
		template[name] = value
		return body{"mappings": body{"dynamic_templates": []body{{"t": template}}}}
	})
	k.DynamicTemplate = append(k.DynamicTemplate, "mapping")
	k.Analysis = a.analysis()
	k.StoreTypes = a.values(storeTypeCandidates, func(value string) body {
		return body{"settings": body{"index.store.type": value}}
	})
	k.Aliases = a.accepted(aliasCandidates, func(name string, value any) body {
		return body{"aliases": body{"a": body{name: value}}}
	})
	k.IndexTemplate = a.templateKeys("/_index_template/migassist-ask", indexTemplateCandidates)
	k.ComponentTemplate = a.templateKeys("/_component_template/migassist-ask", componentTemplateCandidates)
	k.LegacyTemplate = a.templateKeys("/_template/migassist-ask", legacyTemplateCandidates)
	return k
}

// settings tries every setting the server lists, at its default value: what it
// refuses then may not be set by anyone.
func (a *asker) settings() (known, private []string) {
	if reason := a.create(body{}); reason != "" {
		a.t.Fatal(reason)
	}
	a.put("/migassist-ask", body{})
	var all map[string]struct{ Settings, Defaults map[string]any }
	a.get("/migassist-ask/_settings?include_defaults=true&flat_settings=true", &all)
	a.call(http.MethodDelete, "/migassist-ask", nil)
	for _, index := range all {
		for _, list := range []map[string]any{index.Settings, index.Defaults} {
			for name, value := range list {
				reason := a.create(body{"settings": body{name: value}})
				switch {
				case reason == "" || strings.Contains(reason, "missing required setting") || strings.Contains(reason, "non-empty repository"):
					known = append(known, name)
				default:
					private = append(private, name)
				}
			}
		}
	}
	sort.Strings(known)
	sort.Strings(private)
	return known, private
}

func (a *asker) accepted(candidates map[string]any, index func(name string, value any) body) []string {
	var names []string
	for name, value := range candidates {
		if a.create(index(name, value)) == "" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

func (a *asker) values(candidates string, index func(value string) body) []string {
	var names []string
	for _, value := range strings.Fields(candidates) {
		if !missing(a.create(index(value))) {
			names = append(names, value)
		}
	}
	sort.Strings(names)
	return names
}

// missing tells a complaint about the name from one about its parameters: a
// hunspell filter wants a dictionary, and yet it is there.
func missing(reason string) bool {
	for _, sign := range []string{"Unknown ", "unknown ", "removed", "failed to find", "may not be used", "cannot be used"} {
		if strings.Contains(reason, sign) {
			return true
		}
	}
	return false
}

func (a *asker) fields() map[string]*knownField {
	fields := map[string]*knownField{}
	for _, c := range fieldCandidates {
		field := body{"type": c.name}
		for k, v := range c.needs {
			field[k] = v
		}
		if reason := a.createField(field); reason != "" {
			a.t.Logf("field type %s: %s", c.name, reason)
			continue
		}
		fields[c.name] = &knownField{Module: c.module, Parameters: a.parameters(field), NoMulti: !a.multi(field)}
	}
	return fields
}

// multi tells whether a type may stand below another field.
func (a *asker) multi(field body) bool {
	index := body{"mappings": body{"properties": body{
		"k": body{"type": "keyword"}, "f": body{"type": "keyword", "fields": body{"m": field}},
	}}}
	if field["type"] == "knn_vector" {
		index["settings"] = body{"index.knn": true}
	}
	return a.create(index) == ""
}

// knn offers each engine, method and space type with vectors of floats.
func (a *asker) knn() []string {
	var taken []string
	for _, c := range knnCandidates() {
		parts := strings.Fields(c)
		method := body{"engine": parts[0], "name": parts[1], "space_type": parts[2]}
		field := body{"type": "knn_vector", "dimension": 8, "method": method}
		if parts[2] == "hamming" {
			field["data_type"] = "binary"
		}
		reason := a.createField(field)
		if reason == "" {
			taken = append(taken, c)
			continue
		}
		a.t.Logf("%s: %s", c, reason)
	}
	return taken
}

// parameters offers every parameter any version ever had with a few values. A
// parameter is known when the server takes one of them, or when its complaint
// is about the value and not about the parameter.
func (a *asker) parameters(field body) []string {
	names := []string{}
	for name, values := range parameterCandidates {
		taken := false
		for _, value := range values {
			with := body{name: value}
			for k, v := range field {
				if k != name {
					with[k] = v
				}
			}
			reason := a.createField(with)
			taken = taken || reason == "" || strings.Contains(reason, "Cannot specify both a modelId")
		}
		if taken {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

func (a *asker) createField(field body) string {
	index := body{"mappings": body{"properties": body{"f": field, "k": body{"type": "keyword"}}}}
	if field["type"] == "knn_vector" {
		index["settings"] = body{"index.knn": true}
	}
	return a.create(index)
}

func (a *asker) analysis() map[string][]string {
	section := func(names string, index func(name string) body) []string { return a.values(names, index) }
	custom := func(analyzer body) body {
		return body{"settings": body{"analysis": body{"analyzer": body{"a": analyzer}}}}
	}
	component := func(kind string) func(string) body {
		return func(name string) body {
			definition := body{"type": name}
			for k, v := range analysisNeeds[name] {
				definition[k] = v
			}
			return body{"settings": body{"analysis": body{kind: body{"x": definition}}}}
		}
	}
	return map[string][]string{
		"filter": section(filterCandidates, func(n string) body {
			return custom(body{"tokenizer": "keyword", "filter": []string{n}})
		}),
		"tokenizer":        section(tokenizerCandidates, func(n string) body { return custom(body{"tokenizer": n}) }),
		"char_filter":      section(charFilterCandidates, func(n string) body { return custom(body{"tokenizer": "keyword", "char_filter": []string{n}}) }),
		"analyzer":         section(analyzerCandidates, func(n string) body { return custom(body{"type": n}) }),
		"filter type":      section(filterCandidates, component("filter")),
		"tokenizer type":   section(tokenizerCandidates, component("tokenizer")),
		"char_filter type": section(charFilterCandidates, component("char_filter")),
		"similarity": section(similarityCandidates, func(n string) body {
			definition := body{"type": n}
			for k, v := range analysisNeeds[n] {
				definition[k] = v
			}
			return body{"settings": body{"similarity": body{"s": definition}}}
		}),
	}
}

func (a *asker) templateKeys(path string, candidates map[string]any) []string {
	var names []string
	for name, value := range candidates {
		template := body{"index_patterns": []string{"migassist-ask-*"}}
		if strings.Contains(path, "component") {
			template = body{"template": body{}}
		}
		template[name] = value
		if status, _ := a.call(http.MethodPut, path, template); status == http.StatusOK {
			names = append(names, name)
			a.call(http.MethodDelete, path, nil)
		}
	}
	sort.Strings(names)
	return slices.Compact(names)
}

// create answers the server's complaint, or "" after the index was there and
// is gone again.
func (a *asker) create(index body) string {
	reason := a.put("/migassist-ask", index)
	if reason == "" {
		a.call(http.MethodDelete, "/migassist-ask", nil)
	}
	return reason
}

func (a *asker) put(path string, value body) string {
	status, answer := a.call(http.MethodPut, path, value)
	if status == http.StatusOK {
		return ""
	}
	return string(answer)
}

func (a *asker) get(path string, into any) {
	status, answer := a.call(http.MethodGet, path, nil)
	if status != http.StatusOK {
		a.t.Fatalf("GET %s: %d %s", path, status, answer)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		a.t.Fatalf("GET %s: %v", path, err)
	}
}

func (a *asker) call(method, path string, value any) (int, []byte) {
	var content io.Reader
	if value != nil {
		encoded, err := json.Marshal(value)
		if err != nil {
			a.t.Fatal(err)
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, content)
	if err != nil {
		a.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.t.Fatal(fmt.Errorf("ask the server: %w", err))
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return response.StatusCode, answer
}
