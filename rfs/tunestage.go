package rfs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"migassist/rfs/lease"
)

// tuneStage is the stage in which the target is tuned, once in each epoch: a run that was stopped has its settings restored, and is tuned
// again when it goes on.
func tuneStage(epoch int) string { return fmt.Sprintf("tune-%d", epoch) }

// tune changes settings of the target's indices while the run lasts, where it wants that.
func (b *Backfill) tune(ctx context.Context) error {
	run := b.joined.Run()
	settings := tuneSettings(run)
	if b.options.TuneTarget == nil || len(settings) == 0 {
		return nil
	}
	b.joined.Activity().Doing("tuning the target")
	_, err := b.coordinator.Once(ctx, tuneStage(run.Control.Epoch), func(ctx context.Context, _ *lease.Lease) (json.RawMessage, error) {
		indices, err := b.receiving(ctx)
		if err != nil {
			return nil, err
		}
		tuning, err := b.tuner().Tune(ctx, settings, indices...)
		if err != nil {
			return nil, err
		}
		b.options.Log.Info().Int("indices", len(tuning.Indices)).Msg("settings of the target's indices were changed for the time of the run")
		b.tell(tuning)
		return json.Marshal(tuning)
	})
	return err
}

// tuneSettings are the settings that the target's indices have while the run lasts.
func tuneSettings(run Run) map[string]string {
	settings := map[string]string{}
	if run.Tune {
		maps.Copy(settings, TuneSettings)
	}
	if run.Choices["doc-versions"] == string(VersionsSeqNo) {
		maps.Copy(settings, SeqNoSettings)
	}
	return settings
}

// receiving returns the indices, by their own names, that the run's documents go to.
func (b *Backfill) receiving(ctx context.Context) ([]string, error) {
	var names []string
	for _, index := range b.planned.Indices {
		names = append(names, index.targets()...)
	}
	if places, ok := b.options.TuneTarget.(Places); ok {
		return Concrete(ctx, places, distinct(names)...)
	}
	return distinct(names), nil
}

func (b *Backfill) tuner() *Tuner {
	return &Tuner{Store: b.options.Store, Target: b.options.TuneTarget}
}

// restore gives the target's indices their settings back. The findings of tuning are among its own.
func (b *Backfill) restore(ctx context.Context) (*Tuning, error) {
	if b.options.TuneTarget == nil {
		return nil, nil //nolint:nilnil // nothing was tuned
	}
	tuning, err := b.tuner().Restore(ctx)
	if err != nil {
		return nil, err
	}
	b.tell(tuning)
	for epoch := range b.joined.Control().Epoch + 1 {
		text, done, err := stageResult(ctx, b.options.Store, tuneStage(epoch))
		if err != nil {
			return nil, err
		}
		var before Tuning
		if done && json.Unmarshal(text, &before) == nil {
			tuning.Findings = append(tuning.Findings, before.Findings...)
		}
	}
	if len(tuning.Indices)+len(tuning.Findings) == 0 {
		return nil, nil //nolint:nilnil // nothing was tuned
	}
	return tuning, nil
}

// tell logs what an operator should know.
func (b *Backfill) tell(tuning *Tuning) {
	for _, finding := range tuning.Findings {
		b.options.Log.Warn().Msg(finding.String())
	}
	if n := len(tuning.Replicas); n > 0 {
		b.options.Log.Info().Int("indices", n).Msg("replicas are back: the cluster copies shards now")
	}
}

// untuneTime is how long a worker that an operator stopped tries to restore settings.
const untuneTime = 30 * time.Second

// untune restores the settings of a run that was stopped.
func (b *Backfill) untune(ctx context.Context) error {
	if b.options.TuneTarget == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, untuneTime)
	defer cancel()
	tuning, err := b.tuner().Restore(ctx)
	if err != nil {
		return fmt.Errorf("restore the settings of the target's indices: %w; migassist console backfill stop does it too", err)
	}
	b.tell(tuning)
	return nil
}
