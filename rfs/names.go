package rfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"migassist/cluster"
	"migassist/rfs/lease"
	"migassist/selection"
)

// Where a transform names the index of a document by what it finds in it, nobody knows the names before. The target is asked for each once,
// when the first document goes there; what it has is settled for all workers by a record in the store, made before anything is written under
// the name. So all documents of a name go to the same place, and the close stage can count there.

// NameTarget is a target that is asked for names while documents are moved. One that is a [PilotTarget] too gets the indices of a pilot.
type NameTarget interface {
	Places
	Counter
}

var _ NameTarget = (*cluster.Client)(nil)

// foundPrefix is where in the store the names stand that were found while documents were moved.
const foundPrefix = "found/"

// mostNames bounds the names that transforms may give: a script that names one for each document is a mistake.
const mostNames = 10_000

// found is a name as the target had it when the first worker came to it.
type found struct {
	Target   string    `json:"target"` // that operations name
	Create   bool      `json:"create,omitempty"`
	Identity string    `json:"identity,omitempty"`
	Before   *int64    `json:"before,omitempty"` // documents that it had; nil: it does not say
	Findings []Finding `json:"findings,omitempty"`
}

// names are those that only transforms give, as this worker knows them.
type names struct {
	store   lease.Store
	target  NameTarget // nil: whatever they name is taken so
	choices Choices
	looking bool // see [Options]

	mu    sync.Mutex
	known map[nameKey]nameRoute
}

// nameKey is a name, and the data stream that goes before it.
type nameKey struct{ name, stream string }

// nameRoute is where documents of a name go, or why nowhere.
type nameRoute struct {
	to  *route
	bad *unsendable
}

func newNames(store lease.Store, target NameTarget, choices Choices) *names {
	return &names{store: store, target: target, choices: choices, known: map[nameKey]nameRoute{}}
}

// route returns how documents are addressed that a transform gave a name. A target or store that does not answer ends the worker.
func (n *names) route(ctx context.Context, r *reading, name string) (*route, error) {
	key := nameKey{name, r.streamOf(name, r.stream)}
	n.mu.Lock() // while it is asked too: others want the same name
	defer n.mu.Unlock()
	at, known := n.known[key]
	if !known {
		var err error
		if at, err = n.settle(ctx, r, key); err != nil {
			return nil, &ending{fmt.Errorf("find out where documents go that the transforms send to %s: %w", name, err)}
		}
		n.known[key] = at
	}
	if at.bad != nil {
		bad := *at.bad
		return nil, &bad
	}
	return at.to, nil
}

// settle finds out where documents of a name go.
func (n *names) settle(ctx context.Context, r *reading, key nameKey) (nameRoute, error) {
	if len(n.known) >= mostNames {
		return nowhere("the transforms gave %d different names to indices already; name fewer", mostNames), nil
	}
	to, refusal := n.choices.address(key.name, key.stream)
	if problem := selection.IndexNameProblem(to.target); refusal == "" && problem != "" && key.name != r.index {
		refusal = fmt.Sprintf("the transforms send it to %q, which is no name of an index: %s", to.target, problem)
	}
	if refusal != "" {
		return nowhere("%s", refusal), nil
	}
	to.found = true
	if n.target == nil {
		return nameRoute{to: to}, nil
	}
	if n.looking {
		return n.locate(ctx, to)
	}
	is, bad, err := n.ask(ctx, r.index, to)
	if bad != nil || err != nil {
		return nameRoute{bad: bad}, err
	}
	agreed, err := n.agree(ctx, to.target, is)
	if err != nil {
		return nameRoute{}, err
	}
	if agreed.Identity != is.Identity {
		return nowhere("%s on the target is not the index that it was when the first documents went there: it was deleted and made again", to.target), nil
	}
	to.target, to.stream, to.create = agreed.Target, "", agreed.Create
	to.prepare()
	return nameRoute{to: to}, nil
}

// locate finds where documents of a name are, as [Plan.Locate] does.
func (n *names) locate(ctx context.Context, to *route) (nameRoute, error) {
	asked := []string{to.target}
	if to.stream != "" {
		asked = append(asked, to.stream)
	}
	there, err := n.target.Places(ctx, asked...)
	if err != nil {
		return nameRoute{}, err
	}
	found, err := (&addressing{there: there}).find(to)
	switch {
	case err != nil:
		return nowhere("the transforms send it to %s, which %v", to.target, err), nil
	case found.kind != receivesNone:
		to.target, to.stream, to.create = found.name, "", found.kind == receivesStream
		to.prepare()
	}
	return nameRoute{to: to}, nil
}

func nowhere(format string, arguments ...any) nameRoute {
	return nameRoute{bad: unsent("no_index", format, arguments...)}
}

// ask finds what the target has under a name, and how many documents.
func (n *names) ask(ctx context.Context, index string, to *route) (is found, bad *unsendable, err error) {
	plan := &Plan{}
	settled := *to
	a := &addressing{plan: plan, told: map[string]bool{}}
	if err := n.look(ctx, a, &settled); err != nil {
		return is, nil, err
	}
	a.settle(index, &settled)
	switch {
	case len(a.missing) > 0:
		return is, nowhere("the transforms send it to %s, and the target has no such index; create it with the mapping that its documents need, and redrive them", to.target).bad, nil
	case len(a.problems) > 0:
		return is, nowhere("the transforms send it to %s: %v", to.target, errors.Join(a.problems...)).bad, nil
	}
	is = found{Target: settled.target, Create: settled.create, Findings: plan.Findings}
	identities, err := Identities(n.target)(ctx, is.Target)
	if err != nil {
		return is, nil, err
	}
	is.Identity = identities[is.Target]
	before, err := CountBefore(ctx, n.target, []string{is.Target}, nil)
	if count, known := before.Documents[is.Target]; known {
		is.Before = &count
	}
	return is, nil, err
}

// look asks for the places behind a route; of a pilot, the index is made if the one is there that it is to be like.
func (n *names) look(ctx context.Context, a *addressing, to *route) (err error) {
	asked := []string{to.target}
	if to.stream != "" {
		asked = append(asked, to.stream)
	}
	if a.there, err = n.target.Places(ctx, asked...); err != nil || n.choices.PilotPrefix == "" || len(a.there) > 0 {
		return err
	}
	pilots, can := n.target.(PilotTarget)
	model := strings.TrimPrefix(to.target, n.choices.PilotPrefix)
	there, err := n.target.Places(ctx, model)
	if err != nil || !can || len(there) == 0 {
		return err
	}
	if _, err := makePilot(ctx, pilots, there, to.target, model); err != nil {
		return err
	}
	a.there, err = n.target.Places(ctx, asked...)
	return err
}

// agree has all workers take a name alike: as the first one found it.
func (n *names) agree(ctx context.Context, name string, is found) (agreed found, err error) {
	err = lease.Update(ctx, n.store, foundPrefix+name, func(old []byte) ([]byte, error) {
		agreed = is
		if old == nil {
			return json.Marshal(is)
		}
		if err := json.Unmarshal(old, &agreed); err != nil {
			return nil, fmt.Errorf("record %s%s was changed or damaged: %w", foundPrefix, name, err)
		}
		return nil, nil
	})
	return agreed, err
}

// foundNames lists the names that were found while documents were moved.
func foundNames(ctx context.Context, store lease.Store) ([]found, error) {
	records, err := listFull(ctx, store, foundPrefix)
	if err != nil {
		return nil, err
	}
	var all []found
	for _, record := range records {
		var is found
		if err := json.Unmarshal(record.Body, &is); err != nil {
			return nil, fmt.Errorf("record %s was changed or damaged: %w", record.Key, err)
		}
		if !slices.ContainsFunc(all, func(other found) bool { return other.Target == is.Target }) {
			all = append(all, is)
		}
	}
	return all, nil
}

// note adds what a name had when the first document went there.
func (b *Before) note(is found) {
	if is.Before == nil {
		return
	}
	documents := map[string]int64{is.Target: *is.Before}
	maps.Copy(documents, b.Documents) // what was counted before the run is from earlier
	b.Documents = documents
}

// lost finds a name whose index is no longer the one that documents went to.
func (b *Backfill) lost(ctx context.Context, is found) []Finding {
	if b.options.Names == nil {
		return nil
	}
	now, err := Identities(b.options.Names)(ctx, is.Target)
	if err != nil || now[is.Target] == is.Identity {
		return nil // what does not answer shows when it is counted
	}
	return []Finding{{Index: is.Target, Kind: "replaced", Failed: true, Reason: "it was deleted on the target while documents were written, to which transforms sent them; " +
		"what had been written is gone: begin the run anew with another --state-file or --session-name"}}
}
