//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"migassist/internal/testcluster"
)

// letterGroup is a group of `dead-letters summary --output json`.
type letterGroup struct {
	Index, Type, Field, Do string
	Letters                int
	Reason                 string `json:"example_reason"`
}

// lettersOf are the groups of the dead letters, by "index type field".
func lettersOf(t *testing.T, dir string) (left, redriven int, groups map[string]letterGroup) {
	t.Helper()
	ran := migassist(t, dir, "console", "backfill", "dead-letters", "summary", "--output", "json").want(t, done, nothing)
	var said struct {
		Letters, Redriven int
		Groups            []letterGroup
	}
	if err := json.Unmarshal([]byte(ran.stdout), &said); err != nil {
		t.Fatalf("%v: %s", err, ran.stdout)
	}
	groups = map[string]letterGroup{}
	for _, g := range said.Groups {
		groups[strings.TrimSpace(g.Index+" "+g.Type+" "+g.Field)] = g
		t.Logf("%d %s %s %s: %.300s\n\tdo: %s", g.Letters, g.Index, g.Type, g.Field, g.Reason, g.Do)
	}
	return said.Letters, said.Redriven, groups
}

// Documents of each kind in the index things.
const (
	goodThings = 200
	badPrices  = 30 // no numbers
	hugeThings = 5  // larger than a request to the target may be
	longNames  = 12 // ids that the target does not take
	strangers  = 8  // a field that a strict mapping does not have
	shutThings = 3000
)

// loadThings fills two indices of a server that takes what the target will not.
func loadThings(t *testing.T, s *testcluster.Server) {
	t.Helper()
	var body strings.Builder
	add := func(id, source string) {
		fmt.Fprintf(&body, "{\"index\":{\"_index\":\"things\",\"_type\":\"thing\",\"_id\":%q}}\n%s\n", id, source)
	}
	for i := range goodThings {
		add(fmt.Sprint("good", i), fmt.Sprintf(`{"price":%d}`, i))
	}
	for i := range badPrices {
		add(fmt.Sprint("price", i), fmt.Sprintf(`{"price":"about %d","exact":9007199254740993}`, i))
	}
	for i := range hugeThings {
		add(fmt.Sprint("huge", i), fmt.Sprintf(`{"price":%d,"blob":%q}`, i, strings.Repeat("0123456789abcdef", 100_000)))
	}
	for i := range longNames {
		add(fmt.Sprintf("%d-%s", i, strings.Repeat("n", 600)), fmt.Sprintf(`{"price":%d}`, i))
	}
	for i := range strangers {
		add(fmt.Sprint("stranger", i), fmt.Sprintf(`{"price":%d,"color":"c"}`, i))
	}
	for i := range shutThings {
		fmt.Fprintf(&body, "{\"index\":{\"_index\":\"shut\",\"_type\":\"thing\",\"_id\":\"%d\"}}\n{\"n\":%d}\n", i, i)
	}
	must(t, s, "PUT", "/things", `{"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":{"thing":{"properties":{"blob":{"type":"string","index":"no"},"price":{"type":"string"}}}}}`)
	must(t, s, "PUT", "/shut", `{"settings":{"number_of_shards":1,"number_of_replicas":0}}`)
	if err := s.Bulk(t.Context(), "/_bulk", []byte(body.String())); err != nil {
		t.Fatal(err)
	}
	must(t, s, "POST", "/_refresh", "")
	if err := s.Snapshot(t.Context(), "things", "things", "things,shut"); err != nil {
		t.Fatal(err)
	}
}

// TestDeadLettersUntilNoneIsLeft: documents refused for mapping conflicts, size, bad ids and a closed index appear grouped with their
// reasons, and are redriven, some with a transform, until none is left.
func TestDeadLettersUntilNoneIsLeft(t *testing.T) {
	old, narrow := pair(t)
	loadThings(t, old)
	dir := t.TempDir()
	must(t, narrow, "PUT", "/things", `{"mappings":{"dynamic":"strict","properties":{"price":{"type":"long"},"exact":{"type":"long"},"blob":{"type":"binary"}}}}`)
	must(t, narrow, "PUT", "/shut", `{"mappings":{"properties":{"n":{"type":"long"}}}}`)
	base := []string{"--target-host", narrow.URL}
	rfs := func(index string, more ...string) []string {
		return append(append([]string{
			"rfs", "--repo-uri", "file://" + filepath.Join(old.Repo, "things"), "--snapshot-name", "things", "--index-allowlist", index, "--state-file", index + ".json", "--output", "json",
		}, base...), more...)
	}
	total := migassist(t, dir, rfs("things")...).want(t, findings).summary(t).Total
	if bad := badPrices + hugeThings + longNames + strangers; total.Written != goodThings || total.Refused != bad {
		t.Errorf("%+v, and %d are bad", total, bad)
	}
	left, _, groups := lettersOf(t, dir)
	for key, want := range map[string]int{
		"things mapper_parsing_exception price":         badPrices,
		"things strict_dynamic_mapping_exception color": strangers,
		"things request_too_large":                      hugeThings,
		"things request_refused":                        longNames,
	} {
		if g := groups[key]; g.Letters != want || g.Do == "" || g.Reason == "" {
			t.Errorf("%s: %+v, want %d", key, g, want)
		}
	}
	if left != total.Refused {
		t.Errorf("%d letters, and %d were refused", left, total.Refused)
	}

	redrive := func(code int, more ...string) {
		t.Helper()
		ran := migassist(t, dir, append(append([]string{"console", "backfill", "dead-letters", "redrive"}, base...), more...)...).want(t, code)
		t.Logf("redrive: %s", ran.stdout)
	}
	redrive(findings) // nothing was mended
	if left, redriven, _ := lettersOf(t, dir); left != total.Refused || redriven != 0 {
		t.Errorf("%d letters left, %d redriven", left, redriven)
	}
	mend := filepath.Join(dir, "mend.yaml")
	transform := `- jq: |
    if (.document.price | type) == "string" then del(.document.price) else . end
    | del(.document.blob, .document.color)
    | .operation._id |= .[:512]
`
	if err := os.WriteFile(mend, []byte(transform), 0o600); err != nil {
		t.Fatal(err)
	}
	dry := migassist(t, dir, "console", "backfill", "dead-letters", "redrive", "--dry-run", "--transform", mend).want(t, done)
	if lines := strings.Count(dry.stdout, "\n"); lines != 2*total.Refused {
		t.Errorf("%d lines would be sent", lines)
	}
	var both sync.WaitGroup // two at once do no harm
	for range 2 {
		both.Go(func() {
			migassist(t, dir, append([]string{"console", "backfill", "dead-letters", "redrive", "--transform", mend}, base...)...).want(t, done, nothing)
		})
	}
	both.Wait()
	if left, redriven, _ := lettersOf(t, dir); left != 0 || redriven != total.Refused {
		t.Errorf("%d letters left, %d redriven", left, redriven)
	}
	must(t, narrow, "POST", "/_refresh", "")
	if n := found(t, narrow, "/things", "*:*"); n != total.Read {
		t.Errorf("the target has %d of %d documents", n, total.Read)
	}
	if said := string(must(t, narrow, "GET", "/things/_source/price7", "")); said != `{"exact":9007199254740993}` {
		t.Errorf("a document arrived as %s", said)
	}
	closedWhileMoving(t, dir, narrow, rfs("shut", "--session-name", "shut", "--dead-letters", "shut", "--documents-per-bulk-request", "50", "--max-docs-per-second", "500"))
}

// pair starts a source that takes everything, and a target that takes little.
func pair(t *testing.T) (old, narrow *testcluster.Server) {
	t.Helper()
	for _, of := range []struct {
		server **testcluster.Server
		spec   testcluster.Spec
	}{
		{&old, testcluster.Spec{Product: testcluster.Elasticsearch, Version: "2.4.6", HeapMiB: 512}},
		{&narrow, testcluster.Spec{Product: testcluster.OpenSearch, Version: "2.19.1", HeapMiB: 512, Settings: map[string]string{"http.max_content_length": "1mb"}}},
	} {
		server, err := testcluster.Start(t.Context(), of.spec)
		if err != nil {
			t.Fatal(err)
		}
		*of.server = server
		t.Cleanup(func() {
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
	return old, narrow
}

// killAtFirst starts a redrive, and kills it when it has marked the first letters.
func killAtFirst(t *testing.T, dir string, arguments []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, arguments...)
	cmd.Dir = dir
	talk, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(talk); lines.Scan(); {
		if strings.Contains(lines.Text(), "redriven so far") {
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Errorf("it had ended before it could be killed: %v", err)
	}
	t.Logf("killed: %v", cmd.Wait())
}

// closedWhileMoving closes the index that rfs writes to, opens it again, and redrives what was refused meanwhile.
func closedWhileMoving(t *testing.T, dir string, target *testcluster.Server, rfs []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var closing sync.WaitGroup
	closing.Go(func() {
		for ctx.Err() == nil {
			_, _ = target.Do(ctx, "POST", "/shut/_refresh", nil)
			var answer struct{ Count int }
			said, err := target.Do(ctx, "GET", "/shut/_count", nil)
			if err == nil && json.Unmarshal(said, &answer) == nil && answer.Count > 100 {
				if _, err := target.Do(ctx, "POST", "/shut/_close", nil); err != nil {
					t.Error(err)
				}
				return
			}
		}
	})
	ran := migassist(t, dir, rfs...)
	closing.Wait()
	t.Logf("rfs, closed meanwhile: %d: %s%s", ran.code, ran.stdout, ran.stderr)
	letters := []string{"--dead-letters", "shut", "--session-name", "shut"}
	said := migassist(t, dir, append([]string{"console", "backfill", "dead-letters", "summary"}, letters...)...).want(t, done)
	t.Log(said.stdout)
	if !strings.Contains(said.stdout, "shut  index_closed_exception") || !strings.Contains(said.stdout, "POST /shut/_open") {
		t.Errorf("the closed index is not named")
	}
	redrive := append([]string{"console", "backfill", "dead-letters", "redrive", "--target-host", target.URL}, letters...)
	migassist(t, dir, redrive...).want(t, findings).says(t, "closed")
	must(t, target, "POST", "/shut/_open", "")
	killAtFirst(t, dir, append(redrive, "--max-docs-per-second", "500"))
	migassist(t, dir, redrive...).want(t, done)
	must(t, target, "POST", "/_refresh", "")
	if n := found(t, target, "/shut", "*:*"); n != shutThings {
		t.Errorf("the target has %d of %d documents", n, shutThings)
	}
}

// TestDeadLettersReplaceNothingNewer: with versions, what was written or deleted since on the target stays so, and the letters are done.
func TestDeadLettersReplaceNothingNewer(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	dir := t.TempDir()
	for id, n := range map[string]string{"good": `1`, "bad": `"x"`, "written": `"y"`, "deleted": `"z"`} {
		must(t, source, "PUT", "/versioned/_doc/"+id, `{"n":`+strings.ReplaceAll(n, `1`, `"1"`)+`}`)
	}
	if err := source.Snapshot(t.Context(), "versioned", "versioned", "versioned"); err != nil {
		t.Fatal(err)
	}
	must(t, target, "PUT", "/versioned", `{"mappings":{"properties":{"n":{"type":"long"}}}}`)
	migassist(t, dir, "rfs", "--repo-uri", "file://"+filepath.Join(source.Repo, "versioned"), "--snapshot-name", "versioned", "--target-host", target.URL, "--doc-versions", "seqno").want(t, findings)
	must(t, target, "PUT", "/versioned/_doc/written?version=1000&version_type=external", `{"n":5}`)
	must(t, target, "PUT", "/versioned/_doc/deleted?version=1000&version_type=external", `{"n":6}`)
	must(t, target, "DELETE", "/versioned/_doc/deleted?version=1001&version_type=external", "")
	migassist(t, dir, "console", "backfill", "dead-letters", "redrive", "--target-host", target.URL, "--transform", `[{"jq": "del(.document.n)"}]`).want(t, done).prints(t, "3 letters: 1 arrived, 2 superseded, 0 dropped, 0 left")
	must(t, target, "POST", "/_refresh", "")
	if n := found(t, target, "/versioned", "*:*"); n != 3 {
		t.Errorf("the target has %d documents", n)
	}
	for id, want := range map[string]string{"good": `{"n":"1"}`, "bad": `{}`, "written": `{"n":5}`} {
		if said := string(must(t, target, "GET", "/versioned/_source/"+id, "")); said != want {
			t.Errorf("%s is %s", id, said)
		}
	}
}

// prints fails the test unless the results have a text in them.
func (r result) prints(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(r.stdout, text) {
		t.Errorf("the results do not say %q: %s%s", text, r.stdout, r.stderr)
	}
}
