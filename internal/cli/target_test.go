package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"migassist/internal/sandbox"
)

// demoRepository is found before a test moves to a folder of its own.
var demoRepository, _ = filepath.Abs("../../testdata/snapshots/demo/repository")

// startTarget starts a sandbox and gives its address and a way to send it requests.
func startTarget(t *testing.T) (server *sandbox.Server, send func(method, path, body string) string) {
	t.Helper()
	server = sandbox.New(sandbox.Options{})
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server, func(method, path, body string) string {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		said, err := io.ReadAll(answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil || answer.StatusCode >= http.StatusMultipleChoices {
			t.Fatalf("%s %s: %s, %v", method, path, answer.Status, err)
		}
		return string(said)
	}
}

// demoArguments are those of a command that moves the demo's snapshot.
func demoArguments(t *testing.T, server *sandbox.Server, command ...string) []string {
	t.Helper()
	return append(command, "--repo-uri", demoRepository, "--snapshot-name", "nightly", "--target-host", server.URL())
}

// command runs migassist in a folder of its own.
func command(t *testing.T, arguments ...string) (code int, out, talk string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = Main(context.WithoutCancel(t.Context()), Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr}, arguments, nil)
	return code, stdout.String(), stderr.String()
}

func TestAnAliasLeadsToItsWriteIndex(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	send(http.MethodPut, "/one", `{"aliases":{"articles":{}}}`)
	send(http.MethodPut, "/two", `{"aliases":{"articles":{}}}`)
	arguments := append(demoArguments(t, server, "rfs"), "--index-allowlist", "articles")
	code, _, talk := command(t, arguments...)
	if code != exitFailed || !strings.Contains(talk, "articles is an alias of several indices on the target") {
		t.Errorf("code %d: %s", code, talk)
	}
	if n := server.Requests("POST /_bulk"); n != 0 {
		t.Errorf("%d bulk requests were sent", n)
	}
	send(http.MethodPost, "/_aliases", `{"actions":[{"add":{"index":"two","alias":"articles","is_write_index":true}}]}`)
	code, out, talk := command(t, arguments...)
	if code != exitFindings || !strings.Contains(out, "documents go to two, which takes what is written to it") {
		t.Errorf("code %d: %s%s", code, out, talk)
	}
	if one, two := count(t, server, "one"), count(t, server, "two"); one != 0 || two != 300 {
		t.Errorf("one has %d documents, two has %d", one, two)
	}
}

func TestATargetThatKeepsDocumentsOutOrChangesThemIsNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	send(http.MethodPut, "/articles", `{"settings":{"index.blocks.write":true,"index.final_pipeline":"enrich"}}`)
	code, _, talk := command(t, append(demoArguments(t, server, "rfs"), "--index-allowlist", "articles")...)
	if code != exitFailed || !strings.Contains(talk, "index.blocks.write") || !strings.Contains(talk, "index.final_pipeline enrich") {
		t.Errorf("code %d: %s", code, talk)
	}
	if n := server.Requests("POST /_bulk"); n != 0 {
		t.Errorf("%d bulk requests were sent", n)
	}
}

func TestAnIndexMadeAnewIsNotGoneOnWith(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	rfs := append(demoArguments(t, server, "rfs"), "--index-allowlist", "articles")
	send(http.MethodPut, "/articles", `{}`)
	if code, _, talk := command(t, rfs...); code != exitDone {
		t.Fatalf("code %d: %s", code, talk)
	}
	if code, _, talk := command(t, rfs...); code != exitNothing {
		t.Errorf("code %d: %s", code, talk)
	}
	send(http.MethodDelete, "/articles", "")
	send(http.MethodPut, "/articles", `{}`)
	code, _, talk := command(t, rfs...)
	if code != exitFailed || !strings.Contains(talk, "articles was deleted and made again") || !strings.Contains(talk, "migassist-rfs-state.json") {
		t.Errorf("code %d: %s", code, talk)
	}
}

func TestAFailureSaysWhatItWasOfAndHowToGoOn(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	rfs := append(demoArguments(t, server, "rfs"), "--index-allowlist", "articles")
	send(http.MethodPut, "/articles", `{}`)
	server.FailBulks(1, sandbox.Fault{Status: http.StatusInternalServerError})
	code, _, talk := command(t, rfs...)
	if code != exitFailed || !strings.Contains(talk, "articles[0]: send ") || !strings.Contains(talk, "how far it came is in migassist-rfs-state.json") {
		t.Errorf("code %d: %s", code, talk)
	}
	if code, _, talk := command(t, rfs...); code != exitDone {
		t.Errorf("code %d: %s", code, talk)
	}
}

func TestFindingsAreSaidAgainWhenNothingIsLeftToDo(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	rfs := append(demoArguments(t, server, "rfs"), "--index-allowlist", "articles")
	send(http.MethodPut, "/articles", `{"mappings":{"dynamic":"strict"}}`)
	for range 2 {
		code, out, talk := command(t, rfs...)
		if code != exitFindings || !strings.Contains(out, "the target refused 300 documents") {
			t.Errorf("code %d: %s%s", code, out, talk)
		}
	}
}

// count asks the server for the documents of an index.
func count(t *testing.T, server *sandbox.Server, index string) int {
	t.Helper()
	send := func(method, path string, into any) {
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	var got struct{ Count int }
	send(http.MethodPost, "/"+index+"/_refresh", &struct{}{})
	send(http.MethodGet, "/"+index+"/_count", &got)
	return got.Count
}

func TestDeadLettersThatCouldNotBeWrittenAreNamedBeforeTheRun(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	send(http.MethodPut, "/articles", `{"mappings":{"dynamic":"strict"}}`)
	arguments := append(demoArguments(t, server, "rfs"), "--index-allowlist", "articles", "--dead-letter-file", filepath.Join("nowhere", "letters"))
	code, _, talk := command(t, arguments...)
	if code != exitFailed || !strings.Contains(talk, "could not be written to nowhere/letters: no such file or directory") {
		t.Errorf("code %d: %s", code, talk)
	}
	if n := server.Requests("POST /_bulk"); n != 0 {
		t.Errorf("%d bulk requests were sent", n)
	}
}

func TestSessionsOfOneFolderHaveTheirOwnDeadLetters(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	send(http.MethodPut, "/articles", `{"mappings":{"dynamic":"strict"}}`)
	for _, session := range []string{"default", "one", "two"} {
		code, out, talk := command(t, append(demoArguments(t, server, "rfs"), "--index-allowlist", "articles", "--session-name", session)...)
		if code != exitFindings || !strings.Contains(out, "the target refused 300 documents") {
			t.Errorf("session %s: code %d: %s%s", session, code, out, talk)
		}
	}
	for _, session := range []string{"default", "one", "two"} {
		parts, err := filepath.Glob(filepath.Join("migassist-dead-letters", "session="+session, "index=articles", "worker=*", "failed-document-stream-*.ndjson.gz"))
		if err != nil || len(parts) == 0 {
			t.Errorf("session %s: %v, %v", session, parts, err)
		}
	}
}

func TestABulkRequestHasHalfOfAShortLease(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	send(http.MethodPut, "/articles", `{}`)
	arguments := append(demoArguments(t, server, "rfs"), "--index-allowlist", "articles", "--lease-duration", "10s")
	if code, _, talk := command(t, arguments...); code != exitDone {
		t.Errorf("code %d: %s", code, talk)
	}
	code, _, talk := command(t, append(arguments, "--bulk-timeout", "6s")...)
	if code != exitUsage || !strings.Contains(talk, "half of the lease_duration of 10s") {
		t.Errorf("code %d: %s", code, talk)
	}
}
