package cli

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"migassist/config"
	"migassist/console"
	"migassist/rfs"
	"migassist/rfs/bulk"
	"migassist/rfs/deadletter"
)

// redriveFlags are those of a redrive that are no configuration.
type redriveFlags struct {
	transform       string
	dryRun          bool
	overwrite, drop bool
}

// lettersRedrive sends letters again.
func (p *program) lettersRedrive() *cobra.Command {
	var filter *console.LetterFilter
	given := &redriveFlags{}
	cmd := leaf("redrive", "Send documents that were not written again",
		`Redrive sends dead letters again, as they are or as transforms make them. A letter
leaves the list when the target has acknowledged it; one that is refused stays,
with the new reason. Where the target has another document under the id, or a
higher version, that one stays. It may be killed and started again at any time.

--transform mends documents: it gets each as it would be sent. If rfs had
transforms, give them as to rfs (best in migassist.yaml): documents that they had
changed, or failed on, go through them first. Look what would be sent: --dry-run
prints it, and sends nothing. Code 3: letters are left.`,
		`  migassist console backfill dead-letters redrive --index orders --transform '[{"jq": "del(.document.price)"}]' --dry-run
  migassist console backfill dead-letters redrive --index orders --transform mend.yaml --target-host https://localhost:9200`,
		func(cmd *cobra.Command) error { return p.runRedrive(cmd, given, *filter) })
	config.ForRedrive.AddFlags(cmd.Flags())
	filter = letterFilter(cmd)
	flags := cmd.Flags()
	flags.StringVar(&given.transform, "transform", "", "`JSON` that says how documents are mended, in the form of --doc-transformer-config, or the name of a file with it")
	flags.BoolVar(&given.dryRun, "dry-run", false, "print what would be sent as a bulk request; no target is needed, and nothing is changed")
	flags.BoolVar(&given.overwrite, "overwrite", false, "replace whatever the target has under the ids, also what is newer")
	flags.BoolVar(&given.drop, "drop", false, "letters of which the transform makes nothing leave the list; otherwise they stay")
	return cmd
}

func (p *program) runRedrive(cmd *cobra.Command, given *redriveFlags, filter console.LetterFilter) error {
	scope := config.ForRedrive
	if given.dryRun {
		scope = config.ForRedriveTrial
	}
	settings, log, err := p.load(cmd, scope)
	if err != nil {
		return err
	}
	limitMemory(settings.Memory)
	redrive := &console.Redrive{
		Session: lettersSession(settings), Worker: "redrive-" + rfs.WorkerName(), Overwrite: given.overwrite, Drop: given.drop,
		BatchBytes: int(settings.RFS.DocumentsSizePerRequest), Log: log,
	}
	if err := given.transforms(cmd, settings, redrive, log); err != nil {
		return err
	}
	l, store, err := p.listLetters(cmd, settings, filter, log)
	if err != nil {
		return err
	}
	redrive.Store = store
	if given.dryRun {
		redrive.DryRun = p.out
	} else if err := redriveTo(cmd.Context(), settings, redrive, log); err != nil {
		return err
	}
	return p.redrive(cmd.Context(), settings, redrive, l, filter)
}

// transforms reads those that rfs had, and those that mend.
func (given *redriveFlags) transforms(cmd *cobra.Command, settings *config.Config, redrive *console.Redrive, log zerolog.Logger) error {
	had, err := documentTransforms(settings, log)
	if err != nil {
		return err
	}
	if had != nil {
		redrive.Configured = had.New()
	}
	settings.Transforms = transformsOf(given.transform)
	mend, err := documentTransforms(settings, log)
	if err != nil {
		return usageError{"--transform " + given.transform + ": " + err.Error(), hint(cmd)}
	}
	if mend != nil {
		redrive.Transformer = mend.New()
	}
	if given.drop && had == nil && mend == nil {
		return usageError{"--drop is for letters of which a transform makes nothing, and none is given", hint(cmd)}
	}
	return nil
}

// transformsOf takes JSON, or else the name of a file.
func transformsOf(text string) config.Transforms {
	if begin := strings.TrimSpace(text); strings.HasPrefix(begin, "[") || strings.HasPrefix(begin, "{") || strings.HasPrefix(begin, `"`) {
		return config.Transforms{Inline: config.Structure(text)}
	}
	return config.Transforms{File: text}
}

// redriveTo reaches the target.
func redriveTo(ctx context.Context, settings *config.Config, redrive *console.Redrive, log zerolog.Logger) error {
	client, err := connect(ctx, settings.Target)
	if err != nil {
		return err
	}
	writer := bulk.NewWriter(client, bulk.Patience{Retrying: func(operations, attempt int, wait time.Duration, why error) {
		log.Warn().Err(why).Int("operations", operations).Int("attempt", attempt).Stringer("wait", wait.Round(time.Millisecond)).Msg("the target did not take it; sending again")
	}})
	writer.SetLimits(bulk.Limits{DocsPerSecond: float64(settings.RFS.MaxDocsPerSecond), BytesPerSecond: float64(settings.RFS.MaxMBPerSecond) * 1e6, Connections: 1})
	redrive.Target, redrive.Sink = client, writer
	if settings.Target.AWSService == "aoss" {
		redrive.Sink = rfs.CollectionSink{Sink: writer}
	}
	return nil
}

// redrive sends the letters, and prints what became of them, also when it ends early.
func (p *program) redrive(ctx context.Context, settings *config.Config, redrive *console.Redrive, l *deadletter.Listing, filter console.LetterFilter) error {
	err := redrive.Run(ctx, l, filter)
	out, dry := io.Writer(p.out), redrive.DryRun != nil
	if dry {
		out = p.streams.Err // the operations are there
	}
	if settings.Output == config.JSON && !dry {
		if printErr := p.print(config.JSON, redrive.Redriven, nil); err == nil {
			err = printErr
		}
	} else if printErr := redrive.Redriven.WriteText(out, dry); err == nil {
		err = printErr
	}
	switch {
	case err != nil:
		return err
	case redrive.Redriven.Letters == 0:
		return errNothing
	case redrive.Redriven.Left > 0:
		return errFindings
	}
	return nil
}
