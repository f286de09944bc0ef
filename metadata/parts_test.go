package metadata

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster/version"
	"migassist/metadata/rules"
	"migassist/transform/pipeline"
)

// typedSource is a source with mapping types.
func typedSource(t *testing.T, items ...*rules.Item) *Source {
	t.Helper()
	s := source(t, items...)
	s.Origin.Version = version.Version{Flavor: version.Elasticsearch, Major: 5, Minor: 6, Patch: 16}
	return s
}

func chain(t *testing.T, config string) *pipeline.Program {
	t.Helper()
	program, err := pipeline.Parse([]byte(config), pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// made is what a plan creates: "name <- from: body".
func (p *Plan) made(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, step := range p.Steps {
		if step.Action != Create {
			continue
		}
		body, err := json.Marshal(step.Request.Body)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s <- %s: %s", step.Name, strings.Join(step.From, " "), body))
	}
	return out
}

// noShards takes the settings that every index of the tests has out of what is made.
func noShards(lines []string) []string {
	for i, line := range lines {
		lines[i] = strings.Replace(line, `"settings":{"index.number_of_routing_shards":"1024","index.number_of_shards":"1"}`, `…`, 1)
	}
	return lines
}

// shop is an index of two types, with aliases of all kinds; logs a template for such indices.
func shop(t *testing.T) []*rules.Item {
	t.Helper()
	return []*rules.Item{
		anIndex(t, "shop", `{}`, `{"user":{"properties":{"name":{"type":"keyword"}}},"Order":{"properties":{"n":{"type":"long"},"name":{"type":"keyword","ignore_above":9}}}}`,
			`{"all":{},"users":{"filter":{"type":{"value":"user"}}},"both":{"filter":{"terms":{"_type":["user","Order"]}}}}`),
		anIndex(t, "plain", `{}`, `{"doc":{"properties":{"a":{"type":"ip"}}}}`, `{}`),
		aTemplate(t, rules.LegacyTemplate, "logs", `{"template":"logs-*","order":1,"mappings":{"_default_":{"properties":{"at":{"type":"date"}}},"a":{"properties":{"x":{"type":"long"}}},"b":{}}}`),
		aTemplate(t, rules.LegacyTemplate, "one", `{"template":"one-*","mappings":{"a":{}}}`),
	}
}

func TestTypesAreSplitAsRFSNamesThem(t *testing.T) {
	p := plan(t, Input{Source: typedSource(t, shop(t)...), Target: newTarget(), MultiType: MultiTypeSplit})
	want := []string{
		`logs_a <- logs/a: {"index_patterns":["logs-*_a"],"mappings":{"properties":{"at":{"type":"date"},"x":{"type":"long"}}},"order":1}`,
		`logs_b <- logs/b: {"index_patterns":["logs-*_b"],"mappings":{"properties":{"at":{"type":"date"}}},"order":1}`,
		`one <- : {"index_patterns":["one-*"]}`,
		`plain <- : {"mappings":{"properties":{"a":{"type":"ip"}}},…}`,
		`shop_order <- shop/Order: {"aliases":{"all":{}},"mappings":{"properties":{"n":{"type":"long"},"name":{"ignore_above":9,"type":"keyword"}}},…}`,
		`shop_user <- shop/user: {"aliases":{"all":{},"users":{}},"mappings":{"properties":{"name":{"type":"keyword"}}},…}`,
	}
	if diff := cmp.Diff(want, noShards(p.made(t))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	says(t, p.Findings, "documents, at /aliases/both", "documents, at /aliases/both")
	at := slices.IndexFunc(p.Steps, func(s *Step) bool { return s.Name == "shop_user" })
	const note = "shop goes to shop_order, shop_user; its aliases lead to all of them, and nothing is called shop any more: make an alias of that name where it is searched"
	if user := p.Steps[at]; !slices.Equal(user.From, []string{"shop/user"}) || !slices.Contains(user.Notes, note) {
		t.Errorf("shop_user is made of %v, with the notes %q", user.From, user.Notes)
	}
}

func TestTypesAreUnited(t *testing.T) {
	to := newTarget()
	p := plan(t, Input{Source: typedSource(t, shop(t)...), Target: to, MultiType: MultiTypeUnion})
	want := []string{
		`logs <- logs/a logs/b: {"index_patterns":["logs-*"],"mappings":{"properties":{"at":{"type":"date"},"x":{"type":"long"}}},"order":1}`,
		`one <- : {"index_patterns":["one-*"]}`,
		`plain <- : {"mappings":{"properties":{"a":{"type":"ip"}}},…}`,
		`shop <- shop/Order shop/user: {"aliases":{"all":{}},"mappings":{"properties":{"n":{"type":"long"},"name":{"ignore_above":9,"type":"keyword"}}},…}`,
	}
	if diff := cmp.Diff(want, noShards(p.made(t))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	says(t, p.Findings, "shop: lossy (type-query)", "shop: lossy (unite): what shop/Order says holds for the documents of shop/user too, at /mappings/properties/name/ignore_above")
	if report := apply(t, p, to); report.Counts.Created != 4 {
		t.Errorf("%s", report.ends())
	}
}

func TestAConflictIsNamedAndStopsItsIndexOnly(t *testing.T) {
	from := typedSource(t, anIndex(t, "bad", `{}`, `{"a":{"properties":{"x":{"type":"long"}}},"b":{"properties":{"x":{"type":"date"}}}}`, `{}`), anIndex(t, "fine", `{"number_of_replicas":"0"}`, `{}`, `{}`))
	p := plan(t, Input{Source: from, Target: newTarget(), MultiType: MultiTypeUnion})
	if p.ends() != "bad refused, fine create" {
		t.Error(p.ends())
	}
	says(t, p.Findings, "bad: refused: /mappings (unite): field x is long in bad/a and date in bad/b")
	p = plan(t, Input{Source: from, Target: newTarget()})
	says(t, p.Findings, "bad: refused: /mappings (mapping-type): it has the mapping types a, b")
}

func TestTypesOfOneNameAreNotSplit(t *testing.T) {
	p := plan(t, Input{Source: typedSource(t, anIndex(t, "i", `{}`, `{"User":{},"user":{}}`, `{}`), anIndex(t, "j", `{}`, `{"a b":{},"c":{}}`, `{}`)), Target: newTarget(), MultiType: MultiTypeSplit})
	says(t, p.Findings, "i: refused: its types User, user would all go to index i_user", `j: refused: its type a b would go to "j_a b", which is no name of an index: it has one of: space`)
}

func TestTypeMappingsSayWhereItemsGo(t *testing.T) {
	config := `[{"jq":"error(\"is not for items\")"},{"TypeMappingSanitizationTransformerProvider":{"staticMappings":{"shop":{"user":"people"},"staff":{"person":"people"},"gone":{}},
		"regexMappings":[{"sourceIndexPattern":"(logs-.*|plain|one-.*)","sourceTypePattern":"(.*)","targetIndexPattern":"$1-new"}]}}]`
	items := append(shop(t),
		anIndex(t, "staff", `{"number_of_replicas":"0"}`, `{"person":{"properties":{"boss":{"type":"boolean"}}}}`, `{"workers":{}}`),
		anIndex(t, "gone", `{}`, `{"x":{}}`, `{}`), anIndex(t, "unknown", `{}`, `{}`, `{}`),
		aTemplate(t, rules.LegacyTemplate, "other", `{"template":"other-*"}`))
	p := plan(t, Input{Source: typedSource(t, items...), Target: newTarget(), TypeMappings: chain(t, config), MultiType: MultiTypeSplit})
	want := []string{
		`logs <- logs/a logs/b: {"index_patterns":["logs-*-new"],"mappings":{"properties":{"at":{"type":"date"},"x":{"type":"long"}}},"order":1}`,
		`one <- : {"index_patterns":["one-*-new"]}`,
		`people <- shop/user staff: {"aliases":{"all":{},"users":{},"workers":{}},"mappings":{"properties":{"boss":{"type":"boolean"},"name":{"type":"keyword"}}},` +
			`"settings":{"index.number_of_replicas":"0","index.number_of_routing_shards":"1024","index.number_of_shards":"1"}}`,
		`plain-new <- plain: {"mappings":{"properties":{"a":{"type":"ip"}}},…}`,
	}
	if diff := cmp.Diff(want, noShards(p.made(t))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var findings []string
	for _, f := range p.Findings {
		findings = append(findings, f.Name+": "+f.What+", at "+few(f.Paths))
	}
	for _, want := range []string{
		"other: no type mapping takes the documents of indices of its pattern other-*", "gone: no type mapping takes its type x: neither its mapping nor its documents",
		"shop: no type mapping takes its type Order", "unknown: no type mapping takes its type _doc",
		"people: lossy (unite): what staff says holds for the documents of shop/user too, at /settings/index.number_of_replicas, /aliases/all, /aliases/users and 1 more",
	} {
		if !slices.ContainsFunc(findings, func(f string) bool { return strings.HasPrefix(f, want) }) {
			t.Errorf("no %q in\n%s", want, strings.Join(findings, "\n"))
		}
	}
	for _, step := range p.Steps {
		if step.Name == "gone" && (step.Action != Left || step.Reason == "") {
			t.Errorf("%+v", step)
		}
	}
}

func TestItemsWithoutTypesFollowTypeMappingsToo(t *testing.T) {
	p := plan(t, Input{Source: source(t, anIndex(t, "a", `{}`, `{"properties":{"x":{"type":"ip"}}}`, `{}`)), Target: newTarget(), TypeMappings: chain(t, `[{"typeMappings":{"staticMappings":{"a":{"_doc":"b"}}}}]`)})
	if got := p.made(t); len(got) != 1 || !strings.HasPrefix(got[0], "b <- a: ") {
		t.Errorf("%q", got)
	}
}

func TestTransformsRewriteWhatTheRulesLeave(t *testing.T) {
	from := typedSource(t, shop(t)[1], anIndex(t, "secret", `{}`, `{}`, `{}`), aTemplate(t, rules.LegacyTemplate, "one", `{"template":"one-*","mappings":{"a":{}}}`))
	for name, config := range map[string]string{
		"jq": `[{"jq":"if .type == \"index\" and .name == \"plain\" then .name = \"renamed\" | .body.settings[\"index.refresh_interval\"] = \"9s\" | .body.mappings.properties.a.type = \"keyword\" else . end"}]`,
		"JavaScript": `[{"JsonJSTransformerProvider":{"initializationScript":"function main() { return item => { if (item.name === 'plain') { item.name = 'renamed'; ` +
			`item.body.settings['index.refresh_interval'] = '9s'; item.body.mappings.properties.a.type = 'keyword' } return item } }"}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			p := plan(t, Input{Source: from, Target: newTarget(), Transforms: chain(t, config)})
			want := []string{
				`one <- : {"index_patterns":["one-*"]}`,
				`renamed <- plain: {"mappings":{"properties":{"a":{"type":"keyword"}}},"settings":{"index.number_of_routing_shards":"1024","index.number_of_shards":"1","index.refresh_interval":"9s"}}`,
				`secret <- : {…}`,
			}
			got := noShards(p.made(t))
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			var paths []string
			for _, step := range p.Steps {
				for _, c := range step.Changes {
					if c.Rule == "transform" {
						paths = append(paths, step.Name+c.Path)
					}
				}
			}
			if diff := cmp.Diff([]string{"renamed/mappings/properties/a/type", "renamed/settings/index.refresh_interval"}, paths); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestATransformThatFailsRefusesItsItem(t *testing.T) {
	for config, want := range map[string]string{
		`[{"jq":"if .name == \"a\" then error(\"no\") else . end"}]`:                    `transform 1 (jq): `,
		`[{"jq":"if .name == \"a\" then .type = \"legacy_template\" else . end"}]`:      `has the type "legacy_template"`,
		`[{"jq":"if .name == \"a\" then .name = \"A\" else . end"}]`:                    "it has capital letters",
		`[{"jq":"if .name == \"a\" then del(.body) else . end"}]`:                       `has no object "body"`,
		`[{"jq":"if .name == \"a\" then .body.extra = 1 else . end"}]`:                  `"extra" where it cannot be`,
		`[{"jq":"if .name == \"a\" then .name = 1 else . end"}]`:                        "has no name",
		`[{"jq":"if .name == \"a\" then .name = \"b\" else . end"}]`:                    "another index of the plan has this name",
		`[{"conditional":[{"predicate":{"script":"name == 'a'"}},[{"jq":".body=7"}]]}]`: `has no object "body"`,
	} {
		from := source(t, anIndex(t, "a", `{"number_of_replicas":"0"}`, `{}`, `{}`), anIndex(t, "b", `{"number_of_replicas":"0"}`, `{}`, `{}`))
		p := plan(t, Input{Source: from, Target: newTarget(), Transforms: chain(t, config)})
		if len(p.Findings) != 1 || !strings.Contains(p.Findings[0].What, want) || p.Counts.Create != 1 {
			t.Errorf("%s: %+v, %s", config, p.Findings, p.ends())
		}
	}
}

func TestATransformMayLeaveItemsOut(t *testing.T) {
	config := `[{"javascript":{"initializationScript":"function main() { return item => item.name === 'a' ? null : item }"}}]`
	from := source(t, anIndex(t, "a", `{}`, `{}`, `{}`), anIndex(t, "b", `{"number_of_replicas":"0"}`, `{}`, `{}`))
	p := plan(t, Input{Source: from, Target: newTarget(), Transforms: chain(t, config)})
	if p.ends() != "a excluded, b create" || p.Steps[0].Reason != "the transforms leave it out" {
		t.Errorf("%s: %+v", p.ends(), p.Steps[0])
	}
}
