package rules

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Piece is an item that becomes a part of another, with what reports call it: "orders/line".
type Piece struct {
	Name string
	Item *Item
}

// uniteRule is what the changes of Unite are said to be of. It is no row of the table: it has several items.
var uniteRule = &Rule{
	Name: "unite", Fidelity: Lossy,
	Why: "the documents of several types or indices come together under one mapping, which can say one thing only",
}

// Unite makes one item of several that were rewritten for the target, under the name of the first. Fields of all are fields of it. Where two define
// a field in ways of which one would have the target refuse documents of the other, the outcome is a refusal that names all such fields; where
// they merely differ, what takes more documents or was said first holds, and a lossy change says so.
func Unite(pieces []Piece) *Outcome {
	u := &uniting{draft: &draft{Item: pieces[0].Item.clone(), rule: uniteRule}, first: pieces[0].Name, said: map[pointer]string{}}
	u.shards = numberOf(u.Settings["index.number_of_shards"])
	for _, piece := range pieces[1:] {
		more := piece.Item.clone()
		u.from = piece.Name
		u.settings(more.Settings)
		u.aliases(more.Aliases)
		if u.Mappings == nil && len(more.Mappings) > 0 {
			u.Mappings = map[string]any{}
		}
		u.mapping(u.content().at("mappings"), more.Mappings)
	}
	u.join(pieces)
	if len(u.conflicts) > 0 {
		u.refuse(u.content().at("mappings"), "%s; create the index by hand with a mapping that takes both, or send them to indices of their own", strings.Join(u.conflicts, "; "))
	}
	return &Outcome{Item: u.Item, Changes: u.changes, Refusal: u.refusal}
}

// uniting is an item that others are put into.
type uniting struct {
	*draft
	first, from string             // names of the piece it began with, and of the one that is put in
	said        map[pointer]string // who gave what did not come from the first
	shards      int
	conflicts   []string
}

// of is the piece that gave what stands at a place.
func (u *uniting) of(at pointer) string {
	for ; at != ""; at = at[:strings.LastIndexByte(string(at), '/')] {
		if name, there := u.said[at]; there {
			return name
		}
	}
	return u.first
}

func (u *uniting) conflict(what string, at pointer, have, more any) {
	u.conflicts = append(u.conflicts, fmt.Sprintf("%s is %s in %s and %s in %s", what, short(have), u.of(at), short(more), u.from))
}

func short(value any) string {
	if value == nil {
		return "not said"
	}
	if text, is := value.(string); is {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// choose has one of two values hold for all, and says so.
func (u *uniting) choose(in map[string]any, at pointer, key string, more, chosen any) {
	have := in[key]
	who, other, lost := u.of(at.at(key)), u.from, more
	if !reflect.DeepEqual(have, chosen) {
		who, other, lost = other, who, have
	}
	why := fmt.Sprintf("what %s says holds for the documents of %s too", who, other)
	if in[key] = chosen; chosen == nil {
		delete(in, key)
		why = fmt.Sprintf("%s and %s do not agree on it; the default holds for both", u.of(at.at(key)), u.from)
	}
	u.record(edit{at: at, key: key, why: why}, lost, chosen)
}

func (u *uniting) settings(more map[string]any) {
	at := u.content().at("settings")
	if u.Settings == nil {
		u.Settings = map[string]any{}
	}
	shards := numberOf(more["index.number_of_shards"])
	for _, name := range sortedBoth(u.Settings, more) {
		have, there := u.Settings[name]
		value, given := more[name]
		switch {
		case reflect.DeepEqual(have, value):
		case name == "index.number_of_shards" || name == "index.number_of_routing_shards":
			if shards > u.shards {
				u.choose(u.Settings, at, name, value, value)
			} else {
				u.choose(u.Settings, at, name, value, have)
			}
		case strings.HasPrefix(name, "index.analysis.") && there && given:
			u.conflict(name, at.at(name), have, value)
		case strings.HasPrefix(name, "index.analysis."):
			if !there {
				u.Settings[name], u.said[at.at(name)] = value, u.from
			}
		case !there:
			u.choose(u.Settings, at, name, value, value)
			u.said[at.at(name)] = u.from
		default:
			u.choose(u.Settings, at, name, value, have)
		}
	}
	u.shards = max(u.shards, shards)
}

func numberOf(value any) int {
	n, err := strconv.Atoi(fmt.Sprint(value))
	if err != nil {
		return 0
	}
	return n
}

func (u *uniting) aliases(more map[string]any) {
	at := u.content().at("aliases")
	for _, name := range sortedBoth(u.Aliases, more) {
		have, there := u.Aliases[name]
		value, given := more[name]
		switch {
		case reflect.DeepEqual(have, value):
		case there && given:
			u.choose(u.Aliases, at, name, value, have)
		case there:
			u.record(edit{at: at, key: name, why: fmt.Sprintf("it led to %s, and shows the documents of %s too", u.of(at.at(name)), u.from)}, nil, have)
		default:
			if u.Aliases == nil {
				u.Aliases = map[string]any{}
			}
			u.Aliases[name], u.said[at.at(name)] = value, u.from
			u.record(edit{at: at, key: name, why: fmt.Sprintf("it led to %s, and shows the documents of %s too", u.from, u.first)}, nil, value)
		}
	}
}

// mapping puts in the root of a mapping.
func (u *uniting) mapping(at pointer, more map[string]any) {
	for _, key := range sortedBoth(u.Mappings, more) {
		have, there := u.Mappings[key]
		value := more[key]
		switch {
		case key == "properties":
			u.properties(at.at(key), "", u.Mappings, more)
		case key == "dynamic_templates":
			u.dynamicTemplates(at, value)
		case reflect.DeepEqual(have, value):
		case key == "dynamic":
			u.choose(u.Mappings, at, key, value, mostDynamic(have, value))
		case key == "_routing" || key == "_source": // the default takes every document, and keeps all of it
			u.choose(u.Mappings, at, key, value, nil)
		case key == "_meta":
			u.meta(at.at(key), value)
		case there:
			u.choose(u.Mappings, at, key, value, have)
		default:
			u.choose(u.Mappings, at, key, value, value)
			u.said[at.at(key)] = u.from
		}
	}
}

// meta keeps the remarks of both, by key.
func (u *uniting) meta(at pointer, more any) {
	ours, _ := u.Mappings["_meta"].(map[string]any)
	if ours == nil {
		ours = map[string]any{}
		u.Mappings["_meta"] = ours
	}
	theirs, _ := more.(map[string]any)
	for _, key := range sorted(theirs) {
		if have, there := ours[key]; !there {
			ours[key], u.said[at.at(key)] = theirs[key], u.from
		} else if !reflect.DeepEqual(have, theirs[key]) {
			u.choose(ours, at, key, theirs[key], have)
		}
	}
}

// mostDynamic is the one of two that takes the documents of both; nothing said is true.
func mostDynamic(a, b any) any {
	order := []string{"true", "runtime", "false", "strict"}
	rank := func(v any) int { return slices.Index(order, fmt.Sprint(v)) }
	if a == nil || b == nil || rank(a) < 0 || rank(b) < 0 {
		return nil
	}
	if rank(a) <= rank(b) {
		return a
	}
	return b
}

// dynamicTemplates puts those of the others after those there are, each name once.
func (u *uniting) dynamicTemplates(at pointer, more any) {
	theirs, _ := more.([]any)
	ours, _ := u.Mappings["dynamic_templates"].([]any)
	for _, entry := range theirs {
		named, _ := entry.(map[string]any)
		known := slices.IndexFunc(ours, func(have any) bool {
			object, _ := have.(map[string]any)
			return slices.Equal(sorted(object), sorted(named))
		})
		switch {
		case known < 0:
			ours = append(ours, entry)
		case !reflect.DeepEqual(ours[known], entry):
			u.record(edit{at: at.at("dynamic_templates"), key: strings.Join(sorted(named), " "), why: fmt.Sprintf("%s has another of this name, which holds", u.of(at))}, entry, ours[known])
		}
	}
	if len(ours) > 0 {
		u.Mappings["dynamic_templates"] = ours
	}
}

// properties puts in fields; into and more hold them under "properties" or "fields", path is of the field that has them.
func (u *uniting) properties(at pointer, path string, into, more map[string]any) {
	key := string(at[strings.LastIndexByte(string(at), '/')+1:])
	theirs, _ := more[key].(map[string]any)
	if len(theirs) == 0 {
		return
	}
	ours, _ := into[key].(map[string]any)
	if ours == nil {
		ours = map[string]any{}
		into[key] = ours
	}
	for _, name := range sorted(theirs) {
		have, there := ours[name].(map[string]any)
		value, isObject := theirs[name].(map[string]any)
		switch {
		case !there:
			ours[name], u.said[at.at(name)] = theirs[name], u.from
		case isObject:
			u.field(at.at(name), strings.TrimPrefix(path+"."+name, "."), have, value)
		}
	}
}

// decisive are parameters of which one value has the target refuse documents that fit another.
var decisive = words("type format path relations scaling_factor dimension dims enabled method")

// field puts a definition into another of the same field.
func (u *uniting) field(at pointer, path string, have, more map[string]any) {
	ours, theirs := &field{def: have, role: property}, &field{def: more, role: property}
	if ours.kind() != theirs.kind() {
		u.conflict("field "+path, at, ours.kind(), theirs.kind())
		return
	}
	for _, key := range sortedBoth(have, more) {
		a, b := have[key], more[key]
		switch {
		case key == "type":
		case key == "properties" || key == "fields":
			u.properties(at.at(key), path, have, more)
		case reflect.DeepEqual(a, b):
		case has(decisive, key):
			u.conflict(key+" of field "+path, at, a, b)
		case key == "dynamic":
			u.choose(have, at, key, b, mostDynamic(a, b))
		case key == "coerce":
			u.choose(have, at, key, b, nil)
		case key == "ignore_malformed":
			u.choose(have, at, key, b, true)
		case key == "ignore_above":
			u.choose(have, at, key, b, smaller(a, b))
		default:
			u.choose(have, at, key, b, a)
		}
	}
}

// smaller is the lower of two limits, of which one may not be said.
func smaller(a, b any) any {
	if a == nil || b != nil && numberOf(b) < numberOf(a) {
		return b
	}
	return a
}

// sortedBoth are the names of two objects, each once.
func sortedBoth(a, b map[string]any) []string {
	names := append(sorted(a), sorted(b)...)
	slices.Sort(names)
	return slices.Compact(names)
}
