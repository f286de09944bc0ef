package rebuild

import (
	"errors"
	"math"
	"testing"
)

func TestNumbersOfColumnsBecomeJSON(t *testing.T) {
	for _, c := range []struct {
		kind, parameters string
		n                int64
		want             string
	}{
		{"long", "", math.MinInt64, "-9223372036854775808"},
		{"float", "", 0x3fa00000, "1.25"},
		{"float", "", ^int64(0x3dcccccd)&0x7fffffff | -1<<31, "-0.1"},
		{"double", "", int64(math.Float64bits(0.1)), "0.1"},
		{"double", "", int64(math.Float64bits(1e300)), "1.0e+300"},
		{"double", "", int64(math.Float64bits(10000000000)), "10000000000.0"},
		{"double", "", int64(math.Float64bits(-2.5)) ^ math.MaxInt64, "-2.5"},
		{"half_float", "", 0x3c00, "1.0"},
		{"half_float", "", 1, "5.9604645e-08"},
		{"half_float", "", -1 - 0x3e00, "-1.5"},
		{"scaled_float", `"scaling_factor":100`, 1234, "12.34"},
		{"unsigned_long", "", math.MaxInt64, "18446744073709551615"},
		{"unsigned_long", "", math.MinInt64, "0"},
		{"boolean", "", 1, "true"},
		{"date", "", -1, `"1969-12-31T23:59:59.999Z"`},
		{"date", `"format":"epoch_second||date"`, 1500, `"1.5"`},
		{"date", `"format":"'\"'yyyy"`, 0, `"\"1970"`},
		{"date_nanos", "", 1577934245123456789, `"2020-01-02T03:04:05.123456789Z"`},
		{"geo_point", "", 0x20000000_10000000, `{"lat":22.5,"lon":22.5}`},
	} {
		d := mustParse(t, `{"type":"`+c.kind+`"`+comma(c.parameters)+`}`)
		number := types[c.kind].codec(d, release{id: created819}).number
		if got := string(number(nil, c.n)); got != c.want {
			t.Errorf("%s %s of %d: %s, want %s", c.kind, c.parameters, c.n, got, c.want)
		}
	}
}

func mustParse(t testing.TB, text string) definition {
	t.Helper()
	d, err := parseDefinition([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func comma(parameters string) string {
	if parameters == "" {
		return ""
	}
	return "," + parameters
}

func TestTermsBecomeJSON(t *testing.T) {
	for _, c := range []struct{ kind, term, want string }{
		{"keyword", "a\"\xff", "\"a\\\"\uFFFD\""},
		{"ip", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x0a\x00\x00\x01", `"10.0.0.1"`},
		{"ip", "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", `"2001:db8::1"`},
		{"boolean", "T", "true"},
		{"version", "\x01\x811.\x01\x8210\x02-rc.\x01\x811", `"1.10-rc.1"`},
		{"version", "\x01\x811\x03+b", `"1+b"`},
	} {
		got, err := types[c.kind].codec(definition{}, release{id: created819}).term(nil, []byte(c.term))
		if err != nil || string(got) != c.want {
			t.Errorf("%s %q: %s, %v, want %s", c.kind, c.term, got, err, c.want)
		}
	}
	for kind, term := range map[string]string{"ip": "12345", "boolean": "X"} {
		if _, err := types[kind].codec(definition{}, release{}).term(nil, []byte(term)); !errors.Is(err, errCoding) {
			t.Errorf("%s %q: %v, want an error", kind, term, err)
		}
	}
}

func TestBinaryColumnsBecomeJSON(t *testing.T) {
	for _, c := range []struct{ kind, parameters, value, want string }{
		{"binary", "", "\x02\x01a\x02bc", `["YQ==","YmM="]`},
		{"binary", "", "\x00", ""},
		{"wildcard", "", "\x01\x01a", `"a"`},
		{"integer_range", "", "\x01\x81\x84", `{"gte":1,"lte":4}`},
		{"integer_range", "", "\x01\x5f\x80\x00\x00\x00\x84", `{"gte":null,"lte":4}`},
		{"long_range", "", "\x01\x82\xc0\x7f\xff\xff\xff\xff\xff\xff\xff", `{"gte":2,"lte":null}`},
		{"float_range", "", "\x01\x00\x7f\xff\xff\xbf\xa0\x00\x00", `{"gte":null,"lte":1.25}`},
		{"double_range", "", "\x01\xbf\xf8\x00\x00\x00\x00\x00\x00\xff\xf0\x00\x00\x00\x00\x00\x00", `{"gte":1.5,"lte":null}`},
		{"dense_vector", `"dims":2`, "\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x00", "[1.0,-2.0]"},
		{"dense_vector", `"dims":2,"element_type":"byte"`, "\x01\xff", "[1,-1]"},
		{"histogram", "", "\x03\x3f\xf0\x00\x00\x00\x00\x00\x00", `{"values":[1.0],"counts":[3]}`},
		{"geo_point", "", "\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x00\x40", `{"lat":1.0,"lon":2.0}`},
		{"integer", "", "\x03\x02", "[-2,0]"},
	} {
		w := &writer{}
		at := w.begin()
		d := mustParse(t, `{"type":"`+c.kind+`"`+comma(c.parameters)+`}`)
		err := types[c.kind].codec(d, release{id: created819}).binary(w, []byte(c.value))
		if w.end(at); err != nil || string(w.buf) != c.want {
			t.Errorf("%s %q: %s, %v, want %s", c.kind, c.value, w.buf, err, c.want)
		}
		for end := range len(c.value) { // cut short: an error or fewer values, no panic
			w := &writer{}
			w.begin()
			_ = types[c.kind].codec(d, release{id: created819}).binary(w, []byte(c.value[:end]))
		}
	}
}

func TestTreesOfTerms(t *testing.T) {
	for _, c := range []struct {
		terms []string
		want  string
	}{
		{[]string{"a\x001", "b.c\x002", "b.c\x003", "b.c.d\x004", "b.e\x00x=y"}, `{"a":"1","b":{"c":["2","3"],"c.d":"4","e":"x=y"}}`},
		{[]string{"a.b.c\x001", "a.d\x002", "e.b\x003"}, `{"a":{"b":{"c":"1"},"d":"2"},"e":{"b":"3"}}`},
	} {
		w := &writer{}
		var terms [][]byte
		for _, term := range c.terms {
			terms = append(terms, []byte(term))
		}
		if err := w.writeTree(terms, []byte{0}, nil); err != nil || string(w.buf) != c.want {
			t.Errorf("%q: %s, %v, want %s", c.terms, w.buf, err, c.want)
		}
	}
	if err := (&writer{}).writeTree([][]byte{[]byte("a")}, []byte{0}, nil); !errors.Is(err, errCoding) {
		t.Errorf("a term without a value: %v", err)
	}
}
