package metadata

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/cluster/version"
	"migassist/internal/blob"
	"migassist/metadata/rules"
	"migassist/selection"
	"migassist/snapshot"
)

func plan(t *testing.T, in Input) *Plan {
	t.Helper()
	p, err := NewPlan(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func apply(t *testing.T, p *Plan, to Target) *Report {
	t.Helper()
	report, err := p.Apply(t.Context(), to, ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func allow(t *testing.T, entries ...string) selection.Allowlist {
	t.Helper()
	list, err := selection.ParseAllowlist(entries)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// ends is the steps or results in short: "name action".
func (p *Plan) ends() string {
	var out []string
	for _, step := range p.Steps {
		out = append(out, step.Name+" "+string(step.Action))
	}
	return strings.Join(out, ", ")
}

func (r *Report) ends() string {
	var out []string
	for _, result := range r.Results {
		out = append(out, result.Name+" "+string(result.Fate))
	}
	return strings.Join(out, ", ")
}

func says(t *testing.T, findings []Finding, want ...string) {
	t.Helper()
	if len(findings) != len(want) {
		t.Errorf("%d findings, want %d: %+v", len(findings), len(want), findings)
		return
	}
	for i, text := range want {
		if got := findings[i].Name + ": " + findings[i].What + ", at " + few(findings[i].Paths); !strings.Contains(got, text) {
			t.Errorf("finding %d is %q, want %q in it", i, got, text)
		}
	}
}

func fixture(t *testing.T, product, name string) *snapshot.Snapshot {
	t.Helper()
	root := filepath.Join("..", "testdata", "snapshots", product, "repository")
	repository, err := snapshot.Open(t.Context(), blob.FromFS(os.DirFS(root), "file:///repository"))
	if err != nil {
		t.Fatal(err)
	}
	from, err := repository.Snapshot(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return from
}

func TestAPlanCanBeSavedAndAppliedLater(t *testing.T) {
	to := newTarget()
	made := plan(t, Input{Snapshot: fixture(t, "elasticsearch-7.10.2", "second"), Target: to})
	var saved bytes.Buffer
	if err := made.WriteJSON(&saved); err != nil {
		t.Fatal(err)
	}
	content := saved.String()
	read, err := ReadPlan(&saved)
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := read.WriteJSON(&again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(content, again.String()); diff != "" {
		t.Errorf("-written +read and written again:\n%s", diff)
	}
	report := apply(t, read, to)
	if report.Counts.Created != made.Counts.Create || report.Counts.Failed > 0 {
		t.Errorf("counts %+v, planned %+v", report.Counts, made.Counts)
	}
	var wanted []string
	for _, step := range made.Steps {
		if step.Request != nil {
			wanted = append(wanted, step.Request.Method+" "+step.Request.Path)
		}
	}
	if diff := cmp.Diff(wanted, to.sent); diff != "" {
		t.Errorf("-planned +sent:\n%s", diff)
	}
}

func TestReadPlanRefusesWhatNoEvaluationWrites(t *testing.T) {
	cases := map[string]string{
		`garbage`:                     "not what evaluate --output json writes",
		`{}`:                          "not what evaluate --output json writes",
		`{"format":1,"steps":[null]}`: "step 1 is empty",
		`{"format":1,"steps":[{"kind":"thing","name":"a","action":"create"}]}`:                                                                      `the kind "thing"`,
		`{"format":1,"steps":[{"kind":"index","name":"a","action":"dance"}]}`:                                                                       `the action "dance"`,
		`{"format":1,"steps":[{"kind":"index","name":"a","action":"create"}]}`:                                                                      "no request",
		`{"format":1,"steps":[{"kind":"index","name":"a","action":"create","request":{"method":"DELETE","path":"/a"}}]}`:                            "can only be PUT /a",
		`{"format":1,"steps":[{"kind":"index","name":"a","action":"exists"},{"kind":"index","name":"a","action":"create","request":{"body":"x"}}]}`: "not what evaluate --output json writes",
	}
	for plan, want := range cases {
		if _, err := ReadPlan(strings.NewReader(plan)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", plan, err, want)
		}
	}
}

func TestANewerPlanIsRefusedByName(t *testing.T) {
	_, err := ReadPlan(strings.NewReader(`{"format": 99}`))
	if err == nil || !strings.Contains(err.Error(), "format is 99") {
		t.Errorf("got %v", err)
	}
}

func TestEveryItemHasAFate(t *testing.T) {
	from := source(t,
		aTemplate(t, rules.ComponentTemplate, "base", `{"template":{"settings":{"number_of_replicas":0}}}`),
		aTemplate(t, rules.ComponentTemplate, "system", `{"template":{},"_meta":{"managed":true}}`),
		aTemplate(t, rules.IndexTemplate, "fine", `{"index_patterns":["fine-*"],"composed_of":["base"]}`),
		aTemplate(t, rules.IndexTemplate, "orphan", `{"index_patterns":["o-*"],"composed_of":["base","system"]}`),
		anIndex(t, "books", `{}`, `{"properties":{"a":{"type":"keyword"}}}`, `{"library":{}}`),
		anIndex(t, "taken", `{}`, `{}`, `{"used":{}}`),
		anIndex(t, "used-alias", `{}`, `{}`, `{}`),
		anIndex(t, "two-types", `{}`, `{"a":{},"b":{}}`, `{}`),
		anIndex(t, ".system", `{}`, `{}`, `{}`),
		anIndex(t, "same", `{"number_of_replicas":"0"}`, `{}`, `{}`),
		anIndex(t, "other", `{"number_of_replicas":"0"}`, `{}`, `{}`),
	)
	to := newTarget()
	to.indices["used"] = cluster.Index{Settings: raw(1), Mappings: raw(1), Aliases: raw(map[string]any{"used-alias": map[string]any{}})}
	for _, name := range []string{"same", "other"} {
		to.indices[name] = cluster.Index{
			Settings: raw(map[string]any{"index.number_of_replicas": "0", "index.number_of_shards": "1", "index.number_of_routing_shards": "1024", "index.uuid": "x"}),
			Mappings: raw(map[string]any{}), Aliases: raw(map[string]any{}),
		}
	}
	other := to.indices["other"]
	other.Mappings = raw(map[string]any{"properties": map[string]any{"x": map[string]any{"type": "text"}}})
	to.indices["other"] = other

	p := plan(t, Input{Source: from, Target: to})
	want := "base create, system excluded, fine create, orphan refused, .system excluded, books create, other exists, same exists, " +
		"taken refused, two-types refused, used-alias refused"
	if diff := cmp.Diff(want, p.ends()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	findings := []string{
		"orphan: refused: it is composed of the component template system, which is excluded",
		"other: exists on the target and differs in /mappings/properties",
		"taken: refused: its alias used is the name of an index",
		"two-types: refused: /mappings (mapping-type): it has the mapping types a, b",
		"used-alias: refused: the target has an alias of this name",
	}
	says(t, p.Findings, findings...)

	report := apply(t, p, to)
	want = "base created, system excluded, fine created, orphan refused, .system excluded, books created, other exists, same exists, " +
		"taken refused, two-types refused, used-alias refused"
	if diff := cmp.Diff(want, report.ends()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if report.Class() != Findings || report.Counts.Created != 3 {
		t.Errorf("%s, %+v", report.Class(), report.Counts)
	}
	if got := strings.Join(to.sent, ", "); got != "PUT /_component_template/base, PUT /_index_template/fine, PUT /books" {
		t.Errorf("sent %s", got)
	}
}

func TestASecondRunHasNothingToDo(t *testing.T) {
	from := source(t, anIndex(t, "books", `{"number_of_replicas":"0"}`, `{}`, `{}`), aTemplate(t, rules.LegacyTemplate, "l", `{"index_patterns":["l"],"settings":{"number_of_shards":1}}`))
	to := newTarget()
	in := Input{Source: from, Target: to}
	if got := plan(t, in).Class(); got != Done {
		t.Errorf("evaluating ends with %s", got)
	}
	if got := apply(t, plan(t, in), to).Class(); got != Done {
		t.Errorf("migrating ends with %s", got)
	}
	p := plan(t, in)
	if p.Class() != Nothing || apply(t, p, to).Class() != Nothing || len(to.sent) != 2 {
		t.Errorf("second run: %s, sent %v", p.Class(), to.sent)
	}
}

func TestAnAllowlistEntryWithoutAnIndexIsAFinding(t *testing.T) {
	from := source(t, anIndex(t, "books", `{"number_of_replicas":"0"}`, `{}`, `{}`),
		aTemplate(t, rules.LegacyTemplate, "l", `{"index_patterns":["l"]}`), aTemplate(t, rules.IndexTemplate, "i", `{"index_patterns":["i"]}`))
	p := plan(t, Input{Source: from, Target: newTarget(), Indices: allow(t, "books", "bocks"), IndexTemplates: allow(t, "l", "nope")})
	says(t, p.Findings, "nope: the source has no template", "bocks: the source has no index")
	if p.Class() != Findings || p.ends() != "i excluded, l create, books create" {
		t.Errorf("%s: %s", p.Class(), p.ends())
	}
}

func TestAStepThatFailsIsReportedAndTheOthersGoOn(t *testing.T) {
	from := source(t, anIndex(t, "a", `{"number_of_replicas":"0"}`, `{}`, `{}`), anIndex(t, "b", `{"number_of_replicas":"0"}`, `{}`, `{}`))
	to := newTarget()
	to.fails["PUT /a"] = &cluster.Error{Status: 400, Type: "illegal_argument_exception", Reason: "no more shards", Method: "PUT", Path: "/a"}
	report := apply(t, plan(t, Input{Source: from, Target: to}), to)
	if report.ends() != "a failed, b created" || report.Class() != Findings {
		t.Errorf("%s: %s", report.Class(), report.ends())
	}
	says(t, report.Findings, "a: failed: PUT /a: 400 illegal_argument_exception: no more shards")
}

func TestWhenTheTargetIsGoneTheRestIsNotTried(t *testing.T) {
	from := source(t, anIndex(t, "a", `{"number_of_replicas":"0"}`, `{}`, `{}`), anIndex(t, "b", `{}`, `{}`, `{}`))
	to := newTarget()
	to.fails["PUT /a"] = &cluster.ConnectionError{URL: to.URL(), Err: errors.New("connection refused")}
	report, err := plan(t, Input{Source: from, Target: to}).Apply(t.Context(), to, ApplyOptions{})
	if err == nil || report == nil || report.ends() != "a failed, b not_tried" {
		t.Errorf("%v, %+v", err, report)
	}
}

func TestAStoppedRunSaysWhatItDidNotTry(t *testing.T) {
	from := source(t, anIndex(t, "a", `{}`, `{}`, `{}`))
	to := newTarget()
	p := plan(t, Input{Source: from, Target: to})
	stopped := errors.New("stopped by signal: interrupt")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopped)
	report, err := p.Apply(ctx, to, ApplyOptions{})
	if !errors.Is(err, stopped) || report.ends() != "a not_tried" {
		t.Errorf("%v, %s", err, report.ends())
	}
	says(t, report.Findings, "a: not tried, as the work ended before")
	ctx, cancel = context.WithCancelCause(t.Context())
	report, err = p.Apply(ctx, &stopping{to, func() { cancel(stopped) }}, ApplyOptions{})
	if !errors.Is(err, stopped) || report.ends() != "a not_tried" {
		t.Errorf("%v, %s", err, report.ends())
	}
	says(t, report.Findings, "a: its request was under way when the work was stopped; the target may have carried it out")
}

// stopping ends the work while an index is made.
type stopping struct {
	*target
	stop func()
}

func (s *stopping) CreateIndex(ctx context.Context, name string, body json.RawMessage) error {
	s.stop()
	return s.target.CreateIndex(ctx, name, body)
}

func TestAPlanIsForItsTargetOnly(t *testing.T) {
	to := newTarget()
	p := plan(t, Input{Source: source(t), Target: to})
	to.info.UUID = "another"
	if _, err := p.Apply(t.Context(), to, ApplyOptions{}); err == nil || !strings.Contains(err.Error(), "make the plan anew") {
		t.Errorf("got %v", err)
	}
}

func TestWhatCameSinceThePlanIsLeftAlone(t *testing.T) {
	from := source(t, anIndex(t, "a", `{"number_of_replicas":"0"}`, `{}`, `{}`),
		aTemplate(t, rules.LegacyTemplate, "l", `{"index_patterns":["l"],"order":1}`))
	to := newTarget()
	p := plan(t, Input{Source: from, Target: to})
	to.legacy["l"] = raw(map[string]any{"index_patterns": []string{"l"}, "order": 2})
	report := apply(t, p, to)
	if report.ends() != "l exists, a created" || len(to.sent) != 1 {
		t.Errorf("%s, sent %v", report.ends(), to.sent)
	}
	says(t, report.Findings, "l: exists on the target and differs in /order")
}

func TestATargetThatIsNoOpenSearchIsRefusedByName(t *testing.T) {
	to := newTarget()
	to.info.Version = version.Version{Flavor: version.Elasticsearch, Major: 8, Minor: 17}
	_, err := NewPlan(t.Context(), Input{Source: source(t), Target: to})
	if unsupported, ok := errors.AsType[*rules.UnsupportedError](err); !ok || !strings.Contains(unsupported.Error(), "Elasticsearch 8.17.0") {
		t.Errorf("got %v", err)
	}
}

func TestTooFewNodesForTheReplicasAreNoted(t *testing.T) {
	p := plan(t, Input{Target: newTarget(), Source: source(t,
		anIndex(t, "one", `{"number_of_replicas":"1"}`, `{}`, `{}`), anIndex(t, "auto", `{"number_of_replicas":"1","auto_expand_replicas":"0-1"}`, `{}`, `{}`))})
	if len(p.Findings) > 0 || len(p.Notes) != 1 || !strings.Contains(p.Notes[0], "1 indices want more copies of a shard than the target has data nodes (1)") {
		t.Errorf("findings %v, notes %q", p.Findings, p.Notes)
	}
}

func TestAnIndexThatCannotBeReadIsRefusedAndTheOthersGoOn(t *testing.T) {
	from := source(t, anIndex(t, "good", `{"number_of_replicas":"0"}`, `{}`, `{}`))
	from.Indices = append(from.Indices, IndexName{Name: "bad"})
	good := from.Index
	from.Index = func(ctx context.Context, name string) (*rules.Item, error) {
		if name == "bad" {
			return nil, errors.New("corrupt: meta-x.dat at 12")
		}
		return good(ctx, name)
	}
	p := plan(t, Input{Source: from, Target: newTarget()})
	if p.ends() != "bad refused, good create" {
		t.Error(p.ends())
	}
	says(t, p.Findings, "bad: refused: corrupt: meta-x.dat at 12")
}

func TestTemplatesOfTheTargetDoNotAddToWhatIsMade(t *testing.T) {
	from := source(t, anIndex(t, "logs-1", `{"number_of_replicas":"0"}`, `{}`, `{}`), anIndex(t, "books", `{"number_of_replicas":"0"}`, `{}`, `{}`),
		aTemplate(t, rules.LegacyTemplate, "logs", `{"index_patterns":["logs-*"],"aliases":{"recent":{}}}`))

	t.Run("as a shield stands before them", func(t *testing.T) {
		to := newTarget()
		p := plan(t, Input{Source: from, Target: to})
		report := apply(t, p, to)
		if report.Class() != Done {
			t.Errorf("%s: %+v", report.Class(), report.Findings)
		}
		want := "PUT /_template/logs, PUT /books, PUT /_index_template/migassist-shield, PUT /logs-1, DELETE /_index_template/migassist-shield"
		if got := strings.Join(to.sent, ", "); got != want {
			t.Errorf("sent %s", got)
		}
	})
	t.Run("what slips through is found", func(t *testing.T) {
		to := newTarget()
		p := plan(t, Input{Source: from, Target: to})
		p.Target.Seen = nil // as if it came while the plan is being applied
		to.legacy["late"] = raw(map[string]any{"index_patterns": []string{"boo*"}, "aliases": map[string]any{"late": map[string]any{}}})
		report := apply(t, p, to)
		says(t, report.Findings, "books: created, and is not as asked for in /aliases/late")
	})
	t.Run("an index is not made without its shield", func(t *testing.T) {
		to := newTarget()
		to.fails["PUT /_index_template/migassist-shield"] = &cluster.Error{Status: 403, Type: "security_exception", Reason: "no", Method: "PUT", Path: "/_index_template/migassist-shield"}
		report := apply(t, plan(t, Input{Source: from, Target: to}), to)
		if report.ends() != "logs created, books created, logs-1 failed" {
			t.Error(report.ends())
		}
	})
	t.Run("the shield is removed when the work stops", func(t *testing.T) {
		to := newTarget()
		to.fails["PUT /logs-1"] = &cluster.ConnectionError{URL: to.URL(), Err: errors.New("reset")}
		if _, err := plan(t, Input{Source: from, Target: to}).Apply(t.Context(), to, ApplyOptions{}); err == nil {
			t.Error("no error")
		}
		if len(to.index) > 0 {
			t.Errorf("still there: %v", to.index)
		}
	})
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"a", "a", true},
		{"a", "ab", false},
		{"*", "x", true},
		{"a*", "ab", true},
		{"a*b*c", "a-b-c", true},
		{"a*b*c", "acb", false},
		{"*-x", "a-x", true},
		{"a*a", "a", false},
		{"", "a", false},
	} {
		if got := glob(c.pattern, c.name); got != c.want {
			t.Errorf("glob(%q, %q) = %t", c.pattern, c.name, got)
		}
	}
}

func TestServersWordsForTheSameThingAreNoDifference(t *testing.T) {
	want := anIndex(t, "a", `{"number_of_replicas":1,"blocks":{"x":true}}`,
		`{"_source":{"enabled":true},"properties":{"o":{"type":"object","properties":{"n":{"type":"long","null_value":1.0}}},"_source":{"type":"keyword"},"d":{"type":"date","format":"strict_date_optional_time||epoch_millis"},
			"s":{"type":"geo_shape","tree":"quadtree","precision":"100m"},"j":{"type":"join","relations":{"a":"b"}},
			"p.q.r":{"type":"long"},"p":{"properties":{"s":{"type":"long"}}},"v":{"type":"knn_vector","dimension":2,"data_type":"float"}}}`,
		`{"r":{"routing":"1"}}`)
	got := anIndex(t, "a", `{"blocks":{"x":"true"},"uuid":"u"}`,
		`{"properties":{"o":{"properties":{"n":{"type":"long","null_value":1}}},"_source":{"type":"keyword"},"d":{"type":"date"},
			"s":{"type":"geo_shape","strategy":"recursive","precision":"100m"},"j":{"type":"join","eager_global_ordinals":true,"relations":{"a":["b"]}},
			"p":{"properties":{"q":{"properties":{"r":{"type":"long"}}},"s":{"type":"long"}}},"v":{"type":"knn_vector","dimension":2,"data_type":"FLOAT","doc_values":true}}}`,
		`{"r":{"index_routing":"1","search_routing":"1"}}`)
	if found := compare(want, got); len(found) > 0 {
		t.Errorf("%+v", found)
	}
	other := anIndex(t, "a", `{"blocks":{"x":"false"}}`, `{"properties":{"j":{"type":"join","relations":{"a":"b"}},"p.q.r":{"type":"long"},"p.s":{"type":"long"},"v":{"type":"knn_vector","dimension":2,"data_type":"float"},"o":{"properties":{"n":{"type":"integer"}}},"_source":{"type":"keyword"},"d":{"type":"date"},
		"s":{"type":"geo_shape","precision":"100m"}}}`, `{}`)
	var paths []string
	for _, d := range compare(want, other) {
		paths = append(paths, d.Path)
	}
	if diff := cmp.Diff([]string{"/settings/index.blocks.x", "/mappings/properties/o/properties/n/null_value", "/mappings/properties/o/properties/n/type", "/aliases/r"}, paths); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// slow makes indices as a cluster does: one request takes a while, and how many are under way is counted.
type slow struct {
	*target
	mu       sync.Mutex
	now, top int
	refuses  string
}

func (s *slow) CreateIndex(ctx context.Context, name string, body json.RawMessage) error {
	s.mu.Lock()
	s.now++
	s.top = max(s.top, s.now)
	s.mu.Unlock()
	select {
	case <-time.After(2 * time.Millisecond):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now--
	if name == s.refuses {
		return &cluster.Error{Status: 400, Type: "validation_exception", Reason: "this action would add [2] total shards, but this cluster currently has [1000]/[1000] maximum shards open", Method: "PUT", Path: "/" + name}
	}
	return s.target.CreateIndex(ctx, name, body)
}

func (s *slow) Indices(ctx context.Context, names ...string) (map[string]cluster.Index, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.target.Indices(ctx, names...)
}

// TestIndicesAreMadeSeveralAtOnce, no more than asked for, and the report is in the order of the plan.
func TestIndicesAreMadeSeveralAtOnce(t *testing.T) {
	const many = 60
	var items []*rules.Item
	for i := range many {
		items = append(items, anIndex(t, fmt.Sprintf("i-%02d", i), `{}`, `{}`, `{}`))
	}
	items = append(items, aTemplate(t, rules.LegacyTemplate, "l", `{"index_patterns":["i-*"],"aliases":{"all":{}}}`))
	for _, atOnce := range []int{0, 4} {
		to := &slow{target: newTarget()}
		steps := 0
		report, err := plan(t, Input{Source: source(t, items...), Target: to}).Apply(t.Context(), to, ApplyOptions{AtOnce: atOnce, Progress: func(done, _ int) { steps = done }})
		if err != nil || report.Counts.Created != many+1 || report.Class() != Done || steps != many+1 {
			t.Fatalf("%v, %d steps: %+v", err, steps, report.Counts)
		}
		if to.top != max(1, atOnce) {
			t.Errorf("%d were under way, want %d", to.top, max(1, atOnce))
		}
		for i, result := range report.Results[1:] {
			if result.Name != fmt.Sprintf("i-%02d", i) {
				t.Errorf("result %d is of %s", i, result.Name)
			}
		}
		if shields := slices.DeleteFunc(slices.Clone(to.sent), func(s string) bool { return !strings.Contains(s, shieldName) }); len(shields) != 2 || len(to.index) != 0 {
			t.Errorf("the shield: %q, %v", shields, to.index)
		}
	}
}

// TestTheShieldOfAKilledRunIsTakenAway, also where there is nothing left to do.
func TestTheShieldOfAKilledRunIsTakenAway(t *testing.T) {
	from, to := source(t, anIndex(t, "a", `{}`, `{}`, `{}`)), newTarget()
	apply(t, plan(t, Input{Source: from, Target: to}), to)
	to.index[shieldName] = json.RawMessage(`{"index_patterns":["a"],"priority":1}`)
	if report := apply(t, plan(t, Input{Source: from, Target: to}), to); report.Class() != Nothing || to.index[shieldName] != nil {
		t.Errorf("%s, %s", report.Class(), to.index)
	}
}

// TestTheFirstFailureEndsTheWorkWhereThatIsWanted: what was not tried is named so, with the whole reason of what failed.
func TestTheFirstFailureEndsTheWorkWhereThatIsWanted(t *testing.T) {
	var items []*rules.Item
	for i := range 40 {
		items = append(items, anIndex(t, fmt.Sprintf("i-%02d", i), `{}`, `{}`, `{}`))
	}
	for _, stop := range []bool{false, true} {
		to := &slow{target: newTarget(), refuses: "i-07"}
		report, err := plan(t, Input{Source: source(t, items...), Target: to}).Apply(t.Context(), to, ApplyOptions{AtOnce: 4, StopOnError: stop})
		c := report.Counts
		if stop != (err != nil) || c.Created+c.Failed+c.NotTried != 40 || stop != (c.NotTried > 20) || c.Failed < 1 {
			t.Errorf("stop %v: %v, %+v", stop, err, c)
		}
		if failed := report.Results[7]; failed.Fate != Failed || !strings.Contains(failed.Reason, "maximum shards open") {
			t.Errorf("%+v", failed)
		}
		if stop && !strings.Contains(err.Error(), "maximum shards open") {
			t.Error(err)
		}
		// the rest is made later
		to.refuses = ""
		again, err := plan(t, Input{Source: source(t, items...), Target: to}).Apply(t.Context(), to, ApplyOptions{AtOnce: 4, StopOnError: stop})
		if err != nil || again.Counts.Created+again.Counts.Exists != 40 || again.Counts.Created == 0 {
			t.Errorf("again: %v, %+v", err, again.Counts)
		}
	}
}
