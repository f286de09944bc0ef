package console

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"migassist/rfs/deadletter"
)

// LetterSummary is what dead letters come to, by index, error type and field.
type LetterSummary struct {
	Letters  int           `json:"letters"`
	Redriven int           `json:"redriven"`          // and so are in the list no more
	Earlier  int           `json:"earlier,omitempty"` // of earlier runs of their session, which wrote their documents again
	Groups   []LetterGroup `json:"groups"`            // most letters first
	// Others are letters of more groups than are told apart.
	Others int `json:"others,omitempty"`
}

// LetterGroup are letters with one cause.
type LetterGroup struct {
	Index   string `json:"index"` // of the target
	Type    string `json:"type"`  // of the error
	Field   string `json:"field,omitempty"`
	Letters int    `json:"letters"`
	Bytes   int64  `json:"bytes"` // of documents
	// Example is the first of them.
	ID     string `json:"example_id"`
	Key    string `json:"example_key"`
	Reason string `json:"example_reason"`
	Do     string `json:"do"`
}

// maxGroups bounds what a summary keeps: field names come from documents.
const maxGroups = 1000

// SummarizeLetters groups what a listing has of the filter's.
func SummarizeLetters(ctx context.Context, l *deadletter.Listing, f LetterFilter) (*LetterSummary, error) {
	type address struct{ index, kind, field string }
	s := &LetterSummary{Redriven: l.Redriven, Earlier: l.Earlier, Groups: []LetterGroup{}}
	at := map[address]int{}
	for r, err := range f.records(ctx, l) {
		if err != nil {
			return nil, err
		}
		s.Letters++
		key := address{r.TargetIndex, r.about.kind, r.about.field}
		i, known := at[key]
		if !known {
			if len(s.Groups) == maxGroups {
				s.Others++
				continue
			}
			i = len(s.Groups)
			at[key] = i
			s.Groups = append(s.Groups, LetterGroup{
				Index: r.TargetIndex, Type: r.about.kind, Field: r.about.field, ID: r.DocumentID, Key: r.Key().String(), Reason: r.Reason, Do: r.about.what(r.TargetIndex),
			})
		}
		s.Groups[i].Letters++
		s.Groups[i].Bytes += int64(len(r.Source()))
	}
	slices.SortStableFunc(s.Groups, func(a, b LetterGroup) int { return cmp.Compare(b.Letters, a.Letters) })
	return s, nil
}

// WriteText writes a paragraph per group.
func (s *LetterSummary) WriteText(w io.Writer) error {
	text := &lineWriter{to: w}
	text.say("%d documents are in the dead letters; %d were redriven", s.Letters, s.Redriven)
	if s.Earlier > 0 {
		text.say("%d letters of earlier runs of the session are not counted: the last run sent their documents again", s.Earlier)
	}
	for _, g := range s.Groups {
		about := g.Type
		if g.Field != "" {
			about += ", field " + g.Field
		}
		text.say("")
		text.say("%d  %s  %s", g.Letters, g.Index, about)
		text.say("    example: %s (%s): %s", shortened(g.ID, 80), g.Key, shortened(g.Reason, 400))
		text.say("    do: %s", g.Do)
	}
	if s.Others > 0 {
		text.say("")
		text.say("%d  more, of other causes: choose with --index, --type or --field", s.Others)
	}
	return text.err
}

// shortened is text on one line, of so many characters at most.
func shortened(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return fmt.Sprintf("%s… (%d characters)", string(runes[:most]), len(runes))
	}
	return text
}
