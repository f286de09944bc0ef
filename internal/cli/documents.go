package cli

import (
	"context"
	"fmt"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"migassist/config"
	"migassist/console"
	"migassist/snapshot"
)

func (p *program) consoleSnapshotShow() *cobra.Command {
	cmd := leaf("show SNAPSHOT [INDEX…]", "Show what a snapshot holds",
		`Show prints per index, and for indices named as arguments per shard: segments,
live and deleted documents as Lucene counts them (nested ones included), bytes,
the format of the stored fields, the version that created it, what it keeps of
_source, its mapping types, and why it can't be read.`,
		`  migassist console snapshot show nightly orders --repo-uri file:///mnt/snapshots`,
		nil)
	cmd.Args = arguments("a SNAPSHOT, and INDEX names", 1, maxArguments)
	cmd.RunE = p.runSnapshotShow
	config.ForContents.AddFlags(cmd.Flags())
	return cmd
}

func (p *program) runSnapshotShow(cmd *cobra.Command, arguments []string) error {
	settings, log, err := p.load(cmd, config.ForContents)
	if err != nil {
		return err
	}
	repository, err := openRepository(cmd.Context(), settings, log)
	if err != nil {
		return err
	}
	return p.showSnapshot(cmd.Context(), settings, repository, arguments[0], arguments[1:]...)
}

func (p *program) showSnapshot(ctx context.Context, settings *config.Config, repository *snapshot.Repository, name string, indices ...string) error {
	snap, err := repository.Snapshot(ctx, name)
	if err != nil {
		return err
	}
	contents, err := console.Show(ctx, snap, indices...)
	if err != nil {
		return err
	}
	if err := p.print(settings.Output, contents, contents.WriteText); err != nil {
		return err
	}
	if contents.Problems() || len(contents.Warnings) > 0 {
		return errFindings
	}
	return nil
}

func (p *program) consoleSnapshotCat() *cobra.Command {
	cmd := leaf("cat SNAPSHOT INDEX…", "Print the documents of indices in a snapshot",
		`Cat prints documents as NDJSON, one object a line, with _index, _type unless it
is _doc, _id, _routing where there is one, and _source; sources that were sent as
SMILE, CBOR or YAML, or are compressed, come out as JSON. With --id it prints
every document of that id, and ends with code 4 where there is none.`,
		`  migassist console snapshot cat nightly orders --id 4711 --repo-uri file:///mnt/snapshots`,
		nil)
	cmd.Args = arguments("a SNAPSHOT and the INDEX names", 2, maxArguments)
	cmd.RunE = p.runSnapshotCat
	cmd.Flags().String(flagID, "", "`ID` of the document to print")
	cmd.Flags().Bool(flagRaw, false, "print the source's bytes as they are stored, with --id")
	config.ForDocuments.AddFlags(cmd.Flags())
	return cmd
}

// Flags that belong to one command, and to no configuration.
const (
	flagID  = "id"
	flagRaw = "raw"
)

func (p *program) runSnapshotCat(cmd *cobra.Command, arguments []string) error {
	cat, err := documentsWanted(cmd, arguments)
	if err != nil {
		return err
	}
	settings, log, err := p.load(cmd, config.ForDocuments)
	if err != nil {
		return err
	}
	if cat.Raw && settings.RFS.RebuildSource {
		return usageError{"--raw prints a source as it is stored, --rebuild-source puts together one that is not stored; give one of the two", hint(cmd)}
	}
	limitMemory(settings.Memory)
	repository, err := openRepository(cmd.Context(), settings, log)
	if err != nil {
		return err
	}
	if cat.Snapshot, err = repository.Snapshot(cmd.Context(), arguments[0]); err != nil {
		return err
	}
	cat.Rebuild, cat.Memory = settings.RFS.RebuildSource, int(settings.Memory)
	warnings := cat.Snapshot.Warnings()
	for _, warning := range warnings {
		log.Warn().Msg(warning)
	}
	printed, err := cat.Print(cmd.Context(), p.out)
	for _, finding := range printed.Findings {
		log.Warn().Msg(finding.String())
	}
	if err != nil {
		return err
	}
	return catVerdict(cat, printed, len(warnings) > 0, log)
}

// documentsWanted reads the arguments and the flags that belong to cat alone.
func documentsWanted(cmd *cobra.Command, arguments []string) (*console.Cat, error) {
	cat := &console.Cat{Indices: arguments[1:]}
	var err error
	if cat.ID, err = cmd.Flags().GetString(flagID); err != nil {
		return nil, err
	}
	if cat.Raw, err = cmd.Flags().GetBool(flagRaw); err != nil {
		return nil, err
	}
	switch {
	case cmd.Flags().Changed(flagID) && cat.ID == "":
		return nil, usageError{"--id is empty, and no document has such an ID; leave it out to print all", hint(cmd)}
	case cat.Raw && cat.ID == "":
		return nil, usageError{"--raw prints the bytes of a source as they are stored, which tell no document from the next; name one with --id", hint(cmd)}
	}
	return cat, nil
}

// catVerdict turns what was printed into the end of the command.
func catVerdict(cat *console.Cat, printed *console.Printed, partial bool, log zerolog.Logger) error {
	switch {
	case cat.ID != "" && printed.Documents == 0 && printed.Refused > 0:
		log.Warn().Str("id", cat.ID).Strs("indices", cat.Indices).Msg("there is no such document in what could be read")
		return errFindings
	case cat.ID != "" && printed.Documents == 0:
		log.Warn().Str("id", cat.ID).Strs("indices", cat.Indices).Msg("there is no such document")
		return errNothing
	case partial, printed.Problems > 0, len(printed.Findings) > 0:
		return errFindings
	}
	return nil
}

// maxArguments is more than a command line holds.
const maxArguments = 1 << 20

// arguments checks how many a command was given besides flags.
func arguments(what string, least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if len(given) >= least && len(given) <= most {
			return nil
		}
		return usageError{fmt.Sprintf("%s takes %s", cmd.CommandPath(), what), hint(cmd)}
	}
}
