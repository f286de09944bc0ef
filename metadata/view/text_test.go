package view

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func textOf(t *testing.T, style Style) string {
	t.Helper()
	var out bytes.Buffer
	plan := madePlan()
	if err := PlanText(&out, plan, style); err != nil {
		t.Fatal(err)
	}
	out.WriteString("\n----\n")
	if err := ReportText(&out, plan, madeReport(plan), style); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestATextHasALineForEachItemAndWithDetailsADiffBelowIt(t *testing.T) {
	golden(t, "made.txt", []byte(textOf(t, Style{})))
	golden(t, "made-details.txt", []byte(textOf(t, Style{Details: true})))
}

func TestNothingFromElsewhereControlsATerminal(t *testing.T) {
	for _, style := range []Style{{}, {Details: true}} {
		if text := textOf(t, style); strings.ContainsRune(text, '\x1b') {
			t.Errorf("an escape character without colours (%+v):\n%q", style, text)
		}
	}
	coloured := textOf(t, Style{Colour: true})
	plain := textOf(t, Style{})
	for _, colour := range []string{bold, dim, red, green, yellow} {
		coloured = strings.ReplaceAll(coloured, "\x1b["+colour+"m", "")
	}
	if coloured = strings.ReplaceAll(coloured, "\x1b[0m", ""); coloured != plain {
		t.Errorf("colours alter more than the colour:\n%s", coloured)
	}
}

func TestALargePlanFoldsWhatIsAlikeAndNamesTheRest(t *testing.T) {
	plan := largePlan(t, 300)
	var short, long bytes.Buffer
	if err := PlanText(&short, plan, Style{}); err != nil {
		t.Fatal(err)
	}
	if err := PlanText(&long, plan, Style{Details: true}); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(short.String(), "\n"); lines > 30 {
		t.Errorf("%d lines for 299 alike indices and another:\n%s", lines, short.String())
	}
	for _, want := range []string{
		"  create    index-00000 ", "  create    299 indices: index-00001, index-00002, index-00003 … index-00299", "lossy: flattened (5000)",
	} {
		if !strings.Contains(short.String(), want) {
			t.Errorf("no %q in\n%s", want, short.String())
		}
	}
	for i := range 300 {
		if want := fmt.Sprintf("  create    index-%05d ", i); !strings.Contains(long.String(), want) {
			t.Fatalf("with details there is no %q", want)
		}
	}
}
