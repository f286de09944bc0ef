package cli

import (
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"migassist/config"
	"migassist/console"
	"migassist/transform/pipeline"
)

// documentTransforms are the transforms of documents that are configured, or nil. What scripts print goes to the log.
func documentTransforms(settings *config.Config, log zerolog.Logger) (program *pipeline.Program, err error) {
	err = settings.DocumentTransforms(func(text []byte, folder string) (err error) {
		program, err = pipeline.Parse(text, pipeline.Options{Folder: folder, Log: scriptLog(log)})
		return err
	})
	return program, err
}

// itemTransforms are the transforms of metadata that are configured, or nil.
func itemTransforms(settings *config.Config, log zerolog.Logger) (program *pipeline.Program, err error) {
	err = settings.ItemTransforms(func(text []byte, folder string) (err error) {
		program, err = pipeline.Parse(text, pipeline.Options{Folder: folder, Log: scriptLog(log)})
		return err
	})
	return program, err
}

// scriptLog takes what scripts print.
func scriptLog(log zerolog.Logger) func(line string) {
	return func(line string) { log.Info().Str("line", line).Msg("a script says") }
}

// consoleTransform holds the verbs for transforms.
func (p *program) consoleTransform() *cobra.Command {
	return p.group("transform", "Try how documents are rewritten",
		`Transform shows what a configuration of transforms does, before it is given to
"migassist rfs". It changes nothing and needs no cluster.`,
		`  migassist console transform try --doc-transformer-config-file transforms.yaml < documents.ndjson`,
		p.transformTry())
}

// transformTry shows what becomes of documents.
func (p *program) transformTry() *cobra.Command {
	cmd := leaf("try", "Show what transforms make of documents",
		`Try reads documents from standard input and prints for each what it was (<), what
becomes of it (>), which fields changed, and why it failed (!). A line is what
"console snapshot cat" prints, a hit of a search, the lines of a bulk request, an
operation as transforms see it, or a document alone. --output json prints an
object per document. It ends with code 3 where documents failed.`,
		`  migassist console snapshot cat nightly orders --repo-uri file:///mnt/snapshots | head -n 100 |
    migassist console transform try --doc-transformer-config '[{"jq": ".document.price |= tonumber"}]'`,
		p.runTransformTry)
	config.ForTransforms.AddFlags(cmd.Flags())
	cmd.Flags().String(flagIndex, "index", "`NAME` of the index of documents that come without one")
	return cmd
}

// flagIndex names the index of documents.
const flagIndex = "index"

func (p *program) runTransformTry(cmd *cobra.Command) error {
	settings, log, err := p.load(cmd, config.ForTransforms)
	if err != nil {
		return err
	}
	transforms, err := documentTransforms(settings, log)
	if err != nil {
		return err
	}
	index, err := cmd.Flags().GetString(flagIndex)
	if err != nil {
		return err
	}
	try := &console.Try{Transformer: transforms.New(), Index: index, JSON: settings.Output == config.JSON}
	tried, err := try.Run(cmd.Context(), p.streams.In, p.out)
	if err != nil {
		return err
	}
	if err := tried.WriteText(p.streams.Err); err != nil {
		return err
	}
	switch {
	case tried.Documents == 0:
		return errNothing
	case tried.Failed > 0:
		return errFindings
	}
	return nil
}
