package cli

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"migassist/internal/sandbox"
)

// migrated is a target that has the articles of the demo's snapshot.
func migrated(t *testing.T) (server *sandbox.Server, send func(method, path, body string) string) {
	t.Helper()
	t.Chdir(t.TempDir())
	server, send = startTarget(t)
	for _, verb := range [][]string{{"metadata", "migrate"}, {"rfs"}} {
		if code, out, talk := command(t, append(demoArguments(t, server, verb...), "--index-allowlist", "articles")...); code != exitDone && code != exitFindings {
			t.Fatalf("%v: %d\n%s\n%s", verb, code, out, talk)
		}
	}
	return server, send
}

// verifying are the arguments of a verification of the articles.
func verifying(t *testing.T, server *sandbox.Server, more ...string) []string {
	t.Helper()
	return append(demoArguments(t, server, "console", "verify", "--index-allowlist", "articles"), more...)
}

// damage alters a document, removes one and adds one, and returns their ids.
func damage(t *testing.T, send func(method, path, body string) string) (altered, missing string) {
	t.Helper()
	var answer struct {
		Hits struct {
			Hits []struct {
				ID     string          `json:"_id"`
				Source json.RawMessage `json:"_source"`
			}
		}
	}
	if err := json.Unmarshal([]byte(send(http.MethodPost, "/articles/_search", `{"size":2,"sort":["_doc"]}`)), &answer); err != nil {
		t.Fatal(err)
	}
	hits := answer.Hits.Hits
	send(http.MethodPut, "/articles/_doc/"+hits[0].ID, strings.Replace(string(hits[0].Source), "{", `{"tampered":true,`, 1))
	send(http.MethodDelete, "/articles/_doc/"+hits[1].ID, "")
	send(http.MethodPut, "/articles/_doc/planted", `{"title":"not of the source"}`)
	return hits[0].ID, hits[1].ID
}

func TestVerifyNamesWhatDiffersAndRepairMendsIt(t *testing.T) {
	server, send := migrated(t)
	code, out, talk := command(t, verifying(t, server)...)
	if code != exitDone || !strings.Contains(out, "the target has what the source has, and nothing else") {
		t.Fatalf("nothing differs: %d\n%s\n%s", code, out, talk)
	}
	altered, missing := damage(t, send)
	code, out, talk = command(t, verifying(t, server, "--findings", "differ.ndjson")...)
	if code != exitFindings {
		t.Fatalf("three differ: %d\n%s\n%s", code, out, talk)
	}
	for _, line := range []string{"different: articles/" + altered + ": tampered\n", "missing: articles/" + missing + "\n", "extra: articles/planted\n", "all of them are in differ.ndjson\n"} {
		if !strings.Contains(out, line) {
			t.Errorf("the summary does not say %q\n%s", line, out)
		}
	}
	if findings := read(t, "differ.ndjson"); strings.Count(findings, "\n") != 3 {
		t.Errorf("the findings are\n%s", findings)
	}
	if code, out, _ = command(t, verifying(t, server, "--repair", "--only", "differ.ndjson", "--findings", "repaired.ndjson", "--most-deletes", "0")...); code != exitFindings || !strings.Contains(out, "2 sent again, 0 removed") {
		t.Errorf("without deletes: %d\n%s", code, out)
	}
	if strings.Contains(send(http.MethodGet, "/articles/_doc/planted", ""), `"found":false`) {
		t.Error("the extra document was removed in spite of --most-deletes 0")
	}
	code, out, talk = command(t, verifying(t, server, "--repair")...)
	if code != exitDone || !strings.Contains(out, "repaired: 0 sent again, 1 removed") {
		t.Errorf("repaired: %d\n%s\n%s", code, out, talk)
	}
	if undo := read(t, "migassist-verify-undo.ndjson"); strings.Count(undo, "\n") != 4 || !strings.Contains(undo, "not of the source") || !strings.Contains(undo, `"tampered":true`) {
		t.Errorf("the undo file has\n%s", undo)
	}
	for _, more := range [][]string{nil, {"--sample", "65536"}, {"--only", "differ.ndjson"}, {"--counts"}, {"--full", "--output", "json"}} {
		if code, out, talk = command(t, verifying(t, server, more...)...); code != exitDone {
			t.Errorf("%v: %d\n%s\n%s", more, code, out, talk)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestVerifyOfALivingSource(t *testing.T) {
	source, write := migrated(t)
	target, send := migrated(t)
	arguments := []string{"console", "verify", "--source-host", source.URL(), "--target-host", target.URL(), "--index-allowlist", "articles"}
	if code, out, talk := command(t, arguments...); code != exitDone {
		t.Fatalf("nothing differs: %d\n%s\n%s", code, out, talk)
	}
	write(http.MethodPut, "/articles/_doc/fresh", `{"title":"came after the snapshot"}`)
	send(http.MethodPut, "/articles/_doc/fresh", `{"title":"came after the snapshot"}`)
	send(http.MethodPut, "/articles/_doc/planted", `{"title":"not of the source"}`)
	code, out, talk := command(t, append(arguments, "--counts")...)
	if code != exitFindings || !strings.Contains(out, "more (+1)") {
		t.Errorf("counts: %d\n%s\n%s", code, out, talk)
	}
	// Against the snapshot both are extra; what the living source has stays.
	code, out, talk = command(t, verifying(t, target, "--source-host", source.URL(), "--repair")...)
	if code != exitFindings || !strings.Contains(out, "0 sent again, 1 removed") || !strings.Contains(out, "left: 1: the source has it now") {
		t.Errorf("repair: %d\n%s\n%s", code, out, talk)
	}
	if code, out, talk = command(t, arguments...); code != exitDone {
		t.Errorf("nothing differs any more: %d\n%s\n%s", code, out, talk)
	}
}

func TestVerifySaysWhatItCouldNotCompare(t *testing.T) {
	server, send := migrated(t)
	send(http.MethodDelete, "/articles", "")
	for _, more := range [][]string{nil, {"--counts"}} {
		code, out, talk := command(t, verifying(t, server, more...)...)
		if code != exitFindings || !strings.Contains(out, "the target has no index articles") {
			t.Errorf("%v: no index: %d\n%s\n%s", more, code, out, talk)
		}
	}
	code, out, _ := command(t, append(demoArguments(t, server, "console", "verify"), "--index-allowlist", "articels")...)
	if code != exitFindings || !strings.Contains(out, "articels") {
		t.Errorf("no such index in the snapshot: %d\n%s", code, out)
	}
}

// TestARepairDoesNotAskALivingSourceForIDsThatTransformsMade: what it does not find under them it may well have.
func TestARepairDoesNotAskALivingSourceForIDsThatTransformsMade(t *testing.T) {
	server, _ := migrated(t)
	live := []string{"--source-host", server.URL(), "--repair", "--doc-transformer-config", `[{"jq": ".operation._id |= \"p-\" + ."}]`}
	code, out, talk := command(t, verifying(t, server, live...)...)
	if code != exitFailed || !strings.Contains(talk, "say --most-deletes 0") {
		t.Errorf("%d\n%s\n%s", code, out, talk)
	}
	code, out, talk = command(t, verifying(t, server, append(live, "--most-deletes", "0")...)...)
	if code != exitFindings || !strings.Contains(out, ", 0 removed,") || !strings.Contains(out, "extra documents are not removed") {
		t.Errorf("%d\n%s\n%s", code, out, talk)
	}
}
