package rfs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/cluster"
)

// Places asks a target what it has under names: indices by their own name, wherever a name leads.
type Places interface {
	Places(ctx context.Context, names ...string) (map[string]cluster.Place, error)
}

var _ Places = (*cluster.Client)(nil)

// receivers is what a target has: its indices by name.
type receivers map[string]cluster.Place

// receiver is what takes the documents that are sent to a name.
type receiver struct {
	kind  receiverKind
	name  string          // that operations are to carry
	write []cluster.Place // what they are written to; of a stream any of its indices, for one follows the other
}

type receiverKind int

const (
	receivesNone receiverKind = iota
	receivesIndex
	receivesAlias
	receivesStream
)

// errNoWriteIndex is of an alias of several indices.
var errNoWriteIndex = errors.New("is an alias of several indices on the target, none of which takes what is written to it; " +
	"say is_write_index for one of them, or name one with --index-map")

// find returns what takes documents under a name.
func (r receivers) find(name string) (receiver, error) {
	if place, ok := r[name]; ok && place.Stream == "" {
		return receiver{receivesIndex, name, []cluster.Place{place}}, nil
	} else if ok { // a backing index takes no documents but through its stream
		return receiver{receivesStream, place.Stream, []cluster.Place{place}}, nil
	}
	var behind []string
	stream := receiver{kind: receivesStream, name: name}
	for _, index := range slices.Sorted(maps.Keys(r)) {
		if r[index].Stream == name {
			stream.write = append(stream.write, r[index])
		}
		if writes, ok := r[index].Aliases[name]; !ok {
			continue
		} else if writes != nil && *writes {
			return receiver{receivesAlias, index, []cluster.Place{r[index]}}, nil
		}
		behind = append(behind, index)
	}
	switch {
	case len(stream.write) > 0:
		return stream, nil
	case len(behind) == 0:
		return receiver{}, nil
	case len(behind) > 1 || r[behind[0]].Aliases[name] != nil: // false
		return receiver{}, errNoWriteIndex
	}
	return receiver{receivesAlias, behind[0], []cluster.Place{r[behind[0]]}}, nil
}

// Address settles where documents go, by what the target has under the plan's names: through an alias into its write index,
// from a backing index into its data stream. What keeps documents out, or would change them, is an error that names all of
// it: nothing is written then. What the operator should know becomes findings of the plan.
func (p *Plan) Address(ctx context.Context, target Places) error {
	names := slices.Sorted(maps.Keys(p.addresses()))
	if len(names) == 0 {
		return nil
	}
	there, err := target.Places(ctx, names...)
	if err != nil {
		return fmt.Errorf("ask the target for its indices: %w", err)
	}
	a := &addressing{plan: p, there: there, told: map[string]bool{}}
	a.checkCluster(ctx, target)
	for _, index := range slices.Sorted(maps.Keys(p.readings)) {
		reading := p.readings[index]
		for _, to := range reading.each {
			if reading.open && !a.offers(to) {
				reading.forget(to) // should a document go there, it is asked again
				continue
			}
			a.settle(index, to)
		}
	}
	return a.err()
}

// addresses are all names that documents may go to.
func (p *Plan) addresses() map[string]bool {
	names := map[string]bool{}
	for _, reading := range p.readings {
		for _, to := range reading.each {
			names[to.target] = true
			if to.stream != "" {
				names[to.stream] = true
			}
		}
	}
	return names
}

// openAddresses are names that documents may go to, of which there need not be one: transforms say, document by document.
func (p *Plan) openAddresses() map[string]bool {
	names := map[string]bool{}
	for _, reading := range p.readings {
		for _, to := range reading.each {
			if reading.open {
				names[to.target] = true
			}
		}
	}
	return names
}

// addressing is one [Plan.Address] while it goes on.
type addressing struct {
	plan     *Plan
	there    receivers
	told     map[string]bool // names of which something was said
	missing  []string
	problems []error
}

// settle finds what takes the documents of a route.
func (a *addressing) settle(index string, to *route) {
	found, err := a.find(to)
	switch {
	case err != nil:
		a.problem(to.target, "%s %w", to.target, err)
		return
	case found.kind == receivesNone:
		if !slices.Contains(a.missing, to.target) {
			a.missing = append(a.missing, to.target)
		}
		return
	}
	for _, place := range found.write {
		a.check(found.name, place)
	}
	switch found.kind {
	case receivesAlias:
		a.tell(index, "alias", "%s is an alias on the target; documents go to %s, which takes what is written to it", to.target, found.name)
	case receivesStream:
		a.tell(index, "stream", "documents go to the data stream %s, each of which needs its @timestamp; one whose id is there already in the index that the stream writes to stays out, and counts as superseded", found.name)
	}
	to.target, to.stream, to.create = found.name, "", found.kind == receivesStream
	to.prepare()
}

// find returns the receiver of a route: the data stream of a backing index, if there is one.
func (a *addressing) find(to *route) (receiver, error) {
	if to.stream != "" {
		if found, err := a.there.find(to.stream); err == nil && found.kind == receivesStream {
			return found, nil
		}
	}
	return a.there.find(to.target)
}

// offers tells whether the target has what takes the documents of a route, and lets them in.
func (a *addressing) offers(to *route) bool {
	found, err := a.find(to)
	if err != nil || found.kind == receivesNone {
		return false
	}
	return !slices.ContainsFunc(found.write, func(place cluster.Place) bool { return len(place.Blocks) > 0 || place.FinalPipeline != "" })
}

// check finds what keeps documents out of an index, or changes them on their way.
func (a *addressing) check(name string, place cluster.Place) {
	if len(place.Blocks) > 0 {
		a.problem(name, "%s takes no documents on the target: it has %s; set that to false, or null, and begin again", name, strings.Join(place.Blocks, " and "))
	}
	if place.FinalPipeline != "" {
		a.problem(name, "%s has index.final_pipeline %s on the target, which no request can switch off and which would change documents; set it to _none for the time of the backfill", name, place.FinalPipeline)
	}
}

// checkCluster finds what keeps documents out of all indices, if the target may be asked that.
func (a *addressing) checkCluster(ctx context.Context, target Places) {
	asked, ok := target.(interface {
		ClusterSettings(ctx context.Context) (map[string]string, error)
	})
	if !ok {
		return
	}
	settings, err := asked.ClusterSettings(ctx)
	if err != nil { // users of indices often may not; what is blocked shows at the first request
		return
	}
	for _, name := range []string{"cluster.blocks.read_only", "cluster.blocks.read_only_allow_delete"} {
		if settings[name] == "true" {
			a.problem(name, "the target takes no documents: it has %s; set that to false, or null, and begin again", name)
		}
	}
}

// problem notes one of each kind for a name.
func (a *addressing) problem(name, format string, arguments ...any) {
	if key := name + " " + format; !a.told[key] {
		a.told[key] = true
		a.problems = append(a.problems, fmt.Errorf(format, arguments...))
	}
}

func (a *addressing) tell(index, kind, format string, arguments ...any) {
	if key := index + " " + format; !a.told[key] {
		a.told[key] = true
		a.plan.find(Finding{Index: index, Kind: kind, Reason: fmt.Sprintf(format, arguments...)})
	}
}

func (a *addressing) err() error {
	if len(a.missing) > 0 {
		a.problems = append(a.problems, a.plan.absent(a.missing))
	}
	return errors.Join(a.problems...)
}

// absent says what to do about names under which the target has nothing. Created by a bulk request, indices would get a
// guessed mapping.
func (p *Plan) absent(names []string) error {
	for _, name := range names {
		if from := p.Split(name); from != "" {
			return fmt.Errorf("the target has no index %s; create with the mappings of the types of %s, which metadata migrate does not split: %s", listed(names), from, name)
		}
	}
	for _, reading := range p.readings {
		for _, to := range reading.each {
			if slices.Contains(names, to.target) && to.target != reading.index {
				return fmt.Errorf("the target has no index %s, where --index-map or another choice sends documents of %s; create it, with the mapping that they need", listed(names), reading.index)
			}
		}
	}
	return fmt.Errorf("the target has no index %s; create with the same snapshot and allowlist: migassist metadata migrate", listed(names))
}

// listed joins names; of very many the first.
func listed(names []string) string {
	const most = 20
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s, and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// Identities tells what the target has under names, and the identity of each: the UUID of an index, which another one of
// the same name does not share, or that there is a data stream. It is for [Options].Indices.
func Identities(target Places) func(ctx context.Context, names ...string) (map[string]string, error) {
	return func(ctx context.Context, names ...string) (map[string]string, error) {
		there, err := target.Places(ctx, names...)
		if err != nil {
			return nil, err
		}
		identities := make(map[string]string, len(names))
		for _, name := range names {
			switch found, _ := receivers(there).find(name); found.kind {
			case receivesIndex:
				identities[name] = found.write[0].UUID
			case receivesStream:
				identities[name] = "data stream " + found.name
			}
		}
		return identities, nil
	}
}
