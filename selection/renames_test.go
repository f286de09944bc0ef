package selection_test

import (
	"strings"
	"testing"

	"migassist/selection"
)

func TestRenamesGiveTheNameOfTheFirstEntryThatMatchesWhole(t *testing.T) {
	renames, err := selection.ParseRenames([]string{
		"old=new", `regex:^(.*)-2024$=$1-old`, `regex:logs_(\d+)=$1_logs`, `regex:a=b|c=both`, `regex:(?P<kind>m.*)-x=all-${kind}`, ".ds-s-000001=.ds-s-000001", "regex:x.*=one", "x1=never",
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"old": "new", "older": "", "logs-2024": "logs-old", "logs-2024-1": "", "logs_7": "7_logs", "a=b": "both", "c": "both", "ac": "",
		"metrics-x": "all-metrics", ".ds-s-000001": ".ds-s-000001", "x1": "one", "x2": "one",
	} {
		got, renamed := renames.Apply(name)
		if want == "" && (renamed || got != name) || want != "" && (!renamed || got != want) {
			t.Errorf("%s becomes %q, %v, want %q", name, got, renamed, want)
		}
	}
	if got, renamed := (*selection.Renames)(nil).Apply("a"); got != "a" || renamed {
		t.Errorf("without entries: %q, %v", got, renamed)
	}
}

func TestRenamesNameEveryEntryThatIsNone(t *testing.T) {
	_, err := selection.ParseRenames([]string{"a", "=b", "a=", "a=B", "regex:(=x", "regex:=x", "ok=fine"})
	if err == nil || strings.Count(err.Error(), "\n") != 5 {
		t.Errorf("got %v", err)
	}
}
