package bulk

import (
	"errors"
	"net/http"

	"migassist/cluster"
)

// verdict is what to do about a request, or about an item of one.
type verdict int

const (
	again      verdict = iota // the same, later
	taken                     // it is written
	superseded                // the target has something newer, which stays
	refuse                    // it will never succeed: keep it aside, with the reason
	split                     // in halves, down to the operation that spoils the request
	abort                     // the run must stop: the target is not what it should be
	doubtful                  // a fault of the server: its disk's, then all fare so, or a document's that it stumbles over
)

// judgeRequest decides about a request that got no usable answer.
func judgeRequest(err error) verdict {
	var answer *cluster.Error
	var tardy *late
	var barred *forbidden
	switch {
	case errors.As(err, &barred):
		return abort
	case errors.As(err, &tardy):
		return again
	case cluster.TooLarge(err):
		return split
	case cluster.Retryable(err):
		return again
	case errors.As(err, &answer) && answer.Status == http.StatusBadRequest:
		return split // one operation that can't be parsed spoils all
	default:
		return abort
	}
}

// Item errors for which no other item will fare better.
var hopeless = map[string]bool{
	"index_not_found_exception": true,
	"security_exception":        true,
}

// Of a version conflict, what each kind of batch makes of it.
var conflicts = map[Conflict]verdict{ConflictRefused: refuse, ConflictSuperseded: superseded, ConflictWritten: taken}

// judgeItem decides about an item. What is for a closed index is refused: other indices fare better, and it can be sent again later. A block lifts when the disk has room again, or an operator says so: waiting loses
// nothing, refusing would set aside every document.
func judgeItem(item cluster.BulkItem, conflict Conflict) verdict {
	switch {
	case item.Error == nil:
		return taken
	case item.Retryable(), item.Error.Type == "cluster_block_exception":
		return again
	case hopeless[item.Error.Type]:
		return abort
	case item.Status == http.StatusConflict:
		return conflicts[conflict]
	case item.Status >= http.StatusInternalServerError:
		return doubtful
	default:
		return refuse
	}
}
