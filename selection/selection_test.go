package selection

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var candidates = []Candidate{
	{Name: "books"},
	{Name: "logs-2026.11"},
	{Name: ".kibana_1"},
	{Name: ".hidden"},
	{Name: "watches"},
	{Name: "metricbeat-7"},
	{Name: ".ds-events-000001", DataStream: "events"},
	{Name: ".ds-events-000002", DataStream: "events"},
	{Name: ".ds-.logs-deprecation-000001", DataStream: ".logs-deprecation"},
}

func parse(t *testing.T, entries ...string) Allowlist {
	t.Helper()
	list, err := ParseAllowlist(entries)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestIndices(t *testing.T) {
	for _, c := range []struct {
		name            string
		allow           []string
		chosen, missing string
	}{
		{
			"without a list the built-in exclusions hold, and a chosen stream's backing indices take part", nil,
			".ds-events-000001 .ds-events-000002 books logs-2026.11", "",
		},
		{"blank entries are no list", []string{" ", ""}, ".ds-events-000001 .ds-events-000002 books logs-2026.11", ""},
		{"a literal name includes a system index", []string{".kibana_1", "books"}, ".kibana_1 books", ""},
		{"a stream's name chooses its backing indices", []string{"events"}, ".ds-events-000001 .ds-events-000002", ""},
		{"a backing index can be chosen alone", []string{".ds-events-000002"}, ".ds-events-000002", ""},
		{"a regular expression matches whole names", []string{"regex:logs"}, "", "regex:logs"},
		{"and may match many", []string{"regex:logs-.*|boo.s"}, "books logs-2026.11", ""},
		{"a literal is no pattern", []string{"logs-2026x11", "books"}, "books", "logs-2026x11"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Indices(candidates, parse(t, c.allow...))
			if diff := cmp.Diff(c.chosen, strings.Join(got.Chosen, " ")); diff != "" {
				t.Errorf("chosen: -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(c.missing, strings.Join(got.Missing, " ")); diff != "" {
				t.Errorf("missing: -want +got:\n%s", diff)
			}
			if len(got.Chosen)+len(got.Excluded) != len(candidates) {
				t.Errorf("%d chosen and %d excluded of %d", len(got.Chosen), len(got.Excluded), len(candidates))
			}
			for _, e := range got.Excluded {
				if e.Reason == "" {
					t.Errorf("%s is excluded without a reason", e.Name)
				}
			}
		})
	}
}

func TestTemplatesOfTheProductAreExcludedByWhoMadeThem(t *testing.T) {
	got := Templates([]Candidate{
		{Name: "logs", Managed: true}, {Name: "metrics"}, {Name: "logs@mappings"}, {Name: "ecs@dynamic"}, {Name: "logs-settings"}, {Name: ".monitoring-es"}, {Name: "mine"},
	}, Allowlist{})
	if diff := cmp.Diff([]string{"metrics", "mine"}, got.Chosen); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBadEntriesAreAllNamed(t *testing.T) {
	_, err := ParseAllowlist([]string{"logs-*", "regex:(", "fine"})
	if err == nil || !strings.Contains(err.Error(), `write "regex:logs-.*"`) || !strings.Contains(err.Error(), `"regex:("`) {
		t.Errorf("got %v", err)
	}
}
