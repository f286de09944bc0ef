// Migassist migrates Elasticsearch and OpenSearch clusters. See README.md for
// what it does and ARCHITECTURE.md for how it is built.
package main

import (
	"context"
	"embed"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"migassist/internal/cli"
)

// demo is the snapshot that the demo migrates, and what its source had said of it.
// The names of blobs begin with an underscore: without all: they would be left out.
//
//go:embed all:testdata/snapshots/demo
var demo embed.FS

func main() {
	files, err := fs.Sub(demo, "testdata/snapshots/demo")
	if err != nil { // the path above is a valid one
		panic(err)
	}
	os.Exit(cli.Main(untilSignal(), cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Args[1:], files))
}

// untilSignal gives a context that ends with the first SIGINT, SIGTERM or SIGHUP (the terminal was closed, and nohup does not
// keep it away), which is its cause. The second one kills the process as if it had not been caught.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		received := <-signals
		signal.Stop(signals)
		cancel(cli.Stopped{Signal: received})
	}()
	return ctx
}
