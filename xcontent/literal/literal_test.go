package literal_test

import (
	"math"
	"math/big"
	"testing"

	"migassist/xcontent/literal"
)

func TestFloatsAreShortestAndNeverIntegers(t *testing.T) {
	for _, c := range []struct {
		v     float64
		width int
		want  string
	}{
		{1, 64, "1.0"},
		{0, 64, "0.0"},
		{math.Copysign(0, -1), 64, "-0.0"},
		{0.1, 64, "0.1"},
		{float64(float32(0.1)), 32, "0.1"},
		{float64(float32(0.1)), 64, "0.10000000149011612"},
		{16777216, 32, "16777216.0"},
		{1e21, 64, "1.0e+21"},
		{math.SmallestNonzeroFloat32, 32, "1.4e-45"},
		{3e-45, 32, "2.8e-45"},
		{1e20, 64, "100000000000000000000.0"},
		{5e-324, 64, "4.9e-324"},
		{math.MaxFloat64, 64, "1.7976931348623157e+308"},
		{math.NaN(), 64, `"NaN"`},
		{math.Inf(1), 32, `"Infinity"`},
		{math.Inf(-1), 64, `"-Infinity"`},
	} {
		if got := string(literal.AppendFloat(nil, c.v, c.width)); got != c.want {
			t.Errorf("%v of %d bits: got %s, want %s", c.v, c.width, got, c.want)
		}
	}
}

// The wants are those of java.math.BigDecimal.
func TestDecimalsKeepTheirDigits(t *testing.T) {
	for _, c := range []struct {
		unscaled string
		scale    int64
		want     string
	}{
		{"110", 2, "1.10"},
		{"-110", 2, "-1.10"},
		{"0", 0, "0"},
		{"0", 3, "0.000"},
		{"0", -3, "0E+3"},
		{"0", 8, "0E-8"},
		{"123", -1, "1.23E+3"},
		{"1", 6, "0.000001"},
		{"1", 7, "1E-7"},
		{"12345678901234567890123", 23, "0.12345678901234567890123"},
		{"-7", -2147483647, "-7E+2147483647"},
	} {
		v, _ := new(big.Int).SetString(c.unscaled, 10)
		if got := string(literal.AppendDecimal(nil, v, c.scale)); got != c.want {
			t.Errorf("%s with scale %d: got %s, want %s", c.unscaled, c.scale, got, c.want)
		}
	}
}

func TestTextIsEscapedWhereItMustBe(t *testing.T) {
	if got, want := string(literal.AppendText(nil, "a\"b\\c\n\r\t\b\f\x00\x1f/é\u2028")), `"a\"b\\c\n\r\t\b\f\u0000\u001f/é`+"\u2028\""; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := string(literal.AppendBytes([]byte("x"), []byte{0xff, 0})); got != `x"/wA="` {
		t.Errorf("bytes: got %s", got)
	}
}
