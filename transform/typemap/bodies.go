package typemap

import (
	"errors"
	"fmt"
	"strings"

	"migassist/xcontent/tree"
)

// lines are the JSON texts of a body of several, nil where there is none. They are changed by setLines.
func (r *request) lines() ([]*tree.Value, error) {
	list := r.value.Path("payload", "inlinedJsonSequenceBodies")
	if list.Kind() != tree.Array {
		return nil, errors.New("its body is not in payload.inlinedJsonSequenceBodies, where the addresses of its lines would be rewritten")
	}
	var lines []*tree.Value
	for _, line := range list.Elements() {
		lines = append(lines, line)
	}
	return lines, nil
}

func (r *request) setLines(lines []*tree.Value) {
	r.value.Get("payload").Set("inlinedJsonSequenceBodies", tree.NewArray(lines...))
}

// bulk gives each operation its own index.
func (r *request) bulk(index, typ string, _ []string) (sent bool, err error) {
	lines, err := r.lines()
	if err != nil {
		return false, err
	}
	var kept []*tree.Value
	changed := typ != ""
	for i := 0; i < len(lines); i++ {
		action, meta, err := operation(lines[i])
		if err != nil {
			return false, fmt.Errorf("line %d: %w", i+1, err)
		}
		own, ofType := text(meta.Get("_index"), index), text(meta.Get("_type"), typ)
		target := r.program.Target(own, ofType)
		pair := lines[i:min(i+2, len(lines))]
		if action == "delete" {
			pair = pair[:1]
		} else {
			i++
		}
		changed = changed || target != own || meta.Get("_type") != nil
		if target == "" {
			continue
		}
		if target != own || meta.Get("_type") != nil || typ != "" {
			address(meta, target)
		}
		kept = append(kept, pair...)
	}
	if !changed {
		return true, nil
	}
	r.withoutTypes()
	r.setLines(kept)
	if typ != "" && index != "" {
		r.path = []string{"_bulk"}
	}
	return len(kept) > 0, nil
}

// operation is the action of a line of a bulk request, and what it says.
func operation(line *tree.Value) (action string, meta *tree.Value, err error) {
	for name, value := range line.Members() {
		if value.Kind() == tree.Object && (name == "index" || name == "create" || name == "update" || name == "delete") {
			return name, value, nil
		}
	}
	return "", nil, fmt.Errorf("%.100s is no action", line)
}

// address writes where an operation goes.
func address(meta *tree.Value, target string) {
	meta.Set("_index", tree.NewString(target))
	meta.Remove("_type")
	for _, name := range []string{"parent", "_parent"} {
		if parent := meta.Get(name); parent != nil {
			if meta.Get("routing") == nil && meta.Get("_routing") == nil {
				meta.Set("routing", parent)
			}
			meta.Remove(name)
		}
	}
}

func text(v *tree.Value, otherwise string) string {
	if v.Kind() != tree.String {
		return otherwise
	}
	return v.Text()
}

// mget gives each document its own index.
func (r *request) mget(index, typ string, _ []string) (sent bool, err error) {
	body := r.value.Path("payload", "inlinedJsonBody")
	r.withoutTypes()
	if ids := body.Get("ids"); ids != nil && index != "" {
		return r.document(index, typ, "_mget", nil)
	}
	docs := body.Get("docs")
	if docs.Kind() != tree.Array {
		return false, errors.New("its body has no docs in payload.inlinedJsonBody, where their addresses would be rewritten")
	}
	kept := tree.NewArray()
	for _, doc := range docs.Elements() {
		if target := r.program.Target(text(doc.Get("_index"), index), text(doc.Get("_type"), typ)); target != "" {
			address(doc, target)
			kept.Append(doc)
		}
	}
	body.Set("docs", kept)
	r.path = []string{"_mget"}
	return kept.Len() > 0, nil
}

// msearch gives each search the indices that its types are in.
func (r *request) msearch(index, typ string, rest []string) (sent bool, err error) {
	lines, err := r.lines()
	if err != nil {
		return false, err
	}
	r.withoutTypes()
	var kept []*tree.Value
	for i := 0; i+1 < len(lines); i += 2 {
		header := lines[i]
		own, types := list(header.Get("index"), index), typ
		for _, name := range []string{"type", "types"} {
			types = list(header.Get(name), types)
			header.Remove(name)
		}
		if own != "" {
			targets := r.targets(own, types)
			if len(targets) == 0 {
				continue
			}
			header.Set("index", names(targets))
		}
		kept = append(kept, lines[i:i+2]...)
	}
	r.setLines(kept)
	r.path = append([]string{"_msearch"}, rest...)
	return len(kept) > 0, nil
}

// list is a string or an array of them, with commas.
func list(v *tree.Value, otherwise string) string {
	if v.Kind() != tree.Array {
		return text(v, otherwise)
	}
	var all []string
	for _, one := range v.Elements() {
		all = append(all, one.Text())
	}
	return strings.Join(all, ",")
}

func names(all []string) *tree.Value {
	if len(all) == 1 {
		return tree.NewString(all[0])
	}
	array := tree.NewArray()
	for _, name := range all {
		array.Append(tree.NewString(name))
	}
	return array
}

// mapping is of a type, whose mapping stands at the root of the body then.
func (r *request) mapping(index, typ string, rest []string) (sent bool, err error) {
	r.withoutTypes()
	body := r.value.Path("payload", "inlinedJsonBody")
	if r.method != "PUT" && r.method != "POST" {
		return r.search(index, typ, "_mapping", rest)
	}
	if typ == "" && typed(body) && body.Len() == 1 {
		for name := range body.Members() {
			typ = name
		}
	}
	if inner := body.Get(typ); typ != "" && inner.Kind() == tree.Object && typed(body) {
		r.value.Get("payload").Set("inlinedJsonBody", inner)
	}
	if typ == "" {
		typ = untyped
	}
	return r.search(index, typ, "_mapping", nil)
}
