package rfs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/rfs/bulk"
	"migassist/selection"
	"migassist/snapshot"
)

// route is how the documents of one index, or of one of its mapping types, are addressed on the target. It is found in
// two steps: by the plan alone, under the names that the operator's choices make, and by [Plan.Address], once it is known
// what the target has under these names.
type route struct {
	named  string // what transforms call it, before --index-map and the prefix of a pilot
	target string // index or data stream that operations name
	stream string // data stream that goes before target, if there is one on the target; "": none
	create bool   // op_type create, which is all that data streams take
	noID   bool   // the target makes ids of its own
	prefix string // goes before each id
	rank   int64  // external version of all its documents; 0: none, or their own
	found  bool   // its name came from a transform, while documents were moved

	head    string // of the action line, up to the name of the index
	escaped string // name of the index within a JSON string
}

// newRoute returns a route to an index. The head follows when it is known what the target has there.
func newRoute(target string) *route {
	to := &route{target: target}
	to.prepare()
	return to
}

// prepare makes the begin of the action line.
func (to *route) prepare() {
	action := "index"
	if to.create {
		action = "create"
	}
	to.escaped = string(appendEscaped(nil, to.target))
	to.head = `{"` + action + `":{"_index":"` + to.escaped + `"`
}

// appendOperation appends the two lines that write the document.
func appendOperation(dst []byte, to *route, d Document) []byte {
	dst = append(dst, to.head...)
	if !to.noID {
		dst = append(dst, `,"_id":"`...)
		dst = appendEscaped(dst, to.prefix)
		dst = appendEscaped(dst, d.ID)
		dst = append(dst, '"')
	}
	if d.Routing != nil {
		dst = append(dst, `,"routing":"`...)
		dst = appendEscaped(dst, d.Routing)
		dst = append(dst, '"')
	}
	version := d.Version
	if to.rank > 0 {
		version = to.rank
	}
	if version > 0 && !to.create && !to.noID {
		dst = appendVersion(dst, version)
	}
	dst = append(dst, "}}\n"...)
	dst = AppendLine(dst, d.Source)
	return append(dst, '\n')
}

// chooseTargets says where documents of each type go, or why they can't. stream is the data stream that the index backs,
// or "".
func (r *reading) chooseTargets(choices Choices, stream string) (refusal string) {
	if decided, refusal := r.chooseTransformed(choices, stream); decided {
		return refusal
	}
	if len(r.types) < 2 {
		to, refusal := r.chooseTarget(choices, stream)
		r.only, r.routes = to, map[string]*route{}
		for _, name := range r.types {
			r.routes[name] = to
		}
		return refusal
	}
	switch choices.MultiType {
	case MultiTypeSplit:
		r.how = join(r.how, "split")
		return r.chooseSplit(choices)
	case MultiTypeUnion:
		to, refusal := r.chooseTarget(choices, "")
		r.routes = map[string]*route{}
		for _, name := range r.types {
			each := *to
			r.routes[name] = &each
		}
		r.how = join(r.how, "union")
		return refusal
	}
	if r.open { // transforms are to tell them apart, and those that they do not stay out
		r.routes = map[string]*route{}
		return ""
	}
	return fmt.Sprintf("it has the types %s, the target's indices have none, and the same id under two types would be one document; nothing of it was moved. "+
		"With --multi-type-resolution split the documents of type T go to index %s_T; with union all go to %s, if no id is there twice", strings.Join(r.types, ", "), r.index, r.index)
}

// chooseTarget says where the documents of an index go that are not told apart.
func (r *reading) chooseTarget(choices Choices, stream string) (*route, string) {
	if name, mapped := choices.IndexMap.Apply(r.index); mapped {
		r.how = join(r.how, "to "+name)
	}
	return choices.address(r.index, stream)
}

// address is where documents go that the source, or a transform, has under a name. stream is the data stream that goes before, or "".
func (c Choices) address(named, stream string) (to *route, refusal string) {
	choices := c
	name, mapped := choices.IndexMap.Apply(named)
	if mapped {
		stream = ""
	}
	if stream != "" {
		stream, _ = choices.IndexMap.Apply(stream)
		if choices.PilotPrefix != "" { // the backing indices of a stream make one index
			name, stream = stream, ""
		}
	}
	if bad := selection.IndexNameProblem(choices.PilotPrefix + name); mapped && bad != "" {
		return newRoute(name), fmt.Sprintf("--index-map makes %q of it, which is no name of an index: %s; nothing of it was moved", name, bad)
	}
	to = newRoute(choices.PilotPrefix + name)
	to.named, to.noID, to.stream = named, choices.GeneratedIDs, stream
	return to, ""
}

// chooseSplit has documents of type T go to INDEX_T.
func (r *reading) chooseSplit(choices Choices) (refusal string) {
	r.routes = map[string]*route{}
	owners := map[string]string{}
	for _, name := range r.types {
		target := strings.ToLower(r.index + "_" + name)
		if to, mapped := choices.IndexMap.Apply(target); mapped {
			target = to
		} else if to, mapped := choices.IndexMap.Apply(r.index); mapped {
			target = strings.ToLower(to + "_" + name)
		}
		target = choices.PilotPrefix + target
		if selection.IndexNameProblem(target) != "" {
			return fmt.Sprintf("its type %s makes no name of an index; nothing of it was moved. Reindex that type on the source", name)
		}
		if other, taken := owners[target]; taken {
			return fmt.Sprintf("its types %s and %s would both go to index %s; nothing of it was moved. Reindex one of them on the source", other, name, target)
		}
		to := newRoute(target)
		to.named, to.noID = r.index, choices.GeneratedIDs
		owners[target], r.routes[name] = name, to
	}
	return ""
}

// each yields the routes with the mapping type they are for, "" where there is only one, in a fixed order.
func (r *reading) each(yield func(mappingType string, to *route) bool) {
	if r.only != nil {
		yield("", r.only)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(r.routes)) {
		if to := r.routes[name]; to != nil && !yield(name, to) {
			return
		}
	}
}

// targetNames returns the names on the target that documents go to, sorted, each once.
func (r *reading) targetNames() []string {
	var names []string
	for _, to := range r.each {
		names = append(names, to.target)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// split tells whether documents are told apart by their mapping type.
func (r *reading) split() bool { return r.only == nil && len(r.types) > 1 }

// route returns how a document is addressed; nil: a rule drops it.
func (r *reading) route(d Document) (*route, error) {
	if d.Type == nil && (r.only != nil || len(r.types) < 2) {
		return r.only, nil
	}
	if to, ok := r.routes[string(d.Type)]; ok {
		return to, nil
	}
	return nil, unsent("other_type", "its type %q is not in the mapping of the index, which has %q: under the same id there may be another document", d.Type, r.types)
}

// conflict says how a document counts that the target does not take because it has one of the id: a newer version, or in
// a data stream any.
func (r *reading) conflict() bulk.Conflict {
	if r.rewrites { // transforms may have documents created, and give them versions
		return bulk.ConflictSuperseded
	}
	for _, to := range r.each {
		if to.create || to.rank > 0 {
			return bulk.ConflictSuperseded
		}
	}
	if r.versions == VersionsSeqNo {
		return bulk.ConflictSuperseded
	}
	return bulk.ConflictRefused
}

// streamOf returns the data stream that an index backs: what the snapshot says, or else what its name does.
func streamOf(streams map[string]string, index *snapshot.Index) string {
	if stream := streams[index.Name]; stream != "" {
		return stream
	}
	return backed(index.Name)
}

// backed returns the data stream of which a name is a backing index, "" where it is none: .ds-STREAM-NNNNNN, or
// .ds-STREAM-yyyy.MM.dd-NNNNNN from Elasticsearch 7.11 on.
func backed(name string) string {
	const prefix = ".ds-"
	rest, ok := strings.CutPrefix(name, prefix)
	at := strings.LastIndexByte(rest, '-')
	if !ok || at < 1 || len(rest)-at < 7 || !digits(rest[at+1:]) {
		return ""
	}
	rest = rest[:at]
	const date = "-yyyy.MM.dd"
	if n := len(rest) - len(date); n > 0 && rest[n] == '-' && rest[n+5] == '.' && rest[n+8] == '.' && digits(rest[n+1:n+5]+rest[n+6:n+8]+rest[n+9:]) {
		return rest[:n]
	}
	return rest
}

func digits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}
