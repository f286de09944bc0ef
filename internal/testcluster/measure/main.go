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
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"migassist/internal/testcluster/cost"
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
	best := map[int]cost.Run{}
	for range runs {
		for cores := 1; cores <= 2; cores++ {
			one, err := cost.Measure(on(cores, command))
			if err != nil {
				return err
			}
			fmt.Fprintf(os.Stdout, "cores %d: %s\n", cores, one)
			if one.Rate() > best[cores].Rate() {
				best[cores] = one
			}
		}
	}
	fmt.Fprintf(os.Stdout, "best: %.0f documents/s on one core, %.0f on two, which is %.2f times as many (%.1f asked for); %.2f of the %.0f asked for; %d MiB resident, %d allowed\n",
		best[1].Rate(), best[2].Rate(), best[2].Rate()/best[1].Rate(), onTwo, best[2].Rate()/rate, rate, best[2].Resident>>20, memory)
	return nil
}

// on is the command, run on so many cores.
func on(cores int, command []string) *exec.Cmd {
	if cores == 1 {
		command = append([]string{"taskset", "-c", "1"}, command...)
	}
	cmd := cost.Command(context.Background(), command...)
	cmd.Env = append(cmd.Env, "GOMAXPROCS="+strconv.Itoa(cores))
	return cmd
}
