package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"migassist/internal/testcluster/cost"
)

// asked is what the best run shall come to.
type asked struct {
	rate   float64 // MB/s
	cost   float64 // processor seconds for a gigabyte
	memory int64   // MiB
	ratio  float64 // of the rate with more arguments to that without
}

func main() {
	var ask asked
	var b bench
	flag.IntVar(&b.runs, "runs", 5, "how often to run the command")
	flag.IntVar(&b.workers, "workers", 1, "how many of the command to run at once, with one state file")
	flag.StringVar(&b.index, "index", "bench", "indices to make on the server, separated by commas")
	flag.BoolVar(&b.items, "items", false, "answer every item of a bulk, not only that there was no error")
	flag.Float64Var(&ask.rate, "rate", 250, "MB/s that are asked for")
	flag.Float64Var(&ask.cost, "cost", 5, "processor seconds for a gigabyte that are allowed")
	flag.Int64Var(&ask.memory, "memory", 256, "MiB of resident memory that are allowed")
	flag.Func("against", "`ARGUMENT` of the command in every second run, which is compared with the one before; may be given several times", func(argument string) error {
		b.against = append(b.against, argument)
		return nil
	})
	flag.Float64Var(&ask.ratio, "ratio", 0.85, "rate with -against that is asked for, of that without")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if flag.NArg() == 0 {
		err = serve(ctx, b.items)
	} else {
		b.command = flag.Args()
		err = b.run(ctx, ask)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sink:", err)
		os.Exit(1)
	}
}

// serve is the server, until standard input ends.
func serve(ctx context.Context, items bool) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handler := newServer(items)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"url": "http://" + listener.Addr().String()}); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	fmt.Fprintln(os.Stderr, "sink took", handler.taken())
	return nil
}

// bench is what to run.
type bench struct {
	command       []string
	runs, workers int
	index         string
	items         bool
	against       []string // arguments of every second run
}

// run runs the command against a server of its own, and prints what it came to.
func (b bench) run(ctx context.Context, ask asked) (err error) {
	url, stop, err := start(ctx, b.items)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	dir, err := os.MkdirTemp("", "migassist-sink-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if len(b.against) > 0 {
		return b.compare(ctx, url, dir, ask)
	}
	var best cost.Run
	for n := range b.runs {
		run, err := b.once(ctx, url, filepath.Join(dir, strconv.Itoa(n)))
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stdout, "into a sink: %s, %.2f for a GB\n", run, run.PerGigabyte())
		if run.Megabytes() > best.Megabytes() {
			best = run
		}
	}
	fmt.Fprintf(os.Stdout, "best: %.0f MB/s, %.0f asked (%s); %.2f s of processor for a GB, %.0f allowed (%s); %d MiB resident, %d allowed (%s)\n",
		best.Megabytes(), ask.rate, met(best.Megabytes() >= ask.rate), best.PerGigabyte(), ask.cost, met(best.PerGigabyte() <= ask.cost),
		best.Resident>>20, ask.memory, met(best.Resident>>20 < ask.memory))
	return nil
}

// once runs the command, with more arguments, and its files under a name of their own.
func (b bench) once(ctx context.Context, url, name string, more ...string) (cost.Run, error) {
	for index := range strings.SplitSeq(b.index, ",") {
		if err := renew(ctx, url+"/"+index); err != nil {
			return cost.Run{}, err
		}
	}
	var workers []*exec.Cmd
	for worker := range b.workers {
		workers = append(workers, cost.Command(ctx, slices.Concat(b.command, more, []string{
			"--target-host", url, "--disable-compression", "--state-file", name + ".state",
			"--dead-letter-file", fmt.Sprintf("%s-%d.ndjson", name, worker),
		})...))
	}
	return cost.Measure(workers...)
}

func met(ok bool) string {
	if ok {
		return "met"
	}
	return "NOT MET"
}

// start starts this program as the server. What stop returns says how that ended.
func start(ctx context.Context, items bool) (url string, stop func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, self, fmt.Sprintf("-items=%t", items))
	cmd.Stderr = os.Stderr
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		return "", nil, err
	}
	stop = func() error { return errors.Join(in.Close(), cmd.Wait()) }
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("read the server's address: %w", err), stop())
	}
	var address struct{ URL string }
	if err := json.Unmarshal(line, &address); err != nil {
		return "", nil, errors.Join(fmt.Errorf("read the server's address from %q: %w", line, err), stop())
	}
	return address.URL, stop, nil
}

// renew makes the index, anew where there is one.
func renew(ctx context.Context, url string) error {
	for _, method := range []string{http.MethodDelete, http.MethodPut} {
		request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(nil))
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		said, err := io.ReadAll(answer.Body)
		if err = errors.Join(err, answer.Body.Close()); err != nil {
			return err
		}
		if method == http.MethodPut && answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s %s: %s: %s", method, url, answer.Status, said)
		}
	}
	return nil
}
