package rewrite

import (
	"strconv"
	"strings"

	"migassist/replay/effect"
)

// versioning is what becomes of conditions and version of an operation.
type versioning struct {
	dropConditions bool          // if_seq_no and if_primary_term
	dropVersion    bool          // version and version_type of the request
	external       string        // the version it is written with instead; empty: none
	action         effect.Action // that it becomes: a create has no external version
}

// inStream says that the document lies in a data stream, which takes creates only.
func inStream(o *effect.Operation) bool { return strings.HasPrefix(o.Written, ".ds-") }

// versionOf says what becomes of conditions and version. The user's own external versions stay, unless others take their place.
func (w *work) versionOf(o *effect.Operation) versioning {
	v := versioning{action: o.Action}
	v.dropConditions = !w.Conditions
	v.dropVersion = !w.Conditions && !strings.HasPrefix(o.ExternalKind, "external")
	if w.Versions != SeqNo {
		return v
	}
	why := ""
	switch {
	case o.Action == effect.Update:
		why = "an update"
	case inStream(o):
		why = "a document of a data stream"
	case o.AutoID && w.TargetIDs:
		why = "a document whose id the target makes"
	case !o.HasSeqNo && o.Applied != effect.No:
		why = "no sequence number was captured"
	case o.Applied == effect.No:
		return v
	}
	if why != "" {
		w.notes = append(w.notes, Note{Kind: Unversioned, Item: o.Item, What: why})
		return v
	}
	if strings.HasPrefix(o.ExternalKind, "external") {
		w.notes = append(w.notes, Note{Kind: Unversioned, Item: o.Item, What: "its own external version is replaced"})
	}
	if o.Action == effect.Create {
		v.action = effect.Index
	}
	// The same number as rfs writes: external versions of some servers begin at 1.
	v.dropConditions, v.dropVersion, v.external = true, true, strconv.FormatInt(o.SeqNo+1, 10)
	return v
}
