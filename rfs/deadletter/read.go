package deadletter

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"slices"
	"strings"

	"migassist/internal/blob"
)

// lines yields the lines of a part, with its name in errors. A last line that was not finished is left out: whoever goes on with a killed
// worker's work writes it again.
func (p *Store) lines(ctx context.Context, name string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		in, done, err := p.open(ctx, name)
		if err != nil {
			yield(nil, err)
			return
		}
		defer done()
		r := bufio.NewReaderSize(in, 256<<10)
		for {
			line, err := r.ReadBytes('\n')
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(nil, fmt.Errorf("read the dead letters in %s: %w", name, err))
				return
			case len(bytes.TrimSpace(line)) > 0 && !yield(line, nil):
				return
			}
		}
	}
}

// open returns the lines of a part, whether it is compressed or not.
func (p *Store) open(ctx context.Context, name string) (in io.Reader, done func(), err error) {
	done = func() {}
	if name == p.file {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, fmt.Errorf("the dead letters: %w", err)
		}
		in, done = f, func() { _ = f.Close() }
	} else {
		entry, err := p.reader.Stat(ctx, name)
		if err != nil {
			return nil, nil, fmt.Errorf("the dead letters: %w", err)
		}
		in = io.NewSectionReader(blobAt{ctx, p.reader, name}, 0, entry.Size)
	}
	begin := bufio.NewReader(in)
	if head, _ := begin.Peek(2); !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return begin, done, nil
	}
	zip, err := gzip.NewReader(begin)
	if err != nil {
		done()
		return nil, nil, fmt.Errorf("read the dead letters in %s: %w", name, err)
	}
	return zip, done, nil
}

// blobAt is a blob as an [io.ReaderAt].
type blobAt struct {
	ctx    context.Context //nolint:containedctx // io.ReaderAt has no room for one
	reader blob.Reader
	name   string
}

func (b blobAt) ReadAt(buf []byte, off int64) (int, error) {
	return b.reader.ReadAt(b.ctx, b.name, buf, off)
}

// parts returns the names of what holds letters, and of what holds marks, of a session, or of all.
func (p *Store) parts(ctx context.Context, session string) (letters, marks []string, err error) {
	if p.file != "" {
		if _, err := os.Stat(p.file); err == nil {
			letters = append(letters, p.file)
		}
	}
	if err := p.look(ctx); err != nil || p.reader == nil {
		return letters, nil, err
	}
	sessions, err := p.folders(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	n := 0
	for _, name := range sessions {
		if !strings.HasPrefix(path.Base(name), "session=") || session != "" && path.Base(name) != "session="+session {
			continue
		}
		more, err := p.below(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		for _, name := range more {
			if strings.HasPrefix(path.Base(path.Dir(name)), "redriven") {
				marks = append(marks, name)
			} else {
				letters, n = append(letters, name), n+1
			}
		}
	}
	// Of several letters of a key the latest counts, whoever wrote it; those in the one file are older than those beside it.
	slices.SortStableFunc(letters[len(letters)-n:], func(a, b string) int { return cmp.Compare(path.Base(a), path.Base(b)) })
	return letters, marks, nil
}

// Sessions names those that have letters or marks.
func (p *Store) Sessions(ctx context.Context) ([]string, error) {
	if err := p.look(ctx); err != nil || p.reader == nil {
		return nil, err
	}
	folders, err := p.folders(ctx, "")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, folder := range folders {
		if name, ok := strings.CutPrefix(path.Base(folder), "session="); ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// folders returns the folders directly in one, with their whole names.
func (p *Store) folders(ctx context.Context, dir string) ([]string, error) {
	lister, ok := p.reader.(blob.FolderLister)
	if !ok {
		return nil, fmt.Errorf("the dead letters: %s can't tell its folders", p.place)
	}
	names, err := lister.Folders(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("the dead letters: %w", err)
	}
	for i, name := range names {
		names[i] = path.Join(dir, path.Base(name))
	}
	return names, nil
}

// below returns the parts in a folder and all those in it. Those that were not finished, and what else lies there, are left out.
func (p *Store) below(ctx context.Context, dir string) ([]string, error) {
	entries, err := p.reader.List(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("the dead letters: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name, ".ndjson.gz") && !strings.HasPrefix(path.Base(e.Name), ".") {
			names = append(names, e.Name)
		}
	}
	folders, err := p.folders(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		more, err := p.below(ctx, folder)
		if err != nil {
			return nil, err
		}
		names = append(names, more...)
	}
	slices.Sort(names)
	return names, nil
}

// records yields the records of parts, in order.
func (p *Store) records(ctx context.Context, parts []string) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for _, name := range parts {
			n := 0
			for line, err := range p.lines(ctx, name) {
				n++
				var r Record
				if err == nil {
					err = r.read(line)
				}
				if err != nil {
					yield(nil, fmt.Errorf("line %d of %s: %w", n, name, err))
					return
				}
				if !yield(&r, nil) {
					return
				}
			}
		}
	}
}

func (r *Record) read(line []byte) error {
	if err := json.Unmarshal(line, r); err != nil {
		return fmt.Errorf("it is no dead letter: %w", err)
	}
	if r.Format != Format {
		return fmt.Errorf("it has format %d, and this version reads %d: use the version of migassist that wrote it, or a newer one", r.Format, Format)
	}
	return nil
}
