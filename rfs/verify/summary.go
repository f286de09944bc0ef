package verify

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// Summary is what a verification came to.
type Summary struct {
	Format  int           `json:"format"`
	Indices []IndexCounts `json:"indices"` // by name
	Total   Counts        `json:"total"`
	// Sampled is how many of the 65,536 buckets were compared; the counts are of those.
	Sampled int `json:"sampled_buckets,omitempty"`
	// Rechecked tells that only documents with given names were compared; the counts are of those.
	Rechecked bool `json:"rechecked,omitempty"`
	// Absent are indices that the target lacks, also where they would have no documents.
	Absent []string `json:"absent,omitempty"`
	// Uncompared is how many indices of the source, or parts of it, the caller knows not to have been compared.
	Uncompared int `json:"uncompared,omitempty"`
	// Problems are what could not be verified, and why.
	Problems []string `json:"problems"`
	// Skipped is how many documents a backfill of the source does not send, with a reason in its dead letters.
	Skipped int64 `json:"skipped"`
	// Complete tells that each document of both sides was compared.
	Complete bool    `json:"complete"`
	Seconds  float64 `json:"seconds"`
	// SourceReads and TargetReads are how much was read of each side, by bytes of sources, in units of the first read of all of it.
	SourceReads float64 `json:"source_reads"`
	TargetReads float64 `json:"target_reads"`
}

// IndexCounts are those of an index, or data stream, of the target.
type IndexCounts struct {
	Index string `json:"index"`
	Counts
}

// Counts are of documents: Source = Equal + Missing + Different + Superseded + Unexamined, and Target = Equal + Extra + Different + what of
// Unexamined the target has.
type Counts struct {
	Source    int64 `json:"source"`
	Target    int64 `json:"target"`
	Equal     int64 `json:"equal"`
	Missing   int64 `json:"missing"`
	Extra     int64 `json:"extra"`
	Different int64 `json:"different"`
	// Superseded counts documents of the source under a key that another of the source has with a higher version, or by chance.
	Superseded int64 `json:"superseded,omitempty"`
	// Unexamined counts documents of the source, and UnexaminedTarget those of the target, among which there are differences that
	// were too many to be named.
	Unexamined       int64 `json:"unexamined,omitempty"`
	UnexaminedTarget int64 `json:"unexamined_target,omitempty"`
}

func (c *Counts) add(o Counts) {
	c.Source += o.Source
	c.Target += o.Target
	c.Equal += o.Equal
	c.Missing += o.Missing
	c.Extra += o.Extra
	c.Different += o.Different
	c.Superseded += o.Superseded
	c.Unexamined += o.Unexamined
	c.UnexaminedTarget += o.UnexaminedTarget
}

// Balanced tells whether every document of both sides has exactly one fate.
func (c Counts) Balanced() bool {
	return c.Source == c.Equal+c.Missing+c.Different+c.Superseded+c.Unexamined && c.Target == c.Equal+c.Extra+c.Different+c.UnexaminedTarget
}

// Differences is how many documents differ, as far as they were named.
func (c Counts) Differences() int64 { return c.Missing + c.Extra + c.Different }

// Same tells that the target has what was compared of the source, all of it, and nothing else.
func (s *Summary) Same() bool {
	return s.Complete && len(s.Absent) == 0 && s.Total.Differences() == 0 && s.Total.Unexamined+s.Total.UnexaminedTarget == 0
}

// finish sorts the indices and adds them up.
func (s *Summary) finish() {
	slices.SortFunc(s.Indices, func(a, b IndexCounts) int { return strings.Compare(a.Index, b.Index) })
	s.Total = Counts{}
	for _, index := range s.Indices {
		s.Total.add(index.Counts)
	}
}

// WriteText prints the summary for people.
func (s *Summary) WriteText(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "index\tsource\ttarget\tequal\tmissing\textra\tdifferent\t")
	for _, index := range append(slices.Clip(s.Indices), IndexCounts{"total", s.Total}) {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", index.Index, index.Source, index.Target, index.Equal, index.Missing, index.Extra, index.Different)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if s.Sampled > 0 {
		share := float64(s.Sampled) / buckets
		fmt.Fprintf(w, "\na sample, chosen by chance: %d of %d buckets, about %.3g %% of the documents. With that chance one document that differs is found; of %d that differ, at least one is with a chance of 95 %%\n",
			s.Sampled, buckets, 100*share, int64(math.Ceil(math.Log(0.05)/math.Log1p(-share))))
	}
	if s.Total.Superseded > 0 {
		fmt.Fprintf(w, "superseded: %d documents of the source stand under an id that another one has, which is the one that was compared\n", s.Total.Superseded)
	}
	if s.Total.Unexamined+s.Total.UnexaminedTarget > 0 {
		fmt.Fprintf(w, "not named: the differences among %d documents of the source and %d of the target, which are too many\n", s.Total.Unexamined, s.Total.UnexaminedTarget)
	}
	if s.Skipped > 0 {
		fmt.Fprintf(w, "skipped: %d documents of the source, which a backfill does not send\n", s.Skipped)
	}
	for _, problem := range s.Problems {
		fmt.Fprintf(w, "problem: %s\n", problem)
	}
	_, err := fmt.Fprintln(w, s.words())
	return err
}

// words is the outcome in one line.
func (s *Summary) words() string {
	differences := s.Total.Differences()
	switch {
	case len(s.Indices) == 0:
		return "nothing was compared"
	case s.Same() && s.Sampled > 0:
		return "no difference in the sample"
	case s.Same() && s.Rechecked:
		return "the documents of the findings are alike on both sides; of others this says nothing"
	case s.Same() && s.Uncompared > 0:
		return "what was compared is alike on both sides; not all of the source was"
	case s.Same():
		return "the target has what the source has, and nothing else"
	case differences == 0 && !s.Complete:
		return "not everything could be verified"
	case differences == 0 && s.Total.Unexamined+s.Total.UnexaminedTarget == 0:
		return "the documents are alike on both sides; the target lacks indices that have none"
	case differences == 1:
		return "1 document differs"
	}
	return fmt.Sprintf("%d documents differ", differences)
}
