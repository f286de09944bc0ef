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
			var rows []struct{ Index string }
			if err := json.Unmarshal([]byte(send("GET", "/_cat/indices?format=json", "")), &rows); err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, row := range rows {
				names = append(names, row.Index)
			}
			slices.Sort(names)
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("made %q, want %q\n%s\n%s", got, c.want, out, talk)
			}
		})
	}
}
