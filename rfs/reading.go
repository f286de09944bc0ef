package rfs

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/rfs/rebuild"
	"migassist/snapshot"
	"migassist/xcontent"
)

// Choices are an operator's decisions about what can't be moved as it is. The zero value refuses it.
type Choices struct {
	MultiType MultiType
	// RebuildSource has documents put together again from what the index keeps beside _source.
	RebuildSource bool
	// AllowPartialSource has documents moved without the fields that their index left out of _source.
	AllowPartialSource bool
}

// MultiType says what becomes of an index with several mapping types, which no target has.
type MultiType string

// What becomes of an index with several mapping types.
const (
	MultiTypeNone  MultiType = "none"  // it is refused; the zero value too
	MultiTypeSplit MultiType = "split" // documents of type T go to INDEX_T
)

// reading is how the documents of one index are read, decided when a backfill is planned.
type reading struct {
	index   string
	types   []string          // of the mapping, sorted
	targets map[string]string // index on the target by type; nil: index
	quoted  map[string]string // the same as JSON strings
	whole   string            // index as a JSON string
	convert xcontent.Converter
	how     string        // what of it a resumed run must do alike; empty: nothing but copying
	rebuild *rebuild.Plan // nil: documents are read as they are stored
}

// newReading decides how an index is read. A refusal is a finding, and no reading.
func newReading(snap *snapshot.Snapshot, index *snapshot.Index, choices Choices) (*reading, []Finding) {
	r := readingOf(snap, index)
	if refusal := r.chooseTargets(choices.MultiType); refusal != "" {
		return nil, []Finding{{Index: index.Name, Kind: "several-types", Reason: refusal}}
	}
	findings, readable := r.chooseSource(index, choices)
	if !readable {
		for i := range findings {
			findings[i].Reason += "; nothing of it was moved"
		}
		return nil, findings
	}
	if family := parted(index, r.types); r.targets != nil && family != "" {
		findings = append(findings, Finding{Index: index.Name, Kind: "parted", Reason: fmt.Sprintf("its type %s has a _parent; parents and children go to different indices, where queries no longer join them", family)})
	}
	return r, findings
}

// parted returns the first of the types whose documents have a parent of another type, "" where there is none.
func parted(index *snapshot.Index, types []string) string {
	for _, name := range types {
		var mapping struct {
			Parent *struct{} `json:"_parent"`
		}
		if json.Unmarshal(index.Mappings[name], &mapping) == nil && mapping.Parent != nil {
			return name
		}
	}
	return ""
}

func readingOf(snap *snapshot.Snapshot, index *snapshot.Index) *reading {
	return &reading{index: index.Name, types: Types(index), whole: quote(index.Name), convert: xcontent.For(snap.Release())}
}

// defaultType is the mapping that Elasticsearch before 7 copies into new types.
const defaultType = "_default_"

// Types returns the mapping types of an index, sorted.
func Types(index *snapshot.Index) []string {
	types := slices.Sorted(maps.Keys(index.Mappings))
	return slices.DeleteFunc(types, func(name string) bool { return name == defaultType })
}

// chooseTargets says where documents of each type go, or why they can't.
func (r *reading) chooseTargets(choice MultiType) (refusal string) {
	r.quoted = map[string]string{}
	if len(r.types) < 2 {
		for _, name := range r.types {
			r.quoted[name] = r.whole
		}
		return ""
	}
	if choice != MultiTypeSplit {
		return fmt.Sprintf("it has the types %s, the target's indices have none, and the same id under two types would be one document; nothing of it was moved. "+
			"With --multi-type-resolution split the documents of type T go to index %s_T", strings.Join(r.types, ", "), r.index)
	}
	r.targets = map[string]string{}
	owners := map[string]string{}
	for _, name := range r.types {
		target := strings.ToLower(r.index + "_" + name)
		if strings.ContainsAny(target, ` "*\<|,>/?:`) || len(target) > maxIndexName {
			return fmt.Sprintf("its type %s makes no name of an index; nothing of it was moved. Reindex that type on the source", name)
		}
		if other, taken := owners[target]; taken {
			return fmt.Sprintf("its types %s and %s would both go to index %s; nothing of it was moved. Reindex one of them on the source", other, name, target)
		}
		owners[target], r.targets[name], r.quoted[name] = name, target, quote(target)
	}
	r.how = "split"
	return ""
}

// maxIndexName is the bytes that the name of an index may have.
const maxIndexName = 255

// targetNames returns the target's indices that documents go to, sorted.
func (r *reading) targetNames() []string {
	if r.targets == nil {
		return []string{r.index}
	}
	return slices.Sorted(maps.Values(r.targets))
}

// target returns the index that a document goes to, as a JSON string.
func (r *reading) target(d Document) (string, error) {
	if d.Type == nil && len(r.types) < 2 {
		return r.whole, nil
	}
	if target, ok := r.quoted[string(d.Type)]; ok {
		return target, nil
	}
	return "", unsent("other_type", "its type %q is not in the mapping of the index, which has %q: under the same id there may be another document", d.Type, r.types)
}

// chooseSource says whether documents are read as they are stored or rebuilt, or why neither, and what they lose.
func (r *reading) chooseSource(index *snapshot.Index, choices Choices) (findings []Finding, readable bool) {
	source := index.Source()
	finding := Finding{Index: index.Name, Kind: "no-source"}
	switch {
	case source.Mode == snapshot.SourceStored:
		return nil, true
	case choices.RebuildSource:
		return r.chooseRebuild(index)
	case source.Mode != snapshot.SourceFiltered:
		finding.Reason = fmt.Sprintf("its _source is %s: documents were not kept as they were sent, and --rebuild-source is not given, which puts them together again from what else the index keeps", source.Mode)
		return []Finding{finding}, false
	}
	finding.Kind = "filtered-source"
	finding.Reason = "its _source keeps " + filtered(source)
	if !choices.AllowPartialSource {
		finding.Reason += ": documents would lose what it leaves out. --rebuild-source puts that back from what else the index keeps, --allow-partial-source takes them as they are"
		return []Finding{finding}, false
	}
	r.how = join(r.how, "partial")
	finding.Reason += "; what it leaves out does not come along and can't be searched on the target"
	return []Finding{finding}, true
}

// chooseRebuild has documents put together again. Only where that is what the server does too, and nothing is lost, there
// is nothing to find.
func (r *reading) chooseRebuild(index *snapshot.Index) (findings []Finding, readable bool) {
	mode := index.SourceMode()
	plan, err := rebuild.NewPlan(index)
	if err != nil {
		return []Finding{{Index: index.Name, Kind: "no-source", Reason: fmt.Sprintf("its _source is %s, and %v", mode, err)}}, false
	}
	plan.Convert = r.convert
	r.rebuild, r.how = plan, join(r.how, "rebuilt")
	if mode != snapshot.SourceSynthetic && mode != snapshot.SourceDerived {
		findings = append(findings, Finding{Index: index.Name, Kind: "rebuilt", Reason: fmt.Sprintf("its _source is %s; "+
			"documents are put together again from what else the index keeps, and are not byte for byte what was sent", mode)})
	}
	return append(findings, lossFindings(index.Name, plan.Losses())...), true
}

// lossFindings makes a finding for each field that does not come back as it was sent, in the order of the losses.
func lossFindings(index string, losses []rebuild.Loss) []Finding {
	var findings []Finding
	for i, loss := range losses {
		if i == 0 || losses[i-1].Field != loss.Field {
			findings = append(findings, Finding{Index: index, Kind: "differs", Reason: loss.String()})
		} else {
			findings[len(findings)-1].Reason += "; " + loss.Reason
		}
		if loss.Gone {
			findings[len(findings)-1].Kind = "lost"
		}
	}
	return findings
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}

func filtered(source snapshot.Source) string {
	var parts []string
	if len(source.Includes) > 0 {
		parts = append(parts, "only "+strings.Join(source.Includes, ", "))
	}
	if len(source.Excludes) > 0 {
		parts = append(parts, "not "+strings.Join(source.Excludes, ", "))
	}
	return strings.Join(parts, ", and ")
}
