//go:build unix

package main

import (
	"context"
	"errors"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"migassist/internal/cli"
)

// TestAClosedTerminalEndsItAsATerminationDoes: what is left of a run is saved, and its leases are given back.
func TestAClosedTerminalEndsItAsATerminationDoes(t *testing.T) {
	for _, sent := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT} {
		if signal.Ignored(sent) { // nohup wants us to outlive the terminal, and we do
			continue
		}
		ctx := untilSignal()
		if err := syscall.Kill(syscall.Getpid(), sent); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Second):
			t.Fatalf("%s ends nothing", sent)
		}
		stopped, ok := errors.AsType[cli.Stopped](context.Cause(ctx))
		if !ok || stopped.Signal != sent {
			t.Errorf("%s: the cause is %v", sent, context.Cause(ctx))
		}
	}
}
