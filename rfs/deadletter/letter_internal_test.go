package deadletter

import (
	"bufio"
	"bytes"
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestLettersHoldTheSource writes sources of each kind: JSON as it is, on one line; anything else as base64.
func TestLettersHoldTheSource(t *testing.T) {
	for _, c := range []struct{ source, document, bytes string }{
		{`{"a": "<b>"}`, `{"a": "<b>"}`, ""},
		{"{\r\n \"a\": [1,\n2]\n}", `{   "a": [1, 2] }`, ""},
		{"not JSON\n", "", "not JSON\n"},
		{"", "", ""},
	} {
		var out bytes.Buffer
		w := bufio.NewWriter(&out)
		letter := Letter{Index: `"document":0`, ID: "1", Reason: `"document":0`, Action: []byte(`{"index":{"_id":"1"}}`), Source: []byte(c.source), Response: &Response{Status: 400}}
		if err := letter.write(w, "run", time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil || strings.Count(out.String(), "\n") != 1 {
			t.Fatalf("%v: %q", err, out.String())
		}
		var got struct {
			Reason  string
			Request struct {
				Action   json.RawMessage
				Document json.RawMessage
				Bytes    []byte `json:"documentBase64"`
			} `json:"requestItem"`
			Response *Response `json:"responseItem"`
		}
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatalf("%v: %s", err, out.String())
		}
		if string(got.Request.Document) != c.document || string(got.Request.Bytes) != c.bytes || got.Response.Status != 400 || got.Reason != letter.Reason {
			t.Errorf("%q came out as %s", c.source, out.String())
		}
	}
}

// TestLettersOfGiantsAreNotCopied: the source goes from where it lies into the file.
func TestLettersOfGiantsAreNotCopied(t *testing.T) {
	for _, source := range []string{`{"a":"` + strings.Repeat("x", 8<<20) + `"}`, strings.Repeat("x", 8<<20)} {
		letter := Letter{Index: "index", ID: "1", Source: []byte(source)}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		written := &letterBytes{}
		w := bufio.NewWriter(written)
		if err := letter.write(w, "run", time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil || written.n < len(source) {
			t.Fatal(err, written.n)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
			t.Errorf("%d bytes were taken for a source of %d", took, len(source))
		}
	}
}

type letterBytes struct{ n int }

func (c *letterBytes) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}
