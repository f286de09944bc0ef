package rfs

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/internal/sandbox"
)

// tuneTarget is a sandbox's indices, with requests that fail when a test says so.
type tuneTarget struct {
	*cluster.Client

	t      *testing.T
	refuse string // a setting
	broken error
	puts   int
}

func startTuneTarget(t *testing.T, indices map[string]string) *tuneTarget {
	t.Helper()
	server := sandbox.New(sandbox.Options{})
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	client, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	target := &tuneTarget{Client: client, t: t}
	for name, settings := range indices {
		target.create(name, settings)
	}
	return target
}

func (f *tuneTarget) create(name, settings string) {
	f.t.Helper()
	if err := f.CreateIndex(f.t.Context(), name, json.RawMessage(`{"settings":`+settings+`}`)); err != nil {
		f.t.Fatal(err)
	}
}

func (f *tuneTarget) PutIndexSettings(ctx context.Context, settings map[string]json.RawMessage, names ...string) error {
	f.puts++
	if f.broken != nil {
		return f.broken
	}
	if _, asked := settings[f.refuse]; asked {
		return &cluster.Error{Status: 400, Type: "illegal_argument_exception", Reason: "unknown setting [" + f.refuse + "]"}
	}
	return f.Client.PutIndexSettings(ctx, settings, names...)
}

// all are the settings of all indices; what the server made of them by itself too.
func (f *tuneTarget) all(names ...string) map[string]map[string]string {
	f.t.Helper()
	raw, err := f.IndexSettings(f.t.Context(), names...)
	if err != nil {
		f.t.Fatal(err)
	}
	flat := map[string]map[string]string{}
	for name, settings := range raw {
		flat[name] = map[string]string{}
		for key, value := range settings {
			flat[name][key] = plain(value)
		}
	}
	return flat
}

func (f *tuneTarget) set(index, name, value string) {
	f.t.Helper()
	if err := f.Client.PutIndexSettings(f.t.Context(), map[string]json.RawMessage{name: json.RawMessage(value)}, index); err != nil {
		f.t.Fatal(err)
	}
}

func mustTune(t *testing.T, tuner *Tuner, names ...string) *Tuning {
	t.Helper()
	did, err := tuner.Tune(t.Context(), TuneSettings, names...)
	if err != nil {
		t.Fatal(err)
	}
	return did
}

func mustRestore(t *testing.T, tuner *Tuner) *Tuning {
	t.Helper()
	did, err := tuner.Restore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return did
}

func said(findings []Finding) string {
	var lines []string
	for _, f := range findings {
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}

var plainIndices = map[string]string{
	"absent":   `{}`,
	"explicit": `{"refresh_interval":"30s","number_of_replicas":2,"translog.durability":"request"}`,
	"same":     `{"refresh_interval":"-1","number_of_replicas":0,"translog.durability":"async"}`,
	"follows":  `{"auto_expand_replicas":"0-1","number_of_replicas":1}`,
}

var plainNames = []string{"absent", "explicit", "same", "follows"}

func TestTunedSettingsComeBackAsTheyWere(t *testing.T) {
	target := startTuneTarget(t, plainIndices)
	tuner := &Tuner{Store: newBoard(), Target: target}
	before := target.all(plainNames...)
	did := mustTune(t, tuner, plainNames...)
	if diff := cmp.Diff([]string{"absent", "explicit", "follows"}, did.Indices); diff != "" || len(did.Findings) > 0 {
		t.Errorf("tuned: %s\n%s", diff, said(did.Findings))
	}
	for name, settings := range target.all(plainNames...) {
		for key, value := range TuneSettings {
			if settings[key] != value {
				t.Errorf("%s: %s is %q", name, key, settings[key])
			}
		}
		if name == "follows" && settings[settingExpand] != "false" {
			t.Errorf("%s: replicas would come back: %v", name, settings)
		}
	}
	if open, err := tuner.Open(t.Context()); err != nil || !open {
		t.Errorf("nothing to restore: %v", err)
	}
	back := mustRestore(t, tuner)
	if diff := cmp.Diff(before, target.all(plainNames...)); diff != "" {
		t.Errorf("after (+): %s", diff)
	}
	if diff := cmp.Diff([]string{"absent", "explicit", "follows"}, back.Replicas); diff != "" || len(back.Findings) > 0 {
		t.Errorf("replicas are back: %s\n%s", diff, said(back.Findings))
	}
	puts := target.puts
	if again := mustRestore(t, tuner); len(again.Indices) > 0 || target.puts != puts {
		t.Errorf("restored twice: %v", again.Indices)
	}
}

func TestTuningAfterAKillKnowsWhatWasBefore(t *testing.T) {
	target := startTuneTarget(t, plainIndices)
	store := newBoard()
	before := target.all(plainNames...)
	target.broken = errors.New("killed")
	if _, err := (&Tuner{Store: store, Target: target}).Tune(t.Context(), TuneSettings, plainNames...); err == nil {
		t.Fatal("it was not")
	}
	target.broken = nil
	target.set("explicit", "index.refresh_interval", `"-1"`) // as if the kill had come after this one
	mustTune(t, &Tuner{Store: store, Target: target}, plainNames...)
	mustTune(t, &Tuner{Store: store, Target: target}, plainNames...) // and again, by another
	mustRestore(t, &Tuner{Store: store, Target: target})
	if diff := cmp.Diff(before, target.all(plainNames...)); diff != "" {
		t.Errorf("after (+): %s", diff)
	}
	// A second epoch begins with what is there then.
	target.set("explicit", "index.refresh_interval", `"5s"`)
	before = target.all(plainNames...)
	mustTune(t, &Tuner{Store: store, Target: target}, plainNames...)
	mustRestore(t, &Tuner{Store: store, Target: target})
	if diff := cmp.Diff(before, target.all(plainNames...)); diff != "" {
		t.Errorf("after the second (+): %s", diff)
	}
}

func TestWhatOthersChangedMeanwhileStays(t *testing.T) {
	target := startTuneTarget(t, map[string]string{"changed": `{"refresh_interval":"30s"}`, "gone": `{}`, "anew": `{"refresh_interval":"30s"}`, "back": `{"refresh_interval":"30s"}`})
	tuner := &Tuner{Store: newBoard(), Target: target}
	mustTune(t, tuner, "changed", "gone", "anew", "back")
	target.set("changed", "index.refresh_interval", `"7s"`)
	target.set("back", "index.refresh_interval", `"30s"`) // as it was: nothing to say
	if err := target.DeleteIndex(t.Context(), "gone", "anew"); err != nil {
		t.Fatal(err)
	}
	target.create("anew", `{"refresh_interval":"-1"}`)
	text := said(mustRestore(t, tuner).Findings)
	for _, want := range []string{"changed: tuned: index.refresh_interval is \"7s\"", "was \"30s\" before", "gone: tuned: it was deleted meanwhile", "anew: tuned: it was deleted and made again"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in: %s", want, text)
		}
	}
	if strings.Contains(text, "back:") {
		t.Error(text)
	}
	now := target.all("changed", "anew")
	if now["changed"]["index.refresh_interval"] != "7s" || now["anew"]["index.refresh_interval"] != "-1" || now["changed"]["index.translog.durability"] != "" {
		t.Errorf("%v", now)
	}
	if open, err := tuner.Open(t.Context()); open || err != nil {
		t.Errorf("open: %v, %v", open, err)
	}
}

func TestARefusedSettingIsLeftOutAndNamed(t *testing.T) {
	target := startTuneTarget(t, plainIndices)
	target.refuse = "index.translog.durability"
	tuner := &Tuner{Store: newBoard(), Target: target}
	before := target.all(plainNames...)
	did := mustTune(t, tuner, plainNames...)
	if text := said(did.Findings); !strings.Contains(text, "explicit: tuned: index.translog.durability stays as it is") {
		t.Error(text)
	}
	if now := target.all("explicit")["explicit"]; now["index.refresh_interval"] != "-1" || now["index.translog.durability"] != "request" {
		t.Errorf("%v", now)
	}
	back := mustRestore(t, tuner)
	if diff := cmp.Diff(before, target.all(plainNames...)); diff != "" || len(back.Findings) > 0 {
		t.Errorf("after (+): %s\n%s", diff, said(back.Findings))
	}
}

func TestWhatCannotBeRestoredIsToldAndStaysOpen(t *testing.T) {
	target := startTuneTarget(t, map[string]string{"a": `{"refresh_interval":"30s"}`})
	tuner := &Tuner{Store: newBoard(), Target: target}
	mustTune(t, tuner, "a")
	target.refuse = "index.refresh_interval"
	back := mustRestore(t, tuner)
	if text := said(back.Findings); !strings.Contains(text, `PUT /a/_settings {"index.refresh_interval": "30s"}`) || !back.Findings[0].Failed {
		t.Errorf("%+v", back.Findings)
	}
	if now := target.all("a")["a"]; now["index.number_of_replicas"] == "0" {
		t.Errorf("the others were not restored: %v", now)
	}
	target.refuse = ""
	mustRestore(t, tuner)
	if now := target.all("a")["a"]; now["index.refresh_interval"] != "30s" {
		t.Errorf("not restored later: %v", now)
	}
}

func TestOtherSettingsCanBeRaisedForARun(t *testing.T) {
	target := startTuneTarget(t, map[string]string{"a": `{}`})
	tuner := &Tuner{Store: newBoard(), Target: target}
	if _, err := tuner.Tune(t.Context(), maps.Clone(SeqNoSettings), "a"); err != nil {
		t.Fatal(err)
	}
	if now := target.all("a")["a"]["index.gc_deletes"]; now != "30d" {
		t.Errorf("gc_deletes %q", now)
	}
	if back := mustRestore(t, tuner); len(back.Replicas) != 0 {
		t.Errorf("%+v", back)
	}
	if now, set := target.all("a")["a"]["index.gc_deletes"]; set {
		t.Errorf("gc_deletes %q", now)
	}
}
