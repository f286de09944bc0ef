package docvalues

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"migassist/lucene/input"
)

// writePresence writes a set as IndexedDISI does.
func writePresence(docs []int, order binary.AppendByteOrder, rankPower int) []byte {
	var out []byte
	for len(docs) > 0 {
		block := docs[0] / presenceBlock
		end, _ := slices.BinarySearch(docs, (block+1)*presenceBlock)
		in := docs[:end]
		docs = docs[end:]
		out = order.AppendUint16(out, uint16(block))
		out = order.AppendUint16(out, uint16(len(in)-1))
		switch {
		case len(in) == presenceBlock:
		case len(in) <= presenceSparse:
			for _, doc := range in {
				out = order.AppendUint16(out, uint16(doc))
			}
		default:
			if rankPower >= 0 {
				out = append(out, make([]byte, presenceWords>>(rankPower-7))...)
			}
			words := make([]uint64, presenceWords)
			for _, doc := range in {
				words[doc%presenceBlock/64] |= 1 << (doc % 64)
			}
			for _, word := range words {
				out = order.AppendUint64(out, word)
			}
		}
	}
	out = order.AppendUint16(out, 0x7FFF)
	out = order.AppendUint16(out, 0)
	out = order.AppendUint16(out, 0xFFFF)
	return append(out, make([]byte, 16)...) // two jumps
}

// somePresence has sparse, dense, full and empty blocks.
func somePresence(maxDoc int) []int {
	r := rand.New(rand.NewPCG(1, 2))
	var docs []int
	for doc := range maxDoc {
		if share := []float64{0.01, 0.5, 1, 0, 0.0624, 0.99999}[doc/presenceBlock%6]; r.Float64() < share {
			docs = append(docs, doc)
		}
	}
	return docs
}

func has(set []uint64, doc int) bool { return set[doc/64]>>(doc%64)&1 != 0 }

func count(set []uint64) int {
	n := 0
	for _, word := range set {
		n += bits.OnesCount64(word)
	}
	return n
}

// TestPlaces asks for documents in steps of any size: each has the place that it has in order.
func TestPlaces(t *testing.T) {
	const maxDoc = 7*presenceBlock + 1000
	docs := somePresence(maxDoc)
	data := writePresence(docs, binary.LittleEndian, 9)
	p := presence{extent: extent{0, int64(len(data))}, rankPower: 9, little: true}
	for _, step := range []int{1, 2, 63, 1000, presenceBlock, 2*presenceBlock + 5} {
		set := p.open(&source{data: input.NewBytes("f", data), maxDoc: maxDoc, most: firstWindow})
		for doc := 0; doc < maxDoc; doc += step {
			place, ok, err := set.find(doc)
			want, present := slices.BinarySearch(docs, doc)
			if err != nil || ok != present || ok && place != int64(want) {
				t.Fatalf("document %d in steps of %d: at %d, %v, %v; want %d, %v", doc, step, place, ok, err, want, present)
			}
		}
	}
}

func TestPresence(t *testing.T) {
	const maxDoc = 7*presenceBlock + 1000
	docs := somePresence(maxDoc)
	for _, little := range []bool{false, true} {
		for _, rankPower := range []int{-1, 7, 9, 15} {
			order := binary.AppendByteOrder(binary.BigEndian)
			if little {
				order = binary.LittleEndian
			}
			data := writePresence(docs, order, rankPower)
			c := input.NewCursor("f", data, 0)
			c.SetLittleEndian(little)
			set := make([]uint64, maxDoc/64+1)
			if err := parsePresence(c, rankPower, maxDoc, set); err != nil {
				t.Fatal(little, rankPower, err)
			}
			if count(set) != len(docs) {
				t.Errorf("little %v, rank power %d: %d documents, want %d", little, rankPower, count(set), len(docs))
			}
			for _, doc := range docs {
				if !has(set, doc) {
					t.Fatalf("little %v, rank power %d: document %d is missing", little, rankPower, doc)
				}
			}
			if c.Remaining() != 0 {
				t.Errorf("%d bytes left", c.Remaining())
			}
		}
	}
}

// TestPresenceInTheLastBlock: the block of the end has documents too, where an index is as large as Lucene allows.
func TestPresenceInTheLastBlock(t *testing.T) {
	const mostDocs = 1<<31 - 1 - 128
	for _, docs := range [][]int{{3, 0x7FFF0000}, {3, 0x7FFF0001, mostDocs - 1}, {mostDocs - 1}} {
		set := make([]uint64, mostDocs/64+1)
		c := input.NewCursor("f", writePresence(docs, binary.BigEndian, -1), 0)
		if err := parsePresence(c, -1, mostDocs, set); err != nil {
			t.Fatal(docs, err)
		}
		for _, doc := range docs {
			if !has(set, doc) {
				t.Errorf("%x of %x is missing", doc, docs)
			}
		}
	}
}

func TestWrongPresencesAreRefused(t *testing.T) {
	const maxDoc = presenceBlock + 100
	sparse := writePresence([]int{5, 9, presenceBlock + 3}, binary.BigEndian, -1)
	dense := writePresence(somePresence(2 * presenceBlock)[:6000], binary.BigEndian, -1)
	for name, data := range map[string][]byte{
		"empty":                  {},
		"no end":                 sparse[:14],
		"documents that repeat":  {0, 0, 0, 1, 0, 5, 0, 5, 0x7F, 0xFF, 0, 0, 0xFF, 0xFF},
		"documents out of order": {0, 0, 0, 1, 0, 9, 0, 5, 0x7F, 0xFF, 0, 0, 0xFF, 0xFF},
		"blocks out of order":    {0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 5, 0x7F, 0xFF, 0, 0, 0xFF, 0xFF},
		"a document too far":     {0, 1, 0, 0, 0, 100, 0x7F, 0xFF, 0, 0, 0xFF, 0xFF},
		"a block too far":        {0, 2, 0, 0, 0, 0, 0x7F, 0xFF, 0, 0, 0xFF, 0xFF},
		"a full block too far":   {0, 1, 0xFF, 0xFF, 0x7F, 0xFF, 0, 0, 0xFF, 0xFF},
		"a strange end":          {0x7F, 0xFF, 0, 0, 0xFF, 0xFE},
		"a bitmap that is short": dense[:len(dense)-100],
		"a wrong count":          slices.Concat(dense[:3], []byte{dense[3] ^ 1}, dense[4:]),
	} {
		c := input.NewCursor("f", data, 0)
		if err := parsePresence(c, -1, maxDoc, make([]uint64, maxDoc/64+1)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
