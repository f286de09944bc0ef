package rewrite

import (
	"bytes"
	"slices"
	"strings"

	"migassist/cluster/route"
	"migassist/replay/effect"
	"migassist/xcontent/tree"
)

// rewriteBody changes the body, where its route needs that. A Reason says that nothing is left to send.
func (w *work) rewriteBody(decide Decide) (Reason, error) {
	name := w.e.Route.Name
	if w.e.Route.Kind == route.Bulk {
		return w.rewriteBulk(decide)
	}
	if len(w.x.Request.Body) == 0 {
		return "", nil
	}
	w.noteNames(name)
	edit := w.editOf(name)
	if edit == nil {
		return "", nil
	}
	lines := strings.Contains(name, "_msearch")
	body := w.e.Body
	if w.e.Reads {
		var err error
		if body, err = effect.JSON(&w.x.Request, lines); err != nil {
			w.note(NotJSON, err.Error())
			return "", nil
		}
	}
	if lines {
		return "", w.rewriteLines(body, edit)
	}
	if w.e.Route.Kind == route.Scroll && !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		w.plainScroll(body)
		return "", nil
	}
	changed, err := w.edited(body, edit)
	if changed != nil {
		w.changed(changed)
	}
	return "", err
}

// noteNames notes names of indices that are not mapped, for they lie in patterns or among other things.
func (w *work) noteNames(name string) {
	switch {
	case w.Index == nil:
	case w.e.Route.Kind == route.Template && w.e.Route.Changes:
		w.note(Expression, "index patterns of a template")
	case name == "/{index}" && bytes.Contains(w.e.Body, []byte(`"aliases"`)):
		w.note(Expression, "aliases of a new index")
	}
}

// edit changes a value, and tells whether anything is different.
type edit func(v *tree.Value) bool

// editOf is what is changed in bodies of a route; nil where that is nothing.
func (w *work) editOf(name string) edit {
	last := name[strings.LastIndexByte(name, '/')+1:]
	switch kind := w.e.Route.Kind; {
	case last == "_mget" || last == "_mtermvectors":
		return w.editDocs
	case kind == route.Update && bytes.Contains(w.e.Body, []byte(`"fields"`)):
		return func(v *tree.Value) bool { return w.editUpdate(v, -1) }
	case kind == route.Search && strings.Contains(name, "_msearch"):
		return w.editSearchHeader
	case kind == route.Alias && last == "_aliases" && w.Index != nil:
		return w.editAliases
	case name == "/_reindex":
		return w.editReindex
	case kind == route.Mapping && !w.Types:
		return w.editMapping
	case (name == "/{index}" || name == "/_template/{name}") && !w.Types:
		return w.editMappings
	}
	return w.editOfIDs(name, last)
}

// editOfIDs is the same for bodies with ids that the server made.
func (w *work) editOfIDs(name, last string) edit {
	switch kind := w.e.Route.Kind; {
	case kind == route.PIT && w.method == "DELETE":
		return w.editPIT
	case w.IDs == nil:
		return nil
	case kind == route.Search && last == "_search" && bytes.Contains(w.body, []byte(`"pit"`)):
		return func(v *tree.Value) bool { return w.translateIn(v.Get("pit"), "id", PITID) }
	case kind == route.Scroll && strings.Contains(name, "/scroll"):
		return func(v *tree.Value) bool { return w.translateIn(v, "scroll_id", ScrollID) }
	}
	return nil
}

// edited is a body after a change; nil where nothing is different.
func (w *work) edited(body []byte, change edit) ([]byte, error) {
	v, err := tree.Parse(body)
	if err != nil {
		w.note(NotJSON, err.Error())
		return nil, nil
	}
	if !change(v) {
		return nil, nil
	}
	return v.AppendJSON(nil)
}

// rewriteLines changes the first of each pair of lines.
func (w *work) rewriteLines(body []byte, change edit) error {
	var out []byte
	different := false
	for n := 0; len(body) > 0; n++ {
		line, rest, ended := bytes.Cut(body, []byte("\n"))
		body = rest
		if n%2 == 0 && len(bytes.TrimSpace(line)) > 0 {
			other, err := w.edited(line, change)
			if err != nil {
				return err
			}
			if other != nil {
				line, different = other, true
			}
		}
		if out = append(out, line...); ended {
			out = append(out, '\n')
		}
	}
	if different {
		w.changed(out)
	}
	return nil
}

// plainScroll translates a body that is an id, or several, as servers before 6.0 took it.
func (w *work) plainScroll(body []byte) {
	ids := strings.Split(strings.TrimSpace(string(body)), ",")
	for i, id := range ids {
		ids[i] = w.translate(ScrollID, id)
	}
	text := tree.NewObject()
	list := tree.NewArray()
	for _, id := range ids {
		list.Append(tree.NewString(id))
	}
	text.Set("scroll_id", list)
	if w.method != "DELETE" {
		text.Set("scroll_id", tree.NewString(ids[0]))
	}
	printed, err := text.AppendJSON(nil)
	if err == nil {
		w.changed(printed)
		w.query.drop("scroll_id")
	}
}

// rewriteName maps the names of indices that a member holds.
func (w *work) rewriteName(v *tree.Value, member string) (changed bool) {
	if w.Index == nil {
		return false
	}
	held := v.Get(member)
	if text := held.Text(); text != "" {
		if other, different := w.expression(text); different {
			v.Set(member, tree.NewString(other))
			changed = true
		}
	}
	for i, each := range held.Elements() {
		if other, different := w.expression(each.Text()); different {
			held.SetAt(i, tree.NewString(other))
			changed = true
		}
	}
	return changed
}

func (w *work) editDocs(v *tree.Value) (changed bool) {
	for _, each := range v.Get("docs").Elements() {
		if !w.Types && each.Remove("_type") {
			changed = true
		}
		for _, names := range [...][2]string{{"_routing", "routing"}, {"_parent", "routing"}, {"parent", "routing"}} {
			if each.Get(names[0]) != nil {
				if each.Get(names[1]) != nil && names[0] != "_routing" {
					each.Remove(names[0])
				} else {
					each.Rename(names[0], names[1])
				}
				changed = true
			}
		}
		changed = w.rewriteName(each, "_index") || changed
	}
	return changed
}

func (w *work) editSearchHeader(v *tree.Value) (changed bool) {
	if !w.Types {
		for _, name := range [...]string{"type", "types"} {
			if typ := v.Get(name); typ != nil {
				if typ.Text() != "_doc" {
					w.note(WidenedTypes, typ.String())
				}
				v.Remove(name)
				changed = true
			}
		}
	}
	for _, name := range [...]string{"index", "indices"} {
		changed = w.rewriteName(v, name) || changed
	}
	return changed
}

// editPIT ends points in time as OpenSearch wants it: {"pit_id":["…"]}, where Elasticsearch has {"id":"…"}.
func (w *work) editPIT(v *tree.Value) (changed bool) {
	if id := v.Get("id").Text(); id != "" {
		v.Set("pit_id", tree.NewArray(tree.NewString(id)))
		v.Remove("id")
		changed = true
	}
	return w.translateIn(v, "pit_id", PITID) || changed
}

func (w *work) editReindex(v *tree.Value) (changed bool) {
	source, to := v.Get("source"), v.Get("dest")
	if !w.Types {
		if typ := source.Get("type"); typ != nil {
			if typ.Text() != "_doc" {
				w.note(WidenedTypes, typ.String())
			}
			source.Remove("type")
			changed = true
		}
		changed = to.Remove("type") || changed
	}
	if source.Get("remote") == nil {
		changed = w.rewriteName(source, "index") || changed
	}
	return w.rewriteName(to, "index") || changed
}

func (w *work) editAliases(v *tree.Value) (changed bool) {
	for _, action := range v.Get("actions").Elements() {
		for _, what := range action.Members() {
			for _, name := range [...]string{"index", "indices", "alias", "aliases"} {
				changed = w.rewriteName(what, name) || changed
			}
		}
	}
	return changed
}

// rootNames are what a mapping holds on its highest level: something else there is the name of a type.
var rootNames = []string{
	"properties", "dynamic", "dynamic_templates", "dynamic_date_formats", "date_detection", "numeric_detection", "enabled", "runtime",
	"_source", "_routing", "_meta", "_all", "_field_names", "_size", "_index", "_id", "_type", "_parent", "_timestamp", "_ttl", "_data_stream_timestamp",
}

// editMapping takes the type away that lies around a mapping.
func (w *work) editMapping(v *tree.Value) bool {
	inner := w.inType(v)
	if inner == nil {
		return false
	}
	for _, name := range names(v) {
		v.Remove(name)
	}
	for name, each := range inner.Members() {
		v.Set(name, each)
	}
	return true
}

// editMappings does the same below "mappings".
func (w *work) editMappings(v *tree.Value) bool {
	mappings := v.Get("mappings")
	inner := w.inType(mappings)
	if inner == nil {
		return false
	}
	v.Set("mappings", inner)
	return true
}

// inType is what lies below the only type of a mapping; nil where it has none.
func (w *work) inType(v *tree.Value) *tree.Value {
	var found *tree.Value
	types := 0
	for name, each := range v.Members() {
		if slices.Contains(rootNames, name) && name != w.e.Route.Type {
			return nil
		}
		if name == "_default_" {
			continue
		}
		found = each
		types++
	}
	if types > 1 {
		w.note(NoEquivalent, "a mapping of several types")
		return nil
	}
	if found == nil || found.Kind() != tree.Object {
		return nil
	}
	return found
}

func names(v *tree.Value) (all []string) {
	for name := range v.Members() {
		all = append(all, name)
	}
	return all
}
