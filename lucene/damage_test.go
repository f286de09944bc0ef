package lucene

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"migassist/lucene/input"
)

// The shards that are damaged, with segments that have hard deletes, soft deletes, and none; compound and not. Of
// the first all bytes, of the others a sample of each file.
const (
	smallShard       = "recreated/0"
	damagedPositions = 12
)

var damagedShards = []string{
	"7.10.2/second/" + smallShard, "2.19.1/second/" + smallShard,
	"7.10.2/second/hard-deletes/0", "7.10.2/second/best-compression/0", "2.19.1/second/not-compound/0", "2.19.1/second/merged/0",
}

// TestDamageIsNeverSilent flips bytes and cuts files: the documents come out exactly, or an error names file and
// offset. Damage to what is read is always found.
func TestDamageIsNeverSilent(t *testing.T) {
	for _, s := range fixtureShards(t, damagedShards...) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			every := strings.HasSuffix(s.name, smallShard)
			d := newDamager(t, s.dir)
			for _, name := range s.dir.Names() {
				d.file(t, name, every)
			}
			if d.found == 0 || d.harmless == 0 && len(d.within) > 0 {
				t.Errorf("%d damages were found, %d harmless", d.found, d.harmless)
			}
			t.Logf("%d damages were found, %d harmless", d.found, d.harmless)
		})
	}
}

// TestDamageInWhatLuceneWrote does the same to a sample of the indices of Lucene itself, but those of before 4.8, whose files
// have no checksums: what is in them can't be told from what should be.
func TestDamageInWhatLuceneWrote(t *testing.T) {
	for name, dir := range luceneIndices(t) {
		if strings.HasPrefix(name, "lucene-4.2") || strings.HasPrefix(name, "lucene-4.6") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDamager(t, dir)
			for _, name := range opened(t, dir) {
				d.file(t, name, false)
			}
			if d.found == 0 {
				t.Error("no damage was found")
			}
		})
	}
}

type damager struct {
	dir    *memory
	want   []seen
	read   map[string]bool             // files that are opened
	within map[string]map[string]entry // by compound file: what is read of it

	decoder         Decoder
	found, harmless int
}

func newDamager(t *testing.T, dir *memory) *damager {
	t.Helper()
	d := &damager{dir: dir, read: map[string]bool{}, within: map[string]map[string]entry{}}
	for _, name := range opened(t, dir) {
		d.read[name] = true
	}
	commit, err := OpenCommit(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, segment := range commit.Segments {
		f, err := segment.openFiles(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if f.compound == nil {
			continue
		}
		maps.DeleteFunc(f.entries, func(name string, _ entry) bool {
			return !slices.Contains([]string{".fdt", ".fdm", ".fdx"}, path.Ext(name)) && name != segment.fieldsFile()
		})
		d.within[segment.Name+".cfs"] = f.entries
		if err := f.close(); err != nil {
			t.Fatal(err)
		}
	}
	if d.want, err = d.digest(t, dir); err != nil {
		t.Fatal(err)
	}
	return d
}

// file flips a bit of bytes of one file, and cuts it there.
func (d *damager) file(t *testing.T, name string, every bool) {
	t.Helper()
	data := d.dir.files[name]
	stride := 1 + len(data)/damagedPositions
	if every {
		stride = 1
	}
	for at := 0; at < len(data); at += stride {
		flipped := bytes.Clone(data)
		flipped[at] ^= 1 << (at % 8)
		d.check(t, name, flipped, fmt.Sprintf("%s with byte %d flipped", name, at), d.matters(name, at))
		d.check(t, name, data[:at], fmt.Sprintf("%s cut to %d bytes", name, at), d.read[name])
	}
	for _, last := range []int{1, 8, input.FooterSize} {
		d.check(t, name, data[:len(data)-last], fmt.Sprintf("%s without its last %d bytes", name, last), d.read[name])
	}
}

// matters tells whether a flip must be found: in a file that is read whole, or in the part of a compound file that is.
func (d *damager) matters(name string, at int) bool {
	entries, compound := d.within[name]
	if !compound {
		return d.read[name]
	}
	for _, e := range entries {
		if int64(at) >= e.offset && int64(at) < e.offset+e.length {
			return true
		}
	}
	return false
}

func (d *damager) check(t *testing.T, name string, data []byte, what string, mustFail bool) {
	t.Helper()
	dir := d.dir.with(name, data)
	dir.files[name] = data // also where it is nil
	got, err := d.digest(t, dir)
	if open := dir.open.Load(); open != 0 {
		t.Fatalf("%s: %d files were left open", what, open)
	}
	var corrupt *input.CorruptError
	var unsupported *UnsupportedError
	switch {
	case err == nil && mustFail:
		t.Errorf("%s was not noticed", what)
	case err == nil && !slices.Equal(got, d.want):
		t.Fatalf("%s gave other documents, without an error", what)
	case err == nil:
		d.harmless++
	case errors.As(err, &corrupt), errors.As(err, &unsupported):
		d.found++
		checkError(t, d.dir, err)
	default:
		t.Errorf("%s: %T %v", what, err, err)
	}
}

// digest reads all documents, up to the first error.
func (d *damager) digest(t *testing.T, dir Directory) (all []seen, err error) {
	t.Helper()
	commit, err := OpenCommit(t.Context(), dir)
	if err != nil {
		return nil, err
	}
	for _, segment := range commit.Segments {
		docs, err := segment.Open(t.Context(), testFields...)
		if err != nil {
			return all, err
		}
		tail, err := tryTail(t, &d.decoder, docs, 0)
		if closeErr := docs.Close(); err == nil {
			err = closeErr
		}
		all = append(all, tail...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}
