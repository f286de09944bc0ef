package filelog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"migassist/capture"
)

// Options are the choices about a log. The zero value keeps everything, in segments of [DefaultSegment] bytes.
type Options struct {
	SegmentBytes int64         // after which a new segment begins
	RetainBytes  int64         // closed segments are removed, oldest first, while there are more bytes than this; 0 keeps all
	RetainAge    time.Duration // closed segments are removed when they are older; 0 keeps all
	Closed       func(segment string)
	Files        Files            // nil is the system's
	Now          func() time.Time // nil is time.Now
}

// mostKept is the memory that is kept between two appends.
const mostKept = 1 << 20

// DefaultSegment is large enough that few files are begun, and small enough to be shipped or removed as a whole.
const DefaultSegment = 16 << 20

// ErrLocked says that another process writes there.
var ErrLocked = errors.New("another process writes there")

// Log appends to a node's folder. It is a [capture.Appender].
type Log struct {
	folder  string
	options Options
	lock    *os.File

	segment  File
	first    int64 // number of the segment's first record
	size     int64 // bytes of the segment that are good
	next     int64 // number of the next record
	opened   time.Time
	buf      []byte
	unsynced bool
	broken   bool // what lies behind size could not be cut off
	cut      int64
	removed  int64

	retainError error
}

var _ capture.Appender = (*Log)(nil)

var nodeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// Open makes the node's folder below root, locks it, cuts off a torn tail, and is ready to append. An error wraps [ErrLocked] where
// another process has the folder.
func Open(root, node string, o Options) (*Log, error) {
	if !nodeName.MatchString(node) {
		return nil, fmt.Errorf("open the capture log at %s: %q can't be the name of a folder; want letters, digits, dot, _ and -", root, node)
	}
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = DefaultSegment
	}
	if o.Files == nil {
		o.Files = system{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Log{folder: filepath.Join(root, node), options: o}
	if err := l.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the capture log at %s: %w", l.folder, err), l.Close())
	}
	return l, nil
}

func (l *Log) open() error {
	if err := os.MkdirAll(l.folder, 0o700); err != nil {
		return err
	}
	var err error
	if l.lock, err = os.OpenFile(filepath.Join(l.folder, lockFile), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	held, err := tryLock(l.lock)
	if err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	if held {
		return ErrLocked
	}
	firsts, err := segments(l.folder)
	if err != nil {
		return err
	}
	if len(firsts) == 0 {
		return l.begin(0)
	}
	return l.resume(firsts[len(firsts)-1])
}

// begin starts a segment.
func (l *Log) begin(first int64) error {
	f, err := l.options.Files.OpenFile(segmentName(l.folder, first), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.WriteAt([]byte(magic), 0); err == nil {
		err = errors.Join(f.Sync(), l.options.Files.SyncFolder(l.folder))
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	l.segment, l.first, l.next, l.size, l.opened, l.broken = f, first, first, int64(len(magic)), l.options.Now(), false
	return nil
}

// resume goes on with the last segment, behind its last good frame.
func (l *Log) resume(first int64) error {
	name := segmentName(l.folder, first)
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if len(content) < len(magic) { // it was being begun
		return l.begin(first)
	}
	if err := checkMagic(name, content); err != nil {
		return err
	}
	good, records := walk(content)
	if !torn(content[good:]) { // what was acknowledged may lie behind the damage: readers tell of it
		return l.begin(first + records + int64(len(content))) // a number that no record of it can have
	}
	if l.segment, err = l.options.Files.OpenFile(name, os.O_RDWR, 0o600); err != nil {
		return err
	}
	l.first, l.next, l.size, l.opened = first, first+records, good, l.options.Now()
	l.cut = int64(len(content)) - good
	if l.cut == 0 {
		return nil
	}
	if err := l.segment.Truncate(good); err != nil {
		return fmt.Errorf("cut off the torn tail of %s: %w", name, err)
	}
	return l.segment.Sync()
}

func checkMagic(name string, content []byte) error {
	switch head := string(content[:len(magic)]); {
	case head == magic:
		return nil
	case head[:7] == magic[:7]:
		return fmt.Errorf("%s is of format %d, this version reads up to %d", name, head[7], magic[7])
	default:
		return fmt.Errorf("%s is no segment of a capture log", name)
	}
}

// walk gives the bytes up to the first frame that is not good, and how many frames that are.
func walk(content []byte) (good, records int64) {
	at := len(magic)
	for {
		_, _, size, err := frame(content[at:])
		if err != nil || size == 0 {
			return int64(at), records
		}
		at += size
		records++
	}
}

// Append writes the records in one piece. Where that fails, what was written of them is cut off again.
func (l *Log) Append(ctx context.Context, records []capture.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := l.options.Now()
	l.buf = l.buf[:0]
	for _, r := range records {
		if err := tooLong(r); err != nil {
			return fmt.Errorf("append to %s: %w", l.folder, err)
		}
		l.buf = appendFrame(l.buf, now, r)
	}
	if err := l.roll(now); err != nil {
		return fmt.Errorf("begin a segment in %s: %w", l.folder, err)
	}
	if _, err := l.segment.WriteAt(l.buf, l.size); err != nil {
		l.broken = true // a reader may have seen some of it, and stands behind the new end
		err = errors.Join(err, l.segment.Truncate(l.size))
		return fmt.Errorf("append to %s: %w", l.folder, err)
	}
	l.size += int64(len(l.buf))
	l.next += int64(len(records))
	l.unsynced = true
	if cap(l.buf) > mostKept {
		l.buf = nil
	}
	return nil
}

// roll begins a new segment where the last one is full or broken.
func (l *Log) roll(now time.Time) error {
	full := l.size > int64(len(magic)) && l.size+int64(len(l.buf)) > l.options.SegmentBytes
	if l.segment != nil && !full && !l.broken {
		return nil
	}
	if l.segment != nil {
		if l.broken && l.next == l.first {
			l.next++ // the name is used up
		}
		if err := l.closeSegment(); err != nil {
			return err
		}
	}
	if err := l.begin(l.next); err != nil {
		return err
	}
	l.retainError = l.retain(now)
	return nil
}

func (l *Log) closeSegment() error {
	if !l.broken {
		if err := l.segment.Sync(); err != nil {
			l.broken = true
			return err
		}
	}
	err := l.segment.Close()
	l.segment, l.unsynced = nil, false
	if err == nil && l.options.Closed != nil {
		l.options.Closed(segmentName(l.folder, l.first))
	}
	return err
}

// retain removes closed segments that are too old or too many.
func (l *Log) retain(now time.Time) error {
	if l.options.RetainBytes <= 0 && l.options.RetainAge <= 0 {
		return nil
	}
	firsts, err := segments(l.folder)
	if err != nil {
		return err
	}
	infos := make([]fs.FileInfo, len(firsts))
	var total int64
	for i, first := range firsts {
		if infos[i], err = os.Stat(segmentName(l.folder, first)); err != nil {
			return err
		}
		total += infos[i].Size()
	}
	for i, info := range infos[:len(infos)-1] {
		old := l.options.RetainAge > 0 && now.Sub(info.ModTime()) > l.options.RetainAge
		if !old && (l.options.RetainBytes <= 0 || total <= l.options.RetainBytes) {
			return nil
		}
		if err := os.Remove(segmentName(l.folder, firsts[i])); err != nil {
			return err
		}
		l.removed++
		total -= info.Size()
	}
	return nil
}

// Sync makes all that was appended durable. After an error it is not known what is, and the segment is not written to again.
func (l *Log) Sync(context.Context) error {
	if !l.unsynced || l.segment == nil {
		return nil
	}
	if err := l.segment.Sync(); err != nil {
		l.broken = true // the system may have forgotten what it could not write, and would not say so again
		return fmt.Errorf("sync %s: %w", l.folder, err)
	}
	l.unsynced = false
	return nil
}

// Trim removes closed segments all of whose records have lower numbers.
func (l *Log) Trim(before int64) error {
	firsts, err := segments(l.folder)
	if err != nil {
		return err
	}
	for i := 0; i+1 < len(firsts) && firsts[i+1] <= before; i++ {
		if err := os.Remove(segmentName(l.folder, firsts[i])); err != nil {
			return err
		}
	}
	return nil
}

// Next is the number that the next record gets; the first ever has 0.
func (l *Log) Next() int64 { return l.next }

// Cut are the bytes of a torn tail that Open cut off.
func (l *Log) Cut() int64 { return l.cut }

// RetainError is why the last attempt to remove old segments failed; nil where it did not.
func (l *Log) RetainError() error { return l.retainError }

// Removed are the segments that were removed for their age or number.
func (l *Log) Removed() int64 { return l.removed }

// Segment is the file that is written.
func (l *Log) Segment() string { return segmentName(l.folder, l.first) }

// Folder is where the segments are.
func (l *Log) Folder() string { return l.folder }

// Close closes the segment and gives up the lock.
func (l *Log) Close() error {
	var err error
	if l.segment != nil {
		err = l.segment.Close()
		l.segment = nil
	}
	if l.lock != nil {
		err = errors.Join(err, l.lock.Close())
		l.lock = nil
	}
	return err
}
