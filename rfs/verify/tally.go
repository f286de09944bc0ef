package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"migassist/cluster"
	"migassist/rfs"
)

// Counter tells how many documents a cluster has.
type Counter interface {
	Refresh(ctx context.Context, names ...string) error
	Count(ctx context.Context, name string) (int64, error)
}

var _ Counter = (*cluster.Client)(nil)

// Counted is an index of the source, how many documents it has, and where on the target they belong.
type Counted struct {
	rfs.Live

	Index   string
	Targets []string
	// Vague says why as many need not be on the target; "": they must be.
	Vague string
	// Problem says why they were not counted; "": they were.
	Problem string
}

// Verdicts of a comparison of counts.
const (
	Equal   = "equal"
	Fewer   = "fewer"   // the target has fewer documents than the source
	More    = "more"    // it has more
	Unclear = "unclear" // the numbers do not tell
)

// TallyRow compares indices whose documents go to the same indices of the target.
type TallyRow struct {
	Sources         []string `json:"source"`
	Targets         []string `json:"target"`
	SourceDocuments int64    `json:"source_documents"`
	TargetDocuments int64    `json:"target_documents"`
	Verdict         string   `json:"verdict"`
	// Notes say what the numbers do not, and what could not be counted.
	Notes []string `json:"notes,omitempty"`

	vague, failed, children bool
}

// Tally is the result of comparing counts alone.
type Tally struct {
	Source  string        `json:"source"`
	Target  string        `json:"target"`
	Rows    []TallyRow    `json:"indices"`
	Notes   []rfs.Finding `json:"findings"` // what of the source was not counted at all
	Seconds float64       `json:"seconds"`
}

// Compare counts the documents of the target's indices and compares. Indices that documents of one index go to are taken
// together, and so are indices that send documents to one. An error is that the target did not answer at all.
func (t *Tally) Compare(ctx context.Context, target Counter, indices []Counted) error {
	for _, row := range join(indices) {
		if err := row.count(ctx, target); err != nil {
			return err
		}
		row.judge()
		t.Rows = append(t.Rows, *row)
	}
	return ctx.Err()
}

// join makes a row of indices that share a target, in the order of the first of each.
func join(indices []Counted) []*TallyRow {
	var rows []*TallyRow
	for _, index := range indices {
		row := &TallyRow{}
		row.add(index)
		var joined *TallyRow
		rows = slices.DeleteFunc(rows, func(other *TallyRow) bool {
			switch {
			case !other.shares(row):
				return false
			case joined == nil:
				other.merge(row)
				joined, row = other, other
				return false
			}
			joined.merge(other)
			return true
		})
		if joined == nil {
			rows = append(rows, row)
		}
	}
	return rows
}

// shares tells whether documents of both go to one index.
func (r *TallyRow) shares(other *TallyRow) bool {
	return slices.ContainsFunc(r.Targets, func(name string) bool { return slices.Contains(other.Targets, name) })
}

func (r *TallyRow) add(index Counted) {
	r.Sources, r.Targets, r.SourceDocuments = []string{index.Index}, slices.Clone(index.Targets), index.Documents
	r.vague, r.children, r.failed = index.Vague != "", index.Children, index.Problem != ""
	if index.Vague != "" {
		r.Notes = append(r.Notes, index.Vague)
	}
	if index.Problem != "" {
		r.Notes = append(r.Notes, index.Index+": "+index.Problem)
	}
	if index.Children {
		r.Notes = append(r.Notes, index.Index+" was made before Elasticsearch 6.1 and has nested objects, which the snapshot's metadata counts as documents: it has at most so many")
	}
}

func (r *TallyRow) merge(other *TallyRow) {
	r.Sources = append(r.Sources, other.Sources...)
	r.Targets = append(r.Targets, other.Targets...)
	slices.Sort(r.Sources)
	slices.Sort(r.Targets)
	r.Targets = slices.Compact(r.Targets)
	r.SourceDocuments += other.SourceDocuments
	r.vague, r.children, r.failed = r.vague || other.vague, r.children || other.children, r.failed || other.failed
	for _, note := range other.Notes {
		if !slices.Contains(r.Notes, note) {
			r.Notes = append(r.Notes, note)
		}
	}
}

// count counts the target's side. An index that is missing has no documents.
func (r *TallyRow) count(ctx context.Context, target Counter) error {
	for _, name := range r.Targets {
		// One by one: a name that is missing would keep the others from it. Where it is not to be had, what was written lately does not count.
		refreshed := target.Refresh(ctx, name)
		count, err := target.Count(ctx, name)
		switch {
		case cluster.NotFound(err):
			r.Notes = append(r.Notes, "the target has no index "+name)
			continue
		case err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			r.failed = true
			r.Notes = append(r.Notes, fmt.Sprintf("%s could not be counted on the target: %v", name, err))
			continue
		}
		if refreshed != nil {
			r.Notes = append(r.Notes, fmt.Sprintf("%s was not refreshed first, so what was written last may not count yet: %v", name, refreshed))
		}
		r.TargetDocuments += count
	}
	return nil
}

func (r *TallyRow) judge() {
	switch {
	case r.failed:
		r.Verdict = Unclear
	case r.SourceDocuments == r.TargetDocuments:
		r.Verdict = Equal
		if r.children && r.SourceDocuments > 0 {
			r.Verdict = Unclear
		}
	case r.vague, r.children && r.TargetDocuments < r.SourceDocuments:
		r.Verdict = Unclear
	case r.TargetDocuments < r.SourceDocuments:
		r.Verdict = Fewer
	default:
		r.Verdict = More
	}
}

// Equal tells whether all counts are.
func (t *Tally) Equal() bool {
	return len(t.Notes) == 0 && !slices.ContainsFunc(t.Rows, func(r TallyRow) bool { return r.Verdict != Equal })
}

// WriteText prints a line per row, and below what there is to know.
func (t *Tally) WriteText(w io.Writer) error {
	fmt.Fprintf(w, "source %s, target %s\n\n", t.Source, t.Target)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "source\ttarget\tof source\ton target\t")
	var source, target int64
	for _, r := range t.Rows {
		verdict := r.Verdict
		if difference := r.TargetDocuments - r.SourceDocuments; verdict != Equal && difference != 0 {
			verdict += fmt.Sprintf(" (%+d)", difference)
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\n", strings.Join(r.Sources, ", "), strings.Join(r.Targets, ", "), r.SourceDocuments, r.TargetDocuments, verdict)
		source, target = source+r.SourceDocuments, target+r.TargetDocuments
	}
	fmt.Fprintf(table, "total\t\t%d\t%d\t\n", source, target)
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range t.Rows {
		for _, note := range r.Notes {
			fmt.Fprintf(w, "note: %s\n", note)
		}
	}
	for _, finding := range t.Notes {
		fmt.Fprintf(w, "finding: %s\n", finding)
	}
	if t.Equal() {
		fmt.Fprintln(w, "\nas many documents as the source has; that they are the same ones, --full tells")
	}
	return nil
}

// WriteJSON prints the same for programs.
func (t *Tally) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(t)
}
