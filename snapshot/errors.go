package snapshot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Errors that callers branch on. They are wrapped by messages that say what was found and what to do.
var (
	// ErrNotRepository: the store holds no snapshot repository.
	ErrNotRepository = errors.New("not a snapshot repository")
	// ErrNoSnapshot: the repository has no snapshot of that name.
	ErrNoSnapshot = errors.New("no such snapshot")
	// ErrNoIndex: the snapshot has no index of that name.
	ErrNoIndex = errors.New("no such index")
	// ErrIncomplete: the snapshot, or the shard in it, was never finished.
	ErrIncomplete = errors.New("incomplete")
	// ErrUnsupported: what was found is known, and cannot be read by this version or at all.
	ErrUnsupported = errors.New("not supported")
)

// maxListed bounds the names in a message.
const maxListed = 20

// noSuch says that name is not among names, which one was probably meant, and which there are.
func noSuch(sentinel error, name, where string, names []string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%q in %s", name, where)
	if near := nearest(name, names); near != "" {
		fmt.Fprintf(&b, "; did you mean %q?", near)
	}
	if len(names) == 0 {
		return fmt.Errorf("%w: %s; there are none", sentinel, b.String())
	}
	shown := names[:min(len(names), maxListed)]
	fmt.Fprintf(&b, "; there are: %s", strings.Join(shown, ", "))
	if more := len(names) - len(shown); more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return fmt.Errorf("%w: %s", sentinel, b.String())
}

// nearest returns the name that was probably meant, or "".
func nearest(name string, names []string) string {
	best, distance := "", (len(name)+2)/3+1
	for _, candidate := range names {
		if len(candidate) > 4*len(name)+16 {
			continue
		}
		if d := editDistance(strings.ToLower(name), strings.ToLower(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}

// editDistance counts the bytes to insert, delete or replace (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// sortedKeys returns the keys of m in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
