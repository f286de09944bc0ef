package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"migassist/cluster"
	"migassist/metadata/lock"
	"migassist/metadata/unattended"
)

// TestUnattended: what needs no decision is added, a second run has nothing to do, what has gone from the target waits for a person, one that comes
// while another is at work ends with 4 and names it, and each leaves a line and a dated report.
func TestUnattended(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	arguments := append(demoArguments(t, server, "metadata", "migrate"), "--unattended", "--log-format", "json")
	run := func(want int, end unattended.End, more ...string) unattended.Record {
		t.Helper()
		code, out, talk := command(t, append(arguments, more...)...)
		var line struct{ End, Report, HeldBy string }
		if lines := strings.Split(strings.TrimSpace(talk), "\n"); code != want || out != "" || len(lines) != 1 || json.Unmarshal([]byte(lines[0]), &line) != nil || line.End != string(end) {
			t.Fatalf("code %d, want %d and %q in one line: %s%s", code, want, end, out, talk)
		}
		content, err := os.ReadFile(line.Report)
		if err != nil {
			t.Fatal(err)
		}
		var record unattended.Record
		if err := json.Unmarshal(content, &record); err != nil || record.End != end {
			t.Fatalf("%v: %s", err, content)
		}
		if err := os.Remove(line.Report); err != nil { // two of one second have one name, in one process
			t.Fatal(err)
		}
		return record
	}
	first := run(exitDone, unattended.Changed)
	if len(first.Created) == 0 || len(first.Waiting) != 0 {
		t.Errorf("%+v", first)
	}
	if second := run(exitNothing, unattended.Unchanged); len(second.Created)+len(second.Drift) != 0 {
		t.Errorf("%+v", second)
	}
	send(http.MethodDelete, "/products", "")
	if third := run(exitFindings, unattended.Waiting); len(third.Waiting) != 1 || third.Waiting[0].Name != "products" || len(third.Drift) != 1 {
		t.Errorf("%+v", third)
	}
	target, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	other := lock.Holder{Doing: "a run elsewhere", Host: "cron-1", PID: 4711, Since: time.Now()}
	err = lock.Hold(t.Context(), target, lock.Options{Name: "unattended", Holder: other, Beat: 20 * time.Millisecond}, func(context.Context) error {
		if held := run(exitNothing, unattended.Held); held.HeldBy == nil || held.HeldBy.Host != "cron-1" || held.HeldBy.PID != 4711 {
			t.Errorf("%+v", held)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestUnattendedSaysWhyItCannot: one line of error and a report, where the target is out of reach or the folder can't be written.
func TestUnattendedSaysWhyItCannot(t *testing.T) {
	t.Chdir(t.TempDir())
	server, _ := startTarget(t)
	if err := os.WriteFile("file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := append(demoArguments(t, server, "metadata", "migrate"), "--unattended")
	if code, _, talk := command(t, append(arguments, "--unattended-folder", filepath.Join("file", "below"))...); code != exitFailed || !strings.Contains(talk, "file/below") {
		t.Errorf("code %d: %s", code, talk)
	}
	if code, _, talk := command(t, append(arguments, "--plan", "plan.json")...); code != exitUsage || !strings.Contains(talk, "leave out one of unattended and plan") {
		t.Errorf("code %d: %s", code, talk)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	code, _, talk := command(t, arguments...)
	reports, err := filepath.Glob("migassist-unattended/reports/*.json")
	if code != exitFailed || !strings.Contains(talk, "failed") || err != nil || len(reports) != 1 {
		t.Errorf("code %d, reports %v, %v: %s", code, reports, err, talk)
	}
}

// TestProbeLeavesNothing: what evaluate --probe says is in the plan, and the target has what it had.
func TestProbeLeavesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	before := send(http.MethodGet, "/_all", "") + send(http.MethodGet, "/_index_template", "")
	code, out, talk := command(t, append(demoArguments(t, server, "metadata", "evaluate"), "--probe", "--index-allowlist", "articles,customers,orders-2020")...)
	if code != exitDone || !strings.Contains(out, "were tried on the target under throw-away names") {
		t.Errorf("code %d: %s%s", code, out, talk)
	}
	if after := send(http.MethodGet, "/_all", "") + send(http.MethodGet, "/_index_template", ""); after != before {
		t.Errorf("it left %s", after)
	}
}
