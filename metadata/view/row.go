package view

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"migassist/metadata"
	"migassist/metadata/rules"
)

// tone is how much a row asks for attention.
type tone int

const (
	quiet tone = iota // nothing happens to it
	good
	care
	bad
)

// row is one item as it is shown.
type row struct {
	kind rules.Kind
	name string
	word string // what becomes of it
	tone tone
	says string // in few words
	// reason is of an item that is left out.
	reason  string
	changes []rules.Change
	differs []metadata.Difference
	step    *metadata.Step // nil where only a report is shown
}

// left tells whether an item was not selected. Such rows stand apart.
func (r row) left() bool { return r.reason != "" }

// diff is what changes of the item, or how the target's differs from it.
func (r row) diff() []line { return append(diffOf(r.changes), diffOf(asChanges(r.differs))...) }

// asChanges are the edits that would make of what the target has what is wanted.
func asChanges(differences []metadata.Difference) []rules.Change {
	changes := make([]rules.Change, len(differences))
	for i, d := range differences {
		changes[i] = rules.Change{Path: d.Path, Before: d.Got, After: d.Want}
	}
	return changes
}

// byKind gives the chosen rows in a list for each kind, in the order in which the kinds come first.
func byKind(rows []row, chosen func(row) bool) [][]row {
	at := map[rules.Kind]int{}
	var lists [][]row
	for _, r := range rows {
		if !chosen(r) {
			continue
		}
		i, known := at[r.kind]
		if !known {
			i = len(lists)
			at[r.kind] = i
			lists = append(lists, nil)
		}
		lists[i] = append(lists[i], r)
	}
	return lists
}

func planRows(p *metadata.Plan) []row {
	rows := make([]row, len(p.Steps))
	for i, step := range p.Steps {
		rows[i] = planRow(step)
	}
	return rows
}

func planRow(step *metadata.Step) row {
	r := row{kind: step.Kind, name: step.Name, word: string(step.Action), step: step}
	switch step.Action {
	case metadata.Create:
		r.tone, r.changes = good, step.Changes
		if lossy(step.Changes) {
			r.tone = care
		}
		r.says = join(madeOf(step.From), summary(step.Changes))
	case metadata.Exists:
		r.differs = step.Differences
		if len(step.Differences) > 0 {
			r.tone = care
		}
		r.says = join(madeOf(step.From), equality(step.Differences), matched(step.Match))
	case metadata.Refused:
		r.tone, r.changes = bad, step.Changes
		r.says = join(madeOf(step.From), step.Reason)
	case metadata.Left:
		r.reason = or(step.Reason, "not selected")
	case metadata.Finish:
		r.changes, r.says = step.Changes, join(madeOf(step.From), "waits for the documents: metadata finish makes it", summary(step.Changes))
	}
	return r
}

func reportRows(report *metadata.Report) []row {
	rows := make([]row, len(report.Results))
	for i, result := range report.Results {
		rows[i] = reportRow(result)
	}
	return rows
}

func reportRow(result *metadata.Result) row {
	r := row{kind: result.Kind, name: result.Name, word: words(string(result.Fate)), differs: result.Differences, says: result.Reason}
	switch result.Fate {
	case metadata.Created:
		r.tone = good
	case metadata.Finished:
		r.tone, r.says = good, doing(result.Do)
	case metadata.Waits:
		r.says = "metadata finish makes it"
	case metadata.WasThere:
		r.says = join(result.Reason, equality(result.Differences), matched(result.Match))
		if result.Do != "" {
			r.says = doing(result.Do)
		}
	case metadata.Failed, metadata.NotTaken:
		r.tone = bad
	case metadata.NotTried:
		r.tone = care
	case metadata.LeftOut:
		r.reason, r.says = or(result.Reason, "not selected"), ""
	}
	if r.tone < care && len(result.Differences) > 0 {
		r.tone = care
		if result.Fate == metadata.Created {
			r.says = join(result.Reason, "not as asked for: "+count(len(result.Differences), "difference"))
		}
	}
	return r
}

func lossy(changes []rules.Change) bool {
	return slices.ContainsFunc(changes, func(c rules.Change) bool { return c.Fidelity == rules.Lossy })
}

// summary names the rules that changed an item, the worst first. Of what is lossless only the number is told:
// most indices lose the same five settings that only named the index of the source.
func summary(changes []rules.Change) string {
	var parts []string
	for _, fidelity := range []rules.Fidelity{rules.Lossy, rules.Equivalent} {
		if names := rulesOf(changes, fidelity); len(names) > 0 {
			parts = append(parts, string(fidelity)+": "+few(names, 6))
		}
	}
	lossless := 0
	for _, change := range changes {
		if change.Fidelity == rules.Lossless {
			lossless++
		}
	}
	if lossless > 0 {
		parts = append(parts, fmt.Sprintf("%s: %d", rules.Lossless, lossless))
	}
	return strings.Join(parts, "; ")
}

// rulesOf names each rule once, with the number of its changes where that is more than one.
func rulesOf(changes []rules.Change, fidelity rules.Fidelity) []string {
	counts := map[string]int{}
	var names []string
	for _, change := range changes {
		if change.Fidelity != fidelity {
			continue
		}
		if counts[change.Rule]++; counts[change.Rule] == 1 {
			names = append(names, change.Rule)
		}
	}
	for i, name := range names {
		if counts[name] > 1 {
			names[i] = fmt.Sprintf("%s (%d)", name, counts[name])
		}
	}
	return names
}

func madeOf(from []string) string {
	if len(from) == 0 {
		return ""
	}
	return "from " + few(from, 6)
}

// matched is what is said of an item that differs from what it should be.
func matched(match metadata.Match) string {
	if match == metadata.Equal {
		return ""
	}
	return string(match)
}

func equality(differences []metadata.Difference) string {
	if len(differences) == 0 {
		return "equal"
	}
	return count(len(differences), "difference")
}

// few names some and counts the others.
func few(names []string, most int) string {
	if len(names) <= most+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// count is "1 index", "2 indices".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if stem, ok := strings.CutSuffix(what, "index"); ok {
		return fmt.Sprintf("%d %sindices", n, stem)
	}
	if stem, ok := strings.CutSuffix(what, "y"); ok {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func join(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return strings.Join(parts, "; ")
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func words(name string) string { return strings.ReplaceAll(name, "_", " ") }

// clean takes out what would control a terminal: names and reasons come from elsewhere.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// flat is a text in one line.
func flat(text string) string {
	return clean(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, text))
}
