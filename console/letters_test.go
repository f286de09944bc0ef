package console

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"migassist/rfs/deadletter"
	"migassist/transform"
	"migassist/transform/pipeline"
)

// TestCausesAreFoundInWhatServersSay has the words of real servers.
func TestCausesAreFoundInWhatServersSay(t *testing.T) {
	for _, c := range []struct{ kind, reason, field, do string }{
		{"mapper_parsing_exception", "failed to parse field [price.net] of type [long] in document with id '413'. Preview of field's value: 'about 0': For input string: \"about 0\"", "price.net", "del(.document.price.net)"},
		{"mapper_parsing_exception", "failed to parse [at]: Invalid format: \"x\"", "at", "del(.document.at)"},
		{"document_parsing_exception", "[1:7] failed to parse field [n] of type [integer] in document with id '1'", "n", "ignore_malformed"},
		{"mapper_parsing_exception", "object mapping for [user] tried to parse field [user] as object, but found a concrete value", "user", "{value: .}"},
		{"mapper_parsing_exception", "object mapping for [a-b.c] tried to parse as object, but got EOF, has a concrete value been provided to it?", "a-b.c", `.document[\"a-b\"][\"c\"]`},
		{"strict_dynamic_mapping_exception", "mapping set to strict, dynamic introduction of [color] within [_doc] is not allowed", "color", "PUT /things/_mapping"},
		{"strict_dynamic_mapping_exception", "mapping set to strict, dynamic introduction of [x] within [a.b] is not allowed", "a.b.x", "del(.document.a.b.x)"},
		{"illegal_argument_exception", "Limit of total fields [1000] has been exceeded", "", "total_fields.limit"},
		{"illegal_argument_exception", "Document contains at least one immense term in field=\"note\" (whose UTF8 encoding is longer than the max length 32766)", "note", "ignore_above"},
		{"illegal_argument_exception", "mapper [a] cannot be changed from type [long] to [text]", "a", "convert it"},
		{"request_refused", "POST /_bulk: 400 action_request_validation_exception: Validation Failed: 1: id [nnn] is too long, must be no longer than 512 bytes but was: 600;", "", "_id |= .[:200]"},
		{"request_too_large", "POST /_bulk: 413 Request Entity Too Large", "", "http.max_content_length"},
		{"index_closed_exception", "closed", "", "POST /things/_open"},
		{"cluster_block_exception", "index [things] blocked by: [FORBIDDEN/8/index write (api)]", "", "index.blocks.write"},
		{"routing_missing_exception", "routing is required for [things]/[_doc]/[1]", "", ".operation.routing"},
		{"document_exists", "the target has another document under this id, which stays: --overwrite would replace it", "", "--overwrite"},
		{"too_large", "segment _0: document 1 has 99 bytes, and must not have more than 9: raise --memory", "", "--index-allowlist things"},
		{"transform_failed", "segment _0: document 5: transform 1 jq: no", "", "console transform try"},
		{"something_new", "nobody has seen this", "", "Read the reason"},
	} {
		r := &deadletter.Record{FailureType: c.kind, Reason: c.kind + ": " + c.reason, TargetIndex: "things"}
		about := causeOf(r)
		do := about.what("things")
		if about.kind != c.kind || about.field != c.field || !strings.Contains(do, c.do) {
			t.Errorf("%s: field %q, want %q; %s", c.reason, about.field, c.field, do)
		}
		tryCommands(t, do)
	}
}

var transformOf = regexp.MustCompile(`--transform '([^']+)'`)

// tryCommands runs the transforms of the commands that are proposed, as users will copy them.
func tryCommands(t *testing.T, do string) {
	t.Helper()
	for _, found := range transformOf.FindAllStringSubmatch(do, -1) {
		program, err := pipeline.Parse([]byte(found[1]), pipeline.Options{})
		if err != nil {
			t.Errorf("%s: %v", found[1], err)
			continue
		}
		for _, document := range []string{`{}`, `{"x":1}`, `{"price":{"net":"n"},"user":"u","a-b":{"c":2},"at":"x","a":{"b":{"x":1}}}`} {
			message := transform.NewDocument(transform.Write{Action: "index", Index: "things", ID: []byte(strings.Repeat("n", 600)), Source: []byte(document)})
			made, err := program.New().Transform(t.Context(), nil, message)
			if err != nil && strings.Contains(document, "price") || len(made) != 1 && err == nil {
				t.Errorf("%s on %s: %d, %v", found[1], document, len(made), err)
			}
		}
	}
}

func TestLettersAreChosen(t *testing.T) {
	r := &deadletter.Record{FailureType: "mapper_parsing_exception", Reason: "mapper_parsing_exception: failed to parse field [a.b] of type [long]", WorkItem: "old-1__0", TargetIndex: "new-1", DocumentID: "7"}
	for _, c := range []struct {
		f    string
		want bool
	}{
		{`{}`, true},
		{`{"Indices":["new-*"]}`, true},
		{`{"Indices":["old-1"]}`, true},
		{`{"Indices":["new"]}`, false},
		{`{"Types":["mapper_parsing_exception"],"Fields":["a.b"]}`, true},
		{`{"Types":["mapper"]}`, false},
		{`{"Fields":["a"]}`, false},
		{`{"IDs":["7"]}`, true},
		{`{"IDs":["` + r.Key().String() + `"]}`, true},
		{`{"IDs":["8"]}`, false},
	} {
		var f LetterFilter
		if err := json.Unmarshal([]byte(c.f), &f); err != nil {
			t.Fatal(err)
		}
		if got := f.chosen(r, causeOf(r)); got != c.want {
			t.Errorf("%s: %t", c.f, got)
		}
	}
}
