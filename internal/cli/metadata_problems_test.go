package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"migassist/internal/sandbox"
)

// said is an answer that a source gives instead of its own.
type said struct {
	status int
	body   string
}

// disguise puts a server before a cluster that answers some paths otherwise. Several indices with a request are not found where one of them is told otherwise.
func disguise(t *testing.T, cluster string, answers map[string]said) string {
	t.Helper()
	at, err := url.Parse(cluster)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(at)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, told := answers[r.URL.Path]
		if names := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), ","); len(names) > 1 {
			for _, name := range names {
				if answers["/"+name].status > 0 {
					answer, told = said{http.StatusNotFound, `{"error":{"type":"index_not_found_exception","reason":"one is not there"},"status":404}`}, true
				}
			}
		}
		if !told {
			proxy.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer.status)
		fmt.Fprint(w, answer.body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func denied(status int) said {
	return said{status, fmt.Sprintf(`{"error":{"type":"security_exception","reason":"no permissions for this"},"status":%d}`, status)}
}

func mainOf(number, uuid string) said {
	return said{http.StatusOK, fmt.Sprintf(`{"cluster_name":"c","cluster_uuid":%q,"version":{"distribution":"opensearch","number":%q},"tagline":"The OpenSearch Project: https://opensearch.org/"}`, uuid, number)}
}

// nothingOn fails where a target has got an index or template.
func nothingOn(t *testing.T, send func(method, path, body string) string) {
	t.Helper()
	for _, path := range []string{"/_all", "/_index_template", "/_template", "/_component_template"} {
		if has := send(http.MethodGet, path, ""); has != "{}" && !strings.HasSuffix(has, `":[]}`) {
			t.Errorf("%s of the target is %s", path, has)
		}
	}
}

// TestSourcesThatCannotBeReadAreNamed: each ends evaluate and migrate with a message that says what it was and what to do, before the target has got anything.
func TestSourcesThatCannotBeReadAreNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	source := startSandbox(t)
	fillSource(t, source.URL())
	server, send := startTarget(t)
	locked := sandbox.New(sandbox.Options{Username: "admin", Password: "right"})
	if err := locked.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = locked.Close() })
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	live := func(answers map[string]said) []string {
		return []string{"--source-host", disguise(t, source.URL(), answers)}
	}
	for name, c := range map[string]struct {
		words []string
		code  int
		tells []string
	}{
		"none given":       {nil, exitUsage, []string{"--repo-uri", "--source-host"}},
		"unreachable":      {[]string{"--source-host", gone.URL}, exitFailed, []string{gone.URL, "refused"}},
		"no password":      {[]string{"--source-host", locked.URL()}, exitFailed, []string{locked.URL(), "401", "--source-username"}},
		"wrong password":   {[]string{"--source-host", locked.URL(), "--source-username", "admin", "--source-password", "wrong"}, exitFailed, []string{"401"}},
		"forbidden part":   {live(map[string]said{"/_index_template": denied(http.StatusForbidden)}), exitFailed, []string{"list the index templates", "no permissions for this"}},
		"forbidden state":  {live(map[string]said{"/_cluster/state/metadata": denied(http.StatusForbidden)}), exitFailed, []string{"no permissions for this"}},
		"another product":  {live(map[string]said{"/": {http.StatusOK, `{"couchdb":"Welcome","version":"3.3.2"}`}}), exitFailed, []string{"source"}},
		"no version":       {live(map[string]said{"/": mainOf("two point nineteen", "u")}), exitFailed, []string{"two point nineteen"}},
		"too old":          {live(map[string]said{"/": {http.StatusOK, `{"cluster_name":"c","cluster_uuid":"u","version":{"number":"0.90.13"},"tagline":"You Know, for Search"}`}}), exitFailed, []string{"0.90.13"}},
		"downgrade":        {live(map[string]said{"/": mainOf("3.3.0", "u")}), exitFailed, []string{"3.3.0", "the target is older than the source"}},
		"itself":           {[]string{"--source-host", server.URL()}, exitFailed, []string{"are one cluster"}},
		"no JSON":          {live(map[string]said{"/_cluster/state/metadata": {http.StatusOK, `<html>a gateway`}}), exitFailed, []string{"not the server's JSON", "a gateway"}},
		"no repository":    {[]string{"--repo-uri", "file://" + t.TempDir(), "--snapshot-name", "s"}, exitFailed, []string{"index.latest"}},
		"no such snapshot": {[]string{"--repo-uri", demoRepository, "--snapshot-name", "monthly"}, exitFailed, []string{"monthly", "nightly"}},
		"cut metadata":     {damaged(t, "meta-*.dat", func(data []byte) []byte { return data[:len(data)/2] }), exitFailed, []string{"meta-"}},
		"lost metadata":    {damaged(t, "meta-*.dat", nil), exitFailed, []string{"meta-"}},
		"cut snapshot":     {damaged(t, "snap-*.dat", func(data []byte) []byte { return data[:len(data)/2] }), exitFailed, []string{"snap-"}},
	} {
		for _, verb := range []string{"evaluate", "migrate", "finish"} {
			code, out, talk := command(t, append([]string{"metadata", verb, "--target-host", server.URL()}, c.words...)...)
			if code != c.code {
				t.Errorf("%s: %s ended with %d: %s%s", name, verb, code, out, talk)
			}
			for _, word := range c.tells {
				if !strings.Contains(talk, word) {
					t.Errorf("%s: %s does not say %q: %s", name, verb, word, talk)
				}
			}
		}
	}
	nothingOn(t, send)
}

// damaged are the words that name a copy of the demonstration's repository of which one file is changed, or taken away.
func damaged(t *testing.T, pattern string, change func([]byte) []byte) []string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(strings.TrimPrefix(demoRepository, "file://"))); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: %v %v", pattern, files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		if err := os.WriteFile(files[0], change(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"--repo-uri", "file://" + folder, "--snapshot-name", "nightly"}
}

// TestBadItemsAreRefusedByNameAndTheOthersMade: what is wrong with one index is no matter of the others, and each is in the report.
func TestBadItemsAreRefusedByNameAndTheOthersMade(t *testing.T) {
	t.Chdir(t.TempDir())
	source := startSandbox(t)
	fillSource(t, source.URL())
	server, send := startTarget(t)
	bad := func(name, mappings, settings string) said {
		return said{http.StatusOK, fmt.Sprintf(`{%q:{"aliases":{},"mappings":%s,"settings":{"index.number_of_shards":"1"%s}}}`, name, mappings, settings)}
	}
	answers := map[string]said{}
	names := map[string]string{
		"list":     "it is no JSON object",
		"metrics":  "index.mode is time_series",
		"logsdb":   "index.mode is logsdb",
		"mounted":  "searchable snapshot",
		"vanished": "no such index",
	}
	for name := range names {
		makeIndex(t, source.URL(), name)
	}
	answers["/list"] = bad("list", `["no","object"]`, "")
	answers["/metrics"] = bad("metrics", `{}`, `,"index.mode":"time_series"`)
	answers["/logsdb"] = bad("logsdb", `{}`, `,"index.mode":"logsdb"`)
	answers["/mounted"] = bad("mounted", `{}`, `,"index.store.type":"snapshot"`)
	answers["/vanished"] = said{http.StatusNotFound, `{"error":{"type":"index_not_found_exception","reason":"no such index [vanished]"},"status":404}`}
	words := []string{"--source-host", disguise(t, source.URL(), answers), "--target-host", server.URL()}
	for _, verb := range []string{"evaluate", "migrate"} {
		code, out, talk := command(t, append([]string{"metadata", verb, "--output", "json"}, words...)...)
		if code != exitFindings {
			t.Errorf("%s ended with %d: %s%s", verb, code, out, talk)
		}
		for name, why := range names {
			if !strings.Contains(out, `"`+name+`"`) || !strings.Contains(out, why) {
				t.Errorf("%s does not say of %s that %q:\n%s", verb, name, why, out)
			}
		}
	}
	all := send(http.MethodGet, "/_all", "")
	for name := range names {
		if strings.Contains(all, `"`+name+`"`) {
			t.Errorf("%s was made", name)
		}
	}
	for _, name := range []string{"books", "authors"} {
		if !strings.Contains(all, `"`+name+`"`) {
			t.Errorf("%s was not made", name)
		}
	}
}

// makeIndex makes an index of a source.
func makeIndex(t *testing.T, at, name string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, at+"/"+name, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("make %s: %s", name, answer.Status)
	}
}

// TestAnEmptyClusterIsNothingToDo, and no error.
func TestAnEmptyClusterIsNothingToDo(t *testing.T) {
	t.Chdir(t.TempDir())
	source, target := startSandbox(t), startSandbox(t)
	for _, verb := range []string{"evaluate", "migrate"} {
		code, out, talk := command(t, "metadata", verb, "--source-host", source.URL(), "--target-host", target.URL())
		if code != exitNothing {
			t.Errorf("%s ended with %d: %s%s", verb, code, out, talk)
		}
	}
}

// TestAKeptPlanOfALivingSourceIsHeldAgainstIt: where the source is named again it has to be as it was.
func TestAKeptPlanOfALivingSourceIsHeldAgainstIt(t *testing.T) {
	t.Chdir(t.TempDir())
	source := startSandbox(t)
	fillSource(t, source.URL())
	server, send := startTarget(t)
	both := []string{"--source-host", source.URL(), "--target-host", server.URL()}
	code, plan, talk := command(t, append([]string{"metadata", "evaluate", "--output", "json"}, both...)...)
	if code != exitDone {
		t.Fatalf("evaluate ended with %d: %s", code, talk)
	}
	if err := os.WriteFile("plan.json", []byte(plan), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, talk = command(t, "metadata", "migrate", "--plan", "plan.json", "--target-host", server.URL())
	if code != exitFailed || !strings.Contains(talk, "give --source-host") {
		t.Errorf("migrate without its source ended with %d: %s", code, talk)
	}
	makeIndex(t, source.URL(), "since")
	code, _, talk = command(t, append([]string{"metadata", "migrate", "--plan", "plan.json"}, both...)...)
	if code != exitFailed || !strings.Contains(talk, "the source has changed since the plan was made") || !strings.Contains(talk, "since") {
		t.Errorf("migrate ended with %d: %s", code, talk)
	}
	nothingOn(t, send)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, source.URL()+"/since", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if code, out, talk := command(t, append([]string{"metadata", "migrate", "--plan", "plan.json"}, both...)...); code != exitDone {
		t.Errorf("migrate ended with %d: %s%s", code, out, talk)
	}
	// What waited is done by the plan that was applied, though the source goes on.
	makeIndex(t, source.URL(), "later")
	if code, out, talk := command(t, append([]string{"metadata", "finish", "--plan", "plan.json"}, both...)...); code != exitDone && code != exitNothing {
		t.Errorf("finish ended with %d: %s%s", code, out, talk)
	}
}

// TestATransformThatThrowsRefusesItsItem, by name and with what it said; the others are made.
func TestATransformThatThrowsRefusesItsItem(t *testing.T) {
	t.Chdir(t.TempDir())
	source := startSandbox(t)
	fillSource(t, source.URL())
	server, send := startTarget(t)
	script := `[{"jq":"if .name == \"books\" then error(\"not these books\") else . end"}]`
	for _, verb := range []string{"evaluate", "migrate"} {
		code, out, talk := command(t, "metadata", verb, "--source-host", source.URL(), "--target-host", server.URL(), "--transformer-config", script)
		if code != exitFindings || !strings.Contains(out, "not these books") || !strings.Contains(out, "books") {
			t.Errorf("%s ended with %d: %s%s", verb, code, out, talk)
		}
	}
	if all := send(http.MethodGet, "/_all", ""); strings.Contains(all, `"books"`) || !strings.Contains(all, `"authors"`) {
		t.Errorf("the target has %s", all)
	}
}

// TestASnapshotGoesBeforeALivingSource, and it is said that the cluster is not asked.
func TestASnapshotGoesBeforeALivingSource(t *testing.T) {
	t.Chdir(t.TempDir())
	source := startSandbox(t)
	fillSource(t, source.URL())
	between := record(t, source.URL())
	server, _ := startTarget(t)
	code, out, talk := command(t, append(demoArguments(t, server, "metadata", "evaluate"), "--source-host", between.URL)...)
	if code == exitFailed || len(between.asked) > 0 || strings.Contains(out, "books") || !strings.Contains(talk, "source.host is not asked, as a snapshot is given too") {
		t.Errorf("evaluate ended with %d, and asked %v: %s%s", code, between.asked, out, talk)
	}
}
