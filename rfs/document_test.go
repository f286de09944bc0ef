package rfs

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAppendIDReadsEveryEncoding(t *testing.T) {
	cases := []struct {
		raw  string
		want string
	}{
		{"\xfe\x12\x34", "1234"},
		{"\xfe\x12\x3f", "123"},
		{"\xfe\x00\x7f", "007"},
		{"\xffNot base64! é", "Not base64! é"},
		{"\x12\xcb\xc6", "EsvG"},
		{"\xfd\xfe\x00\x00", "_gAA"},
		{"\xfd\xff\xff\xff", "____"},
	}
	for _, c := range cases {
		if got, err := appendID(nil, []byte(c.raw)); err != nil || string(got) != c.want {
			t.Errorf("% x: %q, %v, want %q", c.raw, got, err, c.want)
		}
	}
}

func TestAppendIDRefusesWhatNoServerWrites(t *testing.T) {
	for _, raw := range []string{"", "\xfe\xab", "\xfe\xf1", "\xfe\x1f\x22", "\xff\xff\xfe"} {
		if got, err := appendID(nil, []byte(raw)); err == nil {
			t.Errorf("% x gave %q", raw, got)
		}
	}
}

func TestAppendStringIsJSON(t *testing.T) {
	for _, s := range []string{"", "plain", `"quoted" \ back`, "line\nbreak\ttab\x00\x1f", "é 𝄞 \u2028"} {
		line := append(appendEscaped([]byte{'"'}, s), '"')
		var got string
		if err := json.Unmarshal(line, &got); err != nil || got != s {
			t.Errorf("%q became %s, %q, %v", s, line, got, err)
		}
	}
}

func TestAppendLineKeepsBytes(t *testing.T) {
	cases := []struct{ name, source, want string }{
		{"compact", `{"a":1}`, `{"a":1}`},
		{"spaces", `{ "a" : 1.0 ,"b":1e400}`, `{ "a" : 1.0 ,"b":1e400}`},
		{"lines", "{\n  \"a\": \"x\\ny\",\r\n \"b\":2\n}\n", `{   "a": "x\ny",   "b":2 } `},
		{"empty", "", "{}"},
		{"escaped quote before a line", "{\"a\":\"\\\"\",\n\"b\":1}", `{"a":"\"", "b":1}`},
		{"backslash before the quote", "{\"a\":\"\\\\\",\n\"b\":1}", `{"a":"\\", "b":1}`},
		{"line break in a string", "{\"a\":\"x\ny\rz\",\n\"b\":1}", `{"a":"x\ny\rz", "b":1}`},
		{"slashes in a string", "{\"a\":\"http://x\",\n\"b\":1}", `{"a":"http://x", "b":1}`},
		{"block comment", "{/* \"a\n */\"b\":1\n}", `{/* "a  */"b":1 }`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := string(AppendLine([]byte("before"), []byte(c.source))); got != "before"+c.want {
				t.Errorf("%q became %q, want %q", c.source, got, c.want)
			}
		})
	}
}

func TestAppendLineBlanksALineComment(t *testing.T) {
	got := string(AppendLine(nil, []byte("{ // says \"a\"\n\"b\":1}")))
	if strings.TrimSpace(strings.Trim(got, "{}")) != `"b":1` {
		t.Errorf("got %q", got)
	}
}

func TestAppendOperation(t *testing.T) {
	for _, c := range []struct {
		to      route
		version int64
		want    string
	}{
		{route{}, 0, `{"index":{"_index":"odd\"index","_id":"1\u000a","routing":"r"}}`},
		{route{}, 7, `{"index":{"_index":"odd\"index","_id":"1\u000a","routing":"r","version":7,"version_type":"external_gte"}}`},
		{route{rank: 2}, 7, `{"index":{"_index":"odd\"index","_id":"1\u000a","routing":"r","version":2,"version_type":"external_gte"}}`},
		{route{create: true}, 7, `{"create":{"_index":"odd\"index","_id":"1\u000a","routing":"r"}}`},
		{route{noID: true}, 7, `{"index":{"_index":"odd\"index","routing":"r"}}`},
		{route{prefix: `t"y:`}, 0, `{"index":{"_index":"odd\"index","_id":"t\"y:1\u000a","routing":"r"}}`},
	} {
		c.to.target = `odd"index`
		c.to.prepare()
		got := string(appendOperation(nil, &c.to, Document{ID: []byte("1\n"), Routing: []byte("r"), Source: []byte("{}"), Version: c.version}))
		if got != c.want+"\n{}\n" {
			t.Errorf("got %s, want %s", got, c.want)
		}
		if is := identityOf([]byte(c.want)); is.Index != c.to.target || is.Routing != "r" || (is.ID == "") != c.to.noID {
			t.Errorf("%s is read as %+v", c.want, is)
		}
	}
}

// FuzzAppendLine: one line out, and the same JSON value where a strict parser takes the source.
func FuzzAppendLine(f *testing.F) {
	for _, seed := range []string{"{\n\"a\":\"b\\n\"}", "{\"a\":\"x\ny\"}", "// c\n{}", "\r\n{\"u\":\"\\u000a\\\\\"\n}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		got := AppendLine(nil, source)
		if bytes.ContainsAny(got, "\n\r") {
			t.Fatalf("%q became %q, which is more than one line", source, got)
		}
		if !json.Valid(source) || !utf8.Valid(source) {
			return
		}
		var want, have any
		if json.Unmarshal(source, &want) != nil {
			return
		}
		if err := json.Unmarshal(got, &have); err != nil {
			t.Fatalf("%q became %q: %v", source, got, err)
		}
		if a, b := remarshal(t, want), remarshal(t, have); a != b {
			t.Fatalf("%q became %q", source, got)
		}
	})
}

func remarshal(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// FuzzAppendID: never more than base64 or text of the input.
func FuzzAppendID(f *testing.F) {
	f.Add([]byte("\xfe\x12"))
	f.Add([]byte("\xfftext"))
	f.Add([]byte("\xfd\xfe"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		id, err := appendID(nil, raw)
		if err == nil && len(id) > 2*len(raw)+2 {
			t.Fatalf("%d bytes became %d", len(raw), len(id))
		}
	})
}
