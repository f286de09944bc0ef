package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"migassist/cluster"
	"migassist/metadata"
	"migassist/metadata/rules"
)

// atOnce is how many indices are there at the same time: the master of a cluster makes them one after the other, and their shards start meanwhile.
const atOnce = 4

// sample has what analyzers meet: words, numbers, marks, other scripts, markup.
const sample = "The quick-brown foxes' 42 e-mails: naïve café, 東京タワー, Straße, 1.5 <b>user@example.org</b> C3PO_x"

// trial is an index to be tried.
type trial struct {
	name     string
	settings map[string]any // flat
	mappings map[string]any
	aliases  map[string]any
}

// body asks for as little as an index can have.
func (t trial) body() (json.RawMessage, error) {
	settings := map[string]any{}
	for name, value := range t.settings {
		if strings.HasPrefix(name, "index.blocks.") {
			continue // it could not be removed
		}
		settings[name] = value
	}
	delete(settings, "index.auto_expand_replicas")
	settings["index.number_of_shards"], settings["index.number_of_replicas"] = 1, 0
	body := map[string]any{"settings": settings}
	if len(t.mappings) > 0 {
		body["mappings"] = t.mappings
	}
	aliases := map[string]any{}
	for i, name := range slices.Sorted(maps.Keys(t.aliases)) {
		alias, _ := t.aliases[name].(map[string]any)
		alias = maps.Clone(alias)
		delete(alias, "is_write_index")
		if alias == nil {
			alias = map[string]any{}
		}
		aliases[t.alias(i)] = alias
	}
	if len(aliases) > 0 {
		body["aliases"] = aliases
	}
	return encoded(body)
}

// alias is a throw-away name of an alias.
func (t trial) alias(i int) string { return fmt.Sprintf("%s-a%04d", t.name, i) }

// likeness is the same for indices that need to be tried only once.
func (t trial) likeness() (string, error) {
	t.name = ""
	body, err := t.body()
	return string(body), err
}

// indices tries those that are not alike.
func (p *probe) indices(ctx context.Context) error {
	groups := map[string][]int{}
	var order []string
	for i, step := range p.plan.Steps {
		if step.Action != metadata.Create || step.Request == nil || step.Kind != rules.Index {
			continue
		}
		like, err := p.trial(i).likeness()
		if err != nil {
			return err
		}
		if groups[like] == nil {
			order = append(order, like)
		}
		groups[like] = append(groups[like], i)
	}
	if len(order) == 0 {
		return nil
	}
	if room, err := p.room(ctx); err != nil || !room {
		return err
	}
	answers := make([][]error, len(order))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(atOnce)
	for at, like := range order {
		work.Go(func() error {
			answers[at] = p.try(ctx, p.trial(groups[like][0]))
			return ended(ctx, answers[at])
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	for at, like := range order {
		p.tried++
		p.alike += len(groups[like]) - 1
		for _, i := range groups[like] {
			p.answered(i, groups[like][0], answers[at])
		}
	}
	return nil
}

// ended is the error among a trial's that ends the work.
func ended(ctx context.Context, errs []error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	for _, err := range errs {
		if _, gone := errors.AsType[*cluster.ConnectionError](err); gone {
			return err
		}
	}
	return nil
}

// answered keeps what the target said of an index, or of the one that stood for it.
func (p *probe) answered(i, tried int, errs []error) {
	stood := p.trial(tried)
	own := slices.Sorted(maps.Keys(p.trial(i).aliases))
	for _, err := range errs {
		reason := err.Error()
		for at, alias := range own {
			reason = strings.ReplaceAll(reason, stood.alias(at), alias)
		}
		p.refused(i, strings.ReplaceAll(reason, stood.name, p.plan.Steps[i].Name))
	}
}

func (p *probe) trial(i int) trial {
	body := p.plan.Steps[i].Request.Body.Object()
	settings, _ := body["settings"].(map[string]any)
	t := trial{name: p.name(i), settings: rules.FlatSettings(settings)}
	t.mappings, _ = body["mappings"].(map[string]any)
	t.aliases, _ = body["aliases"].(map[string]any)
	return t
}

// try makes an index, uses its analyzers, and removes it.
func (p *probe) try(ctx context.Context, t trial) (errs []error) {
	body, err := t.body()
	if err != nil {
		return []error{err}
	}
	err = p.target.CreateIndexStarted(ctx, t.name, body)
	switch {
	case err == nil:
		errs = p.analyze(ctx, t)
	case errors.Is(err, cluster.ErrNotStarted):
		errs = []error{err}
	default:
		return []error{err} // what is there for all that is removed in the end
	}
	if err := p.target.DeleteIndex(ctx, t.name); err != nil && !cluster.NotFound(err) && !errors.Is(err, cluster.ErrNotAcknowledged) {
		errs = append(errs, fmt.Errorf("remove the index of the probe: %w", err))
	}
	return errs
}

// analyze uses each analyzer and normalizer of an index.
func (p *probe) analyze(ctx context.Context, t trial) (errs []error) {
	for _, one := range used(t.settings) {
		body, err := encoded(map[string]any{one.as: one.name, "text": sample})
		if err == nil {
			err = p.target.Analyze(ctx, t.name, body)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("its %s %s does not work: %w", one.as, one.name, err))
		}
	}
	return errs
}

// part is an analyzer or a normalizer.
type part struct{ as, name string }

// used are those that settings define.
func used(settings map[string]any) []part {
	seen := map[part]bool{}
	for name := range settings {
		for _, as := range []string{"analyzer", "normalizer"} {
			rest, ok := strings.CutPrefix(name, "index.analysis."+as+".")
			if at := strings.LastIndexByte(rest, '.'); ok && at > 0 {
				seen[part{as, rest[:at]}] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b part) int { return strings.Compare(a.as+" "+a.name, b.as+" "+b.name) })
}

// room finds indices that the limit of shards would keep from being made, and tells whether the probe's have room.
func (p *probe) room(ctx context.Context) (bool, error) {
	settings, err := p.target.ClusterSettings(ctx)
	if cluster.Unauthorized(err) {
		p.notes = append(p.notes, "probe: whether the target has room for all shards is not known, as its settings may not be read")
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the settings of the target: %w", err)
	}
	perNode, err := strconv.Atoi(settings["cluster.max_shards_per_node"])
	nodes, unknown := p.target.Nodes(ctx)
	if err != nil || unknown != nil || nodes.Data == 0 || perNode <= 0 {
		return true, nil //nolint:nilerr // where there is no limit to be read, there is none to be told of
	}
	open, err := p.target.OpenShards(ctx)
	if err != nil {
		return false, err
	}
	limit := perNode * nodes.Data
	p.crowded(open, limit)
	if open+atOnce > limit {
		p.notes = append(p.notes, fmt.Sprintf("probe: indices were not tried, as the target has %d of the %d shards that it may have (cluster.max_shards_per_node %d)", open, limit, perNode))
		return false, nil
	}
	return true, nil
}

// crowded goes through the indices in the order in which they are made, as the target counts.
func (p *probe) crowded(open, limit int) {
	for i, step := range p.plan.Steps {
		if step.Action != metadata.Create || step.Request == nil || step.Kind != rules.Index {
			continue
		}
		settings := p.trial(i).settings
		shards, copies := whole(settings["index.number_of_shards"], 1), whole(settings["index.number_of_replicas"], 1)
		wanted := shards * (1 + copies)
		if open+wanted > limit {
			p.refused(i, fmt.Sprintf("it wants %d shards with their copies, and by then the target has %d of the %d that it may have: "+
				"raise its cluster.max_shards_per_node, add nodes, or migrate with fewer indices", wanted, open, limit))
			continue
		}
		open += wanted
	}
}

func whole(value any, otherwise int) int {
	if number, err := strconv.Atoi(fmt.Sprint(value)); err == nil {
		return number
	}
	return otherwise
}

// decode keeps numbers as they are written.
func decode(raw json.RawMessage, into any) error {
	if len(raw) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return decoder.Decode(into)
}
