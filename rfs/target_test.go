package rfs_test

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"migassist/rfs"
	"migassist/rfs/lease/leasetest"
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
	options := rfs.Options{Store: leasetest.NewMemory(), Indices: target.ask, DeadLetterFile: filepath.Join(t.TempDir(), "dead.ndjson")}
	summary := run(t, snap, plan, sink, options)
	var found bool
	for _, finding := range summary.Findings {
		found = found || finding.Kind == "replaced" && finding.Index == name
	}
	if !found || !summary.Failed() {
		t.Errorf("%+v", summary.Findings)
	}
}

func TestAStoppedRunGoesOnIntoTheSameIndicesOnly(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	plan := planAll(t, snap)
	target := identify(plan)
	options := rfs.Options{Store: leasetest.NewMemory(), Indices: target.ask, DeadLetterFile: filepath.Join(t.TempDir(), "dead.ndjson")}
	sink := &picky{keep: keep{t: t, docs: map[string]string{}}, before: func() error { return errors.New("the target is gone") }}
	if _, err := rfs.New(of(snap, plan), sink, options).Run(t.Context()); err == nil {
		t.Fatal("the target was gone")
	}
	name := plan.Items[0].Index
	target[name] = "second"
	_, err := rfs.New(of(snap, plan), &keep{t: t, docs: map[string]string{}}, options).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "made again") {
		t.Errorf("the next run: %v", err)
	}
	target[name] = "first"
	if summary := run(t, snap, plan, &keep{t: t, docs: map[string]string{}}, options); !summary.Complete || summary.Failed() {
		t.Errorf("%+v", summary)
	}
}
