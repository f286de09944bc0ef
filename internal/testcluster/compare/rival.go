package main

import (
	"bufio"
	"context"
	_ "embed" // the source of the other reader
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"migassist/internal/testcluster"
	"migassist/internal/testcluster/corpus"
)

//go:embed Rival.java
var rivalSource []byte

// rival is Apache Lucene, in one version.
type rival struct{ java, classPath, source string }

func newRival(ctx context.Context, out, version string) (*rival, error) {
	java, classPath, err := testcluster.Lucene(ctx, version)
	if err != nil {
		return nil, fmt.Errorf("the comparison needs Java 17 and Maven: %w", err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, err
	}
	source := filepath.Join(out, "Rival.java")
	return &rival{java: java, classPath: classPath, source: source}, os.WriteFile(source, rivalSource, 0o644)
}

// command is Java with the source, which it compiles as it starts.
func (r *rival) command(ctx context.Context, flags []string, args ...string) *exec.Cmd {
	all := append([]string{"-Xmx1g", "-XX:-UsePerfData"}, flags...)
	all = append(all, "-cp", r.classPath, r.source)
	return exec.CommandContext(ctx, r.java, append(all, args...)...)
}

// write has Lucene write an index, unless it is there.
func (r *rival) write(ctx context.Context, o options, mode, folder string) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	started := time.Now()
	unfinished := folder + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	cmd := r.command(ctx, nil, "write", unfinished, mode, strconv.Itoa(o.docs/o.segments))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = errors.Join(sources(in, o.docs, o.size), in.Close(), cmd.Wait())
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s: %d documents written in %s\n", folder, o.docs, time.Since(started).Round(time.Second))
	return os.Rename(unfinished, folder)
}

// sources writes a document a line, the ones of the corpus of the benchmark.
func sources(to io.Writer, docs, size int) error {
	out := bufio.NewWriterSize(to, 1<<20)
	writer := corpus.NewWriter()
	var line []byte
	for n := range docs {
		line = append(writer.Append(line[:0], n, size), '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}
