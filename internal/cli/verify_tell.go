package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"migassist/cluster"
	"migassist/rfs"
	"migassist/rfs/bulk"
	"migassist/rfs/verify"
)

// teller hears of every difference: the first stand in the result, all in the file of findings, and a repair mends them.
type teller struct {
	result *verified
	file   *os.File // nil: none
	out    *bufio.Writer
	writer *verify.Writer // nil: the repair writes, or nobody
	repair *verify.Repair // nil: none
	undo   *verify.UndoFile
}

var _ verify.Finder = (*teller)(nil)

// mostExamples is how many differences the summary has.
const mostExamples = 20

// tell makes who hears of the differences.
func (s *sides) tell(ctx context.Context, result *verified) (*teller, error) {
	t := &teller{result: result}
	v := s.settings.Verify
	var repair *verify.Repair
	if v.Repair {
		var err error
		if repair, err = s.repair(ctx); err != nil {
			return nil, err
		}
		t.undo = &verify.UndoFile{Name: v.UndoFile}
		repair.Undo, t.repair = t.undo, repair
	}
	if v.Findings == "" {
		return t, nil
	}
	var err error
	if t.file, err = os.OpenFile(v.Findings, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600); err != nil {
		return nil, fmt.Errorf("--findings: %w", err)
	}
	t.out = bufio.NewWriter(t.file)
	if repair != nil {
		repair.Findings = t.out
	} else {
		t.writer = &verify.Writer{Out: t.out}
	}
	return t, nil
}

// Find implements verify.Finder.
func (t *teller) Find(ctx context.Context, d verify.Difference) error {
	if len(t.result.Examples) < mostExamples {
		t.result.Examples = append(t.result.Examples, d.Record())
	}
	if t.writer != nil {
		if err := t.writer.Find(ctx, d); err != nil {
			return err
		}
	}
	if t.repair != nil {
		return t.repair.Find(ctx, d)
	}
	return nil
}

// close ends the files.
func (t *teller) close(result *verified) error {
	var errs []error
	if t.undo != nil {
		if t.undo.Used() {
			result.Undo = t.undo.Name
		}
		errs = append(errs, t.undo.Close())
	}
	if t.file != nil {
		if err := errors.Join(t.out.Flush(), t.file.Close()); err != nil {
			errs = append(errs, fmt.Errorf("--findings: %w", err))
		}
	}
	return errors.Join(errs...)
}

// repair makes what mends the target.
func (s *sides) repair(ctx context.Context) (*verify.Repair, error) {
	if s.target.Serverless() {
		return nil, errors.New("--repair: a collection of OpenSearch Serverless gives no documents by id, nor sequence numbers, without which what others write meanwhile could be overwritten")
	}
	writer := bulk.NewWriter(s.target, bulk.Patience{})
	connections := s.settings.WorkerConnections()
	writer.SetLimits(bulk.Limits{Connections: connections, BytesInFlight: connections * int(s.settings.RFS.DocumentsSizePerRequest)})
	r := &verify.Repair{Target: s.target, Sink: writer, Versions: s.settings.RFS.DocVersions == string(rfs.VersionsSeqNo), MostDeletes: s.settings.Verify.MostDeletes, Log: s.log}
	if s.living == nil {
		return r, nil
	}
	if s.transforms != nil {
		if s.settings.Verify.MostDeletes > 0 {
			return nil, errors.New("--repair: transforms may change ids, and --source-host can't be asked whether it has documents under ids that they made; say --most-deletes 0, and none is removed")
		}
		return r, nil
	}
	origins, err := s.origins(ctx)
	if err != nil {
		return nil, err
	}
	r.Living = func(ctx context.Context, keys []verify.Key) ([]bool, error) { return s.alive(ctx, origins, keys) }
	return r, nil
}

// origins are the indices of the living source from which documents of each index of the target come.
func (s *sides) origins(ctx context.Context) (map[string][]string, error) {
	origins := map[string][]string{}
	if s.snapshot == nil {
		targets, _, err := s.liveIndices(ctx)
		for index, target := range targets {
			origins[target] = append(origins[target], index)
		}
		return origins, err
	}
	plan, err := s.plan(ctx)
	if err != nil {
		return nil, err
	}
	if s.settings.RFS.IDCollision == "prefix-type" && len(plan.Shared()) > 0 {
		return nil, errors.New("--repair: ids on the target have prefixes, by which --source-host can't be asked for them; leave out --source-host")
	}
	for _, index := range plan.Indices() {
		for _, target := range plan.TargetsOf(index) {
			origins[target] = append(origins[target], index)
		}
	}
	return origins, nil
}

// alive tells which documents, named as on the target, the source has now, in any index that they may come from.
func (s *sides) alive(ctx context.Context, origins map[string][]string, keys []verify.Key) ([]bool, error) {
	living := make([]bool, len(keys))
	var names []cluster.Name
	var places []int
	for i, key := range keys {
		from := slices.Clone(origins[key.Index])
		if !slices.Contains(from, key.Index) {
			from = append(from, key.Index)
		}
		for _, index := range from {
			names = append(names, cluster.Name{Index: index, ID: key.ID, Routing: key.Routing})
			places = append(places, i)
		}
	}
	got, err := s.living.Fetch(ctx, names)
	for i := range got {
		living[places[i]] = living[places[i]] || got[i].Found
	}
	return living, err
}
