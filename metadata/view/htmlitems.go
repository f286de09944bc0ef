package view

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"

	"migassist/metadata/rules"
)

// The bounds of what a page shows of one item or of one group of them. The JSON has all.
const (
	mostDiffLines = 2000
	mostNames     = 2000
	mostBody      = 64 << 10
)

// items shows every row that was selected, those that are alike once.
func (h *htmlPage) items() {
	lists := byKind(h.rows, func(r row) bool { return !r.left() })
	n := 0
	for _, own := range lists {
		n += len(own)
	}
	h.section("items", "Items", n)
	for _, own := range lists {
		h.put("<h3>%s <span class=\"faint\">%d</span></h3>\n", plural(own[0].kind), len(own))
		for _, g := range foldBy(own, len(own) <= foldAbove, row.signature) {
			h.item(g)
		}
	}
}

func (h *htmlPage) item(g group) {
	lines := g.diff()
	body := g.step != nil && g.step.Request != nil && len(g.names) == 1
	if len(lines) == 0 && !body && len(g.names) == 1 {
		h.put("<p><span class=\"word %s\">%s</span> <code>%s</code> %s</p>\n", classes[g.tone], g.word, g.name, g.says)
		return
	}
	h.put("<details><summary><span class=\"word %s\">%s</span> <code>%s</code> <span class=\"faint\">%s</span></summary>\n", classes[g.tone], g.word, g.title(), g.says)
	if len(g.names) > 1 {
		h.names(g.names)
		if len(lines) > 0 {
			h.put("<p class=\"faint\">The values of lossless changes are those of %s.</p>\n", g.name)
		}
	}
	h.diff(lines)
	if body {
		h.body(g.row)
	}
	h.put("</details>\n")
}

// names lists the items of a group, closed where they are many.
func (h *htmlPage) names(names []string) {
	h.put("<details><summary>all %d names</summary><p class=\"names\">", len(names))
	for i, name := range names {
		if i == mostNames {
			h.put(" and %d more, which the JSON has", len(names)-mostNames)
			break
		}
		if i > 0 {
			h.put(", ")
		}
		h.put("<code>%s</code>", name)
	}
	h.put("</p></details>\n")
}

func (h *htmlPage) diff(lines []line) {
	if len(lines) == 0 {
		return
	}
	h.put("<div class=\"diff\">\n")
	for i, l := range lines {
		if i == mostDiffLines {
			h.put("<div>… %d more lines; the JSON has all</div>\n", len(lines)-mostDiffLines)
			break
		}
		note := ""
		if l.rule != "" {
			note = l.rule + ", " + string(l.fidelity)
		}
		h.put(signs[l.sign], note, string(l.sign)+" "+indent(l.depth)+l.text)
	}
	h.put("</div>\n")
}

// signs are the lines of a diff by their sign.
var signs = map[byte]string{
	' ': "<div><i>%s</i>%s</div>\n",
	'-': "<div class=\"m\"><i>%s</i>%s</div>\n",
	'+': "<div class=\"p\"><i>%s</i>%s</div>\n",
}

func indent(depth int) string { return string(bytes.Repeat([]byte("  "), depth)) }

// body shows an item as it is created.
func (h *htmlPage) body(r row) {
	request := r.step.Request
	var encoded bytes.Buffer
	if err := indented(&encoded, request.Body); err != nil || encoded.Len() > mostBody {
		return
	}
	h.put("<details><summary class=\"faint\">as it is created: <code>%s</code></summary><pre>%s</pre></details>\n", request.Method+" "+request.Path, encoded.String())
}

func indented(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// signature is the same for rows that a page may show as one: their changes are the same, save for the values of lossless
// ones, which are names and dates of the source.
func (r row) signature() [sha256.Size]byte {
	sum := sha256.New()
	write := func(parts ...string) {
		for _, part := range parts {
			sum.Write([]byte(part))
			sum.Write([]byte{0})
		}
	}
	write(r.word, r.says, r.reason)
	for _, change := range r.changes {
		write(change.Path, change.Rule, string(change.Fidelity))
		if change.Fidelity != rules.Lossless {
			write(encode(change.Before), encode(change.After))
		}
	}
	for _, difference := range r.differs {
		write(difference.Path, encode(difference.Got), encode(difference.Want))
	}
	return [sha256.Size]byte(sum.Sum(nil))
}
