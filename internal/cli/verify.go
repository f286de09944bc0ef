package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"migassist/config"
	"migassist/rfs"
	"migassist/rfs/verify"
)

// consoleVerify proves that the target has what the source has.
func (p *program) consoleVerify() *cobra.Command {
	cmd := leaf("verify", "Prove that the target has what the source has, and mend what differs",
		`Verify compares a snapshot, or a living source (--source-host), with the target:
every document by index, id, routing and content, whatever a transform, a new
name or another choice makes of it. Give it the same migassist.yaml, or the same
flags, as rfs was given. Both sides are read once; documents that differ are then
read again, and named with the paths at which they differ.

--counts compares how many documents there are, in seconds. --sample N compares a
part chosen by chance. While others write, give --settle. --repair sends again
what is missing or different and removes what is extra, unless it changed since
it was read, and looks at each again; with both a snapshot and --source-host it
removes nothing that the living source has. What it overwrites or removes is in
the undo file, for the bulk API. Code 3: something differs, or could not be read;
after --repair code 0: all of it was mended.`,
		`  migassist console verify --repo-uri file:///mnt/snapshots --snapshot-name nightly --target-host https://localhost:9200
  migassist console verify --findings differ.ndjson --settle 30s --repair`,
		p.runVerify)
	config.ForVerify.AddFlags(cmd.Flags())
	return cmd
}

func (p *program) runVerify(cmd *cobra.Command) error {
	settings, log, err := p.load(cmd, config.ForVerify)
	if err != nil {
		return err
	}
	limitMemory(settings.Memory)
	sides, err := openSides(cmd.Context(), settings, log)
	if err != nil {
		return err
	}
	if settings.Verify.Counts {
		return p.verifyCounts(cmd.Context(), sides)
	}
	return p.verifyDocuments(cmd.Context(), sides)
}

// verified is what a verification came to, as it is printed.
type verified struct {
	Source string `json:"source"`
	Target string `json:"target"`
	*verify.Summary

	Findings []rfs.Finding   `json:"findings"`    // what of the source was not compared
	Examples []verify.Record `json:"differences"` // the first of them
	File     string          `json:"findings_file,omitempty"`
	Repair   *verify.Mended  `json:"repair,omitempty"`
	Undo     string          `json:"undo_file,omitempty"` // where there is anything to undo
}

// verifyDocuments compares every document, or those of a sample, or those that findings name.
func (p *program) verifyDocuments(ctx context.Context, s *sides) error {
	if s.target.Serverless() || s.living != nil && s.living.Serverless() {
		return errors.New("a collection of OpenSearch Serverless has no scrolls, by which documents are read; --counts compares how many there are")
	}
	from, findings, err := s.source(ctx)
	if err != nil {
		return err
	}
	result := &verified{Source: s.name(), Target: targetName(s.settings), Findings: append([]rfs.Finding{}, findings...), File: s.settings.Verify.Findings}
	told, err := s.tell(ctx, result)
	if err != nil {
		return err
	}
	options := s.options()
	options.Find = told
	if err := p.compare(ctx, s, verify.New(from, verify.NewTarget(s.target), options), result); err != nil {
		return errors.Join(s.stopped(err), told.close(result))
	}
	result.Uncompared = len(findings)
	if told.repair != nil {
		err = told.repair.Finish(ctx, result.Summary)
		result.Repair = &told.repair.Mended
	}
	err = errors.Join(err, told.close(result), p.printVerified(s.settings, result))
	if err == nil {
		err = result.verdict()
	}
	return err
}

// stopped says how a verification goes on that ended early.
func (s *sides) stopped(err error) error {
	if s.settings.Verify.StateFile == "" || errors.Is(err, verify.ErrNotBegun) {
		return err
	}
	return fmt.Errorf("%w\nthe same command goes on where this one ended; how far it came is in %s", err, s.settings.Verify.StateFile)
}

// compare runs the verification, and speaks of its progress.
func (p *program) compare(ctx context.Context, s *sides, v *verify.Verification, result *verified) error {
	var keys []verify.Key
	if s.settings.Verify.Only != "" {
		var err error
		if keys, err = readFindings(s.settings.Verify.Only); err != nil {
			return err
		}
	}
	s.log.Info().Str("source", result.Source).Str("target", result.Target).Msg("verification starts")
	monitor := verifyMonitor{progress: v.Progress(), log: s.log, now: time.Now}
	if isTerminal(p.streams.Err) {
		monitor.terminal = p.streams.Err
	}
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { monitor.run(watching) })
	var err error
	if s.settings.Verify.Only != "" {
		result.Summary, err = v.Recheck(ctx, keys)
	} else {
		result.Summary, err = v.Run(ctx)
	}
	stop()
	watch.Wait()
	return err
}

func readFindings(name string) ([]verify.Key, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("--only: %w", err)
	}
	defer f.Close()
	keys, err := verify.ReadKeys(f)
	if err != nil {
		return nil, fmt.Errorf("--only %s: %w", name, err)
	}
	return keys, nil
}

// options are how the verification works.
func (s *sides) options() verify.Options {
	r, v := s.settings.RFS, s.settings.Verify
	return verify.Options{
		Sample: v.Sample, Settle: v.Settle, ByContent: r.ServerGeneratedIDs == "ALWAYS", InFlight: r.MaxConnections,
		Memory:           int(s.settings.Memory) / 4, // as much reads the source, twice; the rest is of tables and answers
		MaxDocsPerSecond: float64(r.MaxDocsPerSecond), MaxBytesPerSecond: float64(r.MaxMBPerSecond) * 1e6,
		State: v.StateFile, Name: s.identity(), Log: s.log,
	}
}

// identity names what is compared, with all that decides what documents are to be like.
func (s *sides) identity() string {
	words := []string{s.name(), s.sourceIdentity(), targetName(s.settings), fmt.Sprintf("sample %d", s.settings.Verify.Sample)}
	for name, value := range sharedChoices(s.settings, s.transforms) {
		if name != "item-bytes" && name != "lease-duration" && name != "bulk-timeout" {
			words = append(words, name+" "+value)
		}
	}
	slices.Sort(words[3:])
	return strings.Join(words, ", ")
}

// sourceIdentity is another for a snapshot that was taken again under the same name.
func (s *sides) sourceIdentity() string {
	if s.snapshot == nil {
		return ""
	}
	return s.snapshot.snapshot.UUID
}

// verdict turns what was found into the end of the command.
func (r *verified) verdict() error {
	mended := r.Repair != nil && r.Complete && len(r.Absent) == 0 && r.Total.Unexamined+r.Total.UnexaminedTarget == 0 && r.Repair.All(r.Total.Differences())
	switch {
	case len(r.Findings) > 0, !r.Same() && !mended:
		return errFindings
	case r.Total == verify.Counts{} && len(r.Indices) == 0 && len(r.Problems) == 0:
		return errNothing
	}
	return nil
}

func (p *program) printVerified(settings *config.Config, r *verified) error {
	if r.Summary == nil {
		return nil
	}
	if settings.Output == config.JSON {
		encoder := json.NewEncoder(p.out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	fmt.Fprintf(p.out, "source %s, target %s\n\n", r.Source, r.Target)
	if err := r.WriteText(p.out); err != nil {
		return err
	}
	r.writeRest(p.out)
	return nil
}

// writeRest prints what goes beyond the summary.
func (r *verified) writeRest(w io.Writer) {
	for _, finding := range r.Findings {
		fmt.Fprintf(w, "finding: %s\n", finding)
	}
	for _, d := range r.Examples {
		at := ""
		if len(d.Paths) > 0 {
			at = ": " + strings.Join(d.Paths, ", ")
		}
		if d.Content != "" {
			at = ": " + strings.Join(strings.Fields(d.Content), " ")
		}
		fmt.Fprintf(w, "%s: %s%s\n", d.Kind, d.Key, at)
	}
	if more := r.Total.Differences() - int64(len(r.Examples)); more > 0 && len(r.Examples) > 0 {
		fmt.Fprintf(w, "and %d more\n", more)
	}
	if r.File != "" && r.Total.Differences() > 0 {
		fmt.Fprintf(w, "all of them are in %s\n", r.File)
	}
	if r.Repair == nil {
		return
	}
	fmt.Fprintf(w, "repaired: %d sent again, %d removed, %d were right or gone by then, %d left\n", r.Repair.Sent, r.Repair.Removed, r.Repair.Settled, r.Repair.Left)
	for _, reason := range slices.Sorted(maps.Keys(r.Repair.Reasons)) {
		fmt.Fprintf(w, "left: %d: %s\n", r.Repair.Reasons[reason], reason)
	}
	if r.Undo != "" {
		fmt.Fprintf(w, "what was overwritten or removed is in %s, to be put back by the bulk API\n", r.Undo)
	}
}
