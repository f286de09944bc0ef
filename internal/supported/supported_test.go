package supported_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/internal/supported"
)

var root = filepath.Join("..", "..")

func TestReadmeShowsTheTable(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := supported.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), table.String()) {
		t.Errorf("README.md has another table of sources; put this there:\n%s", &table)
	}
}

// The fixtures are what rfs's golden tests read: a version that a row calls proven has one, and none is left out.
func TestEveryProvenVersionHasItsFixture(t *testing.T) {
	var proven []string
	for _, source := range supported.Sources() {
		proven = append(proven, source.Proven...)
		if (source.Unproven == "") == (len(source.Proven) == 0) {
			t.Errorf("%s: proven on %v, yet %q", source.Versions, source.Proven, source.Unproven)
		}
	}
	slices.Sort(proven)
	if diff := cmp.Diff(fixtures(t), proven); diff != "" {
		t.Errorf("fixtures (-) and versions proven (+):\n%s", diff)
	}
}

// fixtures are the folders PRODUCT-VERSION below testdata/snapshots; one with more to its name is a variant.
func fixtures(t *testing.T) []string {
	entries, err := os.ReadDir(filepath.Join(root, "testdata", "snapshots"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && strings.Count(entry.Name(), "-") == 1 {
			names = append(names, entry.Name())
		}
	}
	return names
}
