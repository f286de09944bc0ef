package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"migassist/cluster"
)

// notThere tells of an index that a cluster does not have.
func notThere(err error) bool { return errors.Is(err, errAbsent) || cluster.NotFound(err) }

// round reads both sides once, at the same time, and has the state's table say in which buckets they differ.
func (v *Verification) round(ctx context.Context) error {
	v.progress.begin(fmt.Sprintf("digests, round %d", v.state.Round+1))
	v.digests = newPool() // those of another round compare otherwise
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() error { return v.digestSource(inner) })
	group.Go(func() error { return v.digestTargets(inner) })
	if err := group.Wait(); err != nil {
		return err
	}
	if err := v.refreshFound(ctx); err != nil {
		return err
	}
	if err := v.digestTargets(ctx); err != nil { // names that only the documents told
		return err
	}
	for _, side := range []*Side{&v.progress.Source, &v.progress.Target} {
		side.once.CompareAndSwap(0, side.all.Load())
	}
	return nil
}

// refreshFound refreshes the names that only the documents told.
func (v *Verification) refreshFound(ctx context.Context) error {
	planned, err := v.source.Targets(ctx)
	if err != nil {
		return err
	}
	return v.refresh(ctx, slices.DeleteFunc(v.names.list(), func(name string) bool { return slices.Contains(planned, name) }))
}

// digestSource adds what of the source was not added yet.
func (v *Verification) digestSource(ctx context.Context) error {
	parts, err := v.source.Parts(ctx)
	if err != nil {
		return fmt.Errorf("what the source has: %w", err)
	}
	for _, name := range parts {
		if v.partDone("source "+name) || !v.state.concerns(name) {
			continue
		}
		sums, reading, err := v.digestSourcePart(ctx, name)
		if err != nil {
			return err
		}
		if err := v.finishPart("source "+name, sums, func() { v.state.read(name, sums, reading) }); err != nil {
			return err
		}
	}
	return nil
}

// digestSourcePart reads a part of the source, from its begin again where that ended on the way, and may do better.
func (v *Verification) digestSourcePart(ctx context.Context, name string) (*delta, Reading, error) {
	for attempt := 1; ; attempt++ {
		sums := newDelta(ofSource, &v.tables)
		reading, err := v.source.Read(ctx, name, func(docs []Document) error {
			some, bytes, err := v.digest(docs, v.sieve)
			if err != nil {
				return err
			}
			sums.add(some)
			return v.step(ctx, &v.progress.Source, v.pace.source, len(docs), bytes)
		})
		if err == nil {
			v.sieve.end(name)
		}
		if err == nil || ctx.Err() != nil || attempt >= attempts || !errors.Is(err, errTwice) && !cluster.Retryable(err) {
			return sums, reading, err
		}
		v.options.Log.Warn().Err(err).Str("part", name).Msg("reading it again from its begin")
	}
}

// step counts what was read, and waits where that was too fast.
func (v *Verification) step(ctx context.Context, side *Side, pace *throttle, docs, bytes int) error {
	side.Docs.Add(int64(docs))
	side.Bytes.Add(int64(bytes))
	side.all.Add(int64(bytes))
	return pace.take(ctx, docs, bytes)
}

// digest hashes documents, without those of indices and buckets that are not compared, and puts them into the sieve, if there is one.
func (v *Verification) digest(docs []Document, into *sieve) (some []hashed, bytes int, err error) {
	d := v.digester()
	defer v.digests.Put(d)
	some = make([]hashed, 0, len(docs))
	for i := range docs {
		bytes += len(docs[i].Source)
		var h hashed
		if !v.state.wants(v.names.number(docs[i].Index)) {
			continue
		}
		if err := d.name(&docs[i], &h); err != nil {
			return nil, 0, err
		}
		if v.sampled != nil && !v.sampled[h.bucket] {
			continue
		}
		if err := d.source(&docs[i], &h); err != nil {
			return nil, 0, err
		}
		if into != nil && docs[i].Block != 0 {
			into.add(docs[i].Block, h.key)
			into.add(docs[i].Block, bucketKey(h.bucket))
		}
		if docs[i].Version > 0 && !v.versions.Load() {
			v.versions.Store(true)
		}
		some = append(some, h)
	}
	return some, bytes, nil
}

// saveEvery is how often the state is written while parts are finished.
const saveEvery = 30 * time.Second

// finishPart adds a part that was read whole.
func (v *Verification) finishPart(name string, sums *delta, note func()) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	sums.mergeInto(v.state.table)
	v.state.Done[name] = true
	note()
	if now := v.options.Now(); now.Sub(v.saved) >= saveEvery {
		v.saved = now
		return v.saveLocked()
	}
	return nil
}

func (v *Verification) save() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.saveLocked()
}

func (v *Verification) saveLocked() error {
	v.state.Names = v.names.list()
	return v.state.write(v.options.State)
}

// digestTargets adds what of the target was not added yet, of the indices that are known to concern the source.
func (v *Verification) digestTargets(ctx context.Context) error {
	planned, err := v.source.Targets(ctx)
	if err != nil {
		return err
	}
	indices := append(slices.Clone(planned), v.names.list()...)
	slices.Sort(indices)
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(v.parallel())
	for _, index := range slices.Compact(indices) {
		if !v.state.wants(v.names.number(index)) {
			continue
		}
		parts, err := v.targetParts(ctx, index)
		if err != nil {
			return errors.Join(err, group.Wait())
		}
		for _, p := range parts {
			name := "target " + p.name()
			if v.partDone(name) {
				continue
			}
			group.Go(func() error { return v.digestPart(inner, name, p) })
			if inner.Err() != nil {
				return group.Wait()
			}
		}
	}
	return group.Wait()
}

func (v *Verification) partDone(name string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.state.done(name)
}

// targetParts returns the parts of an index of the target, which stay the same throughout.
func (v *Verification) targetParts(ctx context.Context, index string) ([]part, error) {
	v.mu.Lock()
	parts, known := v.state.Parts[index]
	v.mu.Unlock()
	if known {
		return parts, nil
	}
	parts, is, total, err := v.target.parts(ctx, index)
	if err != nil && !notThere(err) {
		return nil, fmt.Errorf("the target: %w", err)
	}
	v.progress.Target.Total.Add(total)
	v.mu.Lock()
	defer v.mu.Unlock()
	if notThere(err) {
		v.state.Absent[index] = true
	}
	v.state.Parts[index], v.state.Made[index] = parts, is.identity
	return parts, nil
}

// attempts is how often a part of a cluster is read before it is given up: what was begun can't always be gone on with.
const attempts = 3

// digestPart adds a part of the target.
func (v *Verification) digestPart(ctx context.Context, name string, p part) error {
	var sums *delta
	err := v.readTarget(ctx, p, func() { sums = newDelta(ofTarget, &v.tables) }, func(docs []Document) error {
		some, bytes, err := v.digest(docs, nil)
		if err != nil {
			return err
		}
		sums.add(some)
		return v.step(ctx, &v.progress.Target, v.pace.target, len(docs), bytes)
	})
	if err != nil {
		return err
	}
	return v.finishPart(name, sums, func() {})
}

// readTarget reads a part of the target, from its begin again where that failed for the time being.
func (v *Verification) readTarget(ctx context.Context, p part, begin func(), visit func([]Document) error) error {
	for attempt := 1; ; attempt++ {
		begin()
		var own error
		err := v.target.read(ctx, p, func(hits []cluster.RawHit) error {
			docs := make([]Document, len(hits))
			for i := range hits {
				docs[i] = Document{Index: p.Index, ID: hits[i].ID, Routing: routing(&hits[i]), Source: hits[i].Source}
				if hits[i].Source == nil {
					v.state.fail(&v.mu, fmt.Sprintf(sourceless, p.Index, "target"))
				}
			}
			own = visit(docs)
			return own
		})
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case own != nil:
			return own
		case attempt >= attempts:
			return fmt.Errorf("read %s of the target: %w", p.name(), err)
		}
		v.options.Log.Warn().Err(err).Str("part", p.name()).Msg("reading it again from its begin")
		p.Page = max(p.Page/4, leastPage)
		if err := v.options.Wait(ctx, time.Duration(attempt)*time.Second); err != nil {
			return err
		}
	}
}
