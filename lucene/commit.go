package lucene

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"migassist/lucene/input"
)

// Directory is the files of one index: a shard of a snapshot, a folder. One that also has a method Far() bool says with
// it that each read is a request over the network; its segments have [VerifyRead] then.
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

const (
	commitPrefix = "segments_"
	commitCodec  = "segments"
)

// Versions of segments_N, from org.apache.lucene.index.SegmentInfos of each Lucene.
const (
	segments46         = 1  // generations of field infos and doc values
	segments49         = 3  // two generations, files by the number of a field
	segmentsID         = 4  // 5.0: ids
	segmentsShort      = 5  // 5.1: counts are VInts
	segmentsLucene     = 6  // 5.3: the versions that wrote
	segmentsCreated    = 7  // 7.0: the Lucene that created the index
	segmentsLong       = 8  // 7.2: the counter is a VLong
	segmentsSoft       = 9  // 7.4: soft deletes are counted
	segmentsCommitID   = 10 // 8.6: an id per commit of a segment
	newestCommitFormat = segmentsCommitID
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
	far, ok := dir.(interface{ Far() bool })
	for _, segment := range commit.Segments {
		segment.dir = dir
		if ok && far.Far() {
			segment.Verification = VerifyRead
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
	return readSound(file)
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
	if err := refuseLucene3(c, name); err != nil {
		return nil, err
	}
	header := commitHeader(c, name)
	version := header.Version
	c.SetWideCounts(version < segmentsShort)
	commit := &Commit{Name: name, UserData: map[string]string{}}
	parseCommitVersions(c, commit, version)
	c.Note("changed %d times", c.BE64())
	if version >= segmentsLong {
		c.Note("next segment is number %d", c.VLong())
	} else {
		c.Note("next segment is number %d", c.BE32())
	}
	count := int(c.BE32())
	c.Note("%d segments", count)
	c.Expect(count >= 0, "a number of segments", count)
	if version >= segmentsLucene && count > 0 {
		c.Note("oldest segment by Lucene %s", luceneVersion(c))
	}
	names := map[string]bool{}
	for i := 0; i < count && c.Err() == nil; i++ {
		segment := parseSegmentCommit(c, version)
		c.Expect(!names[segment.Name], "each segment once", segment.Name)
		names[segment.Name] = true
		commit.Segments = append(commit.Segments, segment)
	}
	for key, value := range c.Pairs("user data, %d entries") {
		commit.UserData[key] = value
		c.Note("  %s: %s", key, value)
	}
	if !hasFooter(header) {
		c.Note("CRC32 %08x", c.BE64())
	}
	finish(c, header)
	return commit, c.Err()
}

// Before codecs, segments_N began with the number of a format, from -1 down to -11 in Lucene 3.
const newestOldFormat, oldestOldFormat = -1, -11

func refuseLucene3(c *input.Cursor, name string) error {
	format := c.BE32()
	c.Seek(0)
	if c.Err() == nil && format >= oldestOldFormat && format <= newestOldFormat {
		return &UnsupportedError{File: name, Codec: fmt.Sprintf("%d of Lucene 3 or older", format), Known: []string{"Lucene 4 and later"}}
	}
	return nil
}

func commitHeader(c *input.Cursor, name string) input.Header {
	at := c.Pos()
	header := input.NewCursor(name, c.Bytes(c.Remaining()), 0).Header()
	c.Seek(at)
	if header.Version >= segmentsID {
		header = c.IndexHeader()
		c.ExpectSuffix(header, strings.TrimPrefix(name, commitPrefix))
	} else {
		header = c.Header()
	}
	expectCodec(c, header, commitCodec)
	c.ExpectVersion(header, 0, newestCommitFormat)
	return header
}

func parseCommitVersions(c *input.Cursor, commit *Commit, version int) {
	if version >= segmentsLucene {
		commit.Lucene = luceneVersion(c)
		c.Note("written by Lucene %s", commit.Lucene)
	}
	if version >= segmentsCreated {
		commit.CreatedMajor = c.VInt()
		c.Note("index created by Lucene %d", commit.CreatedMajor)
	}
}

func luceneVersion(c *input.Cursor) string {
	major, minor, bugfix := c.VInt(), c.VInt(), c.VInt()
	return fmt.Sprintf("%d.%d.%d", major, minor, bugfix)
}

func parseSegmentCommit(c *input.Cursor, version int) *Segment {
	s := &Segment{Name: c.Str(), fieldsGen: noGeneration}
	_, err := strconv.ParseUint(strings.TrimPrefix(s.Name, "_"), 36, 64)
	c.Expect(err == nil && s.Name[0] == '_', "the name of a segment, _ and a number in base 36", strconv.Quote(s.Name))
	c.Note("segment %s", s.Name)
	s.parseID(c, version)
	s.Codec = c.Str()
	c.Note("  codec %s", s.Codec)
	s.deletesGen = c.BE64()
	c.Expect(s.deletesGen >= noGeneration, "a generation of live documents", s.deletesGen)
	c.Note("  live documents: %s", generationNote(s.deletesGen))
	s.Deleted = int(c.BE32())
	c.Expect(s.Deleted == 0 || s.Deleted > 0 && s.deletesGen != noGeneration, "a number of deleted documents, 0 without live documents", s.Deleted)
	c.Note("  %d deleted", s.Deleted)
	s.parseGenerations(c, version)
	if version >= segmentsSoft {
		s.SoftDeleted = int(c.BE32())
		c.Expect(s.SoftDeleted >= 0, "a number of softly deleted documents", s.SoftDeleted)
		c.Note("  %d softly deleted", s.SoftDeleted)
	}
	if version >= segmentsCommitID {
		skipCommitID(c)
	}
	if version >= segments46 {
		skipUpdateFiles(c, version)
	}
	return s
}

// parseID reads the segment's id; those of Lucene 4 have none.
func (s *Segment) parseID(c *input.Cursor, version int) {
	if s.plain = version < segmentsID; s.plain {
		return
	}
	if version < segmentsCreated {
		known := c.U8()
		c.Expect(known <= 1, "0 or 1 for an id", known)
		c.Note("  id: %v", known == 1)
		if s.plain = known == 0; s.plain {
			return
		}
	}
	copy(s.ID[:], c.Bytes(input.IDSize))
	c.Note("  id %x", s.ID)
}

// parseGenerations reads which field infos and doc values are the newest; versions 1 and 2 have one number for both.
func (s *Segment) parseGenerations(c *input.Cursor, version int) {
	if version < segments46 {
		return
	}
	s.fieldsGen = c.BE64()
	c.Expect(s.fieldsGen >= noGeneration, "a generation of field infos", s.fieldsGen)
	c.Note("  field infos: %s", generationNote(s.fieldsGen))
	if version >= segments49 {
		c.Note("  doc values: %s", generationNote(c.BE64()))
	}
}

// skipUpdateFiles passes over the names of the files that updates of doc values wrote.
func skipUpdateFiles(c *input.Cursor, version int) {
	if version >= segments49 {
		c.Note("  field infos in files %q", c.Set())
	}
	n := c.BE32()
	c.Expect(n >= 0, "a number of fields with newer doc values", n)
	c.Note("  %d fields with newer doc values", n)
	for ; n > 0 && c.Err() == nil; n-- {
		if version >= segments49 {
			c.Note("  doc values of field %d in files %q", c.BE32(), c.Set())
		} else {
			c.Note("  generation %d in files %q", c.BE64(), c.Set())
		}
	}
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
