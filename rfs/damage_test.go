package rfs_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"migassist/internal/blob"
	"migassist/lucene/input"
	"migassist/rfs"
	"migassist/snapshot"
)

// damageStep is the distance of two damages, in percent of a blob.
var damageStep = flag.Int("damage.step", 50, "percent of a blob between two damages; make e2e-damage takes 1")

// damageEach bounds how many blobs of a kind a fixture gets damaged in: with a hundred damages of each, of each kind a few.
var damageEach = flag.Int("damage.each", 1<<30, "blobs of a kind that are damaged, per fixture; make e2e-damage takes 2")

// damageMemory is what reading one damaged index may allocate at most: lengths are checked before they are believed.
const damageMemory = 96 << 20

// TestDamagedRepositoryIsNeverReadWrong cuts each blob of each fixture, and flips bits in it, from the table of contents down to the
// Lucene files: either the documents come out exactly, or what is wrong is said; no document is another than before,
// and none is missing without a word.
func TestDamagedRepositoryIsNeverReadWrong(t *testing.T) {
	for _, name := range fixtureSnapshots(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDamaged(t, name)
			for _, index := range d.indices {
				d.index(t, index)
			}
			t.Logf("%d damages were found, %d harmless", d.found, d.harmless)
			if d.found == 0 {
				t.Error("no damage was found")
			}
		})
	}
}

// damaged is a repository in memory whose blobs are damaged one after the other.
type damaged struct {
	files    fstest.MapFS
	snapshot string
	indices  []string
	done     map[string]bool // blobs that several indices share
	kinds    map[string]int  // how many of each were damaged

	found, harmless int
}

func newDamaged(t *testing.T, fixture string) *damaged {
	dir, snap, _ := strings.Cut(fixture, "/")
	root := filepath.Join(*fixtures, dir, "repository")
	d := &damaged{files: fstest.MapFS{}, snapshot: snap, done: map[string]bool{}, kinds: map[string]int{}}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(root, name))
		d.files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d.indices = planAll(t, openFixture(t, fixture)).Indices()
	return d
}

// reading is what came of an index, and what was said of it.
type reading struct {
	docs map[string]string
	said string
}

// index damages every blob that reading the index needs.
func (d *damaged) index(t *testing.T, index string) {
	names := map[string]bool{}
	docs, said := d.read(t, index, recorder{d.store(), names})
	want := reading{docs, fmt.Sprint(said)}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if d.done[name] || d.files[name] == nil {
			continue
		}
		d.done[name] = true
		kind := kindOf(name, d.files[name].Data)
		if d.kinds[kind]++; d.kinds[kind] <= *damageEach {
			d.blob(t, index, name, want)
		}
	}
}

// kindOf tells blobs apart by the codec name in their header, others by the beginning of their name.
func kindOf(name string, data []byte) string {
	c := input.NewCursor(name, data, 0)
	if header := c.Header(); c.Err() == nil {
		return header.Codec
	}
	return strings.FieldsFunc(path.Base(name), func(r rune) bool { return r == '-' || r == '_' })[0]
}

func (d *damaged) blob(t *testing.T, index, name string, want reading) {
	whole := d.files[name].Data
	defer func() { d.files[name].Data = whole }()
	// The first is at another place in each blob, so that a few damages of each find what many of one would.
	for percent := int(crc32.ChecksumIEEE([]byte(name))) % *damageStep; percent < 100; percent += *damageStep {
		at := len(whole) * percent / 100
		if at >= len(whole) {
			continue
		}
		d.files[name].Data = whole[:at]
		d.check(t, index, fmt.Sprintf("%s cut to %d of %d bytes", name, at, len(whole)), want)
		flipped := slices.Clone(whole)
		flipped[at] ^= 1 << (percent % 8)
		d.files[name].Data = flipped
		d.check(t, index, fmt.Sprintf("%s with bit %d of byte %d flipped", name, percent%8, at), want)
	}
}

// check reads the index of the damaged repository.
func (d *damaged) check(t *testing.T, index, damage string, want reading) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := d.read(t, index, d.store())
	runtime.ReadMemStats(&after)
	// Fixtures are damaged side by side, so that the count holds what the others allocate too.
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > damageMemory*uint64(runtime.GOMAXPROCS(0)) {
		t.Errorf("%s: %d MiB were allocated", damage, allocated>>20)
	}
	for key, source := range got {
		if was, ok := want.docs[key]; !ok || was != source {
			t.Errorf("%s: %s came out as %.200s, was %.200s (error %v)", damage, key, source, was, err)
		}
	}
	switch {
	case fmt.Sprint(err) != want.said:
		d.found++
	case len(got) != len(want.docs):
		t.Errorf("%s: %d documents came out of %d, without a word", damage, len(got), len(want.docs))
	default:
		d.harmless++
	}
}

func (d *damaged) store() blob.Reader { return blob.FromFS(d.files, "memory:damaged") }

// read returns the index's documents; the error is what the operator would be told, a finding too.
func (d *damaged) read(t *testing.T, index string, store blob.Reader) (map[string]string, error) {
	ctx := t.Context()
	repository, err := snapshot.Open(ctx, store)
	if err != nil {
		return nil, err
	}
	snap, err := repository.Snapshot(ctx, d.snapshot)
	if err != nil {
		return nil, err
	}
	plan, err := rfs.NewPlan(ctx, snap, []string{index}, rfs.Choices{})
	if err != nil {
		return nil, err
	}
	got := &keep{docs: map[string]string{}, t: t}
	summary, err := rfs.New(of(snap, plan), got, rfs.Options{DeadLetterFile: filepath.Join(t.TempDir(), "dead")}).Run(ctx)
	err = errors.Join(err, wordsOf(plan, summary))
	return got.docs, err
}

// wordsOf is what a run that did not fail says all the same.
func wordsOf(plan *rfs.Plan, summary *rfs.Summary) error {
	var words []error
	for _, finding := range plan.Findings {
		words = append(words, errors.New(finding.Reason))
	}
	if summary == nil || !summary.Complete || summary.Total.Skipped+summary.Total.Refused > 0 {
		words = append(words, errors.New("the summary is not of a complete run"))
	}
	return errors.Join(words...)
}

// recorder notes which blobs are asked for.
type recorder struct {
	blob.Reader
	names map[string]bool
}

// Stat implements blob.Reader.
func (r recorder) Stat(ctx context.Context, name string) (blob.Entry, error) {
	r.names[name] = true
	return r.Reader.Stat(ctx, name)
}

// ReadAt implements blob.Reader.
func (r recorder) ReadAt(ctx context.Context, name string, p []byte, off int64) (int, error) {
	r.names[name] = true
	return r.Reader.ReadAt(ctx, name, p, off)
}
