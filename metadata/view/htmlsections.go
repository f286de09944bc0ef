package view

import (
	"slices"

	"migassist/metadata"
)

// lost shows every lossy change: by rule and reason, and below it the items that it happens to, alike ones together.
func (h *htmlPage) lost() {
	losses := lossesOf(h.rows)
	h.section("lost", "What is lost", len(losses))
	if len(losses) == 0 {
		h.put("<p class=\"good\">No change of this plan is lossy.</p>\n")
		return
	}
	for _, l := range losses {
		h.put("<h3 class=\"care\">%s</h3>\n<p>%s</p>\n", l.rule, l.why)
		for _, g := range foldBy(l.rows, len(l.rows) == 1, row.signature) {
			h.put("<details><summary><code>%s</code></summary>\n", g.full())
			if len(g.names) > 1 {
				h.names(g.names)
			}
			h.diff(g.diff())
			h.put("</details>\n")
		}
	}
}

// trouble shows what is not brought, what failed, and what the target has in another form.
func (h *htmlPage) trouble() {
	h.table("refused", "Not brought", func(r row) bool { return r.tone == bad && !r.left() })
	h.table("untried", "Not tried", func(r row) bool { return r.word == words(string(metadata.NotTried)) })
	differ := slices.DeleteFunc(slices.Clone(h.rows), func(r row) bool { return len(r.differs) == 0 })
	if len(differ) == 0 {
		return
	}
	h.section("differ", "Not as wanted on the target", len(differ))
	h.put("<p class=\"faint\">− is what the target has, + what was wanted.</p>\n")
	for _, g := range foldBy(differ, len(differ) <= foldAbove, row.signature) {
		h.put("<details><summary><span class=\"word care\">%s</span> <code>%s</code> <span class=\"faint\">%s</span></summary>\n", g.word, g.full(), g.says)
		if len(g.names) > 1 {
			h.names(g.names)
		}
		h.diff(diffOf(asChanges(g.differs)))
		h.put("</details>\n")
	}
}

// table shows rows with their reasons.
func (h *htmlPage) table(id, title string, chosen func(row) bool) {
	lists := byKind(h.rows, chosen)
	n := 0
	for _, own := range lists {
		n += len(own)
	}
	if n == 0 {
		return
	}
	h.section(id, title, n)
	h.put("<table><tr><th>item</th><th></th><th>reason</th></tr>\n")
	for _, own := range lists {
		for _, g := range fold(own, false) {
			h.put("<tr><td><code>%s</code>", g.full())
			if len(g.names) > 1 {
				h.names(g.names)
			}
			h.put("</td><td class=\"%s\">%s</td><td>%s</td></tr>\n", classes[g.tone], g.word, or(g.reason, g.says))
		}
	}
	h.put("</table>\n")
}

// found lists all findings in full, and the notes.
func (h *htmlPage) found() {
	findings := h.Plan.Findings
	if h.Report != nil {
		findings = h.Report.Findings
	}
	if len(findings) > 0 {
		h.section("findings", "All findings", len(findings))
		h.remarks(remarks(findings))
	}
	if list := notes(h.Plan); len(list) > 0 {
		h.section("notes", "Notes", len(list))
		h.remarks(list)
	}
}

func (h *htmlPage) remarks(list []remark) {
	h.put("<table>\n")
	for _, r := range list {
		h.put("<tr><td>%s", few(r.about, 8))
		if len(r.about) > 9 {
			h.names(r.about)
		}
		h.put("</td><td>%s</td></tr>\n", r.says())
	}
	h.put("</table>\n")
}

// why says the reason of every rule.
func (h *htmlPage) why() {
	reasons := reasonsOf(h.Plan)
	if len(reasons) == 0 {
		return
	}
	h.section("why", "Why something changes", len(reasons))
	h.put("<table><tr><th>rule</th><th>fidelity</th><th>changes</th><th>why</th></tr>\n")
	for _, r := range reasons {
		h.put("<tr><td><code>%s</code></td><td>%s</td><td>%d</td><td>%s</td></tr>\n", r.rule, string(r.fidelity), r.count, r.why)
	}
	h.put("</table>\n")
}
