package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"migassist/config"
	"migassist/rfs"
	"migassist/rfs/lease"
)

// backfillReset removes the state of a run.
func (p *program) backfillReset() *cobra.Command {
	var yes, force bool
	cmd := leaf("reset", "Remove the state of a run",
		`Reset removes the state of a run, so that the next one begins anew. Documents on
the target stay, and a new run writes them again. Settings that --tune-target
changed are restored first: give --target-host. It refuses while workers are
alive: stop the run before.`,
		`  migassist console backfill reset --yes`, nil)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if !yes {
			return usageError{"reset removes how far the run has come, which nothing brings back; give --yes", hint(cmd)}
		}
		return p.withRun(cmd, func(ctx context.Context, settings *config.Config, store lease.Store) error {
			return p.reset(ctx, settings, store, force)
		})
	}
	config.ForBackfill.AddFlags(cmd.Flags())
	cmd.Flags().BoolVar(&yes, "yes", false, "do it")
	cmd.Flags().BoolVar(&force, "force", false, "even while workers are alive, settings of the target cannot be restored, or the state cannot be read")
	return cmd
}

// removed is what reset prints.
type removed struct {
	Removed  string      `json:"removed"`
	Restored *rfs.Tuning `json:"restored,omitempty"`
}

func (p *program) reset(ctx context.Context, settings *config.Config, store lease.Store, force bool) error {
	if err := rfs.Exists(ctx, store); errors.Is(err, rfs.ErrNoRun) || err != nil && !force {
		return err
	}
	if !force {
		alive, err := rfs.Alive(ctx, store)
		if err != nil {
			return err
		}
		if len(alive) > 0 {
			return fmt.Errorf("reset: %s of the run are alive: %s; migassist console backfill stop ends them, --force goes on regardless", counted(len(alive), "worker"), listed(alive))
		}
	}
	tuning, err := p.restore(ctx, settings, store)
	if err != nil && !force {
		return fmt.Errorf("reset: %w; --force removes the state regardless, and with it what the settings were", err)
	}
	if err := store.Clear(ctx); err != nil {
		return fmt.Errorf("remove the state of the run in %s: %w", place(settings), err)
	}
	if tuning != nil && len(tuning.Indices)+len(tuning.Findings) == 0 {
		tuning = nil
	}
	return p.print(settings.Output, removed{place(settings), tuning}, func(w io.Writer) {
		writeTuning(w, tuning)
		fmt.Fprintf(w, "the state of the run was removed: %s; documents on the target stay\n", place(settings))
	})
}

// restore gives the target's indices the settings back that the run changed. Without a target it does nothing where there is
// nothing to do, and is an error otherwise; so is a setting that the target does not take.
func (p *program) restore(ctx context.Context, settings *config.Config, store lease.Store) (*rfs.Tuning, error) {
	tuner := &rfs.Tuner{Store: store}
	if open, err := tuner.Open(ctx); err != nil || !open {
		return nil, err
	}
	if settings.Target.Host == "" {
		return nil, errors.New("settings of the target's indices are still those of --tune-target; give --target-host, so that they can be restored")
	}
	client, err := connect(ctx, settings.Target)
	if err != nil {
		return nil, err
	}
	tuner.Target = client
	tuning, err := tuner.Restore(ctx)
	if err != nil {
		return nil, err
	}
	for _, finding := range tuning.Findings {
		if finding.Failed {
			return tuning, fmt.Errorf("restore settings of the target's indices: %s", finding)
		}
	}
	return tuning, nil
}

// leaving is how long the workers of a run that was stopped are given before their settings are restored for them.
const leaving = 20 * time.Second

// restoreStopped sees that the settings of a run that was stopped are restored: its workers do it as they exit, and this process does where there
// is none, if it knows the target.
func (p *program) restoreStopped(ctx context.Context, settings *config.Config, store lease.Store) (*rfs.Tuning, error) {
	tuner := &rfs.Tuner{Store: store}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for begun := time.Now(); time.Since(begun) < leaving; {
		open, err := tuner.Open(ctx)
		if err != nil || !open {
			return nil, err
		}
		status, err := rfs.ReadStatus(ctx, store, time.Now())
		if err != nil {
			return nil, err
		}
		if !status.Staffed() {
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return p.restore(ctx, settings, store)
}

// counted puts a number before a word.
func counted(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// listed joins names; of very many the first.
func listed(names []string) string {
	const most = 20
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s, and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
