package rules

import "fmt"

// joinRule is what the join field of united types is said to be of.
var joinRule = &Rule{Name: "parent-join", Fidelity: Lossy}

// joinNames are names for the field, of which the first that no field has is taken.
var joinNames = words("join parent_join migassist_join")

// join gives an index that united types of parents and children the field that joins them.
func (u *uniting) join(pieces []Piece) {
	relations := map[string]any{}
	for _, child := range pieces {
		for _, parent := range pieces {
			if child.Item.Parent == "" || child.Item.Type == "" || parent.Item.Type != child.Item.Parent {
				continue
			}
			children, _ := relations[parent.Item.Type].([]any)
			relations[parent.Item.Type] = append(children, child.Item.Type)
		}
	}
	if len(relations) == 0 {
		return
	}
	properties, _ := u.Mappings["properties"].(map[string]any)
	if properties == nil {
		properties = map[string]any{}
		u.Mappings["properties"] = properties
	}
	for _, name := range joinNames {
		if properties[name] != nil {
			continue
		}
		u.rule = joinRule
		u.set(edit{in: properties, at: u.content().at("mappings", "properties"), key: name, why: fmt.Sprintf(
			"parents and children are joined by this field, which documents do not have yet: a transform of documents gives it to them, "+
				"its type to a parent ({%[1]q: TYPE}), type and parent to a child ({%[1]q: {\"name\": TYPE, \"parent\": ROUTING}}); until then has_child and has_parent find nothing", name)},
			map[string]any{"type": "join", "relations": relations})
		return
	}
}
