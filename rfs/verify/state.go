package verify

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// stateFormat is the number that a state carries; a newer one is refused.
const stateFormat = 1

// state is how far a verification is. In its file stand
//
//	a line of JSON    what follows here
//	cells             65,536, each of 6 + 12 numbers of 8 bytes, little-endian; then as many indices as there are names, each of 4
//	SHA-256           of all before
type state struct {
	Format  int      `json:"format"`
	Name    string   `json:"name"`  // of what is verified
	Round   int      `json:"round"` // 0: bytes, 1: JSON values
	Seed    uint64   `json:"seed"`  // of the sample
	Names   []string `json:"names"` // of indices, by number
	Indices int      `json:"indices"`
	// Done are the parts of both sides that are in the table.
	Done map[string]bool `json:"done"`
	// Parts are those of each index of the target.
	Parts  map[string][]part `json:"parts"`
	Made   map[string]string `json:"made"`   // identities of the indices in Parts
	Absent map[string]bool   `json:"absent"` // indices that the target lacks
	// Seen are the indices that each part of the source has documents for.
	Seen map[string][]int32 `json:"seen"`
	// Values are the indices that are read in round 1; of those the sources are compared as JSON values.
	Values   []int32           `json:"values"`
	Counted  map[string]Counts `json:"counted"` // of the indices that are through
	Problems []string          `json:"problems"`
	Skipped  int64             `json:"skipped"`
	Failed   bool              `json:"failed"` // some of the source was not read

	table  *table
	values map[int32]bool // of round 1; nil in round 0
}

// begin empties the state for a round.
func (s *state) begin(round int, values map[int32]bool) {
	s.Round, s.values = round, values
	s.Done, s.Parts, s.Made = map[string]bool{}, map[string][]part{}, map[string]string{}
	if round == 0 {
		s.Seen, s.Absent = map[string][]int32{}, map[string]bool{}
	}
	s.Values = nil
	for number := range values {
		s.Values = append(s.Values, number)
	}
	slices.Sort(s.Values)
	s.table.reset()
}

func (s *state) done(part string) bool { return s.Done[part] }

// wants tells whether an index is read in this round.
func (s *state) wants(index int32) bool { return s.values == nil || s.values[index] }

// concerns tells whether a part of the source has documents of an index that is read in this round.
func (s *state) concerns(part string) bool {
	return s.values == nil || slices.ContainsFunc(s.Seen[part], func(index int32) bool { return s.values[index] })
}

// read notes a part of the source that was read.
func (s *state) read(part string, sums *delta, reading Reading) {
	if s.Round > 0 {
		return // it was noted before
	}
	seen := make([]int32, 0, len(sums.seen))
	for index := range sums.seen {
		seen = append(seen, index)
	}
	slices.Sort(seen)
	s.Seen[part] = seen
	s.Skipped += reading.Skipped
	s.Failed = s.Failed || reading.Failed
	for _, problem := range reading.Problems {
		s.problem(problem)
	}
}

// problem notes a problem once.
func (s *state) problem(problem string) {
	if !slices.Contains(s.Problems, problem) {
		s.Problems = append(s.Problems, problem)
	}
}

// sourceless is the problem of documents that have nothing to compare.
const sourceless = "documents of index %s of the %s have no _source: what is in them can't be compared"

// fail notes a problem that keeps documents from being compared.
func (s *state) fail(mu sync.Locker, problem string) {
	mu.Lock()
	defer mu.Unlock()
	s.Failed = true
	s.problem(problem)
}

// write saves the state under the name, unless that is empty.
func (s *state) write(name string) (err error) {
	if name == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return fmt.Errorf("save the state of the verification: %w", err)
	}
	err = s.print(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("save the state of the verification: %w", err), os.Remove(f.Name()))
	}
	return nil
}

func (s *state) print(f io.Writer) error {
	sum := sha256.New()
	buffered := bufio.NewWriterSize(f, 1<<20)
	w := &numbers{w: io.MultiWriter(buffered, sum)}
	s.Indices = len(s.table.indices)
	head, err := json.Marshal(s)
	if err != nil {
		return err
	}
	w.write(append(head, '\n'))
	s.table.each(w.put)
	w.write(nil)
	if w.err != nil {
		return w.err
	}
	_, _ = buffered.Write(sum.Sum(nil)) // it remembers its first error
	return buffered.Flush()
}

// numbers writes and reads them in 8 bytes each.
type numbers struct {
	w   io.Writer
	r   *bufio.Reader
	buf []byte
	err error
}

func (n *numbers) write(b []byte) {
	if n.err == nil && len(n.buf) > 0 {
		_, n.err = n.w.Write(n.buf)
		n.buf = n.buf[:0]
	}
	if n.err == nil {
		_, n.err = n.w.Write(b)
	}
}

func (n *numbers) put(x *uint64) {
	n.buf = binary.LittleEndian.AppendUint64(n.buf, *x)
	if len(n.buf) >= 64<<10 {
		n.write(nil)
	}
}

func (n *numbers) get(x *uint64) {
	var b [8]byte
	if n.err == nil {
		_, n.err = io.ReadFull(n.r, b[:])
	}
	*x = binary.LittleEndian.Uint64(b[:])
}

// each hands all numbers of the table to do, in their order.
func (t *table) each(do func(*uint64)) {
	signed := func(x *int64) {
		u := uint64(*x)
		do(&u)
		*x = int64(u)
	}
	for i := range t.cells {
		c := &t.cells[i]
		signed(&c.source)
		signed(&c.target)
		for _, x := range []*uint64{&c.sum.high, &c.sum.low, &c.weight, &c.check} {
			do(x)
		}
		for j := range c.name {
			do(&c.name[j])
		}
	}
	for i := range t.indices {
		x := &t.indices[i]
		signed(&x.source)
		signed(&x.target)
		do(&x.sum.high)
		do(&x.sum.low)
	}
}

// begun is what to do about a state that can't be gone on with.
const begun = "remove the file to begin anew, or name another"

// readState returns the state under the name, nil where there is none. That of another verification is refused.
func readState(file, name string) (*state, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the state of the verification: %w", err)
	}
	s, err := parseState(text)
	if err != nil {
		return nil, fmt.Errorf("the state of a verification in %s: %w; %s", file, err, begun)
	}
	if s.Name != name {
		return nil, fmt.Errorf("%s holds the state of another verification: of %s, this one is of %s; %s", file, s.Name, name, begun)
	}
	return s, nil
}

func parseState(text []byte) (*state, error) {
	head, _, _ := bytes.Cut(text, []byte{'\n'})
	s := &state{}
	if err := json.Unmarshal(head, s); err != nil {
		return nil, fmt.Errorf("it was changed or damaged (%w)", err)
	}
	if s.Format > stateFormat {
		return nil, fmt.Errorf("it has format %d, this version reads up to %d", s.Format, stateFormat)
	}
	want := len(head) + 1 + buckets*(6+words)*8 + s.Indices*4*8
	if s.Format < 1 || s.Indices < 0 || s.Indices > len(s.Names) || len(text) != want+sha256.Size || s.Done == nil || s.Parts == nil || s.Seen == nil || s.Absent == nil || s.Made == nil {
		return nil, errors.New("it was changed or damaged: it is not as long as it says")
	}
	if sum := sha256.Sum256(text[:want]); !bytes.Equal(sum[:], text[want:]) {
		return nil, errors.New("it was changed or damaged: its sum is another")
	}
	s.table = newTable()
	s.table.indices = make([]indexSum, s.Indices)
	in := &numbers{r: bufio.NewReader(bytes.NewReader(text[len(head)+1 : want]))}
	s.table.each(in.get)
	if s.Round > 0 {
		s.values = map[int32]bool{}
		for _, number := range s.Values {
			s.values[number] = true
		}
	}
	return s, in.err
}

// remove takes the file away, for what it was kept for is done.
func (s *state) remove(name string) error {
	if name == "" {
		return nil
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the state of the verification: %w", err)
	}
	return nil
}
