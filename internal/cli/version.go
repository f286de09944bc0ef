package cli

import (
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"migassist/config"
	"migassist/internal/supported"
)

// version is set by the linker (see Makefile).
var version = "unknown"

// build is what the version command says.
type build struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func thisBuild() build { return build{version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH} }

// String is the line that "version" and --version print.
func (b build) String() string {
	return fmt.Sprintf("migassist %s (%s, %s)", b.Version, b.Go, b.Platform)
}

// version prints what this binary is. It reads no configuration: it must answer where that is broken.
func (p *program) version() *cobra.Command {
	var form string
	var table bool
	cmd := leaf("version", "Print the version", `Version prints which migassist this is, and the Go it was built with; with
--supported, whose snapshots it reads and on which real servers that was proven.`,
		`  migassist version --supported`,
		func(cmd *cobra.Command) error {
			if form != string(config.HumanReadable) && form != string(config.JSON) {
				return usageError{fmt.Sprintf("--output: %q is none of human-readable, json", form), hint(cmd)}
			}
			if table {
				return p.supported(config.Output(form))
			}
			return p.print(config.Output(form), thisBuild(), func(w io.Writer) { fmt.Fprintln(w, thisBuild()) })
		})
	cmd.Flags().StringVar(&form, "output", string(config.HumanReadable), "`FORM` of the answer: human-readable, json")
	cmd.Flags().BoolVar(&table, "supported", false, "print whose snapshots are read, and on what that was proven")
	return cmd
}

// supported prints the table of what is read.
func (p *program) supported(form config.Output) error {
	var failed error
	err := p.print(form, supported.Sources(), func(w io.Writer) { failed = supported.WriteTable(w) })
	return errors.Join(err, failed)
}
