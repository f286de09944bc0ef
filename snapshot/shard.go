package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"

	"migassist/internal/blob"
	"migassist/lucene/input"
)

// Shard is one shard of an index: the Lucene files of one commit, and the blobs that hold them.
type Shard struct {
	Number int
	Files  []ShardFile // in the order they were written

	index  *Index
	store  blob.Reader // where its blobs are, below folder
	folder string
	at     string // the blob with the file list
}

// ShardFile is one Lucene file of a shard.
type ShardFile struct {
	Name     string // as Lucene has it, "_0.cfs"
	Size     int64
	Blob     string // base name of its blob or blobs; none exists where Virtual
	Virtual  bool   // the content is in the file list itself
	Checksum string // base 36 of the CRC in the footer; empty where not recorded, or where Lucene before 4.8 wrote no footer
	PartSize int64  // bytes per blob; Size or more where there is one
	Written  string // Lucene version that wrote it, "8.7.0"

	content []byte // of a virtual file, and perhaps of other small ones
	adler   *adler // of a file without footer
}

// shardBlob is snap-UUID.dat of a shard. Source: BlobStoreIndexShardSnapshot of either product.
type shardBlob struct {
	Name  string      `json:"name"`
	Files []fileEntry `json:"files"`
}

type fileEntry struct {
	Name         string `json:"name"`
	PhysicalName string `json:"physical_name"`
	Length       *int64 `json:"length"`
	Checksum     string `json:"checksum"`
	PartSize     int64  `json:"part_size"`
	WrittenBy    string `json:"written_by"`
	MetaHash     []byte `json:"meta_hash"`
}

// virtualPrefix begins the name of a blob that does not exist: the file is its meta_hash.
const virtualPrefix = "v__"

// Shard reads the file list of shard n, from 0 to Shards-1, which the caller must not change (see
// [Snapshot.Index]). Errors: [ErrIncomplete] with the reason where the snapshot is PARTIAL and has no such
// shard, [ErrUnsupported], wrapped, one that wraps fs.ErrNotExist where a blob is missing, or a
// *[input.CorruptError].
func (x *Index) Shard(ctx context.Context, n int) (*Shard, error) {
	if n < 0 || n >= x.Shards {
		return nil, fmt.Errorf("index %q has shards 0 to %d, not %d", x.Name, x.Shards-1, n)
	}
	cache := &x.snapshot.cache
	if held, ok := cache.get(cacheKey{x.Name, n}); ok {
		return held.(*Shard), nil //nolint:forcetypeassert // nothing else is put under such a key
	}
	s := &Shard{Number: n, index: x}
	if err := s.load(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	cache.put(cacheKey{x.Name, n}, s, s.memory())
	return s, nil
}

// memory is about how many bytes the shard's file list takes.
func (s *Shard) memory() int64 {
	total := int64(256)
	for i := range s.Files {
		total += 256 + int64(len(s.Files[i].content))
	}
	return total
}

// String names the shard in messages.
func (s *Shard) String() string {
	return fmt.Sprintf("shard %d of index %q in snapshot %q", s.Number, s.index.Name, s.index.snapshot.Name)
}

// Size is the sum of the sizes of its files, in bytes.
func (s *Shard) Size() int64 {
	var total int64
	for _, f := range s.Files {
		total += f.Size
	}
	return total
}

func (s *Shard) load(ctx context.Context) (err error) {
	snapshot := s.index.snapshot
	if f, ok := snapshot.failure(s.index.Name, s.Number); ok {
		return fmt.Errorf("%w: the snapshot is %s and lacks this shard (%s)", ErrIncomplete, snapshot.State, f.Reason)
	}
	if s.store, s.folder, err = s.index.place(ctx, s.Number); err != nil {
		return err
	}
	s.at = s.folder + "/" + snapshot.layout.shardFilesName(snapshot.UUID)
	var b shardBlob
	err = snapshot.layout.read(ctx, s.store, s.at, codecSnapshot, &b)
	if errors.Is(err, fs.ErrNotExist) {
		return s.explainMissing(ctx, err)
	}
	if err != nil {
		return err
	}
	if b.Name != snapshot.Name {
		return &input.CorruptError{File: s.at, Want: fmt.Sprintf("the files of snapshot %q", snapshot.Name), Got: fmt.Sprintf("those of %q", b.Name)}
	}
	if b.Files == nil {
		return &input.CorruptError{File: s.at, Want: "the key files", Got: "JSON without"}
	}
	s.Files, err = shardFiles(s.at, b.Files)
	if snapshot.entry.UUID == snapshot.Name { // from before Elasticsearch 5
		for i := range s.Files {
			s.Files[i].withoutFooter()
		}
	}
	return err
}

// explainMissing says why there is no file list, as far as can be told.
func (s *Shard) explainMissing(ctx context.Context, missing error) error {
	snapshot := s.index.snapshot
	if snapshot.layout.shallow == "" {
		return missing
	}
	shallow := s.folder + "/" + snapshot.layout.shallowName(snapshot.UUID)
	if _, err := s.store.Stat(ctx, shallow); err == nil {
		return fmt.Errorf("%w: it is a shallow copy (%s), whose files are in a remote store; snapshot with remote_store_index_shallow_copy: false", ErrUnsupported, shallow)
	}
	return missing
}

// shardFiles checks the entries of a file list.
func shardFiles(at string, entries []fileEntry) ([]ShardFile, error) {
	files := make([]ShardFile, 0, len(entries))
	seen := map[string]bool{}
	for i, e := range entries {
		f, problem := shardFile(e)
		if problem == "" && seen[f.Name] {
			problem = "each physical_name once"
		}
		if problem != "" {
			return nil, &input.CorruptError{File: at, Want: fmt.Sprintf("%s for file number %d", problem, i), Got: fmt.Sprintf("name %q, physical_name %q, part_size %d", e.Name, e.PhysicalName, e.PartSize)}
		}
		seen[f.Name] = true
		files = append(files, f)
	}
	return files, nil
}

// shardFile turns one entry into a file, or says what it lacks.
func shardFile(e fileEntry) (f ShardFile, problem string) {
	f = ShardFile{
		Name: e.PhysicalName, Blob: e.Name, Virtual: strings.HasPrefix(e.Name, virtualPrefix),
		Checksum: e.Checksum, PartSize: e.PartSize, Written: e.WrittenBy,
	}
	switch {
	case e.Name == "" || strings.ContainsAny(e.Name, `/\`):
		return f, "a blob name"
	case e.PhysicalName == "" || strings.ContainsAny(e.PhysicalName, `/\`):
		return f, "a physical_name"
	case e.Length == nil || *e.Length < 0:
		return f, "a length"
	case f.Virtual && int64(len(e.MetaHash)) != *e.Length:
		return f, fmt.Sprintf("meta_hash with all %d bytes", *e.Length)
	}
	f.Size = *e.Length
	if int64(len(e.MetaHash)) == f.Size {
		f.content = e.MetaHash
	}
	if f.PartSize <= 0 {
		f.PartSize = math.MaxInt64
	}
	return f, ""
}

// parts is the number of blobs that hold the file: at least one, for an empty file has an empty blob.
func (f *ShardFile) parts() int64 {
	if f.Size <= f.PartSize {
		return 1
	}
	return (f.Size-1)/f.PartSize + 1
}

// part names blob number i and says how many bytes of the file it holds.
func (f *ShardFile) part(i int64) (name string, size int64) {
	if f.parts() == 1 {
		return f.Blob, f.Size
	}
	return fmt.Sprintf("%s.part%d", f.Blob, i), min(f.PartSize, f.Size-i*f.PartSize)
}
