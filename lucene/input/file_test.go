package input

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
)

// sealed appends a right footer.
func sealed(body []byte) []byte {
	data := bytes.Clone(body)
	data = binary.BigEndian.AppendUint32(data, footerMagic)
	data = binary.BigEndian.AppendUint32(data, 0)
	return binary.BigEndian.AppendUint64(data, uint64(crc32.ChecksumIEEE(data)))
}

// headed is a file with an index header.
func headed(codec string, version uint32, id [IDSize]byte, suffix string) []byte {
	data := binary.BigEndian.AppendUint32(nil, headerMagic)
	data = append(append(data, byte(len(codec))), codec...)
	data = binary.BigEndian.AppendUint32(data, version)
	data = append(append(data, id[:]...), byte(len(suffix)))
	return append(data, suffix...)
}

var testID = [IDSize]byte{1, 2, 3, 15: 16}

func TestEnvelope(t *testing.T) {
	data := sealed(append(headed("Some90Codec", 3, testID, "2_x"), "body"...))
	c := NewCursor("f", data, 0)
	h := c.IndexHeader()
	if h != (Header{Codec: "Some90Codec", Version: 3, ID: testID, Suffix: "2_x"}) {
		t.Errorf("%+v", h)
	}
	c.ExpectVersion(h, 0, 3)
	c.ExpectVersion(h, 3, 9)
	c.ExpectID(h, testID)
	c.ExpectSuffix(h, "2_x")
	c.Bytes(4)
	c.Footer()
	if c.Err() != nil || CheckCRC("f", data) != nil {
		t.Error(c.Err(), CheckCRC("f", data))
	}
}

func TestHeadersThatAreRefused(t *testing.T) {
	good := headed("Codec", 3, testID, "")
	for name, test := range map[string]struct {
		data   []byte
		expect func(*Cursor, Header)
	}{
		"no magic":        {append([]byte{1}, good[1:]...), nil},
		"long codec name": {append(good[:4:4], append(vint(nil, 200), bytes.Repeat([]byte{'x'}, 300)...)...), nil},
		"cut":             {good[:len(good)-1], nil},
		"empty":           {nil, nil},
		"old version":     {good, func(c *Cursor, h Header) { c.ExpectVersion(h, 4, 5) }},
		"new version":     {good, func(c *Cursor, h Header) { c.ExpectVersion(h, 0, 2) }},
		"negative":        {headed("Codec", 0xFFFFFFFF, testID, ""), func(c *Cursor, h Header) { c.ExpectVersion(h, 0, 2) }},
		"another id":      {good, func(c *Cursor, h Header) { c.ExpectID(h, [IDSize]byte{}) }},
		"another suffix":  {good, func(c *Cursor, h Header) { c.ExpectSuffix(h, "1") }},
	} {
		c := NewCursor("f", test.data, 0)
		h := c.IndexHeader()
		if test.expect != nil {
			if c.Err() != nil {
				t.Errorf("%s: %v", name, c.Err())
			}
			test.expect(c, h)
		}
		var corrupt *CorruptError
		if !errors.As(c.Err(), &corrupt) || corrupt.File != "f" {
			t.Errorf("%s: %v", name, c.Err())
		}
	}
}

func TestFooterEndsTheFile(t *testing.T) {
	data := sealed([]byte("body"))
	for skip, ok := range map[int]bool{3: false, 4: true, 5: false} {
		c := NewCursor("f", data, 0)
		c.Skip(skip)
		if c.Footer(); (c.Err() == nil) != ok {
			t.Errorf("%d bytes before the footer: %v", skip, c.Err())
		}
	}
}

// TestEveryFlippedBitIsFound flips each bit of a sealed file, and cuts it everywhere.
func TestEveryFlippedBitIsFound(t *testing.T) {
	data := sealed([]byte("some body that is not long"))
	if err := CheckCRC("f", data); err != nil {
		t.Fatal(err)
	}
	whole := func(data []byte) error { return CheckCRC("f", data) }
	streamed := func(data []byte) error { return new(Checksum).Finish(NewBytes("f", data), make([]byte, 7)) }
	readWhole := func(data []byte) error {
		_, err := ReadVerified(NewBytes("f", data))
		return err
	}
	for name, check := range map[string]func([]byte) error{"whole": whole, "streamed": streamed, "ReadVerified": readWhole} {
		if err := check(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for bit := range len(data) * 8 {
			damaged := bytes.Clone(data)
			damaged[bit/8] ^= 1 << (bit % 8)
			checkCorrupt(t, fmt.Sprintf("%s, bit %d", name, bit), check(damaged))
		}
		for cut := range data {
			checkCorrupt(t, fmt.Sprintf("%s, cut at %d", name, cut), check(data[:cut]))
		}
	}
}

func checkCorrupt(t *testing.T, what string, err error) {
	t.Helper()
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.File != "f" {
		t.Errorf("%s: %v", what, err)
	}
}

func TestFooterChecksum(t *testing.T) {
	data := sealed([]byte("body"))
	footer := data[len(data)-FooterSize:]
	if sum, err := FooterChecksum("f", footer, 4); err != nil || sum != crc32.ChecksumIEEE(data[:len(data)-8]) {
		t.Errorf("%08x, %v", sum, err)
	}
	for at, offset := range map[int]int64{0: 100, 5: 104, 8: 108} {
		damaged := bytes.Clone(footer)
		damaged[at] ^= 0x40
		_, err := FooterChecksum("f", damaged, 100)
		checkPlace(t, err, offset)
	}
	_, err := FooterChecksum("f", footer[1:], 100)
	checkPlace(t, err, 100)
}

func TestChecksumOfPieces(t *testing.T) {
	data := sealed(bytes.Repeat([]byte("0123456789"), 30_000))
	file := NewBytes("f", data)
	for _, size := range []int{0, 1 << 10, 1 << 20} {
		var sum Checksum
		sum.Add(data[:10])
		if err := sum.AddFrom(file, 1000, make([]byte, size)); err != nil || sum.At() != 1000 {
			t.Errorf("buffer of %d: at %d, %v", size, sum.At(), err)
		}
		if err := sum.AddFrom(file, 500, nil); err != nil || sum.At() != 1000 {
			t.Errorf("went back to %d, %v", sum.At(), err)
		}
		if err := sum.Finish(file, nil); err != nil {
			t.Error(err)
		}
	}
	var sum Checksum
	checkCorrupt(t, "beyond the end", sum.AddFrom(file, file.Size()+1, nil))
}

// sized claims a size that it does not have.
type sized struct {
	File
	size int64
}

// Size implements File.
func (s sized) Size() int64 { return s.size }

func TestSizesThatLie(t *testing.T) {
	file := NewBytes("f", sealed([]byte("body")))
	for _, size := range []int64{-1, 0, 5, file.Size() + 1, maxWhole + 1, 1 << 62} {
		_, err := ReadVerified(sized{file, size})
		checkCorrupt(t, fmt.Sprint("size ", size), err)
	}
}

// broken fails to read.
type broken struct{ File }

var errBroken = errors.New("the disk is gone")

// ReadAt implements io.ReaderAt.
func (b broken) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

func TestOtherErrorsKeepTheirCause(t *testing.T) {
	file := broken{NewBytes("f", sealed([]byte("body")))}
	_, err := ReadVerified(file)
	var corrupt *CorruptError
	if !errors.Is(err, errBroken) || errors.As(err, &corrupt) || !strings.Contains(err.Error(), "f") {
		t.Error(err)
	}
	if err := new(Checksum).Finish(file, nil); !errors.Is(err, errBroken) {
		t.Error(err)
	}
}

func TestSections(t *testing.T) {
	whole := NewBytes("whole", []byte("0123456789"))
	part := NewSection("part", NewSection("middle", whole, 2, 6), 1, 4) // 3456
	if part.Name() != "part" || part.Size() != 4 || part.Close() != nil {
		t.Errorf("%s, %d bytes", part.Name(), part.Size())
	}
	for _, test := range []struct {
		off  int64
		size int
		want string
		err  error
	}{
		{0, 4, "3456", nil},
		{1, 2, "45", nil},
		{2, 5, "56", io.EOF},
		{0, 0, "", nil},
		{4, 1, "", io.EOF},
		{9, 1, "", io.EOF},
		{-1, 1, "", io.EOF},
	} {
		p := make([]byte, test.size)
		n, err := part.ReadAt(p, test.off)
		if string(p[:n]) != test.want || !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
			t.Errorf("%d at %d: %q, %v", test.size, test.off, p[:n], err)
		}
	}
	if got, err := io.ReadAll(io.NewSectionReader(part, 0, part.Size())); string(got) != "3456" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	err := ReadFull(part, make([]byte, 3), 2)
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.File != "part" || corrupt.Offset != 4 {
		t.Error(err)
	}
}

// far is a file that notes what it is told.
type far struct {
	File
	told [][2]int64
}

func (f *far) WillRead(off, length int64) { f.told = append(f.told, [2]int64{off, length}) }

func TestWillReadReachesTheFileBelow(t *testing.T) {
	file := &far{File: NewBytes("f", make([]byte, 100))}
	outer := NewSection("cfs", file, 10, 80)
	inner := NewSection("fdt", outer, 20, 30)
	WillRead(inner, 5, 10)
	WillRead(inner, 5, 1<<62)
	WillRead(file, 90, 1<<62)
	for _, nothing := range [][2]int64{{30, 1}, {-1, 5}, {0, 0}, {0, -3}, {1 << 62, 1}} {
		WillRead(inner, nothing[0], nothing[1])
	}
	WillRead(NewBytes("in memory", make([]byte, 5)), 0, 5)
	want := [][2]int64{{35, 10}, {35, 25}, {90, 10}}
	if !slices.Equal(file.told, want) {
		t.Errorf("got %v, want %v", file.told, want)
	}
}
