package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"migassist/cluster"
	"migassist/config"
	"migassist/metadata"
	"migassist/metadata/view"
	"migassist/transform/pipeline"
)

// metadata is the mode that moves indices, aliases and templates.
func (p *program) metadata() *cobra.Command {
	return p.group("metadata", "Move index settings, mappings, aliases and templates to a target",
		`Metadata creates on the target what a snapshot, or a living cluster that is only
read (--source-host), holds beside documents: indices with settings, mappings and
aliases, templates, data streams, pipelines, stored scripts and policies. What
the target does not know is rewritten or left out, each with its reason.
"evaluate" prints the plan, "migrate" applies exactly that plan.`,
		`  migassist metadata evaluate --repo-uri file:///mnt/snapshots --snapshot-name nightly --target-host https://localhost:9200`,
		p.metadataEvaluate(), p.metadataMigrate(), p.metadataFinish())
}

// metadataEvaluate prints the plan. It reaches the target through the client that can only read.
func (p *program) metadataEvaluate() *cobra.Command {
	cmd := leaf("evaluate", "Print what migrate would do",
		`Evaluate prints the plan: what is created, what is changed on the way and why,
what is left out and why. It changes nothing. With --output json the plan can be
kept and handed to "migrate --plan", --report writes it for a browser, and -v shows
what changes of each item. What --multi-type-resolution and type mappings
say is to be said to rfs too, so that documents find the indices made here.
With --probe it asks the target, too: each item is made there under a throw-away
name, its analyzers are used, and it is removed.`,
		`  migassist metadata evaluate --repo-uri file:///mnt/snapshots --snapshot-name nightly --target-host https://localhost:9200`,
		p.runEvaluate)
	config.ForEvaluation.AddFlags(cmd.Flags())
	return cmd
}

func (p *program) runEvaluate(cmd *cobra.Command) error {
	settings, log, err := p.load(cmd, config.ForEvaluation)
	if err != nil {
		return err
	}
	options, err := clusterOptions(settings.Target)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	target, err := cluster.ConnectReader(ctx, options)
	if err != nil {
		return err
	}
	plan, err := makePlan(ctx, settings, target, log)
	if err != nil {
		return err
	}
	if settings.Metadata.Probe {
		if err := probeTarget(ctx, settings, plan); err != nil {
			return err
		}
	}
	return errors.Join(p.writePlan(settings, plan), endOf(plan.Class()))
}

// metadataMigrate applies the plan that evaluate prints, or one that was kept.
func (p *program) metadataMigrate() *cobra.Command {
	cmd := leaf("migrate", "Create what evaluate prints",
		`Migrate makes the plan that evaluate prints and applies it. What exists on the
target is never changed. With --plan it applies a plan that "evaluate --output
json" wrote, to the target it was made for. With --unattended, as a clock starts
it, only what needs no decision is added, one run at a time; docs/cron.md has more.`,
		`  migassist metadata migrate --repo-uri file:///mnt/snapshots --snapshot-name nightly --target-host https://localhost:9200`,
		p.runMigrate)
	config.ForMigration.AddFlags(cmd.Flags())
	return cmd
}

func (p *program) runMigrate(cmd *cobra.Command) error {
	settings, log, err := p.load(cmd, config.ForMigration)
	if err != nil {
		return err
	}
	if settings.Metadata.Unattended {
		return p.migrateUnattended(cmd.Context(), settings, log)
	}
	ctx := cmd.Context()
	target, err := connect(ctx, settings.Target)
	if err != nil {
		return err
	}
	plan, err := givenPlan(ctx, settings, target, log)
	if err != nil {
		return err
	}
	report, err := plan.Apply(ctx, target, applying(settings, log))
	if report == nil {
		return err
	}
	if err == nil {
		err = endOf(report.Class())
	}
	return errors.Join(p.writeReport(settings, plan, report), err)
}

// applying is how a plan is applied, and that a long one is seen to go on.
func applying(settings *config.Config, log zerolog.Logger) metadata.ApplyOptions {
	const now, often = 10 * time.Second, 1000
	last := time.Now()
	return metadata.ApplyOptions{
		AtOnce: settings.Metadata.AtOnce, StopOnError: settings.Metadata.StopOnError,
		Progress: func(done, of int) {
			if of >= often && time.Since(last) >= now {
				last = time.Now()
				log.Info().Int("done", done).Int("of", of).Msg("metadata is applied")
			}
		},
	}
}

// metadataFinish does what had to wait for the documents.
func (p *program) metadataFinish() *cobra.Command {
	cmd := leaf("finish", "Set what had to wait until the documents were there",
		`Finish does what evaluate lists as "when the documents are there", and what
migrate leaves out, since it would alter or refuse the documents on their way:
blocks, final pipelines, closed indices, policies that take indices by name.
Run it when the backfill and the replay are over, with what migrate was given.
What is done already is left alone, so that it can be said again.`,
		`  migassist metadata finish --repo-uri file:///mnt/snapshots --snapshot-name nightly --target-host https://localhost:9200`,
		p.runFinish)
	config.ForFinish.AddFlags(cmd.Flags())
	return cmd
}

func (p *program) runFinish(cmd *cobra.Command) error {
	settings, log, err := p.load(cmd, config.ForFinish)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	target, err := connect(ctx, settings.Target)
	if err != nil {
		return err
	}
	plan, err := planToFinish(ctx, settings, target, log)
	if err != nil {
		return err
	}
	report, err := plan.ApplyFinish(ctx, target)
	if report == nil {
		return err
	}
	if err == nil {
		err = endOf(report.Class())
	}
	done := *plan
	done.Finish = nil // the report says what became of it
	return errors.Join(p.writeReport(settings, &done, report), err)
}

// planToFinish is the plan that was kept, whatever has become of its source meanwhile: it was migrated by this plan. Or it is made.
func planToFinish(ctx context.Context, settings *config.Config, target metadata.TargetReader, log zerolog.Logger) (*metadata.Plan, error) {
	if settings.Metadata.Plan == "" {
		return makePlan(ctx, settings, target, log)
	}
	return keptPlan(settings)
}

// givenPlan reads the plan that was kept and makes sure that its source is as it was, or makes a plan. A snapshot does not change; it is
// looked at again where it is named.
func givenPlan(ctx context.Context, settings *config.Config, target metadata.TargetReader, log zerolog.Logger) (*metadata.Plan, error) {
	if settings.Metadata.Plan == "" {
		return makePlan(ctx, settings, target, log)
	}
	plan, err := keptPlan(settings)
	if err != nil {
		return nil, err
	}
	if settings.Snapshot.RepoURI == "" && settings.Source.Host == "" {
		if plan.Source.Snapshot == "" {
			return nil, fmt.Errorf("--plan %s: it was made from the living cluster %s, which may have changed since: give --source-host, so that it is looked at again", settings.Metadata.Plan, plan.Source.URI)
		}
		return plan, nil
	}
	now, err := makePlan(ctx, settings, target, log)
	if err != nil {
		return nil, err
	}
	if err := plan.SameSource(now); err != nil {
		return nil, fmt.Errorf("--plan %s: %w", settings.Metadata.Plan, err)
	}
	return plan, nil
}

func keptPlan(settings *config.Config) (*metadata.Plan, error) {
	file, err := os.Open(settings.Metadata.Plan)
	if err != nil {
		return nil, fmt.Errorf("--plan: %w", err)
	}
	defer file.Close()
	plan, err := metadata.ReadPlan(file)
	if err != nil {
		return nil, fmt.Errorf("--plan %s: %w", settings.Metadata.Plan, err)
	}
	return plan, nil
}

// addTransforms gives a plan the transforms of items. Type mappings may be among them, or among those of documents, as rfs takes them.
func addTransforms(input *metadata.Input, settings *config.Config, log zerolog.Logger) error {
	items, err := itemTransforms(settings, log)
	if err != nil {
		return err
	}
	documents, err := documentTransforms(settings, log)
	if err != nil {
		return err
	}
	if items != nil {
		input.Transforms = items
	}
	switch {
	case mapsTypes(items):
		input.TypeMappings = items
		if mapsTypes(documents) && items.Fingerprint() != documents.Fingerprint() {
			log.Warn().Msg("the type mappings of --transformer-config count here, and those of --doc-transformer-config in rfs: see that they say the same")
		}
	case mapsTypes(documents):
		input.TypeMappings = documents
	}
	if documents != nil && documents.Edits() {
		log.Info().Msg("of --doc-transformer-config the type mappings count; where else its scripts send documents is not known here")
	}
	return nil
}

func mapsTypes(chain *pipeline.Program) bool {
	if chain == nil {
		return false
	}
	_, mapped := chain.TypeTargets("", nil)
	return mapped
}

// writePlan gives the results of evaluate.
func (p *program) writePlan(settings *config.Config, plan *metadata.Plan) error {
	written := p.writePage(settings, view.Page{Plan: plan})
	if settings.Output == config.JSON {
		return errors.Join(view.PlanJSON(p.out, plan), written)
	}
	return errors.Join(view.PlanText(p.out, plan, p.style(settings)), written)
}

// writeReport gives the results of migrate.
func (p *program) writeReport(settings *config.Config, plan *metadata.Plan, report *metadata.Report) error {
	written := p.writePage(settings, view.Page{Plan: plan, Report: report})
	if settings.Output == config.JSON {
		return errors.Join(view.ReportJSON(p.out, plan, report), written)
	}
	return errors.Join(view.ReportText(p.out, plan, report, p.style(settings)), written)
}

func (p *program) style(settings *config.Config) view.Style {
	return view.Style{Colour: isTerminal(p.streams.Out) && os.Getenv("NO_COLOR") == "", Details: settings.Metadata.Details}
}

// writePage writes the file for a browser where one is asked for.
func (p *program) writePage(settings *config.Config, page view.Page) error {
	name := settings.Metadata.Report
	if name == "" {
		return nil
	}
	page.Made = time.Now()
	file, err := os.OpenFile(filepath.Clean(name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("--report: %w", err)
	}
	if err := errors.Join(view.HTML(file, page), file.Close()); err != nil {
		return fmt.Errorf("--report %s: %w", name, err)
	}
	return nil
}

// endOf is the end of a command whose plan or report is of a class.
func endOf(class metadata.Class) error {
	switch class {
	case metadata.Findings:
		return errFindings
	case metadata.Nothing:
		return errNothing
	case metadata.Done:
	}
	return nil
}
