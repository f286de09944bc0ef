package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"migassist/cluster"
	"migassist/config"
	"migassist/internal/telemetry"
	"migassist/rfs"
	"migassist/rfs/bulk"
	"migassist/selection"
	"migassist/transform/pipeline"
)

// rfs is the mode that moves documents.
func (p *program) rfs() *cobra.Command {
	cmd := leaf("rfs", "Move documents from a snapshot to a target (reindex from snapshot)",
		`Rfs reads documents straight out of a snapshot's files and sends them to the
target, with their ids, routing and source unchanged. The target's indices must
exist: "migassist metadata migrate" creates them. What the target refuses is
written, with the reason, to the dead letters (--dead-letters): see "migassist
console backfill dead-letters".

Start as many workers as you like, and kill any of them at any time: they share
the work through --coordinator, by default a file on this machine, and a worker
that is started again goes on where the others are. Each prints the summary of
the whole run when nothing is left. SIGTERM ends a worker within ten seconds.

With --exit-codes java the exit codes are those of the Java implementation's
worker: 0 this worker did some of the work, 3 there was none left, 4 the run was
stopped by an operator, 2 a signal stopped the worker with work left, 5 something
in the snapshot can't be read, 1 anything else.

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
	if settings.RFS.Pilot > 0 && settings.RFS.SessionName == config.Default().RFS.SessionName {
		settings.RFS.SessionName = "pilot" // a run of its own
	}
	limitMemory(settings.Memory)
	err = p.moveDocuments(cmd.Context(), settings, log)
	if settings.RFS.ExitCodes == config.JavaExitCodes {
		return javaEnd{err}
	}
	return err
}

func (p *program) moveDocuments(ctx context.Context, settings *config.Config, log zerolog.Logger) error {
	source, err := openSource(ctx, settings, log)
	if err != nil {
		return err
	}
	if source.transforms, err = documentTransforms(settings, log); err != nil {
		return err
	}
	to, err := p.destination(ctx, settings, log)
	if err != nil {
		return err
	}
	summary, err := p.backfill(ctx, settings, source, to, log)
	if finishErr := to.finish(err == nil && summary.Complete); err == nil {
		err = finishErr
	}
	if err != nil && summary != nil && summary.Resumable {
		err = fmt.Errorf("%w\nthe same command goes on where this one ended; how far it came is in %s", err, place(settings))
	}
	return errors.Join(p.printSummary(settings, summary), verdict(summary, err))
}

// backfill runs this worker and speaks of its progress.
func (p *program) backfill(ctx context.Context, settings *config.Config, source *source, to *destination, log zerolog.Logger) (summary *rfs.Summary, err error) {
	options := rfsOptions(settings, source.transforms)
	options.Log, options.Indices, options.SetLimits, options.Flow, options.Worker = log, to.indices, to.limit, to.flow, to.worker
	if to.client != nil {
		options.TuneTarget, options.Names = to.client, to.client
	}
	if err := withLetters(ctx, settings, &options, log); err != nil {
		return nil, err
	}
	with := &receiving{settings: settings, snap: source.snapshot, client: to.client, log: log}
	options.Check = with.check
	if settings.RFS.TargetFile == "" { // a file is written anew from its begin
		if options.Store, err = openCoordinator(ctx, settings, to.client, log); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, options.Store.Close()) }()
		options.Begin, options.Close = with.begin, with.close
	}
	b := rfs.New(source.backfill(settings, log), to.sink, options)
	hide, err := showVitals(ctx, settings.RFS.MetricsAddress, b, log)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, hide()) }()
	log.Info().Str("snapshot", source.snapshot.Name).Str("target", targetName(settings)).Str("coordinator", place(settings)).Msg("backfill starts")
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
	if err == nil && b.Idle() && len(summary.Indices) > 0 {
		log.Info().Str("coordinator", place(settings)).Msg("everything was moved by others, or by a former run; remove its state to move it again, or name another run")
		if len(summary.Findings) == 0 {
			err = errNothing
		}
	}
	return summary, err
}

// showVitals serves the worker's /metrics and /healthz, if there is an address, until what it returns is called.
func showVitals(ctx context.Context, address string, b *rfs.Backfill, log zerolog.Logger) (hide func() error, err error) {
	if address == "" {
		return func() error { return nil }, nil
	}
	serving, err := telemetry.Endpoint{Metrics: b.Metrics, Health: b.Health}.Serve(ctx, address)
	if err != nil {
		return nil, err
	}
	log.Info().Str("address", serving.Address()).Msg("serving /metrics and /healthz")
	return serving.Close, nil
}

// backfill is the source as the pipeline takes it.
func (s *source) backfill(settings *config.Config, log zerolog.Logger) rfs.Source {
	chosen := choices(settings, s.transforms)
	return rfs.Source{
		Snapshot: s.snapshot, Repository: s.repository.URI(), Choices: chosen,
		Plan: func(ctx context.Context) (*rfs.Plan, error) {
			plan, err := s.plan(ctx, chosen, log)
			if err == nil && len(plan.Items) == 0 && settings.RFS.TargetFile == "" {
				log.Warn().Msg("there is no index to read")
			}
			return plan, err
		},
	}
}

func rfsOptions(settings *config.Config, transforms *pipeline.Program) rfs.Options {
	r := settings.RFS
	return rfs.Options{
		Workers:       r.Workers,
		InFlight:      settings.WorkerConnections(),
		BatchBytes:    int(r.DocumentsSizePerRequest),
		BatchDocs:     r.DocumentsPerRequest,
		Memory:        int(settings.Memory),
		Compressed:    !settings.Target.DisableCompression && r.TargetFile == "",
		Session:       r.SessionName,
		Version:       version,
		LeaseDuration: r.LeaseDuration,
		BulkTimeout:   r.RequestTime(),
		MaxAttempts:   r.MaxAttempts,
		ItemBytes:     int64(r.ItemBytes),
		Target:        targetName(settings),
		Place:         place(settings),
		Choices:       sharedChoices(settings, transforms),
		Tune:          r.TuneTarget,
		Control:       rfs.Control{MaxDocsPerSecond: float64(r.MaxDocsPerSecond), MaxMBPerSecond: float64(r.MaxMBPerSecond), MaxConnections: r.MaxConnections},
	}
}

// sharedChoices are the flags that all workers of a run must have alike, as far as they are given.
func sharedChoices(settings *config.Config, transforms *pipeline.Program) map[string]string {
	r := settings.RFS
	all := map[string]string{
		"index-allowlist":      strings.Join(settings.Indices.Allowlist, ","),
		"index-map":            strings.Join(r.IndexMap, ","),
		"item-bytes":           r.ItemBytes.String(),
		"lease-duration":       r.LeaseDuration.String(),
		"bulk-timeout":         r.RequestTime().String(),
		"server-generated-ids": r.ServerGeneratedIDs,
	}
	for name, given := range map[string]struct{ value, otherwise string }{
		"multi-type-resolution": {r.MultiTypeResolution, string(rfs.MultiTypeNone)},
		"doc-versions":          {r.DocVersions, string(rfs.VersionsNone)},
		"id-collision":          {r.IDCollision, string(rfs.CollisionStop)},
		"rebuild-source":        {strconv.FormatBool(r.RebuildSource), "false"},
		"allow-partial-source":  {strconv.FormatBool(r.AllowPartialSource), "false"},
		"pilot":                 {strconv.Itoa(r.Pilot), "0"},
		"transform-errors":      {r.TransformErrors, config.DeadLetterTransformErrors},
	} {
		if given.value != given.otherwise {
			all[name] = given.value
		}
	}
	if r.Pilot > 0 {
		all["pilot-prefix"] = r.PilotPrefix
	}
	if transforms != nil { // wherever it stands: what it says
		all["doc-transformer-config"] = transforms.Fingerprint()
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

func choices(settings *config.Config, transforms *pipeline.Program) rfs.Choices {
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
	if transforms != nil {
		choices.Transform, choices.StopOnTransformError = transforms, settings.RFS.TransformErrors == config.StopTransformErrors
	}
	if settings.RFS.Pilot > 0 {
		choices.Pilot, choices.PilotPrefix = settings.RFS.Pilot, settings.RFS.PilotPrefix
	}
	return choices
}

// stateFile is the file through which workers of one machine share a run.
func stateFile(settings *config.Config) string { return settings.RFS.StatePath() }

// place names the coordinator for people.
func place(settings *config.Config) string {
	if settings.Coordinator.Place() == config.CoordinatorFile {
		return stateFile(settings)
	}
	return fmt.Sprintf("session %s of the coordinator %s", settings.RFS.SessionName, settings.Coordinator.Place())
}

func targetName(settings *config.Config) string {
	if settings.RFS.TargetFile != "" {
		return settings.RFS.TargetFile
	}
	return strings.TrimRight(settings.Target.Host, "/")
}

// destination is where the documents go.
type destination struct {
	sink   rfs.Sink
	client *cluster.Client // nil for a file
	worker string          // name of this worker, which the target's requests bear
	// indices asks the target for the identities of its indices; nil for a file.
	indices func(ctx context.Context, names ...string) (map[string]string, error)
	// flow says what is being sent; nil for a file.
	flow func() bulk.Flow
	// limit is told this worker's share of what the run may send.
	limit func(bulk.Limits)
	// finish is told whether all documents went there.
	finish func(complete bool) error
}

// destination opens the file, or reaches the target.
func (p *program) destination(ctx context.Context, settings *config.Config, log zerolog.Logger) (*destination, error) {
	if name := settings.RFS.TargetFile; name != "" {
		file, err := rfs.NewFileSink(name, p.out, settings.RFS.Overwrite)
		if err != nil {
			return nil, err
		}
		return &destination{sink: file, finish: file.Close}, nil
	}
	options, err := clusterOptions(settings.Target)
	if err != nil {
		return nil, err
	}
	worker := rfs.WorkerName()
	options.OpaqueID = "migassist/" + settings.RFS.SessionName + "/" + worker
	client, err := cluster.Connect(ctx, options)
	if err != nil {
		return nil, err
	}
	writer := bulk.NewWriter(client, bulk.Patience{Retrying: func(operations, attempt int, wait time.Duration, why error) {
		log.Warn().Err(why).Int("operations", operations).Int("attempt", attempt).Stringer("wait", wait.Round(time.Millisecond)).Msg("the target did not take it; sending again")
	}})
	limit := func(limits bulk.Limits) {
		if most := settings.WorkerConnections(); limits.Connections == 0 || limits.Connections > most {
			limits.Connections = most
		}
		limits.BytesInFlight = limits.Connections * int(settings.RFS.DocumentsSizePerRequest)
		writer.SetLimits(limits)
	}
	limit(bulk.Limits{})
	var sink rfs.Sink = writer
	if settings.Target.AWSService == "aoss" {
		sink = rfs.CollectionSink{Sink: writer}
	}
	return &destination{
		sink: sink, client: client, worker: worker, indices: rfs.Identities(client), limit: limit, flow: writer.Flow, finish: func(bool) error { return nil },
	}, nil
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
		return errUnread
	case len(summary.Findings) > 0:
		return errFindings
	case len(summary.Indices) == 0:
		return errNothing
	}
	return nil
}
