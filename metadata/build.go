package metadata

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"migassist/cluster"
	"migassist/metadata/rules"
	"migassist/selection"
	"migassist/snapshot"
	"migassist/transform"
)

// Input is what a plan is made from.
type Input struct {
	// Snapshot is the source; URI names its repository in the plan. Source may be
	// given instead.
	Snapshot *snapshot.Snapshot
	URI      string
	Source   *Source
	Target   TargetReader

	// Which items take part; see package selection.
	Indices            selection.Allowlist
	ComponentTemplates selection.Allowlist
	// IndexTemplates is for legacy and composable ones alike.
	IndexTemplates selection.Allowlist

	// Options are what rules do only where they are asked to.
	Options rules.Options

	// Renames gives indices and data streams other names; nil: none. They are to be those of rfs.
	Renames *selection.Renames
	// AwarenessAttributes is of how many copies of a shard there is to be a multiple; 0: as on the source.
	AwarenessAttributes int
	// AllowExisting accepts indices of the target that are compatible with what they should be.
	AllowExisting bool
	// ClusterSettings brings persistent settings of the cluster too, where the target has not set them.
	ClusterSettings bool

	// MultiType is for items with several mapping types that no type mapping tells about.
	MultiType MultiType
	// TypeMappings and Transforms may be nil. Type mappings are to be those of rfs; transforms rewrite items after the rules.
	TypeMappings TypeMappings
	Transforms   Transforms
}

// NewPlan reads source and target and decides about every item. It changes
// nothing. A pair of versions without rules is a *rules.UnsupportedError.
func NewPlan(ctx context.Context, in Input) (*Plan, error) {
	b, err := build(ctx, in)
	if err != nil {
		return nil, err
	}
	return b.plan, nil
}

func build(ctx context.Context, in Input) (*builder, error) {
	source := in.Source
	if source == nil {
		var err error
		if source, err = Read(ctx, in.Snapshot, in.URI); err != nil {
			return nil, err
		}
	}
	b, err := newBuilder(ctx, in, source)
	if err != nil {
		return nil, err
	}
	b.named(ctx)
	b.templates(ctx, rules.ComponentTemplate, in.ComponentTemplates)
	b.templates(ctx, rules.IndexTemplate, in.IndexTemplates)
	b.templates(ctx, rules.LegacyTemplate, in.IndexTemplates)
	b.missingTemplates(in)
	if err := b.indices(ctx, in.Indices); err != nil {
		return nil, err
	}
	b.unique()
	b.composed()
	b.aliases()
	b.shield()
	b.finishing()
	b.attached()
	b.pipelines()
	if err := b.compare(ctx, in.Target); err != nil {
		return nil, err
	}
	b.findings()
	b.plan.Target.Seen = b.present.seen(b.plan.Steps)
	b.plan.Source.State = hex.EncodeToString(b.read.Sum(nil)[:8])
	b.plan.count()
	return b, nil
}

// builder is a plan in the making.
type builder struct {
	in      Input
	plan    *Plan
	source  *Source
	rules   *rules.Set
	present *present
	able    able
	// missing counts the lists of templates an allowlist entry was looked for in and not found.
	missing map[string]int
	// streamOf has the data stream by index of the source, fed the one of the target by the source's where documents go into it.
	streamOf, fed map[string]string
	waiting       map[*Step][]rules.Later
	read          hash.Hash // of the items that were read
	// transformer may be nil.
	transformer transform.Transformer
}

func newBuilder(ctx context.Context, in Input, source *Source) (*builder, error) {
	info := in.Target.Info()
	if source.Origin.Snapshot == "" && source.Origin.UUID != "" && source.Origin.UUID == info.UUID {
		return nil, fmt.Errorf("the source %s and the target %s are one cluster (its UUID is %s): give --target-host the cluster that is to get the metadata", source.Origin.URI, in.Target.URL(), info.UUID)
	}
	plan := &Plan{
		Format: PlanFormat, Source: source.Origin, Steps: []*Step{}, Findings: []Finding{}, Notes: source.Notes, Gaps: source.Gaps,
		AllowExisting: in.AllowExisting,
		Target:        Destination{URL: in.Target.URL(), Name: info.Name, UUID: info.UUID, Version: info.Version},
	}
	if asked, ok := in.Target.(NodesReader); ok {
		nodes, err := asked.Nodes(ctx)
		if err != nil && !cluster.Unauthorized(err) && !cluster.NotFound(err) {
			return nil, err
		}
		plan.Target.DataNodes, plan.Target.Modules = nodes.Data, nodes.Modules
	}
	set, err := rules.For(rules.Pair{From: source.Origin.Version, To: info.Version}, rules.NewModules(plan.Target.Modules))
	if err != nil {
		return nil, err
	}
	plan.Target.Known = set.Asked()
	there, err := readTarget(ctx, in.Target)
	if err != nil {
		return nil, err
	}
	can, err := askAble(ctx, in.Target, source.Items)
	if err != nil {
		return nil, err
	}
	b := &builder{
		in: in, plan: plan, able: can, source: source, rules: set.With(in.Options), present: there, missing: map[string]int{},
		streamOf: map[string]string{}, fed: map[string]string{}, waiting: map[*Step][]rules.Later{}, read: sha256.New(),
	}
	if in.Transforms != nil {
		b.transformer = in.Transforms.New()
	}
	return b, nil
}

// templates plans the templates of one kind.
func (b *builder) templates(ctx context.Context, kind rules.Kind, allow selection.Allowlist) {
	items := map[string]*rules.Item{}
	var candidates []selection.Candidate
	for _, item := range b.source.Items {
		if item.Kind == kind {
			items[item.Name] = item
			candidates = append(candidates, selection.Candidate{Name: item.Name, Managed: managed(item)})
		}
	}
	result := selection.Templates(candidates, allow)
	for _, entry := range result.Missing {
		b.missing[entry]++
	}
	b.add(ctx, kind, result, func(name string) (*rules.Item, error) { return items[name], nil })
}

// managed reads the mark that the product sets on what it installs.
func managed(item *rules.Item) bool {
	body := item.Rest
	if item.Kind == rules.Policy {
		body, _ = body["policy"].(map[string]any)
	}
	meta, _ := body["_meta"].(map[string]any)
	mark, _ := meta["managed"].(bool)
	return mark
}

// missingTemplates reports entries that no list of templates answered to. The
// allowlist of index templates is for two kinds and has to miss in both.
func (b *builder) missingTemplates(in Input) {
	for _, list := range []struct {
		allow selection.Allowlist
		kinds int
		what  rules.Kind
	}{{in.ComponentTemplates, 1, rules.ComponentTemplate}, {in.IndexTemplates, 2, rules.IndexTemplate}} {
		for _, entry := range list.allow.Entries() {
			if b.missing[entry] >= list.kinds {
				b.plan.find(list.what, entry, "the source has no template that this entry of the allowlist names")
			}
		}
	}
}

func (b *builder) indices(ctx context.Context, allow selection.Allowlist) error {
	candidates := make([]selection.Candidate, 0, len(b.source.Indices))
	for _, index := range b.source.Indices {
		candidates = append(candidates, selection.Candidate{Name: index.Name, DataStream: index.DataStream})
		b.streamOf[index.Name] = index.DataStream
	}
	result := selection.Indices(candidates, allow)
	b.streams(ctx, result.Chosen)
	for _, entry := range result.Missing {
		b.plan.find(rules.Index, entry, "the source has no index that this entry of the allowlist names")
	}
	var broken error
	b.add(ctx, rules.Index, result, func(name string) (*rules.Item, error) {
		if err := cmp.Or(broken, context.Cause(ctx)); err != nil {
			return nil, err
		}
		item, err := b.source.Index(ctx, name)
		if unreachable(err) {
			broken = err
		}
		return item, err
	})
	return cmp.Or(broken, context.Cause(ctx))
}

// unreachable tells whether a source does not answer at all any more, or not to us: what else it has can't be read either.
func unreachable(err error) bool {
	if _, cut := errors.AsType[*cluster.ConnectionError](err); cut {
		return true
	}
	answer, answered := errors.AsType[*cluster.Error](err)
	return answered && answer.Status == http.StatusUnauthorized
}

// add makes the steps of one kind, in the order of their names.
func (b *builder) add(ctx context.Context, kind rules.Kind, result selection.Result, read func(name string) (*rules.Item, error)) {
	var steps []*Step
	var parts []*part
	for _, name := range result.Chosen {
		_, named := b.in.Renames.Apply(name) // one that is given a name of its own does not go into the stream
		if stream := b.fed[b.streamOf[name]]; kind == rules.Index && stream != "" && !named {
			steps = append(steps, &Step{Kind: kind, Name: name, Action: Left, Reason: "its documents go into the data stream " + stream + ", which makes its own indices, by its template"})
			continue
		}
		item, err := read(name)
		if err != nil {
			steps = append(steps, &Step{Kind: kind, Name: name, Action: Refused, Reason: reasonOf(err)})
			continue
		}
		b.read.Write([]byte(sum(kind, name, item.Described())))
		own, refusal := b.parts(item)
		switch {
		case refusal != "":
			steps = append(steps, &Step{Kind: kind, Name: name, Before: NewBody(item.Described()), Action: Refused, Reason: refusal})
		case len(own) == 0:
			steps = append(steps, &Step{Kind: kind, Name: name, Action: Left, Reason: "no type mapping takes it"})
		}
		for _, p := range own {
			p.pack()
		}
		parts = append(parts, own...)
	}
	for _, group := range together(parts) {
		steps = append(steps, b.steps(ctx, kind, group)...)
	}
	for _, out := range result.Excluded {
		steps = append(steps, &Step{Kind: kind, Name: out.Name, Action: Left, Reason: out.Reason})
	}
	slices.SortStableFunc(steps, func(a, b *Step) int { return strings.Compare(a.Name, b.Name) })
	b.plan.Steps = append(b.plan.Steps, steps...)
}

// parts are what an item gives to items of the target.
func (b *builder) parts(item *rules.Item) (parts []*part, refusal string) {
	switch item.Kind {
	case rules.Index:
		return b.indexParts(item)
	case rules.LegacyTemplate:
		return b.templateParts(item), ""
	case rules.ClusterSettings, rules.StoredScript, rules.IngestPipeline, rules.SearchPipeline, rules.Policy, rules.ComponentTemplate, rules.IndexTemplate: // without types
	case rules.DataStream:
		return b.wholeIndex(item)
	}
	return []*part{whole(item)}, ""
}

// steps are those of an item of the target that is made of parts: one, or what transforms make of it.
func (b *builder) steps(ctx context.Context, kind rules.Kind, group []*part) []*Step {
	step := &Step{Kind: kind, Name: group[0].target, Before: group[0].before}
	b.origins(step, group)
	item, refusal := b.rewrite(step, group)
	if refusal != "" {
		step.Action, step.Reason = Refused, refusal
		return []*Step{step}
	}
	b.givePatterns(step, item)
	return b.transformed(ctx, step, item)
}

// rewrite applies the rules to each part and puts them together.
func (b *builder) rewrite(step *Step, group []*part) (item *rules.Item, refusal string) {
	var pieces []rules.Piece
	told := map[string]bool{} // what is the same for each type of an index is told once
	for _, p := range group {
		outcome := b.rules.Rewrite(p.unpack())
		b.wait(step, outcome.Later)
		for _, change := range slices.Concat(p.changes, outcome.Changes) {
			if len(group) > 1 {
				key := fmt.Sprintf("%s %s %v %v", change.Path, change.Rule, change.Before, change.After)
				if told[key] {
					continue
				}
				told[key] = true
			}
			step.Changes = append(step.Changes, change)
		}
		if outcome.Refusal != nil {
			if refusal = outcome.Refusal.String(); len(group) > 1 {
				refusal = p.name() + ": " + refusal
			}
			return nil, refusal
		}
		pieces = append(pieces, rules.Piece{Name: p.name(), Item: outcome.Item})
	}
	step.Changes = slices.Clone(step.Changes) // there are many, and it grew by doubling
	if len(pieces) == 1 {
		return pieces[0].Item, ""
	}
	outcome := rules.Unite(pieces)
	step.Changes = append(step.Changes, outcome.Changes...)
	if outcome.Refusal != nil {
		return nil, outcome.Refusal.String()
	}
	return outcome.Item, ""
}

// settle decides about a step whose item is as it is wanted.
func (b *builder) settle(ctx context.Context, step *Step, item *rules.Item) {
	freeName(step, item)
	b.spread(step, item)
	step.After = NewBody(item.Body())
	switch reason := b.present.lacking(step.Kind); {
	case reason != "":
		b.refuse(step, reason)
		return
	case step.Kind == rules.ClusterSettings:
		b.settleSettings(step, item)
		return
	case b.present.has(step.Kind, step.Name):
		step.Action = Exists
		return
	case step.Kind == rules.Policy && templated(item):
		step.Action = Finish
		return
	}
	if reason := b.able.inability(ctx, item); reason != "" {
		b.refuse(step, reason)
		return
	}
	step.Action, step.Request = Create, request(step.Kind, step.Name, step.After)
	b.note(step, item)
}

// reasonOf is an error in one line.
func reasonOf(err error) string { return strings.ReplaceAll(err.Error(), "\n", " ") }

func (b *builder) note(step *Step, item *rules.Item) {
	if source, _ := item.Mappings["_source"].(map[string]any); source != nil && fmt.Sprint(source["enabled"]) == "false" {
		step.Notes = append(step.Notes, "its _source is off: the index is created, and there are no documents to bring to it")
	}
}

// unique refuses what transforms gave a name that another item has.
func (b *builder) unique() {
	taken := map[item]bool{}
	for _, step := range b.plan.Steps {
		if step.Action != Create && step.Action != Exists {
			continue
		}
		if at := (item{step.Kind, step.Name}); taken[at] {
			b.refuse(step, "another "+words(step.Kind)+" of the plan has this name")
		} else {
			taken[at] = true
		}
	}
}

// composed refuses index templates that would be put together with component
// templates the target will not have: it would refuse them itself.
func (b *builder) composed() {
	components := map[string]string{}
	for _, step := range b.plan.Steps {
		if step.Kind == rules.ComponentTemplate && step.Action != Exists && step.Action != Create {
			components[step.Name] = string(step.Action)
		}
	}
	known := map[string]bool{}
	for _, step := range b.plan.Steps {
		known[step.Name] = known[step.Name] || step.Kind == rules.ComponentTemplate && step.Action == Create
	}
	for _, step := range b.plan.Steps {
		if step.Kind != rules.IndexTemplate || step.Action != Create {
			continue
		}
		names, _ := step.After.Object()["composed_of"].([]any)
		for _, name := range names {
			text := fmt.Sprint(name)
			if known[text] || b.present.has(rules.ComponentTemplate, text) {
				continue
			}
			why := "the source does not have"
			if action := components[text]; action != "" {
				why = "is " + action
			}
			b.refuse(step, fmt.Sprintf("it is composed of the component template %s, which %s", text, why))
			break
		}
	}
}

func (b *builder) refuse(step *Step, reason string) {
	step.Action, step.Reason, step.Request = Refused, reason, nil
}

// aliases refuses what would take a name the target uses for something else.
func (b *builder) aliases() {
	for _, step := range b.plan.Steps {
		if step.Kind != rules.Index || step.Action != Create {
			continue
		}
		if b.present.indices[step.Name] {
			b.refuse(step, "the target has an alias of this name")
			continue
		}
		aliases := step.After.Part("aliases")
		for alias := range aliases {
			if b.present.has(rules.Index, alias) {
				b.refuse(step, fmt.Sprintf("its alias %s is the name of an index of the target", alias))
			}
		}
	}
}

// compare holds what exists against what would be created.
func (b *builder) compare(ctx context.Context, target TargetReader) error {
	for _, step := range b.plan.Steps {
		if step.Action != Exists {
			continue
		}
		current, err := b.present.current(ctx, target, step.Kind, step.Name)
		if err != nil {
			return fmt.Errorf("compare %s %s with the target's: %w", step.Kind, step.Name, err)
		}
		wanted, err := step.wanted()
		if err != nil {
			return err
		}
		step.Differences = b.plan.Target.differences(wanted, current)
		step.Match = matchOf(step.Kind, step.Differences)
	}
	return nil
}

// findings says what of the steps a person should look at.
func (b *builder) findings() {
	p := b.plan
	if known, asked := p.Target.Known, p.Target.Version; known.Major != asked.Major || known.Minor != asked.Minor {
		p.find("", "", "there is no table of what %s knows; that of %s was used", asked, known)
	}
	told := map[string]bool{}
	var yellow []string
	for _, step := range p.Steps {
		switch step.Action {
		case Refused:
			p.find(step.Kind, step.Name, "refused: %s", step.Reason)
		case Exists:
			if what := existing(step.Match, p.AllowExisting, step.Differences, "nothing is changed there"); what != "" {
				p.find(step.Kind, step.Name, "%s", what)
			}
		case Finish:
			b.lossy(step)
		case Create:
			b.lossy(step)
			if b.yellow(step) {
				yellow = append(yellow, step.Name)
			}
		case Left:
		}
		if stream := b.streamOf[step.source()]; step.Kind == rules.Index && stream != "" && step.Action == Create && !told[stream] {
			told[stream] = true
			p.find(rules.Index, step.Name, "it backs the data stream %s, which the target does not get; "+
				"so its backing indices become ordinary hidden indices under their own names", stream)
		}
	}
	if len(yellow) > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d indices want more copies of a shard than the target has data nodes (%d), and stay yellow until it has more: %s",
			len(yellow), p.Target.DataNodes, few(yellow)))
	}
}

// lossy is one finding for each rule that loses something.
func (b *builder) lossy(step *Step) {
	paths := map[string][]string{}
	why := map[string]string{}
	var order []string
	for _, change := range step.Changes {
		if change.Fidelity != rules.Lossy {
			continue
		}
		if paths[change.Rule] == nil {
			order = append(order, change.Rule)
			why[change.Rule] = change.Why
		}
		paths[change.Rule] = append(paths[change.Rule], change.Path)
	}
	for _, rule := range order {
		b.plan.find(step.Kind, step.Name, "lossy (%s): %s", rule, why[rule])
		b.plan.Findings[len(b.plan.Findings)-1].Paths = paths[rule]
	}
}

// yellow tells whether the target has too few nodes for the copies of an index.
func (b *builder) yellow(step *Step) bool {
	settings := step.settings()
	replicas, err := strconv.Atoi(fmt.Sprint(settings["index.number_of_replicas"]))
	expand := settings["index.auto_expand_replicas"]
	nodes := b.plan.Target.DataNodes
	return step.Kind == rules.Index && err == nil && nodes > 0 && replicas >= nodes && (expand == nil || fmt.Sprint(expand) == "false")
}

// few names some paths and counts the others.
func few(paths []string) string {
	const shown = 3
	if len(paths) <= shown {
		return strings.Join(paths, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(paths[:shown], ", "), len(paths)-shown)
}
