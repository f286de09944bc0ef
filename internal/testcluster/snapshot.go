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
	body := fmt.Appendf(nil, `{"indices":%q,"expand_wildcards":"all","include_global_state":true}`, indices)
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
	if taken.Snapshot.State != "SUCCESS" {
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
