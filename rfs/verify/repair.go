package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/rs/zerolog"

	"migassist/cluster"
	"migassist/rfs"
	"migassist/rfs/bulk"
)

// RepairTarget is the cluster that is mended.
type RepairTarget interface {
	Fetch(ctx context.Context, names []cluster.Name) ([]cluster.Fetched, error)
	Refresh(ctx context.Context, names ...string) error
}

var _ RepairTarget = (*cluster.Client)(nil)

// Living tells which of the documents, named as on the target, the source has now.
type Living func(ctx context.Context, keys []Key) ([]bool, error)

// Repair mends what a verification finds, a few hundred documents at a time, and looks at each again.
//
//	missing    is created, unless there is one by now
//	different  is written over what was seen, unless that has changed
//	extra      is removed at the end, unless it has changed, the source has it now, or there are too many
//
// What is overwritten or removed is in the undo file before that happens. Operations are those of a backfill: the same bytes, and its
// versions where it gives any; what has a higher version on the target stays.
type Repair struct {
	Target RepairTarget
	Sink   rfs.Sink // that operations are sent by, to the same cluster
	// Versions tells that what has a higher version on the target than the backfill's stays there; otherwise versions only say which of several
	// documents of the source is the newest.
	Versions bool
	// Living is asked about extra documents, nil: the source of truth is the snapshot alone.
	Living Living
	// MostDeletes is how many extra documents may be removed; where there are more, none is.
	MostDeletes int
	// Undo gets what is overwritten or removed, as bulk operations that put it back.
	Undo Undo
	// Findings gets a line for each difference, with what became of it; nil: none.
	Findings io.Writer
	Log      zerolog.Logger

	Mended Mended

	waiting []Difference
	bytes   int
	extras  []extra
	more    int64 // extra documents beyond those
}

// Mended is what a repair came to.
type Mended struct {
	Sent    int64 `json:"sent"`    // missing or different documents that were sent again and are right now
	Removed int64 `json:"removed"` // extra documents that are gone now
	Settled int64 `json:"settled"` // documents that were right, or gone, before they were touched
	Left    int64 `json:"left"`    // documents that are as wrong as before
	// Reasons are why documents were left, with how many.
	Reasons map[string]int64 `json:"reasons,omitempty"`
}

// All tells whether nothing was left of so many differences.
func (m Mended) All(differences int64) bool {
	return m.Left == 0 && m.Sent+m.Removed+m.Settled == differences
}

// Outcomes of a repair, in the records of findings.
const (
	outcomeSent    = "sent"
	outcomeRemoved = "removed"
	outcomeSettled = "settled"
	outcomeLeft    = "left"
)

// repaired is a record with what became of the difference.
type repaired struct {
	Record

	Repair string `json:"repair"`
	Reason string `json:"reason,omitempty"`
}

// A part of what is found is mended when it has so many documents, or bytes.
const (
	repairDocs  = 400
	repairBytes = 8 << 20
)

// extra is a document to be removed, and what it was when it was found.
type extra struct {
	difference Difference // without bytes
	sum        [sha256.Size]byte
}

var _ Finder = (*Repair)(nil)

// Find implements Finder: it keeps the difference, and mends those that it has when they are enough.
func (r *Repair) Find(ctx context.Context, d Difference) error {
	switch {
	case d.ID == "":
		return r.left(d, "its id is the target's own, so that it can't be told which one to write or to remove")
	case d.Kind == Extra:
		return r.keepExtra(d)
	}
	r.waiting = append(r.waiting, d.Clone())
	if r.bytes += len(d.Source) + len(d.Target); len(r.waiting) < repairDocs && r.bytes < repairBytes {
		return nil
	}
	return r.mend(ctx)
}

func (r *Repair) keepExtra(d Difference) error {
	if len(r.extras) >= max(r.MostDeletes, 0) {
		r.more++
		if r.MostDeletes > 0 {
			return r.tell(d, outcomeLeft, "there are too many extra documents; see --most-deletes")
		}
		return r.left(d, "extra documents are not removed with --most-deletes 0")
	}
	e := extra{difference: d, sum: sha256.Sum256(d.Target)}
	e.difference.Target, e.difference.Source, e.difference.Action = nil, nil, nil
	r.extras = append(r.extras, e)
	return nil
}

// mend sends what waits, and looks at it again.
func (r *Repair) mend(ctx context.Context) error {
	waiting := r.waiting
	r.waiting, r.bytes = nil, 0
	if len(waiting) == 0 {
		return nil
	}
	now, err := r.fetch(ctx, waiting)
	if err != nil {
		return err
	}
	var sent []Difference
	var undo []byte
	batch := &bulk.Batch{}
	for i, d := range waiting {
		settled, reason := r.judge(d, now[i])
		switch {
		case settled:
			err = r.done(d, outcomeSettled)
		case reason != "":
			err = r.left(d, reason)
		default:
			err = r.add(batch, d, now[i])
			sent = append(sent, d)
			undo = appendUndo(undo, d.Key, now[i])
		}
		if err != nil {
			return err
		}
	}
	if err := r.Undo.Save(undo); err != nil {
		return err
	}
	return r.send(ctx, batch, sent)
}

// judge looks at what the target has by now: whether the document is right already, or else why it is left alone.
func (r *Repair) judge(d Difference, now cluster.Fetched) (settled bool, reason string) {
	switch {
	case now.Found && same(now.Source, d.Source):
		return true, ""
	case d.Kind == Missing && now.Found:
		return false, "another document came under its id since it was read"
	case d.Kind == Different && !now.Found:
		return false, "it was deleted since it was read"
	case d.Kind == Different && !same(now.Source, d.Target):
		return false, "it was changed since it was read"
	case d.Kind == Different && now.Term == 0 && r.version(d) == 0:
		return false, "the target tells no sequence numbers, without which what others write meanwhile could be overwritten"
	case d.Kind == Different && r.version(d) != 0 && now.Version > r.version(d):
		return false, "the target's has a higher version, which --doc-versions keeps"
	}
	return false, ""
}

// send sends a batch and compares what is there afterwards.
func (r *Repair) send(ctx context.Context, batch *bulk.Batch, sent []Difference) error {
	if len(sent) == 0 {
		return nil
	}
	out, err := r.Sink.Write(ctx, batch, nil)
	if err != nil {
		return fmt.Errorf("send %d documents again: %w", len(sent), err)
	}
	refused := refusals(out)
	now, err := r.fetch(ctx, sent)
	if err != nil {
		return err
	}
	for i, d := range sent {
		switch {
		case now[i].Found && same(now[i].Source, d.Source):
			err = r.done(d, outcomeSent)
		case refused[i] == changed && !now[i].Found && r.version(d) != 0:
			err = r.left(d, "the target remembers for a minute or so that it was deleted under a higher version, which --doc-versions keeps")
		case refused[i] != "":
			err = r.left(d, refused[i])
		default:
			err = r.left(d, "it was sent again, and changed at once by somebody else")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// refusals are the reasons of the operations that were refused, by their place.
func refusals(out bulk.Outcome) map[int]string {
	refused := make(map[int]string, len(out.Refused))
	for _, refusal := range out.Refused {
		refused[refusal.Operation] = "the target refused it: " + refusal.Reason.Error()
		if refusal.Status == statusConflict {
			refused[refusal.Operation] = changed
		}
	}
	return refused
}

const (
	statusConflict = 409
	changed        = "it was changed while it was mended"
)

// fetch asks for the documents as they are, also where searches are what tells.
func (r *Repair) fetch(ctx context.Context, all []Difference) ([]cluster.Fetched, error) {
	names := make([]cluster.Name, len(all))
	indices := map[string]bool{}
	for i, d := range all {
		names[i] = cluster.Name{Index: d.Index, ID: d.ID, Routing: d.Routing}
		indices[d.Index] = true
	}
	for name := range indices {
		_ = r.Target.Refresh(ctx, name) // only data streams are searched; who may not refresh sees later what was written there
	}
	return r.Target.Fetch(ctx, names)
}

// operation is what an action line says of its document.
type operation struct {
	Index       string `json:"_index"`
	ID          string `json:"_id"`
	Routing     string `json:"routing,omitempty"`
	Version     int64  `json:"version,omitempty"`
	VersionType string `json:"version_type,omitempty"`
	SeqNo       *int64 `json:"if_seq_no,omitempty"`
	Term        int64  `json:"if_primary_term,omitempty"`
}

// version is the one below which nothing of the target is overwritten; 0: there is none.
func (r *Repair) version(d Difference) int64 {
	if !r.Versions {
		return 0
	}
	return readAction(d.Action).Version
}

func readAction(line []byte) operation {
	var verbs map[string]operation
	if json.Unmarshal(line, &verbs) == nil {
		for _, is := range verbs {
			return is
		}
	}
	return operation{}
}

// add appends the operation that mends a difference. It has the versions of the backfill's, or else takes the place of nothing but what was seen.
func (r *Repair) add(batch *bulk.Batch, d Difference, now cluster.Fetched) error {
	verb, is := "index", readAction(d.Action)
	if !r.Versions {
		is.Version, is.VersionType = 0, ""
	}
	switch {
	case is.Version != 0: // the version decides
	case d.Kind == Missing:
		verb = "create"
	default:
		is.Index, is.SeqNo, is.Term = now.Index, &now.SeqNo, now.Term
	}
	line, err := encode(map[string]operation{verb: is})
	if err != nil {
		return fmt.Errorf("the action for %s: %w", d.Key, err)
	}
	body := append(batch.Grow(), line...)
	body = append(append(body, d.Source...), '\n')
	batch.Add(body)
	return nil
}

// encode writes a line of JSON, letters as they are.
func encode(value any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return line.Bytes(), err
}

func (r *Repair) done(d Difference, outcome string) error {
	switch outcome {
	case outcomeSent:
		r.Mended.Sent++
	case outcomeRemoved:
		r.Mended.Removed++
	default:
		r.Mended.Settled++
	}
	return r.tell(d, outcome, "")
}

func (r *Repair) left(d Difference, reason string) error {
	r.count(1, reason)
	return r.tell(d, outcomeLeft, reason)
}

func (r *Repair) count(n int64, reason string) {
	if r.Mended.Reasons == nil {
		r.Mended.Reasons = map[string]int64{}
	}
	r.Mended.Left += n
	r.Mended.Reasons[reason] += n
}

func (r *Repair) tell(d Difference, outcome, reason string) error {
	if r.Findings == nil {
		return nil
	}
	line, err := encode(repaired{d.Record(), outcome, reason})
	if err == nil {
		_, err = r.Findings.Write(line)
	}
	if err != nil {
		return fmt.Errorf("write the finding about %s: %w", d.Key, errors.Join(err))
	}
	return nil
}
