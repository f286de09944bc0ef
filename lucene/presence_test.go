package lucene

import (
	"encoding/binary"
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
			words := newBitset(presenceBlock)
			for _, doc := range in {
				words.set(doc % presenceBlock)
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
			set := newBitset(maxDoc)
			if err := parsePresence(c, rankPower, maxDoc, set); err != nil {
				t.Fatal(little, rankPower, err)
			}
			if set.count() != len(docs) {
				t.Errorf("little %v, rank power %d: %d documents, want %d", little, rankPower, set.count(), len(docs))
			}
			for _, doc := range docs {
				if !set.has(doc) {
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
	for _, docs := range [][]int{{3, 0x7FFF0000}, {3, 0x7FFF0001, MaxDocs - 1}, {MaxDocs - 1}} {
		set := newBitset(MaxDocs)
		c := input.NewCursor("f", writePresence(docs, binary.BigEndian, -1), 0)
		if err := parsePresence(c, -1, MaxDocs, set); err != nil {
			t.Fatal(docs, err)
		}
		for _, doc := range docs {
			if !set.has(doc) {
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
		if err := parsePresence(c, -1, maxDoc, newBitset(maxDoc)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
