package rewrite

import (
	"bytes"

	"migassist/replay/effect"
	"migassist/xcontent/tree"
)

// rewriteBulk leaves out of a bulk what is not sent, and changes the action lines of the others. A bulk that needs nothing of it keeps its body.
func (w *work) rewriteBulk(decide Decide) (Reason, error) {
	e := w.e
	if e.Wrong != nil && (e.Wrong.Kind == effect.Encoding || e.Wrong.Kind == effect.BadLine) {
		w.note(NotJSON, e.Wrong.What) // refused by the source, and wanted all the same
		return "", nil
	}
	w.sent = make([]int, 0, len(e.Operations))
	var first Reason
	for i := range e.Operations {
		if reason := w.unwantedOperation(&e.Operations[i], decide); reason != "" {
			w.notes = append(w.notes, Note{Kind: LeftOut, Item: i, What: string(reason)})
			if first == "" || reason != NotApplied {
				first = reason
			}
			continue
		}
		w.sent = append(w.sent, i)
	}
	if len(w.sent) == 0 && len(e.Operations) > 0 {
		return first, nil
	}
	body, err := w.bulkBody()
	if err != nil {
		return "", err
	}
	if body != nil {
		w.changed(body)
	}
	if len(w.sent) == len(e.Operations) {
		w.sent = nil
	}
	return "", nil
}

// bulkBody is the body of the operations that are sent; nil where it is the captured one.
func (w *work) bulkBody() ([]byte, error) {
	e := w.e
	var body []byte // nil while all is as it was
	for n, i := range w.sent {
		o := &e.Operations[i]
		line, err := w.actionLine(o)
		if err != nil {
			return nil, err
		}
		source, err := w.updateSource(o)
		if err != nil {
			return nil, err
		}
		if body == nil && line == nil && source == nil && n == i {
			continue
		}
		if body == nil {
			body = append(make([]byte, 0, len(e.Body)+len(e.Body)/8), e.Body[:e.Operations[n].Line.From]...)
		}
		if line == nil {
			line = o.Line.Of(e.Body)
		}
		if source == nil {
			source = o.Source.Of(e.Body)
		}
		body = append(append(body, line...), '\n')
		if o.Action != effect.Delete {
			body = append(append(body, source...), '\n')
		}
	}
	if body == nil && len(w.sent) < len(e.Operations) { // the last ones are left out
		body = e.Body[:e.Operations[len(w.sent)].Line.From]
	}
	return body, nil
}

// updateSource is the source line of an update for the target; nil where it stays.
func (w *work) updateSource(o *effect.Operation) ([]byte, error) {
	if o.Action != effect.Update || !bytes.Contains(o.Source.Of(w.e.Body), []byte(`"fields"`)) {
		return nil, nil
	}
	return w.edited(o.Source.Of(w.e.Body), func(v *tree.Value) bool { return w.editUpdate(v, o.Item) })
}

// editUpdate takes away what an update wants to be told afterwards, in a form that went with 7.0.
func (w *work) editUpdate(v *tree.Value, item int) bool {
	if !v.Remove("fields") {
		return false
	}
	w.notes = append(w.notes, Note{Kind: NoEquivalent, Item: item, What: "fields of an update"})
	return true
}

// mayNeed are names of metadata that some rewriting is for.
var mayNeed = [][]byte{
	[]byte(`"_type"`), []byte(`"_parent"`), []byte(`"parent"`), []byte(`"_routing"`), []byte(`"_version`), []byte(`"version`), []byte(`"_retry`), []byte(`"_timestamp"`), []byte(`"_ttl"`), []byte(`"timestamp"`), []byte(`"ttl"`),
	[]byte(`"if_`), []byte(`"_op_type"`), []byte(`\`),
	[]byte(`"dynamic_templates"`), []byte(`"require_data_stream"`), []byte(`"list_executed_pipelines"`), []byte(`"fields"`), []byte(`"_fields"`),
}

// actionLine is the action line of an operation for the target; nil where it stays.
func (w *work) actionLine(o *effect.Operation) ([]byte, error) {
	captured := o.Line.Of(w.e.Body)
	v := w.versionOf(o)
	needs := o.AutoID && o.ID != "" && !w.TargetIDs || v.external != "" || w.Index != nil && bytes.Contains(captured, []byte(`"_index"`))
	for i := 0; i < len(mayNeed) && !needs; i++ {
		needs = bytes.Contains(captured, mayNeed[i])
	}
	if !needs {
		return nil, nil
	}
	line, err := tree.Parse(captured)
	if err != nil {
		w.notes = append(w.notes, Note{Kind: NotJSON, Item: o.Item, What: err.Error()})
		return nil, nil //nolint:nilerr // The server took it, so it goes as it is, and is noted.
	}
	for name, meta := range line.Members() {
		w.rewriteMeta(o, meta, v)
		if v.action != o.Action {
			meta.Remove("op_type")
			meta.Remove("_op_type")
			line.Rename(name, v.action.String())
		}
		break
	}
	return line.AppendJSON(nil)
}

// unknownMeta are metadata of an action line that OpenSearch refuses.
var unknownMeta = []string{
	"_timestamp", "timestamp", "_ttl", "ttl", "fields", "_fields", "dynamic_templates", "require_data_stream", "list_executed_pipelines",
}

// oldMeta are old names of metadata.
var oldMeta = [][2]string{
	{"_routing", "routing"}, {"_version", "version"}, {"_version_type", "version_type"}, {"_retry_on_conflict", "retry_on_conflict"}, {"_op_type", "op_type"},
}

func (w *work) rewriteMeta(o *effect.Operation, meta *tree.Value, v versioning) {
	if !w.Types {
		meta.Remove("_type")
	}
	for _, names := range oldMeta {
		if meta.Get(names[0]) != nil {
			meta.Rename(names[0], names[1])
		}
	}
	for _, name := range [...]string{"_parent", "parent"} {
		if meta.Get(name) == nil {
			continue
		}
		if meta.Get("routing") != nil {
			meta.Remove(name)
		} else {
			meta.Rename(name, "routing")
		}
	}
	for _, name := range unknownMeta {
		if meta.Remove(name) {
			w.notes = append(w.notes, Note{Kind: NoEquivalent, Item: o.Item, What: "metadata " + name})
		}
	}
	w.rewriteName(meta, "_index")
	if o.AutoID && o.ID != "" && !w.TargetIDs {
		meta.Set("_id", tree.NewString(o.ID))
	}
	if v.dropConditions {
		meta.Remove("if_seq_no")
		meta.Remove("if_primary_term")
	}
	if v.dropVersion {
		meta.Remove("version")
		meta.Remove("version_type")
	}
	if v.external != "" {
		meta.Set("version", tree.NewNumber(v.external))
		meta.Set("version_type", tree.NewString("external_gte"))
	}
}
