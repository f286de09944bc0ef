package console

import (
	"context"
	"fmt"
	"iter"
	"path"
	"regexp"
	"slices"
	"strings"

	"migassist/rfs/deadletter"
)

// LetterFilter chooses dead letters; what is empty chooses all.
type LetterFilter struct {
	Indices []string // of the target or of the source, with * for any characters
	Types   []string // of errors, as the target or the backfill names them
	Fields  []string // that the errors are about
	IDs     []string // of documents, or keys of letters
	Limit   int      // letters at most; 0: all
}

// Check refuses patterns that can't be read.
func (f LetterFilter) Check() error {
	for _, pattern := range f.Indices {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("--index %s: %w", pattern, err)
		}
	}
	return nil
}

// chosen tells whether a letter is one of those; its cause is given, for it takes time to find.
func (f LetterFilter) chosen(r *deadletter.Record, about cause) bool {
	return f.index(r) && among(f.Types, about.kind) && among(f.Fields, about.field) && (len(f.IDs) == 0 || among(f.IDs, r.DocumentID) || among(f.IDs, r.Key().String()))
}

func (f LetterFilter) index(r *deadletter.Record) bool {
	if len(f.Indices) == 0 {
		return true
	}
	for _, pattern := range f.Indices {
		for _, name := range []string{r.TargetIndex, r.Letter().Index} {
			if ok, err := path.Match(pattern, name); ok && err == nil {
				return true
			}
		}
	}
	return false
}

func among(names []string, name string) bool {
	return len(names) == 0 || slices.Contains(names, name)
}

// records yields the letters of a listing that the filter chooses, with their causes.
func (f LetterFilter) records(ctx context.Context, l *deadletter.Listing) iter.Seq2[letterOf, error] {
	return func(yield func(letterOf, error) bool) {
		n := 0
		for r, err := range l.Records(ctx) {
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(letterOf{}, err)
				return
			}
			about := causeOf(r)
			if !f.chosen(r, about) {
				continue
			}
			if n++; !yield(letterOf{r, about}, nil) || n == f.Limit {
				return
			}
		}
	}
}

// letterOf is a letter with what its error is about.
type letterOf struct {
	*deadletter.Record

	about cause
}

// cause is what an error is about.
type cause struct {
	kind   string // the error's type: mapper_parsing_exception, too_large
	field  string // "": no single one
	advice *advice
}

// advice is what to do about errors that say something.
type advice struct {
	says *regexp.Regexp // the type and all reasons, joined by ": "
	// field is the number of the group that names the field, and within that of the object it is in; 0: none.
	field, within int
	do            string // FIELD and INDEX stand for them
}

// causeOf finds what the error of a letter is about.
func causeOf(r *deadletter.Record) cause {
	about := cause{kind: r.FailureType}
	said := r.FailureType + ": " + r.Reason
	table := advices()
	for i := range table {
		a := &table[i]
		found := a.says.FindStringSubmatch(said)
		if found == nil {
			continue
		}
		about.advice = a
		if a.field > 0 {
			about.field = found[a.field]
		}
		if a.within > 0 && found[a.within] != "_doc" {
			about.field = found[a.within] + "." + about.field
		}
		return about
	}
	return about
}

// retried is the usual way on, once a cause has been removed.
const retried = "Then: migassist console backfill dead-letters redrive --index INDEX"

// fixed is the usual way on where documents have to change.
const fixed = `migassist console backfill dead-letters redrive --index INDEX --transform '[{"jq": "%s"}]' --dry-run, and without --dry-run when it looks right`

// what says what to do about the error, with the names in it.
func (c cause) what(index string) string {
	do := "Read the reason. " + fmt.Sprintf(fixed, "del(.document.x)")
	if c.advice != nil {
		do = c.advice.do
	}
	field := c.field
	if field == "" {
		field = "x"
	}
	return strings.NewReplacer("PATH", jqPath(field), "FIELD", field, "INDEX", index).Replace(do)
}

// jqPath is how jq names a field of the document, inside a JSON string.
func jqPath(field string) string {
	for part := range strings.SplitSeq(field, ".") {
		if !plainName(part) {
			return `.document[\"` + strings.ReplaceAll(field, ".", `\"][\"`) + `\"]`
		}
	}
	return ".document." + field
}
