package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Fidelity is how much of the source's behaviour survives a change.
type Fidelity string

// The fidelities, from harmless to what a person should look at.
const (
	// Lossless: the target behaves as the source did.
	Lossless Fidelity = "lossless"
	// Equivalent: the same for the documents and the searches, by other means.
	Equivalent Fidelity = "equivalent"
	// Lossy: something the source did, the target will not do.
	Lossy Fidelity = "lossy"
)

// Change is one edit. Path is a JSON pointer into the item as described; a
// Before of nil was not there, an After of nil is gone.
type Change struct {
	Path     string   `json:"path"`
	Before   any      `json:"before"`
	After    any      `json:"after"`
	Rule     string   `json:"rule"`
	Why      string   `json:"why"`
	Fidelity Fidelity `json:"fidelity"`
}

// Refusal is why an item cannot be brought to the target at all.
type Refusal struct {
	Path string `json:"path"`
	Rule string `json:"rule"`
	Why  string `json:"why"`
}

func (r *Refusal) String() string { return fmt.Sprintf("%s (%s): %s", r.Path, r.Rule, r.Why) }

// draft is an item being rewritten, with the record of what was done to it.
type draft struct {
	*Item
	pair    Pair
	known   *known
	modules *Modules
	options Options
	// created is the version that made the index, as its settings have it; 0 is not known.
	created int

	rule    *Rule
	changes []Change
	waiting []Later
	refusal *Refusal
	orders  map[uintptr]*order // by the object
}

// pointer is a JSON pointer (RFC 6901) under construction.
type pointer string

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

func (p pointer) at(names ...string) pointer {
	for _, name := range names {
		p += pointer("/" + pointerEscape.Replace(name))
	}
	return p
}

// Pointer is a JSON pointer (RFC 6901) to what stands below names.
func Pointer(names ...string) string { return string(pointer("").at(names...)) }

// alone tells whether the server looks for what the item names in the item itself. An index template is put
// together with its component templates first, which may define it.
func (d *draft) alone() bool {
	return d.Kind != IndexTemplate || len(listed(d.Rest["composed_of"])) == 0
}

// content is where settings, mappings and aliases stand: below "template" in
// the composable templates.
func (d *draft) content() pointer {
	if d.Kind == ComponentTemplate || d.Kind == IndexTemplate {
		return "/template"
	}
	return ""
}

// edit is a change of one key, with the reason and fidelity of the rule unless
// it says otherwise.
type edit struct {
	in       map[string]any
	at       pointer // of in
	key      string
	why      string
	fidelity Fidelity
}

func (d *draft) remove(e edit) {
	before, there := e.in[e.key]
	if !there {
		return
	}
	delete(e.in, e.key)
	d.record(e, before, nil)
}

func (d *draft) set(e edit, after any) {
	before := e.in[e.key]
	if reflect.DeepEqual(before, after) {
		return
	}
	e.in[e.key] = after
	d.record(e, before, after)
}

func (d *draft) record(e edit, before, after any) {
	if e.why == "" {
		e.why = d.rule.Why
	}
	if e.fidelity == "" {
		e.fidelity = d.rule.Fidelity
	}
	d.changes = append(d.changes, Change{
		Path: string(e.at.at(e.key)), Before: copyOf(before), After: copyOf(after),
		Rule: d.rule.Name, Why: e.why, Fidelity: e.fidelity,
	})
}

// refuse ends the item: no rule after this one runs.
func (d *draft) refuse(at pointer, format string, args ...any) {
	if d.refusal == nil {
		d.refusal = &Refusal{Path: string(at), Rule: d.rule.Name, Why: fmt.Sprintf(format, args...)}
	}
}

// removeSetting and setSetting are the edits of settings, which are many.
func (d *draft) removeSetting(name, why string, fidelity Fidelity) {
	d.remove(edit{in: d.Settings, at: d.content().at("settings"), key: name, why: why, fidelity: fidelity})
}

func (d *draft) setSetting(name string, value any, why string) {
	if d.Settings == nil {
		d.Settings = map[string]any{}
	}
	d.set(edit{in: d.Settings, at: d.content().at("settings"), key: name, why: why}, value)
}

func has(list []string, name string) bool { return slices.Contains(list, name) }
