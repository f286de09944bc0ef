package metadata

import (
	"encoding/json"
	"strings"
	"testing"

	"migassist/metadata/rules"
)

// TestAPlanOfAnotherTargetIsRefused: what it depends on has changed there. What it makes itself is no change, so that it can be
// applied twice.
func TestAPlanOfAnotherTargetIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*target)
		says   string // "" is applied
	}{
		"nothing":                {func(*target) {}, ""},
		"an index beside":        {func(to *target) { to.indices["beside"] = to.indices["there"] }, ""},
		"a template beside":      {func(to *target) { to.index["beside"] = json.RawMessage(`{"index_patterns":["x"]}`) }, "index_template (new) beside"},
		"a template of the plan": {func(to *target) { to.legacy["mine"] = json.RawMessage(`{"index_patterns":["other"]}`) }, ""},
		"a changed template":     {func(to *target) { to.legacy["old"] = json.RawMessage(`{"index_patterns":["other"]}`) }, "legacy_template (changed) old"},
		"a template gone":        {func(to *target) { delete(to.legacy, "old") }, "legacy_template (gone) old"},
		"an index gone":          {func(to *target) { delete(to.indices, "there") }, "index (gone) there"},
	} {
		t.Run(name, func(t *testing.T) {
			to := newTarget()
			to.legacy["old"] = json.RawMessage(`{"index_patterns":["old-*"]}`)
			from := source(t, anIndex(t, "a", `{}`, `{}`, `{}`), anIndex(t, "there", `{}`, `{}`, `{}`), aTemplate(t, rules.LegacyTemplate, "mine", `{"index_patterns":["mine-*"]}`))
			if err := to.CreateIndex(t.Context(), "there", []byte(`{"settings":{"index.number_of_shards":"1","index.number_of_routing_shards":"1024"}}`)); err != nil {
				t.Fatal(err)
			}
			p := reread(t, planned(t, from, to))
			c.change(to)
			to.sent = nil
			_, err := p.Apply(t.Context(), to, ApplyOptions{})
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || len(to.sent) > 0) {
				t.Fatalf("%v after %q", err, to.sent)
			}
			if c.says == "" {
				if report, err := p.Apply(t.Context(), to, ApplyOptions{}); err != nil || report.Counts.Created > 0 {
					t.Errorf("again: %v, %+v", err, report)
				}
			}
		})
	}
}

// TestAPlanOfAnotherSourceIsRefused and says what has changed.
func TestAPlanOfAnotherSourceIsRefused(t *testing.T) {
	from := source(t, anIndex(t, "a", `{}`, `{}`, `{}`), anIndex(t, "b", `{}`, `{}`, `{}`))
	p := planned(t, from, newTarget())
	if err := p.SameSource(planned(t, source(t, anIndex(t, "a", `{}`, `{}`, `{}`), anIndex(t, "b", `{}`, `{}`, `{}`)), newTarget())); err != nil {
		t.Error(err)
	}
	other := source(t, anIndex(t, "a", `{}`, `{"properties":{"n":{"type":"date"}}}`, `{}`), anIndex(t, "c", `{}`, `{}`, `{}`))
	if err := p.SameSource(planned(t, other, newTarget())); err == nil || !strings.Contains(err.Error(), "index a, index c, index b (gone)") {
		t.Error(err)
	}
}
