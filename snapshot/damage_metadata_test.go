package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"migassist/lucene/input"
	"migassist/snapshot"
)

// damagedRepositories are small, so that they can be read thousands of times, and have each kind of metadata blob: without
// checksum and in LZF, in envelopes, compressed and not, with hashed paths.
var damagedRepositories = []string{"elasticsearch-1.1.2", "elasticsearch-5.0.0", "elasticsearch-8.11.0", "opensearch-2.19.1-hashed"}

// content is what a repository holds, down to the last byte of every file. Strong is what must never be
// wrong; weak is what can't be told where a blob has no checksum: the wording of settings and mappings, times, versions.
type content struct{ strong, weak string }

func contentOf(ctx context.Context, r tree) (content, error) {
	var strong, weak strings.Builder
	repo, err := snapshot.Open(ctx, r.store())
	if err != nil {
		return content{}, err
	}
	for _, summary := range repo.Snapshots() {
		s, err := repo.Snapshot(ctx, summary.Name)
		if err != nil {
			return content{}, err
		}
		fmt.Fprintln(&strong, s.Name, s.UUID, s.State, s.IndexNames(), s.Failures)
		g, err := s.Global(ctx)
		if err != nil {
			return content{}, err
		}
		fmt.Fprintln(&weak, s.Version, s.Started, s.Ended, s.TotalShards, s.DataStreams, string(s.UserMetadata), string(g.Raw), summary)
		for _, name := range s.IndexNames() {
			if err := indexContent(ctx, s, name, &strong, &weak); err != nil {
				return content{}, err
			}
		}
	}
	return content{strong.String(), weak.String()}, nil
}

func indexContent(ctx context.Context, s *snapshot.Snapshot, name string, strong, weak *strings.Builder) error {
	x, err := s.Index(ctx, name)
	if err != nil {
		return err
	}
	fmt.Fprintln(strong, x.Name, x.ID, x.Shards)
	fmt.Fprintln(weak, x.RoutingShards, x.State, x.Settings, x.Lists, sortedText(x))
	for n := range x.Shards {
		shard, err := x.Shard(ctx, n)
		if err != nil {
			return err
		}
		d := shard.Directory()
		for _, file := range d.Names() {
			f, err := d.Open(ctx, file)
			if err != nil {
				return err
			}
			data := make([]byte, f.Size())
			if err := errors.Join(input.ReadFull(f, data, 0), f.Close()); err != nil {
				return err
			}
			fmt.Fprintln(strong, file, f.Size(), crc32.ChecksumIEEE(data))
		}
	}
	return nil
}

// sortedText is the mappings and aliases of an index.
func sortedText(x *snapshot.Index) string {
	var lines []string
	for name, raw := range x.Mappings {
		lines = append(lines, "mapping "+name+" "+string(raw))
	}
	for name, raw := range x.Aliases {
		lines = append(lines, "alias "+name+" "+string(raw))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// TestDamagedMetadataIsNamedOrHarmless cuts each metadata blob at every 1 % and flips single bits of it. What comes is
// an error that names what is damaged, or what came before.
func TestDamagedMetadataIsNamedOrHarmless(t *testing.T) {
	for _, name := range damagedRepositories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repo := treeOf(t, "testdata/repositories/"+name)
			want, err := contentOf(t.Context(), repo)
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range needed(repo) {
				if strings.HasPrefix(path.Base(at), "__") {
					continue
				}
				for what, damaged := range damages(repo[at]) {
					got, err := contentOf(t.Context(), repo.with(at, damaged))
					checkDamage(t, at+" "+what, at, want, got, err)
				}
			}
		})
	}
}

// damages yields data cut at every 1 %, and with single bits flipped, at most about 400 of them.
func damages(data []byte) func(yield func(string, []byte) bool) {
	return func(yield func(string, []byte) bool) {
		for percent := range 100 {
			if n := len(data) * percent / 100; !yield(fmt.Sprintf("cut to %d of %d bytes", n, len(data)), data[:n]) {
				return
			}
		}
		step := max(len(data)/400, 1)
		for i := 0; i < len(data); i += step {
			broken := bytes.Clone(data)
			broken[i] ^= 1 << (i / step % 8)
			if !yield(fmt.Sprintf("with bit %d of byte %d flipped (%q)", i/step%8, i, data[max(i-10, 0):min(i+10, len(data))]), broken) {
				return
			}
		}
	}
}

// checkDamage compares what came of damage to the blob at with what came without.
func checkDamage(t *testing.T, what, at string, want, got content, err error) {
	t.Helper()
	var corrupt *input.CorruptError
	named := errors.As(err, &corrupt) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, snapshot.ErrUnsupported) ||
		errors.Is(err, snapshot.ErrIncomplete) || errors.Is(err, snapshot.ErrNotRepository)
	hasChecksum := strings.HasSuffix(at, ".dat")
	switch {
	case err != nil && !named:
		t.Errorf("%s: got error %v", what, err)
	case err != nil && hasChecksum && !strings.Contains(err.Error(), at):
		t.Errorf("%s: the error does not name it: %v", what, err)
	case err == nil && got.strong != want.strong && !renamed(want.strong, got.strong, at):
		t.Errorf("%s: no error, and another content:\n%s\ninstead of\n%s", what, got.strong, want.strong)
	case err == nil && hasChecksum && got.weak != want.weak:
		t.Errorf("%s: no error, and other metadata:\n%s\ninstead of\n%s", what, got.weak, want.weak)
	}
}

// renamed tells whether only the name of a Lucene file is another, in a list that has no checksum: Lucene's own lists
// say which files there must be.
func renamed(want, got, at string) bool {
	if strings.HasSuffix(at, ".dat") {
		return false
	}
	names := func(text string) []string {
		var rest []string
		for line := range strings.Lines(text) {
			if fields := strings.Fields(line); len(fields) >= 3 && !strings.HasPrefix(line, "books ") && !strings.HasSuffix(strings.TrimSpace(line), "]") {
				line = strings.Join(fields[len(fields)-2:], " ") // name, size, CRC
			}
			rest = append(rest, line)
		}
		slices.Sort(rest)
		return rest
	}
	return slices.Equal(names(want), names(got))
}
