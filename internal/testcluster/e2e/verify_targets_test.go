//go:build e2e

package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestVerifyOfTargetsAsTheyAre moves one snapshot into a data stream, through an alias, into one index in several ways, under ids of the target's own
// and as a pilot: each is found to be there, and what is tampered with is named and mended.
func TestVerifyOfTargetsAsTheyAre(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	for i := range 10 {
		body := fmt.Sprintf(`{"@timestamp":"2026-01-%02dT00:00:00Z","i":%d}`, i+1, i)
		for _, index := range []string{".ds-logs-app-000001", ".ds-logs-app-000002", "plain-2024", "plain-2025"} {
			must(t, source, "PUT", fmt.Sprintf("/%s/_doc/%s-%d", index, index[len(index)-1:], i), body)
		}
	}
	must(t, source, "PUT", "/plain-2025/_doc/4-0", `{"i":99,"from":"the newer one"}`) // plain-2024 has that id too
	if err := source.Snapshot(t.Context(), "verified", "verified", "*"); err != nil {
		t.Fatal(err)
	}
	must(t, target, "PUT", "/_index_template/logs", `{"index_patterns":["logs-*"],"data_stream":{},"template":{"settings":{"number_of_replicas":0}}}`)
	must(t, target, "PUT", "/_data_stream/logs-app", "")
	defer must(t, target, "DELETE", "/_data_stream/logs-app", "") // no wildcard deletes its indices
	must(t, target, "PUT", "/rolled-1", `{"aliases":{"plain-2024":{}}}`)
	must(t, target, "PUT", "/rolled-2", `{"aliases":{"plain-2024":{"is_write_index":true}}}`)
	for _, index := range []string{"plain-old", "both", "made", "tried"} {
		must(t, target, "PUT", "/"+index, `{"mappings":{"dynamic":false}}`)
	}
	both := "plain-2024,plain-2025"
	for _, c := range []struct {
		name, indices  string
		choices        []string
		equal          int
		where, altered string // "": none can be
		deleted        string
	}{
		{"data stream", ".ds-logs-app-000001,.ds-logs-app-000002", nil, 20, "logs-app", "2-4", "1-3"},
		{"alias", "plain-2024", nil, 10, "rolled-2", "4-2", "4-3"},
		{"the newest", both, []string{"--index-map", `regex:^(.*)-202\d$=$1-old`, "--id-collision", "keep-newest"}, 20, "plain-old", "4-0", "5-3"},
		{"prefixes", both, []string{"--index-map", "plain-2024=both,plain-2025=both", "--id-collision", "prefix-type"}, 21, "both", "plain-2024:4-0", "plain-2025:4-0"},
		{"ids that the target makes", "plain-2024", []string{"--index-map", "plain-2024=made", "--server-generated-ids", "ALWAYS"}, 10, "made", "", ""},
		{"a pilot", "plain-2024", []string{"--index-map", "plain-2024=tried", "--pilot", "3"}, 3, "pilot-tried", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			choices := append([]string{"--index-allowlist", c.indices}, c.choices...)
			migassist(t, dir, rfsArgs(dir, "verified", "verified", choices...)...).want(t, done, findings)
			if v := migassist(t, dir, verifyArgs("verified", "verified", choices...)...).want(t, done).verdict(t); v.Total.Equal != c.equal {
				t.Errorf("%d documents are there: %+v", c.equal, v.Total)
			}
			migassist(t, dir, verifyArgs("verified", "verified", append(choices, "--counts")...)...).want(t, done, findings) // ids that collide can't be counted
			var want []string
			behind := strings.Replace(c.where, "logs-app", ".ds-logs-app-000001", 1) // a stream's documents are changed there
			if c.altered != "" {
				var now struct {
					SeqNo int `json:"_seq_no"`
					Term  int `json:"_primary_term"`
				}
				if err := target.Get(t.Context(), "/"+behind+"/_doc/"+c.altered, &now); err != nil {
					t.Fatal(err)
				}
				must(t, target, "PUT", fmt.Sprintf("/%s/_doc/%s?if_seq_no=%d&if_primary_term=%d", behind, c.altered, now.SeqNo, now.Term), `{"@timestamp":"2026-01-01T00:00:00Z","tampered":true}`)
				want = append(want, "different "+c.where+"/"+c.altered)
			}
			if c.deleted != "" {
				must(t, target, "DELETE", "/"+behind+"/_doc/"+c.deleted+"?refresh=true", "")
				want = append(want, "missing "+c.where+"/"+c.deleted)
			}
			if want == nil {
				return
			}
			v := migassist(t, dir, verifyArgs("verified", "verified", append(choices, "--repair", "--undo-file", filepath.Join(dir, "undo.ndjson"))...)...).want(t, done).verdict(t)
			found := v.found()
			for i := range found {
				found[i], _, _ = strings.Cut(found[i], ": ")
			}
			if !slices.Equal(found, want) || v.Repair.Sent != len(want) {
				t.Errorf("%q, want %q: %+v", found, want, v.Repair)
			}
			if v := migassist(t, dir, verifyArgs("verified", "verified", choices...)...).want(t, done).verdict(t); v.Total.Equal != c.equal {
				t.Errorf("mended: %+v", v.Total)
			}
		})
	}
}

// TestVerifyOfIndicesThatCannotBeRead: closed ones, ones without _source, and such as are not there.
func TestVerifyOfIndicesThatCannotBeRead(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	dir := t.TempDir()
	must(t, source, "PUT", "/bare", `{"mappings":{"_source":{"enabled":false}}}`)
	must(t, target, "PUT", "/bare", `{"mappings":{"_source":{"enabled":false}}}`)
	must(t, source, "PUT", "/empty", `{}`)
	for _, index := range []string{"open", "shut", "bare"} {
		must(t, source, "PUT", "/"+index+"/_doc/1?refresh=true", `{"a":1}`)
		must(t, target, "PUT", "/"+index+"/_doc/1?refresh=true", `{"a":1}`)
	}
	must(t, source, "POST", "/shut/_close", "")
	live := func(indices string) result {
		t.Helper()
		return migassist(t, dir, "console", "verify", "--source-host", source.URL, "--target-host", target.URL, "--index-allowlist", indices)
	}
	live("open").want(t, done).says(t, "the target has what the source has, and nothing else")
	live("open,shut").want(t, findings).says(t, "shut: closed: it is closed", "what was compared is alike on both sides; not all of the source was")
	live("open,empty").want(t, findings).says(t, "the target has no index empty")
	live("open,bare").want(t, findings).says(t, "documents of index bare of the source have no _source", "not everything could be verified")
	must(t, target, "POST", "/open/_close", "")
	live("open").want(t, failed).says(t, "indices of the target are closed, so that their documents can't be read: open; open them")
	live("open,nowhere").want(t, failed)
	must(t, target, "DELETE", "/open", "")
	live("open").want(t, findings).says(t, "missing: open/1", "the target has no index open")
}
