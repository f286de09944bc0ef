package metadata

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/metadata/rules"
	"migassist/selection"
)

func renames(t *testing.T, entries ...string) *selection.Renames {
	t.Helper()
	all, err := selection.ParseRenames(entries)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestIndicesGetOtherNames: with their aliases, but for the one that is their own name now; types that are split too; and two that come
// together are one.
func TestIndicesGetOtherNames(t *testing.T) {
	from := source(t,
		anIndex(t, "old", `{}`, `{"properties":{"a":{"type":"keyword"}}}`, `{"new":{},"kept":{"is_write_index":true}}`),
		anIndex(t, "logs-1", `{}`, `{"properties":{"a":{"type":"keyword"}}}`, `{}`), anIndex(t, "logs-2", `{}`, `{"properties":{"b":{"type":"date"}}}`, `{}`),
		anIndex(t, "other", `{}`, `{}`, `{}`),
	)
	p := plan(t, Input{Source: from, Target: newTarget(), Renames: renames(t, "old=new", "regex:logs-(.*)=logs")})
	got := map[string][]string{}
	for _, step := range p.Steps {
		got[step.Name] = step.From
	}
	if diff := cmp.Diff(map[string][]string{"logs": {"logs-1", "logs-2"}, "new": {"old"}, "other": nil}, got); diff != "" {
		t.Error(diff)
	}
	for _, step := range p.Steps {
		body, err := json.Marshal(step.After)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"new": `"aliases":{"kept":{"is_write_index":true}}`, "logs": `"properties":{"a":{"type":"keyword"},"b":{"type":"date"}}`} {
			if step.Name == name && (!strings.Contains(string(body), want) || step.Request.Path != "/"+name) {
				t.Errorf("%s: %s %s", name, step.Request.Path, body)
			}
		}
	}
	p = plan(t, Input{Source: source(t, anIndex(t, "a", `{}`, `{}`, `{}`)), Target: newTarget(), Renames: renames(t, "regex:(.)=$1/x")})
	if p.Steps[0].Action != Refused || !strings.Contains(p.Steps[0].Reason, "--index-map names it") {
		t.Errorf("%+v", p.Steps[0])
	}
}

// TestReplicasFillAllZones, also where the default of one replica counts, and never fewer than there were.
func TestReplicasFillAllZones(t *testing.T) {
	for settings, want := range map[string]string{
		`{}`:                               "2",
		`{"index.number_of_replicas":"0"}`: "2",
		`{"index.number_of_replicas":"2"}`: "2",
		`{"index.number_of_replicas":"3"}`: "5",
		`{"index.auto_expand_replicas":"0-all","index.number_of_replicas":"1"}`: "1",
	} {
		p := plan(t, Input{Source: source(t, anIndex(t, "a", settings, `{}`, `{}`)), Target: newTarget(), AwarenessAttributes: 3})
		after := p.Steps[0].After.Part("settings")
		if after["index.number_of_replicas"] != want {
			t.Errorf("%s: %v, want %s", settings, after["index.number_of_replicas"], want)
		}
	}
}

// TestWhatExistsIsJudged: equal, compatible, which can be accepted, or conflicting, which can't.
func TestWhatExistsIsJudged(t *testing.T) {
	const mapping = `{"properties":{"a":{"type":"keyword"}}}`
	for _, c := range []struct {
		settings, mappings, aliases string
		want                        Match
	}{
		{`{"index.number_of_shards":"1"}`, mapping, `{}`, Equal},
		{`{"index.number_of_shards":"5","index.refresh_interval":"-1"}`, mapping, `{}`, Compatible},
		{`{"index.number_of_shards":"1"}`, `{"properties":{"a":{"type":"keyword"},"more":{"type":"date"}}}`, `{"more":{}}`, Compatible},
		{`{"index.number_of_shards":"1"}`, `{"properties":{"a":{"type":"text"}}}`, `{}`, Conflicting},
		{`{"index.number_of_shards":"1"}`, `{"properties":{}}`, `{}`, Conflicting},
		{`{"index.number_of_shards":"1"}`, `{"dynamic":"strict","properties":{"a":{"type":"keyword"}}}`, `{}`, Conflicting},
		{`{"index.number_of_shards":"1","index.default_pipeline":"x"}`, mapping, `{}`, Conflicting},
	} {
		for _, allowed := range []bool{false, true} {
			to := newTarget()
			to.indices["a"] = cluster.Index{Settings: json.RawMessage(c.settings), Mappings: json.RawMessage(c.mappings), Aliases: json.RawMessage(c.aliases)}
			index := anIndex(t, "a", `{}`, mapping, `{}`)
			index.RoutingShards = 0
			p := plan(t, Input{Source: source(t, index), Target: to, AllowExisting: allowed})
			report := apply(t, reread(t, p), to)
			if got := p.Steps[0]; got.Match != c.want || report.Results[0].Match != c.want {
				t.Errorf("%s %s %s: %s, %s, want %s: %+v", c.settings, c.mappings, c.aliases, got.Match, report.Results[0].Match, c.want, got.Differences)
			}
			want := 1
			if c.want == Equal || c.want == Compatible && allowed {
				want = 0
			}
			if len(p.Findings) != want || len(report.Findings) != want {
				t.Errorf("%s %s, accepted %t: %+v, %+v", c.settings, c.mappings, allowed, p.Findings, report.Findings)
			}
		}
	}
}

// TestStreamsGetOtherNames as their indices' documents do.
func TestStreamsGetOtherNames(t *testing.T) {
	stream := named(t, rules.DataStream, "logs", `{"name":"logs","indices":[".ds-logs-000001"]}`)
	from := source(t, stream, anIndex(t, ".ds-logs-000001", `{}`, `{}`, `{}`), aTemplate(t, rules.IndexTemplate, "logs", `{"index_patterns":["*logs"],"data_stream":{}}`))
	from.Indices[0].DataStream = "logs"
	p := plan(t, Input{Source: from, Target: newTarget(), Renames: renames(t, "logs=new-logs")})
	if got := p.Steps[1]; got.Name != "new-logs" || got.Action != Create || p.Steps[2].Action != Left || !strings.Contains(p.Steps[2].Reason, "new-logs") {
		t.Errorf("%+v %+v", got, p.Steps[2])
	}
}
