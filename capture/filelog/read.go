package filelog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"migassist/capture"
)

// Reading is how a log is read. The zero value reads all nodes from the begin to the end.
type Reading struct {
	Node   string // only of this node
	From   int64  // with Node: the number of the first record that is wanted
	Until  int64  // with Node: the number of the first record that is not; 0 reads to the end
	Follow bool   // at the end, wait for more
}

// poll is how long a follower waits before it looks again.
const poll = 50 * time.Millisecond

// Reader reads a capture, node after node; where it follows, all nodes in turn. It is a [capture.Source].
type Reader struct {
	root    string
	reading Reading
	nodes   []*nodeReader
	at      int
}

var _ capture.Source = (*Reader)(nil)

// Read opens a capture for reading: a folder of nodes, or a node's folder.
func Read(root string, how Reading) (*Reader, error) {
	r := &Reader{root: root, reading: how}
	if err := r.look(); err != nil {
		return nil, fmt.Errorf("read the capture log at %s: %w", root, err)
	}
	return r, nil
}

// Nodes lists the nodes of a folder: the sub-folders in which there are segments.
func Nodes(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var nodes []string
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		firsts, err := segments(filepath.Join(root, entry.Name()))
		if err != nil {
			return nil, err
		}
		if len(firsts) > 0 {
			nodes = append(nodes, entry.Name())
		}
	}
	return nodes, nil
}

// look finds nodes that it did not know yet.
func (r *Reader) look() error {
	nodes := []string{r.reading.Node}
	folders := []string{filepath.Join(r.root, r.reading.Node)}
	if r.reading.Node == "" {
		own, err := segments(r.root)
		if err != nil {
			return err
		}
		if nodes, err = Nodes(r.root); err != nil {
			return err
		}
		folders = folders[:0]
		for _, node := range nodes {
			folders = append(folders, filepath.Join(r.root, node))
		}
		if len(own) > 0 {
			nodes, folders = append(nodes, filepath.Base(r.root)), append(folders, r.root)
		}
	}
	for i, node := range nodes {
		if !slices.ContainsFunc(r.nodes, func(n *nodeReader) bool { return n.folder == folders[i] }) {
			r.nodes = append(r.nodes, &nodeReader{node: node, folder: folders[i], next: r.reading.From, until: r.reading.Until, first: -1})
		}
	}
	return nil
}

// Next returns the next entry. It is a method of [capture.Source].
func (r *Reader) Next(ctx context.Context) (capture.Entry, error) {
	for {
		if err := ctx.Err(); err != nil {
			return capture.Entry{}, err
		}
		for range len(r.nodes) {
			if r.at < len(r.nodes) {
				entry, err := r.nodes[r.at].entry(r.reading.Follow)
				if !errors.Is(err, io.EOF) {
					return entry, err
				}
			}
			r.at++
			if r.at >= len(r.nodes) && r.reading.Follow {
				r.at = 0
			}
		}
		if !r.reading.Follow {
			return capture.Entry{}, io.EOF
		}
		if err := r.wait(ctx); err != nil {
			return capture.Entry{}, err
		}
	}
}

func (r *Reader) wait(ctx context.Context) error {
	timer := time.NewTimer(poll)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return r.look()
	}
}

// Close closes the segments that are open.
func (r *Reader) Close() error {
	var err error
	for _, n := range r.nodes {
		err = errors.Join(err, n.close())
	}
	return err
}

// nodeReader reads the segments of one node.
type nodeReader struct {
	node, folder string
	file         *os.File
	first        int64 // number of the segment's first record; -1 before the first segment
	next         int64 // number of the next record
	until        int64
	offset       int64 // in the segment, of buf's end
	buf          []byte
	at           int // in buf
}

// entry returns the next record, or io.EOF while there is no other.
func (n *nodeReader) entry(follow bool) (capture.Entry, error) {
	for {
		if n.file == nil {
			if err := n.open(); err != nil {
				return capture.Entry{}, err
			}
		}
		if n.until > 0 && n.next >= n.until {
			return capture.Entry{}, io.EOF
		}
		record, at, size, damage := frame(n.buf[n.at:])
		switch {
		case damage != nil:
			return n.damaged(size, damage, follow)
		case size > 0:
			entry := capture.Entry{Record: record, Position: capture.Position{Part: n.node, Offset: n.next}, Time: at}
			n.at += size
			n.next++
			return entry, nil
		}
		more, err := n.fill()
		if err == nil && !more {
			err = n.end()
		}
		if err != nil {
			return capture.Entry{}, err
		}
	}
}

// damaged steps over a frame that is none, to the next one if there is one, else out of the segment. At the very end of the log it is a torn
// tail: nothing is there yet.
func (n *nodeReader) damaged(size int, damage error, follow bool) (capture.Entry, error) {
	last, err := n.isLast()
	if err != nil {
		return capture.Entry{}, err
	}
	for more := true; more && err == nil; { // all there is
		more, err = n.fill()
	}
	if err != nil || last && (follow || torn(n.buf[n.at:])) {
		return capture.Entry{}, cmp.Or(err, io.EOF) // being written, or its writer died
	}
	begin := n.offset - int64(len(n.buf)-n.at)
	err = fmt.Errorf("%s at byte %d: %w", segmentName(n.folder, n.first), begin, damage)
	if size > 0 { // the length may be right: then the next frame follows
		n.at += size
		n.next++
		return capture.Entry{}, err
	}
	n.next++
	return capture.Entry{}, errors.Join(err, n.close())
}

// end leaves the segment for the next one, where there is one. What is left of it is damage then.
func (n *nodeReader) end() error {
	last, err := n.isLast()
	if err != nil {
		return err
	}
	if last {
		return io.EOF
	}
	if more, err := n.fill(); err != nil || more { // written between the two looks
		return err
	}
	left, name := len(n.buf)-n.at, segmentName(n.folder, n.first)
	if err := n.close(); err != nil {
		return err
	}
	if left > 0 {
		return fmt.Errorf("%s: %w: it ends within a frame, of which %d bytes are there", name, capture.ErrDamaged, left)
	}
	return nil
}

func (n *nodeReader) isLast() (bool, error) {
	firsts, err := segments(n.folder)
	return len(firsts) == 0 || firsts[len(firsts)-1] <= n.first, err
}

func (n *nodeReader) close() error {
	if n.file == nil {
		return nil
	}
	err := n.file.Close()
	n.file, n.buf, n.at, n.offset = nil, n.buf[:0], 0, 0
	return err
}

// open opens the segment that has the next record, or the first one there is behind it.
func (n *nodeReader) open() error {
	firsts, err := segments(n.folder)
	if err != nil {
		return fmt.Errorf("list %s: %w", n.folder, err)
	}
	choice := int64(-1)
	for _, first := range firsts {
		if first > n.first && (choice < 0 || first <= n.next) {
			choice = first
		}
	}
	if choice < 0 {
		return io.EOF
	}
	file, err := os.Open(segmentName(n.folder, choice))
	if errors.Is(err, fs.ErrNotExist) {
		return io.EOF // removed meanwhile; the next look finds another
	}
	if err != nil {
		return err
	}
	wanted := n.next
	n.file, n.first, n.buf, n.at, n.offset = file, choice, n.buf[:0], 0, 0
	if err := n.header(); err != nil {
		return err
	}
	n.next = choice
	return n.forward(wanted)
}

func (n *nodeReader) header() error {
	for len(n.buf) < len(magic) {
		more, err := n.fill()
		if err != nil {
			return err
		}
		if !more { // it is being begun
			n.first--
			return errors.Join(n.close(), io.EOF)
		}
	}
	if err := checkMagic(segmentName(n.folder, n.first), n.buf); err != nil {
		return errors.Join(err, n.close())
	}
	n.at = len(magic)
	return nil
}

// forward passes over the records before the one that is wanted.
func (n *nodeReader) forward(wanted int64) error {
	for n.next < wanted {
		_, _, size, err := frame(n.buf[n.at:])
		if err != nil {
			return nil //nolint:nilerr // entry tells of it
		}
		if size == 0 {
			if more, err := n.fill(); err != nil || !more {
				return err
			}
			continue
		}
		n.at += size
		n.next++
	}
	return nil
}

// fill reads more of the segment behind what is left in buf.
func (n *nodeReader) fill() (more bool, err error) {
	left := copy(n.buf, n.buf[n.at:])
	n.buf, n.at = n.buf[:left], 0
	if cap(n.buf) < 2*left+(256<<10) {
		n.buf = append(make([]byte, 0, 2*left+(512<<10)), n.buf...)
	}
	got, err := n.file.ReadAt(n.buf[left:cap(n.buf)], n.offset)
	n.buf, n.offset = n.buf[:left+got], n.offset+int64(got)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return got > 0, err
}
