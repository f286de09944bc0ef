package rfs_test

import (
	"context"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"migassist/rfs"
)

// identities is what a target says of its indices. Tests change it.
type identities map[string]string

func (i identities) ask(context.Context, ...string) (map[string]string, error) {
	return maps.Clone(i), nil
}

func identify(plan *rfs.Plan) identities {
	all := identities{}
	for _, name := range plan.Indices() {
		all[name] = "first"
	}
	return all
}

func TestAnIndexThatIsReplacedDuringTheRunFailsIt(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	plan := planAll(t, snap)
	target := identify(plan)
	name := plan.Items[0].Index
	sink := &picky{keep: keep{t: t, docs: map[string]string{}}}
	sink.before = func() error {
		target[name] = "second"
		return nil
	}
	options := rfs.Options{StateFile: filepath.Join(t.TempDir(), "state.json"), Indices: target.ask, DeadLetterFile: filepath.Join(t.TempDir(), "dead.ndjson")}
	summary := run(t, snap, plan, sink, options)
	var found bool
	for _, finding := range summary.Findings {
		found = found || finding.Kind == "replaced" && finding.Index == name
	}
	if !found || !summary.Failed() {
		t.Errorf("%+v", summary.Findings)
	}

	again, err := rfs.New(snap, plan, sink, "repository", options)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := again.Run(t.Context()); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "made again") {
		t.Errorf("the next run: %v", err)
	}
}

func TestAStoppedRunGoesOnIntoTheSameIndicesOnly(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	plan := planAll(t, snap)
	target := identify(plan)
	dir := t.TempDir()
	options := rfs.Options{StateFile: filepath.Join(dir, "state.json"), DeadLetterFile: filepath.Join(dir, "dead.ndjson"), Indices: target.ask}
	first := *plan
	first.Items = plan.Items[:1]
	run(t, snap, &first, &keep{t: t, docs: map[string]string{}}, options)

	target[plan.Items[len(plan.Items)-1].Index] = "second" // nothing was written there
	summary := run(t, snap, plan, &keep{t: t, docs: map[string]string{}}, options)
	if !summary.Complete || summary.Failed() {
		t.Errorf("%+v", summary)
	}
}
