package archive

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"migassist/capture"
)

// maxFile bounds a file of one TrafficStream.
const maxFile = 64 << 20

// Files reads a folder of .protocap files, connection by connection. It is a [capture.Source].
type Files struct {
	folder fs.FS
	name   string
	left   []file
}

var _ capture.Source = (*Files)(nil)

// file is one of <connection>_<n>.protocap.
type file struct {
	name, connection string
	number           int
}

const extension = ".protocap"

// NewFiles lists the .protocap files of a folder; other files are no part of it. name is that of the folder in positions.
func NewFiles(name string, folder fs.FS) (*Files, error) {
	f := &Files{folder: folder, name: name}
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", name, err)
	}
	for _, entry := range entries {
		stem, isOne := strings.CutSuffix(entry.Name(), extension)
		if !isOne {
			continue
		}
		at := strings.LastIndexByte(stem, '_')
		number, err := strconv.Atoi(stem[at+1:])
		if at < 0 || err != nil {
			return nil, fmt.Errorf("%s in %s is not named <connection>_<n>%s", entry.Name(), name, extension)
		}
		f.left = append(f.left, file{entry.Name(), stem[:at], number})
	}
	slices.SortFunc(f.left, func(a, b file) int {
		return cmp.Or(strings.Compare(a.connection, b.connection), cmp.Compare(a.number, b.number))
	})
	return f, nil
}

// Next returns the stream of the next file.
func (f *Files) Next(ctx context.Context) (capture.Entry, error) {
	if err := ctx.Err(); err != nil {
		return capture.Entry{}, err
	}
	if len(f.left) == 0 {
		return capture.Entry{}, io.EOF
	}
	next := f.left[0]
	f.left = f.left[1:]
	e := capture.Entry{Record: capture.Record{Key: []byte(next.connection)}, Position: capture.Position{Part: f.name + "/" + next.connection, Offset: int64(next.number)}}
	opened, err := f.folder.Open(next.name)
	if err != nil {
		return e, fmt.Errorf("read %s of %s: %w", next.name, f.name, err)
	}
	defer func() { _ = opened.Close() }()
	if e.Value, err = io.ReadAll(io.LimitReader(opened, maxFile+1)); err != nil {
		return e, fmt.Errorf("read %s of %s: %w", next.name, f.name, err)
	}
	if len(e.Value) > maxFile {
		return e, fmt.Errorf("%s of %s: %w: more than %d bytes", next.name, f.name, capture.ErrDamaged, maxFile)
	}
	return e, nil
}

// Close has nothing to give up.
func (f *Files) Close() error { return nil }
