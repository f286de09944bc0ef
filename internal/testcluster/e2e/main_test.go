//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"migassist/internal/testcluster"
)

// The servers and the binary are shared by the tests: they take half a minute to get
// ready. Tests use indices of their own and do not run in parallel.
var (
	source, target *testcluster.Server
	binary         string
)

const setUpTimeout = 10 * time.Minute

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, setUpTimeout)
	defer cancel()
	dir, err := os.MkdirTemp("", "migassist-e2e-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary = filepath.Join(dir, "migassist")

	var group errgroup.Group
	group.Go(func() error { return build(ctx, binary) })
	group.Go(func() (err error) {
		source, err = testcluster.Start(ctx, testcluster.Spec{Product: testcluster.Elasticsearch, Version: "7.10.2", HeapMiB: 768})
		return err
	})
	group.Go(func() (err error) {
		target, err = testcluster.Start(ctx, testcluster.Spec{Product: testcluster.OpenSearch, Version: "2.19.1", HeapMiB: 768})
		return err
	})
	err = group.Wait()
	for _, server := range []**testcluster.Server{&source, &target} {
		if *server != nil {
			defer func() { err = errors.Join(err, (*server).Stop()) }()
		}
	}
	if err != nil {
		return 1, err
	}
	stop() // from here on a signal ends the process, and that ends the servers
	return m.Run(), nil
}

// build builds the binary as `make build` does: static.
func build(ctx context.Context, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, ".")
	cmd.Dir = filepath.Join("..", "..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build migassist: %w\n%s", err, out)
	}
	return nil
}
