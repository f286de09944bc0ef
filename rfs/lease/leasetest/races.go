package leasetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"migassist/rfs/lease"
)

const racers = 16

// race has many write at the same time, by both views, and returns the version of the only one that may win, and its number.
func (p pair) race(r lease.Record) (version string, winner int) {
	p.Helper()
	versions, errs := make([]string, racers), make([]error, racers)
	start := make(chan struct{})
	var all sync.WaitGroup
	for n := range racers {
		all.Go(func() {
			mine := r
			mine.Body = fmt.Appendf(nil, `{"racer":%d}`, n)
			<-start
			versions[n], errs[n] = p.both(n).Put(p.Context(), mine)
		})
	}
	close(start)
	all.Wait()
	winner = -1
	for n, err := range errs {
		switch {
		case err == nil && winner >= 0:
			p.Fatalf("%s: racers %d and %d both won", r.Key, winner, n)
		case err == nil:
			winner = n
		case !errors.Is(err, lease.ErrConflict):
			p.Fatalf("%s: racer %d: %v", r.Key, n, err)
		}
	}
	if winner < 0 {
		p.Fatalf("%s: nobody won", r.Key)
	}
	if got := p.get(p.a, r.Key); got.Version != versions[winner] || !same(got.Body, fmt.Appendf(nil, `{"racer":%d}`, winner)) {
		p.Fatalf("%s: racer %d won with version %q, but it is %+v (%s)", r.Key, winner, versions[winner], got, got.Body)
	}
	return versions[winner], winner
}

func createRace(p pair) {
	for n := range 5 {
		p.race(lease.Record{Key: fmt.Sprintf("item/%08x/raced", n), Open: true})
	}
}

func writeRace(p pair) {
	version := p.put(p.a, lease.Record{Key: "k", Open: true, Body: text("begin")})
	for range 5 {
		version, _ = p.race(lease.Record{Key: "k", Version: version, Open: true})
	}
}

func updateRace(p pair) {
	const each = 5
	var all sync.WaitGroup
	for n := range racers / 2 {
		all.Go(func() {
			for range each {
				if err := p.increment(p.both(n)); err != nil {
					p.Errorf("racer %d: %v", n, err)
					return
				}
			}
		})
	}
	all.Wait()
	if r := p.get(p.b, "counter"); !same(r.Body, fmt.Appendf(nil, `{"n":%d}`, each*racers/2)) {
		p.Errorf("got %s, want %d", r.Body, each*racers/2)
	}
}

func (p pair) increment(s lease.Store) error {
	for {
		r, err := s.Get(p.Context(), "counter")
		if err != nil && !errors.Is(err, lease.ErrNotFound) {
			return err
		}
		var count struct {
			N int `json:"n"`
		}
		if err == nil {
			if err := json.Unmarshal(r.Body, &count); err != nil {
				return err
			}
		}
		r.Key, r.Body = "counter", fmt.Appendf(nil, `{"n":%d}`, count.N+1)
		if _, err := s.Put(p.Context(), r); !errors.Is(err, lease.ErrConflict) {
			return err
		}
	}
}
