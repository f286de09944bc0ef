// Command serve starts one real server and leaves it running until it is interrupted or
// its standard input ends:
//
//	go run ./internal/testcluster/serve elasticsearch-5.6.16
//
// It prints a line of JSON with the server's url and the folder for repositories.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"migassist/internal/testcluster"
)

func main() {
	dir := flag.String("dir", "", "folder to run in, with the data; empty makes one that is removed at the end")
	heap := flag.Int("heap", 0, "MiB of heap")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := serve(ctx, flag.Arg(0), *dir, *heap)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, name, dir string, heap int) error {
	product, version, ok := strings.Cut(name, "-")
	if !ok {
		return errors.New("say which server: elasticsearch-VERSION or opensearch-VERSION")
	}
	version, full := strings.CutSuffix(version, "-full")
	spec := testcluster.Spec{Product: testcluster.Product(product), Version: version, Full: full, Dir: dir, HeapMiB: heap}
	server, err := testcluster.Start(ctx, spec)
	if err != nil {
		return err
	}
	err = json.NewEncoder(os.Stdout).Encode(map[string]string{"url": server.URL, "repo": server.Repo})
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	<-ctx.Done()
	return errors.Join(err, server.Stop())
}
