package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"

	"migassist/internal/blob"
	"migassist/lucene/input"
)

// Directory is a shard as Lucene sees it: files by name.
type Directory struct {
	shard *Shard
	files map[string]*ShardFile
}

// Directory returns the files of the shard.
func (s *Shard) Directory() *Directory {
	d := &Directory{shard: s, files: make(map[string]*ShardFile, len(s.Files))}
	for i := range s.Files {
		d.files[s.Files[i].Name] = &s.Files[i]
	}
	return d
}

// Names returns the names of all files, sorted.
func (d *Directory) Names() []string { return sortedKeys(d.files) }

// Far tells that each read is a request over the network, see [blob.IsFar].
func (d *Directory) Far() bool { return blob.IsFar(d.shard.store) }

// Open opens the file called name for reading by offset, under ctx until it is closed. Its length is compared with the
// blobs', and the checksum that the snapshot recorded with the one in the file's footer; the bytes
// between are for the reader to verify, except that small files kept in the file list are verified here.
// Errors: one that wraps fs.ErrNotExist where a file or blob is missing, or a *[input.CorruptError]. In a far
// store nothing is asked here: the same errors come from reading.
func (d *Directory) Open(ctx context.Context, name string) (input.File, error) {
	entry, ok := d.files[name]
	if !ok {
		return nil, fmt.Errorf("open file %s: %w in %s; it has %v", name, fs.ErrNotExist, d.shard, d.Names())
	}
	f, err := d.open(ctx, entry)
	if err != nil {
		return nil, fmt.Errorf("open file %s of %s: %w", name, d.shard, err)
	}
	return f, nil
}

func (d *Directory) open(ctx context.Context, entry *ShardFile) (input.File, error) {
	if entry.Virtual {
		return d.openVirtual(entry)
	}
	if f := openCopy(entry); f != nil {
		return f, nil
	}
	f, err := d.openBlobs(ctx, entry)
	if err == nil && entry.adler != nil {
		err = entry.adler.prove(ctx, f)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// openBlobs serves a file out of its blobs. It returns the file besides an error where it is to be closed.
func (d *Directory) openBlobs(ctx context.Context, entry *ShardFile) (*file, error) {
	store := d.shard.store
	f := &file{ctx: ctx, entry: entry, store: store, path: d.blobPath, handles: map[int64]blob.Handle{}, lazy: blob.IsFar(store)}
	if f.lazy {
		_, err := recorded(entry)
		return f, err
	}
	if err := f.compareLengths(ctx); err != nil {
		return f, err
	}
	return f, compareChecksum(f, entry)
}

// openVirtual serves a file out of the file list.
func (d *Directory) openVirtual(entry *ShardFile) (input.File, error) {
	f := input.NewBytes(entry.Name, slices.Clip(entry.content))
	if entry.Checksum == "" {
		return f, nil
	}
	if err := input.CheckCRC(entry.Name+" (meta_hash in "+d.shard.at+")", entry.content); err != nil {
		return nil, err
	}
	return f, compareChecksum(f, entry)
}

// openCopy serves a file that has a blob out of the file list, where that holds all of it and the recorded
// checksum proves it: before Elasticsearch 7.10, segments_N and .si. It spares far stores a request per
// segment. It is nil where the blob must be read.
func openCopy(entry *ShardFile) input.File {
	if entry.content == nil || entry.Checksum == "" || input.CheckCRC(entry.Name, entry.content) != nil {
		return nil
	}
	f := input.NewBytes(entry.Name, slices.Clip(entry.content))
	if compareChecksum(f, entry) != nil {
		return nil
	}
	return f
}

// blobPath is where a data blob of the shard lies.
func (d *Directory) blobPath(name string) string { return d.shard.folder + "/" + name }

// compareChecksum compares the footer of f with what the snapshot recorded.
func compareChecksum(f input.File, entry *ShardFile) error {
	if entry.Checksum == "" {
		return nil
	}
	if _, err := recorded(entry); err != nil {
		return err
	}
	footer := make([]byte, input.FooterSize)
	if err := input.ReadFull(f, footer, entry.Size-input.FooterSize); err != nil {
		return err
	}
	return compareFooter(entry, footer)
}

// recorded is the checksum that the snapshot recorded; 0 where it did not.
func recorded(entry *ShardFile) (uint32, error) {
	if entry.Checksum == "" {
		return 0, nil
	}
	want, err := strconv.ParseUint(entry.Checksum, 36, 64)
	if err != nil || want > math.MaxUint32 {
		return 0, &input.CorruptError{File: entry.Name, Offset: 0, Want: "a recorded checksum in base 36", Got: fmt.Sprintf("%q", entry.Checksum)}
	}
	if entry.Size < input.FooterSize {
		return 0, &input.CorruptError{File: entry.Name, Offset: entry.Size, Want: "a footer of 16 bytes", Got: fmt.Sprintf("a file of %d", entry.Size)}
	}
	return uint32(want), nil
}

// compareFooter compares the last bytes of a file with what the snapshot recorded.
func compareFooter(entry *ShardFile, footer []byte) error {
	want, err := recorded(entry)
	if err != nil || entry.Checksum == "" {
		return err
	}
	got, err := input.FooterChecksum(entry.Name, footer, entry.Size-input.FooterSize)
	if err != nil {
		return err
	}
	if got != want {
		return &input.CorruptError{File: entry.Name, Offset: entry.Size - 8, Want: fmt.Sprintf("CRC32 %08x as the snapshot recorded", want), Got: fmt.Sprintf("%08x in its footer", got)}
	}
	return nil
}
