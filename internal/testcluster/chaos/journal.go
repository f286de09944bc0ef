package chaos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"time"
)

// Journal is what was written, by whom and when.
type Journal struct {
	// Item names the work item that a document belongs to; nil is one for all.
	Item func(document string) string

	mu         sync.Mutex
	documents  map[string][]Write
	tenures    map[string][]*Tenure // by item, in their order
	bulks      map[string]int       // by outcome
	violations []string
}

// Write is one document that the target took.
type Write struct {
	Tenure *Tenure
	At     time.Time // the target's answer came
}

// Tenure is a time in which one worker alone wrote an item.
type Tenure struct {
	Worker string
	Last   time.Time // its last write
}

// NewJournal returns an empty one.
func NewJournal() *Journal {
	return &Journal{documents: map[string][]Write{}, tenures: map[string][]*Tenure{}, bulks: map[string]int{}}
}

// outcome counts a bulk by what became of it.
func (j *Journal) outcome(what string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.bulks[what]++
}

func (j *Journal) violation(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.violations = append(j.violations, fmt.Sprintf(format, args...))
}

// wrote notes the documents that the target took.
func (j *Journal) wrote(worker string, documents []string) {
	now := time.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, document := range documents {
		j.documents[document] = append(j.documents[document], Write{j.tenure(worker, document, now), now})
	}
}

// tenure is the worker's present one, with a lock held.
func (j *Journal) tenure(worker, document string, now time.Time) *Tenure {
	item := ""
	if j.Item != nil {
		item = j.Item(document)
	}
	all := j.tenures[item]
	if len(all) == 0 || all[len(all)-1].Worker != worker {
		all = append(all, &Tenure{Worker: worker})
		j.tenures[item] = all
	}
	last := all[len(all)-1]
	last.Last = now
	return last
}

// Violations are the writes by workers that did not hold the lease.
func (j *Journal) Violations() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.violations...)
}

// Bulks counts bulk requests by what became of them.
func (j *Journal) Bulks() map[string]int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return maps.Clone(j.bulks)
}

// Documents is how many different documents were written.
func (j *Journal) Documents() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.documents)
}

// Redone is work that was done more than once.
type Redone struct {
	Documents int           // writes beyond the first of each document, by another worker than the one before
	Most      int           // of these, what was done again of one worker's time with an item
	Resent    int           // the same by the same worker: answers that were lost
	Oldest    time.Duration // longest time from the first of two writes to the last one of that worker before the other took over
	Where     string        // the document of the oldest
}

// Redone compares the writes of each document. What a worker had finished long before its end must not be done again.
func (j *Journal) Redone() Redone {
	j.mu.Lock()
	defer j.mu.Unlock()
	var r Redone
	of := map[*Tenure]int{}
	for document, writes := range j.documents {
		for n := 1; n < len(writes); n++ {
			before, after := writes[n-1], writes[n]
			if before.Tenure == after.Tenure {
				r.Resent++
				continue
			}
			r.Documents++
			of[before.Tenure]++
			r.Most = max(r.Most, of[before.Tenure])
			if age := before.Tenure.Last.Sub(before.At); age > r.Oldest {
				r.Oldest = age
				r.Where = fmt.Sprintf("%s: %s wrote it %s before its last write of the item, then %s", document, before.Tenure.Worker, age.Round(time.Millisecond), after.Tenure.Worker)
			}
		}
	}
	return r
}

// actions reads the documents that a bulk is to write: index and id.
func actions(body []byte) ([]string, error) {
	var documents []string
	for len(body) > 0 {
		line, rest, _ := bytes.Cut(body, []byte("\n"))
		var action map[string]struct {
			Index string `json:"_index"`
			ID    string `json:"_id"`
		}
		if err := json.Unmarshal(line, &action); err != nil || len(action) != 1 {
			return nil, fmt.Errorf("action line %.100q: %w", line, err)
		}
		for verb, of := range action {
			documents = append(documents, of.Index+"/"+of.ID)
			if verb != "delete" {
				_, rest, _ = bytes.Cut(rest, []byte("\n"))
			}
		}
		body = rest
	}
	return documents, nil
}

// taken returns those of the documents that the target's answer says it wrote.
func taken(documents []string, answer []byte) ([]string, error) {
	var result struct {
		Errors bool                              `json:"errors"`
		Items  []map[string]struct{ Status int } `json:"items"`
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return nil, err
	}
	if !result.Errors {
		return documents, nil
	}
	if len(result.Items) != len(documents) {
		return nil, fmt.Errorf("%d items for %d actions", len(result.Items), len(documents))
	}
	var some []string
	for n, item := range result.Items {
		for _, outcome := range item {
			if outcome.Status < 300 {
				some = append(some, documents[n])
			}
		}
	}
	return some, nil
}
