package view

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"

	"migassist/metadata"
	"migassist/metadata/rules"
)

func page(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("../../docs/metadata-plan.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestEveryKeyAndEveryWordOfTheJSONIsDocumented(t *testing.T) {
	docs := page(t)
	for _, value := range []any{
		metadata.Plan{},
		metadata.Step{},
		metadata.Request{},
		metadata.Finding{},
		metadata.Counts{},
		metadata.Shield{},
		metadata.FinishStep{},
		metadata.Gap{},
		metadata.Origin{},
		metadata.Destination{},
		metadata.Difference{},
		rules.Change{},
		metadata.Report{},
		metadata.Result{},
		metadata.ReportCounts{},
		summed{},
		clusters{},
		side{},
		listed{},
		entry{},
		failure{},
		transformation{},
		transformer{},
		gap{},
	} {
		of := reflect.TypeOf(value)
		for field := range of.Fields() {
			key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if key != "" && !documented(docs, key) {
				t.Errorf("docs/metadata-plan.md says nothing of the key %q of %s", key, of)
			}
		}
	}
	for _, kind := range rules.Kinds {
		if !strings.Contains(docs, "`"+string(kind)+"`") {
			t.Errorf("docs/metadata-plan.md says nothing of the kind %q", kind)
		}
	}
}

// documented finds a key as it stands in tables: `key`, `key[]`, `above.key` or `.key`.
func documented(docs, key string) bool {
	for _, form := range []string{"`" + key, "." + key} {
		for rest := docs; ; {
			_, after, found := strings.Cut(rest, form)
			if !found {
				break
			}
			if strings.HasPrefix(after, "`") || strings.HasPrefix(after, "[]") || strings.HasPrefix(after, ".") {
				return true
			}
			rest = after
		}
	}
	return false
}

func TestTheSampleOfTheDocumentationIsWhatIsPrinted(t *testing.T) {
	plan := &metadata.Plan{Steps: []*metadata.Step{{
		Kind: rules.Index, Name: "books", Action: metadata.Create,
		Changes: []rules.Change{
			{Path: "/settings/index.uuid", Before: "c2Vjb25k", Rule: "source-identity", Fidelity: rules.Lossless},
			{Path: "/mappings/properties/title/type", Before: "string", After: "text", Rule: "string", Fidelity: rules.Equivalent},
		},
	}}}
	var out bytes.Buffer
	if err := PlanText(&out, plan, Style{Details: true}); err != nil {
		t.Fatal(err)
	}
	_, sample, _ := strings.Cut(page(t), "```\n")
	sample, _, _ = strings.Cut(sample, "```")
	if !strings.Contains(out.String(), sample) {
		t.Errorf("the sample\n%s\nis not in\n%s", sample, out.String())
	}
}
