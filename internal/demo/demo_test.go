package demo_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"migassist/internal/demo"
)

const embedded = "../../testdata/snapshots/demo"

func TestDemoMigratesAndAgrees(t *testing.T) {
	var out bytes.Buffer
	if err := demo.Run(t.Context(), os.DirFS(embedded), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"== 1.", "== 4.", "All 1438 documents are on the target"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo does not say %q:\n%s", want, out.String())
		}
	}
}

// TestDemoNoticesADifference changes one of the source's answers: a comparison that never fails proves nothing.
func TestDemoNoticesADifference(t *testing.T) {
	files := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(embedded), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(embedded + "/" + name)
		if strings.HasSuffix(name, "/products.ndjson") {
			data = bytes.Replace(data, []byte(`"_source":{"`), []byte(`"_source":{ "`), 1)
		}
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := demo.Run(t.Context(), files, &out); !errors.Is(err, demo.ErrDifferent) {
		t.Errorf("got %v\n%s", err, out.String())
	}
}
