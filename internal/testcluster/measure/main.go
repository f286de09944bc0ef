// Command measure runs a backfill several times, on one core and on two by turns, and prints how fast it read and how much memory it held,
// beside what is asked of it.
//
//	go run ./internal/testcluster/measure -runs 5 -- bin/migassist rfs … --target-file /dev/null --output json
//
// It takes the number of documents from the run's own summary, and time and resident memory from the operating system. Times are
// those of the whole process, start included.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

func main() {
	runs := flag.Int("runs", 5, "how often to run the command on one core, and on two")
	rate := flag.Float64("rate", 600_000, "documents per second that are asked for, on two cores")
	memory := flag.Int64("memory", 256, "MiB of resident memory that are allowed")
	flag.Parse()
	if err := report(flag.Args(), *runs, *rate, *memory); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

// onTwo is how many times the rate on one core we shall have on two.
const onTwo = 1.8

// report prints a line for each run, and one for the best.
func report(command []string, runs int, rate float64, memory int64) error {
	if len(command) == 0 {
		return errors.New("say which command to run, after --")
	}
	best := map[int]run{}
	for range runs {
		for cores := 1; cores <= 2; cores++ {
			one, err := measure(on(cores, command))
			if err != nil {
				return err
			}
			fmt.Fprintf(os.Stdout, "cores %d: %s\n", cores, one)
			if one.rate() > best[cores].rate() {
				best[cores] = one
			}
		}
	}
	fmt.Fprintf(os.Stdout, "best: %.0f documents/s on one core, %.0f on two, which is %.2f times as many (%.1f asked for); %.2f of the %.0f asked for; %d MiB resident, %d allowed\n",
		best[1].rate(), best[2].rate(), best[2].rate()/best[1].rate(), onTwo, best[2].rate()/rate, rate, best[2].resident>>20, memory)
	return nil
}

// on is the command, run on so many cores.
func on(cores int, command []string) *exec.Cmd {
	if cores == 1 {
		command = append([]string{"taskset", "-c", "1"}, command...)
	}
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(cores))
	cmd.Stderr = os.Stderr
	return cmd
}

// run is what one run of the command came to.
type run struct {
	documents int64
	bytes     int64
	took      time.Duration // of the whole process
	processor time.Duration
	resident  int64 // bytes, at most
}

func (r run) rate() float64 {
	if r.took == 0 {
		return 0
	}
	return float64(r.documents) / r.took.Seconds()
}

// String is the line for a run.
func (r run) String() string {
	return fmt.Sprintf("%d documents, %d bytes in %.2f s: %.0f documents/s, %.0f MB/s, %.2f s of processor, %d MiB resident",
		r.documents, r.bytes, r.took.Seconds(), r.rate(), float64(r.bytes)/1e6/r.took.Seconds(), r.processor.Seconds(), r.resident>>20)
}

func measure(cmd *exec.Cmd) (run, error) {
	started := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return run{}, fmt.Errorf("run %v: %w", cmd, err)
	}
	one := run{took: time.Since(started), processor: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		one.resident = usage.Maxrss << 10 // Linux counts KiB
	}
	var summary struct {
		Total struct {
			Read  int64 `json:"read"`
			Bytes int64 `json:"bytes"`
		} `json:"total"`
	}
	if err := json.Unmarshal(out, &summary); err != nil {
		return run{}, fmt.Errorf("read the summary that %v prints: %w", cmd, err)
	}
	one.documents, one.bytes = summary.Total.Read, summary.Total.Bytes
	return one, nil
}
