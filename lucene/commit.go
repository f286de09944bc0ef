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

const commitPrefix = "segments_"

// Versions of segments_N, from org.apache.lucene.index.SegmentInfos.
const (
	segmentsOldest   = 9  // 7.4: soft deletes are counted
	segmentsCommitID = 10 // 8.6: an id per commit of a segment
)

// OpenCommit reads the directory's segments_N and the .si file of each segment it lists.
func OpenCommit(ctx context.Context, dir Directory) (*Commit, error) {
	commit, err := readCommit(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, segment := range commit.Segments {
		if err := segment.readInfo(ctx); err != nil {
			return nil, err
		}
	}
	return commit, nil
}

// readCommit reads segments_N alone.
func readCommit(ctx context.Context, dir Directory) (*Commit, error) {
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
		suffix, ok := strings.CutPrefix(name, commitPrefix)
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
	expectCodec(c, header, "segments")
	c.ExpectVersion(header, segmentsOldest, segmentsCommitID)
	c.ExpectSuffix(header, strings.TrimPrefix(name, commitPrefix))
	commit := &Commit{Name: name, UserData: map[string]string{}}
	commit.Lucene = luceneVersion(c)
	c.Note("written by Lucene %s", commit.Lucene)
	commit.CreatedMajor = c.VInt()
	c.Note("index created by Lucene %d", commit.CreatedMajor)
	c.Note("changed %d times", c.BE64())
	c.Note("next segment is number %d", c.VLong())
	count := int(c.BE32())
	c.Note("%d segments", count)
	c.Expect(count >= 0, "a number of segments", count)
	if count > 0 {
		c.Note("oldest segment by Lucene %s", luceneVersion(c))
	}
	names := map[string]bool{}
	for i := 0; i < count && c.Err() == nil; i++ {
		segment := parseSegmentCommit(c, header.Version)
		c.Expect(!names[segment.Name], "each segment once", segment.Name)
		names[segment.Name] = true
		commit.Segments = append(commit.Segments, segment)
	}
	for key, value := range c.Pairs("user data, %d entries") {
		commit.UserData[key] = value
		c.Note("  %s: %s", key, value)
	}
	c.Footer()
	return commit, c.Err()
}

func luceneVersion(c *input.Cursor) string {
	major, minor, bugfix := c.VInt(), c.VInt(), c.VInt()
	return fmt.Sprintf("%d.%d.%d", major, minor, bugfix)
}

func parseSegmentCommit(c *input.Cursor, version int) *Segment {
	s := &Segment{Name: c.Str()}
	_, err := strconv.ParseUint(strings.TrimPrefix(s.Name, "_"), 36, 64)
	c.Expect(err == nil && s.Name[0] == '_', "the name of a segment, _ and a number in base 36", strconv.Quote(s.Name))
	c.Note("segment %s", s.Name)
	copy(s.ID[:], c.Bytes(input.IDSize))
	c.Note("  id %x", s.ID)
	s.Codec = c.Str()
	c.Note("  codec %s", s.Codec)
	s.deletesGen = c.BE64()
	c.Expect(s.deletesGen >= noGeneration, "a generation of live documents", s.deletesGen)
	c.Note("  live documents: %s", generationNote(s.deletesGen))
	s.Deleted = int(c.BE32())
	c.Expect(s.Deleted == 0 || s.Deleted > 0 && s.deletesGen != noGeneration, "a number of deleted documents, 0 without live documents", s.Deleted)
	c.Note("  %d deleted", s.Deleted)
	s.fieldsGen = c.BE64()
	c.Expect(s.fieldsGen >= noGeneration, "a generation of field infos", s.fieldsGen)
	c.Note("  field infos: %s", generationNote(s.fieldsGen))
	c.Note("  doc values: %s", generationNote(c.BE64()))
	s.SoftDeleted = int(c.BE32())
	c.Expect(s.SoftDeleted >= 0, "a number of softly deleted documents", s.SoftDeleted)
	c.Note("  %d softly deleted", s.SoftDeleted)
	if version >= segmentsCommitID {
		skipCommitID(c)
	}
	c.Note("  field infos in files %q", c.Set())
	n := c.BE32()
	c.Expect(n >= 0, "a number of fields with newer doc values", n)
	c.Note("  %d fields with newer doc values", n)
	for ; n > 0 && c.Err() == nil; n-- {
		c.Note("  doc values of field %d in files %q", c.BE32(), c.Set())
	}
	return s
}

// noGeneration stands where a file was never replaced.
const noGeneration = -1

func generationNote(gen int64) string {
	if gen == noGeneration {
		return "no generation"
	}
	return "generation " + generation(gen)
}

// skipCommitID passes over the id that tells two commits of one segment apart.
func skipCommitID(c *input.Cursor) {
	marker := c.U8()
	c.Expect(marker <= 1, "0 or 1 for a commit id", marker)
	if marker == 0 {
		c.Note("  no commit id")
		return
	}
	c.Note("  commit id %x", c.Bytes(input.IDSize))
}

// MaxDocs is the highest number of documents that Lucene allows in one index.
const MaxDocs = math.MaxInt32 - 128
