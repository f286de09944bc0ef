package snapshot_test

import (
	"errors"
	"strings"
	"testing"

	"migassist/snapshot"
)

// TestOtherBackupsAreRefusedByName: what lies in folders that are easily taken for a repository.
func TestOtherBackupsAreRefusedByName(t *testing.T) {
	collection := tree{
		"backup_0.properties": nil, "zk_backup_0/collection_state.json": nil, "shard_backup_metadata/md_shard1_0.json": nil, "index/7ad8e6d8": nil,
	}
	above := tree{}
	for name, data := range collection {
		above["films/"+name] = data
	}
	for name, c := range map[string]struct {
		repo tree
		want string
	}{
		"Solr":              {collection, "it is a backup of Solr"},
		"Solr before 8.9":   {tree{"backup.properties": nil, "snapshot.shard1/segments_2": nil, "zk_backup/collection_state.json": nil}, "it is a backup of Solr"},
		"a gateway of 0.90": {tree{"metadata-17": nil, "indices/x/0/__1": nil}, "shared gateway of Elasticsearch before 1.0"},
		"encrypted":         {newHandmade().build(t).with("index-0", []byte{9, 9, 9}).with(".encryption-metadata/k", nil), "it is encrypted"},
		"encrypted, empty":  {tree{".encryption-metadata/k": nil}, "it is encrypted"},
	} {
		_, err := snapshot.Open(t.Context(), c.repo.store())
		if !errors.Is(err, snapshot.ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
	if _, err := snapshot.Open(t.Context(), above.store()); !errors.Is(err, snapshot.ErrNotRepository) || !strings.Contains(err.Error(), "its subfolder films: it is a backup of Solr") {
		t.Errorf("the folder above: got error %v", err)
	}
}

func TestShallowCopiesAreRefusedBeforeTheirShards(t *testing.T) {
	h := newHandmade()
	h.info["remote_store_index_shallow_copy"] = true
	h.settings["index.remote_store.enabled"] = "true"
	if _, err := h.readIndex(t); !errors.Is(err, snapshot.ErrUnsupported) || !strings.Contains(err.Error(), "shallow copy") {
		t.Errorf("got error %v", err)
	}
	h.settings["index.remote_store.enabled"] = "false" // such an index has a whole copy in the same snapshot
	if _, err := h.readIndex(t); err != nil {
		t.Error(err)
	}
}
