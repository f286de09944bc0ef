package leasetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"migassist/rfs/lease"
)

// Run holds a store to what lease.Store promises. Every call of open makes a new, empty store and returns two views of it, as two
// processes have them. The suite closes both.
func Run(t *testing.T, open func(t *testing.T) (a, b lease.Store)) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(pair)
	}{
		{"a record is created once", createdOnce},
		{"what one puts the other gets at once", realTime},
		{"a version is good for one write", comparedAndSet},
		{"the same body again is another version", sameBodyAgain},
		{"bodies come back as they went", bodies},
		{"odd keys are keys like others", oddKeys},
		{"lists are ordered, bounded and complete", lists},
		{"lists of open records", openLists},
		{"pages of a list make the whole", pages},
		{"a list after a sync shows everything put before", synced},
		{"of many that create a record one wins", createRace},
		{"of many that write a version one wins", writeRace},
		{"no update is lost", updateRace},
		{"clear removes all, and old versions with it", cleared},
		{"a context that has ended ends the call", contexts},
		{"closing one view leaves the other", closed},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := open(t)
			p := pair{T: t, a: a, b: b}
			t.Cleanup(p.close)
			c.run(p)
		})
	}
}

// pair is two views of a store, and what the tests say to them.
type pair struct {
	*testing.T
	a, b lease.Store
}

func (p pair) close() {
	for _, s := range []lease.Store{p.a, p.b} {
		if err := s.Close(); err != nil {
			p.Errorf("close: %v", err)
		}
	}
}

// both returns one view after the other.
func (p pair) both(n int) lease.Store {
	if n%2 == 0 {
		return p.a
	}
	return p.b
}

func (p pair) put(s lease.Store, r lease.Record) string {
	p.Helper()
	version, err := s.Put(p.Context(), r)
	if err != nil {
		p.Fatalf("put %q at version %q: %v", r.Key, r.Version, err)
	}
	if version == "" {
		p.Fatalf("put %q: no version", r.Key)
	}
	return version
}

func (p pair) conflict(s lease.Store, r lease.Record) {
	p.Helper()
	if version, err := s.Put(p.Context(), r); !errors.Is(err, lease.ErrConflict) {
		p.Fatalf("put %q at version %q: got version %q and %v, want a conflict", r.Key, r.Version, version, err)
	}
}

func (p pair) get(s lease.Store, key string) lease.Record {
	p.Helper()
	r, err := s.Get(p.Context(), key)
	if err != nil {
		p.Fatalf("get %q: %v", key, err)
	}
	if r.Key != key {
		p.Fatalf("get %q: got %q", key, r.Key)
	}
	return r
}

func (p pair) missing(s lease.Store, key string) {
	p.Helper()
	if r, err := s.Get(p.Context(), key); !errors.Is(err, lease.ErrNotFound) {
		p.Fatalf("get %q: got %+v and %v, want none", key, r, err)
	}
}

func (p pair) sync(s lease.Store) {
	p.Helper()
	if err := s.Sync(p.Context()); err != nil {
		p.Fatalf("sync: %v", err)
	}
}

func (p pair) list(s lease.Store, prefix, after string, open bool, limit int) []lease.Record {
	p.Helper()
	page, err := s.List(p.Context(), prefix, after, open, limit)
	if err != nil {
		p.Fatalf("list %q after %q: %v", prefix, after, err)
	}
	if len(page) > limit {
		p.Fatalf("list %q after %q: %d records, limit is %d", prefix, after, len(page), limit)
	}
	return page
}

func keys(page []lease.Record) []string {
	all := make([]string, 0, len(page))
	for _, r := range page {
		all = append(all, r.Key)
	}
	return all
}

// same tells whether two bodies are the same JSON, up to white space between tokens.
func same(a, b []byte) bool {
	var x, y bytes.Buffer
	if json.Compact(&x, a) != nil || json.Compact(&y, b) != nil {
		return false
	}
	return bytes.Equal(x.Bytes(), y.Bytes())
}

func text(s string) []byte {
	quoted, _ := json.Marshal(s) // a string always can
	return fmt.Appendf(nil, `{"text":%s}`, quoted)
}

func createdOnce(p pair) {
	p.missing(p.a, "run")
	p.missing(p.b, "item/00000000/books/0")
	version := p.put(p.a, lease.Record{Key: "run", Body: text("first")})
	p.conflict(p.a, lease.Record{Key: "run", Body: text("second")})
	p.conflict(p.b, lease.Record{Key: "run", Body: text("third")})
	r := p.get(p.b, "run")
	if !same(r.Body, text("first")) || r.Open || r.Version != version {
		p.Errorf("got %+v (%s), want the first and version %q", r, r.Body, version)
	}
	p.conflict(p.b, lease.Record{Key: "other", Version: version, Body: text("x")})
	p.missing(p.a, "other")
}

func realTime(p pair) {
	version := ""
	for n := range 20 {
		version = p.put(p.both(n), lease.Record{Key: "k", Version: version, Open: n%3 == 0, Body: fmt.Appendf(nil, `{"n":%d}`, n)})
		for _, s := range []lease.Store{p.a, p.b} {
			r := p.get(s, "k")
			if r.Version != version || r.Open != (n%3 == 0) || !same(r.Body, fmt.Appendf(nil, `{"n":%d}`, n)) {
				p.Fatalf("write %d with version %q: got %+v (%s)", n, version, r, r.Body)
			}
		}
	}
}

func comparedAndSet(p pair) {
	first := p.put(p.a, lease.Record{Key: "k", Open: true, Body: text("1")})
	second := p.put(p.b, lease.Record{Key: "k", Version: first, Open: true, Body: text("2")})
	p.conflict(p.a, lease.Record{Key: "k", Version: first, Body: text("late")})
	p.conflict(p.b, lease.Record{Key: "k", Version: first, Body: text("late")})
	if r := p.get(p.a, "k"); !same(r.Body, text("2")) || r.Version != second || !r.Open {
		p.Fatalf("a conflict wrote: %+v (%s)", r, r.Body)
	}
	third := p.put(p.a, lease.Record{Key: "k", Version: second, Open: false, Body: text("3")})
	if r := p.get(p.b, "k"); r.Open || r.Version != third {
		p.Errorf("got %+v, want a closed one of version %q", r, third)
	}
	p.conflict(p.b, lease.Record{Key: "k", Version: second, Body: text("late")})
	// A version belongs to one record.
	other := p.put(p.b, lease.Record{Key: "other", Body: text("1")})
	p.put(p.b, lease.Record{Key: "other", Version: other, Body: text("2")})
	p.conflict(p.b, lease.Record{Key: "other", Version: other, Body: text("3")})
}

// sameBodyAgain would let a holder that slept over the end of its lease renew it, if versions were sums of the content.
func sameBodyAgain(p pair) {
	first := p.put(p.a, lease.Record{Key: "k", Open: true, Body: text("x")})
	seen := []string{first}
	version := first
	for _, body := range []string{"x", "y", "x"} {
		version = p.put(p.b, lease.Record{Key: "k", Version: version, Open: true, Body: text(body)})
		if slices.Contains(seen, version) {
			p.Fatalf("version %q came twice: %q", version, seen)
		}
		seen = append(seen, version)
	}
	for _, old := range seen[:3] {
		p.conflict(p.a, lease.Record{Key: "k", Version: old, Open: true, Body: text("late")})
	}
}

func bodies(p pair) {
	for n, body := range []string{
		`{}`,
		`{"long":9007199254740993,"big":123456789012345678901234567890,"float":1.10,"exp":1e400}`,
		`{"a":[1,[2,{"b":null}],"x"],"a.b":{"c.d":true},"":{"":0}}`,
		"{\"text\":\"<&> \u2028 \U0001f600 \\u0000 \\\" \\\\ \\n\"}",
		`{"nested":{"item":{"name":"x","work":{"from":{"doc":12}}},"state":"leased","state2":["mixed",1,{"x":1}]}}`,
		`{"nested":"a string where an object was before"}`,
		`{"date":"2024-01-01","date2":"not one","nested":[]}`,
		`{"large":"` + strings.Repeat("0123456789abcdef", 45_000) + `"}`,
	} {
		key := fmt.Sprintf("item/%08x/body", n)
		version := p.put(p.both(n), lease.Record{Key: key, Open: true, Body: []byte(body)})
		if r := p.get(p.both(n+1), key); !same(r.Body, []byte(body)) || r.Version != version {
			p.Errorf("body %d of %d bytes came back as %d bytes: %.200s", n, len(body), len(r.Body), r.Body)
		}
		p.put(p.both(n+1), lease.Record{Key: key, Version: version, Open: true, Body: []byte(body)})
	}
	p.sync(p.a)
	for _, r := range p.list(p.a, "item/", "", true, 100) {
		if len(r.Body) > 0 && !same(r.Body, p.get(p.b, r.Key).Body) {
			p.Errorf("%s has another body in a list: %.200s", r.Key, r.Body)
		}
	}
}

func oddKeys(p pair) {
	odd := []string{
		"item/0a1b2c3d/my-index%2F[0]/000012", "item/0a1b2c3d/my-index/[0]/000012", "item/0a1b2c3d/My-Index/0", "item/0a1b2c3d/my-index/0",
		"item/0a1b2c3d/.hidden/0", "item/0a1b2c3d/a b+c&d=e?f#g/0", "item/0a1b2c3d/été-日本-😀/0", `item/0a1b2c3d/"quoted\back*star/0`,
		"item/0a1b2c3d/a%20b/0", "item/0a1b2c3d/a b/0", "item/0a1b2c3d/a+b/0", "item/0a1b2c3d/x/0", "item/0a1b2c3d/x/0/000001", "item/0a1b2c3d/<m>{n}|~^`;,@:$!'()/0",
		"item/0a1b2c3d/" + strings.Repeat("long", 120), "item/0a1b2c3d/" + strings.Repeat("long", 120) + "er",
		"worker/ip-10-0-0-1.ec2.internal:4711", "stage/plan", "run",
	}
	versions := map[string]string{}
	for n, key := range odd {
		versions[key] = p.put(p.both(n), lease.Record{Key: key, Open: true, Body: text(key)})
	}
	for n, key := range odd {
		if r := p.get(p.both(n+1), key); !same(r.Body, text(key)) || r.Version != versions[key] {
			p.Errorf("%q: got %+v (%s)", key, r, r.Body)
		}
		p.conflict(p.both(n+1), lease.Record{Key: key, Body: text("again")})
	}
	p.sync(p.b)
	want := slices.Sorted(slices.Values(odd))
	if got := keys(p.list(p.b, "", "", true, len(odd)+1)); !slices.Equal(got, want) {
		p.Errorf("list:\ngot  %q\nwant %q", got, want)
	}
	for n, key := range want[:len(want)-1] {
		if got := keys(p.list(p.a, "", key, false, 1)); !slices.Equal(got, want[n+1:n+2]) {
			p.Errorf("after %q: got %q, want %q", key, got, want[n+1])
		}
	}
}

func contexts(p pair) {
	version := p.put(p.a, lease.Record{Key: "k", Open: true, Body: text("1")})
	ctx, cancel := context.WithCancel(p.Context())
	cancel()
	for what, err := range map[string]error{
		"get":   second(p.a.Get(ctx, "k")),
		"put":   second(p.a.Put(ctx, lease.Record{Key: "k", Version: version, Body: text("2")})),
		"list":  second(p.a.List(ctx, "", "", false, 10)),
		"sync":  p.a.Sync(ctx),
		"clear": p.a.Clear(ctx),
	} {
		if !errors.Is(err, context.Canceled) {
			p.Errorf("%s with a context that has ended: %v", what, err)
		}
	}
	if r := p.get(p.b, "k"); !same(r.Body, text("1")) {
		p.Errorf("written all the same: %s", r.Body)
	}
	p.put(p.a, lease.Record{Key: "k", Version: version, Body: text("3")})
}

func second[T any](_ T, err error) error { return err }

func cleared(p pair) {
	old := p.put(p.a, lease.Record{Key: "run", Body: text("old")})
	for n := range 30 {
		p.put(p.a, lease.Record{Key: fmt.Sprintf("item/%08x/i", n), Open: n%2 == 0, Body: text("old")})
	}
	if err := p.b.Clear(p.Context()); err != nil {
		p.Fatal(err)
	}
	p.missing(p.a, "run")
	p.missing(p.b, "item/00000001/i")
	p.sync(p.a)
	if page := p.list(p.a, "", "", false, 100); len(page) != 0 {
		p.Errorf("after clear: %q", keys(page))
	}
	p.conflict(p.a, lease.Record{Key: "run", Version: old, Body: text("late")})
	fresh := p.put(p.a, lease.Record{Key: "run", Body: text("new")})
	// A worker of the run that was cleared must not write into the next one.
	p.conflict(p.b, lease.Record{Key: "run", Version: old, Body: text("late")})
	p.put(p.b, lease.Record{Key: "run", Version: fresh, Body: text("newer")})
	if err := p.a.Clear(p.Context()); err != nil {
		p.Fatal(err)
	}
	if err := p.a.Clear(p.Context()); err != nil {
		p.Errorf("clear of what is clear: %v", err)
	}
}

func closed(p pair) {
	version := p.put(p.a, lease.Record{Key: "k", Open: true, Body: text("1")})
	if err := p.a.Close(); err != nil {
		p.Fatalf("close: %v", err)
	}
	if r := p.get(p.b, "k"); r.Version != version {
		p.Errorf("got %+v", r)
	}
	p.put(p.b, lease.Record{Key: "k", Version: version, Body: text("2")})
}
