package snapshot

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"migassist/internal/blob"
)

const (
	rootPrefix = "index-"
	latestName = "index.latest" // eight bytes, big-endian: N
	oldRoot    = "index"        // of Elasticsearch 1 and 2
)

// generation is the table of contents that counts: index-N, or the names of snapshots before Elasticsearch 5.
type generation struct {
	name     string
	old      *rootBlob // where there is no index-N
	warnings []string
}

// findGeneration lists index-N and takes the highest N, as the servers do. index.latest is asked too: it
// serves where a store cannot list, and where it names a higher N than there is, a blob was lost.
func findGeneration(ctx context.Context, store blob.Reader) (generation, error) {
	entries, err := blob.ListPrefix(ctx, store, "", oldRoot)
	if err != nil {
		return generation{}, err
	}
	highest := highestGeneration(entries)
	latest, err := readLatest(ctx, store)
	if err != nil {
		return generation{}, err
	}
	if highest < 0 && latest >= 0 {
		name := rootPrefix + strconv.FormatInt(latest, 10)
		if _, err := store.Stat(ctx, name); err == nil {
			return generation{name: name}, nil
		}
	}
	if highest < 0 {
		g, err := findOld(ctx, store, entries)
		if err == nil && g.old == nil {
			err = notRepository(ctx, store, latest)
		}
		return g, err
	}
	g := generation{name: rootPrefix + strconv.FormatInt(highest, 10)}
	if latest > highest {
		g.warnings = append(g.warnings, fmt.Sprintf("%s names index-%d, but the newest there is %s: the copy may be incomplete, and newer snapshots missing from it", latestName, latest, g.name))
	}
	return g, nil
}

// read returns the table of contents.
func (g generation) read(ctx context.Context, store blob.Reader) (*rootBlob, error) {
	if g.old != nil {
		return g.old, nil
	}
	data, err := blob.ReadAll(ctx, store, g.name, maxBlob)
	if err != nil {
		return nil, err
	}
	if len(data) > 0 && kindOf(data) != kindJSON && slices.Contains(foldersOf(ctx, store, ""), encryptionFolder) {
		return nil, fmt.Errorf("%w: %s", ErrUnsupported, encrypted)
	}
	return parseRoot(g.name, data)
}

// highestGeneration returns the highest N of the blobs index-N, -1 where there is none.
func highestGeneration(entries []blob.Entry) int64 {
	highest := int64(-1)
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name, rootPrefix)
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil && digits[0] != '+' {
			highest = max(highest, n)
		}
	}
	return highest
}

// readLatest returns the N in index.latest, -1 where that is missing or makes no sense: nothing depends
// on it while index-N can be listed.
func readLatest(ctx context.Context, store blob.Reader) (int64, error) {
	data, err := blob.ReadAll(ctx, store, latestName, 1<<10)
	if ctx.Err() != nil {
		return -1, ctx.Err()
	}
	if err != nil || len(data) != 8 {
		return -1, nil //nolint:nilerr // see above
	}
	if n := binary.BigEndian.Uint64(data); n <= 1<<62 {
		return int64(n), nil
	}
	return -1, nil
}
