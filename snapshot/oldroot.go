package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"migassist/internal/blob"
	"migassist/lucene/input"
)

// incompatibleName lists the snapshots that Elasticsearch 5 and 6 took out of index-N because they could not read
// them: those of Elasticsearch 1.
const incompatibleName = "incompatible-snapshots"

// findOld looks for a repository of Elasticsearch 1 or 2, as these servers do: the snapshots are those whose
// info can be listed. The blob "index" lists them as well, for stores that cannot.
func findOld(ctx context.Context, store blob.Reader, entries []blob.Entry) (generation, error) {
	snaps, err := blob.ListPrefix(ctx, store, "", "snap")
	if err != nil {
		return generation{}, err
	}
	second := oldNames(snaps, "snap-", ".dat")
	first := oldNames(snaps, "snapshot-", "")
	recorded, err := readOldIndex(ctx, store)
	if errors.Is(err, fs.ErrNotExist) {
		if len(first) == 0 {
			return generation{}, nil
		}
		if _, err := store.Stat(ctx, elasticsearch1.globalPath(first[0])); err != nil {
			return generation{}, nil //nolint:nilerr // then it is the folder of one index
		}
		recorded, err = first, nil
	}
	g := generation{name: oldRoot}
	if err != nil {
		if ctx.Err() != nil || len(first)+len(second) == 0 {
			return generation{}, err
		}
		g.warnings = append(g.warnings, fmt.Sprintf("the list of snapshots can't be read, those whose info is there were taken: %v", err))
	}
	listed := map[string]bool{}
	for _, name := range slices.Concat(first, second) {
		listed[name] = true
	}
	missing := slices.DeleteFunc(slices.Clone(recorded), func(name string) bool { return listed[name] })
	if len(listed) == 0 && len(entries) == 0 { // the store cannot list
		for _, name := range recorded {
			listed[name] = true
		}
		missing = nil
	}
	if len(missing) > 0 {
		g.warnings = append(g.warnings, fmt.Sprintf("%s names the snapshots %s, of which there is nothing: the copy may be incomplete", oldRoot, strings.Join(missing, ", ")))
	}
	g.old = &rootBlob{namesOnly: true, oldest: len(first) > 0 && len(second) == 0}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		g.old.Snapshots = append(g.old.Snapshots, rootSnapshot{Name: name, UUID: name})
	}
	return g, nil
}

// oldNames returns what stands between prefix and suffix in the names of entries.
func oldNames(entries []blob.Entry, prefix, suffix string) []string {
	var names []string
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name, prefix)
		name, ends := strings.CutSuffix(name, suffix)
		if ok && ends && name != "" {
			names = append(names, name)
		}
	}
	return names
}

// readOldIndex reads the blob "index": {"snapshots": ["name", …]}, in Elasticsearch 1 perhaps in LZF.
func readOldIndex(ctx context.Context, store blob.Reader) ([]string, error) {
	var list struct {
		Snapshots []string `json:"snapshots"`
	}
	if err := readPlain(ctx, store, oldRoot, &list); err != nil {
		return nil, err
	}
	if list.Snapshots == nil {
		return nil, &input.CorruptError{File: oldRoot, Want: "the key snapshots", Got: "JSON without"}
	}
	return list.Snapshots, nil
}

// readIncompatible lists the snapshots of incompatible-snapshots; none where there is no such blob.
func readIncompatible(ctx context.Context, store blob.Reader) ([]rootSnapshot, error) {
	data, err := blob.ReadAll(ctx, store, incompatibleName, maxBlob)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list map[string]json.RawMessage
	if err := unmarshal(incompatibleName, data, &list); err != nil {
		return nil, err
	}
	var snapshots []rootSnapshot
	if raw := present(list[incompatibleName]); raw != nil {
		err = unmarshal(incompatibleName, raw, &snapshots)
	}
	return slices.DeleteFunc(snapshots, func(s rootSnapshot) bool { return s.Name == "" || s.UUID == "" }), err
}
