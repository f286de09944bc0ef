package cli

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"migassist/config"
)

// root builds the tree of commands.
func (p *program) root() *cobra.Command {
	root := p.group("migassist", "Migrate Elasticsearch and OpenSearch clusters",
		`Migassist moves the indices of an Elasticsearch or OpenSearch cluster to another
one: settings, mappings, aliases and templates with "metadata", documents with
"rfs", both read from a snapshot, without touching the source.

Settings come from migassist.yaml in the working directory (or --config), are
overridden by MIGASSIST_… environment variables, and those by flags.`,
		`  migassist demo`)
	config.AddGlobalFlags(root.PersistentFlags())
	root.AddCommand(p.demoCommand(), p.metadata(), p.rfs(), p.proxy(), p.replay(), p.console(), p.version())
	root.SetFlagErrorFunc(p.flagError)
	p.addVersionFlag(root)
	completeEnums(root)
	return root
}

// addVersionFlag makes --version print what the command of that name does. Cobra's own flag takes a template of text/template, which
// finds methods by name, so that the linker keeps every method there is: 10 MB.
func (p *program) addVersionFlag(root *cobra.Command) {
	wanted := root.Flags().Bool("version", false, "print the version")
	otherwise := root.RunE
	root.RunE = func(cmd *cobra.Command, arguments []string) error {
		if !*wanted {
			return otherwise(cmd, arguments)
		}
		_, err := fmt.Fprintln(p.out, thisBuild())
		return err
	}
}

// group is a command that only holds others.
func (p *program) group(use, short, long, example string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: helpText(long), Example: example,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true, SilenceUsage: true,
		SuggestionsMinimumDistance: 2,
		// Unknown flags are looked at in RunE, after the unknown command that they probably belong to.
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		RunE: func(cmd *cobra.Command, arguments []string) error {
			return p.noSuchCommand(cmd, arguments)
		},
	}
	cmd.AddCommand(commands...)
	return cmd
}

// leaf is a command that does something.
func leaf(use, short, long, example string, run func(*cobra.Command) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: helpText(long), Example: example,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd) },
	}
}

func helpText(long string) string { return long + "\n\n" + exitCodes }

func hint(cmd *cobra.Command) string { return fmt.Sprintf("see %s --help", cmd.CommandPath()) }

func noArguments(cmd *cobra.Command, arguments []string) error {
	if len(arguments) == 0 {
		return nil
	}
	return usageError{fmt.Sprintf("%s takes flags only, got %q", cmd.CommandPath(), arguments), hint(cmd)}
}

// noSuchCommand is where a group ends when none of its commands was named.
func (p *program) noSuchCommand(cmd *cobra.Command, arguments []string) error {
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	if len(arguments) > 0 {
		said := fmt.Sprintf("unknown command %q for %s", arguments[0], cmd.CommandPath())
		if meant := cmd.SuggestionsFor(arguments[0]); len(meant) > 0 {
			said += "; did you mean " + strings.Join(meant, " or ") + "?"
		}
		return usageError{said, hint(cmd)}
	}
	if unknown := p.unknownFlags(cmd); len(unknown) > 0 {
		return usageError{strings.Join(unknown, "\n"), hint(cmd)}
	}
	return usageError{fmt.Sprintf("%s needs a command: %s", cmd.CommandPath(), strings.Join(names, ", ")), hint(cmd)}
}

// flagError names all unknown flags at once, where the parser stops at the first.
func (p *program) flagError(cmd *cobra.Command, err error) error {
	problems := p.unknownFlags(cmd)
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || len(problems) == 0 {
		problems = append(problems, err.Error())
	}
	return usageError{strings.Join(problems, "\n"), hint(cmd)}
}

// unknownFlags finds the long flags of the command line that the command does not have.
func (p *program) unknownFlags(cmd *cobra.Command) []string {
	var problems []string
	for i := 0; i < len(p.arguments) && p.arguments[i] != "--"; i++ {
		name, isLong := strings.CutPrefix(p.arguments[i], "--")
		if !isLong {
			continue
		}
		name, _, hasValue := strings.Cut(name, "=")
		flag := cmd.Flags().Lookup(name)
		switch {
		case flag == nil:
			problems = append(problems, unknownFlag(cmd, name))
		case !hasValue && flag.NoOptDefVal == "":
			i++ // the next argument is its value
		}
	}
	return problems
}

func unknownFlag(cmd *cobra.Command, name string) string {
	var known []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) { known = append(known, flag.Name) })
	said := fmt.Sprintf("unknown flag --%s", name)
	if instead := switchers[kebab(name)]; instead != "" {
		return said + ": " + instead
	}
	if meant := config.Closest(name, known); meant != "" {
		said += fmt.Sprintf("; did you mean --%s?", meant)
	}
	return said
}

// kebab writes a camelCase name as flags are written here.
func kebab(name string) string {
	var text strings.Builder
	for _, letter := range name {
		if unicode.IsUpper(letter) {
			text.WriteByte('-')
		}
		text.WriteRune(unicode.ToLower(letter))
	}
	return text.String()
}

// completeEnums lets the shell complete the values of flags that have a short list of them.
func completeEnums(root *cobra.Command) {
	enums := config.Enums()
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		for name, values := range enums {
			if cmd.Flags().Lookup(name) == nil && cmd.PersistentFlags().Lookup(name) == nil {
				continue
			}
			if err := cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
				panic(err) // a flag registered twice: wrong in the code, found by any test that builds the tree
			}
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(root)
}
