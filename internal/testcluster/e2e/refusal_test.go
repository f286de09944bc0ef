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
