package telemetry

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Metric is one number with its name, in the model of Prometheus. Those of one name share Kind and Help and differ in Labels.
type Metric struct {
	Name   string // migassist_backfill_documents_total: unit last, counters end in _total
	Kind   Kind
	Help   string
	Labels []Label
	Value  float64
	Times  *Histogram // instead of Value, of a Distribution
}

// Label tells metrics of one name apart.
type Label struct{ Name, Value string }

// Kind is how a metric moves.
type Kind string

// How metrics move.
const (
	Counter Kind = "counter" // up, and back to 0 with the process
	Gauge   Kind = "gauge"   // up and down

	Distribution Kind = "histogram" // of times, in seconds
)

// WriteMetrics writes metrics in Prometheus' text format, version 0.0.4, sorted by name:
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
func WriteMetrics(w io.Writer, metrics []Metric) error {
	sorted := slices.Clone(metrics)
	slices.SortStableFunc(sorted, func(a, b Metric) int { return cmp.Compare(a.Name, b.Name) })
	out := bufio.NewWriter(w)
	name := ""
	for _, m := range sorted {
		if m.Name != name {
			name = m.Name
			fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, helpEscapes.Replace(m.Help), name, m.Kind)
		}
		if m.Times != nil {
			m.Times.write(out, name, m.Labels)
			continue
		}
		fmt.Fprintf(out, "%s%s %s\n", name, labels(m.Labels), number(m.Value))
	}
	return out.Flush()
}

var (
	helpEscapes  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	labelEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

func labels(all []Label) string {
	if len(all) == 0 {
		return ""
	}
	parts := make([]string, len(all))
	for i, l := range all {
		parts[i] = l.Name + `="` + labelEscapes.Replace(l.Value) + `"`
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func number(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
