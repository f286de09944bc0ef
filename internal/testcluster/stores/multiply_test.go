//go:build e2e

package stores

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"migassist/internal/blob"
	"migassist/lucene/input"
	"migassist/snapshot"
)

// multiply links the repository in from into a new folder, where shard 0 of the index has its segments as often as
// it takes to reach size bytes. Each copy has blobs of its own names, so that nothing of one serves another.
func multiply(t *testing.T, from, snapshotName, index string, size int64) (folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "repository")
	link(t, from, folder)
	store, err := blob.Open(t.Context(), folder, blob.Options{})
	check(t, err)
	repository, err := snapshot.Open(t.Context(), store)
	check(t, err)
	snap, err := repository.Snapshot(t.Context(), snapshotName)
	check(t, err)
	x, err := snap.Index(t.Context(), index)
	check(t, err)
	shard, err := x.Shard(t.Context(), 0)
	check(t, err)

	at := filepath.Join(folder, "indices", x.ID, "0")
	copies := int(max(1, (size+shard.Size()-1)/shard.Size()))
	commit := commitOf(t, shard)
	files := []map[string]any{}
	for n := range copies {
		for _, f := range shard.Files {
			if f.Name == commit.name {
				continue
			}
			if f.PartSize < f.Size {
				t.Fatalf("%s is in parts; take another repository", f.Name)
			}
			name := f.Blob + "_" + strconv.Itoa(n)
			entry := map[string]any{
				"name": name, "physical_name": commit.renamed(f.Name, n), "length": f.Size, "checksum": f.Checksum, "part_size": f.PartSize, "written_by": f.Written,
			}
			if f.Virtual {
				entry["meta_hash"] = contentOf(t, shard, f.Name)
			} else {
				check(t, os.Link(filepath.Join(at, f.Blob), filepath.Join(at, name)))
			}
			files = append(files, entry)
		}
	}
	content := commit.times(copies)
	files = append(files, map[string]any{
		"name": "v__commit", "physical_name": commit.name, "length": len(content), "meta_hash": content, "part_size": 1 << 40, "written_by": "8.7.0",
		"checksum": strconv.FormatUint(binary.BigEndian.Uint64(content[len(content)-8:]), 36),
	})
	body, err := json.Marshal(map[string]any{"name": snapshotName, "files": files})
	check(t, err)
	lists, err := filepath.Glob(filepath.Join(at, "snap-*.dat"))
	check(t, err)
	for _, list := range lists { // of this snapshot, or of none that is read
		check(t, os.Remove(list))
		check(t, os.WriteFile(list, sealed("snapshot", 1, body), 0o600))
	}
	t.Logf("shard 0 of %s: %d copies of %d bytes, %d segments", index, copies, shard.Size(), copies*len(commit.segments))
	return folder
}

// link makes a folder of links to the files of another.
func link(t *testing.T, from, to string) {
	t.Helper()
	check(t, fs.WalkDir(os.DirFS(from), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o750)
		}
		return os.Link(filepath.Join(from, name), filepath.Join(to, name))
	}))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// commit is a segments_N of Lucene 8, cut into its pieces. Source: org.apache.lucene.index.SegmentInfos.
type commit struct {
	name     string
	head     []byte // up to the number of segments
	oldest   []byte // the oldest segment's version
	segments []segment
	tail     []byte // user data
}

type segment struct {
	name string
	rest []byte // after the name
}

func commitOf(t *testing.T, shard *snapshot.Shard) *commit {
	t.Helper()
	dir := shard.Directory()
	for _, name := range dir.Names() {
		if !strings.HasPrefix(name, "segments_") {
			continue
		}
		data := contentOf(t, shard, name)
		c := input.NewCursor(name, data, 0)
		parsed := parseCommit(name, data, c)
		check(t, c.Err())
		return parsed
	}
	t.Fatal("no segments_N")
	return nil
}

// contentOf reads a file of the shard.
func contentOf(t *testing.T, shard *snapshot.Shard, name string) []byte {
	t.Helper()
	f, err := shard.Directory().Open(t.Context(), name)
	check(t, err)
	data, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	check(t, err)
	check(t, f.Close())
	return data
}

func parseCommit(name string, data []byte, c *input.Cursor) *commit {
	version := c.IndexHeader().Version
	for range 4 { // version of Lucene, in three; major that created it
		c.VInt()
	}
	c.BE64()
	c.VLong()
	p := &commit{name: name, head: data[:c.Pos()]}
	n := int(c.BE32())
	at := c.Pos()
	for range 3 {
		c.VInt()
	}
	p.oldest = data[at:c.Pos()]
	for range n {
		s := segment{name: c.Str()}
		at := c.Pos()
		c.Bytes(input.IDSize)
		c.Str()
		c.BE64()
		c.BE32()
		c.BE64()
		c.BE64()
		c.BE32()
		if version >= 10 && c.U8() == 1 {
			c.Bytes(input.IDSize)
		}
		c.Set()
		for range c.BE32() {
			c.BE32()
			c.Set()
		}
		s.rest = data[at:c.Pos()]
		p.segments = append(p.segments, s)
	}
	p.tail = data[c.Pos() : len(data)-input.FooterSize]
	return p
}

// renamed is the name of a file in copy n.
func (c *commit) renamed(file string, n int) string {
	name, rest, _ := strings.Cut(strings.TrimPrefix(file, "_"), ".")
	name, suffix, _ := strings.Cut(name, "_")
	for i, s := range c.segments {
		if s.name == "_"+name {
			if suffix != "" {
				suffix = "_" + suffix
			}
			return c.segmentName(i, n) + suffix + "." + rest
		}
	}
	return fmt.Sprintf("%s.of.copy.%d", file, n) // of no segment
}

func (c *commit) segmentName(i, n int) string {
	return "_" + strconv.FormatInt(int64(n*len(c.segments)+i), 36)
}

// times is the file with all segments so many times.
func (c *commit) times(copies int) []byte {
	var out bytes.Buffer
	out.Write(c.head)
	_ = binary.Write(&out, binary.BigEndian, int32(copies*len(c.segments)))
	out.Write(c.oldest)
	for n := range copies {
		for i, s := range c.segments {
			name := c.segmentName(i, n)
			out.WriteByte(byte(len(name)))
			out.WriteString(name)
			out.Write(s.rest)
		}
	}
	out.Write(c.tail)
	return footed(out.Bytes())
}

// sealed puts the envelope of org.apache.lucene.codecs.CodecUtil around a body.
func sealed(codec string, version uint32, body []byte) []byte {
	data := binary.BigEndian.AppendUint32(nil, 0x3FD76C17)
	data = append(append(data, byte(len(codec))), codec...)
	data = binary.BigEndian.AppendUint32(data, version)
	return footed(append(data, body...))
}

func footed(data []byte) []byte {
	data = binary.BigEndian.AppendUint32(data, 0xC02893E8)
	data = binary.BigEndian.AppendUint32(data, 0)
	return binary.BigEndian.AppendUint64(data, uint64(crc32.ChecksumIEEE(data)))
}
