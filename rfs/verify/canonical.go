package verify

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math/big"
	"strings"

	"migassist/xcontent/tree"
)

// canonizer hashes JSON values so that those are alike which [tree.Equal] says are equal: members in any order, numbers by their
// value, strings however they are written.
type canonizer struct{ h hash.Hash }

// sum returns the hash of a text, false where it is no JSON.
func (c *canonizer) sum(text []byte) (sum [32]byte, ok bool) {
	v, err := tree.Parse(text)
	if err != nil {
		return sum, false
	}
	if c.h == nil {
		c.h = sha256.New()
	}
	return c.value(v), true
}

// value hashes kind and content. Of an object the hashes of its members are added up, which no order changes.
func (c *canonizer) value(v *tree.Value) (sum [32]byte) {
	switch v.Kind() {
	case tree.Object:
		seen := 0
		var total [4]uint64
		for name := range v.Members() {
			member := c.member(name, v.Get(name)) // of members that share a name the last counts
			for i := range total {
				total[i] += binary.LittleEndian.Uint64(member[8*i:])
			}
			seen++
		}
		var buf [41]byte
		buf[0] = '{'
		binary.LittleEndian.PutUint64(buf[1:], uint64(seen))
		for i, part := range total {
			binary.LittleEndian.PutUint64(buf[9+8*i:], part)
		}
		return sha256.Sum256(buf[:])
	case tree.Array:
		all := []byte{'['}
		for _, element := range v.Elements() {
			one := c.value(element)
			all = append(all, one[:]...)
		}
		return sha256.Sum256(all)
	case tree.String:
		return c.text('"', v.Text())
	case tree.Number:
		return c.text('0', decimal(v.Literal()))
	case tree.Bool:
		if v.Bool() {
			return c.text('t', "")
		}
		return c.text('f', "")
	}
	return c.text('n', "")
}

func (c *canonizer) member(name string, v *tree.Value) [32]byte {
	value := c.value(v)
	c.h.Reset()
	var size [9]byte
	size[0] = ':'
	binary.LittleEndian.PutUint64(size[1:], uint64(len(name)))
	c.h.Write(size[:])
	c.h.Write([]byte(name))
	c.h.Write(value[:])
	return [32]byte(c.h.Sum(nil))
}

func (c *canonizer) text(kind byte, text string) [32]byte {
	c.h.Reset()
	c.h.Write([]byte{kind})
	c.h.Write([]byte(text))
	return [32]byte(c.h.Sum(nil))
}

// decimal writes a number so that those of the same value are alike: its digits without zeros at either end, and the power of ten of the
// last one. Nothing is rounded, and no exponent is written out.
func decimal(literal string) string {
	rest, negative := strings.CutPrefix(literal, "-")
	mantissa, power, _ := strings.Cut(strings.ToLower(rest), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return "0"
	}
	exponent := new(big.Int)
	if power != "" {
		exponent.SetString(strings.TrimPrefix(power, "+"), 10) // as the literal is a number's, it can be read
	}
	short := strings.TrimRight(digits, "0")
	exponent.Add(exponent, big.NewInt(int64(len(digits)-len(short)-len(fraction))))
	sign := ""
	if negative {
		sign = "-"
	}
	return sign + short + "e" + exponent.String()
}
