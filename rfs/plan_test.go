package rfs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"migassist/rfs"
	"migassist/selection"
)

func TestPlanNamesWhatCantBeRead(t *testing.T) {
	for _, c := range []struct {
		choices rfs.Choices
		read    string
	}{
		{rfs.Choices{}, "basic"},
		{rfs.Choices{AllowPartialSource: true}, "basic filtered-source"},
	} {
		snap := openFixture(t, "elasticsearch-7.10.2/second")
		plan, err := rfs.NewPlan(t.Context(), snap, []string{"basic", "no-source", "filtered-source"}, c.choices)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(plan.Indices(), " "); got != c.read {
			t.Errorf("%+v: indices to read: %s, want %s", c.choices, got, c.read)
		}
		kinds := map[string]string{}
		for _, finding := range plan.Findings {
			kinds[finding.Index] = finding.Kind
			if finding.Failed {
				t.Errorf("%+v is no failure: what was asked for is done as far as it goes", finding)
			}
			if !c.choices.AllowPartialSource && !strings.Contains(finding.Reason, "--rebuild-source") {
				t.Errorf("%+v does not say what to do", finding)
			}
		}
		if kinds["no-source"] != "no-source" || kinds["filtered-source"] != "filtered-source" || len(kinds) != 2 {
			t.Errorf("findings %v", kinds)
		}
	}
}

func TestSelectNamesWhatTheSnapshotLacks(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	allow, err := selection.ParseAllowlist([]string{"products", "prodcuts", "regex:orders-.*"})
	if err != nil {
		t.Fatal(err)
	}
	chosen, findings, err := rfs.Select(t.Context(), snap, allow)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(chosen.Chosen, " "); got != "orders-2020 orders-2021 products" {
		t.Errorf("chosen: %s", got)
	}
	if len(findings) != 1 || findings[0].Index != "prodcuts" || findings[0].Kind != "missing" {
		t.Errorf("findings %+v", findings)
	}
}

// TestPlanFindsAnUnknownFormatBeforeAnythingIsWritten renames the stored-fields format in the headers of one index.
func TestPlanFindsAnUnknownFormatBeforeAnythingIsWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "repository")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(*fixtures, "demo", "repository"))); err != nil {
		t.Fatal(err)
	}
	index, err := openSnapshot(t, dir, "nightly").Index(t.Context(), "articles")
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := filepath.Glob(filepath.Join(dir, "indices", index.ID, "*", "__*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range blobs {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		data = []byte(strings.ReplaceAll(string(data), "Lucene87StoredFields", "Lucene99StoredFields"))
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plan := planAll(t, openSnapshot(t, dir, "nightly"))
	for _, item := range plan.Items {
		if item.Index == "articles" {
			t.Errorf("%s is to be read", item)
		}
	}
	if len(plan.Findings) != 1 || plan.Findings[0].Kind != "unsupported" || !plan.Findings[0].Failed || !strings.Contains(plan.Findings[0].Reason, "Lucene99StoredFields") {
		t.Errorf("findings %+v", plan.Findings)
	}
}
