package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// load runs the loader as a command would: arguments, a file in the working directory (none if empty), no other sources.
func load(t *testing.T, scope Scope, file string, arguments ...string) (*Config, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if file != "" {
		if err := os.WriteFile(DefaultFile, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	AddGlobalFlags(flags)
	scope.AddFlags(flags)
	if err := flags.Parse(arguments); err != nil {
		t.Fatal(err)
	}
	return scope.Load(flags)
}

func problemsOf(t *testing.T, err error) string {
	t.Helper()
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got error %v, want Problems", err)
	}
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

const complete = `
log: {level: debug, format: json, fields: {team: search, run: 7}}
output: json
memory: 1GiB
snapshot:
  repo_uri: file:///backups
  name: 20261122
target:
  host: https://localhost:9200
  username: admin
  password: s3cret
  disable_compression: true
  connect_timeout: 2s
  request_timeout: 1m30s
indices:
  allowlist: [Logs.2026-01, "regex:logs-[a-z]{1,2}"]
rfs:
  max_connections: 8
  documents_per_bulk_request: 5000
  documents_size_per_bulk_request: 5MiB
  workers: 2
  state_file: state.json
  dead_letter_file: dead.ndjson
  multi_type_resolution: split
  rebuild_source: true
  session_name: blue
  lease_duration: 10m
  bulk_timeout: 1m
  item_bytes: 512MiB
  max_attempts: 5
  exit_codes: java
  transform_errors: stop
  doc_versions: seqno
  index_map: ["old=new", "regex:^(.*)-2024$=$1-old"]
  id_collision: prefix-type
  server_generated_ids: NEVER
  pilot: 1000
  pilot_prefix: trial-
metadata:
  index_template_allowlist: [logs]
  component_template_allowlist: []
`

func TestFileFillsTheTree(t *testing.T) {
	got, err := load(t, ForRFS, complete)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Log = Log{Level: "debug", Format: "json", Fields: map[string]string{"team": "search", "run": "7"}}
	want.Output = JSON
	want.Memory = GiB
	want.Snapshot = Snapshot{RepoURI: "file:///backups", Name: "20261122"}
	want.Target = Cluster{
		Host: "https://localhost:9200", Username: "admin", Password: Literal("s3cret"),
		DisableCompression: true, ConnectTimeout: 2 * time.Second, RequestTimeout: 90 * time.Second,
	}
	want.Indices = Indices{Allowlist: []string{"Logs.2026-01", "regex:logs-[a-z]{1,2}"}}
	want.RFS = RFS{
		MaxConnections: 8, DocumentsPerRequest: 5000, DocumentsSizePerRequest: 5 * MiB, Workers: 2,
		StateFile: "state.json", DeadLetters: "migassist-dead-letters", DeadLetterFile: "dead.ndjson",
		MultiTypeResolution: "split", RebuildSource: true,
		TransformErrors: StopTransformErrors, DocVersions: "seqno", IndexMap: []string{"old=new", "regex:^(.*)-2024$=$1-old"}, IDCollision: "prefix-type", ServerGeneratedIDs: "NEVER",
		Pilot: 1000, PilotPrefix: "trial-",
	}
	want.RFS.SessionName, want.RFS.LeaseDuration, want.RFS.BulkTimeout = "blue", 10*time.Minute, time.Minute
	want.RFS.ItemBytes, want.RFS.MaxAttempts, want.RFS.ExitCodes = 512*MiB, 5, JavaExitCodes
	want.Metadata = Metadata{IndexTemplateAllowlist: []string{"logs"}, ComponentTemplateAllowlist: []string{}, AtOnce: 4, UnattendedFolder: "migassist-unattended"}
	got.origins, want.origins = nil, nil
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Config{})); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
}

func TestLaterSourcesWin(t *testing.T) {
	const file = "snapshot: {repo_uri: /from-file, name: from-file}\ntarget: {host: http://from-file}\n"
	t.Setenv("MIGASSIST_SNAPSHOT_NAME", "from-environment")
	t.Setenv("MIGASSIST_TARGET_HOST", "http://from-environment")
	t.Setenv("MIGASSIST_RFS_WORKERS", "") // empty counts as not set
	got, err := load(t, ForRFS, file, "--target-host", "http://from-flag")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ key, got, want string }{
		{"repo_uri", got.Snapshot.RepoURI, "/from-file"},
		{"name", got.Snapshot.Name, "from-environment"},
		{"host", got.Target.Host, "http://from-flag"},
		{"state_file", got.RFS.StateFile, Default().RFS.StateFile},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.key, c.got, c.want)
		}
	}
	origins := map[string]string{}
	for _, s := range got.Settings() {
		origins[s.Key] = s.Origin
	}
	for key, want := range map[string]string{
		"snapshot.repo_uri": "migassist.yaml:1", "snapshot.name": "MIGASSIST_SNAPSHOT_NAME",
		"target.host": "--target-host", "rfs.workers": "default",
	} {
		if origins[key] != want {
			t.Errorf("origin of %s: got %q, want %q", key, origins[key], want)
		}
	}
}

func TestListsAndMapsInAllForms(t *testing.T) {
	for _, c := range []struct {
		name, variable string
		flags          []string
		want           []string
	}{
		{"commas", "a, b,regex:c.*", nil, []string{"a", "b", "regex:c.*"}},
		{"JSON", `["a","regex:b{1,2}"]`, nil, []string{"a", "regex:b{1,2}"}},
		{"one flag", "", []string{"--index-allowlist", "a,b"}, []string{"a", "b"}},
		{"repeated flag", "x", []string{"--index-allowlist", "a,b", "--index-allowlist", `["c{1,2}"]`}, []string{"a", "b", "c{1,2}"}},
		{"repeated flag with brackets inside", "", []string{"--index-allowlist=regex:[ab]", "--index-allowlist=c"}, []string{"regex:[ab]", "c"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("MIGASSIST_INDICES_ALLOWLIST", c.variable)
			t.Setenv("MIGASSIST_LOG_FIELDS", `team=search,equation=a=b`)
			got, err := load(t, ForRFS, complete, c.flags...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Indices.Allowlist); diff != "" {
				t.Errorf("allowlist (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(map[string]string{"team": "search", "equation": "a=b"}, got.Log.Fields); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllProblemsComeTogether(t *testing.T) {
	const file = `snapshot:
  repo_url: /r
  name: {a: b}
target:
  hots: http://x
  insecure: "yes"
  connect_timeout: 5
  connect_timeout: 5s
targt: {}
output: jsn
log:
  level:
`
	t.Setenv("MIGASSIST_RFS_MAX_CONECTIONS", "1")
	t.Setenv("MIGASSIST_RFS_WORKERS", "many")
	_, err := load(t, ForRFS, file, "--documents-size-per-bulk-request", "10MB", "--index-allowlist", "regex:(")
	want := `migassist.yaml:2: snapshot.repo_url: unknown key; did you mean snapshot.repo_uri?
migassist.yaml:3: snapshot.name: is a mapping; want a single value
migassist.yaml:5: target.hots: unknown key; did you mean target.host?
migassist.yaml:6: target.insecure: is a string; want true or false
migassist.yaml:7: target.connect_timeout: is a number; want a duration with its unit, like 65s
migassist.yaml:8: target.connect_timeout: is given twice, first on line 7; keep one
migassist.yaml:9: targt: unknown key; did you mean target?
migassist.yaml:10: output: "jsn" is none of human-readable, json; did you mean json?
migassist.yaml:12: log.level: has no value; give one or remove the line
MIGASSIST_RFS_MAX_CONECTIONS: unknown variable; did you mean MIGASSIST_RFS_MAX_CONNECTIONS?
--documents-size-per-bulk-request: rfs.documents_size_per_bulk_request: "10MB" is no number of bytes: want a whole number with B, KiB, MiB, GiB or TiB, like 10MiB
MIGASSIST_RFS_WORKERS: rfs.workers: "many" is not a whole number
snapshot.repo_uri: is missing; give --repo-uri, MIGASSIST_SNAPSHOT_REPO_URI, or snapshot.repo_uri in migassist.yaml
--index-allowlist: indices.allowlist: allowlist entry "regex:(": error parsing regexp: missing closing ): ` + "`^(?:()$`" + `
target.host: is missing; give --target-host, MIGASSIST_TARGET_HOST, or target.host in migassist.yaml`
	if diff := cmp.Diff(want, problemsOf(t, err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestFilesThatAreNoConfiguration(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"no YAML", "a: [", "migassist.yaml: is not YAML: "},
		{"a list", "- a", "migassist.yaml:1: is a list; want keys with values"},
		{"two documents", "output: json\n---\noutput: json\n", "more than one YAML document"},
		{"a section that is a value", "target: localhost", "migassist.yaml:1: target: is a string; want keys with values"},
		{"a merge key", "base: &b {host: x}\ntarget:\n  <<: *b\n", "target.<<: unknown key; target has host, username, password"},
		{"too large", strings.Repeat("#", maxFileSize+1), "more than a configuration may have"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, ForDisplay, c.content)
			if got := problemsOf(t, err); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want it to contain %q", got, c.want)
			}
		})
	}
}

func TestEmptyFilesAndSectionsAreFine(t *testing.T) {
	for _, content := range []string{"", "\n", "# nothing\n", "---\n", "target:\n  # host: x\nrfs: {}\n", "log.level: debug\n"} {
		if _, err := load(t, ForDisplay, content); err != nil {
			t.Errorf("%q: %v", content, err)
		}
	}
}

func TestNamedFileMustBeThere(t *testing.T) {
	if _, err := load(t, ForDisplay, "", "--config", "nowhere.yaml"); !strings.Contains(problemsOf(t, err), "--config: open nowhere.yaml") {
		t.Errorf("got %v", err)
	}
	other := filepath.Join(t.TempDir(), "other.yaml")
	if err := os.WriteFile(other, []byte("output: json\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MIGASSIST_CONFIG", other)
	got, err := load(t, ForDisplay, "output: broken\n")
	if err != nil || got.Output != JSON {
		t.Errorf("got output %v and error %v, want the named file instead of the one in the working directory", got.Output, err)
	}
}

func TestEveryKeyHasItsOwnNames(t *testing.T) {
	seen := map[string]string{}
	for _, k := range keys {
		for _, name := range []string{k.path, k.env(), "--" + k.flag} {
			if other, twice := seen[name]; twice {
				t.Errorf("%s belongs to %s and %s", name, other, k.path)
			}
			seen[name] = k.path
		}
		if err := assign(k.field(Default()), format(k.field(Default())), nil); err != nil && format(k.field(Default())) != "" {
			t.Errorf("%s: its default does not parse: %v", k.path, err)
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(complete))
	f.Add([]byte("target: {password: {env: X}}\nindices: {allowlist: &a [*a]}\n? [a]: b\n"))
	f.Add([]byte("log: &l {fields: {<<: *l}}\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		tree := Default()
		for _, p := range readFile(tree, "f", content) {
			if !strings.HasPrefix(p.Place, "f") || p.What == "" {
				t.Errorf("a problem without a place or words: %+v", p)
			}
		}
		for _, s := range tree.Settings() {
			if s.Key == "target.password" && s.Value != "" && s.Value != hidden {
				t.Errorf("password shown: %q", s.Value)
			}
		}
	})
}
