package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"migassist/config"
	"migassist/internal/telemetry"
)

// Streams are the three of the process.
type Streams struct {
	In  io.Reader
	Out io.Writer // results
	Err io.Writer // talk
}

// Main runs the command line once and gives the exit code. demo holds the files
// of the demo's snapshot. A context cancelled with a Stopped as its cause ends
// the command early, with the signal's exit code if work was left.
func Main(ctx context.Context, streams Streams, arguments []string, demo fs.FS) int {
	out := &results{w: streams.Out}
	p := &program{streams: streams, out: out, arguments: arguments, demo: demo}
	root := p.root() //nolint:contextcheck // commands take the context that ExecuteContext gives them
	root.SetArgs(arguments)
	root.SetIn(streams.In)
	root.SetOut(out)
	root.SetErr(streams.Err)

	err := root.ExecuteContext(ctx)
	if out.err != nil && (quiet(err) || errors.Is(err, out.err)) {
		err = fmt.Errorf("write the results: %w", out.err)
	}
	p.complain(err)
	return exitCode(ctx, err)
}

// program is one run of the command line: what the commands share.
type program struct {
	streams   Streams
	out       io.Writer // standard output; remembers its first error
	arguments []string
	demo      fs.FS
}

// complain says on standard error why the command did not get through.
func (p *program) complain(err error) {
	if quiet(err) {
		return
	}
	fmt.Fprintf(p.streams.Err, "migassist: %s\n", err)
	var usage usageError
	if errors.As(err, &usage) && usage.hint != "" {
		fmt.Fprintln(p.streams.Err, usage.hint)
	}
}

// load reads the configuration for a command and makes its logger.
func (p *program) load(cmd *cobra.Command, scope config.Scope) (*config.Config, zerolog.Logger, error) {
	settings, err := scope.Load(cmd.Flags())
	if err != nil {
		return nil, zerolog.Nop(), err
	}
	to := p.streams.Err
	if isTerminal(to) {
		to = aboveProgress{to}
	}
	logger, err := telemetry.NewLogger(settings.Log, to, isTerminal(p.streams.Err), time.Now)
	return settings, logger, err
}

// aboveProgress is the log on a terminal, where the line of the progress may stand: a log line takes its place.
type aboveProgress struct{ io.Writer }

// Write gives the line to the terminal, after what clears the one that stands there.
func (a aboveProgress) Write(line []byte) (int, error) {
	if _, err := io.WriteString(a.Writer, "\r\x1b[K"); err != nil {
		return 0, err
	}
	return a.Writer.Write(line)
}

// print gives a result as JSON, or as the words that the function writes.
func (p *program) print(form config.Output, result any, words func(io.Writer)) error {
	if form != config.JSON {
		words(p.out)
		return nil
	}
	encoder := json.NewEncoder(p.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(result)
}

// isTerminal says whether a stream is one that a person looks at.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// results is standard output. It keeps its first error, so that a full disk
// ends in an exit code although nobody looks at each line written.
type results struct {
	w   io.Writer
	err error
}

// Write refuses to go on after an error.
func (r *results) Write(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.w.Write(p)
	r.err = err
	return n, err
}
