package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"migassist/internal/blob"
	"migassist/lucene/input"
)

// Values of shard_path_type. Source: RemoteStoreEnums.PathType of OpenSearch.
const (
	pathFixed  = 0 // BASE/indices/INDEX/SHARD
	pathPrefix = 1 // HASH/BASE/indices/INDEX/SHARD: the default from OpenSearch 3.3 on
	pathInfix  = 2 // BASE/HASH/indices/INDEX/SHARD
)

// place returns where the blobs of shard n lie: a store, and the folder in it.
func (x *Index) place(ctx context.Context, n int) (blob.Reader, string, error) {
	store, l := x.snapshot.repo.store, x.snapshot.layout
	switch x.entry.ShardPathType {
	case pathFixed:
		return store, l.shardPath(x.ID, n), nil
	case pathPrefix, pathInfix:
		return x.hashedPlace(ctx, n)
	}
	return nil, "", fmt.Errorf("%w: its shard_path_type is %d, which is not known; use a newer release of this program", ErrUnsupported, x.entry.ShardPathType)
}

// hashedPlace reads the folder of shard n from the list of paths that OpenSearch keeps. They count from the
// root of the store (bucket, or location of a file system), which is BASE (base_path) above the repository:
// then a prefixed path leads out of it.
func (x *Index) hashedPlace(ctx context.Context, n int) (blob.Reader, string, error) {
	paths, at, err := x.shardPaths(ctx)
	if err != nil {
		return nil, "", err
	}
	if n >= len(paths) {
		return nil, "", &input.CorruptError{File: at, Want: fmt.Sprintf("the paths of %d shards", x.Shards), Got: fmt.Sprintf("%d", len(paths))}
	}
	parts := strings.Split(strings.Trim(paths[n], "/"), "/")
	tail := []string{"indices", x.ID, strconv.Itoa(n)}
	if len(parts) < 4 || slices.Contains(parts, "") || slices.Contains(parts, "..") || !slices.Equal(parts[len(parts)-3:], tail) {
		return nil, "", &input.CorruptError{File: at, Want: "a path that ends in " + strings.Join(tail, "/"), Got: strconv.Quote(paths[n])}
	}
	store := x.snapshot.repo.store
	if x.entry.ShardPathType == pathInfix {
		return store, strings.Join(parts[len(parts)-4:], "/"), nil
	}
	if base := parts[1 : len(parts)-3]; len(base) > 0 {
		if store, err = blob.Above(store, base); err != nil {
			return nil, "", fmt.Errorf("it lies outside of the repository, at %s from the root of the store (shard_path_type hashed_prefix): %w", paths[n], err)
		}
	}
	return store, strings.Join(parts, "/"), nil
}

// pathsFolder holds one blob per index whose paths are hashed. Source: SnapshotShardPaths of OpenSearch.
const pathsFolder = "snapshot_shard_paths"

// shardPaths returns the paths of the index's shards, by number, and the blob that lists them.
func (x *Index) shardPaths(ctx context.Context) (paths []string, at string, err error) {
	if held, ok := x.snapshot.cache.get(cacheKey{x.Name, -2}); ok {
		known := held.(*shardPaths) //nolint:forcetypeassert // nothing else is put under such a key
		return known.Paths, known.at, nil
	}
	known := &shardPaths{at: fmt.Sprintf("%s/%s%s.%d.%d.1", pathsFolder, x.pathsPrefix(), x.Name, x.Shards, x.entry.ShardPathType)}
	store := x.snapshot.repo.store
	data, err := blob.ReadAll(ctx, store, known.at, maxBlob)
	if errors.Is(err, fs.ErrNotExist) {
		if known.at, err = x.findShardPaths(ctx); err == nil {
			data, err = blob.ReadAll(ctx, store, known.at, maxBlob)
		}
	}
	if err != nil {
		return nil, "", fmt.Errorf("find its shards, whose paths are hashed (shard_path_type %d): %w", x.entry.ShardPathType, err)
	}
	if err := known.parse(data); err != nil {
		return nil, "", err
	}
	if known.IndexID != x.ID {
		return nil, "", &input.CorruptError{File: known.at, Want: "the paths of index " + x.ID, Got: "those of " + known.IndexID}
	}
	x.snapshot.cache.put(cacheKey{x.Name, -2}, known, int64(len(data)))
	return known.Paths, known.at, nil
}

// shardPaths is snapshot_path_INDEX.NAME.SHARDS.TYPE.ALGORITHM.
type shardPaths struct {
	IndexID string   `json:"indexId"`
	Paths   []string `json:"paths"`
	at      string
}

// parse decodes the blob, which has no envelope so far.
func (p *shardPaths) parse(data []byte) error {
	if kindOf(data) == kindUnknown {
		text, err := decodeEnvelope(p.at, data, pathsFolder)
		if err != nil {
			return err
		}
		data = text
	}
	return unmarshal(p.at, data, p)
}

func (x *Index) pathsPrefix() string { return "snapshot_path_" + x.ID + "." }

// findShardPaths looks for the blob with the most shards: an index of the same name may have had more.
func (x *Index) findShardPaths(ctx context.Context) (string, error) {
	entries, err := blob.ListPrefix(ctx, x.snapshot.repo.store, pathsFolder, x.pathsPrefix())
	if err != nil {
		return "", err
	}
	best, most := "", 0
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name, pathsFolder+"/"+x.pathsPrefix())
		parts := strings.Split(name, ".")
		if !ok || len(parts) < 4 {
			continue
		}
		if n, err := strconv.Atoi(parts[len(parts)-3]); err == nil && n > most {
			best, most = e.Name, n
		}
	}
	if best == "" {
		return "", fmt.Errorf("read %s/%s…: %w", pathsFolder, x.pathsPrefix(), fs.ErrNotExist)
	}
	return best, nil
}
