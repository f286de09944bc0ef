package rebuild

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"

	"migassist/lucene"
	"migassist/snapshot"
)

// Whatever a mapping says and bytes hold: an error or JSON, no panic, and not far more of it than there were bytes.
func FuzzRebuild(f *testing.F) {
	for name := range types {
		f.Add(`{"properties":{"f":{"type":"`+name+`","store":true,"dims":2,"scaling_factor":10,"relations":{"a":"b"}}}}`, int64(created819), byte(0), []byte("\x01\x02ab"))
	}
	f.Add(`{"properties":{"o":{"properties":{"k":{"type":"keyword"}}},"n":{"type":"nested","properties":{"x":{"type":"long"}}}}}`, int64(created819), byte(1), []byte("\x03\x00\x02\x00o.xj[1]"))
	f.Add(`{"dynamic":"false","properties":{"d":{"type":"date","format":"yyyy-MM-dd'T'HH||epoch_millis"}}}`, int64(created92), byte(1), []byte("\x02\x03o.x\x02\x01n\x00\x02Sz"))
	f.Add(`{"_source":{"excludes":["a.*"]},"properties":{"a":{"properties":{"b":{"type":"ip"}}}}}`, int64(135248027), byte(2), []byte(`{"a":{"c":[{}]}}`))
	f.Add(`{"properties":{"p":{"type":"geo_point"},"r":{"type":"ip_range"}}}`, int64(2040699), byte(0), []byte("[::1 : ffff::]"))
	for _, broken := range []string{"{::1 : ffff::]", "][::1 : ffff::]", "[nan : 2]", "(0x1p1 : +2)"} {
		f.Add(`{"properties":{"r":{"type":"double_range","store":true}}}`, int64(2040699), byte(0), []byte(broken))
	}
	f.Add(`{"properties":{"d":{"type":"date"}}}`, int64(created819), byte(1), []byte("v"))
	f.Fuzz(func(t *testing.T, mapping string, created int64, mode byte, raw []byte) {
		settings := [...]map[string]string{
			{"index.mapping.source.mode": "disabled"}, {"index.mapping.source.mode": "synthetic"}, {}, {"index.derived_source.enabled": "true"},
		}[mode%4]
		index := &snapshot.Index{Name: "fuzz", CreatedID: created, Mappings: map[string]json.RawMessage{"_doc": json.RawMessage(mapping)}, Settings: settings}
		plan, err := NewPlan(index)
		if err != nil {
			return
		}
		written := fuzzDocument(t, plan, raw)
		if merged, err := merge(nil, raw, written); err == nil && len(merged) > 2*(len(raw)+len(written))+2 {
			t.Errorf("%d bytes of %d and %d", len(merged), len(raw), len(written))
		}
	})
}

// fuzzDocument writes a document whose every stored field, term and number is raw.
func fuzzDocument(t *testing.T, plan *Plan, raw []byte) []byte {
	r := &Rebuilder{plan: plan, layers: make([]layerState, len(plan.layers)), scopes: make([]scopeState, len(plan.scopes)), marks: make([]uint32, plan.objects)}
	r.w.r = r
	state := &r.scopes[0]
	r.start(state)
	plainJSON := !bytes.ContainsAny(raw, "jycs")
	if entries, err := plan.readIgnored(nil, raw); err == nil {
		state.ignored = entries
		for _, entry := range entries {
			r.mark(entry.parent, state.serial)
		}
	}
	for i, l := range plan.layers {
		fuzzCodec(l.codec, raw)
		if l.stored && l.codec.stored != nil && l.field.node.scope == 0 {
			r.layers[i].values = []lucene.Value{{Kind: lucene.String, Bytes: raw}, {Kind: lucene.Bytes, Bytes: raw}}
			r.mark(l.field.node, state.serial)
		}
	}
	written, err := r.write(nil, state)
	switch {
	case err != nil:
		return nil
	case plainJSON && !json.Valid(written):
		t.Errorf("no JSON: %q", written)
	case len(written) > 64*(len(raw)+16)*(len(plan.byPath)+1)+len(plan.byPath)*1024:
		t.Errorf("%d bytes of %d", len(written), len(raw))
	}
	return slices.Clone(written)
}

// fuzzCodec lets a codec read raw in all the ways that it can.
func fuzzCodec(c codec, raw []byte) {
	if c.number != nil {
		n, _ := binary.Varint(raw)
		c.number(nil, n)
	}
	if c.term != nil {
		_, _ = c.term(nil, raw)
	}
	if c.binary != nil {
		w := &writer{}
		w.begin()
		_ = c.binary(w, raw)
	}
}
