// Migassist migrates Elasticsearch and OpenSearch clusters. See README.md for
// what it does and ARCHITECTURE.md for how it is built.
package main

import (
	"context"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"migassist/internal/cli"
)

// demo holds the files of the demo's snapshot.
var demo fs.FS

func main() {
	os.Exit(cli.Main(untilSignal(), cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Args[1:], demo))
}

// untilSignal gives a context that ends with the first SIGINT or SIGTERM, which
// is its cause. The second one kills the process as if it had not been caught.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		received := <-signals
		signal.Stop(signals)
		cancel(cli.Stopped{Signal: received})
	}()
	return ctx
}
