package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"migassist/config"
	"migassist/console"
	"migassist/rfs"
	"migassist/rfs/deadletter"
)

// openLetters opens the place of dead letters.
func openLetters(ctx context.Context, settings *config.Config, log zerolog.Logger) (*deadletter.Store, error) {
	options, err := storeOptions(settings, log)
	if err != nil {
		return nil, err
	}
	return deadletter.Open(ctx, settings.RFS.LettersPlace(), options)
}

// withLetters has a worker write its dead letters to their place, once it is known that this can be done.
func withLetters(ctx context.Context, settings *config.Config, options *rfs.Options, log zerolog.Logger) error {
	place := settings.RFS.LettersPlace()
	if settings.RFS.DeadLetterFile != "" {
		options.DeadLetterFile = place
		return nil
	}
	store, err := openLetters(ctx, settings, log)
	if err == nil {
		err = store.Writable(ctx)
	}
	if err != nil {
		return err
	}
	if options.Worker == "" {
		options.Worker = rfs.WorkerName()
	}
	options.LettersAt = place
	options.Letters = func(run string) (deadletter.Writer, error) {
		return store.Parts(deadletter.PartsOptions{Run: run, Session: options.Session, Worker: options.Worker}), nil
	}
	return nil
}

// backfillLetters holds the verbs for documents that were not written.
func (p *program) backfillLetters() *cobra.Command {
	return p.group("dead-letters", "See why documents were not written, and send them again",
		`Dead-letters is the workbench for documents that "migassist rfs" did not write.
Give it the same --dead-letters (or --dead-letter-file) and --session-name as rfs.`,
		`  migassist console backfill dead-letters summary`,
		p.letters("summary", "Say by index, error and field why documents were not written, and what to do",
			`Summary counts the dead letters by index, type of error and field, with an example
and what to do about each. It ends with code 4 where there are none.`,
			`  migassist console backfill dead-letters summary`, summarizeLetters),
		p.letters("list", "List documents that were not written, a line each",
			`List prints a line for each dead letter: its key, index/id, error and reason. With
--output json each line is the whole letter as JSON.`,
			`  migassist console backfill dead-letters list --type mapper_parsing_exception --limit 20`, listLetters),
		p.letters("show", "Show letters in whole: document, action, what the target said",
			`Show prints letters in whole, as JSON: the document as the source has it, the
action that was sent, what the target said, and what to do. Name them by --id,
which takes ids of documents and keys of letters.`,
			`  migassist console backfill dead-letters show --id 4711`, showLetters),
		p.lettersRedrive())
}

// letterFilter adds the flags that choose letters.
func letterFilter(cmd *cobra.Command) *console.LetterFilter {
	f := &console.LetterFilter{}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.Indices, "index", nil, "`NAMES` of indices on the target or the source, separated by commas; * is for any characters")
	flags.StringSliceVar(&f.Types, "type", nil, "`NAMES` of errors, like mapper_parsing_exception")
	flags.StringSliceVar(&f.Fields, "field", nil, "`NAMES` of fields that the errors are about, like price.net")
	flags.StringArrayVar(&f.IDs, "id", nil, "`ID` of a document, or key of a letter; may be given several times")
	flags.IntVar(&f.Limit, "limit", 0, "`NUMBER` of letters at most; 0: all")
	return f
}

// lettersDo does something with the letters that a filter chooses; n is how many there were.
type lettersDo func(ctx context.Context, p *program, settings *config.Config, l *deadletter.Listing, f console.LetterFilter) (n int, err error)

// letters is a command that looks at letters.
func (p *program) letters(name, short, long, example string, do lettersDo) *cobra.Command {
	var filter *console.LetterFilter
	cmd := leaf(name, short, long, example, func(cmd *cobra.Command) error {
		settings, log, err := p.load(cmd, config.ForLetters)
		if err != nil {
			return err
		}
		if name == "show" && len(filter.IDs) == 0 && filter.Limit == 0 {
			return usageError{"which letters? give --id, or --limit", hint(cmd)}
		}
		l, _, err := p.listLetters(cmd, settings, *filter, log)
		if err != nil {
			return err
		}
		n, err := do(cmd.Context(), p, settings, l, *filter)
		if err == nil && n == 0 {
			err = errNothing
		}
		return err
	})
	config.ForLetters.AddFlags(cmd.Flags())
	filter = letterFilter(cmd)
	return cmd
}

// listLetters reads which letters there are, and says where there are none.
func (p *program) listLetters(cmd *cobra.Command, settings *config.Config, f console.LetterFilter, log zerolog.Logger) (*deadletter.Listing, *deadletter.Store, error) {
	if err := f.Check(); err != nil {
		return nil, nil, usageError{err.Error(), hint(cmd)}
	}
	if f.Limit < 0 {
		return nil, nil, usageError{"--limit cannot be less than 0, which is all", hint(cmd)}
	}
	store, err := openLetters(cmd.Context(), settings, log)
	if err != nil {
		return nil, nil, err
	}
	l, err := store.List(cmd.Context(), lettersSession(settings), "")
	if err != nil {
		return nil, nil, err
	}
	if l.Letters+l.Redriven == 0 {
		return l, store, p.sayNoLetters(cmd.Context(), settings, store)
	}
	return l, store, nil
}

// sayNoLetters says where there are none, and where there are.
func (p *program) sayNoLetters(ctx context.Context, settings *config.Config, store *deadletter.Store) error {
	sessions, err := store.Sessions(ctx)
	if err != nil {
		return err
	}
	place, asked := settings.RFS.LettersPlace(), lettersSession(settings)
	switch {
	case asked != "" && len(sessions) > 0:
		fmt.Fprintf(p.streams.Err, "migassist: no dead letters of session %s are in %s; there are sessions: %s (--session-name)\n", asked, place, strings.Join(sessions, ", "))
	default:
		fmt.Fprintf(p.streams.Err, "migassist: no dead letters are in %s; is it the --dead-letters or --dead-letter-file that rfs was given? Where it wrote all documents there are none\n", place)
	}
	return nil
}

// lettersSession is the session whose letters are meant; one file has those of one run.
func lettersSession(settings *config.Config) string {
	if settings.RFS.DeadLetterFile != "" {
		return ""
	}
	return settings.RFS.SessionName
}

func summarizeLetters(ctx context.Context, p *program, settings *config.Config, l *deadletter.Listing, f console.LetterFilter) (int, error) {
	summary, err := console.SummarizeLetters(ctx, l, f)
	if err != nil {
		return 0, err
	}
	return summary.Letters, p.print(settings.Output, summary, func(w io.Writer) {
		_ = summary.WriteText(w) // the stream keeps its error
	})
}

func listLetters(ctx context.Context, p *program, settings *config.Config, l *deadletter.Listing, f console.LetterFilter) (int, error) {
	return console.ListLetters(ctx, l, f, settings.Output == config.JSON, p.out)
}

func showLetters(ctx context.Context, p *program, _ *config.Config, l *deadletter.Listing, f console.LetterFilter) (int, error) {
	return console.ShowLetters(ctx, l, f, p.out)
}
