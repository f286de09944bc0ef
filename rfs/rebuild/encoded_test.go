package rebuild

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"migassist/snapshot"
)

func TestEncodedValuesBecomeJSON(t *testing.T) {
	for _, c := range []struct{ value, want string }{
		{"Sa \"b\"\n\u00fc", `"a \"b\"\u000aü"`},
		{"I\xfe\xff\xff\xff", "-2"},
		{"L\x00\x00\x00\x00\x01\x00\x00\x00", "4294967296"},
		{"D\x00\x00\x00\x00\x00\x00\xf8\x3f", "1.5"},
		{"F\x00\x00\x20\xc1", "-10.0"},
		{"i\x01\x00\x00\x00\x00\x00\x00\x00\x00", "18446744073709551616"},
		{"i\xff", "-1"},
		{"d\x02\x00\x00\x00\x30\x39", "123.45"},
		{"d\x08\x00\x00\x00\x30\x39", "12345e-8"},
		{"d\xfe\xff\xff\xff\xfb", "-5e2"},
		{"t", "true"},
		{"f", "false"},
		{"n", "null"},
		{"v", ""},
		{"b\x00\xff", `"AP8="`},
		{`j{"a":[1]}`, `{"a":[1]}`},
		{"s:)\n\x05\xfa\x80a\xc2\xfb", `{"a":1}`},
		{"c\xa1\x61a\x01", `{"a":1}`},
		{"y---\na: 1\n", `{"a":1}`},
	} {
		if got, err := appendEncoded(nil, []byte(c.value)); err != nil || string(got) != c.want {
			t.Errorf("%q: %s, %v, want %s", c.value, got, err, c.want)
		}
	}
	for _, broken := range []string{"", "X", "I\x00", "L", "t1", "d\x00"} {
		if got, err := appendEncoded(nil, []byte(broken)); !errors.Is(err, errCoding) {
			t.Errorf("%q: %s, %v, want an error", broken, got, err)
		}
	}
}

// planOf makes a plan of the mapping of an index with synthetic source, or another mode where the mapping says so.
func planOf(t testing.TB, created int64, mapping string, settings ...string) *Plan {
	t.Helper()
	index := &snapshot.Index{Name: "test", CreatedID: created, Mappings: map[string]json.RawMessage{"_doc": json.RawMessage(mapping)}, Settings: map[string]string{}}
	for i := 0; i < len(settings); i += 2 {
		index.Settings[settings[i]] = settings[i+1]
	}
	plan, err := NewPlan(index)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

const (
	created819 = 8_536_000
	created92  = 9_039_000
)

func TestIgnoredValuesAreReadInBothLayouts(t *testing.T) {
	mapping := `{"_source":{"mode":"synthetic"},"properties":{"ö":{"properties":{"k":{"type":"keyword"}}}}}`
	for _, c := range []struct {
		name    string
		created int64
		raw     string
		want    []string // parent, leaf, value
	}{
		{"root", created819, "\x03\x00\x00\x00a.bSx", []string{"", "a.b", "Sx"}},
		{"below an object", created819, "\x03\x00\x02\x00ö.xn", []string{"ö", "x", "n"}},
		{"two units for one rune", created819, "\x02\x00\x00\x00😀n", []string{"", "😀", "n"}},
		{"object not mapped", created819, "\x03\x00\x02\x00q.xn", nil},
		{"coalesced", created92, "\x02\x03ö.x\x02\x01n\x00\x02Sz", []string{"ö", "x", "n", "", "ö.x", "Sz"}},
	} {
		entries, err := planOf(t, c.created, mapping).readIgnored(nil, []byte(c.raw))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.parent.path, string(e.leaf), string(e.value))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	for created, broken := range map[int64][]string{
		created819: {"", "\x01\x00\x00", "\x09\x00\x00\x00a", "\x01\x00\x00\x00a", "\x01\x00\x05\x00an"},
		created92:  {"", "\x01", "\x01\x05a", "\x01\x01a\x00", "\x01\x01a\x09\x01n", "\x01\x01a\x00\x09n", "\xff\xff\x01\x01a"},
	} {
		for _, raw := range broken {
			if entries, err := planOf(t, created, mapping).readIgnored(nil, []byte(raw)); !errors.Is(err, errCoding) {
				t.Errorf("%d, %q: %v, %v, want an error", created, raw, entries, err)
			}
		}
	}
}
