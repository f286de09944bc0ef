package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// proxy and replay are modes of a later version. They are named so that whoever
// looks for them learns that, and are not completed by the shell.

func (p *program) proxy() *cobra.Command {
	return notYet("proxy", "Forward traffic and capture it (not in this version)")
}

func (p *program) replay() *cobra.Command {
	return notYet("replay", "Send captured traffic to a target (not in this version)")
}

func notYet(name, short string) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Long: helpText(short + "."), Example: "  migassist " + name,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if len(arguments) == 1 && (arguments[0] == "--help" || arguments[0] == "-h") {
				return cmd.Help()
			}
			return usageError{fmt.Sprintf("%s is not in this version", name), "see CHANGELOG.md for what is"}
		},
	}
}
