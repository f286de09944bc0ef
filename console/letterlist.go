package console

import (
	"context"
	"encoding/json"
	"io"

	"migassist/rfs/deadletter"
)

// ListLetters writes a line for each letter: KEY INDEX/ID ERROR FIELD: REASON; or, as JSON, the whole letter. It returns how many there were.
func ListLetters(ctx context.Context, l *deadletter.Listing, f LetterFilter, asJSON bool, w io.Writer) (n int, err error) {
	text := &lineWriter{to: w}
	for r, err := range f.records(ctx, l) {
		if err != nil {
			return n, err
		}
		n++
		if asJSON {
			err = writeLetter(w, r, "")
		} else {
			about := r.about.kind
			if r.about.field != "" {
				about += " " + r.about.field
			}
			text.say("%s  %s/%s  %s: %s", r.Key(), r.TargetIndex, shortened(r.DocumentID, 80), about, shortened(r.Reason, 200))
			err = text.err
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// ShowLetters writes the letters in whole, indented.
func ShowLetters(ctx context.Context, l *deadletter.Listing, f LetterFilter, w io.Writer) (n int, err error) {
	for r, err := range f.records(ctx, l) {
		if err == nil {
			err = writeLetter(w, r, "  ")
		}
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// told is a letter with what is found out about it.
type told struct {
	Key   string `json:"key"`
	Index string `json:"sourceIndex"`
	Field string `json:"field,omitempty"`
	*deadletter.Record

	Do string `json:"do"`
}

func writeLetter(w io.Writer, r letterOf, indent string) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	return encoder.Encode(told{r.Key().String(), r.Letter().Index, r.about.field, r.Record, r.about.what(r.TargetIndex)})
}
