package cli

import (
	"context"
	"path/filepath"

	"github.com/rs/zerolog"

	"migassist/cluster"
	"migassist/config"
	"migassist/rfs"
	"migassist/snapshot"
)

// receiving is what is done with the target, beside writing: before the first document, and after the last.
type receiving struct {
	settings *config.Config
	snap     *snapshot.Snapshot
	client   *cluster.Client // nil: documents go to a file
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

// begin counts what the target has.
func (r *receiving) begin(ctx context.Context, plan *rfs.Plan) (rfs.Before, error) {
	return rfs.CountBefore(ctx, r.client, plan.Targets(), r.ids)
}

// close compares how many documents the target's indices have with what was written.
func (r *receiving) close(ctx context.Context, before rfs.Before, flows []rfs.Flow) (rfs.OnTarget, []rfs.Finding, error) {
	there, findings := rfs.CompareCounts(ctx, r.client, before, flows)
	return there, findings, nil
}
