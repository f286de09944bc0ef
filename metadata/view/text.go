package view

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"migassist/metadata"
	"migassist/metadata/rules"
)

// Style is how a text for people looks.
type Style struct {
	Colour  bool // for terminals
	Details bool // every item in a line of its own, with what changes as a diff below it
}

// PlanText writes a plan for people: a line for each item, what is left out, why, and what to look at.
// Alike items of large plans share a line.
func PlanText(w io.Writer, p *metadata.Plan, style Style) error {
	t := newText(w, style)
	t.ends(p.Source, p.Target)
	rows := planRows(p)
	t.items(rows)
	t.remarks("notes", notes(p))
	if p.Shield != nil {
		t.line("\nwhile indices are made, the temporary index template %s keeps other templates from adding to %d of them", p.Shield.Name(), len(p.Shield.Indices))
	}
	t.remarks(laterTitle, waiting(p))
	t.leftOut(rows)
	t.gaps(notMoved(p))
	t.legend(p)
	t.remarks("to look at", remarks(p.Findings))
	c := p.Counts
	t.line("\n%d to create, %d there already, %d refused, %d left out; changes: %d lossless, %d equivalent, %d lossy; %d findings",
		c.Create, c.Exists, c.Refused, c.Excluded, c.Lossless, c.Equivalent, c.Lossy, c.Findings)
	return t.w.Flush()
}

// ReportText writes for people what became of a plan.
func ReportText(w io.Writer, p *metadata.Plan, r *metadata.Report, style Style) error {
	t := newText(w, style)
	t.ends(r.Source, r.Target)
	t.items(reportRows(r))
	t.remarks(laterTitle, waiting(p))
	t.gaps(notMoved(p))
	t.remarks("to look at", remarks(r.Findings))
	c := r.Counts
	t.line("\n%d created, %d there already, %d failed, %d not tried, %d refused, %d left out; %d findings",
		c.Created, c.Exists, c.Failed, c.NotTried, c.Refused, c.Excluded, c.Findings)
	return t.w.Flush()
}

// text writes to a bufio.Writer, which keeps its first error.
type text struct {
	w     *bufio.Writer
	style Style
}

func newText(w io.Writer, style Style) *text { return &text{w: bufio.NewWriter(w), style: style} }

func (t *text) line(format string, args ...any) { fmt.Fprintf(t.w, format+"\n", args...) }

// ends says from where to where.
func (t *text) ends(source metadata.Origin, target metadata.Destination) {
	t.line("metadata from %s", flat(origin(source)))
	t.line("           to %s (%s)", flat(target.URL), target.Version)
}

func origin(o metadata.Origin) string {
	var parts []string
	if o.Snapshot != "" {
		parts = append(parts, "snapshot "+o.Snapshot)
	}
	if o.URI != "" {
		if o.Snapshot != "" {
			parts = append(parts, "of")
		}
		parts = append(parts, o.URI)
	}
	return strings.Join(append(parts, "("+o.Version.String()+")"), " ")
}

// items writes the rows of each kind, save of what is left out.
func (t *text) items(rows []row) {
	folded := false
	for _, own := range byKind(rows, func(r row) bool { return !r.left() }) {
		t.heading(plural(own[0].kind))
		groups := fold(own, t.style.Details)
		folded = folded || len(groups) < len(own)
		width := widest(groups)
		for _, g := range groups {
			t.item(g, width)
		}
	}
	if folded {
		t.line("\nitems that are alike share a line; -v gives each its own, with what changes")
	}
}

// plural is the heading of a kind.
func plural(kind rules.Kind) string {
	_, many, _ := strings.Cut(count(2, words(string(kind))), " ")
	return many
}

// widest is the column in which what is said of the items begins.
func widest(groups []group) int {
	const most = 40
	width := 0
	for _, g := range groups {
		if n := len([]rune(g.title())); n <= most {
			width = max(width, n)
		}
	}
	return width
}

func (t *text) item(g group, width int) {
	line := fmt.Sprintf("  %s %-*s  %s", t.painted(fmt.Sprintf("%-9s", g.word), colours[g.tone]), width, flat(g.title()), flat(g.says))
	t.line("%s", strings.TrimRight(line, " "))
	if t.style.Details {
		t.diff(g.diff())
	}
}

// diff writes lines below an item. The column of the signs comes first, as everywhere.
func (t *text) diff(lines []line) {
	for _, l := range lines {
		said := fmt.Sprintf("      %c %s%s", l.sign, strings.Repeat("  ", l.depth), flat(l.text))
		if l.sign != ' ' {
			said = t.painted(said, map[byte]string{'-': red, '+': green}[l.sign])
		}
		if l.rule != "" {
			said += "   (" + flat(l.rule) + ", " + string(l.fidelity) + ")"
		}
		t.line("%s", strings.TrimRight(said, " "))
	}
}

func (t *text) heading(title string) { t.line("\n%s", t.painted(title, bold)) }

// leftOut names every item that was not selected, with its reason.
func (t *text) leftOut(rows []row) {
	titled := false
	for _, own := range byKind(rows, row.left) {
		if !titled {
			titled = true
			t.heading("left out")
		}
		for _, g := range fold(own, t.style.Details) {
			t.line("  %s: %s", flat(g.full()), flat(g.reason))
		}
	}
}

// gaps lists what the source has and nothing moves.
func (t *text) gaps(gaps []gap) {
	if len(gaps) == 0 {
		return
	}
	t.heading("not moved")
	for _, g := range gaps {
		names := g.Names
		if !t.style.Details && len(names) > 8 {
			names = []string{few(names, 8)}
		}
		about := strings.TrimSpace(g.Area + " " + strings.Join(names, ", "))
		t.line("  %s %s: %s", t.painted(fmt.Sprintf("%-9s", flat(g.Severity)), severityColours[g.Severity]), flat(about), flat(join(g.What, g.Do)))
	}
}

// legend says the reason of each rule that changes something, once.
func (t *text) legend(p *metadata.Plan) {
	reasons := reasonsOf(p)
	if len(reasons) == 0 {
		return
	}
	t.heading("why")
	for _, r := range reasons {
		t.line("  %s (%s, %d): %s", r.rule, t.painted(string(r.fidelity), colourOf(r.fidelity)), r.count, flat(r.why))
	}
}

// remarks writes each remark with what it is about.
func (t *text) remarks(title string, list []remark) {
	if len(list) == 0 {
		return
	}
	t.heading(title)
	most := 8
	for _, r := range list {
		if t.style.Details {
			most = len(r.about)
		}
		if len(r.about) == 0 {
			t.line("  %s", flat(r.what))
			continue
		}
		t.line("  %s: %s", flat(few(r.about, most)), flat(r.says()))
	}
}

// The colours of terminals (ECMA-48, SGR).
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

var colours = map[tone]string{quiet: dim, good: green, care: yellow, bad: red}

var severityColours = map[string]string{high: red, medium: yellow}

func colourOf(fidelity rules.Fidelity) string {
	if fidelity == rules.Lossy {
		return yellow
	}
	return ""
}

func (t *text) painted(text, colour string) string {
	if !t.style.Colour || colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
