package lucene

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"slices"

	"migassist/lucene/input"
)

// Sum is the CRC32 of bytes From to To-1 of a segment's stored fields. A segment that is read in ranges, by whomever, is what
// was written if the sums of all ranges, joined, are that of [Documents.Sum].
type Sum struct {
	From int64  `json:"from"`
	To   int64  `json:"to"`
	CRC  uint32 `json:"crc"`
}

// Join returns the sum of both ranges; ok is false unless next begins where s ends. A range without bytes adds nothing to
// any other.
func (s Sum) Join(next Sum) (joined Sum, ok bool) {
	switch {
	case s.From == s.To:
		return next, true
	case next.From == next.To:
		return s, true
	case s.To != next.From || next.To < next.From:
		return Sum{}, false
	}
	return Sum{From: s.From, To: next.To, CRC: input.Combine(s.CRC, next.CRC, next.To-next.From)}, true
}

// AddSum puts a sum among others, which are in order and apart from each other, and joins it with its neighbours. What
// overlaps stays as it is, and will not do as a whole.
func AddSum(sums []Sum, s Sum) []Sum {
	if s.From == s.To {
		return sums
	}
	at, _ := slices.BinarySearchFunc(sums, s, func(a, b Sum) int { return cmp.Compare(a.From, b.From) })
	sums = slices.Insert(sums, at, s)
	for _, i := range []int{at, at - 1} { // with the next, with the one before
		if i < 0 || i+1 >= len(sums) {
			continue
		}
		if joined, ok := sums[i].Join(sums[i+1]); ok {
			sums[i] = joined
			sums = slices.Delete(sums, i+1, i+2)
		}
	}
	return sums
}

// Sum returns the sum that all chunks together must have by the footer of the file, without reading them: what lies before
// the first and after the last is taken out. Formats of Lucene before 4.8 have no footer; ok is then false, and the sum has
// only the range. It reads the last bytes of the file.
func (d *Documents) Sum() (want Sum, ok bool, err error) {
	st := d.stored
	want = Sum{From: st.begin, To: st.end}
	size := st.data.Size()
	if st.bodyEnd() == size {
		return want, false, nil
	}
	tail := make([]byte, size-st.end)
	if err := input.ReadFull(st.data, tail, st.end); err != nil {
		return want, true, err
	}
	footer := size - input.FooterSize
	claimed, err := input.FooterChecksum(st.name, tail[footer-st.end:], footer)
	if err != nil {
		return want, true, err
	}
	tail = tail[:len(tail)-crcBytes] // the CRC is of all before it
	upTo := input.Before(claimed, crc32.ChecksumIEEE(tail), int64(len(tail)))
	want.CRC = input.After(upTo, st.headSum, want.To-want.From)
	return want, true, nil
}

// crcBytes is how many bytes of a footer the CRC takes.
const crcBytes = 8

// Verify compares sums of what was read, in any order, with that of the file. It is an error too if some of it was not read, or
// twice; for a format without a checksum that is all that can be told.
func (d *Documents) Verify(sums ...Sum) error {
	want, claimed, err := d.Sum()
	if err != nil {
		return err
	}
	var all []Sum
	for _, s := range sums {
		all = AddSum(all, s)
	}
	if len(all) == 0 && want.From == want.To {
		all = []Sum{{From: want.From, To: want.To}}
	}
	if len(all) != 1 || all[0].From != want.From || all[0].To != want.To {
		return fmt.Errorf("verify %s: bytes %d to %d hold documents, but those that were read are %s", d.stored.name, want.From, want.To, ranges(all))
	}
	if claimed && all[0].CRC != want.CRC {
		return &input.CorruptError{
			File: d.stored.name, Offset: d.stored.data.Size() - crcBytes,
			Want: fmt.Sprintf("CRC32 %08x of bytes %d to %d, by what its footer says", want.CRC, want.From, want.To), Got: fmt.Sprintf("%08x", all[0].CRC),
		}
	}
	return nil
}

// ranges prints the first few ranges of sums.
func ranges(sums []Sum) string {
	const shown = 4
	text := ""
	for i, s := range sums {
		if i == shown {
			return fmt.Sprintf("%s, and %d more", text, len(sums)-shown)
		}
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%d to %d", s.From, s.To)
	}
	if text == "" {
		return "none"
	}
	return text
}

// Sum returns the sum of those chunks of the span in which documents from to to-1 lie, without the one in which to lies: sums of
// ranges of documents that follow each other join, wherever they are cut.
func (s *Span) Sum(from, to int) Sum {
	begin, end := s.placeOf(from), s.placeOf(to)
	if s.sum != nil { // there is one chunk
		if begin == end {
			return Sum{From: begin, To: end}
		}
		return *s.sum
	}
	return Sum{From: begin, To: end, CRC: crc32.ChecksumIEEE(s.data[begin-s.base : end-s.base])}
}

// placeOf is where the chunk of a document begins, or the end of the span.
func (s *Span) placeOf(doc int) int64 {
	for _, ch := range s.chunks {
		if doc < ch.endDoc {
			return ch.from
		}
	}
	return s.base + int64(s.size)
}
