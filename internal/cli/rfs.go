package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"migassist/config"
	"migassist/rfs"
	"migassist/rfs/bulk"
	"migassist/selection"
)

// rfs is the mode that moves documents.
func (p *program) rfs() *cobra.Command {
	cmd := leaf("rfs", "Move documents from a snapshot to a target (reindex from snapshot)",
		`Rfs reads documents straight out of a snapshot's files and sends them to the
target, with their ids, routing and source unchanged. The target's indices must
exist: "migassist metadata migrate" creates them. A run that was stopped goes on
where it was when started again with the same state file. What the target
refuses is written, with the reason, to the dead-letter file.

With --target-file it writes bulk-format NDJSON instead, and needs no cluster.`,
		`  migassist rfs --repo-uri file:///mnt/snapshots --snapshot-name nightly --target-host https://localhost:9200`,
		p.runRFS)
	config.ForRFS.AddFlags(cmd.Flags())
	return cmd
}

func (p *program) runRFS(cmd *cobra.Command) error {
	settings, log, err := p.load(cmd, config.ForRFS)
	if err != nil {
		return err
	}
	limitMemory(settings.Memory)
	ctx := cmd.Context()
	source, err := openSource(ctx, settings, log)
	if err != nil {
		return err
	}
	plan, err := source.plan(ctx, choices(settings), log)
	if err != nil {
		return err
	}
	if len(plan.Items) == 0 && settings.RFS.TargetFile == "" {
		log.Warn().Msg("there is no index to read")
	}
	to, err := p.destination(ctx, settings, plan, log)
	if err != nil {
		return err
	}
	if err := settleIDs(ctx, settings, source.snapshot, plan, log); err != nil {
		return errors.Join(err, to.finish(false))
	}
	summary, err := p.backfill(ctx, settings, source, plan, to, log)
	if finishErr := to.finish(err == nil && summary.Complete); err == nil {
		err = finishErr
	}
	if err != nil && summary != nil && summary.Resumable {
		err = fmt.Errorf("%w\nthe same command goes on where this one ended; how far it came is in %s", err, settings.RFS.StateFile)
	}
	return errors.Join(p.printSummary(settings, summary), verdict(summary, err))
}

// backfill runs the pipeline and speaks of its progress.
func (p *program) backfill(ctx context.Context, settings *config.Config, source *source, plan *rfs.Plan, to *destination, log zerolog.Logger) (summary *rfs.Summary, err error) {
	options := rfsOptions(settings)
	options.Indices = to.indices
	if len(plan.Items) == 0 { // nothing to go on with, and nothing that a next run should trip over
		options.StateFile = ""
	}
	b, err := rfs.New(source.snapshot, plan, to.sink, source.repository.URI(), options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	pending := b.Pending()
	if pending == 0 && b.Resumed() {
		log.Info().Str("state", settings.RFS.StateFile).Msg("everything was moved by a former run; remove the state file to move it again")
		if summary, err = b.Run(ctx); err == nil && len(summary.Findings) == 0 {
			err = errNothing
		}
		return summary, err
	}
	log.Info().Int("shards", pending).Bool("resumed", b.Resumed()).Str("snapshot", source.snapshot.Name).Str("target", targetName(settings)).Msg("backfill starts")
	monitor := rfs.Monitor{Progress: b.Progress(), Log: log, Now: time.Now}
	if isTerminal(p.streams.Err) {
		monitor.Terminal = p.streams.Err
	}
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { monitor.Run(watching) })
	summary, err = b.Run(ctx)
	stop()
	watch.Wait()
	return summary, err
}

func rfsOptions(settings *config.Config) rfs.Options {
	o := rfs.Options{
		Workers:        settings.RFS.Workers,
		InFlight:       settings.RFS.MaxConnections,
		BatchBytes:     int(settings.RFS.DocumentsSizePerRequest),
		BatchDocs:      settings.RFS.DocumentsPerRequest,
		Memory:         int(settings.Memory),
		DeadLetterFile: settings.RFS.DeadLetterFile,
		Target:         targetName(settings),
	}
	if settings.RFS.TargetFile == "" { // a file is written anew from its begin
		o.StateFile = settings.RFS.StateFile
	}
	return o
}

func choices(settings *config.Config) rfs.Choices {
	renames, _ := selection.ParseRenames(settings.RFS.IndexMap) // without error: the configuration was checked
	choices := rfs.Choices{
		MultiType:          rfs.MultiType(settings.RFS.MultiTypeResolution),
		RebuildSource:      settings.RFS.RebuildSource,
		AllowPartialSource: settings.RFS.AllowPartialSource,
		Versions:           rfs.Versions(settings.RFS.DocVersions),
		IndexMap:           renames,
		GeneratedIDs:       settings.RFS.ServerGeneratedIDs == "ALWAYS",
		Collision:          rfs.IDCollision(settings.RFS.IDCollision),
	}
	if settings.RFS.Pilot > 0 {
		choices.PilotPrefix = settings.RFS.PilotPrefix
	}
	return choices
}

func targetName(settings *config.Config) string {
	if settings.RFS.TargetFile != "" {
		return settings.RFS.TargetFile
	}
	return strings.TrimRight(settings.Target.Host, "/")
}

// destination is where the documents go.
type destination struct {
	sink rfs.Sink
	// indices asks the target for the identities of its indices; nil for a file.
	indices func(ctx context.Context, names ...string) (map[string]string, error)
	// finish is told whether all documents went there.
	finish func(complete bool) error
}

// destination opens the file, or reaches the target.
func (p *program) destination(ctx context.Context, settings *config.Config, plan *rfs.Plan, log zerolog.Logger) (*destination, error) {
	if name := settings.RFS.TargetFile; name != "" {
		file, err := rfs.NewFileSink(name, p.out, settings.RFS.Overwrite)
		if err != nil {
			return nil, err
		}
		return &destination{sink: file, finish: file.Close}, nil
	}
	client, err := connect(ctx, settings.Target)
	if err != nil {
		return nil, err
	}
	if err := plan.Address(ctx, client); err != nil {
		return nil, err
	}
	writer := bulk.NewWriter(client, bulk.Patience{Retrying: func(operations, attempt int, wait time.Duration, why error) {
		log.Warn().Err(why).Int("operations", operations).Int("attempt", attempt).Stringer("wait", wait.Round(time.Millisecond)).Msg("the target did not take it; sending again")
	}})
	writer.SetLimits(bulk.Limits{Connections: settings.RFS.MaxConnections, BytesInFlight: settings.RFS.MaxConnections * int(settings.RFS.DocumentsSizePerRequest)})
	return &destination{sink: writer, indices: rfs.Identities(client), finish: func(bool) error { return nil }}, nil
}

func (p *program) printSummary(settings *config.Config, summary *rfs.Summary) error {
	if summary == nil {
		return nil
	}
	out := io.Writer(p.out)
	if settings.RFS.TargetFile == "-" { // the documents are there
		out = p.streams.Err
	}
	if settings.Output == config.JSON {
		return summary.WriteJSON(out)
	}
	return summary.WriteText(out)
}

// verdict turns what happened into the end of the command.
func verdict(summary *rfs.Summary, err error) error {
	switch {
	case err != nil:
		return err
	case summary.Failed():
		return errors.New("documents were left unread; the findings say which and why")
	case len(summary.Findings) > 0:
		return errFindings
	case len(summary.Indices) == 0:
		return errNothing
	}
	return nil
}
