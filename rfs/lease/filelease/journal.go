package filelease

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"migassist/rfs/lease"
)

const (
	format  = 2 // 1 was the JSON file of one worker
	magic   = "migassist-lease "
	maxLine = maxBody + 8<<10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// entry is where the record of a key lies.
type entry struct {
	key     string
	number  uint64
	open    bool
	cleared bool  // not a record
	synced  int64 // bytes that were known to be on the disk when it was written
	body    int64 // offset in the file
	length  int   // of the body
	line    int   // bytes of the whole line
}

// index is what a process knows of the file.
type index struct {
	identity string
	byKey    map[string]*entry
	keys     []*entry // sorted up to inOrder
	inOrder  bool
	last     uint64 // number
	end      int64  // behind the last line that was read
	live     int64  // bytes of the lines that still count
	synced   int64  // bytes known to be on the disk
}

func (x *index) sorted() []*entry {
	if !x.inOrder {
		slices.SortFunc(x.keys, func(a, b *entry) int { return strings.Compare(a.key, b.key) })
		x.inOrder = true
	}
	return x.keys
}

// add takes a line that follows the others.
func (x *index) add(e entry) {
	x.last, x.synced = e.number, max(x.synced, e.synced)
	if e.cleared {
		x.byKey, x.keys, x.live = map[string]*entry{}, nil, 0
		return
	}
	x.live += int64(e.line)
	if old := x.byKey[e.key]; old != nil {
		x.live -= int64(old.line)
		*old = e
		return
	}
	x.byKey[e.key] = &e
	x.inOrder = x.inOrder && (len(x.keys) == 0 || x.keys[len(x.keys)-1].key < e.key)
	x.keys = append(x.keys, &e)
}

func (s *Store) version(e *entry) string {
	return s.index.identity[:8] + "." + strconv.FormatUint(e.number, 10)
}

func (s *Store) record(e *entry) (lease.Record, error) {
	body := make([]byte, e.length)
	if _, err := s.file.ReadAt(body, e.body); err != nil {
		return lease.Record{}, fmt.Errorf("read %s at byte %d: %w", e.key, e.body, err)
	}
	return lease.Record{Key: e.key, Version: s.version(e), Open: e.open, Body: body}, nil
}

// write makes a line of a record.
func (e entry) write(body []byte) []byte {
	mark := "c"
	switch {
	case e.cleared:
		mark = "x"
	case e.open:
		mark = "o"
	}
	rest := fmt.Appendf(nil, "%d %d %s", e.number, e.synced, mark)
	if !e.cleared {
		rest = append(strconv.AppendQuote(append(rest, ' '), e.key), ' ')
		rest = append(rest, body...)
	}
	rest = append(rest, '\n')
	return append(fmt.Appendf(nil, "%08x ", crc32.Checksum(rest, castagnoli)), rest...)
}

var errLine = errors.New("not a line of the journal")

// parse takes a line apart that begins at an offset.
func parse(line []byte, at int64) (entry, error) {
	if !begins(line) || line[len(line)-1] != '\n' {
		return entry{}, errLine
	}
	if fmt.Sprintf("%08x", crc32.Checksum(line[9:], castagnoli)) != string(line[:8]) {
		return entry{}, errLine
	}
	fields := bytes.SplitN(line[9:len(line)-1], []byte(" "), 4)
	if len(fields) < 3 {
		return entry{}, errLine
	}
	number, err1 := strconv.ParseUint(string(fields[0]), 10, 64)
	synced, err2 := strconv.ParseInt(string(fields[1]), 10, 64)
	e := entry{number: number, synced: synced, line: len(line), open: string(fields[2]) == "o", cleared: string(fields[2]) == "x"}
	if err1 != nil || err2 != nil || !e.cleared && len(fields) < 4 {
		return entry{}, errLine
	}
	if e.cleared {
		return e, nil
	}
	quoted, err := strconv.QuotedPrefix(string(fields[3][:min(len(fields[3]), 4<<10)]))
	if err != nil || len(quoted) >= len(fields[3]) {
		return entry{}, errLine
	}
	e.key, err = strconv.Unquote(quoted)
	e.length = len(fields[3]) - len(quoted) - 1
	e.body = at + int64(len(line)-1-e.length)
	return e, err
}

// catchUp reads what was appended since, by others or before this process began.
func (s *Store) catchUp() error {
	found, err := s.file.Stat()
	if err != nil {
		return err
	}
	size := found.Size()
	if s.index.byKey == nil {
		if size, err = s.begin(size); err != nil {
			return err
		}
	}
	if size < s.index.end {
		return fmt.Errorf("%w: it has shrunk from %d to %d bytes; another program wrote to it", lease.ErrRefused, s.index.end, size)
	}
	r := bufio.NewReaderSize(io.NewSectionReader(s.file, s.index.end, size-s.index.end), int(min(max(size-s.index.end, 16), 256<<10)))
	for s.index.end < size {
		line, err := readLine(r)
		if err != nil {
			return err
		}
		e, bad := parse(line, s.index.end)
		if bad != nil || e.number <= s.index.last {
			return s.lost(s.index.end, size)
		}
		s.index.add(e)
		s.index.end += int64(len(line))
	}
	return nil
}

// readLine returns a line, with its end if it has one. It is valid until the next call.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return line, err
	}
	whole := bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) && len(whole) < maxLine {
		line, err = r.ReadSlice('\n')
		whole = append(whole, line...)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	return whole, err
}

// lost looks at what stands behind the last good line. What had never been synced is a tail that its writer, or the machine, did not live to
// write: it is cut off, as the writer holds the lock now. What had been synced once is damage.
func (s *Store) lost(at, size int64) error {
	rest := make([]byte, min(size-at, 4*maxLine))
	if _, err := s.file.ReadAt(rest, at); err != nil {
		return err
	}
	for n := range rest {
		if !begins(rest[n:]) {
			continue
		}
		line, _, _ := bytes.Cut(rest[n:], []byte("\n"))
		e, bad := parse(rest[n:min(len(rest), n+len(line)+1)], at+int64(n))
		if bad == nil && e.synced > at && e.number > s.index.last {
			return fmt.Errorf("%w: the line at byte %d is damaged, and later ones are not; begin anew with another --state-file, "+
				"or go back to where the run was then by cutting the file to %d bytes", lease.ErrRefused, at, at)
		}
	}
	if err := s.file.Truncate(at); err != nil {
		return fmt.Errorf("cut off a line that was not written to its end: %w", err)
	}
	return nil
}

// begins tells whether a line may begin here, be it that the end of the one before is what is damaged.
func begins(b []byte) bool {
	var sum [4]byte
	if len(b) < len("00000000 1 0 x\n") || b[8] != ' ' {
		return false
	}
	_, err := hex.Decode(sum[:], b[:8])
	return err == nil
}

// begin reads the header, or writes one into an empty file. It returns the size of the file then.
func (s *Store) begin(size int64) (int64, error) {
	start := make([]byte, min(size, 64<<10))
	if _, err := s.file.ReadAt(start, 0); err != nil {
		return 0, err
	}
	line, _, whole := bytes.Cut(start, []byte("\n"))
	var number int
	var identity string
	n, _ := fmt.Sscanf(string(line), magic+"%d %s", &number, &identity)
	switch {
	case n >= 1 && number > format:
		return 0, fmt.Errorf("%w: it has format %d, this version reads %d; continue with the newer version that wrote it", lease.ErrRefused, number, format)
	case n == 2 && number == format && len(identity) == 16 && whole:
		s.index = index{identity: identity, byKey: map[string]*entry{}, inOrder: true, end: int64(len(line) + 1)}
		return size, nil
	case !whole && size < int64(len(header(strings.Repeat("0", 16)))) && (n >= 1 || strings.HasPrefix(magic, string(start))):
		return s.create() // of whoever began to create it nothing but a piece of the header is there
	case bytes.HasPrefix(bytes.TrimSpace(start), []byte("{")) && bytes.Contains(start, []byte(`"format"`)) && bytes.Contains(start, []byte(`"source"`)):
		return 0, fmt.Errorf("%w: it is the state file of an earlier version (format 1), which this one cannot continue; finish with the version that wrote it, "+
			"or name another --state-file to begin anew: documents are written again, under the same ids", lease.ErrRefused)
	}
	return 0, fmt.Errorf("%w: it is not a state file of a backfill; name another with --state-file", lease.ErrRefused)
}

// create writes the header, and has the disk keep it.
func (s *Store) create() (int64, error) {
	random := make([]byte, 8)
	if _, err := rand.Read(random); err != nil {
		return 0, err
	}
	x := index{identity: hex.EncodeToString(random), byKey: map[string]*entry{}, inOrder: true}
	line := header(x.identity)
	if err := errors.Join(s.file.Truncate(0), s.writeAt(line, 0), s.file.Sync()); err != nil {
		return 0, err
	}
	syncFolder(s.path)
	x.end, x.synced = int64(len(line)), int64(len(line))
	s.index = x
	return x.end, nil
}

func header(identity string) []byte { return fmt.Appendf(nil, "%s%d %s\n", magic, format, identity) }

// append writes a line at the end, wholly or not at all.
func (s *Store) append(e entry, body []byte) error {
	e.synced = s.index.synced
	line := e.write(body)
	e.line, e.length = len(line), len(body)
	e.body = s.index.end + int64(len(line)-1-len(body))
	if err := s.writeAt(line, s.index.end); err != nil {
		return err
	}
	s.index.add(e)
	s.index.end += int64(len(line))
	if time.Since(s.lastSync) >= syncEvery {
		return s.syncFile()
	}
	return nil
}

// writeAt takes back what it could not write to its end.
func (s *Store) writeAt(data []byte, at int64) error {
	_, err := s.file.WriteAt(data, at)
	if err == nil {
		return nil
	}
	if cutErr := s.file.Truncate(at); cutErr != nil {
		err = errors.Join(err, cutErr) // the next writer cuts it off
	}
	if full(err) {
		return fmt.Errorf("%w: %w; nothing is lost, make room and start again", lease.ErrRefused, err)
	}
	return err
}

func (s *Store) syncFile() error {
	if err := s.file.Sync(); err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	s.index.synced, s.lastSync = s.index.end, time.Now()
	return nil
}
