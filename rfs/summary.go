package rfs

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
)

// Summary is what became of the documents, whichever workers moved them.
type Summary struct {
	Snapshot    string        `json:"snapshot"`
	Target      string        `json:"target"`
	Indices     []IndexCounts `json:"indices"`
	Total       Counts        `json:"total"`
	Findings    []Finding     `json:"findings"`
	OnTarget    OnTarget      `json:"on_target,omitempty"`    // documents that the target has at the end, by name
	Before      OnTarget      `json:"before,omitempty"`       // and had before
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
	Targets []string         `json:"targets,omitempty"`      // names on the target that its documents went to
	Named   map[string]int64 `json:"named,omitempty"`        // operations sent to names that only transforms gave
	Types   []string         `json:"types,omitempty"`        // of the mapping
	ByType  map[string]int64 `json:"read_by_type,omitempty"` // where the index is split
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
	t := s.Total
	if err := s.writeTable(w); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\n", t)
	if t.Converted > 0 {
		fmt.Fprintf(w, "converted to JSON: %d, whose source was kept in another encoding, or compressed\n", t.Converted)
	}
	s.writeTargets(w)
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
		fmt.Fprintf(w, "what was not written is in %s, with the reason of each: see migassist console backfill dead-letters summary\n", s.DeadLetters)
	}
	return nil
}

// writeTable prints a line for each index, with the columns that there is something to say in.
func (s *Summary) writeTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	rewritten := s.Total.Made+s.Total.Dropped > 0
	head := "index\tread\twritten\tsuperseded\tskipped\trefused\t"
	if rewritten {
		head += "dropped\tmade\t"
	}
	if s.OnTarget != nil {
		head += "on target\t"
	}
	fmt.Fprintln(table, head)
	line := func(name string, c Counts, there string) {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t", name, c.Read, c.Written, c.Superseded, c.Skipped, c.Refused)
		if rewritten {
			fmt.Fprintf(table, "%d\t%d\t", c.Dropped, c.Made)
		}
		if s.OnTarget != nil {
			fmt.Fprintf(table, "%s\t", there)
		}
		fmt.Fprintln(table)
	}
	for _, index := range s.Indices {
		name := index.Index
		if !index.Done {
			name += " (not complete)"
		}
		line(name, index.Counts, s.OnTarget.of(index.Targets))
	}
	line("total", s.Total, s.OnTarget.of(slices.Collect(maps.Keys(s.OnTarget))))
	return table.Flush()
}

// writeTargets prints what the target has where documents did not go one index to one of its name.
func (s *Summary) writeTargets(w io.Writer) {
	for _, index := range s.Indices {
		if len(index.Targets) == 1 && index.Targets[0] == index.Index {
			continue
		}
		for _, name := range index.Targets {
			fmt.Fprintf(w, "of %s: to %s", index.Index, name)
			if n, only := index.Named[name]; only {
				fmt.Fprintf(w, ", as transforms say: %d sent", n)
			}
			if now, known := s.OnTarget[name]; known {
				fmt.Fprintf(w, ", which has %d documents", now)
				if before := s.Before[name]; before > 0 {
					fmt.Fprintf(w, " and had %d before", before)
				}
			}
			fmt.Fprintln(w)
		}
	}
}

// of is how many documents there are under names together, for people.
func (o OnTarget) of(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	sum := int64(0)
	for _, name := range distinct(slices.Clone(names)) {
		n, known := o[name]
		if !known {
			return "unknown"
		}
		sum += n
	}
	return strconv.FormatInt(sum, 10)
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
