package view

import (
	"bufio"
	_ "embed" // the style sheet
	"fmt"
	"html"
	"io"
	"time"

	"migassist/metadata"
)

//go:embed page.css
var css string

// Page is what a file for a browser is written from.
type Page struct {
	Plan *metadata.Plan
	// Report is nil where the plan has not been applied.
	Report *metadata.Report
	// Made is when; the zero time is not shown.
	Made time.Time
}

// HTML writes one file that needs nothing beside itself, and no scripts: what is lost comes first, then what is not
// brought, what differs, and what nothing moves; then every item with what changes. Alike items of large plans are shown once.
func HTML(w io.Writer, page Page) error {
	h := &htmlPage{w: bufio.NewWriterSize(w, 64<<10), Page: page}
	h.rows = planRows(page.Plan)
	if page.Report != nil {
		h.rows = appliedRows(page.Plan, page.Report)
	}
	h.head()
	h.lost()
	h.trouble()
	h.gaps()
	h.later()
	h.found()
	h.items()
	h.table("left-out", "Left out", row.left)
	h.why()
	h.put("</body></html>\n")
	return h.w.Flush()
}

// htmlPage writes to a bufio.Writer, which keeps its first error.
type htmlPage struct {
	Page
	w    *bufio.Writer
	rows []row
}

// put writes markup; whatever stands for a verb is escaped.
func (h *htmlPage) put(markup string, values ...any) {
	for i, value := range values {
		if _, number := value.(int); !number {
			values[i] = html.EscapeString(clean(fmt.Sprint(value)))
		}
	}
	fmt.Fprintf(h.w, markup, values...)
}

func (h *htmlPage) head() {
	p, title := h.Plan, "Metadata plan"
	if h.Report != nil {
		title = "Metadata report"
	}
	h.put("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n" +
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n" +
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
	h.put("<title>%s: %s</title>\n<style>\n", title, p.Source.Version.String()+" to "+p.Target.Version.String())
	h.w.WriteString(css) //nolint:errcheck // kept by the writer until Flush
	h.put("</style></head>\n<body>\n<h1>%s</h1>\n", title)
	h.put("<p>from <b>%s</b><br>to <b>%s</b></p>\n", origin(p.Source), fmt.Sprintf("%s (%s)", p.Target.URL, p.Target.Version))
	if !h.Made.IsZero() {
		h.put("<p class=\"faint\">made %s</p>\n", h.Made.UTC().Format(time.RFC1123))
	}
	h.tiles()
}

// tile is one number at the top.
type tile struct {
	number int
	what   string
	tone   tone
}

func (h *htmlPage) tiles() {
	p := h.Plan.Counts
	tiles := []tile{
		{p.Create, "to create", good},
		{p.Exists, "there already", quiet},
		{p.Refused, "refused", bad},
		{p.Excluded, "left out", quiet},
	}
	if h.Report != nil {
		c := h.Report.Counts
		tiles = []tile{
			{c.Created, "created", good},
			{c.Exists, "there already", quiet},
			{c.Failed, "failed", bad},
			{c.NotTried, "not tried", care},
			{c.Refused, "refused", bad},
			{c.Excluded, "left out", quiet},
		}
	}
	findings := p.Findings
	if h.Report != nil {
		findings = h.Report.Counts.Findings
	}
	tiles = append(tiles, tile{p.Lossy, "lossy changes", care}, tile{p.Equivalent, "equivalent changes", quiet}, tile{p.Lossless, "lossless changes", quiet}, tile{findings, "findings", care})
	h.put("<ul class=\"tiles\">")
	for _, t := range tiles {
		class := classes[t.tone]
		if t.number == 0 {
			class = "faint"
		}
		h.put("<li><b class=\"%s\">%d</b>%s</li>", class, t.number, t.what)
	}
	h.put("</ul>\n")
}

var classes = map[tone]string{quiet: "faint", good: "good", care: "care", bad: "bad"}

// section begins one, with the number of its entries.
func (h *htmlPage) section(id, title string, n int) {
	h.put("<h2 id=\"%s\">%s <span class=\"faint\">%d</span></h2>\n", id, title, n)
}

// appliedRows are the rows of a report, with what the plan changed.
func appliedRows(p *metadata.Plan, r *metadata.Report) []row {
	steps := map[item]*metadata.Step{}
	for _, step := range p.Steps {
		steps[item{step.Kind, step.Name}] = step
	}
	rows := reportRows(r)
	for i := range rows {
		step := steps[item{rows[i].kind, rows[i].name}]
		if step == nil || rows[i].left() {
			continue
		}
		planned := planRow(step)
		rows[i].step, rows[i].changes = step, planned.changes
		if rows[i].word == words(string(metadata.Created)) {
			rows[i].says = join(planned.says, rows[i].says)
			rows[i].tone = max(rows[i].tone, planned.tone)
		}
	}
	return rows
}
