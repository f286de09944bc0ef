package filelog_test

import (
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"migassist/capture"
	"migassist/capture/capturetest"
	"migassist/capture/filelog"
)

// filling is a disk that takes nothing, or half of what it is given, while it is full.
type filling struct{ full *atomic.Bool }

type fillingFile struct {
	*os.File
	full *atomic.Bool
}

func (f filling) OpenFile(name string, flag int, mode os.FileMode) (filelog.File, error) {
	file, err := os.OpenFile(name, flag, mode)
	return fillingFile{file, f.full}, err
}

func (filling) SyncFolder(string) error { return nil }

func (f fillingFile) WriteAt(p []byte, at int64) (int, error) {
	if !f.full.Load() {
		return f.File.WriteAt(p, at)
	}
	n, _ := f.File.WriteAt(p[:len(p)/2], at)
	return n, errors.New("no space left on device")
}

func TestContract(t *testing.T) {
	capturetest.Run(t, func(t *testing.T) capturetest.Log {
		root := t.TempDir()
		var full atomic.Bool
		return capturetest.Log{
			Appender: func(t *testing.T) capture.Appender {
				l, err := filelog.Open(root, "node", filelog.Options{SegmentBytes: 256 << 10, Files: filling{&full}})
				if err != nil {
					t.Fatal(err)
				}
				return l
			},
			Source: func(t *testing.T, follow bool) capture.Source {
				r, err := filelog.Read(root, filelog.Reading{Follow: follow})
				if err != nil {
					t.Fatal(err)
				}
				return r
			},
			Break: func(*testing.T) {
				full.Store(true)
				<-time.After(20 * time.Millisecond)
				full.Store(false)
			},
		}
	})
}
