package rfs_test

import (
	"flag"
	"path/filepath"
	"testing"

	"migassist/internal/blob"
	"migassist/rfs"
	"migassist/selection"
	"migassist/snapshot"
)

// The corpus of a million documents is made by `make bench`; without it a fixture stands in, too small for
// figures but enough to profile by.
var (
	corpus         = flag.String("corpus", "../testdata/snapshots/elasticsearch-7.10.2/repository", "snapshot repository to read")
	corpusSnapshot = flag.String("corpus-snapshot", "second", "snapshot of the corpus")
)

// BenchmarkRead reads every document of the corpus into /dev/null, through the whole pipeline.
func BenchmarkRead(b *testing.B) {
	folder, err := filepath.Abs(*corpus)
	if err != nil {
		b.Fatal(err)
	}
	store, err := blob.Open(b.Context(), folder, blob.Options{})
	if err != nil {
		b.Fatal(err)
	}
	repository, err := snapshot.Open(b.Context(), store)
	if err != nil {
		b.Fatal(err)
	}
	snap, err := repository.Snapshot(b.Context(), *corpusSnapshot)
	if err != nil {
		b.Fatal(err)
	}
	chosen, _, err := rfs.Select(b.Context(), snap, selection.Allowlist{})
	if err != nil {
		b.Fatal(err)
	}
	plan, err := rfs.NewPlan(b.Context(), snap, chosen.Chosen, rfs.Choices{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	docs := int64(0)
	for b.Loop() {
		sink, err := rfs.NewFileSink("/dev/null", nil, false)
		if err != nil {
			b.Fatal(err)
		}
		options := rfs.Options{DeadLetterFile: b.TempDir() + "/dead-letters.ndjson"}
		summary, err := rfs.New(of(snap, plan), sink, options).Run(b.Context())
		if err != nil || summary.Failed() && *corpusSnapshot != "second" {
			b.Fatal(err, summary.Findings)
		}
		docs += summary.Total.Read
		b.SetBytes(summary.Total.Bytes)
	}
	b.ReportMetric(float64(docs)/b.Elapsed().Seconds(), "docs/s")
}
