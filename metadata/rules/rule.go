package rules

import (
	"fmt"
	"slices"
	"strings"

	"migassist/cluster/version"
)

// Rule is one row of the table.
type Rule struct {
	// Name is what a report calls the rule: short, in kebab case, stable.
	Name string
	// Applies tells the pairs of versions; nil is every pair that has rules.
	Applies func(Pair) bool
	// On are the kinds of items; none is indices and templates of all kinds.
	On []Kind
	// Why and Fidelity are said of each change, unless the rewriting knows better.
	Why      string
	Fidelity Fidelity
	// rewrite edits the draft.
	rewrite func(*draft)
}

// takes tells whether the rule is for items of a kind.
func (r *Rule) takes(kind Kind) bool {
	if len(r.On) == 0 {
		return kind == Index || kind == ComponentTemplate || kind == IndexTemplate || kind == LegacyTemplate
	}
	return slices.Contains(r.On, kind)
}

// table is every rule, in the order in which they run: the type level first, as
// the others look below it; what the target does not know last, as the others
// have better reasons.
var table = slices.Concat(typeRules, formRules, olderRules, limitRules, settingRules, newerRules, analysisRules, vectorRules, knnRules, fieldRules, countRules, templateRules, streamRules, runtimeRules, dynamicRules, unknownRules, policyRules, pipelineRules, scriptRules, clusterRules)

// Modules are the modules and plugins of the target, when it says them.
type Modules struct {
	names []string
}

// NewModules holds the names a target lists (GET _nodes/plugins). A target that
// lists none, as some managed services do, is as one that was not asked.
func NewModules(names []string) *Modules {
	if len(names) == 0 {
		return nil
	}
	return &Modules{names: names}
}

// lack tells whether a module is certainly not there.
func (m *Modules) lack(name string) bool {
	return m != nil && name != "" && !slices.Contains(m.names, name)
}

// have tells whether a module is certainly there.
func (m *Modules) have(name string) bool { return m != nil && slices.Contains(m.names, name) }

// Set is the rules of one pair, ready to rewrite items.
type Set struct {
	pair    Pair
	known   *known
	modules *Modules
	options Options
	rules   []*Rule
}

// Options are what is done only where it is asked for.
type Options struct {
	// KeywordSubfield gives each analyzed string of Elasticsearch 1 to 4 a field "keyword" below it,
	// as Elasticsearch has given to new strings since 5.
	KeywordSubfield bool
}

// With is the same rules with options.
func (s *Set) With(options Options) *Set {
	with := *s
	with.options = options
	return &with
}

// UnsupportedError says that a pair of versions has no rules.
type UnsupportedError struct {
	Pair
	Why string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("no rules for metadata from %s to %s: %s", e.From, e.To, e.Why)
}

// For gives the rules of a pair. The modules of the target may be nil (not
// known): then the full distribution is expected.
func For(pair Pair, modules *Modules) (*Set, error) {
	if why := unsupported(pair); why != "" {
		return nil, &UnsupportedError{Pair: pair, Why: why}
	}
	k, err := knownTo(pair.To)
	if err != nil {
		return nil, err
	}
	set := &Set{pair: pair, known: k, modules: modules}
	for i := range table {
		if rule := &table[i]; rule.Applies == nil || rule.Applies(pair) {
			set.rules = append(set.rules, rule)
		}
	}
	return set, nil
}

func unsupported(p Pair) string {
	switch {
	case p.To.Flavor != version.OpenSearch || p.To.Major < 1 || p.To.Major > 3:
		return "this version migrates to OpenSearch 1.x to 3.x"
	case p.From.Flavor == version.Elasticsearch && (p.From.Major < 1 || p.From.Major > 9):
		return "this version reads Elasticsearch 1.x to 9.x and OpenSearch 1.x to 3.x"
	case p.From.Flavor == version.OpenSearch && !p.To.AtLeast(p.From.Major, p.From.Minor):
		return "the target is older than the source"
	case p.From.Flavor == version.Unknown:
		return "the product of the source is not known"
	}
	return ""
}

// Asked is the version whose table of what is known is used: the target's own,
// or the nearest one there is.
func (s *Set) Asked() version.Version { return s.known.version() }

// Outcome is an item rewritten for the target, with every change; or the reason
// why it cannot be.
type Outcome struct {
	Item    *Item
	Changes []Change
	// Later is what waits until the documents of an index are there.
	Later   []Later
	Refusal *Refusal
}

// Rewrite applies the rules to a copy of the item.
func (s *Set) Rewrite(item *Item) *Outcome {
	d := &draft{Item: item.clone(), pair: s.pair, known: s.known, modules: s.modules, options: s.options, created: numberOf(item.Settings["index.version.created"])}
	for _, rule := range s.rules {
		if !rule.takes(item.Kind) {
			continue
		}
		d.rule = rule
		if rule.rewrite(d); d.refusal != nil {
			break
		}
	}
	return &Outcome{Item: d.Item, Changes: d.changes, Later: d.waiting, Refusal: d.refusal}
}

func fromElasticsearch(p Pair) bool { return p.From.Flavor == version.Elasticsearch }

// words is a list of names in one string.
func words(text string) []string { return strings.Fields(text) }
