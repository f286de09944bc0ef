package rfs

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"migassist/cluster/version"
	"migassist/lucene"
	"migassist/lucene/docvalues"
	"migassist/snapshot"
)

// Versions says which version documents are written with.
type Versions string

// Which version documents are written with.
const (
	// VersionsNone has the target count its own: what is written last stays. The zero value too.
	VersionsNone Versions = "none"
	// VersionsSeqNo writes each document with its source's sequence number + 1, unless the target has a higher version: what
	// is newer there, deletes included, stays.
	VersionsSeqNo Versions = "seqno"
)

// fieldSeqNo is the column in which Elasticsearch 6 and later, and OpenSearch, number the operations of a shard from 0 on.
// A document's _version restarts after a delete, this does not.
const fieldSeqNo = "_seq_no"

// SeqNoSettings are what target indices need while documents are written with versions: a tombstone that is given up, by
// default after a minute, no longer keeps an older document out.
var SeqNoSettings = map[string]string{"index.gc_deletes": "30d"}

// chooseVersions says how documents of the index are versioned, and what is to know about it.
func (r *reading) chooseVersions(index *snapshot.Index, choice Versions) []Finding {
	if choice != VersionsSeqNo {
		return nil
	}
	if index.CreatedID > 0 && index.Created.Flavor == version.Elasticsearch && index.Created.Major > 0 && !index.Created.AtLeast(6, 0) {
		return []Finding{{Index: index.Name, Kind: "unversioned", Reason: fmt.Sprintf("it was created by %s, and only indices of 6.0 and later number their operations: "+
			"its documents are written without versions, over what the target has under their ids", index.Created)}}
	}
	r.versions = VersionsSeqNo
	r.how = join(r.how, "versions by sequence number")
	return nil
}

// appendVersion appends what an action line says of its document's version.
func appendVersion(dst []byte, version int64) []byte {
	return appendVersionOf(dst, version, "external_gte")
}

func appendVersionOf(dst []byte, version int64, kind string) []byte {
	dst = append(dst, `,"version":`...)
	dst = strconv.AppendInt(dst, version, 10)
	dst = append(dst, `,"version_type":"`...)
	return append(appendEscaped(dst, kind), '"')
}

// versioner reads the versions of a segment's documents, each after those before it. It belongs to one goroutine.
type versioner struct {
	column *docvalues.Column // nil: the segment has none
}

// openVersioner opens the column of sequence numbers.
func openVersioner(ctx context.Context, docs *lucene.Documents) (*versioner, error) {
	column, err := docs.Column(ctx, fieldSeqNo)
	if errors.Is(err, docvalues.ErrNoColumn) {
		return &versioner{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("versions of documents: %w", err)
	}
	return &versioner{column: column}, nil
}

// version returns that of a document: the sequence number + 1, for external versions of some servers begin at 1.
func (v *versioner) version(doc int) (int64, error) {
	if v.column == nil {
		return 0, unsent("no_seq_no", "document %d has no %s, by which --doc-versions seqno would tell whether the target has a newer one", doc, fieldSeqNo)
	}
	has, err := v.column.Advance(doc)
	if err != nil {
		return 0, fmt.Errorf("version of document %d: %w", doc, err)
	}
	numbers := v.column.Ints()
	if !has || len(numbers) != 1 || numbers[0] < 0 {
		return 0, unsent("no_seq_no", "document %d has %d values of %s, by which --doc-versions seqno would tell whether the target has a newer one", doc, len(numbers), fieldSeqNo)
	}
	return numbers[0] + 1, nil
}
