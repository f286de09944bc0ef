package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"migassist/cluster"
	"migassist/internal/blob"
	"migassist/internal/sandbox"
	"migassist/metadata"
	"migassist/metadata/view"
	"migassist/rfs"
	"migassist/rfs/bulk"
	"migassist/selection"
	"migassist/snapshot"
)

// Layout of the embedded files: the repository, and the source's documents as NDJSON per index.
const (
	snapshotName   = "nightly"
	repositoryPath = "repository"
	expectedPath   = "expected/" + snapshotName
	repositoryURI  = "the embedded snapshot"
)

// ErrDifferent is the end of a demo in which source and target did not agree.
var ErrDifferent = errors.New("source and target differ")

// demo is one showing.
type demo struct {
	out    io.Writer
	files  fs.FS
	snap   *snapshot.Snapshot
	target *cluster.Client
}

// Run shows a migration of the snapshot in files on out.
func Run(ctx context.Context, files fs.FS, out io.Writer) (err error) {
	server := sandbox.New(sandbox.Options{})
	if err := server.Start(); err != nil { //nolint:contextcheck // listening on loopback waits for nobody
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	d := &demo{out: out, files: files}
	if d.target, err = cluster.Connect(ctx, cluster.Options{URL: server.URL()}); err != nil {
		return err
	}
	if err := d.open(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{d.metadata, d.documents, d.compare} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) open(ctx context.Context) error {
	repository, err := fs.Sub(d.files, repositoryPath)
	if err != nil {
		return err
	}
	opened, err := snapshot.Open(ctx, blob.FromFS(repository, repositoryURI))
	if err != nil {
		return err
	}
	if d.snap, err = opened.Snapshot(ctx, snapshotName); err != nil {
		return err
	}
	d.say("A snapshot that Elasticsearch %s wrote, with %d indices, is migrated to an embedded target.", d.snap.Version, len(d.snap.IndexNames()))
	return nil
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

func (d *demo) metadata(ctx context.Context) error {
	plan, err := metadata.NewPlan(ctx, metadata.Input{Snapshot: d.snap, URI: repositoryURI, Target: d.target})
	if err != nil {
		return err
	}
	d.say("\n== 1. The plan: migassist metadata evaluate\n")
	if err := view.PlanText(d.out, plan, view.Style{}); err != nil {
		return err
	}
	d.say("\n== 2. The plan applied: migassist metadata migrate\n")
	report, err := plan.Apply(ctx, d.target, metadata.ApplyOptions{})
	if err != nil {
		return err
	}
	return view.ReportText(d.out, plan, report, view.Style{})
}

func (d *demo) documents(ctx context.Context) (err error) {
	d.say("\n== 3. The documents: migassist rfs\n")
	source := rfs.Source{Snapshot: d.snap, Repository: repositoryURI, Plan: func(ctx context.Context) (*rfs.Plan, error) {
		chosen, _, err := rfs.Select(ctx, d.snap, selection.Allowlist{})
		if err != nil {
			return nil, err
		}
		return rfs.NewPlan(ctx, d.snap, chosen.Chosen, rfs.Choices{})
	}}
	dir, err := os.MkdirTemp("", "migassist-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	summary, err := rfs.New(source, bulk.NewWriter(d.target, bulk.Patience{}), rfs.Options{
		DeadLetterFile: filepath.Join(dir, "dead-letters.ndjson"),
		Check:          func(ctx context.Context, plan *rfs.Plan) error { return plan.Address(ctx, d.target) },
	}).Run(ctx)
	if err != nil {
		return err
	}
	return summary.WriteText(d.out)
}
