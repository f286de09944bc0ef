package cli

import (
	"context"
	"maps"
	"path/filepath"

	"github.com/rs/zerolog"

	"migassist/cluster"
	"migassist/config"
	"migassist/rfs"
	"migassist/rfs/lease"
	"migassist/snapshot"
)

// receiving is what is done with the target, beside writing: before the first document, and after the last.
type receiving struct {
	settings *config.Config
	snap     *snapshot.Snapshot
	client   *cluster.Client // nil: documents go to a file
	store    lease.Store
	log      zerolog.Logger

	ids *rfs.IDScan // nil: not read
}

// check settles where documents go, or says why they can't. Nothing is changed but that a pilot's indices are made.
func (r *receiving) check(ctx context.Context, plan *rfs.Plan) error {
	if r.client != nil {
		if err := r.pilot(ctx, plan); err != nil {
			return err
		}
		if err := plan.Address(ctx, r.client); err != nil {
			return err
		}
	}
	return r.settleIDs(ctx, plan)
}

func (r *receiving) pilot(ctx context.Context, plan *rfs.Plan) error {
	if r.settings.RFS.Pilot == 0 {
		return nil
	}
	made, err := plan.MakePilots(ctx, r.client, r.settings.RFS.PilotPrefix)
	if len(made) > 0 {
		r.log.Info().Strs("indices", made).Msg("indices of the pilot were made; they stay until you delete them")
	}
	return err
}

// settleIDs sees to documents that would come to one index of the target under the same id.
func (r *receiving) settleIDs(ctx context.Context, plan *rfs.Plan) error {
	choice := rfs.IDCollision(r.settings.RFS.IDCollision)
	if err := plan.Collide(ctx, r.snap, choice); err != nil {
		return err
	}
	if choice == rfs.CollisionUnchecked || choice == rfs.CollisionPrefix || r.settings.RFS.Pilot > 0 {
		return nil
	}
	if targets := plan.Shared(); len(targets) > 0 {
		r.log.Info().Strs("targets", targets).Msg("documents of several types or indices come together here; their ids are read first, to find those that are there twice")
	}
	ids, err := plan.ScanIDs(ctx, r.snap, rfs.ScanOptions{Dir: filepath.Dir(r.settings.RFS.StateFile), Memory: int(r.settings.Memory)})
	if err != nil {
		return err
	}
	findings, err := ids.Judge(choice)
	plan.Findings = append(plan.Findings, findings...)
	r.ids = ids
	return err
}

// begin counts what the target has, and gives its indices the settings that the run needs.
func (r *receiving) begin(ctx context.Context, plan *rfs.Plan) (rfs.Before, error) {
	names := plan.Targets()
	before, err := rfs.CountBefore(ctx, r.client, names, r.ids)
	if err != nil {
		return before, err
	}
	settings := r.tuned()
	if len(settings) == 0 {
		return before, nil
	}
	tuning, err := r.tuner().Tune(ctx, settings, names...)
	if err != nil {
		return before, err
	}
	r.log.Info().Strs("indices", tuning.Indices).Any("settings", settings).Msg("settings of the target's indices were changed for the time of the run")
	plan.Findings = append(plan.Findings, tuning.Findings...)
	return before, nil
}

// tuned are the settings that the target's indices have while the run lasts.
func (r *receiving) tuned() map[string]string {
	settings := map[string]string{}
	if r.settings.RFS.DocVersions == string(rfs.VersionsSeqNo) {
		maps.Copy(settings, rfs.SeqNoSettings)
	}
	return settings
}

func (r *receiving) tuner() *rfs.Tuner { return &rfs.Tuner{Store: r.store, Target: r.client} }

// close gives the target's indices their settings back, and compares how many documents they have with what was written.
func (r *receiving) close(ctx context.Context, before rfs.Before, flows []rfs.Flow) ([]rfs.Finding, error) {
	tuning, err := r.tuner().Restore(ctx)
	if err != nil {
		return nil, err
	}
	return append(tuning.Findings, rfs.CompareCounts(ctx, r.client, before, flows)...), nil
}
