package lucene

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"migassist/lucene/input"
)

// Directory is the files of one index: a shard of a snapshot, a folder.
type Directory interface {
	Names() []string
	Open(ctx context.Context, name string) (input.File, error)
}

// Commit is a point in time of an index: the segments that a segments_N file lists.
type Commit struct {
	Name         string // segments_N
	Lucene       string // the version that wrote the commit, "8.7.0"
	CreatedMajor int    // the Lucene major that created the index
	Segments     []*Segment
	UserData     map[string]string
}

// Versions of segments_N, from org.apache.lucene.index.SegmentInfos.
const (
	segmentsOldest   = 9  // 7.4: soft deletes are counted
	segmentsCommitID = 10 // 8.6: an id per commit of a segment
)

// OpenCommit reads the directory's segments_N and the .si file of each segment it lists.
func OpenCommit(ctx context.Context, dir Directory) (*Commit, error) {
	name, err := commitName(dir.Names())
	if err != nil {
		return nil, err
	}
	data, err := readFile(ctx, dir, name)
	if err != nil {
		return nil, err
	}
	commit, err := parseCommit(input.NewCursor(name, data, 0), name)
	if err != nil {
		return nil, err
	}
	for _, segment := range commit.Segments {
		segment.dir = dir
		if err := segment.readInfo(ctx); err != nil {
			return nil, err
		}
	}
	return commit, nil
}

func readFile(ctx context.Context, dir Directory, name string) (data []byte, err error) {
	file, err := dir.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = closeWith(err, file) }()
	return input.ReadVerified(file)
}

func closeWith(err error, file input.File) error {
	if closeErr := file.Close(); err == nil && closeErr != nil {
		return fmt.Errorf("close %s: %w", file.Name(), closeErr)
	}
	return err
}

// commitName finds the one segments_N, the newest where an index keeps several.
func commitName(names []string) (string, error) {
	best, newest := "", int64(-1)
	for _, name := range names {
		suffix, ok := strings.CutPrefix(name, "segments_")
		if !ok {
			continue
		}
		if generation, err := strconv.ParseInt(suffix, 36, 64); err == nil && generation > newest {
			best, newest = name, generation
		}
	}
	if best == "" {
		return "", fmt.Errorf("no segments_N among %d files: not a Lucene index", len(names))
	}
	return best, nil
}

func parseCommit(c *input.Cursor, name string) (*Commit, error) {
	header := c.IndexHeader()
	c.Expect(header.Codec == "segments", `codec "segments"`, strconv.Quote(header.Codec))
	c.ExpectVersion(header, segmentsOldest, segmentsCommitID)
	commit := &Commit{Name: name}
	commit.Lucene = luceneVersion(c)
	c.Note("written by Lucene %s", commit.Lucene)
	commit.CreatedMajor = c.VInt()
	c.Note("index created by Lucene %d", commit.CreatedMajor)
	c.Note("version %d", c.BE64())
	c.Note("name counter %d", c.VLong())
	count := int(c.BE32())
	c.Note("%d segments", count)
	c.Expect(count >= 0 && count <= c.Remaining(), "a number of segments that fits", count)
	if count > 0 {
		c.Note("oldest segment by Lucene %s", luceneVersion(c))
	}
	for i := 0; i < count && c.Err() == nil; i++ {
		commit.Segments = append(commit.Segments, parseSegmentCommit(c, header.Version))
	}
	commit.UserData = c.Map()
	c.Note("user data %v", commit.UserData)
	c.Footer()
	return commit, c.Err()
}

func luceneVersion(c *input.Cursor) string {
	major, minor, bugfix := c.VInt(), c.VInt(), c.VInt()
	return fmt.Sprintf("%d.%d.%d", major, minor, bugfix)
}

func parseSegmentCommit(c *input.Cursor, version int) *Segment {
	s := &Segment{Name: c.Str()}
	c.Note("segment %s", s.Name)
	copy(s.ID[:], c.Bytes(input.IDSize))
	c.Note("  id %x", s.ID)
	s.Codec = c.Str()
	c.Note("  codec %s", s.Codec)
	s.deletesGen = c.BE64()
	c.Note("  live documents generation %d", s.deletesGen)
	s.Deleted = int(c.BE32())
	c.Note("  %d deleted", s.Deleted)
	s.fieldsGen = c.BE64()
	c.Note("  field infos generation %d", s.fieldsGen)
	c.Note("  doc values generation %d", c.BE64())
	s.SoftDeleted = int(c.BE32())
	c.Note("  %d softly deleted", s.SoftDeleted)
	c.Expect(s.Deleted >= 0 && s.SoftDeleted >= 0, "counts of at least 0", min(s.Deleted, s.SoftDeleted))
	if version >= segmentsCommitID && c.U8() == 1 {
		c.Skip(input.IDSize)
		c.Note("  commit id")
	}
	c.Set()
	c.Note("  field infos files")
	for i, n := 0, int(c.BE32()); i < n && c.Err() == nil; i++ {
		c.Note("  doc values of field %d in %v", c.BE32(), c.Set())
	}
	c.Note("  end of segment %s", s.Name)
	return s
}

// MaxDocs is the highest number of documents that Lucene allows in one index.
const MaxDocs = math.MaxInt32 - 128
