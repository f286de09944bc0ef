package tree_test

import (
	"math/big"
	"testing"

	"migassist/xcontent/tree"
)

func parse(t *testing.T, text string) *tree.Value {
	t.Helper()
	v, err := tree.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestEqual(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":[2]}`, `{"b":[2.0],"a":1e0}`, true},
		{`9007199254740993`, `9007199254740992`, false},
		{`1e999999999999999999999`, `10e999999999999999999998`, true},
		{`1e999999999`, `1e999999998`, false},
		{`-0`, `0.00e7`, true},
		{`1e99999999999999999999`, `0.1e100000000000000000000`, true},
		{`10e99999999999999999999`, `1e100000000000000000000`, true},
		{`100e-100000000000000000000`, `1e-99999999999999999998`, true},
		{`1e-100000000000000000000`, `0.1e-99999999999999999999`, true},
		{`1e100000000000000000000`, `1e-100000000000000000000`, false},
		{`1e100000000000000000000`, `1e100000000000000000001`, false},
		{`1e00000000000000000000002`, `100`, true},
		{`0e99999999999999999999`, `0`, true},
		{`0.001e3`, `1`, true},
		{`1200e-2`, `12.0`, true},
		{`0.10`, `1E-1`, true},
		{`100`, `1e2`, true},
		{`-1`, `1`, false},
		{`"\u0061"`, `"a"`, true},
		{`"a"`, `"b"`, false},
		{`[1,2]`, `[1]`, false},
		{`[1,2]`, `[2,1]`, false},
		{`{"a":1}`, `{"a":1,"b":null}`, false},
		{`{"a":1,"a":2}`, `{"a":2}`, true},
		{`null`, `false`, false},
		{`true`, `false`, false},
	} {
		if got := tree.Equal(parse(t, test.a), parse(t, test.b)); got != test.want {
			t.Errorf("%s and %s: %v", test.a, test.b, got)
		}
		if got := tree.Equal(parse(t, test.b), parse(t, test.a)); got != test.want {
			t.Errorf("%s and %s: %v", test.b, test.a, got)
		}
	}
}

func TestDiffNamesPaths(t *testing.T) {
	want, got := parse(t, `{"a":{"b":[1,{"c":2}]},"d":3,"e":4}`), parse(t, `{"e":4,"a":{"b":[1,{"c":5},6]},"f":7}`)
	var paths []string
	for _, d := range tree.Diff(want, got, 10) {
		paths = append(paths, d.Path)
	}
	if len(paths) != 4 || paths[0] != "a.b.1.c" || paths[1] != "a.b.2" || paths[2] != "d" || paths[3] != "f" {
		t.Errorf("got %v", paths)
	}
	if few := tree.Diff(want, got, 2); len(few) != 2 {
		t.Errorf("%d, want 2", len(few))
	}
}

func TestAdoptKeepsWhatIsEqual(t *testing.T) {
	v := parse(t, `{ "z" : 1.0, "big":9007199254740993 , "gone":1, "list":[ 1, {"x":1e0} ], "s":"\u0061" }`)
	x := v.Any().(map[string]any)
	delete(x, "gone")
	x["z"] = float64(1)
	x["list"] = append(x["list"].([]any), big.NewInt(7))
	x["new"] = []any{nil, true}
	x["also"] = map[string]any{"k": "v"}
	got, err := v.Adopt(x)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{ "z" : 1.0, "big":9007199254740993, "list":[ 1, {"x":1e0},7 ], "s":"\u0061","also":{"k":"v"},"new":[null,true] }`
	if got.String() != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMovedPartsKeepBytesAndOrder(t *testing.T) {
	v := parse(t, `{"a":{ "z":1.0, "b":9007199254740993 },"list":[ 1.50 ],"n":3}`)
	e := v.Export(nil)
	x := e.Any.(map[string]any)
	changed, err := e.Adopt(map[string]any{"a": map[string]any{"z": 7}, "was": x["a"]})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := changed.String(), `{"a":{ "z":7 },"was":{ "z":1.0, "b":9007199254740993 }}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	got, err := e.Adopt([]any{map[string]any{"moved": x["a"], "list2": x["list"]}, x["a"]})
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"list2":[ 1.50 ],"moved":{ "z":1.0, "b":9007199254740993 }},{ "z":1.0, "b":9007199254740993 }]`
	if got.String() != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
