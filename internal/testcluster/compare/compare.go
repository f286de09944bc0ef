package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// pinned is the core on which the readers of one core run.
const pinned = "1"

// The readers of one index, in the order of their turns.
const (
	lucene1 = iota // Apache Lucene on one core
	ours1          // ours on one core
	ours2          // ours on two
	readers
)

// compare has the readers of an index take turns, and prints what came of it.
func compare(ctx context.Context, o options, index index, rival *rival, folder string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	one := append(os.Environ(), "GOMAXPROCS=1")
	two := append(os.Environ(), "GOMAXPROCS=2")
	serial := []string{"-XX:+UseSerialGC", "-XX:ActiveProcessorCount=1"}
	var children [readers]*child
	for i, start := range [readers]struct {
		cmd *exec.Cmd
		env []string
	}{
		lucene1: {cmd: pin(ctx, rival.command(ctx, serial, "read", folder))},
		ours1:   {cmd: pin(ctx, exec.CommandContext(ctx, self, "-read", folder)), env: one},
		ours2:   {cmd: exec.CommandContext(ctx, self, "-workers", "2", "-read", folder), env: two},
	} {
		if children[i], err = startChild(start.cmd, start.env); err != nil {
			return err
		}
		defer children[i].stop()
	}
	for n := range o.warm + o.passes {
		for _, c := range children {
			if err := c.pass(n >= o.warm); err != nil {
				return err
			}
		}
	}
	for _, c := range children[1:] {
		if c.totals != children[0].totals {
			return fmt.Errorf("%s counted %+v, %s %+v: they did not read the same", children[0].about, children[0].totals, c.about, c.totals)
		}
	}
	report(index, children)
	return nil
}

// pin makes a command run on one core.
func pin(ctx context.Context, cmd *exec.Cmd) *exec.Cmd {
	return exec.CommandContext(ctx, "taskset", append([]string{"-c", pinned, cmd.Path}, cmd.Args[1:]...)...)
}

// child is a process that reads an index whenever it is told to.
type child struct {
	cmd       *exec.Cmd
	asks      io.WriteCloser
	answers   *bufio.Scanner
	about     string // what it says of itself
	totals    totals
	took      []time.Duration
	processor []time.Duration
}

func startChild(cmd *exec.Cmd, env []string) (*child, error) {
	cmd.Env, cmd.Stderr = env, os.Stderr
	c := &child{cmd: cmd}
	var err error
	if c.asks, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.answers = bufio.NewScanner(out)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd, err)
	}
	if !c.answers.Scan() {
		return nil, fmt.Errorf("%s ended: %w", cmd, cmd.Wait())
	}
	c.about = c.answers.Text()
	return c, nil
}

// pass has the child read once.
func (c *child) pass(counts bool) error {
	if _, err := io.WriteString(c.asks, "\n"); err != nil {
		return err
	}
	if !c.answers.Scan() {
		return fmt.Errorf("%s ended: %w", c.about, c.cmd.Wait())
	}
	var t totals
	var took, processor time.Duration
	if _, err := fmt.Sscan(c.answers.Text(), &t.docs, &t.bytes, &t.sum, &took, &processor); err != nil {
		return fmt.Errorf("%s says %q: %w", c.about, c.answers.Text(), err)
	}
	if c.totals.docs != 0 && c.totals != t {
		return fmt.Errorf("%s counted %+v and then %+v", c.about, c.totals, t)
	}
	c.totals = t
	if counts {
		c.took, c.processor = append(c.took, took), append(c.processor, processor)
	}
	return nil
}

func (c *child) stop() {
	_ = c.asks.Close()
	_ = c.cmd.Wait()
}

// best is the shortest pass, and the least processor time of a pass.
func (c *child) best() (took, processor time.Duration) {
	return slices.Min(c.took), slices.Min(c.processor)
}

// rate is documents per second of the best pass, and MB/s.
func (c *child) String() string {
	took, processor := c.best()
	return fmt.Sprintf("%9.0f documents/s %6.0f MB/s  best of %d %.3f s, median %.3f, worst %.3f; processor %.3f",
		float64(c.totals.docs)/took.Seconds(), float64(c.totals.bytes)/1e6/took.Seconds(),
		len(c.took), took.Seconds(), median(c.took).Seconds(), slices.Max(c.took).Seconds(), processor.Seconds())
}

func median(d []time.Duration) time.Duration { return slices.Sorted(slices.Values(d))[len(d)/2] }

// report prints a line for each reader and each ratio.
func report(index index, children [readers]*child) {
	t := children[0].totals
	fmt.Fprintf(os.Stdout, "%s: %d live documents, %d bytes of _id and _source (%s; %s)\n", index, t.docs, t.bytes, children[lucene1].about, children[ours1].about)
	for i, name := range [readers]string{"Lucene, one core", "ours, one core", "ours, two cores"} {
		fmt.Fprintf(os.Stdout, "  %-17s %s\n", name, children[i])
	}
	lucene, lucenesProcessor := children[lucene1].best()
	one, onesProcessor := children[ours1].best()
	two, twosProcessor := children[ours2].best()
	fmt.Fprintf(os.Stdout, "  ours to Lucene    %.2f, %.1f asked; by processor time %.2f\n",
		lucene.Seconds()/one.Seconds(), index.asked, lucenesProcessor.Seconds()/onesProcessor.Seconds())
	fmt.Fprintf(os.Stdout, "  two cores to one  %.2f, %.1f asked; by processor time at most %.2f\n",
		one.Seconds()/two.Seconds(), onTwo, 2*onesProcessor.Seconds()/twosProcessor.Seconds())
}

func matches(name, part string) bool { return strings.Contains(name, part) }
