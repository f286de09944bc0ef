package rfs_test

import (
	"context"
	"strings"
	"testing"

	"migassist/cluster"
	"migassist/rfs"
	"migassist/rfs/bulk"
)

// answering is a sink with one answer.
type answering bulk.Outcome

func (a answering) Write(context.Context, *bulk.Batch, bulk.Permit) (bulk.Outcome, error) {
	return bulk.Outcome(a), nil
}

func TestACollectionThatTakesNoIDsStopsTheRun(t *testing.T) {
	refusing := func(reason string) rfs.Sink {
		return rfs.CollectionSink{Sink: answering{Refused: []bulk.Refusal{{Status: 400, Reason: cluster.ItemError{Type: "illegal_argument_exception", Reason: reason}}}}}
	}
	if _, err := refusing("Document ID is not supported in create/index operation request").Write(t.Context(), &bulk.Batch{}, nil); err == nil || !strings.Contains(err.Error(), "--server-generated-ids ALWAYS") {
		t.Errorf("got %v", err)
	}
	if out, err := refusing("something else").Write(t.Context(), &bulk.Batch{}, nil); err != nil || len(out.Refused) != 1 {
		t.Errorf("got %+v, %v", out, err)
	}
}
