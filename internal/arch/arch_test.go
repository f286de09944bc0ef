package arch

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "migassist"

// listed is a package and what its files import of this module, as paths inside it.
type listed struct {
	ImportPath string
	Imports    []string
}

func TestEveryArrowPointsDown(t *testing.T) {
	packages := listPackages(t)
	if len(packages) == 0 {
		t.Fatal("no package was found")
	}
	for _, p := range packages {
		for _, problem := range problems(p) {
			t.Error(problem)
		}
	}
}

func TestEveryPackageIsInTheTable(t *testing.T) {
	level := levels(t)
	for _, p := range listPackages(t) {
		if _, ok := level[p.ImportPath]; !ok && !within(p.ImportPath, testOnly) {
			t.Errorf("package %s has no row in internal/arch/table_test.go: give it the lowest one its imports allow", p.ImportPath)
		}
	}
}

// The rules are tried on arrows that must be refused: a check that never fires proves nothing.
func TestForbiddenArrowsAreFound(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"lucene", "snapshot", "upward"},
		{"cluster", "lucene", "sideways"},
		{"rfs", "metadata", "sideways"},
		{"replay", "rfs/bulk", "mode"},
		{"metadata", "rfs/lease", "mode"},
		{"rfs", "internal/testcluster", "tests only"},
		{"internal/testcluster/e2e", "internal/cli", "upward"},
	} {
		got := problems(listed{ImportPath: c.from, Imports: []string{c.to}})
		if len(got) == 0 || !strings.Contains(strings.Join(got, "\n"), c.want) {
			t.Errorf("%s -> %s: got %q, want a problem with %q", c.from, c.to, got, c.want)
		}
	}
	for _, c := range []struct{ from, to string }{
		{"rfs", "rfs/bulk"},
		{"replay", "metadata/rules"},
		{"console", "rfs"},
		{".", "internal/cli"},
		{"internal/testcluster/e2e", "internal/testcluster"},
	} {
		if got := problems(listed{ImportPath: c.from, Imports: []string{c.to}}); len(got) != 0 {
			t.Errorf("%s -> %s is allowed, got %q", c.from, c.to, got)
		}
	}
}

func TestNoPackageHasTwoRows(t *testing.T) { levels(t) }

// problems names what is wrong with the arrows that leave one package.
func problems(p listed) []string {
	var found []string
	for _, to := range p.Imports {
		if why := wrong(p.ImportPath, to); why != "" {
			found = append(found, fmt.Sprintf("%s imports %s: %s", p.ImportPath, to, why))
		}
	}
	return found
}

func wrong(from, to string) string {
	if _, wanted := sideways[[2]string{from, to}]; wanted {
		return ""
	}
	level, _ := table()
	if within(from, testOnly) {
		if !within(to, testOnly) && level[to] >= level["internal/cli"] {
			return "upward: the harness stands below internal/cli"
		}
		return ""
	}
	if within(to, testOnly) {
		return "it is for tests only"
	}
	if a, b := modeOf(from), modeOf(to); a != "" && b != "" && a != b && !slices.Contains(modeGuests[to], a) {
		if level[from] <= level[to] {
			return "sideways or upward, and a mode imports no mode"
		}
		return "a mode imports no mode"
	}
	switch {
	case level[from] == level[to]:
		return fmt.Sprintf("sideways, both stand at level %d", level[from])
	case level[from] < level[to]:
		return fmt.Sprintf("upward, from level %d to %d", level[from], level[to])
	}
	return ""
}

// modeOf is the mode in whose tree a package lies, or "".
func modeOf(p string) string {
	for _, m := range modes {
		if within(p, []string{m}) {
			return m
		}
	}
	return ""
}

func within(p string, trees []string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool {
		return p == tree || strings.HasPrefix(p, tree+"/")
	})
}

// table turns the rows around: the level of each package, and the packages named twice.
func table() (level map[string]int, twice []string) {
	level = map[string]int{}
	for n, names := range rows {
		for _, name := range names {
			if _, ok := level[name]; ok {
				twice = append(twice, name)
			}
			level[name] = n
		}
	}
	return level, twice
}

func levels(t *testing.T) map[string]int {
	t.Helper()
	level, twice := table()
	if len(twice) != 0 {
		t.Fatalf("named in two rows: %v", twice)
	}
	return level
}

// listPackages reads the imports of every package of the module, whatever its
// build tags; the imports of test files are free. The files are opened here, not
// by a go command, so that the test cache knows what the answer depends on.
func listPackages(t *testing.T) []listed {
	t.Helper()
	root := filepath.Join("..", "..")
	imports := map[string][]string{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && skipped(name):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		folder, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		own, err := ownImports(name)
		imports[filepath.ToSlash(folder)] = append(imports[filepath.ToSlash(folder)], own...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var packages []listed
	for _, folder := range slices.Sorted(maps.Keys(imports)) {
		own := slices.Sorted(slices.Values(imports[folder]))
		packages = append(packages, listed{ImportPath: folder, Imports: slices.Compact(own)})
	}
	return packages
}

// skipped says whether a folder holds no package of this module.
func skipped(folder string) bool {
	base := filepath.Base(folder)
	if base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return true
	}
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}

// ownImports are the packages of this module that one file imports, as paths inside the module.
func ownImports(file string) ([]string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var own []string
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if inside, ok := strings.CutPrefix(path, module+"/"); ok {
			own = append(own, inside)
		}
	}
	return own, nil
}
