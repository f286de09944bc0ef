//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// timeout bounds the whole run.
const timeout = 2 * time.Hour

// options say what is measured.
type options struct {
	binary, dir string
	kafka       string // brokers; or one of the two below
	rounds      int
	tries       int           // of a measurement that others disturb
	patience    time.Duration // to wait for others to be done, in all
	span        time.Duration // of one measurement
	warm        time.Duration // of what is thrown away before
	connections []int
	most        float64        // requests a second at half load
	only        *regexp.Regexp // of contenders
	parts       []string
}

// Instead of brokers.
const (
	ownKafka = "own" // one is started
	noKafka  = "none"
)

// The parts of a run.
var parts = []string{"race", "half", "memory"}

func main() {
	o := options{connections: []int{32, 256}, parts: parts}
	flag.StringVar(&o.binary, "binary", "bin/migassist", "our command")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "where the captures are written: on a real disk, or a sync costs nothing")
	flag.StringVar(&o.kafka, "kafka-brokers", ownKafka, "`HOST:PORT` of a Kafka to capture into; own starts one (Java 17, Maven), none leaves it out")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each contender runs, in turn")
	flag.IntVar(&o.tries, "tries", 3, "how often to measure, at most, while others use the machine; the calmest counts")
	flag.DurationVar(&o.patience, "patience", 3*time.Minute, "how long to wait, in the whole run, for others to leave the machine alone before a measurement")
	flag.DurationVar(&o.span, "for", 5*time.Second, "how long each measurement takes")
	flag.DurationVar(&o.warm, "warm", time.Second, "how long each workload runs uncounted in a fresh process")
	flag.Float64Var(&o.most, "most", 8000, "requests a second at half load, at most: generator and upstream need their part of the machine, too")
	flag.Func("connections", "`NUMBERS` of connections, separated by commas (default 32,256)", func(text string) (err error) {
		o.connections, err = numbers(text)
		return err
	})
	flag.Func("only", "`REGEXP` of the contenders that run; those that others are compared with, direct and nginx, always do", func(text string) (err error) {
		o.only, err = regexp.Compile(text)
		return err
	})
	flag.Func("parts", "`PARTS` of race,half,memory that run (default all)", func(text string) error {
		o.parts = strings.Split(text, ",")
		return known(o.parts)
	})
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	err := o.check()
	if err == nil {
		err = run(ctx, o)
	}
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "proxyrace:", err)
		os.Exit(1)
	}
}

func numbers(text string) ([]int, error) {
	var all []int
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number of connections", part)
		}
		all = append(all, n)
	}
	return all, nil
}

func known(some []string) error {
	for _, part := range some {
		if !slices.Contains(parts, part) {
			return fmt.Errorf("%q is none of %s", part, strings.Join(parts, ", "))
		}
	}
	return nil
}

func (o *options) check() error {
	if o.rounds < 1 || o.tries < 1 || o.span < time.Second || o.span%time.Second != 0 || o.warm%time.Second != 0 {
		return errors.New("say at least one round and try, and times in whole seconds: wrk knows no others")
	}
	var err error
	if o.binary, err = filepath.Abs(o.binary); err == nil {
		o.dir, err = filepath.Abs(o.dir)
	}
	return err
}

// run measures the parts, prints what each came to, and the verdicts on all.
func run(ctx context.Context, o options) (err error) {
	s, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	s.introduce(ctx, os.Stdout)
	b := &board{}
	if slices.Contains(o.parts, "race") {
		if err := s.race(ctx, b, os.Stdout); err != nil {
			return err
		}
		b.print(os.Stdout)
	}
	if slices.Contains(o.parts, "half") {
		if err := s.half(ctx, b, os.Stdout); err != nil {
			return err
		}
	}
	if slices.Contains(o.parts, "memory") {
		if err := s.memory(ctx, b, os.Stdout); err != nil {
			return err
		}
	}
	b.conclude(os.Stdout)
	return b.faults()
}
