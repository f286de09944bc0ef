// Command benchcorpus writes the repository that `make bench` reads: a million
// documents of 1 KB, default codec, four shards, by a real Elasticsearch 7.10.2.
//
//	go run ./internal/testcluster/benchcorpus -out DIR   # DIR/repository, snapshot and index "bench"
//
// A repository of half a gigabyte is not committed; whoever wants to measure makes it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"migassist/internal/testcluster"
	"migassist/internal/testcluster/corpus"
)

const timeout = 20 * time.Minute

func main() {
	out := flag.String("out", "", "folder to write to; DIR/repository must not exist")
	docs := flag.Int("docs", 1_000_000, "number of documents")
	size := flag.Int("size", 1024, "bytes of a document, on average")
	shards := flag.Int("shards", 4, "number of shards")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	err := run(ctx, *out, corpus.Load{Index: "bench", Shards: *shards, Docs: *docs, Size: *size})
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchcorpus:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string, load corpus.Load) error {
	if out == "" {
		return errors.New("say where to write: -out DIR")
	}
	target := filepath.Join(out, "repository")
	if _, err := os.Stat(target); err == nil {
		return fmt.Errorf("%s is there already; remove it or name another folder", target)
	}
	server, err := testcluster.Start(ctx, testcluster.Spec{Product: testcluster.Elasticsearch, Version: "7.10.2", HeapMiB: 1024})
	if err != nil {
		return err
	}
	return errors.Join(write(ctx, server, load, target), server.Stop())
}

func write(ctx context.Context, server *testcluster.Server, load corpus.Load, target string) error {
	started := time.Now()
	if err := load.Run(ctx, server); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d documents indexed in %s\n", load.Docs, time.Since(started).Round(time.Second))
	if err := server.Snapshot(ctx, "bench", "bench", load.Index); err != nil {
		return err
	}
	if err := os.CopyFS(target, os.DirFS(filepath.Join(server.Repo, "bench"))); err != nil {
		return fmt.Errorf("copy the repository: %w", err)
	}
	files, bytes := 0, int64(0)
	err := filepath.WalkDir(target, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		about, err := entry.Info()
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.Chmod(path, 0o755)
		}
		files++
		bytes += about.Size()
		return os.Chmod(path, 0o644)
	})
	fmt.Fprintf(os.Stderr, "%s: %d files, %d bytes\n", target, files, bytes)
	return err
}
