package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// replay is a mode of a later version. It is named so that whoever looks for it
// learns that, and is not completed by the shell.

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
