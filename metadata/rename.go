package metadata

import (
	"fmt"
	"strings"

	"migassist/metadata/rules"
	"migassist/selection"
)

// renamed are the targets of an index's types under the names that --index-map gives, as rfs has it: of a split index the name of the
// part is looked for first, and then that of the index.
func (b *builder) renamed(index string, targets map[string]string) map[string]string {
	split := len(targets) > 1 && b.in.MultiType == MultiTypeSplit
	for typ, target := range targets {
		if to, mapped := b.in.Renames.Apply(target); mapped {
			targets[typ] = to
		} else if to, mapped := b.in.Renames.Apply(index); mapped && split && target == strings.ToLower(index+"_"+typ) {
			targets[typ] = strings.ToLower(to + "_" + typ)
		}
	}
	return targets
}

// wholeIndex is the part that an index is for itself, under the name that it has on the target.
func (b *builder) wholeIndex(item *rules.Item) (parts []*part, refusal string) {
	p := whole(item)
	to, mapped := b.in.Renames.Apply(item.Name)
	if !mapped || to == item.Name {
		return []*part{p}, ""
	}
	if bad := selection.IndexNameProblem(to); bad != "" {
		return nil, fmt.Sprintf("--index-map names it %q, which is no name of an index: %s", to, bad)
	}
	same := *item
	same.Name, p.target, p.item = to, to, &same
	return []*part{p}, ""
}

// freeName takes from an index the alias that is its own name now.
func freeName(step *Step, item *rules.Item) {
	alias, taken := item.Aliases[item.Name]
	if !taken || item.Kind != rules.Index {
		return
	}
	delete(item.Aliases, item.Name)
	step.Changes = append(step.Changes, rules.Change{
		Path: rules.Pointer("aliases", item.Name), Before: alias, Rule: "own-name", Fidelity: rules.Equivalent,
		Why: "the index itself has this name on the target",
	})
}
