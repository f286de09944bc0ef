package rules

import "testing"

func TestAnAliasLeadsToAFieldThatIsThere(t *testing.T) {
	set, err := For(Pair{From: parse(t, "ES 8.17.0"), To: parse(t, "OS 2.19.1")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	alias := func(path string) map[string]any { return map[string]any{"type": "alias", "path": path} }
	for _, kind := range []Kind{Index, IndexTemplate, ComponentTemplate, LegacyTemplate} {
		outcome := set.Rewrite(&Item{Kind: kind, Name: "i", Mappings: map[string]any{"properties": map[string]any{
			"o": map[string]any{"properties": map[string]any{
				"t": map[string]any{"type": "text", "fields": map[string]any{"h": map[string]any{"type": "histogram"}, "k": map[string]any{"type": "keyword"}}},
			}},
			"h":  map[string]any{"type": "histogram"},
			"a1": alias("o.t.h"), "a2": alias("o.t.k"), "a3": alias("o.t"), "a4": alias("h"), "a5": alias("of.another.template"),
		}}})
		properties := outcome.Item.Mappings["properties"].(map[string]any)
		for name, stays := range map[string]bool{"a1": false, "a2": true, "a3": true, "a4": false, "a5": true} {
			if _, there := properties[name]; there != stays {
				t.Errorf("%s: alias %s is there: %v, want %v", kind, name, there, stays)
			}
		}
	}
}

func TestATypeThatIsNoneIsNotSent(t *testing.T) {
	set, err := For(Pair{From: parse(t, "ES 8.17.0"), To: parse(t, "OS 2.19.1")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []any{"", 5, true, []any{"text"}, map[string]any{"x": "text"}} {
		outcome := set.Rewrite(&Item{Kind: Index, Name: "i", Mappings: map[string]any{"properties": map[string]any{"f": map[string]any{"type": kind}}}})
		field := outcome.Item.Mappings["properties"].(map[string]any)["f"].(map[string]any)
		if field["type"] != "object" || field["enabled"] != false {
			t.Errorf("the type %v became %v", kind, field)
		}
	}
}

func TestAnIndexIsNotSortedByAFieldThatCannotBeSearched(t *testing.T) {
	set, err := For(Pair{From: parse(t, "ES 8.17.0"), To: parse(t, "OS 2.19.1")}, NewModules(words("parent-join")))
	if err != nil {
		t.Fatal(err)
	}
	for kind, sorted := range map[string]bool{"scaled_float": false, "long": true} {
		outcome := set.Rewrite(&Item{
			Kind: Index, Name: "i", Settings: map[string]any{"index.sort.field": []any{"k", "f"}, "index.sort.order": []any{"asc", "desc"}},
			Mappings: map[string]any{"properties": map[string]any{"k": map[string]any{"type": "keyword"}, "f": map[string]any{"type": kind}}},
		})
		if _, still := outcome.Item.Settings["index.sort.order"]; still != sorted {
			t.Errorf("sorted by a %s: %v, want %v", kind, still, sorted)
		}
	}
}
