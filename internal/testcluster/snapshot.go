package testcluster

import (
	"context"
	"encoding/json"
	"fmt"
)

// Register makes a file-system repository at Repo/NAME. Settings are further ones, as
// members of a JSON object: `"compress":true`.
func (s *Server) Register(ctx context.Context, name, settings string) error {
	if settings != "" {
		settings = "," + settings
	}
	_, err := s.Do(ctx, "PUT", "/_snapshot/"+name, fmt.Appendf(nil, `{"type":"fs","settings":{"location":%q%s}}`, name, settings))
	return err
}

// Take takes a snapshot with everything in it, waits for it, and returns the names of
// its indices. A snapshot that is only partial is an error.
func (s *Server) Take(ctx context.Context, repository, snapshot, indices string) ([]string, error) {
	return s.take(ctx, repository, snapshot, indices, "SUCCESS")
}

// TakePartial is Take for indices of which a shard is not there: the snapshot must be partial.
func (s *Server) TakePartial(ctx context.Context, repository, snapshot, indices string) ([]string, error) {
	return s.take(ctx, repository, snapshot, indices, "PARTIAL")
}

func (s *Server) take(ctx context.Context, repository, snapshot, indices, wanted string) ([]string, error) {
	body := fmt.Appendf(nil, `{"indices":%q,"expand_wildcards":"all","include_global_state":true,"partial":%t}`, indices, wanted == "PARTIAL")
	answer, err := s.Do(ctx, "PUT", "/_snapshot/"+repository+"/"+snapshot+"?wait_for_completion=true", body)
	if err != nil {
		return nil, err
	}
	var taken struct {
		Snapshot struct {
			State   string   `json:"state"`
			Indices []string `json:"indices"`
		} `json:"snapshot"`
	}
	if err := json.Unmarshal(answer, &taken); err != nil {
		return nil, fmt.Errorf("read the answer about snapshot %s: %w", snapshot, err)
	}
	if taken.Snapshot.State != wanted {
		return nil, fmt.Errorf("snapshot %s ended as %s: %s", snapshot, taken.Snapshot.State, answer)
	}
	return taken.Snapshot.Indices, nil
}

// Snapshot registers a repository and takes one snapshot into it.
func (s *Server) Snapshot(ctx context.Context, repository, snapshot, indices string) error {
	if err := s.Register(ctx, repository, ""); err != nil {
		return err
	}
	_, err := s.Take(ctx, repository, snapshot, indices)
	return err
}
