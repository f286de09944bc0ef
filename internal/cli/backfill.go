package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"migassist/config"
	"migassist/rfs"
	"migassist/rfs/lease"
)

// consoleBackfill holds the operator's verbs for a run of rfs, whichever machines its workers are on.
func (p *program) consoleBackfill() *cobra.Command {
	return p.group("backfill", "See and control a run of rfs",
		`Backfill shows and controls a run of "migassist rfs" with all its workers, from
any machine that reaches what they share: give the same --coordinator and
--session-name, or the same --state-file, as to rfs.`,
		`  migassist console backfill status --watch --coordinator cluster --coordinator-host https://localhost:9200`,
		p.backfillStatus(),
		p.backfillTurn("pause", "Have all workers wait", rfs.Paused,
			`Pause has all workers finish the requests in flight, save how far they are,
release their items and wait.`),
		p.backfillTurn("resume", "Have paused workers go on", rfs.Running,
			`Resume has paused workers go on. Workers of a run that was stopped have exited:
start them again after it.`),
		p.backfillTurn("stop", "Have all workers exit", rfs.Stopped,
			`Stop has all workers finish the requests in flight, save how far they are,
release their items and exit with code 143, as would SIGTERM. Workers started
later exit at once, until "resume". Settings that --tune-target changed are
restored: by the workers, or by this command if it is given --target-host.`),
		p.backfillSet(), p.backfillReset(), p.backfillLetters())
}

// backfillStatus shows the whole run.
func (p *program) backfillStatus() *cobra.Command {
	var watch bool
	cmd := leaf("status", "Show a run: how far it is, who works on it, and what stalls",
		`Status shows the whole run as all its workers left it: items, documents, speed
and the time left, what is stalled and why, and every worker. --output json is
for programs; docs/backfill-fleet.md has its fields.`,
		`  migassist console backfill status --watch`,
		func(cmd *cobra.Command) error {
			return p.withRun(cmd, func(ctx context.Context, settings *config.Config, store lease.Store) error {
				if watch {
					return p.watchStatus(ctx, settings, store)
				}
				status, err := rfs.ReadStatus(ctx, store, time.Now())
				if err != nil {
					return err
				}
				if settings.Output == config.JSON {
					return status.WriteJSON(p.out)
				}
				return status.WriteText(p.out, time.Now())
			})
		})
	config.ForBackfill.AddFlags(cmd.Flags())
	cmd.Flags().BoolVar(&watch, "watch", false, "show it again every few seconds, until it is complete; with --output json an object per line")
	return cmd
}

// statusEvery is how often a status is shown again. Reading it reads every item.
const statusEvery = 5 * time.Second

func (p *program) watchStatus(ctx context.Context, settings *config.Config, store lease.Store) error {
	ticker := time.NewTicker(statusEvery)
	defer ticker.Stop()
	for {
		status, err := rfs.ReadStatus(ctx, store, time.Now())
		if err == nil {
			err = p.showAgain(settings, status)
		}
		if err != nil || status.State == "complete" {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// showAgain writes a status where the one before stood, or, where nobody looks, below it.
func (p *program) showAgain(settings *config.Config, status *rfs.Status) error {
	if settings.Output == config.JSON {
		return status.WriteLine(p.out)
	}
	var text bytes.Buffer
	if err := status.WriteText(&text, time.Now()); err != nil {
		return err
	}
	before, after := "", "\n"
	if isTerminal(p.streams.Out) {
		before, after = "\x1b[H\x1b[2J", ""
	}
	_, err := fmt.Fprint(p.out, before, text.String(), after)
	return err
}

// backfillTurn takes the run to another state.
func (p *program) backfillTurn(name, short string, to rfs.ControlState, long string) *cobra.Command {
	cmd := leaf(name, short, long, "  migassist console backfill "+name, func(cmd *cobra.Command) error {
		return p.withRun(cmd, func(ctx context.Context, settings *config.Config, store lease.Store) error {
			control, err := rfs.ChangeControl(ctx, store, func(c *rfs.Control) error {
				c.Turn(to, time.Now())
				return nil
			})
			if err != nil {
				return err
			}
			var tuning *rfs.Tuning
			if to == rfs.Stopped {
				if tuning, err = p.restoreStopped(ctx, settings, store); err != nil {
					return err
				}
			}
			return p.printControl(settings, control, tuning)
		})
	})
	config.ForBackfill.AddFlags(cmd.Flags())
	return cmd
}

// controlled is what a command that changed a run prints.
type controlled struct {
	rfs.Control

	Restored *rfs.Tuning `json:"restored,omitempty"`
}

func (p *program) printControl(settings *config.Config, control rfs.Control, tuning *rfs.Tuning) error {
	if tuning != nil && len(tuning.Indices)+len(tuning.Findings) == 0 {
		tuning = nil
	}
	return p.print(settings.Output, controlled{control, tuning}, func(w io.Writer) {
		fmt.Fprintf(w, "the run is %s; limits of all workers: %s; they follow within seconds\n", control.State,
			rfs.Limits{DocsPerSecond: control.MaxDocsPerSecond, MBPerSecond: control.MaxMBPerSecond, Connections: control.MaxConnections})
		writeTuning(w, tuning)
	})
}

func writeTuning(w io.Writer, tuning *rfs.Tuning) {
	if tuning == nil {
		return
	}
	fmt.Fprintf(w, "settings restored: %s\n", listed(tuning.Indices))
	if len(tuning.Replicas) > 0 {
		fmt.Fprintf(w, "%d of these have replicas again: the cluster copies their shards now\n", len(tuning.Replicas))
	}
	for _, finding := range tuning.Findings {
		fmt.Fprintf(w, "finding: %s\n", finding)
	}
}

// backfillSet changes limits.
func (p *program) backfillSet() *cobra.Command {
	var docs, megabytes, connections int
	cmd := leaf("set", "Change the limits of a run",
		`Set changes what all workers of a run together may do; 0 is no limit. It holds
for workers that start later too, whatever their flags say. Workers follow within
seconds, in very large fleets within a minute.`,
		`  migassist console backfill set --max-docs-per-second 5000 --max-connections 16`, nil)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		given := cmd.Flags().Changed
		if !given("max-docs-per-second") && !given("max-mb-per-second") && !given("max-connections") {
			return usageError{"nothing is to be set; give --max-docs-per-second, --max-mb-per-second or --max-connections", hint(cmd)}
		}
		if min(docs, megabytes, connections) < 0 {
			return usageError{"a limit cannot be less than 0, which is none", hint(cmd)}
		}
		return p.withRun(cmd, func(ctx context.Context, settings *config.Config, store lease.Store) error {
			control, err := rfs.ChangeControl(ctx, store, func(c *rfs.Control) error {
				if given("max-docs-per-second") {
					c.MaxDocsPerSecond = float64(docs)
				}
				if given("max-mb-per-second") {
					c.MaxMBPerSecond = float64(megabytes)
				}
				if given("max-connections") {
					c.MaxConnections = connections
				}
				return nil
			})
			if err != nil {
				return err
			}
			return p.printControl(settings, control, nil)
		})
	}
	config.ForBackfill.AddFlags(cmd.Flags())
	cmd.Flags().IntVar(&docs, "max-docs-per-second", 0, "`NUMBER` of documents a second")
	cmd.Flags().IntVar(&megabytes, "max-mb-per-second", 0, "`NUMBER` of 1,000,000 bytes a second, before compression")
	cmd.Flags().IntVar(&connections, "max-connections", 0, "`NUMBER` of bulk requests in flight")
	return cmd
}

// withRun opens what the workers share and does something to it. That there is no run is said, and is nothing to do.
func (p *program) withRun(cmd *cobra.Command, do func(context.Context, *config.Config, lease.Store) error) error {
	settings, log, err := p.load(cmd, config.ForBackfill)
	if err != nil {
		return err
	}
	err = p.openRun(cmd.Context(), settings, log, do)
	if errors.Is(err, rfs.ErrNoRun) {
		fmt.Fprintf(p.streams.Err, "migassist: no run was begun in %s; rfs begins one, and the console needs the same --coordinator, --session-name and --state-file\n", place(settings))
		return errNothing
	}
	return err
}

func (p *program) openRun(ctx context.Context, settings *config.Config, log zerolog.Logger, do func(context.Context, *config.Config, lease.Store) error) error {
	if settings.Coordinator.Place() == config.CoordinatorFile {
		if _, err := os.Stat(stateFile(settings)); errors.Is(err, fs.ErrNotExist) {
			return rfs.ErrNoRun // and none is made by looking
		}
	}
	store, err := openCoordinator(ctx, settings, nil, log)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, settings, store), store.Close())
}
