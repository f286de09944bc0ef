package cost

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// Run is what one run of a command came to, or several together.
type Run struct {
	Documents int64 // as the summary says, of one of several
	Bytes     int64 // of bulk lines, likewise
	Took      time.Duration
	Processor time.Duration // of all processes
	Resident  int64         // bytes; at most, of one process
}

// Rate returns documents a second.
func (r Run) Rate() float64 { return r.per(float64(r.Documents)) }

// Megabytes returns megabytes (10^6) of source and action lines a second.
func (r Run) Megabytes() float64 { return r.per(float64(r.Bytes) / 1e6) }

func (r Run) per(n float64) float64 {
	if r.Took == 0 {
		return 0
	}
	return n / r.Took.Seconds()
}

// PerGigabyte returns processor seconds for each gigabyte (10^9).
func (r Run) PerGigabyte() float64 {
	if r.Bytes == 0 {
		return 0
	}
	return r.Processor.Seconds() / (float64(r.Bytes) / 1e9)
}

// String is a line for people.
func (r Run) String() string {
	return fmt.Sprintf("%d documents, %d bytes in %.2f s: %.0f documents/s, %.0f MB/s, %.2f s of processor, %d MiB resident",
		r.Documents, r.Bytes, r.Took.Seconds(), r.Rate(), r.Megabytes(), r.Processor.Seconds(), r.Resident>>20)
}

// nothing is the exit status of one of ours that found all work done by others.
const nothing = 4

// Measure runs the commands at once and waits for all. Each prints a summary as JSON, of all they did together; the first command's
// counts.
func Measure(commands ...*exec.Cmd) (Run, error) {
	started := time.Now()
	outputs := make([]bytes.Buffer, len(commands))
	var group errgroup.Group
	for i, cmd := range commands {
		group.Go(func() error {
			cmd.Stdout = &outputs[i]
			err := cmd.Run()
			if err != nil && (len(commands) == 1 || cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != nothing) {
				return fmt.Errorf("run %v: %w\n%s", cmd, err, outputs[i].Bytes())
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Run{}, err
	}
	run := Run{Took: time.Since(started)}
	for _, cmd := range commands {
		run.Processor += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			run.Resident = max(run.Resident, usage.Maxrss<<10) // Linux counts KiB
		}
	}
	var summary struct {
		Total struct {
			Read  int64 `json:"read"`
			Bytes int64 `json:"bytes"`
		} `json:"total"`
	}
	if err := json.Unmarshal(outputs[0].Bytes(), &summary); err != nil {
		return Run{}, fmt.Errorf("read the summary that %v prints: %w", commands[0], err)
	}
	run.Documents, run.Bytes = summary.Total.Read, summary.Total.Bytes
	return run, nil
}

// Command is the command line, with its standard error on ours.
func Command(ctx context.Context, line ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Env = os.Environ()
	cmd.Stderr = os.Stderr
	return cmd
}
