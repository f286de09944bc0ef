package cli

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"migassist/config"
	"migassist/metadata"
	"migassist/metadata/lock"
	"migassist/metadata/probe"
	"migassist/metadata/unattended"
	"migassist/metadata/view"
)

// probeTarget asks the target about each item of a plan, through a client that can write.
func probeTarget(ctx context.Context, settings *config.Config, plan *metadata.Plan) error {
	target, err := connect(ctx, settings.Target)
	if err != nil {
		return err
	}
	return probe.Run(ctx, plan, target, lock.ThisProcess("migassist metadata evaluate --probe", time.Now()))
}

// migrateUnattended asks nothing, prints nothing unless JSON is wanted, and logs one line when it is over.
func (p *program) migrateUnattended(ctx context.Context, settings *config.Config, log zerolog.Logger) error {
	var plan *metadata.Plan
	run := &unattended.Run{
		Folder: settings.Metadata.UnattendedFolder, By: lock.ThisProcess("migassist metadata migrate --unattended", time.Now()), Now: time.Now, Options: metadata.ApplyOptions{AtOnce: settings.Metadata.AtOnce, StopOnError: settings.Metadata.StopOnError},
		Connect: func(ctx context.Context) (unattended.Target, error) { return connect(ctx, settings.Target) },
		Plan: func(ctx context.Context, target unattended.Target) (made *metadata.Plan, err error) {
			plan, err = makePlan(ctx, settings, target, log)
			return plan, err
		},
	}
	record, report, err := run.Do(ctx)
	tellUnattended(log, record, report)
	if settings.Output == config.JSON {
		err = errors.Join(err, record.WriteJSON(p.out))
	}
	if plan != nil && record.Report != nil {
		err = errors.Join(err, p.writePage(settings, view.Page{Plan: plan, Report: record.Report}))
	}
	return errors.Join(err, endUnattended(record.End))
}

// tellUnattended is the one line of a run.
func tellUnattended(log zerolog.Logger, record *unattended.Record, report string) {
	line := log.Info()
	switch record.End {
	case unattended.Broken:
		line = log.Error().Str("error", record.Error)
	case unattended.Waiting:
		line = log.Warn()
	case unattended.Changed, unattended.Unchanged, unattended.Held:
	}
	if record.HeldBy != nil {
		line = line.Stringer("held_by", *record.HeldBy)
	}
	if report != "" {
		line = line.Str("report", report)
	}
	line.Str("end", string(record.End)).Int("created", len(record.Created)).Int("waiting", len(record.Waiting)).
		Int("drift", len(record.Drift)).Int("later", record.Later).Int("gaps", record.Gaps).Msg("metadata migrated unattended")
}

// endUnattended is the end of the command; of a run that failed the error itself is.
func endUnattended(end unattended.End) error {
	switch end {
	case unattended.Waiting:
		return errFindings
	case unattended.Unchanged, unattended.Held:
		return errNothing
	case unattended.Changed, unattended.Broken:
	}
	return nil
}
