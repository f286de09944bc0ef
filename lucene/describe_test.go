package lucene

import (
	"bufio"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/lucene/input"
)

var update = flag.Bool("update", false, "write the golden files anew")

// described are the golden files: a shard of the fixtures, or an index of Lucene itself, and files of it. Each
// kind of file is there in the formats of both servers.
var described = map[string]struct {
	from  string
	files []string
}{
	"lucene-8.7-compound": {"7.10.2/second/recreated/0", []string{
		"segments_3", "_0.si", "_0.cfe", "_0.cfs", "_0.fnm", "_0.fdm", "_0.fdx", "_0.fdt", "_0_Lucene80_0.dvm", "_0_Lucene80_0.dvd", "_0_Lucene84_0.tim",
	}},
	"lucene-8.7-hard-deletes":  {"7.10.2/second/hard-deletes/0", []string{"_0_3.liv"}},
	"lucene-8.7-soft-deletes":  {"7.10.2/second/not-compound/0", []string{"segments_8", "_1_2.fnm", "_1_2_Lucene80_0.dvm", "_1_2_Lucene80_0.dvd"}},
	"lucene-8.7-not-compound":  {"7.10.2/second/merged/0", []string{"_5.si", "_5.fdm", "_5.fdx", "_5_Lucene80_0.dvd"}},
	"lucene-8.7-deflate":       {"7.10.2/second/best-compression/0", []string{"_0.fdm", "_0.fdt"}},
	"lucene-9.12-compound":     {"2.19.1/second/recreated/0", []string{"segments_3", "_0.si", "_0.cfe", "_0.cfs", "_0.fnm", "_0.fdm", "_0.fdx", "_0.fdt", "_0_Lucene90_0.dvm", "_0_Lucene90_0.dvd", "_0_Lucene912_0.tim"}},
	"lucene-9.12-hard-deletes": {"lucene-9.12.1-fast-sorted", []string{"_0.si", "_0_2.liv", "_1_1.liv"}},
	"lucene-9.12-soft-deletes": {"2.19.1/second/not-compound/0", []string{"_1_2.fnm", "_1_2_Lucene90_0.dvm", "_1_2_Lucene90_0.dvd"}},
	"lucene-9.12-not-compound": {"2.19.1/second/merged/0", []string{"_5.si", "_5.fdm", "_5.fdx", "_5_Lucene90_0.dvd"}},
	"lucene-9.12-deflate":      {"2.19.1/second/best-compression/0", []string{"_0.fdm", "_0.fdt"}},
	"lucene-4.10":              {"golden/lucene-4.10.4-fast-compound", []string{"segments_5", "_0.si", "_0.cfe", "_0_1.fnm", "_0_2.del", "_3.fdx", "_3.fdt"}},
	"lucene-5.0":               {"golden/lucene-5.0.0-high-compound", []string{"segments_5", "_0.si", "_3.fnm", "_3.fdx", "_3.fdt"}},
	"lucene-6.6":               {"golden/lucene-6.6.6-fast-plain", []string{"segments_5", "_0.si", "_3.fnm", "_0_2.liv", "_1.fdx"}},
	"lucene-7.7":               {"golden/lucene-7.7.3-fast-plain", []string{"_0.si", "_0_1_Lucene70_0.dvm", "_0_1_Lucene70_0.dvd"}},
	"lucene-8.5":               {"golden/lucene-8.5.2-fast-plain", []string{"_0.si", "_3.fdm", "_3.fdx", "_3.fdt"}},
	"lucene-zstd":              {"golden/plugin-9.12.0-zstd", []string{"_3.fdt"}},
	"lucene-10.3-skip-index":   {"lucene-10.3.1-high-plain", []string{"_4_Lucene90_0.dvm"}},
}

func describedIndex(t *testing.T, from string) *memory {
	t.Helper()
	if strings.HasPrefix(from, "golden/") {
		return unzip(t, filepath.Join("testdata", from+".zip"))
	}
	if strings.HasPrefix(from, "lucene-") {
		return unzip(t, filepath.Join("testdata/written", from+".zip"))
	}
	return fixtureShards(t, from)[0].dir
}

func TestDescribe(t *testing.T) {
	for name, test := range described {
		t.Run(name, func(t *testing.T) {
			dir := describedIndex(t, test.from)
			var out strings.Builder
			fmt.Fprintf(&out, "%s\n", test.from)
			for _, file := range test.files {
				fmt.Fprintf(&out, "\n== %s\n", file)
				if err := Describe(t.Context(), dir, file, &out); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
			golden := filepath.Join("testdata/describe", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(out.String(), "\n")); diff != "" {
				t.Errorf("%s (-update writes it anew):\n%s", golden, diff)
			}
		})
	}
}

// TestDescribeExplainsEveryByte checks that what is printed of every file of every shard, in order and without gaps,
// are the bytes of the file.
func TestDescribeExplainsEveryByte(t *testing.T) {
	for _, s := range fixtureShards(t) {
		t.Run(s.name, func(t *testing.T) { checkExplained(t, s.dir) })
	}
	for name, dir := range luceneIndices(t) {
		t.Run(name, func(t *testing.T) { checkExplained(t, dir) })
	}
}

func checkExplained(t *testing.T, dir *memory) {
	t.Helper()
	for _, name := range allFiles(t, dir) {
		var out strings.Builder
		err := Describe(t.Context(), dir, name, &out)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		size, err := explained(out.String(), fileBytes(t, dir, name))
		if want := int64(len(fileBytes(t, dir, name))); err != nil || size != want {
			t.Errorf("%s: %v, %d of %d bytes are explained\n%s", name, err, size, want, out.String())
		}
		if open := dir.open.Load(); open != 0 {
			t.Fatalf("%s: %d files were left open", name, open)
		}
	}
}

// fileBytes returns a file, which may lie in a compound file.
func fileBytes(t testing.TB, dir *memory, name string) []byte {
	t.Helper()
	if data, ok := dir.files[name]; ok {
		return data
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
		if err := f.close(); err != nil {
			t.Fatal(err)
		}
		if e, ok := f.entries[name]; ok {
			return dir.files[segment.Name+".cfs"][e.offset : e.offset+e.length]
		}
	}
	t.Fatal("there is no ", name)
	return nil
}

var (
	explainedRow  = regexp.MustCompile(`^(?:([0-9a-f]{8})|        )  ([0-9a-f ]{23}|…                      )  \|(?: (.*))?$`)
	explainedMore = regexp.MustCompile(`^(?:… (\d+) more bytes|.* \((\d+) bytes\))$`)
)

// explained checks the rows of a description against the file and returns up to which byte it goes.
func explained(text string, data []byte) (at int64, err error) {
	rows := bufio.NewScanner(strings.NewReader(text))
	rows.Buffer(nil, 1<<20)
	for rows.Scan() {
		row := explainedRow.FindStringSubmatch(rows.Text())
		if row == nil {
			return at, fmt.Errorf("strange row %q", rows.Text())
		}
		if row[1] == "" {
			continue // a remark
		}
		if offset, err := strconv.ParseInt(row[1], 16, 64); err != nil || offset != at {
			return at, fmt.Errorf("the row of offset %x stands at %x", at, offset)
		}
		if more := explainedMore.FindStringSubmatch(row[3]); strings.HasPrefix(row[2], "…") {
			if more == nil {
				return at, fmt.Errorf("no number of bytes in %q", rows.Text())
			}
			n, err := strconv.ParseInt(more[1]+more[2], 10, 64)
			if err != nil {
				return at, err
			}
			at += n
			continue
		}
		bytes, err := hex.DecodeString(strings.ReplaceAll(row[2], " ", ""))
		if err != nil {
			return at, err
		}
		if !slices.Equal(bytes, data[at:at+int64(len(bytes))]) {
			return at, fmt.Errorf("at %x the file has other bytes than %q", at, rows.Text())
		}
		at += int64(len(bytes))
	}
	return at, rows.Err()
}

// TestDescribeGoesAsFarAsItCan: of a damaged file all before the damage is printed, and of one whose checksum alone is
// wrong everything.
func TestDescribeGoesAsFarAsItCan(t *testing.T) {
	dir := fixtureShards(t, "7.10.2/second/recreated/0")[0].dir
	for _, name := range []string{"segments_3", "_0.si", "_0.cfe"} {
		data := dir.files[name]
		flipped := slices.Clone(data)
		flipped[len(flipped)-1] ^= 1
		for what, damaged := range map[string][]byte{"flipped": flipped, "cut": data[:len(data)-30]} {
			var out strings.Builder
			err := Describe(t.Context(), dir.with(name, damaged), name, &out)
			var corrupt *input.CorruptError
			if !errors.As(err, &corrupt) || corrupt.File != name {
				t.Errorf("%s, %s: %v", name, what, err)
			}
			if rows := strings.Count(out.String(), "\n"); rows < 10 {
				t.Errorf("%s, %s: only %d rows\n%s", name, what, rows, out.String())
			}
		}
	}
}

// TestDescribeNamesWhatThereIs: a file that does not exist, or belongs to no segment.
func TestDescribeNamesWhatThereIs(t *testing.T) {
	dir := fixtureShards(t, "7.10.2/second/recreated/0")[0].dir
	for _, name := range []string{"segments_9", "_0.xyz", "_9.si", "nonsense", "", "_0.liv"} {
		if err := Describe(t.Context(), dir, name, new(strings.Builder)); err == nil {
			t.Errorf("%q was described", name)
		}
	}
}
