package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"migassist/cluster"
	"migassist/config"
	"migassist/rfs"
	"migassist/rfs/verify"
	"migassist/selection"
	"migassist/transform/pipeline"
)

// sides are what a verification compares.
type sides struct {
	settings *config.Config
	log      zerolog.Logger

	target   *cluster.Client
	snapshot *source         // nil: the living source is what is right
	living   *cluster.Reader // nil: none is given
	renames  *selection.Renames

	transforms *pipeline.Program // of documents; nil: none
}

// openSides reaches the target, and the snapshot or the living source.
func openSides(ctx context.Context, settings *config.Config, log zerolog.Logger) (*sides, error) {
	s := &sides{settings: settings, log: log}
	var err error
	if s.renames, err = selection.ParseRenames(settings.RFS.IndexMap); err != nil {
		return nil, err
	}
	if s.transforms, err = documentTransforms(settings, log); err != nil {
		return nil, err
	}
	if s.target, err = connect(ctx, settings.Target); err != nil {
		return nil, err
	}
	if settings.Source.Host != "" {
		if s.living, err = connectSource(ctx, settings.Source); err != nil {
			return nil, err
		}
	}
	if settings.LiveSource() {
		return s, nil
	}
	if s.snapshot, err = openSource(ctx, settings, log); err != nil {
		return nil, err
	}
	s.snapshot.transforms = s.transforms
	return s, nil
}

// name is the source, for people.
func (s *sides) name() string {
	if s.snapshot == nil {
		return strings.TrimRight(s.settings.Source.Host, "/")
	}
	return fmt.Sprintf("snapshot %s of %s", s.snapshot.snapshot.Name, s.settings.Snapshot.RepoURI)
}

// plan says what of the snapshot is compared, and where it is on the target.
func (s *sides) plan(ctx context.Context) (*rfs.Plan, error) {
	plan, err := s.snapshot.plan(ctx, choices(s.settings, s.transforms), s.log)
	if err != nil {
		return nil, err
	}
	settle := plan.Locate
	if s.settings.Verify.Repair { // writes there: what keeps documents out, or would change them, is refused as by rfs
		settle = plan.Address
	}
	if err := settle(ctx, s.target); err != nil {
		return nil, err
	}
	return plan, plan.Collide(ctx, s.snapshot.snapshot, rfs.IDCollision(s.settings.RFS.IDCollision))
}

// liveIndices are the indices of the living source that take part, each with the name under which the target has it.
func (s *sides) liveIndices(ctx context.Context) (map[string]string, []rfs.Finding, error) {
	allow, err := selection.ParseAllowlist(s.settings.Indices.Allowlist)
	if err != nil {
		return nil, nil, err
	}
	all, err := s.living.Aliases(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("ask the source for its indices: %w", err)
	}
	names := slices.Sorted(maps.Keys(all))
	places, err := s.living.Places(ctx, names...)
	if err != nil {
		return nil, nil, fmt.Errorf("ask the source for its indices: %w", err)
	}
	candidates := make([]selection.Candidate, len(names))
	for i, name := range names {
		candidates[i] = selection.Candidate{Name: name, DataStream: places[name].Stream}
	}
	chosen := selection.Indices(candidates, allow)
	for _, excluded := range chosen.Excluded {
		s.log.Info().Str("index", excluded.Name).Str("reason", excluded.Reason).Msg("index left out")
	}
	var findings []rfs.Finding
	for _, name := range chosen.Missing {
		findings = append(findings, rfs.Finding{Index: name, Kind: "missing", Reason: "the allowlist names it, the source does not have it"})
	}
	open, shut, err := s.open(ctx, chosen.Chosen)
	if err != nil {
		return nil, nil, err
	}
	targets, err := s.located(ctx, open, places)
	return targets, append(findings, shut...), err
}

// open leaves out indices of the living source that are closed.
func (s *sides) open(ctx context.Context, names []string) (open []string, findings []rfs.Finding, err error) {
	for _, name := range names {
		switch _, err := s.living.Count(ctx, name); {
		case cluster.Closed(err):
			findings = append(findings, rfs.Finding{Index: name, Kind: "closed", Reason: "it is closed, so that its documents can't be read; open it on the source to have it compared"})
		case err != nil:
			return nil, nil, fmt.Errorf("ask the source for its indices: %w", err)
		default:
			open = append(open, name)
		}
	}
	return open, findings, nil
}

// located are the indices of the living source with the names under which the target has their documents.
func (s *sides) located(ctx context.Context, names []string, places map[string]cluster.Place) (map[string]string, error) {
	wanted := make(map[string]string, len(names))
	for _, name := range names {
		mapped, is := s.renames.Apply(name)
		if stream := places[name].Stream; stream != "" && !is {
			mapped, _ = s.renames.Apply(stream)
		}
		wanted[name] = mapped
	}
	there, err := rfs.Located(ctx, s.target, slices.Compact(slices.Sorted(maps.Values(wanted)))...)
	if err != nil {
		return nil, err
	}
	for name, mapped := range wanted {
		wanted[name] = there[mapped]
	}
	if !s.settings.Verify.Repair {
		return wanted, nil
	}
	return wanted, s.repairable(ctx, wanted)
}

// repairable wants every index on the target to exist: a bulk request would make it with a guessed mapping.
func (s *sides) repairable(ctx context.Context, targets map[string]string) error {
	names := slices.Compact(slices.Sorted(maps.Values(targets)))
	there, err := s.target.Places(ctx, names...)
	if err != nil {
		return fmt.Errorf("ask the target for its indices: %w", err)
	}
	exists := map[string]bool{}
	for index, place := range there {
		exists[index], exists[place.Stream] = true, true
	}
	names = slices.DeleteFunc(names, func(name string) bool { return exists[name] })
	if len(names) > 0 {
		return fmt.Errorf("--repair: the target has no index %s; create it first, with the mapping that its documents need", listed(names))
	}
	return nil
}

// liveOptions say what becomes of documents of the living source; targets are the names on the target for its indices.
func (s *sides) liveOptions(targets map[string]string) verify.LiveOptions {
	options := verify.LiveOptions{MaxDocsPerSecond: float64(s.settings.RFS.MaxDocsPerSecond), Address: func(index, _ string) string {
		if target, known := targets[index]; known {
			return target
		}
		target, _ := s.renames.Apply(index) // a name that a transform gave
		return target
	}}
	if s.transforms != nil {
		options.Transform = s.transforms.New
	}
	return options
}

// source is the side that is right, and what of it is not compared.
func (s *sides) source(ctx context.Context) (verify.Source, []rfs.Finding, error) {
	if s.snapshot == nil {
		targets, findings, err := s.liveIndices(ctx)
		if err != nil {
			return nil, nil, err
		}
		return verify.NewLive(s.living, slices.Sorted(maps.Keys(targets)), s.liveOptions(targets)), findings, nil
	}
	plan, err := s.plan(ctx)
	if err != nil {
		return nil, nil, err
	}
	source := s.snapshot.backfill(s.settings, s.log)
	source.Plan = func(context.Context) (*rfs.Plan, error) { return plan, nil }
	options := rfsOptions(s.settings, s.transforms)
	options.Names, options.Looking = s.target, true
	if s.settings.Verify.Repair {
		options.Names = repairableNames{s.target}
	}
	options.Memory, options.Log = int(s.settings.Memory), s.log // as rfs: it says which documents are too large to be sent
	return verify.NewSnapshot(source, options), s.uncompared(plan.Findings), nil
}

// repairableNames is a target that must have the indices that transforms name: a bulk request would make them with a guessed mapping.
type repairableNames struct{ *cluster.Client }

// Places implements [rfs.Places].
func (r repairableNames) Places(ctx context.Context, names ...string) (map[string]cluster.Place, error) {
	there, err := r.Client.Places(ctx, names...)
	if err == nil && len(there) == 0 {
		err = fmt.Errorf("--repair: the target has no index %s; create it first, with the mapping that its documents need", names[0])
	}
	return there, err
}
