package rules

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestDocumentationListsEveryRule holds the table of docs/metadata.md against
// the table in the code.
func TestDocumentationListsEveryRule(t *testing.T) {
	const file = "../../docs/metadata.md"
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("| rule | fidelity | why |\n| --- | --- | --- |\n")
	for _, rule := range table {
		fidelity := string(rule.Fidelity)
		if fidelity == "" {
			fidelity = "refuses"
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s |\n", rule.Name, fidelity, rule.Why)
	}
	const begin, end = "-run Documentation -update -->\n", "<!-- end of rules -->"
	before, rest, found := strings.Cut(string(content), begin)
	have, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the rules", file)
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+begin+want.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have != want.String() {
		t.Errorf("the rules in %s are not those of the code; write them with -update", file)
	}
}
