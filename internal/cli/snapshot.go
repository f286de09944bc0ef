package cli

import (
	"github.com/spf13/cobra"

	"migassist/config"
	"migassist/console"
	"migassist/snapshot"
)

// consoleSnapshot holds the verbs that look into a repository.
func (p *program) consoleSnapshot() *cobra.Command {
	return p.group("snapshot", "Look into a snapshot repository",
		`Snapshot shows what a repository holds and what the reader makes of it. It
changes nothing and needs no cluster.`,
		`  migassist console snapshot list --repo-uri file:///mnt/snapshots`,
		p.consoleSnapshotList(), p.consoleSnapshotShow(), p.consoleSnapshotCat(), p.consoleSnapshotDescribe())
}

func (p *program) consoleSnapshotList() *cobra.Command {
	cmd := leaf("list", "List the snapshots of a repository",
		`List prints the snapshots of a repository: state, version, indices and times.
With --snapshot-name it prints the indices of that snapshot, as show does.`,
		`  migassist console snapshot list --repo-uri file:///mnt/snapshots`,
		p.runSnapshotList)
	config.ForSnapshots.AddFlags(cmd.Flags())
	return cmd
}

func (p *program) runSnapshotList(cmd *cobra.Command) error {
	settings, log, err := p.load(cmd, config.ForSnapshots)
	if err != nil {
		return err
	}
	repository, err := openRepository(cmd.Context(), settings, log)
	if err != nil {
		return err
	}
	if settings.Snapshot.Name == "" {
		list, err := console.ListSnapshots(cmd.Context(), repository)
		if err != nil {
			return err
		}
		if err := p.print(settings.Output, list, list.WriteText); err != nil || !list.Problems() {
			return err
		}
		return errFindings
	}
	return p.showSnapshot(cmd.Context(), settings, repository, settings.Snapshot.Name)
}

func (p *program) consoleSnapshotDescribe() *cobra.Command {
	cmd := leaf("describe FILE", "Print what the reader makes of a file, byte by byte",
		`Describe prints offset, bytes and meaning. FILE is a blob of the repository
(index-0, snap-….dat, indices/…/meta-….dat) or, with --snapshot-name,
INDEX/SHARD for the list of a shard's Lucene files and INDEX/SHARD/NAME for one
of them, which may lie within a compound file.`,
		`  migassist console snapshot describe --repo-uri file:///mnt/snapshots --snapshot-name nightly orders/0/_0.si`,
		nil)
	cmd.Args = arguments("one FILE", 1, 1)
	cmd.RunE = p.runSnapshotDescribe
	config.ForDescription.AddFlags(cmd.Flags())
	return cmd
}

func (p *program) runSnapshotDescribe(cmd *cobra.Command, arguments []string) error {
	settings, log, err := p.load(cmd, config.ForDescription)
	if err != nil {
		return err
	}
	store, err := openStore(cmd.Context(), settings, log)
	if err != nil {
		return err
	}
	var snap *snapshot.Snapshot
	if settings.Snapshot.Name != "" {
		repository, err := snapshot.Open(cmd.Context(), store)
		if err != nil {
			return err
		}
		if snap, err = repository.Snapshot(cmd.Context(), settings.Snapshot.Name); err != nil {
			return err
		}
	}
	return console.Describe(cmd.Context(), store, snap, arguments[0], p.out)
}
