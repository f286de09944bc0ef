package rules

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func piece(t *testing.T, name, body string) Piece {
	t.Helper()
	var parts struct{ Settings, Mappings, Aliases map[string]any }
	decode(t, []byte(body), &parts)
	return Piece{name, &Item{Kind: Index, Name: "u", Settings: FlatSettings(parts.Settings), Mappings: parts.Mappings, Aliases: parts.Aliases}}
}

// united are the mapping that comes out, and what the changes say: "path: why".
func united(t *testing.T, pieces ...Piece) (outcome *Outcome, body string, said []string) {
	t.Helper()
	outcome = Unite(pieces)
	text, err := json.Marshal(outcome.Item.Body())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range outcome.Changes {
		if c.Rule != "unite" || c.Fidelity != Lossy {
			t.Errorf("a change of rule %s, %s", c.Rule, c.Fidelity)
		}
		said = append(said, c.Path+": "+c.Why)
	}
	return outcome, string(text), said
}

func TestFieldsOfAllAreFieldsOfTheUnited(t *testing.T) {
	outcome, body, said := united(t,
		piece(t, "i/a", `{"mappings":{"properties":{"x":{"type":"text","fields":{"raw":{"type":"keyword"}}},"o":{"properties":{"n":{"type":"long"}}}},"dynamic_templates":[{"t":{"match":"*"}}],"_meta":{"a":1}}}`),
		piece(t, "i/b", `{"mappings":{"properties":{"x":{"type":"text","fields":{"low":{"type":"text"}}},"o":{"type":"object","properties":{"m":{"properties":{"k":{"type":"ip"}}}}},"y":{"type":"date"}},"dynamic_templates":[{"t":{"match":"*"}},{"s":{"match":"s"}}],"_meta":{"b":2}}}`),
		piece(t, "i/c", `{}`))
	if outcome.Refusal != nil || len(said) > 0 {
		t.Errorf("%v, %q", outcome.Refusal, said)
	}
	const want = `{"mappings":{"_meta":{"a":1,"b":2},"dynamic_templates":[{"t":{"match":"*"}},{"s":{"match":"s"}}],` +
		`"properties":{"o":{"properties":{"m":{"properties":{"k":{"type":"ip"}}},"n":{"type":"long"}}},"x":{"fields":{"low":{"type":"text"},"raw":{"type":"keyword"}},"type":"text"},"y":{"type":"date"}}}}`
	if diff := cmp.Diff(want, strings.ReplaceAll(body, `"type":"object",`, "")); diff != "" {
		t.Error(diff)
	}
}

func TestConflictsAreRefusedByName(t *testing.T) {
	outcome, _, _ := united(t,
		piece(t, "i/a", `{"mappings":{"properties":{"o":{"properties":{"n":{"type":"long"}}},"d":{"type":"date","format":"epoch_second"},"x":{"type":"nested"}}},"settings":{"index.analysis.filter.f.type":"stop"}}`),
		piece(t, "i/b", `{"mappings":{"properties":{"late":{"type":"ip"},"d":{"type":"date"},"x":{"type":"object"}}}}`),
		piece(t, "j/c", `{"mappings":{"properties":{"o":{"properties":{"n":{"type":"text"}}},"late":{"type":"keyword"}}},"settings":{"index.analysis.filter.f.type":"length"}}`))
	if outcome.Refusal == nil {
		t.Fatal("it is not refused")
	}
	for _, want := range []string{
		"field o.n is long in i/a and text in j/c", "field late is ip in i/b and keyword in j/c", "field x is nested in i/a and object in i/b",
		"format of field d is epoch_second in i/a and not said in i/b", "index.analysis.filter.f.type is stop in i/a and length in j/c", "by hand",
	} {
		if !strings.Contains(outcome.Refusal.Why, want) {
			t.Errorf("no %q in %s", want, outcome.Refusal.Why)
		}
	}
}

func TestWhatDiffersAndTakesAllDocumentsIsSaid(t *testing.T) {
	for name, c := range map[string]struct{ a, b, want, said string }{
		"dynamic":         {`{"mappings":{"dynamic":"strict"}}`, `{"mappings":{"dynamic":"false"}}`, `{"mappings":{"dynamic":"false"}}`, "/mappings/dynamic: what b says holds for the documents of a too"},
		"dynamic default": {`{"mappings":{"dynamic":"strict"}}`, `{}`, `{}`, "/mappings/dynamic: a and b do not agree on it; the default holds for both"},
		"routing":         {`{}`, `{"mappings":{"_routing":{"required":true}}}`, `{}`, "/mappings/_routing: "},
		"kept source":     {`{"mappings":{"_source":{"enabled":false}}}`, `{}`, `{}`, "/mappings/_source: "},
		"limit":           {`{"mappings":{"properties":{"k":{"type":"keyword","ignore_above":9}}}}`, `{"mappings":{"properties":{"k":{"type":"keyword","ignore_above":5}}}}`, `{"mappings":{"properties":{"k":{"ignore_above":5,"type":"keyword"}}}}`, "/mappings/properties/k/ignore_above: what b says"},
		"analyzer":        {`{"mappings":{"properties":{"k":{"type":"text","analyzer":"x"}}}}`, `{"mappings":{"properties":{"k":{"type":"text"}}}}`, `{"mappings":{"properties":{"k":{"analyzer":"x","type":"text"}}}}`, "/mappings/properties/k/analyzer: what a says"},
		"malformed":       {`{"mappings":{"properties":{"k":{"type":"long"}}}}`, `{"mappings":{"properties":{"k":{"type":"long","ignore_malformed":true}}}}`, `{"mappings":{"properties":{"k":{"ignore_malformed":true,"type":"long"}}}}`, "/mappings/properties/k/ignore_malformed: what b says"},
		"dates":           {`{"mappings":{"date_detection":false}}`, `{}`, `{"mappings":{"date_detection":false}}`, "/mappings/date_detection: what a says"},
		"shards":          {`{"settings":{"index.number_of_shards":"2","index.number_of_routing_shards":"512"}}`, `{"settings":{"index.number_of_shards":"10","index.number_of_routing_shards":"640"}}`, `{"settings":{"index.number_of_routing_shards":"640","index.number_of_shards":"10"}}`, "/settings/index.number_of_shards: what b says"},
		"refresh":         {`{"settings":{"index.refresh_interval":"5s"}}`, `{"settings":{"index.refresh_interval":"1s"}}`, `{"settings":{"index.refresh_interval":"5s"}}`, "/settings/index.refresh_interval: what a says"},
		"analysis":        {`{}`, `{"settings":{"index.analysis.filter.f.type":"stop"}}`, `{"settings":{"index.analysis.filter.f.type":"stop"}}`, ""},
		"alias":           {`{}`, `{"aliases":{"z":{}}}`, `{"aliases":{"z":{}}}`, "/aliases/z: it led to b, and shows the documents of a too"},
		"aliases":         {`{"aliases":{"z":{"routing":"1"}}}`, `{"aliases":{"z":{}}}`, `{"aliases":{"z":{"routing":"1"}}}`, "/aliases/z: what a says"},
		"templates":       {`{"mappings":{"dynamic_templates":[{"t":{"match":"a"}}]}}`, `{"mappings":{"dynamic_templates":[{"t":{"match":"b"}}]}}`, `{"mappings":{"dynamic_templates":[{"t":{"match":"a"}}]}}`, "/mappings/dynamic_templates/t: a has another"},
	} {
		t.Run(name, func(t *testing.T) {
			outcome, body, said := united(t, piece(t, "a", c.a), piece(t, "b", c.b))
			if outcome.Refusal != nil || body != c.want {
				t.Errorf("%v\ngot  %s\nwant %s", outcome.Refusal, body, c.want)
			}
			if all := strings.Join(said, "\n"); !strings.Contains(all, c.said) || (all == "") != (c.said == "") {
				t.Errorf("says %s", all)
			}
		})
	}
}

func TestAliasesOfAPartedIndex(t *testing.T) {
	item := piece(t, "i", `{"mappings":{"a":{"properties":{}},"b":{}},"aliases":{"all":{"is_write_index":true},"of-a":{"filter":{"type":{"value":"a"}},"routing":"1"},"of-b":{"filter":{"term":{"_type":"b"}}}}}`).Item
	if diff := cmp.Diff([]string{"a", "b"}, item.Types()); diff != "" {
		t.Fatal(diff)
	}
	before := copyOf(item.Aliases)
	for name, c := range map[string]struct {
		with    []string
		want    string
		changes int
	}{
		"alone": {[]string{"a"}, `{"aliases":{"all":{},"of-a":{"routing":"1"}},"mappings":{"a":{"properties":{}}}}`, 3},
		"all":   {[]string{"a", "b"}, `{"aliases":{"all":{"is_write_index":true},"of-a":{"filter":{"type":{"value":"a"}},"routing":"1"},"of-b":{"filter":{"term":{"_type":"b"}}}},"mappings":{"a":{"properties":{}}}}`, 0},
	} {
		outcome := item.OfType("a", c.with)
		text, err := json.Marshal(outcome.Item.Body())
		if err != nil {
			t.Fatal(err)
		}
		if string(text) != c.want || len(outcome.Changes) != c.changes {
			t.Errorf("%s: %s\n%+v", name, text, outcome.Changes)
		}
	}
	if diff := cmp.Diff(before, any(item.Aliases)); diff != "" {
		t.Errorf("the source's item changed: %s", diff)
	}
}

func TestParentsAndChildrenThatAreUnitedGetAJoinField(t *testing.T) {
	set, err := For(Pair{From: parse(t, "ES 2.4.6"), To: parse(t, "OS 3.3.0")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	item := &Item{Kind: Index, Name: "i", Settings: map[string]any{"index.number_of_shards": "1"}, Mappings: map[string]any{
		"blog":    map[string]any{"properties": map[string]any{"join": map[string]any{"type": "long"}}},
		"post":    map[string]any{"_parent": map[string]any{"type": "blog"}},
		"comment": map[string]any{"_parent": map[string]any{"type": "post"}},
		"ad":      map[string]any{"_parent": map[string]any{"type": "blog"}},
		"orphan":  map[string]any{"_parent": map[string]any{"type": "elsewhere"}},
	}}
	var pieces []Piece
	for _, name := range item.Types() {
		outcome := set.Rewrite(item.OfType(name, item.Types()).Item)
		if outcome.Refusal != nil {
			t.Fatal(outcome.Refusal)
		}
		pieces = append(pieces, Piece{"i/" + name, outcome.Item})
	}
	united := Unite(pieces)
	want := map[string]any{
		"join":        map[string]any{"type": "long"},
		"parent_join": map[string]any{"type": "join", "relations": map[string]any{"blog": []any{"ad", "post"}, "post": []any{"comment"}}},
	}
	if diff := cmp.Diff(want, united.Item.Mappings["properties"]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(united.Changes) != 1 || united.Changes[0].Path != "/mappings/properties/parent_join" || united.Changes[0].Fidelity != Lossy {
		t.Errorf("%+v", united.Changes)
	}
	if alone := Unite(pieces[1:3]); alone.Item.Mappings["properties"].(map[string]any)["join"] == nil || len(alone.Changes) != 0 {
		t.Errorf("types that are not parent and child of each other got %+v", alone.Item.Mappings)
	}
}
