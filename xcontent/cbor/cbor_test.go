package cbor_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"migassist/xcontent/cbor"
)

// lenient are cases that Jackson takes and we refuse: they end before or after the input does.
var lenient = map[string]bool{"6161f6": true, "a0a0": true, "8101ff": true, "63eda080": true}

// changed are cases whose value Jackson gets wrong: a key below the range of 64 bits.
var changed = map[string]string{"a13bffffffffffffffff01": `{"-18446744073709551616":1}`}

// TestItemsAreWhatJacksonMakesOfThem compares with the JSON that jackson-dataformat-cbor made (testdata/Write.java).
func TestItemsAreWhatJacksonMakesOfThem(t *testing.T) {
	for in, want := range cases(t) {
		src := unhex(t, in)
		got, err := cbor.AppendJSON([]byte("x="), src, 1<<20)
		if better, ok := changed[in]; ok {
			want = better
		}
		switch {
		case want == "ERROR" || lenient[in]:
			if _, ok := errors.AsType[*cbor.SyntaxError](err); !ok || string(got) != "x=" {
				t.Errorf("%.200s: got %.200s, error %v, want an error", in, got, err)
			}
		case err != nil:
			t.Errorf("%.200s: %v, want %.200s", in, err, want)
		case !equal(t, bytes.TrimPrefix(got, []byte("x=")), []byte(want)):
			t.Errorf("%.200s: got\n%s, want\n%s", in, got[2:], want)
		}
	}
}

func cases(t testing.TB) map[string]string {
	data, err := os.ReadFile("testdata/jackson-2.17.2.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(data)) {
		in, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		all[in] = want
	}
	if len(all) < 180 {
		t.Fatalf("%d cases", len(all))
	}
	return all
}

func unhex(t testing.TB, text string) []byte {
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// equal compares token by token, so that 1 and 1.0 are two things, all digits and the order of keys count. Only where Java
// chooses another notation (1.0E9), floats are compared by their value.
func equal(t testing.TB, a, b []byte) bool {
	return slices.EqualFunc(tokens(t, a), tokens(t, b), func(x, y json.Token) bool { return x == y || sameFloat(x, y) })
}

func sameFloat(x, y json.Token) bool {
	a, okA := x.(json.Number)
	b, okB := y.(json.Number)
	if !okA || !okB || !strings.ContainsAny(string(a), ".eE") || !strings.ContainsAny(string(b), "E") {
		return false
	}
	for _, width := range []int{64, 32} {
		u, _ := strconv.ParseFloat(string(a), width)
		v, _ := strconv.ParseFloat(string(b), width)
		if u == v {
			return true
		}
	}
	return false
}

func tokens(t testing.TB, text []byte) []json.Token {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var all []json.Token
	for decoder.InputOffset() < int64(len(text)) {
		token, err := decoder.Token()
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return nil
		}
		all = append(all, token)
	}
	return all
}

func TestEveryTruncationFails(t *testing.T) {
	for in, want := range cases(t) {
		if want == "ERROR" || lenient[in] {
			continue
		}
		src := unhex(t, in)
		for n := range src {
			if got, err := cbor.AppendJSON(nil, src[:n], 1<<20); err == nil {
				t.Errorf("%.100s cut to %d of %d bytes: %s, no error", in, n, len(src), got)
			}
		}
	}
}

func TestTheLimitHolds(t *testing.T) {
	src := unhex(t, "83"+"6161"+"f5"+"00")
	if got, err := cbor.AppendJSON([]byte("x="), src, 12); err != nil || string(got) != `x=["a",true,0]` {
		t.Errorf("exactly the limit: %s, %v", got, err)
	}
	if got, err := cbor.AppendJSON([]byte("x="), src, 11); err == nil || string(got) != "x=" {
		t.Errorf("one too many: %s, %v", got, err)
	}
}

func TestBrokenInputIsNamedWithItsOffset(t *testing.T) {
	for in, want := range map[string]string{
		"":                           "offset 0: want 1 more bytes, got 0",
		"8201":                       "offset 2: want 1 more bytes, got 0",
		"9b7fffffffffffffff01":       "offset 10: want 1 more bytes",
		"5b7fffffffffffffff01":       "offset 9: want 9223372036854775807 more bytes, got 1",
		"d9010061616161":             "offset 0: want no references to strings, got tag 256",
		"61ff":                       "offset 0: want text in UTF-8, got ff",
		"a1f50a":                     "offset 1: want a key of text or a number, got byte f5",
		"c4823b7fffffffffffffff01":   "offset 2: want an exponent of 32 bits",
		"0000":                       "offset 1: want the end of the input, got 1 more bytes",
		strings.Repeat("81", 100000): "at most 1000 levels",
		"c25a00005000" + strings.Repeat("01", 0x5000): "want a number of at most 16384 bytes, got 20480",
	} {
		_, err := cbor.AppendJSON(nil, unhex(t, in), 1<<20)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.50s: got error %v, want %q", in, err, want)
		}
	}
}
