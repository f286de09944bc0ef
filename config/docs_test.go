package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the table of keys into docs/configuration.md anew")

// The table of keys in docs/configuration.md is drawn from the schema. To write
// it anew: go test ./config -run Documentation -update.
func TestDocumentationListsTheSchema(t *testing.T) {
	const begin, end = "<!-- keys: written by go test ./config -run Documentation -update -->\n", "<!-- end of keys -->\n"
	name := filepath.Join("..", "docs", "configuration.md")
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), begin)
	_, after, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		t.Fatalf("%s lacks the marks around its table", name)
	}
	want := before + begin + keyTable() + end + after
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(content)); diff != "" {
		t.Errorf("%s is not what the schema says (-schema +file); run this test with -update:\n%s", name, diff)
	}
}

func keyTable() string {
	var table strings.Builder
	table.WriteString("| key, flag, variable | type | default | what it is |\n| --- | --- | --- | --- |\n")
	for _, k := range keys {
		field := k.field(Default())
		usage := strings.ReplaceAll(k.usage, "`", "")
		if len(k.enum) > 0 {
			usage += ": " + strings.Join(k.enum, ", ")
		}
		standby := format(field)
		if standby != "" {
			standby = "`" + standby + "`"
		}
		fmt.Fprintf(&table, "| `%s`<br>`--%s`<br>`%s` | %s | %s | %s |\n", k.path, k.flag, k.env(), typeName(field), standby, usage)
	}
	return table.String()
}

func typeName(field any) string {
	name := strings.TrimPrefix(fmt.Sprintf("%T", field), "*")
	for from, to := range map[string]string{
		"config.Output": "string", "config.Structure": "JSON", "config.Bytes": "bytes", "time.Duration": "duration", "[]string": "list", "map[string]string": "map",
		"config.Secret": "secret", "bool": "true or false", "int": "number",
	} {
		if name == from {
			return to
		}
	}
	return name
}
