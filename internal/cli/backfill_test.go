package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"migassist/rfs"
)

// moved is a finished run of one index in the working directory.
func moved(t *testing.T, more ...string) (rfsArguments []string) {
	t.Helper()
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	send(http.MethodPut, "/articles", `{"settings":{"refresh_interval":"30s","number_of_replicas":1}}`)
	arguments := append(demoArguments(t, server, "rfs"), append([]string{"--index-allowlist", "articles"}, more...)...)
	if code, _, talk := command(t, arguments...); code != exitDone {
		t.Fatalf("code %d: %s", code, talk)
	}
	return arguments
}

func readStatus(t *testing.T) rfs.Status {
	t.Helper()
	code, out, talk := command(t, "console", "backfill", "status", "--output", "json")
	var status rfs.Status
	if err := json.Unmarshal([]byte(out), &status); code != exitDone || err != nil {
		t.Fatalf("code %d: %s%s, %v", code, out, talk, err)
	}
	return status
}

func TestNoRunIsNothingToDoAndMakesNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, verb := range []string{"status", "status --watch", "pause", "resume", "stop", "set --max-connections 3", "reset --yes"} {
		code, out, talk := command(t, append([]string{"console", "backfill"}, strings.Fields(verb)...)...)
		if code != exitNothing || out != "" || !strings.Contains(talk, "no run was begun in migassist-rfs-state.json") {
			t.Errorf("%s: code %d: %s%s", verb, code, out, talk)
		}
	}
	if files, err := os.ReadDir("."); err != nil || len(files) > 0 {
		t.Errorf("%v, %v", files, err)
	}
}

func TestStatusOfACompleteRun(t *testing.T) {
	moved(t)
	status := readStatus(t)
	if status.State != "complete" || status.Percent != 100 || status.Counts.Written != 300 || status.Summary == nil || len(status.Workers) != 0 || len(status.Stalls) != 0 {
		t.Errorf("%+v", status)
	}
	code, out, _ := command(t, "console", "backfill", "status", "--watch")
	if code != exitDone || !strings.Contains(out, "session default: complete") || !strings.Contains(out, "read 300 = written 300") {
		t.Errorf("code %d: %s", code, out)
	}
}

func TestAStoppedRunIsNotWorkedOnUntilItIsResumed(t *testing.T) {
	arguments := moved(t)
	if code, out, talk := command(t, "console", "backfill", "stop"); code != exitDone || !strings.Contains(out, "the run is stopped") {
		t.Fatalf("code %d: %s%s", code, out, talk)
	}
	if code, _, talk := command(t, arguments...); code != exitSignal+15 || !strings.Contains(talk, "console backfill resume") {
		t.Errorf("code %d: %s", code, talk)
	}
	if code, out, talk := command(t, "console", "backfill", "resume"); code != exitDone || !strings.Contains(out, "the run is running") {
		t.Fatalf("code %d: %s%s", code, out, talk)
	}
	if code, _, talk := command(t, arguments...); code != exitNothing {
		t.Errorf("code %d: %s", code, talk)
	}
}

func TestLimitsAreSetForTheRun(t *testing.T) {
	arguments := moved(t, "--max-docs-per-second", "100000")
	code, out, talk := command(t, "console", "backfill", "set", "--max-mb-per-second", "12", "--max-connections", "3")
	if code != exitDone || !strings.Contains(out, "100000 documents a second, 12 MB a second, 3 bulk requests in flight") {
		t.Fatalf("code %d: %s%s", code, out, talk)
	}
	if l := readStatus(t).Limits; l != (rfs.Limits{DocsPerSecond: 100000, MBPerSecond: 12, Connections: 3}) {
		t.Errorf("%+v", l)
	}
	if _, _, talk := command(t, append(arguments, "--max-docs-per-second", "5")...); !strings.Contains(talk, "--max-docs-per-second 5 is not used") {
		t.Errorf("a worker's own limit: %s", talk)
	}
	for _, bad := range []string{"", "--max-connections -1"} {
		if code, _, talk := command(t, append([]string{"console", "backfill", "set"}, strings.Fields(bad)...)...); code != exitUsage {
			t.Errorf("%s: code %d: %s", bad, code, talk)
		}
	}
}

func TestResetRemovesTheStateAndNothingElse(t *testing.T) {
	arguments := moved(t)
	if code, _, talk := command(t, "console", "backfill", "reset"); code != exitUsage || !strings.Contains(talk, "--yes") {
		t.Fatalf("code %d: %s", code, talk)
	}
	code, out, talk := command(t, "console", "backfill", "reset", "--yes")
	if code != exitDone || !strings.Contains(out, "documents on the target stay") {
		t.Fatalf("code %d: %s%s", code, out, talk)
	}
	if code, _, talk := command(t, "console", "backfill", "status"); code != exitNothing {
		t.Errorf("code %d: %s", code, talk)
	}
	if code, out, talk := command(t, arguments...); code != exitDone || !strings.Contains(out, "read 300") {
		t.Errorf("a new run: code %d: %s%s", code, out, talk)
	}
}

func TestTuneTargetLeavesTheTargetAsItWas(t *testing.T) {
	arguments := moved(t, "--tune-target")
	base := arguments[len(arguments)-4]
	for i, argument := range arguments {
		if argument == "--target-host" {
			base = arguments[i+1]
		}
	}
	settings := fetch(t, base+"/articles/_settings?flat_settings=true")
	if !strings.Contains(settings, `"index.refresh_interval":"30s"`) || !strings.Contains(settings, `"index.number_of_replicas":"1"`) || strings.Contains(settings, "durability") {
		t.Errorf("%s", settings)
	}
	summary := readStatus(t).Summary
	if summary == nil || summary.Restored == nil || strings.Join(summary.Restored.Indices, ",") != "articles" || len(summary.Restored.Replicas) != 1 {
		t.Errorf("%+v", summary)
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
