package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"migassist/config"
	"migassist/rfs"
	"migassist/rfs/verify"
)

// verifyCounts compares how many documents there are.
func (p *program) verifyCounts(ctx context.Context, s *sides) error {
	began := time.Now()
	tally := &verify.Tally{Source: s.name(), Target: targetName(s.settings), Notes: []rfs.Finding{}}
	counted, err := s.count(ctx, tally)
	if err != nil {
		return err
	}
	if len(counted) == 0 && len(tally.Notes) == 0 {
		s.log.Warn().Msg("there is no index to compare")
		return errNothing
	}
	if err := tally.Compare(ctx, s.target, counted); err != nil {
		return err
	}
	tally.Seconds = time.Since(began).Seconds()
	if s.settings.Output == config.JSON {
		err = tally.WriteJSON(p.out)
	} else {
		err = tally.WriteText(p.out)
	}
	if err == nil && !tally.Equal() {
		err = errFindings
	}
	return err
}

// count counts what the source has.
func (s *sides) count(ctx context.Context, tally *verify.Tally) ([]verify.Counted, error) {
	if s.snapshot == nil {
		return s.countLiving(ctx, tally)
	}
	plan, err := s.plan(ctx)
	if err != nil {
		return nil, err
	}
	tally.Notes = append(tally.Notes, s.uncompared(plan.Findings)...)
	var all []verify.Counted
	for _, name := range plan.Indices() {
		c := verify.Counted{Index: name, Targets: plan.TargetsOf(name), Vague: s.vague()}
		if c.Live, err = plan.CountLive(ctx, s.snapshot.snapshot, name); err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			c.Problem = err.Error()
		}
		all = append(all, c)
	}
	return all, nil
}

// vague says why counts need not be equal; "": they must be.
func (s *sides) vague() string {
	if s.settings.RFS.Pilot > 0 {
		return "a pilot moves some documents of each shard"
	}
	if s.transforms != nil {
		return "transforms may drop documents, make more of one, and send them elsewhere"
	}
	return ""
}

// uncounted are the kinds of a plan's findings that say of documents that they are not compared.
var uncounted = map[string]bool{
	"missing": true, "several-types": true, "no-source": true, "filtered-source": true, "unsupported": true, "unreadable": true, "partial": true,
}

// uncompared are the findings that say of documents that they are not compared.
func (s *sides) uncompared(findings []rfs.Finding) []rfs.Finding {
	var some []rfs.Finding
	for _, finding := range findings {
		if uncounted[finding.Kind] && (finding.Kind != "filtered-source" || !s.settings.RFS.AllowPartialSource) {
			some = append(some, finding)
		}
	}
	return some
}

func (s *sides) countLiving(ctx context.Context, tally *verify.Tally) ([]verify.Counted, error) {
	targets, findings, err := s.liveIndices(ctx)
	if err != nil {
		return nil, err
	}
	tally.Notes = append(tally.Notes, findings...)
	var all []verify.Counted
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		c := verify.Counted{Index: name, Targets: []string{targets[name]}, Vague: s.vague()}
		if c.Documents, err = s.living.Count(ctx, name); err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			c.Problem = fmt.Sprintf("not counted on the source: %v", err)
		}
		all = append(all, c)
	}
	return all, nil
}
