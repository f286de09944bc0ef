package indexlease

import (
	"errors"
	"fmt"

	"migassist/cluster"
)

// rights are what the user of the store needs, in the words of both products.
const rights = "on .migassist-* the user needs create_index, delete_index, read, write, maintenance and manage (Elasticsearch), or " +
	"indices:admin/create, indices:admin/delete, indices:admin/get, indices:admin/aliases, indices:admin/refresh*, indices:data/read/*, indices:data/write/* (OpenSearch)"

// failed says what was being done and where, and what to do where that is known.
func (s *Store) failed(doing string, err error) error {
	err = fmt.Errorf("state of the run in %s/%s: %s: %w", s.client.URL(), s.index, doing, err)
	answer, ok := errors.AsType[*cluster.Error](err)
	switch {
	case !ok:
	case answer.Type == "cluster_block_exception":
		return fmt.Errorf("%w; a full disk (flood stage) or an operator's block keeps the cluster from writing: free space there and, where the block stays, set index.blocks.read_only_allow_delete of the index to null", err)
	case cluster.Unauthorized(err):
		return fmt.Errorf("%w; %s; or keep the state elsewhere with --coordinator", err, rights)
	}
	return err
}
