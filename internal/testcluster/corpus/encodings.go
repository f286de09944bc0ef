package corpus

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// member is one of an object: a value whose members keep their order.
type member struct {
	name  string
	value any
}

type object []member

// encodings writes the same document in every content type that servers take. They keep the
// bytes as they come.
func encodings(l *loader) {
	document := object{
		{"small", 1},
		{"negative", -20_000},
		{"int", 1 << 30},
		{"long", 1 << 40},
		{"least", math.MinInt64},
		{"half", 1.5},
		{"tenth", 0.1},
		{"huge", 1e300},
		{"empty", ""},
		{"text", "some text"},
		{"fifty", strings.Repeat("fifty", 10)},
		{"long text", strings.Repeat("long ", 60)},
		{"umlaut", "ünï"},
		{"日本", strings.Repeat("日本", 12)},
		{"emoji", strings.Repeat("😀", 40)},
		{"long name " + strings.Repeat("n", 60), nil},
		{"list", []any{1, nil, true, false, "x", []any{}, object{}}},
		{"object", object{{"small", object{{"text", "some text"}}}}},
	}
	l.putAs("json", "application/json", []byte(`{ "small" : 1, "half" : 1.50 }`))
	l.putAs("smile", "application/smile", smile(document))
	l.putAs("cbor", "application/cbor", cbor(nil, document))
	l.putAs("cbor-tagged", "application/cbor", cbor([]byte{0xd9, 0xd9, 0xf7}, document))
	l.putAs("yaml", "application/yaml", []byte(yamlBlock))
	l.putAs("yaml-flow", "application/yaml", []byte(yamlFlow))
	if !l.dialect.before(5) { // the older ones cannot read it
		l.putAs("yaml-more", "application/yaml", []byte(yamlMore))
	}
	l.flush()
	for i := range 6 { // beside a deleted one, and in several segments
		l.putAs("smile-"+string(rune('a'+i)), "application/smile", smile(object{{"n", i}, {"text", strings.Repeat("s", i*20)}}))
	}
	l.delete("smile-b", "")
	l.flush()
}

const yamlBlock = "---\na: 1\nb: \"two\"\nc:\n- 1\n- null\n- true\nd:\n  e: 1.5\n  f: text here\n"

const yamlFlow = "---\n{a: ünï, b: [x, \"y\"], c: 'single ''quoted'''}\n"

const yamlMore = "---\nflow: {a: ünï, b: [x, \"y\"]}\nblock: |\n  line 1\n  line 2\nfold: >\n  one\n  two\nhex: 0x1F\nnothing: ~\nyes_: yes\nescaped: \"tab\\tend\"\n"

// cbor appends the value as CBOR (RFC 8949), objects with an open end as Jackson writes them.
func cbor(out []byte, value any) []byte {
	head := func(major byte, n uint64) {
		switch {
		case n < 24:
			out = append(out, major<<5|byte(n))
		case n < 1<<8:
			out = append(out, major<<5|24, byte(n))
		case n < 1<<16:
			out = binary.BigEndian.AppendUint16(append(out, major<<5|25), uint16(n))
		case n < 1<<32:
			out = binary.BigEndian.AppendUint32(append(out, major<<5|26), uint32(n))
		default:
			out = binary.BigEndian.AppendUint64(append(out, major<<5|27), n)
		}
	}
	switch v := value.(type) {
	case nil:
		out = append(out, 0xf6)
	case bool:
		out = append(out, map[bool]byte{false: 0xf4, true: 0xf5}[v])
	case int:
		if v < 0 {
			head(1, uint64(-1-v))
		} else {
			head(0, uint64(v))
		}
	case float64:
		out = binary.BigEndian.AppendUint64(append(out, 0xfb), math.Float64bits(v))
	case string:
		head(3, uint64(len(v)))
		out = append(out, v...)
	case []any:
		head(4, uint64(len(v)))
		for _, item := range v {
			out = cbor(out, item)
		}
	case object:
		out = append(out, 0xbf)
		for _, m := range v {
			out = cbor(cbor(out, m.name), m.value)
		}
		out = append(out, 0xff)
	}
	return out
}

// smile is the value as SMILE (the format's specification 1.0), without shared names and values.
func smile(value any) []byte { return smileValue([]byte(":)\n\x00"), value) }

func smileValue(out []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(out, 0x21)
	case bool:
		return append(out, map[bool]byte{false: 0x22, true: 0x23}[v])
	case int:
		return smileInt(out, int64(v))
	case float64:
		out = append(out, 0x29)
		for shift := 63; shift >= 0; shift -= 7 {
			out = append(out, byte(math.Float64bits(v)>>shift)&0x7f)
		}
		return out
	case string:
		return smileString(out, v)
	case []any:
		out = append(out, 0xf8)
		for _, item := range v {
			out = smileValue(out, item)
		}
		return append(out, 0xf9)
	case object:
		out = append(out, 0xfa)
		for _, m := range v {
			out = smileValue(smileName(out, m.name), m.value)
		}
		return append(out, 0xfb)
	}
	return out
}

// smileInt writes a small integer in its token, others zigzag with six bits in the last byte.
func smileInt(out []byte, v int64) []byte {
	zigzag := uint64(v<<1) ^ uint64(v>>63)
	switch {
	case v >= -16 && v < 16:
		return append(out, 0xc0+byte(zigzag))
	case v >= math.MinInt32 && v <= math.MaxInt32:
		out = append(out, 0x24)
	default:
		out = append(out, 0x25)
	}
	digits := []byte{0x80 | byte(zigzag&0x3f)}
	for zigzag >>= 6; zigzag > 0; zigzag >>= 7 {
		digits = append(digits, byte(zigzag&0x7f))
	}
	slices.Reverse(digits)
	return append(out, digits...)
}

func smileString(out []byte, v string) []byte {
	n, ascii := len(v), len(v) == utf8.RuneCountInString(v)
	switch {
	case n == 0:
		return append(out, 0x20)
	case ascii && n <= 32:
		out = append(out, 0x40+byte(n-1))
	case ascii && n <= 64:
		out = append(out, 0x60+byte(n-33))
	case !ascii && n <= 33:
		out = append(out, 0x80+byte(n-2))
	case !ascii && n <= 65:
		out = append(out, 0xa0+byte(n-34))
	default:
		kind := map[bool]byte{true: 0xe0, false: 0xe4}[ascii]
		return append(append(append(out, kind), v...), 0xfc)
	}
	return append(out, v...)
}

func smileName(out []byte, name string) []byte {
	n, ascii := len(name), len(name) == utf8.RuneCountInString(name)
	switch {
	case ascii && n <= 64:
		out = append(out, 0x80+byte(n-1))
	case !ascii && n <= 57:
		out = append(out, 0xc0+byte(n-2))
	default:
		return append(append(append(out, 0x34), name...), 0xfc)
	}
	return append(out, name...)
}
