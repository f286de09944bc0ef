package rfs

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// Summary is what became of the documents, whichever workers moved them.
type Summary struct {
	Snapshot    string        `json:"snapshot"`
	Target      string        `json:"target"`
	Indices     []IndexCounts `json:"indices"`
	Total       Counts        `json:"total"`
	Findings    []Finding     `json:"findings"`
	DeadLetters string        `json:"dead_letters,omitempty"` // file; empty: every document was written
	Complete    bool          `json:"complete"`
	Resumable   bool          `json:"resumable"`          // a worker that is started again goes on where this one ended
	Seconds     float64       `json:"seconds"`            // of this worker
	Items       int           `json:"items"`              // that the work was cut into
	Workers     int           `json:"workers"`            // that had one of them last
	Restored    *Tuning       `json:"restored,omitempty"` // settings of the target that were changed for the run
	Redone      int           `json:"redone"`             // items that were taken up again after they failed, or their worker had died
}

// IndexCounts are the fates of one index's documents.
type IndexCounts struct {
	Index string `json:"index"`
	Done  bool   `json:"done"`
	Counts
	Types  []string         `json:"types,omitempty"`        // of the mapping
	ByType map[string]int64 `json:"read_by_type,omitempty"` // where the index is split
}

// Failed tells whether documents were left unread.
func (s *Summary) Failed() bool {
	for _, finding := range s.Findings {
		if finding.Failed {
			return true
		}
	}
	return !s.Complete
}

// WriteText prints the summary for people.
func (s *Summary) WriteText(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "index\tread\twritten\tskipped\trefused\t")
	for _, index := range s.Indices {
		name := index.Index
		if !index.Done {
			name += " (not complete)"
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t\n", name, index.Read, index.Written, index.Skipped, index.Refused)
	}
	t := s.Total
	fmt.Fprintf(table, "total\t%d\t%d\t%d\t%d\t\n", t.Read, t.Written, t.Skipped, t.Refused)
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\n", t)
	if t.Converted > 0 {
		fmt.Fprintf(w, "converted to JSON: %d, whose source was kept in another encoding, or compressed\n", t.Converted)
	}
	for _, index := range s.Indices {
		for _, name := range slices.Sorted(maps.Keys(index.ByType)) {
			fmt.Fprintf(w, "of %s: type %s: %d\n", index.Index, name, index.ByType[name])
		}
	}
	if s.Restored != nil && len(s.Restored.Indices) > 0 {
		fmt.Fprintf(w, "settings restored on the target: %s\n", listed(s.Restored.Indices))
	}
	if s.Restored != nil && len(s.Restored.Replicas) > 0 {
		fmt.Fprintf(w, "%d of these have replicas again: the cluster copies their shards now\n", len(s.Restored.Replicas))
	}
	for _, finding := range s.Findings {
		fmt.Fprintf(w, "finding: %s\n", finding)
	}
	if s.DeadLetters != "" {
		fmt.Fprintf(w, "what was not written is in %s, with the reason of each\n", s.DeadLetters)
	}
	return nil
}

// WriteJSON prints the summary for programs.
func (s *Summary) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(s)
}

// identity is what an action line says of its document.
type identity struct {
	Index   string `json:"_index"`
	ID      string `json:"_id"`
	Routing string `json:"routing"`
}

// identityOf reads an action line back.
func identityOf(action []byte) identity {
	var line map[string]identity // by the name of the action: index or create
	if err := json.Unmarshal(action, &line); err != nil {
		return identity{}
	}
	for _, is := range line {
		return is
	}
	return identity{}
}
