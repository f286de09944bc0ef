package objectlease

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"migassist/internal/blob"
)

// ErrUnfit is wrapped by the error for a store that does not keep what leases rely on.
var ErrUnfit = errors.New("the store cannot hold the state of a run")

// racers is how many write at once, to see that one wins. Google is not raced: it lets an object be written once in a second.
const racers = 6

// try finds out whether the place checks conditions together with the write, and lists what was written: some that speak S3
// ignore If-Match and If-None-Match, or check them first and write later. It uses an object of its own, beside the sessions,
// and removes it.
func (s *Store) try(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tried {
		return nil
	}
	probe := prober{cells: s.cells, name: "!probe-" + rand.Text(), racers: racers}
	if strings.HasPrefix(s.cells.URI(), "gs:") {
		probe.racers = 1
	}
	err := probe.run(ctx)
	lasting, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if left := s.cells.Delete(lasting, probe.name); left != nil && err == nil {
		err = fmt.Errorf("try whether the store can hold the state of a run: %w", left)
	}
	s.tried = err == nil
	return err
}

type prober struct {
	cells  *blob.Cells
	name   string
	racers int
}

func (p prober) run(ctx context.Context) error {
	first, err := p.race(ctx, "", "If-None-Match: *, or ifGenerationMatch=0")
	if err != nil {
		return err
	}
	if err := p.refused(ctx, "", "If-None-Match: *, or ifGenerationMatch=0"); err != nil {
		return err
	}
	second, err := p.race(ctx, first, "If-Match, or ifGenerationMatch")
	if err != nil {
		return err
	}
	if err := p.refused(ctx, first, "If-Match, or ifGenerationMatch"); err != nil {
		return err
	}
	return p.listed(ctx, second)
}

// race has several write at the same time, of whom one must win.
func (p prober) race(ctx context.Context, version, condition string) (string, error) {
	versions, errs := make([]string, p.racers), make([]error, p.racers)
	var all sync.WaitGroup
	for n := range p.racers {
		all.Go(func() { versions[n], errs[n] = p.write(ctx, version) })
	}
	all.Wait()
	winner, winners := "", 0
	for n, err := range errs {
		switch {
		case err == nil:
			winner = versions[n]
			winners++
		case !errors.Is(err, blob.ErrCondition):
			return "", fmt.Errorf("try whether the store can hold the state of a run: %w", err)
		}
	}
	switch {
	case winners == 0:
		return "", fmt.Errorf("%w: %s refused every one of several writes of one object at the same time on %s, and one had to pass", ErrUnfit, p.cells.URI(), condition)
	case winners > 1:
		return "", p.ignored(condition)
	}
	return winner, nil
}

// refused writes on a condition that does not hold.
func (p prober) refused(ctx context.Context, version, condition string) error {
	_, err := p.write(ctx, version)
	switch {
	case err == nil:
		return p.ignored(condition)
	case !errors.Is(err, blob.ErrCondition):
		return fmt.Errorf("try whether the store can hold the state of a run: %w", err)
	}
	return nil
}

func (p prober) ignored(condition string) error {
	return fmt.Errorf("%w: %s ignores conditions of writes (%s), so that two workers could hold one lease; keep the state on the target or a cluster (--coordinator), or in another store", ErrUnfit, p.cells.URI(), condition)
}

func (p prober) write(ctx context.Context, version string) (string, error) {
	return p.cells.Put(ctx, blob.Cell{Name: p.name, Version: version, Body: []byte(`{"probe":"` + rand.Text() + `"}`)})
}

// listed checks that a list shows the last write, with its version.
func (p prober) listed(ctx context.Context, version string) error {
	cells, err := p.cells.List(ctx, p.name, "", 2)
	if err != nil {
		return fmt.Errorf("try whether the store can hold the state of a run: %w", err)
	}
	if len(cells) != 1 || cells[0].Name != p.name || cells[0].Version != version {
		return fmt.Errorf("%w: a list of %s does not show what was just written, or not with the version %s: %v", ErrUnfit, p.cells.URI(), version, cells)
	}
	return nil
}
