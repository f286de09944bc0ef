package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"migassist/internal/sandbox"
	"migassist/rfs"
)

// TestATargetThatLosesWhatItAcknowledgedIsNotCalledDone: also where documents were there before, which alone would explain that there are so many.
func TestATargetThatLosesWhatItAcknowledgedIsNotCalledDone(t *testing.T) {
	for before := range 2 {
		t.Chdir(t.TempDir())
		server, send := startTarget(t)
		send(http.MethodPut, "/articles", `{}`)
		for i := range 400 * before {
			send(http.MethodPut, fmt.Sprintf("/articles/_doc/mine-%d", i), `{}`)
		}
		server.FailEveryBulk(&sandbox.Fault{LoseEvery: 100})
		arguments := append(demoArguments(t, server, "rfs"), "--index-allowlist", "articles")
		code, out, talk := command(t, arguments...)
		if code != exitFindings || !strings.Contains(out, "read 300 = written 300") || !strings.Contains(out, "too few. The target may have lost documents that it had acknowledged") {
			t.Fatalf("code %d: %s%s", code, out, talk)
		}
		_, out, _ = command(t, "console", "backfill", "status", "--output", "json")
		var status rfs.Status
		if err := json.Unmarshal([]byte(out), &status); err != nil {
			t.Fatal(err)
		}
		s := status.Summary
		if n := s.OnTarget["articles"]; n >= int64(300+400*before) || n < 290 || s.Before["articles"] != int64(400*before) || s.Total.Created != 300 {
			t.Errorf("%+v", s)
		}
	}
}

// TestTheSummarySaysWhatIsOnTheTarget: in a column for each index.
func TestTheSummarySaysWhatIsOnTheTarget(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	send(http.MethodPut, "/articles-2", `{}`)
	send(http.MethodPut, "/articles-2/_doc/mine", `{}`)
	code, out, talk := command(t, append(demoArguments(t, server, "rfs"), "--index-allowlist", "articles", "--index-map", "articles=articles-2")...)
	if code != exitDone {
		t.Fatalf("code %d: %s%s", code, out, talk)
	}
	var lines []string
	for line := range strings.Lines(out) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	for _, want := range []string{
		"index read written superseded skipped refused on target", "articles 300 300 0 0 0 301", "total 300 300 0 0 0 301",
		"of articles: to articles-2, which has 301 documents and had 1 before",
	} {
		if !strings.Contains(strings.Join(lines, "\n")+"\n", want+"\n") {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}
