package cli

import (
	"github.com/spf13/cobra"

	"migassist/internal/demo"
)

// demoCommand shows a migration with embedded data.
func (p *program) demoCommand() *cobra.Command {
	return leaf("demo", "Watch a migration happen, with nothing but this binary",
		`Demo migrates a snapshot that a real Elasticsearch 7.10.2 wrote, and that this
binary carries, into a target in memory: it shows the plan, applies it, moves the
documents and compares each with what the source had said of it.`,
		`  migassist demo`,
		p.runDemo)
}

func (p *program) runDemo(cmd *cobra.Command) error { return demo.Run(cmd.Context(), p.demo, p.out) }
