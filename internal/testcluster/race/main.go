package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const timeout = time.Hour

// options say what is raced.
type options struct {
	repository, snapshot, index, binary string

	rounds   int
	workers  []int  // of ours, a contender each
	settings string // of the target's index, JSON
	dynamic  bool   // every field of the documents is mapped, not only what the source maps
	page     int    // documents that _reindex fetches at once
}

func main() {
	var o options
	flag.StringVar(&o.repository, "repository", "", "snapshot repository, as benchcorpus writes it")
	flag.StringVar(&o.snapshot, "snapshot", "bench", "snapshot in it")
	flag.StringVar(&o.index, "index", "bench", "index in it")
	flag.StringVar(&o.binary, "binary", "bin/migassist", "our command")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each runs, in turn")
	flag.StringVar(&o.settings, "settings", `{"number_of_shards":4,"number_of_replicas":0}`, "settings of the target's index")
	flag.BoolVar(&o.dynamic, "dynamic", false, "map every field of the documents on the target, not only what the source maps")
	flag.IntVar(&o.page, "page", 1000, "documents that _reindex fetches at once; 1000 is its default")
	workers := flag.String("workers", "1,4", "how many workers ours has; several numbers are several contenders")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	err := o.parse(*workers)
	if err == nil {
		err = run(ctx, o)
	}
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "race:", err)
		os.Exit(1)
	}
}

func (o *options) parse(workers string) error {
	if o.repository == "" || o.rounds < 1 {
		return errors.New("say -repository DIR, and at least one round")
	}
	for text := range strings.SplitSeq(workers, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("-workers %q: %q is no number of workers", workers, text)
		}
		o.workers = append(o.workers, n)
	}
	var err error
	if o.repository, err = filepath.Abs(o.repository); err == nil {
		o.binary, err = filepath.Abs(o.binary)
	}
	return err
}

func run(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "migassist-race-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	course, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, course.close()) }()
	contenders := []contender{reindex{course: course, page: o.page}}
	for _, n := range o.workers {
		contenders = append(contenders, ours{course: course, workers: n, dir: dir})
	}
	fmt.Fprintf(os.Stdout, "%d documents of index %s, %s to %s, target's index with %s; %d processors\n",
		course.documents, o.index, course.source.Spec, course.target.Spec, o.settings, processors)
	if _, err := course.run(ctx, reindex{course: course, page: o.page, most: course.documents / 10}, course.documents/10); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	var results []result
	for round := range o.rounds {
		for _, c := range contenders {
			one, err := course.run(ctx, c, course.documents)
			if err != nil {
				return fmt.Errorf("round %d, %s: %w", round+1, c, err)
			}
			one.round = round + 1
			one.print(os.Stdout)
			results = append(results, one)
		}
	}
	conclude(os.Stdout, results)
	return nil
}
