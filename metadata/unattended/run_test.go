package unattended

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/cluster/version"
	"migassist/internal/sandbox"
	"migassist/metadata"
	"migassist/metadata/lock"
	"migassist/metadata/rules"
)

// world is a target, a source that a test changes, and the folder of the runs.
type world struct {
	t      *testing.T
	target *cluster.Client
	source []*rules.Item
	folder string
	now    time.Time
}

func newWorld(t *testing.T, source ...*rules.Item) *world {
	t.Helper()
	server := sandbox.New(sandbox.Options{})
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	target, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, target: target, source: source, folder: t.TempDir(), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
}

func index(name, field string) *rules.Item {
	return &rules.Item{
		Kind: rules.Index, Name: name, RoutingShards: 1024, State: "open", Aliases: map[string]any{},
		Settings: map[string]any{"index.number_of_shards": "1"},
		Mappings: map[string]any{"properties": map[string]any{"f": map[string]any{"type": field}}},
	}
}

func (w *world) plan(ctx context.Context, target Target) (*metadata.Plan, error) {
	source := &metadata.Source{Origin: metadata.Origin{Snapshot: "s", Version: version.Version{Flavor: version.Elasticsearch, Major: 7, Minor: 10, Patch: 2}}}
	items := map[string]*rules.Item{}
	for _, item := range w.source {
		if item.Kind != rules.Index {
			source.Items = append(source.Items, item)
			continue
		}
		items[item.Name] = item
		source.Indices = append(source.Indices, metadata.IndexName{Name: item.Name})
	}
	source.Index = func(_ context.Context, name string) (*rules.Item, error) { return items[name], nil }
	return metadata.NewPlan(ctx, metadata.Input{Source: source, Target: target})
}

func (w *world) run() *Run {
	w.now = w.now.Add(time.Minute)
	return &Run{
		Folder: w.folder, By: lock.Holder{Doing: "a run", Host: "here", PID: 7, Since: w.now}, Now: func() time.Time { return w.now },
		Connect: func(context.Context) (Target, error) { return w.target, nil }, Plan: w.plan, Beat: 10 * time.Millisecond,
	}
}

// does runs once more.
func (w *world) does() *Record {
	w.t.Helper()
	record, report, err := w.run().Do(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	content, err := os.ReadFile(report)
	if err != nil {
		w.t.Fatal(err)
	}
	var read Record
	if err := json.Unmarshal(content, &read); err != nil || read.End != record.End {
		w.t.Errorf("the report says %q, %v; the run ended %q", read.End, err, record.End)
	}
	left, err := w.target.IndexTemplates(w.t.Context(), lock.Prefix+"*")
	if err != nil || len(left) > 0 {
		w.t.Errorf("locks left: %v, %v", left, err)
	}
	return record
}

// told is a record in few words.
func told(r *Record) string {
	var text strings.Builder
	text.WriteString(string(r.End))
	for _, one := range r.Created {
		fmt.Fprintf(&text, " +%s", one.Name)
	}
	for _, one := range r.Waiting {
		fmt.Fprintf(&text, " ?%s", one.Name)
	}
	for _, one := range r.Drift {
		fmt.Fprintf(&text, " %s(%s)%v", one.Name, one.What, one.Paths)
	}
	return text.String()
}

func (w *world) expect(want string) *Record {
	w.t.Helper()
	record := w.does()
	if diff := cmp.Diff(want, told(record)); diff != "" {
		w.t.Errorf("%s\n%+v", diff, record.Waiting)
	}
	return record
}

func TestOnlyWhatNeedsNoDecisionIsAdded(t *testing.T) {
	w := newWorld(t, index("clean", "keyword"), index("loses", "flattened"))
	if err := w.target.CreateIndex(t.Context(), "other", json.RawMessage(`{"mappings":{"properties":{"f":{"type":"long"}}}}`)); err != nil {
		t.Fatal(err)
	}
	w.source = append(w.source, index("other", "keyword"))
	record := w.expect("waiting +clean ?loses ?other")
	for i, want := range []string{"lossy (flattened)", "exists on the target and differs in"} {
		if !strings.Contains(record.Waiting[i].Why, want) {
			t.Errorf("%s waits because %q", record.Waiting[i].Name, record.Waiting[i].Why)
		}
	}
	w.expect("waiting ?loses ?other")
	there, err := w.target.IndexExists(t.Context(), "clean", "loses")
	if err != nil || !there["clean"] || there["loses"] {
		t.Errorf("%v, %v", there, err)
	}
}

func TestARunWithNothingToDoSaysSo(t *testing.T) {
	w := newWorld(t, index("a", "keyword"))
	w.expect("changed +a")
	w.expect("unchanged")
}

func TestDriftOfBothSidesIsShown(t *testing.T) {
	w := newWorld(t, index("a", "keyword"), index("b", "keyword"), index("c", "keyword"))
	w.expect("changed +a +b +c")
	w.source = []*rules.Item{index("a", "long"), index("c", "keyword"), index("d", "keyword")}
	w.expect("waiting +d ?a a(changed on the source)[/mappings/properties/f/type] a(changed on the target)[/mappings/properties/f/type] d(new on the source)[] b(gone from the source)[]")
	if err := w.target.PutIndexSettings(t.Context(), map[string]json.RawMessage{"index.refresh_interval": json.RawMessage(`"7s"`)}, "c"); err != nil {
		t.Fatal(err)
	}
	w.expect("waiting ?a ?c c(changed on the target)[/settings/index.refresh_interval]")
}

func TestWhatWasRemovedFromTheTargetWaits(t *testing.T) {
	w := newWorld(t, index("a", "keyword"), index("b", "keyword"))
	w.expect("changed +a +b")
	if err := w.target.DeleteIndex(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it is not forgotten
		w.expect("waiting ?a a(gone from the target)[]")
	}
}

func TestWhatNeedsSomethingThatWaitsWaitsToo(t *testing.T) {
	lossy := &rules.Item{
		Kind: rules.ComponentTemplate, Name: "part", Rest: map[string]any{}, Settings: map[string]any{}, Aliases: map[string]any{},
		Mappings: map[string]any{"properties": map[string]any{"f": map[string]any{"type": "flattened"}}},
	}
	whole := &rules.Item{
		Kind: rules.IndexTemplate, Name: "whole", Settings: map[string]any{}, Mappings: map[string]any{}, Aliases: map[string]any{},
		Rest: map[string]any{"index_patterns": []any{"w-*"}, "composed_of": []any{"part"}, "priority": json.Number("0")},
	}
	w := newWorld(t, lossy, whole)
	record := w.expect("waiting ?part ?whole")
	if want := "it needs the component template part, which waits"; record.Waiting[1].Why != want {
		t.Errorf("it waits because %q", record.Waiting[1].Why)
	}
}

// TestATemplateForAllNamesIsAdded has the pattern and the priority that a lock might have.
func TestATemplateForAllNamesIsAdded(t *testing.T) {
	w := newWorld(t, &rules.Item{
		Kind: rules.IndexTemplate, Name: "all", Settings: map[string]any{}, Mappings: map[string]any{}, Aliases: map[string]any{},
		Rest: map[string]any{"index_patterns": []any{"*"}},
	})
	w.expect("changed +all")
	w.source = append(w.source, index("a", "keyword"))
	w.expect("changed +a a(new on the source)[]")
}

func TestASecondRunNamesTheHolder(t *testing.T) {
	w := newWorld(t, index("a", "keyword"))
	first := w.run()
	first.Plan = func(ctx context.Context, target Target) (*metadata.Plan, error) {
		second := w.run()
		second.Beat = 500 * time.Millisecond // a busy machine may keep the first from showing that it lives for some of its own beats
		second.Plan = func(context.Context, Target) (*metadata.Plan, error) {
			return nil, errors.New("it worked at the same time")
		}
		record, report, err := second.Do(ctx)
		if err != nil || record.End != Held || record.HeldBy.PID != 7 || report == "" {
			t.Errorf("%+v, %v", record, err)
		}
		return w.plan(ctx, target)
	}
	record, _, err := first.Do(t.Context())
	if err != nil || told(record) != "changed +a" {
		t.Errorf("%s, %v", told(record), err)
	}
}

func TestADeadRunIsTakenOver(t *testing.T) {
	w := newWorld(t, index("a", "keyword"))
	dead := `{"index_patterns":["migassist-lock-unattended"],"priority":2147483645,"_meta":{"migassist":{"holder":{"doing":"a run","host":"elsewhere","pid":1},"beat":4}}}`
	if err := w.target.PutIndexTemplate(t.Context(), "migassist-lock-unattended-00000000", json.RawMessage(dead)); err != nil {
		t.Fatal(err)
	}
	w.expect("changed +a")
}

func TestATargetThatIsDownIsReported(t *testing.T) {
	w := newWorld(t, index("a", "keyword"))
	run := w.run()
	run.Connect = func(context.Context) (Target, error) {
		return nil, errors.New("connect to http://target: connection refused")
	}
	record, report, err := run.Do(t.Context())
	if err == nil || record.End != Broken || !strings.Contains(record.Error, "connection refused") || report == "" {
		t.Errorf("%+v, %v", record, err)
	}
	if _, err := os.Stat(filepath.Join(w.folder, "plan.json")); err == nil {
		t.Error("a plan was kept of a run that failed")
	}
}

func TestAnotherTargetIsNotHeldAgainstTheLastPlan(t *testing.T) {
	w := newWorld(t, index("a", "keyword"))
	w.expect("changed +a")
	other := newWorld(t, index("b", "keyword"))
	other.folder = w.folder
	record := other.expect("changed +b")
	if len(record.Notes) != 1 || !strings.Contains(record.Notes[0], "was not compared with: it was made for http://") {
		t.Errorf("notes: %q", record.Notes)
	}
}

func TestADamagedLastPlanDoesNotStopTheRuns(t *testing.T) {
	w := newWorld(t, index("a", "keyword"))
	if err := os.WriteFile(filepath.Join(w.folder, "plan.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	record := w.expect("changed +a")
	if len(record.Notes) != 1 || !strings.Contains(record.Notes[0], "read plan") {
		t.Errorf("notes: %q", record.Notes)
	}
	w.expect("unchanged")
}

// TestTheLockIsNoChangeOfTheTarget has the lock's holder show that it lives between planning and applying.
func TestTheLockIsNoChangeOfTheTarget(t *testing.T) {
	w := newWorld(t, index("a", "keyword"))
	run := w.run()
	run.Plan = func(ctx context.Context, target Target) (*metadata.Plan, error) {
		plan, err := w.plan(ctx, target)
		<-time.After(10 * run.Beat)
		return plan, err
	}
	record, _, err := run.Do(t.Context())
	if err != nil || told(record) != "changed +a" {
		t.Errorf("%s, %v", told(record), err)
	}
}
