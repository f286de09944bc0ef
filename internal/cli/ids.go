package cli

import (
	"context"
	"path/filepath"

	"github.com/rs/zerolog"

	"migassist/config"
	"migassist/rfs"
	"migassist/snapshot"
)

// settleIDs sees to documents that would come to one index of the target under the same id, once it is known where they go.
func settleIDs(ctx context.Context, settings *config.Config, snap *snapshot.Snapshot, plan *rfs.Plan, log zerolog.Logger) error {
	choice := rfs.IDCollision(settings.RFS.IDCollision)
	if err := plan.Collide(ctx, snap, choice); err != nil {
		return err
	}
	if choice == rfs.CollisionUnchecked || choice == rfs.CollisionPrefix {
		return nil
	}
	if targets := plan.Shared(); len(targets) > 0 {
		log.Info().Strs("targets", targets).Msg("documents of several types or indices come together here; their ids are read first, to find those that are there twice")
	}
	scan, err := plan.ScanIDs(ctx, snap, rfs.ScanOptions{Dir: filepath.Dir(settings.RFS.StateFile), Memory: int(settings.Memory)})
	if err != nil {
		return err
	}
	findings, err := scan.Judge(choice)
	plan.Findings = append(plan.Findings, findings...)
	return err
}
