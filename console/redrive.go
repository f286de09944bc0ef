package console

import (
	"context"
	"fmt"
	"io"

	"github.com/rs/zerolog"

	"migassist/cluster"
	"migassist/rfs"
	"migassist/rfs/bulk"
	"migassist/rfs/deadletter"
	"migassist/transform"
)

// RedriveTarget is the cluster that dead letters are sent to.
type RedriveTarget interface {
	Fetch(ctx context.Context, names []cluster.Name) ([]cluster.Fetched, error)
	Places(ctx context.Context, names ...string) (map[string]cluster.Place, error)
}

var _ RedriveTarget = (*cluster.Client)(nil)

// Redrive sends dead letters again, some at a time. A letter is marked, and so leaves the list, when the target has acknowledged all that
// transforms made of it. Killed in between it has at most acknowledged what it has not marked, which the next time is found to be there.
//
//	recorded with a version    is sent with it: something newer on the target stays, and the letter is done
//	else                       is created; a document that is there already stays: is it the same the letter is done, else it is left
//	--overwrite                takes the place of whatever there is
//
// So nothing that was written since is overwritten, and several redrives at once do each other no harm. Documents that never had ids are the
// exception: what was acknowledged and not marked is there twice.
type Redrive struct {
	Target RedriveTarget // nil in a dry run
	Sink   rfs.Sink      // the same cluster
	Store  *deadletter.Store
	// Session marks go to.
	Session string
	// Worker writes the new reasons; it must be another for each process.
	Worker string
	// Configured are the transforms that rfs had; nil: none. Documents go through them that they had changed, or failed on.
	Configured transform.Transformer
	// Transformer mends documents, as they would be sent; nil: nothing does.
	Transformer transform.Transformer
	Overwrite   bool
	// Drop takes letters off the list of which transforms make nothing.
	Drop bool
	// DryRun gets the operations as lines of a bulk request, which then are not sent; nil: they are.
	DryRun io.Writer
	// BatchBytes and BatchDocs are how much is sent at once; 0: 8 MiB, 1000 documents.
	BatchBytes, BatchDocs int
	Log                   zerolog.Logger

	Redriven Redriven

	exists  map[string]bool // names of the target that were asked for
	waiting []*resent
	bytes   int
	parts   map[string]*deadletter.Parts // by run
}

// Redriven is what a redrive came to: Letters = Arrived + Superseded + Dropped + Left.
type Redriven struct {
	Letters    int `json:"letters"`
	Arrived    int `json:"arrived"`    // the target has acknowledged them, or had the same already
	Superseded int `json:"superseded"` // the target has a higher version
	Dropped    int `json:"dropped"`    // transforms make nothing of them
	Left       int `json:"left"`       // in the list
	// Reasons why letters were left, with an example each; of very many the first.
	Reasons []LeftReason `json:"reasons,omitempty"`
}

// LeftReason is why letters were left.
type LeftReason struct {
	Type    string `json:"type"`
	Letters int    `json:"letters"`
	ID      string `json:"example_id"`
	Key     string `json:"example_key"`
	Reason  string `json:"example_reason"`
}

// resent is a letter on its way.
type resent struct {
	*deadletter.Record

	operations []redriveOperation
	superseded bool
	failure    *failure
}

// failure is why a letter is left.
type failure struct {
	kind, reason string
	response     *deadletter.Response
}

// failures of our own.
const (
	failTransform  = "transform_failed"
	failUnsent     = "not_sent"
	failConfigured = "transforms_missing"
	failConflict   = "document_exists"
	failNoIndex    = "index_not_found"
)

// Run sends the letters of a listing that the filter chooses.
func (r *Redrive) Run(ctx context.Context, l *deadletter.Listing, f LetterFilter) error {
	r.exists, r.parts = map[string]bool{}, map[string]*deadletter.Parts{}
	if r.BatchBytes <= 0 {
		r.BatchBytes = 8 << 20
	}
	if r.BatchDocs <= 0 {
		r.BatchDocs = 1000
	}
	for letter, err := range f.records(ctx, l) {
		if err != nil {
			return err
		}
		one := &resent{Record: letter.Record}
		r.Redriven.Letters++
		one.operations, one.failure = r.prepare(ctx, letter.Record)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.waiting = append(r.waiting, one)
		r.bytes += len(letter.Source())
		if r.bytes >= r.BatchBytes || len(r.waiting) >= r.BatchDocs {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
	return r.flush(ctx)
}

// flush sends what waits, and settles it.
func (r *Redrive) flush(ctx context.Context) error {
	all := r.waiting
	r.waiting, r.bytes = nil, 0
	if len(all) == 0 {
		return nil
	}
	if r.DryRun != nil {
		return r.show(all)
	}
	if err := r.checkTargets(ctx, all); err != nil {
		return err
	}
	if err := r.send(ctx, all); err != nil {
		return err
	}
	return r.settle(ctx, all)
}

// show prints what would be sent.
func (r *Redrive) show(all []*resent) error {
	for _, one := range all {
		switch {
		case one.failure != nil:
			r.left(one)
			r.Log.Warn().Str("key", one.Key().String()).Str("id", one.DocumentID).Str("reason", one.failure.reason).Msg("would not be sent")
		case len(one.operations) == 0:
			r.Redriven.Dropped++
			r.Log.Warn().Str("key", one.Key().String()).Str("id", one.DocumentID).Msg("the transform makes nothing of it")
		default:
			r.Redriven.Arrived++
		}
		for _, o := range one.operations {
			if _, err := r.DryRun.Write(o.lines); err != nil {
				return fmt.Errorf("print what would be sent: %w", err)
			}
		}
	}
	return nil
}

// checkTargets leaves letters whose index is not there: the target would make one with a mapping that it guesses.
func (r *Redrive) checkTargets(ctx context.Context, all []*resent) error {
	var names []string
	for _, one := range all {
		for _, o := range one.operations {
			if _, asked := r.exists[o.Index]; !asked {
				r.exists[o.Index] = false
				names = append(names, o.Index)
			}
		}
	}
	if len(names) > 0 {
		there, err := rfs.Identities(r.Target)(ctx, names...)
		if err != nil {
			return fmt.Errorf("ask the target for its indices: %w", err)
		}
		for _, name := range names {
			r.exists[name] = there[name] != ""
		}
	}
	for _, one := range all {
		for _, o := range one.operations {
			if !r.exists[o.Index] && one.failure == nil {
				one.fail(failNoIndex, "the target has no open index or data stream %s that takes documents; create it with the mapping they need", o.Index)
			}
		}
	}
	return nil
}

// send sends all operations of letters that can be sent, and notes what became of each.
func (r *Redrive) send(ctx context.Context, all []*resent) error {
	batch := &bulk.Batch{Suspect: true}
	var owners []*resent
	var operations []redriveOperation
	for _, one := range all {
		if one.failure != nil {
			continue
		}
		for _, o := range one.operations {
			batch.Add(append(batch.Grow(), o.lines...))
			owners, operations = append(owners, one), append(operations, o)
		}
	}
	out, err := r.Sink.Write(ctx, batch, nil)
	if err != nil {
		return fmt.Errorf("send %d documents again: %w", batch.Len(), err)
	}
	var met []int // documents that are there already
	for _, refusal := range out.Refused {
		one, o := owners[refusal.Operation], operations[refusal.Operation]
		switch {
		case refusal.Status == conflict && o.Version != 0:
			one.superseded = true
		case refusal.Status == conflict && o.ID != "":
			met = append(met, refusal.Operation)
		default:
			one.failure = &failure{refusal.Reason.Type, refusal.Reason.Error(), &deadletter.Response{Status: refusal.Status, Error: refusal.Reason}}
		}
	}
	return r.meet(ctx, met, owners, operations)
}

const conflict = 409 // HTTP status of a version conflict

// meet compares documents that are there already with those that were to be created.
func (r *Redrive) meet(ctx context.Context, met []int, owners []*resent, operations []redriveOperation) error {
	if len(met) == 0 {
		return nil
	}
	names := make([]cluster.Name, len(met))
	for i, at := range met {
		o := operations[at]
		names[i] = cluster.Name{Index: o.Index, ID: o.ID, Routing: o.Routing}
	}
	there, err := r.Target.Fetch(ctx, names)
	if err != nil {
		return fmt.Errorf("compare %d documents that are there already: %w", len(met), err)
	}
	for i, at := range met {
		if !sameDocument(there[i].Source, operations[at].source) {
			owners[at].fail(failConflict, "the target has another document under this id, which stays: --overwrite would replace it")
		}
	}
	return nil
}

// settle marks what arrived, and keeps the new reasons of what did not.
func (r *Redrive) settle(ctx context.Context, all []*resent) error {
	var done []deadletter.Key
	for _, one := range all {
		switch {
		case one.failure != nil:
			r.left(one)
			if err := r.keep(one); err != nil { //nolint:contextcheck // a writer of letters has a time of its own: what was sent is to be noted
				return err
			}
			continue
		case len(one.operations) == 0 && !r.Drop:
			one.fail(failUnsent, "the transform makes nothing of it; --drop takes such letters off the list")
			r.left(one)
			continue
		case len(one.operations) == 0:
			r.Redriven.Dropped++
		case one.superseded:
			r.Redriven.Superseded++
		default:
			r.Redriven.Arrived++
		}
		done = append(done, one.Key())
	}
	for _, run := range r.parts {
		if err := run.Sync(); err != nil { //nolint:contextcheck // the same
			return err
		}
	}
	if err := r.Store.Mark(ctx, r.Session, done...); err != nil {
		return err
	}
	n := r.Redriven
	r.Log.Info().Int("letters", n.Letters).Int("arrived", n.Arrived+n.Superseded).Int("left", n.Left).Msg("redriven so far")
	return nil
}

// keep writes the letter again with the reason why it is left, unless that is the one it has. Of a key the last letter counts.
func (r *Redrive) keep(one *resent) error {
	f := one.failure
	if f.kind == failUnsent || f.kind == failTransform || f.kind == failConfigured || f.kind == one.FailureType && f.reason == one.Reason {
		return nil
	}
	parts := r.parts[one.Run]
	if parts == nil {
		parts = r.Store.Parts(deadletter.PartsOptions{Run: one.Run, Session: r.Session, Worker: r.Worker})
		r.parts[one.Run] = parts
	}
	letter := one.Letter()
	letter.Class, letter.Type, letter.Reason, letter.Response = deadletter.ClassRefused, f.kind, f.reason, f.response
	return parts.Add([]deadletter.Letter{letter}, now())
}

func (one *resent) fail(kind, format string, arguments ...any) {
	one.failure = &failure{kind: kind, reason: fmt.Sprintf(format, arguments...)}
}

// maxReasons bounds the reasons that are told apart.
const maxReasons = 100

func (r *Redrive) left(one *resent) {
	n := &r.Redriven
	n.Left++
	for i := range n.Reasons {
		if n.Reasons[i].Type == one.failure.kind {
			n.Reasons[i].Letters++
			return
		}
	}
	if len(n.Reasons) < maxReasons {
		n.Reasons = append(n.Reasons, LeftReason{Type: one.failure.kind, Letters: 1, ID: one.DocumentID, Key: one.Key().String(), Reason: one.failure.reason})
	}
}

// WriteText says it in a few lines.
func (n Redriven) WriteText(w io.Writer, dry bool) error {
	text := &lineWriter{to: w}
	if dry {
		text.say("%d letters: %d would be sent, %d would be dropped, %d can't be sent", n.Letters, n.Arrived, n.Dropped, n.Left)
	} else {
		text.say("%d letters: %d arrived, %d superseded, %d dropped, %d left", n.Letters, n.Arrived, n.Superseded, n.Dropped, n.Left)
	}
	for _, reason := range n.Reasons {
		text.say("left: %d  %s: example %s (%s): %s", reason.Letters, reason.Type, shortened(reason.ID, 80), reason.Key, shortened(reason.Reason, 400))
	}
	return text.err
}
