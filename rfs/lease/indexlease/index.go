package indexlease

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"migassist/cluster"
	servers "migassist/cluster/version"
	"migassist/internal/retry"
)

// format is the number of this layout of the index.
const format = 1

// What a session may be called, and a generation is called.
var (
	sessionName    = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,199}$`)
	generationName = regexp.MustCompile(`^[A-Z2-7]{16}$`)
)

// noGeneration stands where there is no index. Like a generation, it is no part of an index's name.
const noGeneration = "NONE"

// Open opens the records of a session. It writes nothing: their index is made by the first Put.
func Open(ctx context.Context, client *cluster.Client, session string) (*Store, error) {
	if !sessionName.MatchString(session) {
		return nil, fmt.Errorf("session %q: want small letters, digits, - and _, and not more than 200, for it becomes a part of the name of an index", session)
	}
	if err := able(client); err != nil {
		return nil, err
	}
	s := &Store{client: client, index: ".migassist-" + session, generation: noGeneration, patience: retry.Policy{}.WithDefaults()}
	if _, err := s.find(ctx); err != nil && !cluster.NotFound(err) {
		return nil, s.failed("look at it", err)
	}
	return s, nil
}

// able refuses what cannot hold the records by its kind.
func able(client *cluster.Client) error {
	const elsewhere = "keep the run's state elsewhere: --coordinator cluster with --coordinator-host, s3://BUCKET/PREFIX, gs:// or az://, or file for one machine"
	v := client.Version()
	switch {
	case client.Serverless():
		return fmt.Errorf("%s is a collection of OpenSearch Serverless, which has no sequence numbers and no get in real time to share work by; %s", client.URL(), elsewhere)
	case v.Flavor == servers.Elasticsearch && !v.AtLeast(6, 8):
		return fmt.Errorf("%s is %s, and work can be shared over Elasticsearch 6.8 or later and over OpenSearch; %s", client.URL(), v, elsewhere)
	}
	return nil
}

// find looks at the index and returns its generation. NotFound tells that there is no index.
func (s *Store) find(ctx context.Context) (string, error) {
	index, err := s.client.Index(ctx, s.index)
	if err != nil {
		return "", err
	}
	generation, strange := s.examine(index)
	if strange != nil {
		return "", &unfit{s, strange}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation = generation
	return generation, nil
}

// ensure makes the index where there is none, and returns its generation.
func (s *Store) ensure(ctx context.Context) (string, error) {
	const rounds = 5 // others make and delete it at the same time
	var err error
	for range rounds {
		var generation string
		generation, err = s.find(ctx)
		if err == nil {
			return generation, nil
		}
		if !cluster.NotFound(err) {
			return "", s.failed("look at it", err)
		}
		if err = s.create(ctx); err != nil && !cluster.Exists(err) && !cluster.NotFound(err) {
			return "", s.failed("create it", err)
		}
	}
	return "", s.failed("create it", err)
}

// unfit is an index that cannot hold records.
type unfit struct {
	store *Store
	why   error // in words that follow the index's name
}

// Error reads "index .migassist-x was not made to hold a run's state; ...".
func (u *unfit) Error() string {
	return fmt.Sprintf("index %s %v; give the run another --session-name, or remove the index when no worker of a former run is left", u.store.index, u.why)
}

// Unwrap gives the reason.
func (u *unfit) Unwrap() error { return u.why }

// create makes the index and looks at what came of it.
func (s *Store) create(ctx context.Context) error {
	generation := rand.Text()[:16]
	err := s.client.CreateIndex(ctx, s.index, s.body(generation, "0-1"))
	if refusedCopies(err) && s.client.CreateIndex(ctx, s.index, s.body(generation, "0-all")) == nil {
		err = nil
	}
	if err != nil && !errors.Is(err, cluster.ErrNotAcknowledged) {
		return err
	}
	made, err := s.client.Index(ctx, s.index)
	if err != nil {
		return err
	}
	if _, strange := s.examine(made); strange != nil {
		return errors.Join(fmt.Errorf("it %w: an index template of the cluster that matches %s has a hand in it; leave that name out of the template's patterns, or keep the state elsewhere (--coordinator)",
			strange, s.index), s.Clear(ctx))
	}
	return s.dropAliases(ctx, made, generation)
}

// refusedCopies reports a 400: clusters that spread copies evenly over zones want a number of them that "0-1" is not.
func refusedCopies(err error) bool {
	answer, ok := errors.AsType[*cluster.Error](err)
	return ok && answer.Status == 400 && !cluster.Exists(err)
}

// settings of the index. What a template may say and would hurt is said here too, for this goes before it.
func (s *Store) settings(copies string) map[string]any {
	v := s.client.Version()
	settings := map[string]any{
		"index.number_of_shards":             1,
		"index.auto_expand_replicas":         copies,
		"index.translog.durability":          "request", // what was acknowledged survives
		"index.refresh_interval":             "1s",      // idle or not
		"index.max_result_window":            10_000,
		"index.write.wait_for_active_shards": "1",
		"index.default_pipeline":             cluster.NoPipeline,
		"index.priority":                     1_000_000, // workers wait for it after a restart
	}
	if v.Flavor == servers.OpenSearch || v.AtLeast(7, 5) {
		settings["index.final_pipeline"] = cluster.NoPipeline
	}
	if v.Flavor == servers.OpenSearch || v.AtLeast(7, 7) {
		settings["index.hidden"] = true
	}
	return settings
}

// fields of the records, as the server shows them.
var fields = map[string]map[string]any{
	"key":   {"type": "keyword"},
	"open":  {"type": "boolean"},
	"write": {"type": "keyword", "index": false, "doc_values": false},
	"body":  {"type": "object", "enabled": false},
}

// body is that of the request which makes the index.
func (s *Store) body(generation, copies string) json.RawMessage {
	mapping := any(map[string]any{
		"dynamic":    "strict",
		"_source":    map[string]any{"enabled": true},
		"_routing":   map[string]any{"required": false},
		"_meta":      map[string]any{"migassist_lease": format, "generation": generation},
		"properties": fields,
	})
	if v := s.client.Version(); v.Flavor == servers.Elasticsearch && !v.AtLeast(7, 0) {
		mapping = map[string]any{"_doc": mapping}
	}
	encoded, err := json.Marshal(map[string]any{
		"settings": s.settings(copies), "mappings": mapping, "aliases": map[string]any{s.alias(generation): s.aliasBody()},
	})
	if err != nil {
		panic(err) // names and numbers
	}
	return encoded
}

// aliasBody hides the alias with the index: from 8.0 on patterns match it otherwise, and through it the index.
func (s *Store) aliasBody() map[string]any {
	if v := s.client.Version(); v.Flavor == servers.Elasticsearch && v.AtLeast(8, 0) {
		return map[string]any{"is_hidden": true}
	}
	return map[string]any{}
}

// dropAliases takes off what index templates gave the index: searches of such an alias would find records in it.
func (s *Store) dropAliases(ctx context.Context, index cluster.Index, generation string) error {
	var aliases map[string]json.RawMessage
	if err := json.Unmarshal(index.Aliases, &aliases); err != nil {
		return fmt.Errorf("aliases of %s: %w", s.index, err)
	}
	delete(aliases, s.alias(generation))
	var actions []any
	for _, name := range slices.Sorted(maps.Keys(aliases)) {
		actions = append(actions, map[string]any{"remove": map[string]string{"index": s.index, "alias": name}})
	}
	if len(actions) == 0 {
		return nil
	}
	body, err := json.Marshal(map[string]any{"actions": actions})
	if err != nil {
		return err
	}
	return s.client.UpdateAliases(ctx, body)
}
