package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"migassist/internal/blob"
)

// foreign says what other backup a folder is, by a file or a folder that nothing else has; "" where it is
// none that is known. Source: BackupFilePaths and BackupManager of Solr, BlobStoreGateway of Elasticsearch
// 0.x, EncryptedRepository of Elasticsearch.
func foreign(names, folders []string) string {
	solrFile := func(name string) bool {
		return name == "backup.properties" || strings.HasPrefix(name, "backup_") && strings.HasSuffix(name, ".properties")
	}
	solrFolder := func(name string) bool {
		name = path.Base(name)
		return strings.HasPrefix(name, "zk_backup") || name == "shard_backup_metadata" || strings.HasPrefix(name, "snapshot.shard")
	}
	gateway := func(name string) bool {
		digits, ok := strings.CutPrefix(name, "metadata-")
		return ok && strings.Trim(digits, "0123456789") == ""
	}
	switch {
	case slices.ContainsFunc(names, solrFile) || slices.ContainsFunc(folders, solrFolder):
		return "it is a backup of Solr, which is not read"
	case slices.ContainsFunc(names, gateway):
		return "it looks like the shared gateway of Elasticsearch before 1.0, which knew no snapshots; start Elasticsearch 1.7 on that data and take one"
	case slices.Contains(folders, encryptionFolder):
		return encrypted
	}
	return ""
}

// encryptionFolder holds the keys of repositories of type "encrypted" (EncryptedRepository of Elasticsearch
// 7 and 8, never released).
const encryptionFolder = ".encryption-metadata"

const encrypted = "it is encrypted (it has the folder " + encryptionFolder + "); snapshot into a repository that is not"

// notRepository explains why there is no index-N, and where it might be.
func notRepository(ctx context.Context, store blob.Reader, latest int64) error {
	entries, err := store.List(ctx, "")
	if err != nil {
		return err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name)
	}
	folders := foldersOf(ctx, store, "")
	if what := foreign(names, folders); what != "" {
		return fmt.Errorf("%w: %s", ErrUnsupported, what)
	}
	hint := hintFor(ctx, store, names, folders)
	if hint == "" && latest >= 0 {
		hint = fmt.Sprintf("%s names index-%d, which is missing: copy the repository again, complete", latestName, latest)
	}
	if hint != "" {
		hint = "; " + hint
	}
	return fmt.Errorf("%w: looked for index-N (N a number) and %s in it, found %s%s", ErrNotRepository, latestName, found(names, folders), hint)
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
		var inside []string
		for i := range below {
			below[i].Name = path.Base(below[i].Name)
			inside = append(inside, below[i].Name)
		}
		if what := foreign(inside, foldersOf(ctx, store, folder)); what != "" {
			return fmt.Sprintf("its subfolder %s: %s", folder, what)
		}
		if highestGeneration(below) >= 0 || slices.Contains(inside, oldRoot) && slices.ContainsFunc(inside, func(name string) bool { return strings.HasPrefix(name, "snap") }) {
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
