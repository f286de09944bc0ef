//go:build e2e

package rebuild

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// random makes mappings and documents of all types that a server has.
type random struct {
	*rand.Rand
	era    era
	nested *bool // the mapping has a nested object: with several, empty ones can't be told apart
}

// era is what a version has.
type era struct {
	name       string
	major      int
	openSearch bool
	synthetic  bool
	derived    bool
	types      []string
}

// object makes the properties of an object.
func (r random) object(depth int) map[string]any {
	properties := map[string]any{}
	for i := range 2 + r.IntN(8) {
		name := string(rune('a'+i)) + []string{"", "x", "-y", "_1"}[r.IntN(4)]
		switch {
		case depth < 3 && r.IntN(6) == 0:
			properties[name] = r.group(depth + 1)
		default:
			properties[name] = r.field(r.era.types[r.IntN(len(r.era.types))])
		}
	}
	return properties
}

// group is an object or nested.
func (r random) group(depth int) map[string]any {
	group := map[string]any{"properties": r.object(depth)}
	if r.IntN(3) == 0 && !r.era.derived && (!*r.nested || r.IntN(10) == 0) {
		group["type"], *r.nested = "nested", true
	}
	if r.era.synthetic {
		switch r.IntN(8) {
		case 0:
			group["enabled"] = false
			delete(group, "type")
		case 1:
			group["dynamic"] = []any{"false", "true", "runtime"}[r.IntN(3)]
		case 2:
			group["synthetic_source_keep"] = []any{"all", "arrays", "none"}[r.IntN(3)]
		case 3:
			if group["type"] == nil {
				group["subobjects"] = false
				group["properties"] = map[string]any{"p.q": r.field("keyword"), "p": r.field("long")}
			}
		}
		if group["enabled"] == false {
			delete(group, "properties")
		}
	}
	return group
}

// field is one field with some of the parameters of its type.
func (r random) field(kind string) map[string]any {
	f := map[string]any{"type": kind}
	if kind == "string" && r.IntN(3) > 0 || kind == "string" && r.era.major == 1 {
		f["index"] = "not_analyzed"
	}
	r.common(f, kind)
	switch kind {
	case "scaled_float":
		f["scaling_factor"] = []float64{1, 10, 100, 1000.5, 0.3}[r.IntN(5)]
	case "keyword":
		if !r.era.derived && r.IntN(4) == 0 {
			f["ignore_above"] = 1 + r.IntN(8)
		}
	case "date":
		if r.IntN(2) == 0 {
			f["format"] = r.dateFormat()
		}
	case "date_nanos":
		if r.IntN(2) == 0 {
			f["format"] = []string{"strict_date_optional_time_nanos", "strict_date_optional_time||epoch_millis", "yyyy-MM-dd||strict_date_optional_time"}[r.IntN(3)]
		}
	case "text":
		if r.IntN(2) == 0 {
			sub := map[string]any{"type": "keyword"}
			if r.IntN(3) == 0 && !r.era.derived {
				sub["ignore_above"] = 1 + r.IntN(8)
			}
			f["fields"] = map[string]any{"kw": sub}
		}
	case "dense_vector":
		f["dims"] = 3
		f["index"] = false
	case "flattened":
		delete(f, "store")
		if r.IntN(3) == 0 {
			f["ignore_above"] = 1 + r.IntN(6)
		}
	case "completion", "sparse_vector":
		f = map[string]any{"type": kind}
	}
	return f
}

// common are parameters that many types have.
func (r random) common(f map[string]any, kind string) {
	if kind == "dense_vector" || kind == "completion" || kind == "sparse_vector" {
		return
	}
	columns := kind != "text" && f["index"] != nil || kind != "text" && kind != "string"
	if columns && (r.IntN(5) == 0 || r.era.major == 1 && r.IntN(3) > 0) {
		f["doc_values"] = r.era.major == 1 || kind == "binary"
		if f["doc_values"] == false && r.era.derived {
			f["store"] = true
		}
	}
	if r.IntN(5) == 0 && kind != "flattened" {
		f["store"] = true
	}
	if !r.era.synthetic {
		return
	}
	if r.IntN(4) == 0 && numeric(kind) || kind == "date" && r.IntN(4) == 0 || kind == "ip" && r.IntN(4) == 0 || kind == "geo_point" && r.IntN(4) == 0 || kind == "boolean" && r.IntN(6) == 0 {
		f["ignore_malformed"] = true
	}
	if r.IntN(6) == 0 {
		f["synthetic_source_keep"] = []any{"all", "arrays", "none"}[r.IntN(3)]
	}
	if r.IntN(10) == 0 && kind != "flattened" && kind != "binary" && !strings.HasSuffix(kind, "range") {
		f["copy_to"] = "copied"
	}
	if r.IntN(10) == 0 && (numeric(kind) || kind == "keyword") {
		f["null_value"] = map[bool]any{true: 7, false: "none"}[numeric(kind)]
	}
}

func numeric(kind string) bool {
	switch kind {
	case "byte", "short", "integer", "long", "float", "double", "half_float", "scaled_float", "unsigned_long":
		return true
	}
	return false
}

func (r random) dateFormat() string {
	formats := []string{"epoch_millis", "epoch_second||strict_date_optional_time", "strict_date_optional_time||epoch_millis", "yyyy-MM-dd HH:mm:ss.SSS||strict_date_optional_time||epoch_millis", "date_hour_minute_second_millis||epoch_millis"}
	if r.era.major < 7 {
		formats = []string{"epoch_millis", "dateOptionalTime||epoch_millis", "yyyy-MM-dd HH:mm:ss.SSS||dateOptionalTime||epoch_millis"}
	}
	if r.era.major == 1 {
		formats = []string{"dateOptionalTime", "yyyy-MM-dd HH:mm:ss.SSS||dateOptionalTime"}
	}
	return formats[r.IntN(len(formats))]
}

// document fills the properties of a mapping.
func (r random) document(properties map[string]any, depth int) map[string]any {
	doc := map[string]any{}
	for name, definition := range properties {
		d := definition.(map[string]any)
		if r.IntN(3) == 0 {
			continue
		}
		switch {
		case d["enabled"] == false:
			doc[name] = r.anything(0)
		case d["properties"] != nil:
			doc[name] = r.groupValue(d, depth)
		default:
			doc[name] = r.values(d)
		}
	}
	if r.era.synthetic && r.IntN(4) == 0 {
		doc[[]string{"new", "newer", "copied"}[r.IntN(3)]] = r.dynamic()
	}
	return doc
}

func (r random) groupValue(d map[string]any, depth int) any {
	inner := d["properties"].(map[string]any)
	switch r.IntN(5) {
	case 0, 1:
		many := []any{}
		for range r.IntN(4) {
			many = append(many, r.document(inner, depth+1))
		}
		return many
	case 2:
		if r.era.synthetic && r.IntN(3) == 0 {
			return nil
		}
	}
	return r.document(inner, depth+1)
}

// values are one value of a field, or an array of them.
func (r random) values(d map[string]any) any {
	kind := d["type"].(string)
	if kind == "dense_vector" {
		return []any{r.IntN(9), 0.5, -r.Float32()}
	}
	if kind == "flattened" || kind == "flat_object" || kind == "completion" || kind == "sparse_vector" {
		return r.value(d)
	}
	switch r.IntN(6) {
	case 0, 1:
		many := []any{}
		for range r.IntN(5) {
			if len(many) > 0 && r.IntN(3) == 0 {
				many = append(many, many[0])
				continue
			}
			if r.IntN(12) == 0 && kind != "binary" {
				many = append(many, nil)
				continue
			}
			many = append(many, r.value(d))
		}
		if r.IntN(8) == 0 && kind != "geo_point" && r.era.synthetic {
			return []any{many, r.value(d)}
		}
		return many
	case 2:
		if r.IntN(4) == 0 && kind != "binary" && !strings.HasSuffix(kind, "range") {
			return nil
		}
	}
	return r.value(d)
}

// value is one value of a type; one that is not of it, where that is allowed.
func (r random) value(d map[string]any) any {
	kind := d["type"].(string)
	if d["ignore_malformed"] == true && r.IntN(3) == 0 {
		return []any{"nonsense", "12x", map[string]any{"a": 1, "b": []any{true}}, "?"}[r.IntN(4)]
	}
	switch kind {
	case "byte":
		return r.IntN(256) - 128
	case "short":
		return r.IntN(1<<16) - 1<<15
	case "integer":
		return r.whole(math.MinInt32, math.MaxInt32)
	case "long":
		return r.whole(math.MinInt64, math.MaxInt64)
	case "unsigned_long":
		return r.Uint64() >> r.IntN(64)
	case "float", "half_float", "scaled_float", "double":
		return r.float(kind)
	case "boolean":
		return []any{true, false, "true", "false"}[r.IntN(4)]
	case "date":
		return r.date(d)
	case "date_nanos":
		return r.nanos()
	case "ip":
		return r.address()
	case "geo_point":
		return r.point()
	case "binary":
		return []any{"AAECAwQ=", "/w==", "YWJj"}[r.IntN(3)]
	case "flattened":
		return map[string]any{"a": r.word(), "b": map[string]any{"c": []any{r.word(), r.word()}, "d-e": r.word()}, "b-x": r.IntN(9)}
	case "completion", "wildcard":
		return r.word()
	case "sparse_vector":
		return map[string]any{"a": 1.5, "b": 2}
	}
	if strings.HasSuffix(kind, "_range") {
		return r.interval(kind)
	}
	return r.word()
}

func (r random) whole(low, high int64) any {
	switch r.IntN(6) {
	case 0:
		return low
	case 1:
		return high
	case 2:
		return fmt.Sprint(r.IntN(1000))
	default:
		return int64(int32(r.Uint32())) >> r.IntN(31)
	}
}

func (r random) float(kind string) any {
	switch r.IntN(5) {
	case 0:
		return r.IntN(100)
	case 1:
		return -r.Float64()
	case 2:
		if kind == "double" {
			return math.Float64frombits(r.Uint64() >> 3)
		}
		return fmt.Sprint(r.Float32())
	case 3:
		return 0.1
	default:
		return float64(int(r.Float64()*100000)) / 100
	}
}

func (r random) date(d map[string]any) any {
	millis := int64(r.Uint64()>>r.IntN(20)) % 4102444800000
	format, _ := d["format"].(string)
	switch {
	case strings.HasPrefix(format, "epoch_millis"), strings.Contains(format, "epoch_millis") && r.IntN(3) == 0:
		return millis
	case strings.HasPrefix(format, "epoch_second"), strings.HasPrefix(format, "yyyy"), strings.HasPrefix(format, "date_hour"), r.IntN(2) == 0:
		f, _ := compileDate("date_time", false)
		if strings.HasPrefix(format, "yyyy") && !strings.Contains(format, "ptional") {
			f, _ = compileDate(format, false)
		}
		if strings.HasPrefix(format, "date_hour") {
			f, _ = compileDate(format, false)
		}
		return string(f.append(nil, floorDiv(millis, 1000), floorMod(millis, 1000)*1e6))
	default:
		return []any{"2020-01-02", "1969-12-31T23:59:59.999Z", "2024-02-29T12:00:00+02:00"}[r.IntN(3)]
	}
}

func (r random) nanos() any {
	return []any{"2020-01-02T03:04:05.123456789Z", "2020-01-02T03:04:05.1Z", "1970-01-01", "2020-01-02T03:04:05.123456Z"}[r.IntN(4)]
}

func (r random) address() any {
	if r.era.major < 5 && !r.era.openSearch {
		return fmt.Sprintf("%d.%d.%d.%d", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256))
	}
	return []any{"10.0.0.1", "::1", "2001:db8::ff00:42:8329", "255.255.255.255", fmt.Sprintf("10.0.0.%d", r.IntN(256)), "1:0:0:2:0:0:0:3"}[r.IntN(6)]
}

func (r random) point() any {
	lat, lon := float64(r.IntN(1800))/10-90, float64(r.IntN(3600))/10-180
	switch r.IntN(3) {
	case 0:
		return fmt.Sprintf("%g,%g", lat, lon)
	case 1:
		return []any{lon, lat}
	default:
		return map[string]any{"lat": lat, "lon": lon}
	}
}

func (r random) interval(kind string) any {
	low, high := any(r.IntN(50)), any(50+r.IntN(50))
	switch kind {
	case "ip_range":
		if r.IntN(2) == 0 {
			return []any{"10.0.0.0/8", "2001:db8::/32"}[r.IntN(2)]
		}
		low, high = fmt.Sprintf("10.0.0.%d", r.IntN(100)), fmt.Sprintf("10.0.1.%d", r.IntN(100))
	case "date_range":
		low, high = "2020-01-02T00:00:00.000Z", "2021-01-02T03:04:05.678Z"
	case "float_range", "double_range":
		low, high = -r.Float32(), r.Float32()
	case "integer_range", "long_range":
		low = -r.IntN(100000)
	}
	interval := map[string]any{}
	if !r.era.synthetic {
		return map[string]any{"gte": low, "lte": high}
	}
	if r.IntN(5) > 0 {
		interval[[]string{"gte", "gt"}[r.IntN(2)]] = low
	}
	if r.IntN(5) > 0 {
		interval[[]string{"lte", "lt"}[r.IntN(2)]] = high
	}
	return interval
}

func (r random) word() string {
	words := []string{"a", "b", "quick", "brown fox jumps", "", "ünï 日本", "😀", "Zebra", "with \"quotes\" and \\", "1", "true", "line\nbreak"}
	return words[r.IntN(len(words))]
}

// dynamic is a value of a field that the mapping does not have.
func (r random) dynamic() any {
	return []any{r.word(), []any{r.word(), r.word()}, map[string]any{"sub": r.word(), "n.o": r.word()}, nil, []any{}, map[string]any{}}[r.IntN(6)]
}

func (r random) anything(depth int) any {
	switch r.IntN(6) {
	case 0:
		return r.word()
	case 1:
		return r.Float64()
	case 2:
		return nil
	case 3:
		return []any{1, "x", []any{}, true}
	default:
		if depth > 3 {
			return r.IntN(5)
		}
		return map[string]any{"k": r.anything(depth + 1), "l.m": r.anything(depth + 1)}
	}
}
