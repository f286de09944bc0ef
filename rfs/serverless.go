package rfs

import (
	"context"
	"fmt"
	"strings"

	"migassist/rfs/bulk"
)

// CollectionSink writes to a serverless collection, some kinds of which take no ids: then every document would become a dead
// letter. It stops the run at the first one instead.
type CollectionSink struct{ Sink }

// refusedID is in the reason that such a collection gives. Source: "Supported operations and plugins in Amazon OpenSearch
// Serverless"; the type of the error is that of any bad argument.
const refusedID = "Document ID is not supported"

// Write implements Sink.
func (s CollectionSink) Write(ctx context.Context, b *bulk.Batch, permit bulk.Permit) (bulk.Outcome, error) {
	out, err := s.Sink.Write(ctx, b, permit)
	for _, refusal := range out.Refused {
		if strings.Contains(refusal.Reason.Reason, refusedID) {
			return out, fmt.Errorf("the collection takes no ids (%s); with --server-generated-ids ALWAYS it makes its own, and what is written twice is there twice", refusal.Reason.Reason)
		}
	}
	return out, err
}
