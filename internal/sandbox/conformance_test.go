package sandbox_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/internal/sandbox"
)

// The golden answers are those of a real OpenSearch 2.19.1 (go test -tags e2e -run TestRealServer -update): the
// sandbox must give the same, and so must the real server, whenever it is asked again.
const (
	requestsFile = "testdata/conformance.http"
	answersFile  = "testdata/conformance.golden"
)

var update = flag.Bool("update", false, "write the golden answers of the real server anew")

func TestSandboxAnswersAsTheRealServer(t *testing.T) {
	server := sandbox.New(sandbox.Options{})
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	compareWithGolden(t, converse(t, server.URL()))
}

func compareWithGolden(t *testing.T, got []string) {
	t.Helper()
	golden, err := os.ReadFile(answersFile)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(golden), "\n"), "\n\n")
	if len(got) != len(want) {
		t.Fatalf("%d answers, the golden file has %d: was it updated after the requests changed?", len(got), len(want))
	}
	for i := range want {
		if diff := cmp.Diff(strings.Split(want[i], "\n"), strings.Split(got[i], "\n")); diff != "" {
			t.Errorf("want -, got +\n%s", diff)
		}
	}
}

// exchange is one request of the file.
type exchange struct{ method, path, body string }

func readRequests(t *testing.T) []exchange {
	t.Helper()
	text, err := os.ReadFile(requestsFile)
	if err != nil {
		t.Fatal(err)
	}
	var all []exchange
	for block := range strings.SplitSeq(string(text), "\n\n") {
		if block = strings.TrimSuffix(block, "\n"); strings.HasPrefix(block, "#") {
			continue
		}
		head, below, several := strings.Cut(block, "\n")
		words := strings.SplitN(head, " ", 3)
		one := exchange{method: words[0], path: words[1]}
		switch {
		case several:
			one.body = below + "\n"
		case len(words) == 3 && strings.HasPrefix(words[2], `"`):
			if one.body, err = strconv.Unquote(words[2]); err != nil {
				t.Fatalf("%s: %v", block, err)
			}
		case len(words) == 3:
			one.body = words[2]
		}
		all = append(all, one)
	}
	return all
}

// converse sends all requests and returns what was asked and answered, without what differs from run to run.
func converse(t *testing.T, url string) []string {
	t.Helper()
	var all []string
	for _, one := range readRequests(t) {
		req, err := http.NewRequestWithContext(t.Context(), one.method, url+one.path, strings.NewReader(one.body))
		if err != nil {
			t.Fatal(err)
		}
		if one.body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		shown := one.body
		if len(shown) > 300 {
			shown = shown[:300] + "..."
		}
		all = append(all, fmt.Sprintf("%s %s %s\n%d\n%s", one.method, one.path, strings.ReplaceAll(strings.TrimSpace(shown), "\n", " ⏎ "),
			answer.StatusCode, settle(t, body)))
	}
	return all
}

// volatile fields are shown by their name only.
var volatile = map[string]bool{
	"uuid": true, "index_uuid": true, "index.uuid": true, "took": true, "creation_date": true, "index.creation_date": true,
	"_scroll_id": true, "node": true, "_score": true, "max_score": true, "shard": true, "ingest_took": true,
	"line": true, "col": true, "suppressed": true,
}

// worded are the exceptions whose reasons come from Java's JSON parser and other libraries: their type
// counts, not their words.
var worded = map[string]bool{
	"json_parse_exception": true, "json_e_o_f_exception": true, "input_coercion_exception": true, "x_content_parse_exception": true,
	"parsing_exception": true, "named_object_not_found_exception": true, "not_x_content_exception": true, "class_cast_exception": true,
}

var (
	uuids   = regexp.MustCompile(`/[A-Za-z0-9_-]{20,22}\]`)
	allowed = regexp.MustCompile(`allowed: \[.*\]`)
	places  = regexp.MustCompile(`\[?1:[0-9]+\]?`)
)

// settle brings an answer into a form in which two runs agree: one JSON line with sorted names.
func settle(t *testing.T, body []byte) string {
	t.Helper()
	if len(body) == 0 {
		return "(no body)"
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return string(body)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(settled(value)); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

func settled(value any) any {
	switch v := value.(type) {
	case map[string]any:
		kind, _ := v["type"].(string)
		for name, inner := range v {
			_, isText := inner.(string)
			switch {
			case volatile[name]:
				v[name] = "*"
			case name == "reason" && isText && worded[kind]:
				v[name] = "*"
			case name == "status" && v["error"] != nil:
			default:
				v[name] = settled(inner)
			}
		}
	case []any:
		for i := range v {
			v[i] = settled(v[i])
		}
	case string:
		v = allowed.ReplaceAllStringFunc(v, func(list string) string {
			words := strings.Split(strings.TrimSuffix(strings.TrimPrefix(list, "allowed: ["), "]"), ", ")
			slices.Sort(words)
			return "allowed: " + strings.Join(words, ",")
		})
		return places.ReplaceAllString(uuids.ReplaceAllString(v, "/*]"), "[*]")
	}
	return value
}
