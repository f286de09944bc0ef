//go:build e2e

package e2e

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// TestNamesWhatIsWrongWithTheTarget runs into a target that lacks what is needed: a
// clear error, a non-zero exit, nothing written.
func TestNamesWhatIsWrongWithTheTarget(t *testing.T) {
	wipe(t, source)
	must(t, source, "PUT", "/plain/_doc/1", `{"a":1}`)
	must(t, source, "PUT", "/plain/_doc/2", `{"b":"x"}`)
	must(t, source, "PUT", "/plain/_doc/3?routing=r", `{"a":3}`)
	if err := source.Snapshot(t.Context(), "plain", "plain", "*"); err != nil {
		t.Fatal(err)
	}

	t.Run("index missing", func(t *testing.T) {
		wipe(t, target)
		dir := t.TempDir()
		migassist(t, dir, rfsArgs(dir, "plain", "plain")...).want(t, failed, findings).says(t, "plain", "metadata migrate")
		if made := indices(t, target); len(made) > 0 {
			t.Errorf("indices were made: %q", made)
		}
	})
	t.Run("index of the allowlist not in the snapshot", func(t *testing.T) {
		wipe(t, target)
		must(t, target, "PUT", "/plain", "")
		dir := t.TempDir()
		run := migassist(t, dir, rfsArgs(dir, "plain", "plain", "--index-allowlist", "plain,absent")...).want(t, findings).says(t, "absent")
		if total := run.summary(t).Total; total.Written != 3 {
			t.Errorf("the other index did not go on: %+v", total)
		}
		sameDocuments(t, "plain")
	})
	t.Run("document refused", func(t *testing.T) {
		wipe(t, target)
		must(t, target, "PUT", "/plain", `{"mappings":{"dynamic":"strict","properties":{"a":{"type":"integer"}}}}`)
		dir := t.TempDir()
		total := migassist(t, dir, rfsArgs(dir, "plain", "plain")...).want(t, findings).summary(t).Total
		if want := (counts{Read: 3, Written: 2, Refused: 1}); total != want {
			t.Errorf("the summary says %+v, want %+v", total, want)
		}
		letters := readFile(t, filepath.Join(dir, "refused.ndjson"))
		if strings.Count(letters, "\n") != 1 || !strings.Contains(letters, "strict_dynamic_mapping_exception") {
			t.Errorf("the dead letters should hold one document with the server's reason:\n%s", letters)
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := "http://" + listener.Addr().String()
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		args := rfsArgs(dir, "plain", "plain", "--target-host", address) // the last of two counts
		migassist(t, dir, args...).want(t, failed).says(t, listener.Addr().String(), "refused")
		migassist(t, dir, append(metadataArgs("migrate", "plain", "plain"), "--target-host", address)...).want(t, failed).says(t, listener.Addr().String(), "refused")
	})
}

// TestAccountsForSourcesThatAreNotJSON migrates documents that were indexed as SMILE,
// CBOR and YAML, which Elasticsearch stores as they came. Each must arrive with the
// same value or be counted and kept with a reason; the others must not suffer.
func TestAccountsForSourcesThatAreNotJSON(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	dir := t.TempDir()
	must(t, source, "PUT", "/encoded/_doc/json", `{"a":1,"b":"x"}`)
	for kind, body := range map[string]string{
		"smile": ":)\n\x01\xfa\x80a\xc2\x80b@x\xfb",
		"cbor":  "\xa2aa\x01abax",
		"yaml":  "---\na: 1\nb: x\n",
	} {
		if _, err := source.DoAs(t.Context(), "PUT", "/encoded/_doc/"+kind, "application/"+kind, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	must(t, target, "PUT", "/encoded", "")
	if err := source.Snapshot(t.Context(), "encoded", "encoded", "*"); err != nil {
		t.Fatal(err)
	}
	total := migassist(t, dir, rfsArgs(dir, "encoded", "encoded")...).want(t, done, findings).summary(t).Total
	letters := readFile(t, filepath.Join(dir, "refused.ndjson"))
	t.Logf("%+v\n%s", total, letters)
	if lines := strings.Count(letters, "\n"); total.Read != 4 || lines != total.Skipped+total.Refused {
		t.Errorf("4 documents were there; the summary says %+v and the dead letters have %d", total, lines)
	}
	must(t, target, "POST", "/encoded/_refresh", "")
	for _, id := range []string{"json", "smile", "cbor", "yaml"} {
		if answer, err := target.Do(t.Context(), "GET", "/encoded/_doc/"+id, nil); err == nil {
			if want := `{"a":1,"b":"x"}`; !strings.Contains(string(answer), want) {
				t.Errorf("%s arrived altered: %s", id, answer)
			}
		} else if !strings.Contains(letters, `"`+id+`"`) {
			t.Errorf("%s did not arrive, and is not among the dead letters", id)
		}
	}
}
