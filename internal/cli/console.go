package cli

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"migassist/config"
)

// console holds the operator's verbs.
func (p *program) console() *cobra.Command {
	return p.group("console", "Look into configuration, snapshots and runs, control runs, and verify",
		`Console holds the operator's verbs. Those of "backfill" control a run of rfs, and
"verify --repair" mends what differs, and "capture import" fills a capture; all
others look, and change nothing.`,
		`  migassist console config show`,
		p.consoleConfig(), p.consoleSnapshot(), p.consoleTransform(), p.consoleBackfill(), p.consoleCapture(), p.consoleVerify())
}

func (p *program) consoleConfig() *cobra.Command {
	return p.group("config", "Look into the configuration",
		`Config shows what the configuration of a command would be.`,
		`  migassist console config show`,
		p.consoleConfigShow())
}

// consoleConfigShow prints the effective configuration and where each setting comes from.
func (p *program) consoleConfigShow() *cobra.Command {
	cmd := leaf("show", "Print every setting, its value and where it comes from",
		`Show prints every setting with its value and the file and line, environment
variable or flag it comes from. Secrets are not printed.`,
		`  migassist console config show --config migassist.yaml`,
		func(cmd *cobra.Command) error {
			settings, _, err := p.load(cmd, config.ForDisplay)
			if err != nil {
				return err
			}
			effective := settings.Settings()
			return p.print(settings.Output, effective, func(w io.Writer) {
				table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
				for _, s := range effective {
					fmt.Fprintf(table, "%s\t%s\t%s\n", s.Key, s.Value, s.Origin)
				}
				_ = table.Flush() // the stream below keeps its error
			})
		})
	config.ForDisplay.AddFlags(cmd.Flags())
	return cmd
}
