package deadletter

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
	"time"
)

// Listing is what is in a place, each letter once.
type Listing struct {
	Letters  int // that nobody has dealt with
	Redriven int // that arrived since
	Earlier  int // of runs before the last one of their session, which are not listed

	store *Store
	parts []string
	last  map[Key]int // which of the letters of a key counts
}

// mark is the line that says that a letter was redriven.
type markLine struct {
	Format int    `json:"format"`
	Key    string `json:"key"`
}

// List reads what there is of a session, or of all sessions where it is "". Of runs that were begun anew in a session only the last one
// counts, for it wrote the documents again; run names one of them. It keeps a key for each letter, not the letters.
func (p *Store) List(ctx context.Context, session, run string) (*Listing, error) {
	letters, marks, err := p.parts(ctx, session)
	if err != nil {
		return nil, err
	}
	gone, err := p.marked(ctx, marks)
	if err != nil {
		return nil, err
	}
	current, err := p.runs(ctx, letters, run)
	if err != nil {
		return nil, err
	}
	l := &Listing{store: p, parts: letters, last: map[Key]int{}}
	earlier, redriven, n := map[Key]bool{}, map[Key]bool{}, 0
	for r, err := range p.records(ctx, letters) {
		if err != nil {
			return nil, err
		}
		switch key := r.Key(); {
		case !current[r.Run]:
			earlier[key] = true
		case gone[key]:
			redriven[key] = true
		default:
			l.last[key] = n
		}
		n++
	}
	l.Letters, l.Redriven, l.Earlier = len(l.last), len(redriven), len(earlier)
	return l, nil
}

// runs returns the runs that count: the one that is named, or else of each session the one with the latest letter.
func (p *Store) runs(ctx context.Context, parts []string, run string) (map[string]bool, error) {
	if run != "" {
		return map[string]bool{run: true}, nil
	}
	type latest struct{ run, at string }
	of := map[string]latest{}
	for r, err := range p.records(ctx, parts) {
		if err != nil {
			return nil, err
		}
		if known, ok := of[r.SessionID]; !ok || cmp.Compare(known.at, r.Timestamp) <= 0 {
			of[r.SessionID] = latest{r.Run, r.Timestamp}
		}
	}
	current := map[string]bool{}
	for _, l := range of {
		current[l.run] = true
	}
	return current, nil
}

func (p *Store) marked(ctx context.Context, parts []string) (map[Key]bool, error) {
	gone := map[Key]bool{}
	for _, name := range parts {
		for line, err := range p.lines(ctx, name) {
			var m markLine
			if err == nil {
				err = json.Unmarshal(line, &m)
			}
			var key Key
			if err == nil && m.Format != Format {
				err = fmt.Errorf("it has format %d, and this version reads %d", m.Format, Format)
			}
			if err == nil {
				_, err = hex.Decode(key[:], []byte(m.Key))
			}
			if err != nil {
				return nil, fmt.Errorf("what was redriven, in %s: %w", name, err)
			}
			gone[key] = true
		}
	}
	return gone, nil
}

// Records yields the letters, each as it came last.
func (l *Listing) Records(ctx context.Context) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		n := 0
		for r, err := range l.store.records(ctx, l.parts) {
			if err != nil {
				yield(nil, err)
				return
			}
			at, ok := l.last[r.Key()]
			if ok && at == n && !yield(r, nil) {
				return
			}
			n++
		}
	}
}

// Mark notes, durably, that letters were redriven: their documents have arrived. They are listed no more.
func (p *Store) Mark(ctx context.Context, session string, keys ...Key) error {
	if len(keys) == 0 {
		return nil
	}
	var body bytes.Buffer
	zip := gzip.NewWriter(&body)
	for _, key := range keys {
		line, err := json.Marshal(markLine{Format, key.String()})
		if err != nil {
			return err
		}
		_, _ = zip.Write(append(line, '\n')) // into memory
	}
	if err := zip.Close(); err != nil {
		return err
	}
	name := fmt.Sprintf("session=%s/redriven/%s-%s.ndjson.gz", url.PathEscape(session), time.Now().UTC().Format("20060102T150405Z"), rand.Text()[:10])
	if err := p.store.put(ctx, name, body.Bytes()); err != nil {
		return fmt.Errorf("note that %d documents were redriven: %w", len(keys), err)
	}
	return nil
}
