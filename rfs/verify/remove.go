package verify

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"migassist/cluster"
	"migassist/rfs/bulk"
)

// Finish mends what still waits, and then removes the extra documents, if the verification saw all there is. It is called once the
// verification has ended without error.
func (r *Repair) Finish(ctx context.Context, summary *Summary) error {
	if err := r.mend(ctx); err != nil {
		return err
	}
	if len(r.extras) == 0 {
		return nil
	}
	why := r.refusal(summary)
	if why != "" {
		if r.more > 0 {
			r.count(r.more, why)
		}
		return r.leaveAll(r.extras, why)
	}
	for part := range slices.Chunk(r.extras, repairDocs) {
		if err := r.remove(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// refusal says why no extra document is removed; "": they are.
func (r *Repair) refusal(summary *Summary) string {
	switch {
	case r.more > 0:
		return fmt.Sprintf("there are %d extra documents, and --most-deletes is %d: is it the right source? If it is, give a higher number", int64(len(r.extras))+r.more, r.MostDeletes)
	case !summary.Complete:
		return "not all of the source could be read, and what was not may hold it"
	case summary.Skipped > 0:
		return fmt.Sprintf("%d documents of the source can't be sent, and it may be one of them", summary.Skipped)
	}
	return ""
}

func (r *Repair) leaveAll(extras []extra, why string) error {
	for _, e := range extras {
		if err := r.left(e.difference, why); err != nil {
			return err
		}
	}
	return nil
}

// remove removes some extra documents, and looks whether they are gone.
func (r *Repair) remove(ctx context.Context, extras []extra) error {
	extras, err := r.unlived(ctx, extras)
	if err != nil || len(extras) == 0 {
		return err
	}
	now, err := r.fetch(ctx, mentioned(extras))
	if err != nil {
		return err
	}
	var sent []Difference
	var undo []byte
	batch := &bulk.Batch{}
	for i, e := range extras {
		switch d := e.difference; {
		case !now[i].Found:
			err = r.done(d, outcomeSettled)
		case sha256.Sum256(now[i].Source) != e.sum:
			err = r.left(d, "it was changed since it was read")
		case now[i].Term == 0:
			err = r.left(d, "the target tells no sequence numbers, without which what others write meanwhile could be removed")
		default:
			err = addDelete(batch, d, now[i])
			sent = append(sent, d)
			undo = appendUndo(undo, d.Key, now[i])
		}
		if err != nil {
			return err
		}
	}
	if len(sent) == 0 {
		return nil
	}
	if err := r.Undo.Save(undo); err != nil {
		return err
	}
	return r.sendDeletes(ctx, batch, sent)
}

// unlived leaves out what the living source has now.
func (r *Repair) unlived(ctx context.Context, extras []extra) ([]extra, error) {
	if r.Living == nil {
		return extras, nil
	}
	keys := make([]Key, len(extras))
	for i, e := range extras {
		keys[i] = e.difference.Key
	}
	living, err := r.Living(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("ask the source whether it has %d documents now: %w", len(keys), err)
	}
	var rest []extra
	for i, e := range extras {
		if !living[i] {
			rest = append(rest, e)
		} else if err := r.left(e.difference, "the source has it now"); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

func mentioned(extras []extra) []Difference {
	all := make([]Difference, len(extras))
	for i, e := range extras {
		all[i] = e.difference
	}
	return all
}

func addDelete(batch *bulk.Batch, d Difference, now cluster.Fetched) error {
	line, err := encode(map[string]operation{"delete": {Index: now.Index, ID: d.ID, Routing: d.Routing, SeqNo: &now.SeqNo, Term: now.Term}})
	if err != nil {
		return fmt.Errorf("the action for %s: %w", d.Key, err)
	}
	batch.Add(append(batch.Grow(), line...))
	return nil
}

func (r *Repair) sendDeletes(ctx context.Context, batch *bulk.Batch, sent []Difference) error {
	out, err := r.Sink.Write(ctx, batch, nil)
	if err != nil {
		return fmt.Errorf("remove %d documents: %w", len(sent), err)
	}
	refused := refusals(out)
	now, err := r.fetch(ctx, sent)
	if err != nil {
		return err
	}
	for i, d := range sent {
		switch {
		case !now[i].Found:
			err = r.done(d, outcomeRemoved)
		case refused[i] != "":
			err = r.left(d, refused[i])
		default:
			err = r.left(d, "it was removed, and written again at once by somebody else")
		}
		if err != nil {
			return err
		}
	}
	return nil
}
