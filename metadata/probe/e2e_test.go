//go:build e2e

package probe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/cluster/version"
	"migassist/internal/testcluster"
	"migassist/metadata"
	"migassist/metadata/lock"
	"migassist/metadata/probe"
	"migassist/metadata/rules"
)

var (
	only    = flag.String("probe.version", "", "the one version of OpenSearch to test")
	address = flag.String("probe.target", "", "what the process that is killed probes")
)

// stateOf is what a target keeps, in all its detail, but for how often it was changed and the list of what was deleted last.
func stateOf(t *testing.T, server *testcluster.Server) string {
	t.Helper()
	var all bytes.Buffer
	for _, path := range []string{
		"/_cluster/state/metadata?filter_path=metadata.**,-metadata.index-graveyard,-metadata.cluster_coordination,-metadata.**.version_type",
		"/_cat/indices?expand_wildcards=all&h=index,uuid,pri,rep,docs.count,status&s=index", "/_cat/aliases?expand_wildcards=all&s=alias,index",
		"/_index_template", "/_component_template", "/_template", "/_cluster/settings?flat_settings",
	} {
		answer, err := server.Do(t.Context(), "GET", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(answer)
		all.WriteByte('\n')
	}
	return all.String()
}

func startTarget(t *testing.T, version string) (*testcluster.Server, *cluster.Client) {
	t.Helper()
	server, err := testcluster.Start(t.Context(), testcluster.Spec{Product: testcluster.OpenSearch, Version: version, Full: version != "1.3.20"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	client, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

func object(t testing.TB, text string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value map[string]any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func index(t testing.TB, name, settings, mappings, aliases string) *rules.Item {
	item := &rules.Item{Kind: rules.Index, Name: name, RoutingShards: 1024, State: "open"}
	item.Settings = rules.FlatSettings(object(t, settings))
	if item.Settings["index.number_of_shards"] == nil {
		item.Settings["index.number_of_shards"] = "2"
	}
	item.Mappings, item.Aliases = object(t, mappings), object(t, aliases)
	return item
}

func template(t testing.TB, kind rules.Kind, name, rest, settings, mappings string) *rules.Item {
	return &rules.Item{Kind: kind, Name: name, Rest: object(t, rest), Settings: rules.FlatSettings(object(t, settings)), Mappings: object(t, mappings), Aliases: map[string]any{}}
}

const (
	noFile  = `{"analysis":{"analyzer":{"mine":{"type":"custom","tokenizer":"standard","filter":["words"]}},"filter":{"words":{"type":"synonym","synonyms_path":"nowhere.txt"}}}}`
	badText = `{"analysis":{"analyzer":{"mine":{"type":"custom","tokenizer":"cut"}},"tokenizer":{"cut":{"type":"pattern","pattern":"(["}}}}`
	good    = `{"analysis":{"analyzer":{"mine":{"type":"custom","tokenizer":"standard","filter":["lowercase"]}},"normalizer":{"low":{"type":"custom","filter":["lowercase"]}}}}`
	mine    = `{"properties":{"a":{"type":"text","analyzer":"mine"},"k":{"type":"keyword"}}}`
)

// items are what the target takes, and what only it can know that it does not; of a build without analysis-common those that have no analysis.
func items(t testing.TB, target *cluster.Client) []*rules.Item {
	all := []*rules.Item{
		template(t, rules.ComponentTemplate, "part", `{}`, good, `{}`),
		template(t, rules.IndexTemplate, "whole", `{"index_patterns":["whole-*"],"priority":7,"composed_of":["part"]}`, `{}`, mine),
		template(t, rules.IndexTemplate, "twin", `{"index_patterns":["taken-1*"],"priority":70}`, `{}`, `{}`),
		template(t, rules.IndexTemplate, "nofile", `{"index_patterns":["nofile-*"],"priority":7}`, noFile, mine),
		template(t, rules.LegacyTemplate, "old", `{"index_patterns":["*"],"order":3}`, good, `{}`),
		template(t, rules.LegacyTemplate, "oldnofile", `{"index_patterns":["old-*"]}`, noFile, `{}`),
		index(t, "good-1", good, mine, `{"all":{"filter":{"term":{"k":"x"}}}}`),
		index(t, "good-2", good, mine, `{"all":{"filter":{"term":{"k":"x"}}}}`),
		index(t, "w-alias", `{}`, `{}`, `{"w":{"is_write_index":true}}`),
		index(t, "synonyms", noFile, mine, `{}`),
		index(t, "pattern", badText, mine, `{}`),
		index(t, "filter", `{}`, `{}`, `{"f":{"filter":{"no_such_query":{}}}}`),
		index(t, "partition", `{"number_of_shards":"4","routing_partition_size":"2"}`, `{"_routing":{"required":true}}`, `{}`),
	}
	if analyses(target) {
		return all
	}
	return slices.DeleteFunc(all, func(item *rules.Item) bool {
		return slices.ContainsFunc(slices.Collect(maps.Keys(item.Settings)), func(name string) bool { return strings.HasPrefix(name, "index.analysis.") }) || item.Rest["composed_of"] != nil
	})
}

// analyses tells whether a target has analysis-common; none could be had of 1.3.
func analyses(target *cluster.Client) bool { return target.Info().Version.Major > 1 }

func planOf(t testing.TB, target *cluster.Client, all []*rules.Item) *metadata.Plan {
	source := &metadata.Source{Origin: metadata.Origin{Snapshot: "s", Version: version.Version{Flavor: version.Elasticsearch, Major: 7, Minor: 10, Patch: 2}}}
	byName := map[string]*rules.Item{}
	for _, item := range all {
		if item.Kind == rules.Index {
			byName[item.Name] = item
			source.Indices = append(source.Indices, metadata.IndexName{Name: item.Name})
		} else {
			source.Items = append(source.Items, item)
		}
	}
	source.Index = func(_ context.Context, name string) (*rules.Item, error) { return byName[name], nil }
	plan, err := metadata.NewPlan(t.Context(), metadata.Input{Source: source, Target: target})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range plan.Steps {
		if step.Action != metadata.Create {
			t.Fatalf("%s %s: %s (%s)", step.Kind, step.Name, step.Action, step.Reason)
		}
	}
	return plan
}

// spoil gives the target templates that would add to every index of the probe.
func spoil(t *testing.T, server *testcluster.Server) {
	t.Helper()
	for path, body := range map[string]string{
		"/_template/everything":   `{"index_patterns":["*"],"aliases":{"spoiled":{}},"mappings":{"properties":{"a":{"type":"long"}}}}`,
		"/_index_template/every":  `{"index_patterns":["*"],"priority":900,"template":{"settings":{"refresh_interval":"77s"},"aliases":{"spoiled":{}},"mappings":{"properties":{"a":{"type":"long"}}}}}`,
		"/_index_template/taken":  `{"index_patterns":["taken-*"],"priority":70}`,
		"/_component_template/mi": `{"template":{"settings":{"number_of_shards":3}}}`,
		"/kept":                   `{"settings":{"number_of_shards":1,"number_of_replicas":0}}`,
	} {
		if _, err := server.Do(t.Context(), "PUT", path, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
}

func found(plan *metadata.Plan) map[string]string {
	all := map[string]string{}
	for _, finding := range plan.Findings {
		if strings.Contains(finding.What, "probe") {
			all[finding.Name] += finding.What
		}
	}
	return all
}

func TestProbeOnRealServers(t *testing.T) {
	for _, release := range []string{"1.3.20", "2.19.1", "3.3.0"} {
		if *only != "" && *only != release {
			continue
		}
		t.Run(release, func(t *testing.T) {
			server, client := startTarget(t, release)
			spoil(t, server)
			before := stateOf(t, server)
			plan := planOf(t, client, items(t, client))
			findsWhatThePlanDoesNot(t, client, plan)
			if diff := cmp.Diff(before, stateOf(t, server)); diff != "" {
				t.Errorf("the probe left something: %s", diff)
			}
			saidOfApplying(t, client, plan)
			for _, path := range []string{"/good-*,w-alias,partition", "/_index_template/whole", "/_template/old", "/_component_template/part"} {
				if !analyses(client) && path[1] == '_' {
					continue
				}
				if _, err := server.Do(t.Context(), "DELETE", path, nil); err != nil {
					t.Fatal(err)
				}
			}
			killed(t, server, client)
			crowded(t, server, client)
		})
	}
}

// findsWhatThePlanDoesNot holds the findings against what is wrong with the items.
func findsWhatThePlanDoesNot(t *testing.T, client *cluster.Client, plan *metadata.Plan) {
	t.Helper()
	if err := probe.Run(t.Context(), plan, client, lock.ThisProcess("test", time.Now())); err != nil {
		t.Fatal(err)
	}
	t.Log(strings.Join(plan.Notes, "\n"))
	all := found(plan)
	wanted := map[string]string{
		"twin": `same priority \[70\]`, "nofile": "IOException while reading synonyms_path", "oldnofile": "IOException while reading synonyms_path",
		"synonyms": "PUT /synonyms: 400 .*IOException while reading synonyms_path", "pattern": "PUT /pattern: 400 .*Unclosed character class",
		"filter": `failed to parse filter for alias \[f\].*unknown query \[no_such_query\]`,
	}
	if !analyses(client) {
		maps.DeleteFunc(wanted, func(name, _ string) bool { return name != "twin" && name != "filter" })
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(wanted)), slices.Sorted(maps.Keys(all))); diff != "" {
		t.Errorf("%s\n%v", diff, all)
	}
	for name, what := range wanted {
		if !regexp.MustCompile(what).MatchString(all[name]) || strings.Contains(all[name], probe.Prefix) {
			t.Errorf("%s: %s", name, all[name])
		}
	}
	if plan.Counts.Findings != len(plan.Findings) {
		t.Errorf("%d findings are counted, %d there", plan.Counts.Findings, len(plan.Findings))
	}
}

// saidOfApplying makes sure that what the probe said is what happens.
func saidOfApplying(t *testing.T, client *cluster.Client, plan *metadata.Plan) {
	t.Helper()
	all := found(plan)
	report, err := plan.Apply(t.Context(), client, metadata.ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range report.Results {
		if failed := result.Fate != metadata.Created; failed != (all[result.Name] != "") {
			t.Errorf("%s became %s (%s), the probe said %q", result.Name, result.Fate, result.Reason, all[result.Name])
		} else if failed && !strings.HasSuffix(all[result.Name], result.Reason) {
			t.Errorf("%s: the probe said\n%s\nthe target said\n%s", result.Name, all[result.Name], result.Reason)
		}
	}
}

// dying is a target whose caller is killed in the midst of it.
type dying struct {
	*cluster.Client
	left atomic.Int32 // indices that it makes
}

func (d *dying) CreateIndexStarted(ctx context.Context, name string, body json.RawMessage) error {
	err := d.Client.CreateIndexStarted(ctx, name, body)
	if err == nil && d.left.Add(-1) <= 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Minute) //nolint:forbidigo // until it takes effect
	}
	return err
}

// TestHelperProbe is the process that is killed.
func TestHelperProbe(t *testing.T) {
	if *address == "" {
		t.Skip("is run by another test")
	}
	client, err := cluster.Connect(t.Context(), cluster.Options{URL: *address})
	if err != nil {
		t.Fatal(err)
	}
	plan, target := planOf(t, client, items(t, client)), &dying{Client: client}
	target.left.Store(2)
	t.Fatal("not killed: ", probe.Run(t.Context(), plan, target, lock.ThisProcess("test", time.Now())))
}

// killed kills a probe that has made indices and templates: what it leaves is there, and goes with the next one.
func killed(t *testing.T, server *testcluster.Server, client *cluster.Client) {
	t.Helper()
	before := stateOf(t, server)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, os.Args[0], "-test.run", "^TestHelperProbe$", "-probe.target", server.URL)
	output, err := command.CombinedOutput()
	if command.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("%v: %s", err, output)
	}
	left := stateOf(t, server)
	for _, name := range []string{`"migassist-probe-`, `"migassist-lock-probe-`} {
		if !strings.Contains(left, name) {
			t.Fatalf("the killed probe left no %s", name)
		}
	}
	plan := planOf(t, client, items(t, client))
	began := time.Now()
	findsWhatThePlanDoesNot(t, client, plan)
	t.Logf("swept and probed in %s", time.Since(began))
	if !strings.Contains(strings.Join(plan.Notes, "\n"), "what a killed probe had left") {
		t.Errorf("notes: %q", plan.Notes)
	}
	if diff := cmp.Diff(before, stateOf(t, server)); diff != "" {
		t.Errorf("not all was swept: %s", diff)
	}
}

// crowded gives the target a limit of shards that some indices exceed.
func crowded(t *testing.T, server *testcluster.Server, client *cluster.Client) {
	t.Helper()
	open, err := client.OpenShards(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	limit, err := json.Marshal(map[string]int{"cluster.max_shards_per_node": open + 6})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.PutPersistentSettings(t.Context(), limit); err != nil {
		t.Fatal(err)
	}
	before := stateOf(t, server)
	plan := planOf(t, client, []*rules.Item{
		index(t, "a-fits", `{"number_of_shards":2,"number_of_replicas":1}`, `{}`, `{}`),
		index(t, "b-large", `{"number_of_shards":4,"number_of_replicas":0}`, `{}`, `{}`),
		index(t, "c-small", `{"number_of_shards":2,"number_of_replicas":0}`, `{}`, `{}`),
	})
	if err := probe.Run(t.Context(), plan, client, lock.ThisProcess("test", time.Now())); err != nil {
		t.Fatal(err)
	}
	all := found(plan)
	if len(all) != 1 || !strings.Contains(all["b-large"], "it wants 4 shards") {
		t.Errorf("found %v", all)
	}
	if diff := cmp.Diff(before, stateOf(t, server)); diff != "" {
		t.Errorf("the probe left something: %s", diff)
	}
	report, err := plan.Apply(t.Context(), client, metadata.ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range report.Results {
		if (result.Fate == metadata.Failed) != (result.Name == "b-large") {
			t.Errorf("%s became %s (%s)", result.Name, result.Fate, result.Reason)
		}
	}
}
