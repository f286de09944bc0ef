package sandbox

import (
	"maps"
	"math/bits"
	"slices"
	"unicode/utf16"
)

// index is its settings, mapping, aliases, and the documents of its shards.
type index struct {
	name     string
	uuid     string
	settings settings
	mapping  *mapping
	aliases  map[string]alias
	shards   []*shard
}

// shard holds the documents whose routing leads to it.
type shard struct {
	documents map[string]*document
	order     []*document // as written; what is gone is removed now and then
	sequence  int64       // the next _seq_no
	deleted   map[string]int64
}

// document is the last version of what was written under an id.
type document struct {
	id       string
	routing  string
	source   source
	version  int64
	sequence int64
	gone     bool
}

// alias is another name for an index.
type alias struct {
	filter        any
	indexRouting  string
	searchRouting string
	writes        string // is_write_index: true, false, or "" where not said
	hidden        string
}

func newShards(n int) []*shard {
	shards := make([]*shard, n)
	for i := range shards {
		shards[i] = &shard{documents: map[string]*document{}, deleted: map[string]int64{}}
	}
	return shards
}

func (i *index) hidden() bool { return i.settings.text("index.hidden", "") == "true" }

// keepsSource reports whether documents can be got back.
func (i *index) keepsSource() bool {
	configured, isObject := i.mapping.top["_source"].(map[string]any)
	return !isObject || text(configured["enabled"]) != "false"
}

func (i *index) routingRequired() bool {
	configured, isObject := i.mapping.top["_routing"].(map[string]any)
	return isObject && text(configured["required"]) == "true"
}

// shardOf is the shard that a document lives in. Formula: org.opensearch.cluster.routing.OperationRouting.
func (i *index) shardOf(id, routing string) *shard {
	key := routing
	if key == "" {
		key = id
	}
	n := len(i.shards)
	spaces := i.settings.number("index.number_of_routing_shards", defaultRoutingShards(n))
	hash := int(int32(murmur3(key)))
	slot := ((hash % spaces) + spaces) % spaces
	return i.shards[slot/(spaces/n)]
}

// defaultRoutingShards is the largest number of shards below 1024 that n can be split to by doubling.
func defaultRoutingShards(n int) int {
	log2 := bits.Len(uint(n - 1))
	return n << max(1, 10-log2)
}

// murmur3 is the 32-bit MurmurHash3 with seed 0 of the text in UTF-16, little endian
// (org.opensearch.cluster.routing.Murmur3HashFunction).
func murmur3(key string) uint32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	units := utf16.Encode([]rune(key))
	mix := func(k uint32) uint32 { return bits.RotateLeft32(k*c1, 15) * c2 }
	var hash uint32
	pairs := len(units) / 2
	for p := range pairs {
		hash ^= mix(uint32(units[2*p]) | uint32(units[2*p+1])<<16)
		hash = bits.RotateLeft32(hash, 13)*5 + 0xe6546b64
	}
	if len(units)%2 == 1 {
		hash ^= mix(uint32(units[len(units)-1]))
	}
	hash ^= uint32(len(units) * 2)
	hash ^= hash >> 16
	hash *= 0x85ebca6b
	hash ^= hash >> 13
	hash *= 0xc2b2ae35
	return hash ^ hash>>16
}

// write is a document to be written under conditions.
type write struct {
	id, routing string
	source      source
	create      bool  // only if there is none
	external    int64 // a version of the client's; 0 is none
	orEqual     bool  // external_gte
}

// outcome is what a write did.
type outcome struct {
	result  string // created, updated, deleted, not_found
	version int64
	seqNo   int64
}

func (i *index) conflict(id, format string, values ...any) *problem {
	p := invalid("version_conflict_engine_exception", "["+id+"]: version conflict, "+format, values...)
	p.status = 409
	return p.with("index", i.name, "shard", "0", "index_uuid", i.uuid)
}

// put writes a document, after the mapping took it.
func (i *index) put(w write) (outcome, error) {
	if i.routingRequired() && w.routing == "" {
		return outcome{}, i.routingMissing(w.id)
	}
	s := i.shardOf(w.id, w.routing)
	old := s.documents[w.id]
	current := s.deleted[w.id]
	if old != nil {
		current = old.version
	}
	switch {
	case w.create && old != nil:
		return outcome{}, i.conflict(w.id, "document already exists (current version [%d])", old.version)
	case w.external > 0 && !w.orEqual && current >= w.external:
		return outcome{}, i.conflict(w.id, "current version [%d] is higher or equal to the one provided [%d]", current, w.external)
	case w.external > 0 && w.orEqual && current > w.external:
		return outcome{}, i.conflict(w.id, "current version [%d] is higher than the one provided [%d]", current, w.external)
	}
	extended, err := i.accept(w.id, w.source)
	if err != nil {
		return outcome{}, err
	}
	i.mapping = extended
	version := current + 1
	if w.external > 0 {
		version = w.external
	}
	written := &document{id: w.id, routing: w.routing, source: w.source, version: version, sequence: s.sequence}
	s.sequence++
	delete(s.deleted, w.id)
	s.documents[w.id] = written
	if old != nil {
		old.gone = true
		s.order = append(s.order, written)
		return outcome{"updated", version, written.sequence}, nil
	}
	s.order = append(s.order, written)
	return outcome{"created", version, written.sequence}, nil
}

func (i *index) remove(id, routing string) (outcome, error) {
	if i.routingRequired() && routing == "" {
		return outcome{}, i.routingMissing(id)
	}
	s := i.shardOf(id, routing)
	s.sequence++
	if old := s.documents[id]; old != nil {
		old.gone = true
		delete(s.documents, id)
		s.deleted[id] = old.version + 1
		return outcome{"deleted", old.version + 1, s.sequence - 1}, nil
	}
	s.deleted[id]++
	return outcome{"not_found", s.deleted[id], s.sequence - 1}, nil
}

func (i *index) find(id, routing string) *document {
	return i.shardOf(id, routing).documents[id]
}

func (i *index) routingMissing(id string) *problem {
	return invalid("routing_missing_exception", "routing is required for [%s]/[%s]", i.name, id).with("index", i.name, "index_uuid", "_na_")
}

// live is every document that is there, shard by shard, as written.
func (i *index) live() []*document {
	var all []*document
	for _, s := range i.shards {
		s.order = slices.DeleteFunc(s.order, func(d *document) bool { return d.gone })
		all = append(all, s.order...)
	}
	return all
}

func (i *index) count() int {
	n := 0
	for _, s := range i.shards {
		n += len(s.documents)
	}
	return n
}

// showAliases is the aliases as GET shows them.
func (i *index) showAliases(only func(string) bool) object {
	shown := maps.Clone(i.aliases)
	maps.DeleteFunc(shown, func(name string, _ alias) bool { return only != nil && !only(name) })
	return byName(shown, func(_ string, a alias) any { return a.show() })
}

func (a alias) show() object {
	var o object
	if a.filter != nil {
		o = o.with("filter", ordered(a.filter))
	}
	if a.indexRouting != "" {
		o = o.with("index_routing", a.indexRouting)
	}
	if a.searchRouting != "" {
		o = o.with("search_routing", a.searchRouting)
	}
	if a.writes != "" {
		o = o.with("is_write_index", a.writes == "true")
	}
	if a.hidden != "" {
		o = o.with("is_hidden", a.hidden == "true")
	}
	return o
}
