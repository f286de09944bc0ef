package cli

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"migassist/internal/blob"
	"migassist/rfs"
	"migassist/rfs/deadletter"
)

// badly is a configuration by which the script does something to each of the nine articles whose id begins with "0".
func badly(t *testing.T, does string) string {
	t.Helper()
	script := `function main() { return ops => { const op = ops[0], doc = op.document; if (op.operation._id.startsWith("0")) { ` + does + ` } doc.seen = true; return ops } }`
	config, err := json.Marshal([]any{map[string]any{"JsonJSTransformerProvider": map[string]any{"initializationScript": script, "bindingsObject": "{}"}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(config)
}

// TestBadScriptsHurtTheirOwnDocumentsAlone: what a script does not bring to an end, or gives back as no document, is in the dead letters as it was,
// with the reason; all others arrive, and the counts add up.
func TestBadScriptsHurtTheirOwnDocumentsAlone(t *testing.T) {
	for name, c := range map[string]struct{ does, says string }{
		"throws":       {`throw new Error("not this " + doc.id)`, "not this"},
		"never ends":   {`if (op.operation._id.startsWith("0A")) for (;;);`, "it took longer than"},
		"takes memory": {`if (op.operation._id.startsWith("0A")) { const a = []; for (;;) a.push({x: 1, y: [1, 2, 3]}) }`, ""},
		"nonsense":     {`return 7`, "where an object"},
		"no document":  {`delete op.document; return ops`, "it has no document"},
		"no index":     {`op.operation._index = "A/b"; return ops`, "A/b"},
		"half an id":   {`op.operation._id = "\ud800"; return ops`, "surrogate pair"},
		"recursion":    {`const f = x => f(x) + 1; f(1)`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			server, send := startTarget(t)
			send(http.MethodPut, "/articles", `{}`)
			before := articles(t)
			moving := append(demoArguments(t, server, "rfs"), "--index-allowlist", "articles", "--output", "json", "--doc-transformer-config", badly(t, c.does))
			code, out, talk := command(t, moving...)
			var summary rfs.Summary
			if err := json.Unmarshal([]byte(out), &summary); err != nil || code != exitFindings {
				t.Fatalf("code %d, %v: %s%s", code, err, out, talk)
			}
			s := summary.Total
			failed := s.Skipped + s.Refused
			if s.Read != 300 || failed == 0 || failed > 20 || s.Written+failed != 300 || !s.Balanced() || count(t, server, "articles") != int(s.Written) {
				t.Errorf("%+v", s)
			}
			letters := lettersOf(t)
			if len(letters) != int(failed) {
				t.Errorf("%d dead letters, %d failed", len(letters), failed)
			}
			for _, letter := range letters {
				id := letter.DocumentID
				if letter.Original != nil {
					id = letter.Original.ID
				}
				if !strings.Contains(letter.Reason, c.says) || !bytes.Equal(letter.RequestItem.Document, before[id]) {
					t.Errorf("%s: %q, %s, want %s", id, letter.Reason, letter.RequestItem.Document, before[id])
				}
			}
		})
	}
}

// articles are the sources of the demo's articles, by their ids.
func articles(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	code, out, talk := command(t, "console", "snapshot", "cat", "--repo-uri", demoRepository, "nightly", "articles")
	if code != exitDone {
		t.Fatal(talk)
	}
	sources := map[string]json.RawMessage{}
	for line := range strings.Lines(out) {
		var document struct {
			ID     string          `json:"_id"`
			Source json.RawMessage `json:"_source"`
		}
		if err := json.Unmarshal([]byte(line), &document); err != nil {
			t.Fatal(err)
		}
		sources[document.ID] = document.Source
	}
	return sources
}

// lettersOf are the dead letters in the folder of the test.
func lettersOf(t *testing.T) (letters []*deadletter.Record) {
	t.Helper()
	store, err := deadletter.Open(t.Context(), "migassist-dead-letters", blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	listing, err := store.List(t.Context(), "default", "")
	if err != nil {
		t.Fatal(err)
	}
	for letter, err := range listing.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		letters = append(letters, letter)
	}
	return letters
}
