package rules

import (
	"fmt"
	"testing"
)

// wide has n fields beside an object of one, in levels of depth.
func wide(n, depth int) map[string]any {
	properties := map[string]any{}
	for i := range n {
		properties[fmt.Sprint("f", i)] = map[string]any{"type": "keyword"}
	}
	for range depth {
		properties = map[string]any{"o": map[string]any{"properties": properties}}
	}
	return map[string]any{"properties": properties}
}

func TestLimitsAreRaisedToWhatThereIs(t *testing.T) {
	nested := map[string]any{}
	for i := range 60 {
		nested[fmt.Sprint("n", i)] = map[string]any{"type": "nested"}
	}
	multi := map[string]any{"properties": map[string]any{"t": map[string]any{"type": "text", "fields": wide(1000, 0)["properties"]}}}
	for _, c := range []struct {
		name     string
		from     string
		mappings map[string]any
		settings map[string]any
		limit    string
		want     any
	}{
		{"fields of a source without limit", "ES 1.7.6", wide(1500, 0), nil, "index.mapping.total_fields.limit", "2500"},
		{"exactly as many as are allowed", "ES 1.7.6", wide(1000, 0), nil, "index.mapping.total_fields.limit", nil},
		{"multi-fields count", "ES 2.4.6", multi, nil, "index.mapping.total_fields.limit", "2001"},
		{"a limit that was raised is kept", "ES 7.10.2", wide(1500, 0), map[string]any{"index.mapping.total_fields.limit": "5000"}, "index.mapping.total_fields.limit", "5000"},
		{"levels", "ES 1.7.6", wide(1, 30), nil, "index.mapping.depth.limit", "31"},
		{"nested", "ES 2.4.6", map[string]any{"properties": nested}, nil, "index.mapping.nested_fields.limit", "60"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := For(Pair{From: parse(t, c.from), To: parse(t, "OS 2.19.1")}, nil)
			if err != nil {
				t.Fatal(err)
			}
			outcome := set.Rewrite(&Item{Kind: Index, Name: "i", Settings: c.settings, Mappings: c.mappings})
			if got := outcome.Item.Settings[c.limit]; got != c.want {
				t.Errorf("%s is %v, want %v", c.limit, got, c.want)
			}
		})
	}
}

func TestATargetLacksWhatCameLater(t *testing.T) {
	for _, c := range []struct{ to, field, want string }{
		{"OS 2.6.0", "flattened", "object"},
		{"OS 2.7.0", "flattened", "flat_object"},
		{"OS 2.14.0", "wildcard", "keyword"},
		{"OS 2.15.0", "wildcard", "wildcard"},
		{"OS 2.7.0", "unsigned_long", "keyword"},
		{"OS 3.1.0", "version", "keyword"},
		{"OS 3.3.0", "version", "version"},
		{"OS 1.2.0", "match_only_text", "text"},
	} {
		set, err := For(Pair{From: parse(t, "ES 7.17.28"), To: parse(t, c.to)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		item := &Item{Kind: Index, Name: "i", Mappings: map[string]any{"properties": map[string]any{"f": map[string]any{"type": c.field}}}}
		field := set.Rewrite(item).Item.Mappings["properties"].(map[string]any)["f"].(map[string]any)
		if field["type"] != c.want {
			t.Errorf("%s on %s became %v, want %s", c.field, c.to, field["type"], c.want)
		}
	}
}
