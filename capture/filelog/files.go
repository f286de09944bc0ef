package filelog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Files is the file layer that a log writes through. The zero value of [Options] uses that of the system.
type Files interface {
	// OpenFile opens a file as os.OpenFile does.
	OpenFile(name string, flag int, mode os.FileMode) (File, error)
	// SyncFolder makes what was created and removed in a folder durable.
	SyncFolder(name string) error
}

// File is an open file of [Files].
type File interface {
	io.WriterAt
	io.ReaderAt
	Truncate(size int64) error
	// Sync makes what was written durable, as far as it is needed to read it again.
	Sync() error
	Close() error
}

// system is the file layer of the operating system.
type system struct{}

// OpenFile opens a file.
func (system) OpenFile(name string, flag int, mode os.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	return dataSynced{f}, nil
}

// SyncFolder syncs a folder.
func (system) SyncFolder(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// segments lists the segments of a node's folder by the numbers of their first records, in order.
func segments(folder string) ([]int64, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var firsts []int64
	for _, entry := range entries {
		stem, isOne := strings.CutSuffix(entry.Name(), extension)
		if !isOne || len(stem) != digits {
			continue
		}
		first, err := strconv.ParseInt(stem, 10, 64)
		if err != nil {
			continue // not one of ours
		}
		firsts = append(firsts, first)
	}
	slices.Sort(firsts)
	return firsts, nil
}

func segmentName(folder string, first int64) string {
	return filepath.Join(folder, fmt.Sprintf("%0*d%s", digits, first, extension))
}

// Segments lists the files of a node's segments, in order. While another process writes there, the error wraps [ErrLocked].
func Segments(root, node string) ([]string, error) {
	folder := filepath.Join(root, node)
	lock, err := os.OpenFile(filepath.Join(folder, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Close() }()
	held, err := tryLock(lock)
	if err != nil {
		return nil, err
	}
	if held {
		return nil, ErrLocked
	}
	firsts, err := segments(folder)
	names := make([]string, len(firsts))
	for i, first := range firsts {
		names[i] = segmentName(folder, first)
	}
	return names, err
}
