//go:build e2e

package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"migassist/internal/testcluster"
	"migassist/metadata"
	"migassist/metadata/rules"
)

// Exit codes of migassist.
const (
	done     = 0
	findings = 3
	nothing  = 4
)

// commandTimeout bounds one run of the binary.
const commandTimeout = 90 * time.Second

// run is one pair: a source that has ended, and a target that lives.
type run struct {
	binary string
	from   *source
	target *testcluster.Server
	dir    string
	plan   *metadata.Plan
}

// all is the work of a migration, in its order.
func (r *run) all(t *testing.T) {
	r.wipe(t)
	if r.plan = r.evaluate(t); r.plan == nil {
		return
	}
	if left := r.indices(t); len(left) > 0 {
		t.Errorf("evaluate made %v", left)
	}
	items, _ := kept(t, openSnapshot(t, r.from.repo, snapshotName))
	for _, line := range silent(r.plan, items) {
		t.Error(line)
	}
	r.migrate(t)
	r.asPlanned(t)
	r.again(t)
	r.documents(t)
	r.queries(t)
	r.finish(t)
}

// migassist runs the binary, which has to end with one of the codes.
func (r *run) migassist(t *testing.T, codes []int, args ...string) []byte {
	t.Helper()
	args = append(args, "--repo-uri", "file://"+r.from.repo, "--snapshot-name", snapshotName, "--target-host", r.target.URL, "--output", "json")
	if r.from.multi {
		args = append(args, "--multi-type-resolution", "union")
	}
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	began := time.Now()
	cmd := exec.CommandContext(ctx, r.binary, args...)
	cmd.Dir, cmd.Env = r.dir, []string{"HOME=" + r.dir, "PATH=/usr/bin:/bin"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	t.Logf("%s: %s", strings.Join(args[:min(2, len(args))], " "), time.Since(began).Round(time.Millisecond))
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); !slices.Contains(codes, code) {
		t.Fatalf("migassist %s ends with %d, want %v\n%.3000s\n%.3000s", strings.Join(args, " "), code, codes, stdout.String(), stderr.String())
	}
	return stdout.Bytes()
}

func (r *run) evaluate(t *testing.T) *metadata.Plan {
	t.Helper()
	content := r.migassist(t, []int{done, findings}, "metadata", "evaluate", "--index-allowlist", "regex:.*")
	if err := os.WriteFile(filepath.Join(r.dir, "plan.json"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	plan, err := metadata.ReadPlan(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// migrate applies the plan; what becomes of each step has to be what the plan said.
func (r *run) migrate(t *testing.T) {
	t.Helper()
	var report metadata.Report
	if err := json.Unmarshal(r.migassist(t, []int{done, findings}, "metadata", "migrate", "--index-allowlist", "regex:.*", "--plan", filepath.Join(r.dir, "plan.json")), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Results) != len(r.plan.Steps) {
		t.Fatalf("%d steps and %d results", len(r.plan.Steps), len(report.Results))
	}
	foretold := map[metadata.Action]metadata.Fate{metadata.Create: metadata.Created, metadata.Exists: metadata.WasThere, metadata.Left: metadata.LeftOut, metadata.Refused: metadata.NotTaken}
	for i, step := range r.plan.Steps {
		result := report.Results[i]
		if result.Fate != foretold[step.Action] || result.Name != step.Name || len(result.Differences) > 0 {
			t.Errorf("%s %s: planned %s %s, became %s %s, differences %+v", step.Kind, step.Name, step.Action, step.Reason, result.Fate, result.Reason, result.Differences)
		}
		if step.Action == metadata.Refused {
			t.Logf("refused: %s %s: %s", step.Kind, step.Name, step.Reason)
		}
	}
}

// again evaluates anew: everything is there, and as it is wanted.
func (r *run) again(t *testing.T) {
	t.Helper()
	content := r.migassist(t, []int{nothing, findings}, "metadata", "evaluate", "--index-allowlist", "regex:.*")
	plan, err := metadata.ReadPlan(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range plan.Steps {
		if step.Action == metadata.Create || len(step.Differences) > 0 {
			t.Errorf("second evaluation: %s %s: %s, differences %+v", step.Kind, step.Name, step.Action, step.Differences)
		}
	}
}

// documents moves the documents; rfs has nothing to add to the indices.
func (r *run) documents(t *testing.T) {
	t.Helper()
	before := r.indices(t)
	var summary struct {
		Total    struct{ Written, Skipped, Refused int }
		Complete bool
	}
	content := r.migassist(t, []int{done, findings}, "rfs", "--index-allowlist", r.brought(), "--state-file", filepath.Join(r.dir, "state.json"), "--dead-letter-file", filepath.Join(r.dir, "refused.ndjson"))
	if err := json.Unmarshal(content, &summary); err != nil {
		t.Fatal(err)
	}
	if summary.Total.Refused > 0 || summary.Total.Skipped > 0 || !summary.Complete || summary.Total.Written < 10 {
		refused, _ := os.ReadFile(filepath.Join(r.dir, "refused.ndjson"))
		t.Errorf("of the documents: %+v\n%.3000s", summary, refused)
	}
	if after := r.indices(t); !slices.Equal(before, after) {
		t.Errorf("rfs found %v, and left %v", before, after)
	}
	if _, err := r.target.Do(t.Context(), "POST", "/_refresh", nil); err != nil {
		t.Fatal(err)
	}
}

// brought are the indices and data streams of the source that are on the target.
func (r *run) brought() string {
	var names []string
	for _, step := range r.plan.Steps {
		if step.Action != metadata.Create || step.Kind != rules.DataStream && step.Kind != rules.Index {
			continue
		}
		from := step.From
		if len(from) == 0 {
			from = []string{step.Name}
		}
		for _, one := range from {
			name, _, _ := strings.Cut(one, "/")
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ",")
}

// queries asks the target what the source was asked. Another answer has to be foretold: by a change that is lossy.
func (r *run) queries(t *testing.T) {
	t.Helper()
	same, told := 0, 0
	for _, q := range r.from.questions() {
		got, err := ask(t, r.target, q.index, q.body)
		switch want := r.from.answers[q.String()]; {
		case err == nil && got == want:
			same++
		case r.lossy(q):
			told++
		default:
			t.Errorf("%s: the source finds %s, the target %s (%v), and no lossy change says so", q, want, got, err)
		}
	}
	t.Logf("%d questions are answered as by the source, %d otherwise, as foretold", same, told)
	if same < 30 {
		t.Errorf("only %d questions are answered as by the source", same)
	}
}

// finish does what has waited, twice: the second time there is nothing to do. Then the target has it.
func (r *run) finish(t *testing.T) {
	t.Helper()
	for i, codes := range [][]int{{done, nothing}, {nothing}} {
		var report metadata.Report
		if err := json.Unmarshal(r.migassist(t, codes, "metadata", "finish", "--index-allowlist", "regex:.*", "--plan", filepath.Join(r.dir, "plan.json")), &report); err != nil {
			t.Fatal(err)
		}
		if len(report.Results) != len(r.plan.Finish) {
			t.Errorf("%d steps wait, and %d are done", len(r.plan.Finish), len(report.Results))
		}
		for _, result := range report.Results {
			if want := []metadata.Fate{metadata.Finished, metadata.WasThere}[i]; result.Fate != want {
				t.Errorf("finish, time %d: %s of %s: %s %s", i+1, result.Do, result.Name, result.Fate, result.Reason)
			}
		}
	}
	var settings map[string]struct{ Settings object }
	if err := r.target.Get(t.Context(), "/_all/_settings?flat_settings=true&expand_wildcards=all", &settings); err != nil {
		t.Fatal(err)
	}
	states, err := r.target.Do(t.Context(), "GET", "/_cat/indices?h=index,status&expand_wildcards=all", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range r.plan.Finish {
		switch step.Do {
		case rules.LaterClose:
			if !slices.ContainsFunc(strings.Split(string(states), "\n"), func(line string) bool { return slices.Equal(strings.Fields(line), []string{step.Name, "close"}) }) {
				t.Errorf("%s is not closed:\n%s", step.Name, states)
			}
		case rules.LaterSettings:
			for name, value := range step.Request.Body.Object() {
				if got := settings[step.Name].Settings[name]; !same(value, got) {
					t.Errorf("%s has %s %v, and was to have %v", step.Name, name, got, value)
				}
			}
		case rules.LaterAttach, rules.LaterPolicy:
		}
	}
	t.Logf("%d steps waited", len(r.plan.Finish))
}

// lossy tells whether the plan says that something of a field is lost, or that its index is not brought.
func (r *run) lossy(q question) bool {
	for _, step := range r.plan.Steps {
		if step.Kind != rules.Index || step.Name != q.index {
			continue
		}
		if step.Action != metadata.Create {
			return true
		}
		at := "/mappings/properties/" + q.field
		return slices.ContainsFunc(step.Changes, func(c rules.Change) bool {
			return c.Fidelity == rules.Lossy && (c.Path == at || strings.HasPrefix(c.Path, at+"/"))
		})
	}
	return false
}

// indices are those of the target.
func (r *run) indices(t *testing.T) []string {
	t.Helper()
	answer, err := r.target.Do(t.Context(), "GET", "/_cat/indices?h=index&expand_wildcards=all", nil)
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(answer))
	slices.Sort(names)
	return names
}

// wipe takes everything from the target that an earlier pair brought.
func (r *run) wipe(t *testing.T) {
	t.Helper()
	for _, path := range []string{"/_data_stream/*", "/*?expand_wildcards=all", "/_template/*", "/_index_template/*", "/_component_template/*", "/_ingest/pipeline/*", "/_search/pipeline/*"} {
		if _, err := r.target.Do(t.Context(), "DELETE", path, nil); err != nil && !strings.Contains(err.Error(), "404") && !strings.Contains(err.Error(), "no handler found") {
			t.Fatal(err)
		}
	}
	var state struct {
		Metadata struct {
			Scripts map[string]any `json:"stored_scripts"`
		}
	}
	if err := r.target.Get(t.Context(), "/_cluster/state/metadata?filter_path=metadata.stored_scripts", &state); err != nil {
		t.Fatal(err)
	}
	for name := range state.Metadata.Scripts {
		if _, err := r.target.Do(t.Context(), "DELETE", "/_scripts/"+name, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// asPlanned reads everything back that was made: it is what the plan has, no more and no less.
func (r *run) asPlanned(t *testing.T) {
	t.Helper()
	for _, step := range r.plan.Steps {
		if step.Action != metadata.Create {
			continue
		}
		have, err := r.read(t, step)
		if err != nil {
			t.Errorf("%s %s is not there: %v", step.Kind, step.Name, err)
			continue
		}
		want, have := undotted(step.After.Object()), undotted(have)
		for _, l := range leavesOf(want) {
			if l.path == "/settings/index.number_of_routing_shards" && !r.target.Spec.AtLeast(testcluster.OpenSearch, 2) {
				continue // it keeps it to itself
			}
			got, there := at(have, l.path)
			if inner, isObject := l.value.(object); isObject && len(inner) == 0 && l.path == "/data_stream" {
				continue // the server fills it
			}
			if there && !sameWord(l, got) || !there && !saysNothing(l) && !byDefault(l) {
				t.Errorf("%s %s%s: planned %s, the target has %s", step.Kind, step.Name, l.path, text(l.value), text(got))
			}
		}
		for _, l := range leavesOf(have) {
			if _, planned := at(want, l.path); !planned && !saysNothing(l) && !byDefault(l) {
				t.Errorf("%s %s%s: not planned, and the target has %s", step.Kind, step.Name, l.path, text(l.value))
			}
		}
	}
}

// sameWord is same, but for the names of types of vectors, which a server may write in capitals.
func sameWord(l leaf, got any) bool {
	return same(l.value, got) || strings.HasSuffix(l.path, "/data_type") && strings.EqualFold(fmt.Sprint(l.value), fmt.Sprint(got))
}

// byDefault are leaves that a server leaves out, or writes, where nothing else was said.
func byDefault(l leaf) bool {
	name := l.path[strings.LastIndexByte(l.path, '/')+1:]
	switch {
	case strings.HasPrefix(l.path, "/data_stream"):
		return l.path == "/data_stream" || l.value == false || strings.HasPrefix(l.path, "/data_stream/timestamp_field")
	case strings.Contains(l.path, "/settings/"):
		return name == "index.knn.derived_source.enabled" || slices.Contains([]string{"index.uuid", "index.creation_date", "index.provided_name", "index.version.created", "index.replication.type"}, name) ||
			strings.HasPrefix(name, "index.number_of_") && scalar(l.value) == "1"
	case strings.Contains(l.path, "/mappings/"):
		return name == "parameters" && text(l.value) == "{}" || slices.Contains([]string{"eager_global_ordinals", "doc_values"}, name) && l.value == true || name == "type" && l.value == "object" || name == "tree" && l.value == "quadtree" || name == "strategy" && l.value == "recursive" || name == "format" && l.value == "strict_date_optional_time||epoch_millis"
	}
	return false
}

// undotted is an item with fields of dotted names as the objects that they stand for.
func undotted(value object) object {
	out := object{}
	for name, inner := range value {
		deeper, isObject := inner.(object)
		if isObject {
			deeper = undotted(deeper)
			inner = deeper
		}
		if properties, is := inner.(object); is && name == "properties" {
			nested := object{}
			for field, definition := range properties {
				if above, below, dotted := strings.Cut(field, "."); dotted {
					nested[above] = object{"properties": object{below: definition}}
				} else {
					nested[field] = definition
				}
			}
			inner = nested
		}
		out[name] = inner
	}
	return out
}

// read is an item as the target has it.
func (r *run) read(t *testing.T, step *metadata.Step) (object, error) {
	t.Helper()
	var answer object
	get := func(path string) error {
		answer = nil
		return r.target.Get(t.Context(), path, &answer)
	}
	switch step.Kind {
	case rules.Index:
		err := get("/" + step.Name)
		body, _ := answer[step.Name].(object)
		return describe(step.Kind, step.Name, body["settings"], body["mappings"], body["aliases"], nil)[0].body, err
	case rules.LegacyTemplate:
		err := get("/_template/" + step.Name)
		body, _ := answer[step.Name].(object)
		return template(step.Kind, step.Name, body)[0].body, err
	case rules.ComponentTemplate, rules.IndexTemplate:
		if err := get("/_" + string(step.Kind) + "/" + step.Name); err != nil {
			return nil, err
		}
		list, _ := answer[string(step.Kind)+"s"].([]any)
		if len(list) != 1 {
			return nil, fmt.Errorf("there are %d", len(list))
		}
		entry, _ := list[0].(object)
		body, _ := entry[string(step.Kind)].(object)
		return template(step.Kind, step.Name, body)[0].body, nil
	case rules.IngestPipeline:
		err := get("/_ingest/pipeline/" + step.Name)
		body, _ := answer[step.Name].(object)
		return body, err
	case rules.SearchPipeline:
		err := get("/_search/pipeline/" + step.Name)
		body, _ := answer[step.Name].(object)
		return body, err
	case rules.StoredScript:
		err := get("/_scripts/" + step.Name)
		return object{"script": answer["script"]}, err
	case rules.DataStream:
		err := get("/_data_stream/" + step.Name)
		return step.After.Object(), err
	case rules.ClusterSettings, rules.Policy: // the first is not asked for, and the servers do not have the second
	}
	return step.After.Object(), nil
}
