package typemap_test

import (
	"strings"
	"testing"

	"migassist/transform"
	"migassist/transform/typemap"
)

func TestTargets(t *testing.T) {
	for _, test := range []struct{ name, config, index, typ, want string }{
		{"united by default", ``, "activity", "user", "activity"},
		{"of no type", `{}`, "logs", "", "logs"},
		{"static", `{"staticMappings":{"activity":{"user":"users"}}}`, "activity", "user", "users"},
		{"static, not listed", `{"staticMappings":{"activity":{"user":"users"}}}`, "activity", "post", ""},
		{"static, dropped as a whole", `{"staticMappings":{"activity":{}}}`, "activity", "user", ""},
		{"static goes before regex", `{"staticMappings":{"a":{"t":"x"}},"regexMappings":[{"sourceIndexPattern":".*","sourceTypePattern":".*","targetIndexPattern":"y"}]}`, "a", "t", "x"},
		{"an index that static does not have", `{"staticMappings":{"a":{"t":"x"}}}`, "b", "t", "b"},
		{"groups of both", `{"regexMappings":[{"sourceIndexPattern":"time-(.*)","sourceTypePattern":"(cpu|net)","targetIndexPattern":"$2-$1_x"}]}`, "time-2017", "cpu", "cpu-2017_x"},
		{"matches must be whole", `{"regexMappings":[{"sourceIndexPattern":"time","sourceTypePattern":".*","targetIndexPattern":"x"}]}`, "time-1", "cpu", ""},
		{"the first that matches", `{"regexMappings":[["a.*","t","one"],["(a.*)","(.*)","\\1_\\2"]]}`, "ab", "t", "one"},
		{"lists", `{"regexMappings":[["a.*","t","one"],["(a.*)","(.*)","\\1_\\2"]]}`, "ab", "u", "ab_u"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := typemap.Parse([]byte(test.config))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time as it was remembered
				if got := p.Target(test.index, test.typ); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			}
			out, err := p.New().Transform(t.Context(), nil, transform.NewDocument(transform.Write{Action: "index", Index: test.index, Type: test.typ, Source: []byte(`{`)}))
			if err != nil || (len(out) == 1) != (test.want != "") || len(out) == 1 && (out[0].Write.Index != test.want || out[0].Write.Type != "") {
				t.Errorf("%v, %v", out, err)
			}
		})
	}
}

func TestBadConfigurationIsNamed(t *testing.T) {
	for config, want := range map[string]string{
		`{"staticMapings":{}}`:                           "staticMappings, regexMappings",
		`{"staticMappings":{"a":{"t":""}}}`:              "staticMappings.a.t",
		`{"regexMappings":[{"sourceIndexPattern":"a"}]}`: "regexMappings[0]: sourceIndexPattern, sourceTypePattern",
		`{"regexMappings":[["(","b","c"]]}`:              "sourceIndexPattern",
		`{"regexMappings":[["a(?!b)","b","c"]]}`:         "staticMappings",
		`{"regexMappings":[["a","b","$1"]]}`:             "group 1",
		`{"regexMappings":[["a","b"]]}`:                  "index, type and target",
	} {
		if _, err := typemap.Parse([]byte(config)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", config, err, want)
		}
	}
}

func BenchmarkDocument(b *testing.B) {
	p, err := typemap.Parse(nil)
	if err != nil {
		b.Fatal(err)
	}
	t, m := p.New(), transform.NewDocument(transform.Write{})
	var out []*transform.Message
	b.ReportAllocs()
	for b.Loop() {
		m.Write.Index, m.Write.Type = "activity", "user"
		if out, err = t.Transform(b.Context(), out[:0], m); err != nil || len(out) != 1 {
			b.Fatal(out, err)
		}
	}
}
