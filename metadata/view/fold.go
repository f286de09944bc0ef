package view

import (
	"fmt"

	"migassist/metadata"
)

// group is a row, with the names of the rows that are like it.
type group struct {
	row
	names []string
}

// foldAbove is the number of rows that a person still reads one by one.
const foldAbove = 100

// fold puts rows together that differ in nothing but the name, in the order of the first of each. Few rows stay as they are.
func fold(rows []row, all bool) []group {
	type key struct{ word, says, reason string }
	return foldBy(rows, all || len(rows) <= foldAbove, func(r row) key { return key{r.word, r.says, r.reason} })
}

// foldBy puts rows of one key together, or none where each is to stand alone.
func foldBy[K comparable](rows []row, each bool, key func(row) K) []group {
	groups := []group{}
	at := map[K]int{}
	for _, r := range rows {
		if each {
			groups = append(groups, group{row: r, names: []string{r.name}})
			continue
		}
		k := key(r)
		i, known := at[k]
		if !known {
			i = len(groups)
			at[k] = i
			groups = append(groups, group{row: r})
		}
		groups[i].names = append(groups[i].names, r.name)
	}
	return groups
}

// title is the name of the item, or of some of those that are alike.
func (g group) title() string {
	if len(g.names) == 1 {
		return g.name
	}
	return fmt.Sprintf("%s: %s", count(len(g.names), words(string(g.kind))), some(g.names))
}

// full is the title with the kind before it.
func (g group) full() string {
	if len(g.names) == 1 {
		return words(string(g.kind)) + " " + g.name
	}
	return g.title()
}

// some is the first names and the last.
func some(names []string) string {
	const most = 4
	if len(names) <= most+1 {
		return few(names, most)
	}
	return few(names[:most-1], most) + " … " + names[len(names)-1]
}

// remark is what is said in the same words of some items.
type remark struct {
	what  string
	paths []string // where in the item, if it is one
	about []string // "index a"; none where it is about the whole
}

// says is what is said, and where it is where that is one place of one item.
func (r remark) says() string {
	if len(r.about) != 1 || len(r.paths) == 0 {
		return r.what
	}
	return r.what + ": " + few(r.paths, 3)
}

// remarks puts findings together that say the same, in the order of the first of each.
func remarks(findings []metadata.Finding) []remark {
	var list remarkList
	for _, finding := range findings {
		about := words(string(finding.Kind))
		switch {
		case about != "" && finding.Name != "":
			about += " " + finding.Name
		case finding.Name != "":
			about = finding.Name
		}
		list.add(finding.What, about)
		list.remarks[list.at[finding.What]].paths = finding.Paths
	}
	return list.remarks
}

// notes puts the notes of steps together that say the same.
func notes(p *metadata.Plan) []remark {
	var list remarkList
	for _, note := range p.Notes {
		list.add(note, "")
	}
	for _, step := range p.Steps {
		for _, note := range step.Notes {
			list.add(note, words(string(step.Kind))+" "+step.Name)
		}
	}
	return list.remarks
}

type remarkList struct {
	remarks []remark
	at      map[string]int
}

func (l *remarkList) add(what, about string) {
	if l.at == nil {
		l.at = map[string]int{}
	}
	i, known := l.at[what]
	if !known {
		i = len(l.remarks)
		l.at[what] = i
		l.remarks = append(l.remarks, remark{what: what})
	}
	if about != "" {
		l.remarks[i].about = append(l.remarks[i].about, about)
	}
}
