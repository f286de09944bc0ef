package rebuild

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// judge holds a rebuilt document against what was sent, field by field: values must be the same, in the same order and
// as often, but for what the plan says is lost. It returns what is wrong, or "".
func judge(t *testing.T, plan *Plan, properties, sent map[string]any, got []byte) string {
	t.Helper()
	rebuilt, ok := value(t, got).(map[string]any)
	if !ok {
		return "is no object"
	}
	want, have := map[string][]any{}, map[string][]any{}
	gather(want, "", properties, sent)
	gather(have, "", properties, rebuilt)
	for path, d := range leaves("", properties) {
		if !judged[fmt.Sprint(d["type"])] {
			delete(have, path)
			continue
		}
		if problem := compareField(plan, path, d, want[path], have[path]); problem != "" {
			return path + ": " + problem
		}
		delete(have, path)
	}
	for path, values := range have { // of fields that the mapping does not have, in a stored _source
		if asJSON(values) != asJSON(want[path]) {
			return fmt.Sprintf("has more: %s %v", path, values)
		}
	}
	return ""
}

// judged are the types whose values the judge can compare.
var judged = map[string]bool{
	"byte": true, "short": true, "integer": true, "long": true, "unsigned_long": true, "float": true, "double": true, "half_float": true, "scaled_float": true,
	"date": true, "date_nanos": true, "boolean": true, "ip": true, "geo_point": true, "keyword": true, "string": true, "text": true, "binary": true,
	"integer_range": true, "long_range": true, "float_range": true, "double_range": true, "date_range": true, "ip_range": true,
	"wildcard": true, "flat_object": true,
}

// leaves are the fields of a mapping by dotted path.
func leaves(prefix string, properties map[string]any) map[string]map[string]any {
	all := map[string]map[string]any{}
	for name, definition := range properties {
		d := definition.(map[string]any)
		if inner, ok := d["properties"].(map[string]any); ok {
			maps.Copy(all, leaves(prefix+name+".", inner))
			continue
		}
		all[prefix+name] = d
	}
	return all
}

// gather collects the values of every field, arrays of objects taken apart.
func gather(into map[string][]any, prefix string, properties map[string]any, doc map[string]any) {
	for name, v := range doc {
		d, _ := properties[name].(map[string]any)
		if d == nil {
			if !isEmpty(v) {
				into[prefix+name] = append(into[prefix+name], v)
			}
			continue
		}
		inner, isGroup := d["properties"].(map[string]any)
		for _, one := range flat(v, d["type"] == "geo_point") {
			if object, ok := one.(map[string]any); ok && isGroup {
				gather(into, prefix+name+".", inner, object)
			} else if one != nil && !isGroup {
				into[prefix+name] = append(into[prefix+name], one)
			}
		}
	}
}

func isEmpty(v any) bool {
	m, ok := v.(map[string]any)
	return v == nil || ok && len(m) == 0
}

// flat takes arrays apart, but not a point that is one.
func flat(v any, point bool) []any {
	many, ok := v.([]any)
	if !ok {
		return []any{v}
	}
	if point && len(many) == 2 {
		if _, ok := many[0].(json.Number); ok {
			return []any{v}
		}
	}
	var all []any
	for _, one := range many {
		all = append(all, flat(one, point)...)
	}
	return all
}

// plain is a value in a form to compare: text, or a number with what it may be off by.
type plain struct {
	text     string
	number   float64
	off      float64
	isNumber bool
}

func (p plain) same(other plain) bool {
	if p.isNumber && other.isNumber {
		return p.number == other.number || math.Abs(p.number-other.number) <= p.off*max(1, math.Abs(p.number))
	}
	return p.text == other.text
}

func compareField(plan *Plan, path string, d map[string]any, want, have []any) string {
	var gone, sorted, once, malformed bool
	longest := math.MaxInt
	for _, l := range plan.Losses() {
		if l.Field != path {
			continue
		}
		gone = gone || l.Gone
		sorted = sorted || strings.Contains(l.Reason, "sorted") || strings.Contains(l.Reason, "another order")
		if strings.Contains(l.Reason, "an array of the objects") && len(have) == 0 {
			return ""
		}
		malformed = malformed || strings.Contains(l.Reason, "malformed")
		once = once || strings.Contains(l.Reason, "each value once")
		if _, rest, ok := strings.Cut(l.Reason, "values longer than "); ok {
			longest, _ = strconv.Atoi(strings.Fields(rest)[0])
		}
	}
	if gone {
		if len(have) > 0 {
			return "was said to be gone"
		}
		return ""
	}
	a, b := plains(d, want, longest), plains(d, have, math.MaxInt)
	if malformed {
		a = slices.DeleteFunc(a, func(p plain) bool { return p.text == "<nil>" })
	}
	if sorted {
		slices.SortFunc(a, order)
		slices.SortFunc(b, order)
	}
	if once {
		a, b = slices.CompactFunc(a, plain.same), slices.CompactFunc(b, plain.same)
	}
	if !slices.EqualFunc(a, b, plain.same) {
		return fmt.Sprintf("%v, want %v (sorted %v, once %v)", b, a, sorted, once)
	}
	return ""
}

func order(a, b plain) int {
	if a.isNumber && b.isNumber {
		return int(math.Copysign(1, a.number-b.number)) * map[bool]int{true: 0, false: 1}[a.number == b.number]
	}
	return strings.Compare(a.text, b.text)
}

func plains(d map[string]any, values []any, longest int) []plain {
	var all []plain
	for _, v := range values {
		p := canonical(d, v)
		if len(utf16.Encode([]rune(p.text))) > longest {
			continue
		}
		all = append(all, p)
	}
	return all
}

func canonical(d map[string]any, v any) plain {
	kind, text := d["type"].(string), fmt.Sprint(v)
	switch kind {
	case "byte", "short", "integer", "long", "unsigned_long":
		n, _ := new(big.Int).SetString(text, 10)
		return plain{text: fmt.Sprint(n)}
	case "float", "double", "half_float", "scaled_float":
		f, _ := strconv.ParseFloat(text, 64)
		off := map[string]float64{"float": 1e-6, "half_float": 1e-3, "scaled_float": 4}[kind]
		return plain{number: f, off: off, isNumber: true}
	case "date", "date_nanos":
		format, _ := d["format"].(string)
		return plain{text: instant(text, format)}
	case "ip":
		return plain{text: netip.MustParseAddr(text).Unmap().String()}
	case "geo_point":
		return plain{text: place(v)}
	}
	if strings.HasSuffix(kind, "_range") {
		return plain{text: bounds(kind, v)}
	}
	if m, ok := v.(map[string]any); ok {
		return plain{text: asJSON(m)}
	}
	return plain{text: text}
}

// instant is a date in nanoseconds since 1970.
func instant(text, format string) string {
	if n, ok := new(big.Rat).SetString(text); ok {
		n.Mul(n, new(big.Rat).SetInt64(1e6))
		if strings.HasPrefix(format, "epoch_second") {
			n.Mul(n, new(big.Rat).SetInt64(1000))
		}
		return n.FloatString(0)
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02", "2006-01-02 15:04:05.999", "2006-01-02T15:04:05.999"} {
		if at, err := time.Parse(layout, text); err == nil {
			return strconv.FormatInt(at.Unix()*1e9+int64(at.Nanosecond()), 10)
		}
	}
	return "no date: " + text
}

func place(v any) string {
	var lat, lon float64
	read := func(v any) float64 { f, _ := strconv.ParseFloat(strings.TrimSpace(fmt.Sprint(v)), 64); return f }
	switch v := v.(type) {
	case map[string]any:
		lat, lon = read(v["lat"]), read(v["lon"])
	case []any:
		lon, lat = read(v[0]), read(v[1])
	default:
		before, after, _ := strings.Cut(fmt.Sprint(v), ",")
		lat, lon = read(before), read(after)
	}
	if math.Abs(lon) > 179.999 {
		lon = 180
	}
	return fmt.Sprintf("%.3f,%.3f", lat+1e-9, lon+1e-9)
}

// bounds are those of a range, both included.
func bounds(kind string, v any) string {
	if text, ok := v.(string); ok {
		prefix := netip.MustParsePrefix(text)
		last := prefix.Addr().AsSlice()
		for i := prefix.Bits(); i < len(last)*8; i++ {
			last[i/8] |= 0x80 >> (i % 8)
		}
		end, _ := netip.AddrFromSlice(last)
		return prefix.Addr().String() + " " + end.String()
	}
	m := v.(map[string]any)
	one := func(v any) string {
		switch {
		case v == nil:
			return "-"
		case kind == "date_range":
			return instant(fmt.Sprint(v), "")
		case kind == "ip_range":
			return netip.MustParseAddr(fmt.Sprint(v)).String()
		}
		f, _ := strconv.ParseFloat(fmt.Sprint(v), 64)
		return strconv.FormatFloat(float64(float32(f)), 'g', 6, 64)
	}
	low, high := one(m["gte"]), one(m["lte"])
	if n, err := strconv.Atoi(fmt.Sprint(m["gt"])); err == nil {
		low = strconv.Itoa(n + 1)
	}
	if n, err := strconv.Atoi(fmt.Sprint(m["lt"])); err == nil {
		high = strconv.Itoa(n - 1)
	}
	return low + " " + high
}

func asJSON(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}
