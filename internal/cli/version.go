package cli

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"migassist/config"
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
	cmd := leaf("version", "Print the version", "Version prints which migassist this is, and the Go it was built with.",
		`  migassist version --output json`,
		func(cmd *cobra.Command) error {
			if form != string(config.HumanReadable) && form != string(config.JSON) {
				return usageError{fmt.Sprintf("--output: %q is none of human-readable, json", form), hint(cmd)}
			}
			return p.print(config.Output(form), thisBuild(), func(w io.Writer) { fmt.Fprintln(w, thisBuild()) })
		})
	cmd.Flags().StringVar(&form, "output", string(config.HumanReadable), "`FORM` of the answer: human-readable, json")
	return cmd
}
