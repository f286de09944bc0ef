package rebuild

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"migassist/lucene"
)

// rangeCodec says how the bounds of a range type are coded in its binary column:
//
//	VInt n, n times lower and upper bound; IP in no order, the others sorted
//
// Source: BinaryRangeUtil and RangeType of Elasticsearch.
type rangeCodec struct {
	// bound reads one bound and appends it as JSON; open says that it is the smallest or largest value there is,
	// which stands for a bound that was not given.
	bound func(dst, value []byte) (json []byte, n int, open bool, err error)
}

// write appends all ranges of a document.
func (c rangeCodec) write(w *writer, value []byte) error {
	count, size := binary.Uvarint(value)
	if size <= 0 || count > uint64(len(value)) {
		return fmt.Errorf("%w: no number of ranges", errCoding)
	}
	value = value[size:]
	for range count {
		w.next()
		for i, key := range []string{`{"gte":`, `,"lte":`} {
			w.buf = append(w.buf, key...)
			begin := len(w.buf)
			json, n, open, err := c.bound(w.buf, value)
			if err != nil {
				return err
			}
			if w.buf = json; open && (i == 0) == isLowest(json[begin:]) {
				w.buf = append(w.buf[:begin], "null"...)
			}
			value = value[n:]
		}
		w.buf = append(w.buf, '}')
	}
	return nil
}

// isLowest tells which end an open bound is: the lowest are negative, or the address of zeros.
func isLowest(json []byte) bool {
	return json[0] == '-' || string(json) == `"::"` || len(json) > 1 && json[1] == '-'
}

// variable reads a long whose length is in its first byte: 1 bit of sign, 4 of the number of further bytes (turned around
// below zero), 3 of value.
func variable(value []byte) (v int64, n int, err error) {
	if len(value) == 0 {
		return 0, 0, fmt.Errorf("%w: a bound beyond the end", errCoding)
	}
	first := value[0]
	positive := first&0x80 != 0
	n, v = 1+int(first>>3&0xF), int64(first&7)
	if !positive {
		n, v = 1+15-int(first>>3&0xF), int64(first&7)-8
	}
	if n > len(value) || n > 9 {
		return 0, 0, fmt.Errorf("%w: a bound beyond the end", errCoding)
	}
	for _, b := range value[1:n] {
		v = v<<8 | int64(b)
	}
	return v, n, nil
}

// integerRange is for integer_range, long_range and date_range; lowest and highest are the bounds of the type.
func integerRange(lowest, highest int64, number func([]byte, int64) []byte) rangeCodec {
	return rangeCodec{bound: func(dst, value []byte) ([]byte, int, bool, error) {
		v, n, err := variable(value)
		if v == lowest || v == highest {
			return appendInteger(dst, v), n, true, err
		}
		return number(dst, v), n, false, err
	}}
}

// fixed takes size bytes.
func fixed(value []byte, size int) ([]byte, error) {
	if len(value) < size {
		return nil, fmt.Errorf("%w: a bound beyond the end", errCoding)
	}
	return value[:size], nil
}

func floatRange() rangeCodec {
	return rangeCodec{bound: func(dst, value []byte) ([]byte, int, bool, error) {
		four, err := fixed(value, 4)
		if err != nil {
			return dst, 0, false, err
		}
		f := sortableFloat(int32(binary.BigEndian.Uint32(four) ^ 1<<31))
		return appendSingle(dst, f), 4, math.IsInf(float64(f), 0), nil
	}}
}

func doubleRange() rangeCodec {
	return rangeCodec{bound: func(dst, value []byte) ([]byte, int, bool, error) {
		eight, err := fixed(value, 8)
		if err != nil {
			return dst, 0, false, err
		}
		f := sortableDouble(int64(binary.BigEndian.Uint64(eight) ^ 1<<63))
		return appendDouble(dst, f), 8, math.IsInf(f, 0), nil
	}}
}

func addressRange() rangeCodec {
	highest := netip.MustParseAddr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
	return rangeCodec{bound: func(dst, value []byte) ([]byte, int, bool, error) {
		sixteen, err := fixed(value, 16)
		if err != nil {
			return dst, 0, false, err
		}
		addr, _ := netip.AddrFromSlice(sixteen)
		return appendAddr(dst, addr), 16, addr == netip.IPv6Unspecified() || addr == highest, nil
	}}
}

// The brackets of a stored range say whether it holds its bounds.
var (
	lowerKeys = map[byte]string{'[': `{"gte":`, '(': `{"gt":`}
	upperKeys = map[byte]string{']': `,"lte":`, ')': `,"lt":`}
)

// storedRange is a stored range: "[1 : 4]", a bound in round brackets excluded. number prints a bound that counts
// milliseconds; nil prints bounds as they are. Source: RangeFieldMapper.Range, method toString.
func storedRange(number func([]byte, int64) []byte) func(dst []byte, v lucene.Value) ([]byte, error) {
	return func(dst []byte, v lucene.Value) ([]byte, error) {
		from, to, ok := strings.Cut(string(v.Bytes), " : ")
		if !ok || len(from) < 2 || len(to) < 2 {
			return dst, fmt.Errorf("%w: %q is no range", errCoding, v.Bytes)
		}
		lower, opens := lowerKeys[from[0]]
		upper, closes := upperKeys[to[len(to)-1]]
		if !opens || !closes {
			return dst, fmt.Errorf("%w: %q is no range", errCoding, v.Bytes)
		}
		dst = append(dst, lower...)
		dst = appendBound(dst, from[1:], number)
		dst = append(dst, upper...)
		dst = appendBound(dst, to[:len(to)-1], number)
		return append(dst, '}'), nil
	}
}

func appendBound(dst []byte, text string, number func([]byte, int64) []byte) []byte {
	switch text {
	case "-9223372036854775808", "9223372036854775807", "-2147483648", "2147483647", "-Infinity", "Infinity", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff":
		return append(dst, "null"...)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && number != nil {
		return number(dst, n)
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil && json.Valid([]byte(text)) {
		return append(dst, text...)
	}
	return appendString(dst, []byte(text))
}
