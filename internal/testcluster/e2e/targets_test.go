//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestTargetKeepsWhatIsNewer backfills with versions into an index that live traffic wrote to before: what is newer there
// stays, what was deleted there stays deleted, and everything else arrives.
func TestTargetKeepsWhatIsNewer(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	must(t, source, "PUT", "/live", `{"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":{"properties":{"n":{"type":"nested"}}}}`)
	for i := range 40 { // sequence numbers 0 to 39, then 40 to 44
		must(t, source, "PUT", fmt.Sprintf("/live/_doc/%d", i), fmt.Sprintf(`{"i":%d,"from":"source","n":[{"x":1},{"x":2}]}`, i))
	}
	for i := range 3 {
		must(t, source, "PUT", fmt.Sprintf("/live/_doc/%d", i), fmt.Sprintf(`{"i":%d,"from":"source, again"}`, i))
	}
	must(t, source, "DELETE", "/live/_doc/38", "")
	must(t, source, "DELETE", "/live/_doc/39", "")
	if err := source.Snapshot(t.Context(), "live", "live", "live"); err != nil {
		t.Fatal(err)
	}

	must(t, target, "PUT", "/live", `{"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":{"properties":{"n":{"type":"nested"}}}}`)
	for _, live := range []struct{ method, id, version string }{
		{"PUT", "0", "1000"}, // after the source's last write, which is 41
		{"PUT", "1", "2"},    // of the source's first write, which the snapshot has overwritten
		{"PUT", "2", "43"},   // just what the snapshot has: written again, alike
		{"DELETE", "3", "1000"},
		{"DELETE", "4", "1"}, // before the source's write, which is 5
		{"PUT", "new", "1001"},
	} {
		body := `{"from":"live"}`
		if live.method == "DELETE" {
			body = ""
		}
		if _, err := target.Do(t.Context(), live.method, "/live/_doc/"+live.id+"?version_type=external&version="+live.version, []byte(body)); err != nil && live.method == "PUT" {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	run := migassist(t, dir, rfsArgs(dir, "live", "live", "--doc-versions", "seqno")...).want(t, done).says(t, "settings of the target's indices were changed for the time of the run")
	if settings := string(must(t, target, "GET", "/live/_settings", "")); strings.Contains(settings, "gc_deletes") {
		t.Errorf("gc_deletes was not given back: %s", settings)
	}
	if total := run.summary(t).Total; total != (counts{Read: 38, Written: 36, Superseded: 2}) {
		t.Errorf("the summary says %+v", total)
	}
	must(t, target, "POST", "/live/_refresh", "")
	for id, want := range map[string]string{
		"0": `"_version":1000,` + `"from":"live"`, "1": `"_version":42,"from":"source, again"`, "2": `"_version":43,"from":"source, again"`,
		"4": `"_version":5,"from":"source"`, "37": `"_version":38,"from":"source"`, "new": `"_version":1001,"from":"live"`, "3": "", "38": "", "39": "",
	} {
		if got := seen(t, "live", id); got != want {
			t.Errorf("document %s is %s, want %s", id, got, want)
		}
	}
}

// seen is the version and the writer of a document on the target; "" where there is none.
func seen(t *testing.T, index, id string) string {
	t.Helper()
	var doc struct {
		Version int64 `json:"_version"`
		Source  struct {
			From string `json:"from"`
		} `json:"_source"`
	}
	answer, err := target.Do(t.Context(), "GET", "/"+index+"/_doc/"+id, nil)
	if err != nil {
		if !strings.Contains(err.Error(), "404") {
			t.Fatal(err)
		}
		return ""
	}
	if err := json.Unmarshal(answer, &doc); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`"_version":%d,"from":%q`, doc.Version, doc.Source.From)
}

// TestTargetsAsTheyAre sends one snapshot into data streams, through aliases, under other names, and into indices that
// keep it out.
func TestTargetsAsTheyAre(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	for i := range 10 {
		body := fmt.Sprintf(`{"@timestamp":"2026-01-%02dT00:00:00Z","i":%d}`, i+1, i)
		for _, index := range []string{".ds-logs-app-000001", ".ds-logs-app-000002", "plain-2024", "plain-2025"} {
			id := fmt.Sprintf("%s-%d", index[len(index)-1:], i)
			must(t, source, "PUT", fmt.Sprintf("/%s/_doc/%s", index, id), body)
		}
	}
	must(t, source, "PUT", "/plain-2025/_doc/4-0", `{"i":99,"from":"the newer one"}`) // plain-2024 has that id too
	must(t, source, "POST", "/.ds-logs-app-000002/_doc/9", `{"i":100,"from":"no time"}`)
	if err := source.Snapshot(t.Context(), "targets", "targets", "*"); err != nil {
		t.Fatal(err)
	}
	rfs := func(t *testing.T, indices string, more ...string) result {
		t.Helper()
		dir := t.TempDir()
		return migassist(t, dir, rfsArgs(dir, "targets", "targets", append([]string{"--index-allowlist", indices}, more...)...)...)
	}

	t.Run("data stream", func(t *testing.T) {
		defer func() { must(t, target, "DELETE", "/_data_stream/logs-app", "") }() // no wildcard deletes its indices
		must(t, target, "PUT", "/_index_template/logs", `{"index_patterns":["logs-*"],"data_stream":{},"template":{"settings":{"number_of_replicas":0}}}`)
		must(t, target, "PUT", "/_data_stream/logs-app", "")
		run := rfs(t, ".ds-logs-app-000001,.ds-logs-app-000002").want(t, findings).says(t, "documents go to the data stream logs-app")
		if total := run.summary(t).Total; total != (counts{Read: 21, Written: 20, Refused: 1}) {
			t.Errorf("the summary says %+v", total)
		}
		if n := documents(t, "logs-app"); n != 20 {
			t.Errorf("the stream has %d documents", n)
		}
		again := rfs(t, ".ds-logs-app-000001").want(t, findings).summary(t).Total // what is there stays there
		if again != (counts{Read: 10, Superseded: 10}) || documents(t, "logs-app") != 20 {
			t.Errorf("done again: %+v, %d documents", again, documents(t, "logs-app"))
		}
		named := rfs(t, "plain-2024", "--index-map", "plain-2024=logs-app").want(t, findings).summary(t).Total
		if named != (counts{Read: 10, Written: 10}) || documents(t, "logs-app") != 30 {
			t.Errorf("by the stream's name: %+v, %d documents", named, documents(t, "logs-app"))
		}
	})
	t.Run("alias", func(t *testing.T) {
		must(t, target, "PUT", "/rolled-1", `{"aliases":{"plain-2024":{}}}`)
		must(t, target, "PUT", "/rolled-2", `{"aliases":{"plain-2024":{}}}`)
		rfs(t, "plain-2024").want(t, failed).says(t, "plain-2024 is an alias of several indices on the target")
		must(t, target, "POST", "/_aliases", `{"actions":[{"add":{"index":"rolled-2","alias":"plain-2024","is_write_index":true}}]}`)
		rfs(t, "plain-2024").want(t, findings).says(t, "documents go to rolled-2")
		if one, two := documents(t, "rolled-1"), documents(t, "rolled-2"); one != 0 || two != 10 {
			t.Errorf("rolled-1 has %d documents, rolled-2 %d", one, two)
		}
	})
	t.Run("several in one", func(t *testing.T) {
		must(t, target, "PUT", "/plain-old", `{"mappings":{"dynamic":false}}`)
		to := []string{"--index-map", `regex:^(.*)-202\d$=$1-old`}
		rfs(t, "plain-2024,plain-2025", to...).want(t, failed).says(t, "1 ids of documents for plain-old are there more than once", `"4-0" of plain-2024 and plain-2025`)
		if n := documents(t, "plain-old"); n != 0 {
			t.Errorf("%d documents were written", n)
		}
		rfs(t, "plain-2024,plain-2025", append(to, "--id-collision", "keep-newest")...).want(t, findings)
		if n := documents(t, "plain-old"); n != 20 || !strings.Contains(string(must(t, target, "GET", "/plain-old/_doc/4-0", "")), "the newer one") {
			t.Errorf("%d documents, of which not the newest is there", n)
		}
		must(t, target, "PUT", "/both", `{"mappings":{"dynamic":false}}`)
		rfs(t, "plain-2024,plain-2025", "--index-map", "plain-2024=both,plain-2025=both", "--id-collision", "prefix-type").want(t, done)
		if n := documents(t, "both"); n != 21 {
			t.Errorf("%d documents with prefixes", n)
		}
		must(t, target, "GET", "/both/_doc/plain-2024:4-0", "")
		must(t, target, "GET", "/both/_doc/plain-2025:4-0", "")
	})
	t.Run("ids that the target makes", func(t *testing.T) {
		must(t, target, "PUT", "/made", `{}`)
		rfs(t, "plain-2024", "--index-map", "plain-2024=made", "--server-generated-ids", "ALWAYS").want(t, done)
		if n := documents(t, "made"); n != 10 {
			t.Errorf("%d documents", n)
		}
		if _, err := target.Do(t.Context(), "GET", "/made/_doc/4-1", nil); err == nil {
			t.Error("the source's id is there")
		}
	})
	t.Run("blocked, or with a pipeline", func(t *testing.T) {
		for _, setting := range []string{"index.blocks.write", "index.blocks.read_only", "index.blocks.read_only_allow_delete", "index.blocks.metadata"} {
			must(t, target, "PUT", "/kept", `{}`)
			must(t, target, "PUT", "/kept/_settings", fmt.Sprintf(`{%q:true}`, setting))
			run := rfs(t, "plain-2025", "--index-map", "plain-2025=kept").want(t, failed)
			if setting != "index.blocks.metadata" { // that hides itself, and is an error of the server
				run.says(t, setting)
			}
			must(t, target, "PUT", "/kept/_settings", fmt.Sprintf(`{%q:null}`, setting))
			must(t, target, "DELETE", "/kept", "")
		}
		must(t, target, "PUT", "/_cluster/settings", `{"transient":{"cluster.blocks.read_only":true}}`)
		rfs(t, "plain-2025", "--index-map", "plain-2025=both").want(t, failed).says(t, "cluster.blocks.read_only")
		must(t, target, "PUT", "/_cluster/settings", `{"transient":{"cluster.blocks.read_only":null}}`)
		must(t, target, "PUT", "/final", `{"settings":{"index.final_pipeline":"other"}}`)
		rfs(t, "plain-2025", "--index-map", "plain-2025=final").want(t, failed).says(t, "final_pipeline other", "_none")
		must(t, target, "PUT", "/default", `{"settings":{"index.default_pipeline":"not-there"},"mappings":{"dynamic":false}}`)
		rfs(t, "plain-2025", "--index-map", "plain-2025=default").want(t, done)
		if n := documents(t, "default"); n != 11 {
			t.Errorf("%d documents past the default pipeline", n)
		}
	})
}

// documents counts what searches see.
func documents(t *testing.T, index string) int {
	t.Helper()
	must(t, target, "POST", "/"+index+"/_refresh", "")
	var answer struct{ Count int }
	if err := target.Get(t.Context(), "/"+index+"/_count", &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Count
}

// TestTargetOfAPilot moves the first documents of each shard into indices of their own, which are made like the real ones.
func TestTargetOfAPilot(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	must(t, source, "PUT", "/tried", `{"settings":{"number_of_shards":3,"number_of_replicas":0},"mappings":{"properties":{"n":{"type":"nested"}}}}`)
	for i := range 120 {
		must(t, source, "PUT", fmt.Sprintf("/tried/_doc/%d", i), fmt.Sprintf(`{"i":%d,"n":[{"x":1},{"x":2}]}`, i))
	}
	if err := source.Snapshot(t.Context(), "pilot", "pilot", "tried"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	pilot := rfsArgs(dir, "pilot", "pilot", "--pilot", "10")
	migassist(t, dir, pilot...).want(t, failed).says(t, "neither pilot-tried, nor tried to make it like")
	must(t, target, "PUT", "/tried", `{"settings":{"number_of_shards":2,"number_of_replicas":0},"mappings":{"dynamic":"strict","properties":{"i":{"type":"integer"},"n":{"type":"nested","properties":{"x":{"type":"byte"}}}}}}`)
	run := migassist(t, dir, pilot...).want(t, done)
	if total := run.summary(t).Total; total != (counts{Read: 30, Written: 30}) {
		t.Errorf("the summary says %+v", total)
	}
	if there, touched := documents(t, "pilot-tried"), documents(t, "tried"); there != 30 || touched != 0 {
		t.Errorf("%d documents in the pilot's index, %d in the real one", there, touched)
	}
	if definition := string(must(t, target, "GET", "/pilot-tried", "")); !strings.Contains(definition, `"dynamic":"strict"`) || !strings.Contains(definition, `"number_of_shards":"2"`) {
		t.Errorf("the pilot's index is not made like the real one: %s", definition)
	}
	migassist(t, dir, rfsArgs(dir, "pilot", "pilot")...).want(t, done) // with the same state file: the pilot's run is another
	if n := documents(t, "tried"); n != 120 {
		t.Errorf("%d documents", n)
	}
}
