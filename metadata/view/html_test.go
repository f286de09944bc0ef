package view

import (
	"bytes"
	"io"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"migassist/metadata"
)

func pageOf(t *testing.T, page Page) string {
	t.Helper()
	var out bytes.Buffer
	if err := HTML(&out, page); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestAPageReadsAsTheGoldenFileSays(t *testing.T) {
	plan := madePlan()
	made := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	golden(t, "plan.html", []byte(pageOf(t, Page{Plan: plan, Made: made})))
	golden(t, "report.html", []byte(pageOf(t, Page{Plan: plan, Report: madeReport(plan), Made: made})))
}

// pages are one of everything.
func pages(t *testing.T) map[string]string {
	t.Helper()
	plan := madePlan()
	return map[string]string{
		"plan":    pageOf(t, Page{Plan: plan}),
		"report":  pageOf(t, Page{Plan: plan, Report: madeReport(plan)}),
		"fixture": pageOf(t, Page{Plan: planOf(t, "elasticsearch-7.10.2")}),
		"large":   pageOf(t, Page{Plan: largePlan(t, 300)}),
		"empty":   pageOf(t, Page{Plan: &metadata.Plan{}}),
	}
}

var tag = regexp.MustCompile(`<(/?)([a-z0-9]+)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*>`)

func TestAPageIsWellFormedAndNothingInItIsTakenForMarkup(t *testing.T) {
	void := []string{"meta", "br"}
	for name, page := range pages(t) {
		_, body, _ := strings.Cut(page, "<!DOCTYPE html>")
		var open []string
		for _, found := range tag.FindAllStringSubmatch(body, -1) {
			switch {
			case slices.Contains(void, found[2]):
			case found[1] == "":
				open = append(open, found[2])
			case len(open) == 0 || open[len(open)-1] != found[2]:
				t.Fatalf("%s: </%s> closes %v", name, found[2], open)
			default:
				open = open[:len(open)-1]
			}
			if !slices.Contains(strings.Fields("html head meta title style body h1 h2 h3 p b br i ul li details summary code span div pre table tr th td"), found[2]) {
				t.Errorf("%s: element %q", name, found[2])
			}
		}
		if len(open) > 0 {
			t.Errorf("%s: left open: %v", name, open)
		}
		if _, after, _ := strings.Cut(tag.ReplaceAllString(body, ""), "}"); strings.ContainsAny(strings.ReplaceAll(after, "details > ", ""), "<\x1b") {
			t.Errorf("%s: a < that begins no element, or an escape character", name)
		}
		for _, never := range []string{"<script", "<link", "<img", "src=", "url(", "@import", "<a ", "onclick"} {
			if strings.Contains(page, never) {
				t.Errorf("%s: it has %q, and should need nothing beside itself", name, never)
			}
		}
	}
}

func TestWhatIsLostComesFirstAndEveryItemIsNamed(t *testing.T) {
	plan := madePlan()
	page := pageOf(t, Page{Plan: plan})
	last := -1
	for _, section := range []string{"What is lost", "Not brought", "Not as wanted on the target", "Gap register", "When the documents are there", "All findings", "Notes", ">Items ", "Left out", "Why something changes"} {
		at := strings.Index(page, section)
		if at <= last {
			t.Errorf("section %q is at %d, after one at %d", section, at, last)
		}
		last = at
	}
	for _, want := range []string{"books", "taken", ".kibana", "base", "&lt;script&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	for _, page := range []string{page, pageOf(t, Page{Plan: plan, Report: madeReport(plan)})} {
		if lost, _, _ := strings.Cut(page, "Not brought"); !strings.Contains(lost, `<h3 class="care">unknown-parameter</h3>`) {
			t.Errorf("the loss of an item is not among what is lost, be it created or not:\n%s", lost)
		}
	}
	large := largePlan(t, 300)
	page = pageOf(t, Page{Plan: large})
	for _, step := range large.Steps {
		if !strings.Contains(page, step.Name) {
			t.Errorf("%s is not named", step.Name)
		}
	}
}

// TestAPageOfTenThousandIndicesIsSmallAndQuick bounds size, memory and time; the bounds of time are wide, as machines differ.
func TestAPageOfTenThousandIndicesIsSmallAndQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("plans ten thousand indices")
	}
	plan, unlike := largePlan(t, 10_000), planOfMany(t, 1000, unlike)
	for _, form := range []struct {
		name  string
		write func(io.Writer) error
		most  int
	}{
		{"page", func(w io.Writer) error { return HTML(w, Page{Plan: plan}) }, 3 << 20},
		{"page of items that are unlike", func(w io.Writer) error { return HTML(w, Page{Plan: unlike}) }, 4 << 20},
		{"text of items that are unlike", func(w io.Writer) error { return PlanText(w, unlike, Style{}) }, 1 << 20},
		{"text", func(w io.Writer) error { return PlanText(w, plan, Style{}) }, 8 << 10},
		{"details", func(w io.Writer) error { return PlanText(w, plan, Style{Details: true}) }, 12 << 20},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begun := time.Now()
		var size counted
		if err := form.write(&size); err != nil {
			t.Fatal(err)
		}
		took := time.Since(begun)
		runtime.ReadMemStats(&after)
		allocated := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: %d KiB, %s, %d MiB allocated", form.name, size>>10, took, allocated>>20)
		if int(size) > form.most || took > 20*time.Second || allocated > 400<<20 {
			t.Errorf("%s: %d bytes (want at most %d), %s, %d bytes allocated", form.name, size, form.most, took, allocated)
		}
	}
}

type counted int

func (c *counted) Write(p []byte) (int, error) {
	*c += counted(len(p))
	return len(p), nil
}
