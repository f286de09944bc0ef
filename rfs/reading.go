package rfs

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/rfs/rebuild"
	"migassist/selection"
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

	Versions     Versions           // that documents are written with
	IndexMap     *selection.Renames // other names on the target; nil: the same
	Pilot        int                // documents of each shard that are moved; 0: all
	PilotPrefix  string             // of the names on the target, for a pilot; empty: none
	GeneratedIDs bool               // the target makes ids of its own: work that is done again leaves duplicates
	Collision    IDCollision        // of documents that come to one target from several types or indices

	Transform Transform // rewrites what is sent; nil: nothing does
	// StopOnTransformError has a document on which a transform fails end the run, rather than become a dead letter.
	StopOnTransformError bool
}

// MultiType says what becomes of an index with several mapping types, which no target has.
type MultiType string

// What becomes of an index with several mapping types.
const (
	MultiTypeNone  MultiType = "none"  // it is refused; the zero value too
	MultiTypeSplit MultiType = "split" // documents of type T go to INDEX_T
	MultiTypeUnion MultiType = "union" // all go to INDEX; the same id under two types is a collision
)

// reading is how the documents of one index are read and where they go, decided when a backfill is planned.
type reading struct {
	index    string
	types    []string          // of the mapping, sorted
	routes   map[string]*route // by type
	only     *route            // of all documents; nil where they are told apart by type, and where none is sent
	rewrites bool              // documents go through the transforms one by one
	open     bool              // where they go is found out then
	stream   string            // data stream that the index backs; ""
	versions Versions          // that documents are written with
	convert  xcontent.Converter
	how      string        // what of it a resumed run must do alike; empty: nothing but copying
	rebuild  *rebuild.Plan // nil: documents are read as they are stored
}

// newReading decides how an index is read. A refusal is a finding, and no reading.
func newReading(snap *snapshot.Snapshot, index *snapshot.Index, stream string, choices Choices) (*reading, []Finding) {
	r := readingOf(snap, index)
	if refusal := r.chooseTargets(choices, stream); refusal != "" {
		return nil, []Finding{{Index: index.Name, Kind: "several-types", Reason: refusal}}
	}
	findings, readable := r.chooseSource(index, choices)
	if !readable {
		for i := range findings {
			findings[i].Reason += "; nothing of it was moved"
		}
		return nil, findings
	}
	findings = append(findings, r.chooseVersions(index, choices.Versions)...)
	if family := parted(index, r.types); r.split() && family != "" && choices.MultiType == MultiTypeSplit {
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
	return &reading{index: index.Name, types: Types(index), convert: xcontent.For(snap.Release())}
}

// defaultType is the mapping that Elasticsearch before 7 copies into new types.
const defaultType = "_default_"

// Types returns the mapping types of an index, sorted.
func Types(index *snapshot.Index) []string {
	types := slices.Sorted(maps.Keys(index.Mappings))
	return slices.DeleteFunc(types, func(name string) bool { return name == defaultType })
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
