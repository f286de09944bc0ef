package version_test

import (
	"encoding/json"
	"testing"

	"migassist/cluster/version"
)

func es(major, minor, patch int) version.Version {
	return version.Version{Flavor: version.Elasticsearch, Major: major, Minor: minor, Patch: patch}
}

func opensearch(major, minor, patch int) version.Version {
	return version.Version{Flavor: version.OpenSearch, Major: major, Minor: minor, Patch: patch}
}

func TestParseReadsWhatPeopleWrite(t *testing.T) {
	for text, want := range map[string]version.Version{
		"ES 7.10.2":              es(7, 10, 2),
		"ES_7.10.2":              es(7, 10, 2),
		"ES-7.10.2":              es(7, 10, 2),
		"ES7.10.2":               es(7, 10, 2),
		"es 7.10":                es(7, 10, 0),
		" Elasticsearch  7.10 ":  es(7, 10, 0),
		"Elasticsearch 8":        es(8, 0, 0),
		"ES 6.8.x":               es(6, 8, 0),
		"ES 1.7.6":               es(1, 7, 6),
		"OS 2.19.1":              opensearch(2, 19, 1),
		"opensearch 2.19.1":      opensearch(2, 19, 1),
		"OpenSearch 3.0.0-beta1": opensearch(3, 0, 0),
		"AOS 2.11":               opensearch(2, 11, 0),
		"ES 7.10.2-SNAPSHOT":     es(7, 10, 2),
		"ES 8.17.0+build1":       es(8, 17, 0),
	} {
		got, err := version.Parse(text)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseRefusesWhatIsNoVersion(t *testing.T) {
	for _, text := range []string{
		"", "7.10.2", "ES", "ES ", "SOLR 8.1", "ES seven", "ES 7.10.2.1", "ES 7..2", "ES 7.-1",
		"ES x", "ES 99999.1", "OS 2.19.1 extra", "ES 7,10",
	} {
		if got, err := version.Parse(text); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", text, got)
		}
	}
}

func TestFromIDReadsInternalIDs(t *testing.T) {
	for id, want := range map[int64]version.Version{
		7100299:   es(7, 10, 2),
		7100099:   es(7, 10, 0),
		6082399:   es(6, 8, 23),
		1070699:   es(1, 7, 6),
		8100099:   es(8, 10, 0),
		136217927: opensearch(2, 0, 1),
		136407927: opensearch(2, 19, 1),
		135217827: opensearch(1, 0, 0),
		137217827: opensearch(3, 0, 0),
		137247827: opensearch(3, 3, 0),
		2040699:   es(2, 4, 6),
		5000099:   es(5, 0, 0),
		8500003:   es(8, 11, 0),
		8500010:   es(8, 12, 1),
		8521000:   es(8, 17, 0),
		8536000:   es(8, 19, 0),
		9033000:   es(9, 1, 0),
		8500000:   es(8, 11, 0), // of builds between releases
		8522000:   es(8, 17, 0),
		9000000:   es(8, 19, 0),
		9099000:   es(9, 2, 0), // newer than this table
	} {
		got, err := version.FromID(id)
		if err != nil || got != want {
			t.Errorf("FromID(%d) = %v, %v; want %v", id, got, err, want)
		}
	}
	for _, id := range []int64{0, -1, 99, 900099, 1 << 40, 1 << 28} {
		if got, err := version.FromID(id); err == nil {
			t.Errorf("FromID(%d) = %v, want an error", id, got)
		}
	}
}

func TestAtLeastComparesMajorThenMinor(t *testing.T) {
	v := opensearch(2, 7, 3)
	for _, c := range []struct {
		major, minor int
		want         bool
	}{{2, 7, true}, {2, 6, true}, {1, 99, true}, {2, 8, false}, {3, 0, false}} {
		if got := v.AtLeast(c.major, c.minor); got != c.want {
			t.Errorf("%v.AtLeast(%d, %d) = %v", v, c.major, c.minor, got)
		}
	}
}

func TestCompareOrdersByEveryPart(t *testing.T) {
	ordered := []version.Version{
		es(6, 8, 23), es(7, 9, 9), es(7, 10, 0), es(7, 10, 2), es(8, 0, 0), opensearch(1, 0, 0), opensearch(2, 19, 1),
	}
	for i, a := range ordered {
		for j, b := range ordered {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := a.Compare(b); got != want {
				t.Errorf("%v.Compare(%v) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestTextFormsSurviveJSON(t *testing.T) {
	type plan struct{ From, To version.Version }
	want := plan{From: es(7, 10, 2), To: opensearch(2, 19, 1)}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if text := `{"From":"ES 7.10.2","To":"OS 2.19.1"}`; string(data) != text {
		t.Errorf("json %s, want %s", data, text)
	}
	var got plan
	if err := json.Unmarshal(data, &got); err != nil || got != want {
		t.Errorf("read back %v, %v", got, err)
	}
	if err := json.Unmarshal([]byte(`{"From":""}`), &got); err != nil || !got.From.IsZero() {
		t.Errorf("empty text gave %v, %v; want the zero version", got.From, err)
	}
	if _, err := json.Marshal(version.Version{Major: 7}); err == nil {
		t.Error("a version without product was written, and could not be read back")
	}
}

func TestStringIsForPeople(t *testing.T) {
	for v, want := range map[version.Version]string{
		es(7, 10, 2):         "Elasticsearch 7.10.2",
		opensearch(2, 19, 1): "OpenSearch 2.19.1",
		{Major: 3, Minor: 1}: "3.1.0",
		{}:                   "unknown version",
	} {
		if got := v.String(); got != want {
			t.Errorf("String() = %q, want %q", got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"ES 7.10.2", "OS_2.19.1", "opensearch 3", "ES 6.8.x", "", "SOLR 8", "ES 7.10.2-rc1", "\xff 1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := version.Parse(text)
		if err != nil {
			if !v.IsZero() {
				t.Fatalf("Parse(%q) gave %v beside an error", text, v)
			}
			return
		}
		short, err := v.MarshalText()
		if err != nil {
			t.Fatalf("Parse(%q) = %v, which cannot be written: %v", text, v, err)
		}
		if again, err := version.Parse(string(short)); err != nil || again != v {
			t.Fatalf("Parse(%q) = %v, written as %q, read back as %v, %v", text, v, short, again, err)
		}
	})
}
