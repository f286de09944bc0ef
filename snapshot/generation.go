package snapshot

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path"
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

// generation is the index-N that counts.
type generation struct {
	name     string
	warnings []string
}

// findGeneration lists index-N and takes the highest N, as the servers do. index.latest is asked too: it
// serves where a store cannot list, and where it names a higher N than there is, a blob was lost.
func findGeneration(ctx context.Context, store blob.Reader) (generation, error) {
	entries, err := store.List(ctx, "")
	if err != nil {
		return generation{}, fmt.Errorf("open repository %s: %w", store.URI(), err)
	}
	highest := highestGeneration(entries)
	latest, err := readLatest(ctx, store)
	if err != nil {
		return generation{}, fmt.Errorf("open repository %s: %w", store.URI(), err)
	}
	if highest < 0 && latest >= 0 {
		name := rootPrefix + strconv.FormatInt(latest, 10)
		if _, err := store.Stat(ctx, name); err == nil {
			return generation{name: name}, nil
		}
	}
	if highest < 0 {
		return generation{}, notRepository(ctx, store, entries, latest)
	}
	g := generation{name: rootPrefix + strconv.FormatInt(highest, 10)}
	if latest > highest {
		g.warnings = append(g.warnings, fmt.Sprintf("%s names index-%d, but the newest there is %s: the copy may be incomplete, and newer snapshots missing from it", latestName, latest, g.name))
	}
	return g, nil
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

// notRepository explains why there is no index-N, and where it might be.
func notRepository(ctx context.Context, store blob.Reader, entries []blob.Entry, latest int64) error {
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name)
	}
	if slices.Contains(names, oldRoot) {
		return fmt.Errorf("open repository %s: repository of Elasticsearch 1 or 2 (blob %q): %w: not in this version; snapshot with Elasticsearch 7.6 or newer, or wait for the release that reads it", store.URI(), oldRoot, ErrUnsupported)
	}
	folders := foldersOf(ctx, store, "")
	hint := hintFor(ctx, store, names, folders)
	if hint == "" && latest >= 0 {
		hint = fmt.Sprintf("%s names index-%d, which is missing: copy the repository again, complete", latestName, latest)
	}
	if hint != "" {
		hint = "; " + hint
	}
	return fmt.Errorf("open repository %s: %w: looked for index-N (N a number) and %s in it, found %s%s", store.URI(), ErrNotRepository, latestName, found(names, folders), hint)
}

// found lists what is in the folder.
func found(names, folders []string) string {
	var all []string
	for _, f := range folders {
		all = append(all, f+"/")
	}
	all = append(all, names...)
	switch {
	case len(all) == 0:
		return "nothing: it is empty"
	case len(all) > 8:
		return fmt.Sprintf("%s and %d more", strings.Join(all[:8], ", "), len(all)-8)
	}
	return strings.Join(all, ", ")
}

// hintFor recognizes the places that are easily taken for a repository.
func hintFor(ctx context.Context, store blob.Reader, names, folders []string) string {
	isMeta := func(name string) bool {
		return strings.HasPrefix(path.Base(name), "meta-") && strings.HasSuffix(name, ".dat")
	}
	if slices.ContainsFunc(names, isMeta) && slices.Contains(folders, "0") {
		return "it looks like one index of a repository: give the folder two levels above"
	}
	for _, folder := range folders[:min(len(folders), maxListed)] {
		below, err := store.List(ctx, folder)
		if err != nil {
			continue
		}
		for i := range below {
			below[i].Name = path.Base(below[i].Name)
		}
		if highestGeneration(below) >= 0 {
			return fmt.Sprintf("its subfolder is one: give %s/%s", strings.TrimSuffix(store.URI(), "/"), folder)
		}
		if slices.ContainsFunc(below, func(e blob.Entry) bool { return isMeta(e.Name) }) {
			return "it looks like the folder \"indices\" of a repository: give the folder above"
		}
	}
	if slices.Contains(folders, "nodes") {
		return "it looks like the data folder of a node: take a snapshot into a repository and give that"
	}
	return ""
}

// foldersOf lists the folders in dir where the store can; it serves hints only.
func foldersOf(ctx context.Context, store blob.Reader, dir string) []string {
	lister, ok := store.(blob.FolderLister)
	if !ok {
		return nil
	}
	folders, err := lister.Folders(ctx, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return folders
}
