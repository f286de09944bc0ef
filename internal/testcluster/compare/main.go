package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// timeout bounds a run, the first included, which writes the indices.
const timeout = 15 * time.Minute

func main() {
	var o options
	flag.StringVar(&o.out, "out", "dist/bench", "folder of the indices")
	flag.IntVar(&o.docs, "docs", 300_000, "documents of an index")
	flag.IntVar(&o.size, "size", 1024, "bytes of a document, on average")
	flag.IntVar(&o.segments, "segments", 5, "segments of an index")
	flag.IntVar(&o.passes, "passes", 5, "passes of each that count")
	flag.IntVar(&o.warm, "warm", 4, "passes before them")
	flag.StringVar(&o.only, "only", "", "compare only indices whose name contains this")
	read := flag.String("read", "", "be our child: read this index for each line on stdin")
	workers := flag.Int("workers", 1, "goroutines that decode, of such a child")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	var err error
	if *read != "" {
		err = serve(ctx, *read, *workers, os.Stdin, os.Stdout)
	} else {
		err = run(ctx, o)
	}
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

type options struct {
	out, only            string
	docs, size, segments int
	passes, warm         int
}

// index is one that both read: who wrote it, and how.
type index struct {
	lucene string // version
	mode   string // fast is LZ4, high DEFLATE
	asked  float64
}

// indices are what is compared; asked is how many times Lucene's rate we shall have on one core.
var indices = []index{
	{lucene: "9.12.1", mode: "fast", asked: 2},
	{lucene: "9.12.1", mode: "high", asked: 1},
	{lucene: "8.11.4", mode: "fast", asked: 2},
	{lucene: "8.11.4", mode: "high", asked: 1},
	{lucene: "7.7.3", mode: "fast", asked: 2},
}

func (i index) String() string { return "lucene-" + i.lucene + "-" + i.mode }

// onTwo is how many times our rate on one core we shall have on two.
const onTwo = 1.8

func run(ctx context.Context, o options) error {
	for _, index := range indices {
		if !matches(index.String(), o.only) {
			continue
		}
		folder := filepath.Join(o.out, fmt.Sprintf("%s-%d", index, o.docs))
		rival, err := newRival(ctx, o.out, index.lucene)
		if err != nil {
			return err
		}
		if err := rival.write(ctx, o, index.mode, folder); err != nil {
			return fmt.Errorf("write %s: %w", folder, err)
		}
		if err := compare(ctx, o, index, rival, folder); err != nil {
			return fmt.Errorf("compare %s: %w", folder, err)
		}
	}
	return nil
}
