package cli

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/console"
	"migassist/internal/blob/blobtest"
)

// lettersCommand runs a verb of the workbench.
func lettersCommand(t *testing.T, arguments ...string) (code int, out, talk string) {
	t.Helper()
	return command(t, append([]string{"console", "backfill", "dead-letters"}, arguments...)...)
}

// redriven runs a redrive and returns what it says it did.
func redriven(t *testing.T, code int, host string, arguments ...string) console.Redriven {
	t.Helper()
	got, out, talk := lettersCommand(t, append([]string{"redrive", "--output", "json", "--target-host", host}, arguments...)...)
	var said console.Redriven
	if err := json.Unmarshal([]byte(out), &said); err != nil || got != code {
		t.Fatalf("redrive %v: code %d, want %d: %v: %s%s", arguments, got, code, err, out, talk)
	}
	if said.Letters != said.Arrived+said.Superseded+said.Dropped+said.Left {
		t.Errorf("it does not add up: %+v", said)
	}
	return said
}

// refuseAll has a target refuse the 300 documents of the index articles.
func refuseAll(t *testing.T, more ...string) (host string, send func(method, path, body string) string) {
	t.Helper()
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	send(http.MethodPut, "/articles", `{"mappings":{"dynamic":"strict"}}`)
	arguments := append(demoArguments(t, server, "rfs", "--index-allowlist", "articles"), more...)
	if code, out, talk := command(t, arguments...); code != exitFindings {
		t.Fatalf("rfs: code %d: %s%s", code, out, talk)
	}
	return server.URL(), send
}

func lettersLeft(t *testing.T, arguments ...string) (summary console.LetterSummary) {
	t.Helper()
	code, out, talk := lettersCommand(t, append([]string{"summary", "--output", "json"}, arguments...)...)
	if err := json.Unmarshal([]byte(out), &summary); err != nil || (code != exitNothing) != (summary.Letters > 0) {
		t.Fatalf("summary: code %d, %v: %s%s", code, err, out, talk)
	}
	return summary
}

func TestTheWorkbenchSaysWhyAndRedrivesUntilNoneIsLeft(t *testing.T) {
	s3 := blobtest.NewS3(t, nil)
	for name, place := range map[string][]string{
		"default": nil,
		"folder":  {"--dead-letters", "shared/place"},
		"file":    {"--dead-letter-file", "one.ndjson"},
		"s3":      {"--dead-letters", "s3://" + blobtest.Bucket + "/dead", "--s3-endpoint", s3.URL, "--s3-region", "us-east-1", "--s3-access-key", "a", "--s3-secret-key", "b"},
	} {
		t.Run(name, func(t *testing.T) {
			host, send := refuseAll(t, place...)
			with := func(arguments ...string) []string { return append(arguments, place...) }
			s := lettersLeft(t, place...)
			if s.Letters != 300 || len(s.Groups) == 0 || s.Groups[0].Type != "strict_dynamic_mapping_exception" || s.Groups[0].Field == "" || !strings.Contains(s.Groups[0].Do, "_mapping") {
				t.Fatalf("%+v", s)
			}
			code, out, _ := lettersCommand(t, with("list", "--limit", "7")...)
			if code != exitDone || strings.Count(out, "\n") != 7 {
				t.Errorf("code %d: %s", code, out)
			}
			key, _, _ := strings.Cut(out, " ")
			code, out, _ = lettersCommand(t, with("show", "--id", key)...)
			var shown struct {
				Key         string
				RequestItem struct{ Document map[string]any }
			}
			if err := json.Unmarshal([]byte(out), &shown); err != nil || code != exitDone || shown.Key != key || len(shown.RequestItem.Document) == 0 {
				t.Errorf("code %d, %v: %s", code, err, out)
			}

			code, out, talk := lettersCommand(t, with("redrive", "--dry-run", "--limit", "5")...)
			if code != exitDone || strings.Count(out, "\n") != 10 || !strings.HasPrefix(out, `{"create":{"_index":"articles","_id":"`) || !strings.Contains(talk, "5 would be sent") {
				t.Errorf("code %d: %s%s", code, out, talk)
			}
			if said := redriven(t, exitFindings, host, place...); said.Left != 300 || said.Reasons[0].Type != "strict_dynamic_mapping_exception" {
				t.Errorf("nothing was mended: %+v", said)
			}
			if s := lettersLeft(t, place...); s.Letters != 300 || s.Redriven != 0 {
				t.Errorf("%+v", s)
			}
			none := redriven(t, exitFindings, host, with("--transform", `[{"jq": "empty"}]`, "--limit", "3")...)
			if none.Left != 3 || none.Dropped != 0 {
				t.Errorf("a transform that makes nothing of them: %+v", none)
			}
			empty := with("--transform", `[{"jq": ".document = {}"}]`)
			if said := redriven(t, exitDone, host, append(empty, "--limit", "100")...); said.Arrived != 100 {
				t.Errorf("%+v", said)
			}
			if said := redriven(t, exitDone, host, empty...); said.Arrived != 200 {
				t.Errorf("%+v", said)
			}
			if s := lettersLeft(t, place...); s.Redriven != 300 {
				t.Errorf("%+v", s)
			}
			if code, _, _ := lettersCommand(t, with("redrive", "--target-host", host)...); code != exitNothing {
				t.Errorf("with none left: code %d", code)
			}
			send(http.MethodPost, "/articles/_refresh", "")
			if said := send(http.MethodGet, "/articles/_count", ""); !strings.Contains(said, `"count":300`) {
				t.Error(said)
			}
		})
	}
}

// TestARedriveThatWasKilledIsDoneAgain takes the marks away, as if it had been killed before it wrote them.
func TestARedriveThatWasKilledIsDoneAgain(t *testing.T) {
	host, _ := refuseAll(t)
	empty := []string{"--transform", `[{"jq": ".document = {}"}]`}
	redriven(t, exitDone, host, empty...)
	if err := os.RemoveAll(filepath.Join("migassist-dead-letters", "session=default", "redriven")); err != nil {
		t.Fatal(err)
	}
	if said := redriven(t, exitDone, host, empty...); said.Arrived != 300 {
		t.Errorf("%+v", said)
	}
}

func TestARedriveReplacesNothingThatCameSince(t *testing.T) {
	host, send := refuseAll(t)
	code, out, _ := lettersCommand(t, "list", "--limit", "1", "--output", "json")
	var first struct{ DocumentID string }
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&first); err != nil || code != exitDone {
		t.Fatal(err, out)
	}
	send(http.MethodPut, "/articles/_mapping", `{"dynamic":true}`)
	send(http.MethodPut, "/articles/_doc/"+first.DocumentID, `{"by":"a user"}`)
	said := redriven(t, exitFindings, host)
	if said.Arrived != 299 || said.Left != 1 || said.Reasons[0].ID != first.DocumentID {
		t.Errorf("%+v", said)
	}
	if now := send(http.MethodGet, "/articles/_doc/"+first.DocumentID, ""); !strings.Contains(now, "a user") {
		t.Errorf("it was replaced: %s", now)
	}
	s := lettersLeft(t)
	if s.Letters != 1 || s.Groups[0].Type != "document_exists" || !strings.Contains(s.Groups[0].Do, "--overwrite") {
		t.Errorf("%+v", s)
	}
	if said := redriven(t, exitDone, host, "--overwrite"); said.Arrived != 1 {
		t.Errorf("%+v", said)
	}
	if now := send(http.MethodGet, "/articles/_doc/"+first.DocumentID, ""); strings.Contains(now, "a user") {
		t.Errorf("it was not replaced: %s", now)
	}
}

func TestARedriveMakesNoIndex(t *testing.T) {
	host, send := refuseAll(t)
	send(http.MethodDelete, "/articles", "")
	if said := redriven(t, exitFindings, host, "--limit", "10"); said.Left != 10 || said.Reasons[0].Type != "index_not_found" {
		t.Errorf("%+v", said)
	}
	elsewhere := []string{"--limit", "10", "--transform", `[{"jq": ".operation._index = \"elsewhere\""}]`}
	if said := redriven(t, exitFindings, host, elsewhere...); said.Left != 10 {
		t.Errorf("%+v", said)
	}
	send(http.MethodPut, "/elsewhere", `{}`)
	if said := redriven(t, exitDone, host, elsewhere...); said.Arrived != 10 {
		t.Errorf("%+v", said)
	}
}

func TestWhatRedriveIsNotGivenRight(t *testing.T) {
	host, _ := refuseAll(t)
	for _, c := range []struct {
		code      int
		says      string
		arguments []string
	}{
		{exitUsage, "target.host: is missing", []string{"redrive"}},
		{exitUsage, "nonsense", []string{"redrive", "--dry-run", "--transform", `[{"nonsense": 1}]`}},
		{exitUsage, "nowhere.yaml", []string{"redrive", "--dry-run", "--transform", "nowhere.yaml"}},
		{exitUsage, "--drop is for letters", []string{"redrive", "--dry-run", "--drop"}},
		{exitUsage, "--limit cannot be less", []string{"list", "--limit", "-1"}},
		{exitUsage, "syntax error in pattern", []string{"list", "--index", "["}},
		{exitUsage, "which letters?", []string{"show"}},
		{exitNothing, "of session other are in migassist-dead-letters; there are sessions: default", []string{"summary", "--session-name", "other"}},
		{exitNothing, "no dead letters", []string{"summary", "--dead-letters", "elsewhere"}},
		{exitFailed, "refused", []string{"redrive", "--target-host", "http://127.0.0.1:1"}},
		{exitFindings, "", []string{"redrive", "--target-host", host, "--limit", "2", "--transform", `[{"jq": ".operation.op_type = \"delete\" | del(.document)"}]`}},
		{exitFindings, "", []string{"redrive", "--target-host", host, "--limit", "2", "--transform", `[{"jq": "error(\"no\")"}]`}},
		{exitFindings, "", []string{"redrive", "--target-host", host, "--limit", "2", "--transform", `[{"jq": "del(.operation._id)"}]`}},
	} {
		code, out, talk := lettersCommand(t, c.arguments...)
		if code != c.code || !strings.Contains(out+talk, c.says) {
			t.Errorf("%v: code %d, want %d and %q: %s%s", c.arguments, code, c.code, c.says, out, talk)
		}
	}
	if s := lettersLeft(t); s.Letters != 300 {
		t.Errorf("letters were lost: %s", cmp.Diff(300, s.Letters))
	}
}

// TestARedriveGoesThroughTheTransformsThatRFSHad: letters hold what the source has.
func TestARedriveGoesThroughTheTransformsThatRFSHad(t *testing.T) {
	had := []string{"--doc-transformer-config", `[{"jq": ".document.extra = \"x\" | .operation._id |= \"p-\" + ."}]`}
	host, send := refuseAll(t, had...)
	send(http.MethodPut, "/articles/_mapping", `{"dynamic":true}`)
	if said := redriven(t, exitFindings, host); said.Left != 300 || said.Reasons[0].Type != "transforms_missing" {
		t.Errorf("without them: %+v", said)
	}
	if said := redriven(t, exitDone, host, append(had, "--transform", `[{"jq": ".document.mended = (.operation._id | startswith(\"p-\"))"}]`)...); said.Arrived != 300 {
		t.Errorf("%+v", said)
	}
	send(http.MethodPost, "/articles/_refresh", "")
	var found struct {
		Hits struct {
			Hits []struct {
				ID     string         `json:"_id"`
				Source map[string]any `json:"_source"`
			}
		}
	}
	if err := json.Unmarshal([]byte(send(http.MethodPost, "/articles/_search", `{"size":400}`)), &found); err != nil || len(found.Hits.Hits) != 300 {
		t.Fatal(err, len(found.Hits.Hits))
	}
	for _, hit := range found.Hits.Hits {
		if !strings.HasPrefix(hit.ID, "p-") || strings.HasPrefix(hit.ID, "p-p-") || hit.Source["extra"] != "x" || hit.Source["mended"] != true || hit.Source["title"] == nil {
			t.Fatalf("%+v", hit)
		}
	}
}

func TestARedriveMendsTheTransformThatFailed(t *testing.T) {
	host, send := refuseAll(t, "--doc-transformer-config", `[{"jq": "error(\"no\")"}]`)
	if s := lettersLeft(t); s.Letters != 300 || s.Groups[0].Type != "transform_failed" || !strings.Contains(s.Groups[0].Do, "Mend the transform") {
		t.Errorf("%+v", s)
	}
	send(http.MethodPut, "/articles/_mapping", `{"dynamic":true}`)
	if said := redriven(t, exitFindings, host); said.Left != 300 {
		t.Errorf("without transforms: %+v", said)
	}
	if said := redriven(t, exitDone, host, "--doc-transformer-config", `[{"jq": ".document.extra = 1"}]`); said.Arrived != 300 {
		t.Errorf("%+v", said)
	}
}
