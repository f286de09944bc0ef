package leasetest

import (
	"fmt"
	"slices"
	"strings"

	"migassist/rfs/lease"
)

func lists(p pair) {
	var all []string
	for n, key := range []string{
		"item/8/b", "item/8/a", "item/1/z", "item/f/m", "item/8/a/000001", "item/8/a-1", "item/8/a.1", "item/8/A", "item/8/aa",
		"items/1", "item", "item0", "stage/plan", "run", "worker/1", "item/ff/é", "item/ff/z",
	} {
		p.put(p.both(n), lease.Record{Key: key, Open: n%2 == 0, Body: text(key)})
		all = append(all, key)
	}
	slices.Sort(all)
	p.sync(p.a)
	for _, c := range []struct {
		prefix, after string
		limit         int
	}{
		{"", "", 100},
		{"item/", "", 100},
		{"item/", "item/8/a", 100},
		{"item/", "item/8", 3},
		{"item/", "item/8/a/", 2},
		{"item/", "item/55555555", 100},
		{"item/", "item/ffffffff", 100},
		{"item/", "item/zz", 100},
		{"item/", "a", 1},
		{"item/", "worker/1", 100},
		{"item/8/", "item/8/a", 1},
		{"stage/", "", 5},
		{"none/", "", 5},
		{"run", "", 5},
	} {
		var want []string
		for _, key := range all {
			if strings.HasPrefix(key, c.prefix) && key > c.after && len(want) < c.limit {
				want = append(want, key)
			}
		}
		for _, s := range []lease.Store{p.a, p.b} {
			page := p.list(s, c.prefix, c.after, false, c.limit)
			if !slices.Equal(keys(page), want) {
				p.Errorf("list %q after %q, limit %d:\ngot  %q\nwant %q", c.prefix, c.after, c.limit, keys(page), want)
			}
			p.asStored(page)
		}
	}
}

// asStored holds the records of a list that is not behind against Get.
func (p pair) asStored(page []lease.Record) {
	p.Helper()
	for _, r := range page {
		stored := p.get(p.b, r.Key)
		if r.Version != stored.Version || r.Open != stored.Open {
			p.Errorf("%s: version %q, open %t in a list, %q, %t by itself", r.Key, r.Version, r.Open, stored.Version, stored.Open)
		}
		if len(r.Body) > 0 && !same(r.Body, stored.Body) {
			p.Errorf("%s: %s in a list, %s by itself", r.Key, r.Body, stored.Body)
		}
	}
}

func openLists(p pair) {
	versions := make([]string, 40)
	key := func(n int) string { return fmt.Sprintf("item/%08x/i", n) }
	for n := range versions {
		versions[n] = p.put(p.both(n), lease.Record{Key: key(n), Open: true, Body: text("1")})
	}
	for n := range versions {
		if n%4 != 0 {
			versions[n] = p.put(p.both(n), lease.Record{Key: key(n), Version: versions[n], Open: n%4 == 1, Body: text("2")})
		}
	}
	for n := range versions { // and some open again
		if n%8 == 2 {
			versions[n] = p.put(p.both(n), lease.Record{Key: key(n), Version: versions[n], Open: true, Body: text("3")})
		}
	}
	var want []string
	for n := range versions {
		if n%4 < 2 || n%8 == 2 {
			want = append(want, key(n))
		}
	}
	p.sync(p.b)
	for _, s := range []lease.Store{p.a, p.b} {
		page := p.list(s, "item/", "", true, 100)
		if !slices.Equal(keys(page), want) {
			p.Errorf("open:\ngot  %q\nwant %q", keys(page), want)
		}
		p.asStored(page)
		if got := keys(p.list(s, "item/", key(20), true, 3)); !slices.Equal(got, []string{key(21), key(24), key(25)}) {
			p.Errorf("three open ones after %s: %q", key(20), got)
		}
		if got := p.list(s, "item/", "", false, 100); len(got) != len(versions) {
			p.Errorf("%d of %d records in a list of all", len(got), len(versions))
		}
	}
}

func pages(p pair) {
	var want []string
	for n := range 230 {
		key := fmt.Sprintf("item/%08x/i-%d", uint32(n)*2654435761, n)
		p.put(p.both(n), lease.Record{Key: key, Open: true, Body: text(key)})
		want = append(want, key)
	}
	slices.Sort(want)
	p.sync(p.a)
	var got []string
	after := ""
	for {
		page := p.list(p.b, "item/", after, true, 50)
		if len(page) == 0 {
			break
		}
		got = append(got, keys(page)...)
		after = page[len(page)-1].Key
		if len(got) > len(want) {
			break
		}
	}
	if !slices.Equal(got, want) {
		p.Errorf("got %d records in pages, want %d:\n%q\n%q", len(got), len(want), got, want)
	}
}

// synced is what the end of a run relies on: nothing put before is missing, whoever put it.
func synced(p pair) {
	version := ""
	for n := range 12 {
		writer, reader := p.both(n), p.both(n/2)
		version = p.put(writer, lease.Record{Key: "item/00000000/same", Version: version, Open: n%2 == 0, Body: fmt.Appendf(nil, `{"n":%d}`, n)})
		fresh := fmt.Sprintf("item/%08x/new", n+1)
		p.put(writer, lease.Record{Key: fresh, Open: true, Body: text("new")})
		p.sync(reader)
		page := p.list(reader, "item/", "", true, 100)
		got := keys(page)
		if len(got) != n+1+(n+1)%2 || slices.Contains(got, "item/00000000/same") != (n%2 == 0) || !slices.Contains(got, fresh) {
			p.Fatalf("after write %d and a sync: %q", n, got)
		}
		p.asStored(page)
	}
}
