package cli

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var typedRepository, _ = filepath.Abs("../../testdata/snapshots/elasticsearch-5.6.16/repository")

// TestTypesGoWhereEachFlagSays: each way to say where mapping types go makes the indices that rfs then fills.
func TestTypesGoWhereEachFlagSays(t *testing.T) {
	const config = `[{"TypeMappingSanitizationTransformerProvider":{"staticMappings":{"types":{"user":"people","order":"orders"},"same-ids":{"user":"people"}}}}]`
	folder := t.TempDir()
	file := filepath.Join(folder, "transforms.yaml")
	if err := os.WriteFile(file, []byte("- typeMappings:\n    regexMappings:\n    - {sourceIndexPattern: (.*), sourceTypePattern: (.*), targetIndexPattern: $2-of-$1}\n- jq: error(\"of documents\")\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		flags []string
		code  int
		want  string
	}{
		"none":   {nil, 3, ""},
		"split":  {[]string{"--multi-type-resolution", "split"}, 0, "same-ids_order same-ids_user types_order types_user"},
		"union":  {[]string{"--multi-type-resolution", "union"}, 0, "same-ids types"},
		"inline": {[]string{"--transformer-config", config}, 3, "orders people"},
		"base64": {[]string{"--transformer-config-base64", base64.StdEncoding.EncodeToString([]byte(config))}, 3, "orders people"},
		"file of documents": {
			[]string{"--doc-transformer-config-file", file}, 0, "order-of-same-ids order-of-types user-of-same-ids user-of-types",
		},
		"file of items": {[]string{"--transformer-config-file", file}, 3, ""},
		"both":          {[]string{"--transformer-config", `[{"jq":".name += \"-new\""}]`, "--doc-transformer-config-file", file, "--index-allowlist", "types"}, 0, "order-of-types-new user-of-types-new"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			server, send := startTarget(t)
			arguments := append([]string{"metadata", "migrate", "--repo-uri", typedRepository, "--snapshot-name", "second", "--target-host", server.URL()}, c.flags...)
			if !slices.Contains(arguments, "--index-allowlist") {
				arguments = append(arguments, "--index-allowlist", "types,same-ids")
			}
			code, out, talk := command(t, arguments...)
			if code != c.code {
				t.Errorf("exit %d\n%s\n%s", code, out, talk)
			}
			if got := indexNames(t, send); got != c.want {
				t.Errorf("made %q, want %q\n%s\n%s", got, c.want, out, talk)
			}
		})
	}
}

func indexNames(t *testing.T, send func(method, path, body string) string) string {
	t.Helper()
	var rows []struct{ Index string }
	if err := json.Unmarshal([]byte(send("GET", "/_cat/indices?format=json", "")), &rows); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, row := range rows {
		names = append(names, row.Index)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// TestToolsAgreeOnWhereTypesGo: rfs writes into the indices that metadata made with the same flags, all documents, and into no others.
func TestToolsAgreeOnWhereTypesGo(t *testing.T) {
	const mappings = `[{"typeMappings":{"staticMappings":{"types":{"user":"people","order":"orders"}},"regexMappings":[["(.*)","(.*)","$2-of-$1"]]}}]`
	for name, flags := range map[string][]string{
		"split":  {"--multi-type-resolution", "split"},
		"union":  {"--multi-type-resolution", "union", "--id-collision", "prefix-type"},
		"mapped": {"--doc-transformer-config", mappings},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			server, send := startTarget(t)
			common := []string{"--repo-uri", typedRepository, "--snapshot-name", "second", "--target-host", server.URL(), "--index-allowlist", "types,same-ids,basic"}
			code, out, talk := command(t, slices.Concat([]string{"metadata", "migrate"}, common, flags[:2])...)
			made := indexNames(t, send)
			if code != exitDone && code != exitFindings || made == "" {
				t.Fatalf("metadata: exit %d\n%s\n%s", code, out, talk)
			}
			code, out, talk = command(t, slices.Concat([]string{"rfs"}, common, flags)...)
			if filled := indexNames(t, send); code != exitDone && code != exitFindings || filled != made {
				t.Errorf("rfs: exit %d, made %q, filled %q\n%s\n%s", code, made, filled, out, talk)
			}
			for index := range strings.FieldsSeq(made) {
				if count := send("GET", "/"+index+"/_count", ""); strings.Contains(count, `"count":0`) {
					t.Errorf("nothing is in %s: %s", index, count)
				}
			}
		})
	}
}
