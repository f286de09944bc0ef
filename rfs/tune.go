package rfs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/cluster"
	"migassist/rfs/lease"
)

// TuneSettings are what --tune-target gives the target's indices while a run lasts: no refreshes, no replicas, and a translog that
// is not synced for each request. What a crash of a node could lose is what the target took in its last 5 s.
var TuneSettings = map[string]string{
	"index.refresh_interval":    "-1",
	settingReplicas:             "0",
	"index.translog.durability": "async",
}

const (
	settingReplicas = "index.number_of_replicas"
	settingExpand   = "index.auto_expand_replicas" // decides over the replicas where it is on
	settingUUID     = "index.uuid"
)

// TuneTarget is what tuning asks of the target.
type TuneTarget interface {
	IndexSettings(ctx context.Context, names ...string) (map[string]map[string]json.RawMessage, error)
	PutIndexSettings(ctx context.Context, settings map[string]json.RawMessage, names ...string) error
}

var _ TuneTarget = (*cluster.Client)(nil)

// Tuner changes settings of the target's indices for the time of a run. What they were is in the store before they are changed, so
// that anyone can give them back: the record tuned/INDEX is open until that is done.
type Tuner struct {
	Store  lease.Store
	Target TuneTarget
}

// Tuning is what a Tuner did.
type Tuning struct {
	Indices  []string  `json:"indices"`            // whose settings were changed
	Replicas []string  `json:"replicas,omitempty"` // of them those that have replicas again, which the cluster now copies
	Findings []Finding `json:"findings,omitempty"`
}

func (t *Tuning) find(index, format string, arguments ...any) {
	t.Findings = append(t.Findings, Finding{Index: index, Kind: "tuned", Reason: fmt.Sprintf(format, arguments...)})
}

// tuned is the record of an index whose settings were changed.
type tuned struct {
	Index    string             `json:"index"`
	UUID     string             `json:"uuid"`
	Settings map[string]setting `json:"settings"`

	restored bool // not to be restored: its record is not open
}

// setting is one that was changed. Old is null where only the default held.
type setting struct {
	Old json.RawMessage `json:"old"`
	New json.RawMessage `json:"new"`
}

var null = json.RawMessage("null")

// Tune gives the indices, named by their own names, the settings, where they have others. It may be repeated, also by another
// process after one that was killed in the middle.
func (t *Tuner) Tune(ctx context.Context, settings map[string]string, names ...string) (*Tuning, error) {
	there, err := t.Target.IndexSettings(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("read the settings of the target's indices: %w", err)
	}
	var records []*tuned
	for _, name := range slices.Sorted(maps.Keys(there)) {
		record, err := t.note(ctx, name, there[name], settings)
		if err != nil {
			return nil, err
		}
		if record != nil {
			records = append(records, record)
		}
	}
	done := &Tuning{}
	err = t.put(ctx, records, func(r *tuned) map[string]json.RawMessage { return r.missing(there[r.Index]) }, func(r *tuned, name string, err error) error {
		if name == "" {
			done.find(r.Index, "it was deleted meanwhile")
			return nil
		}
		done.find(r.Index, "%s stays as it is: the target refuses to have it set: %v", name, err)
		return t.forget(ctx, r.Index, name)
	})
	for _, r := range records {
		done.Indices = append(done.Indices, r.Index)
	}
	return done, err
}

// note writes down what the settings of an index are before they are changed. It returns nil where none is to be.
func (t *Tuner) note(ctx context.Context, index string, has map[string]json.RawMessage, settings map[string]string) (*tuned, error) {
	var now *tuned
	err := t.change(ctx, index, func(r *tuned) error {
		if uuid := plain(has[settingUUID]); r.restored || r.UUID != uuid { // of a tuning before, or of another index of this name
			*r = tuned{Index: index, UUID: uuid}
		}
		for name, value := range wantedSettings(has, settings) {
			if _, noted := r.Settings[name]; noted || plain(has[name]) == value {
				continue
			}
			if r.Settings == nil {
				r.Settings = map[string]setting{}
			}
			r.Settings[name] = setting{Old: orNull(has[name]), New: quoted(value)}
		}
		r.restored = len(r.Settings) == 0
		now = r
		return nil
	})
	if err != nil || now.restored {
		return nil, err
	}
	return now, nil
}

// wantedSettings are those for an index: replicas that follow the number of nodes are switched off, or they would come back.
func wantedSettings(has map[string]json.RawMessage, settings map[string]string) map[string]string {
	wanted := settings[settingReplicas]
	if expand := plain(has[settingExpand]); wanted == "" || expand == "" || expand == "false" {
		return settings
	}
	all := maps.Clone(settings)
	all[settingExpand] = "false"
	return all
}

// missing are the settings of a record that the index does not have, and that are still as they were before.
func (r *tuned) missing(has map[string]json.RawMessage) map[string]json.RawMessage {
	to := map[string]json.RawMessage{}
	for name, s := range r.Settings {
		if bytes.Equal(orNull(has[name]), s.Old) {
			to[name] = s.New
		}
	}
	return to
}

// Restore gives all indices that were tuned their settings back. What somebody else changed meanwhile is left alone, and named.
func (t *Tuner) Restore(ctx context.Context) (*Tuning, error) {
	records, err := t.open(ctx)
	if err != nil || len(records) == 0 {
		return &Tuning{}, err
	}
	var names []string
	for _, r := range records {
		names = append(names, r.Index)
	}
	there, err := t.Target.IndexSettings(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("read the settings of the target's indices: %w", err)
	}
	back := &restoring{tuner: t, there: there, stuck: map[string]bool{}}
	err = t.put(ctx, records, back.settings, back.refused)
	for _, r := range records {
		if err != nil {
			break
		}
		if back.stuck[r.Index] {
			continue
		}
		err = t.change(ctx, r.Index, func(r *tuned) error { r.restored = true; return nil })
	}
	return &back.Tuning, err
}

// Open tells whether settings are still to be restored.
func (t *Tuner) Open(ctx context.Context) (bool, error) {
	records, err := t.open(ctx)
	return len(records) > 0, err
}

// open returns the records that are to be restored.
func (t *Tuner) open(ctx context.Context) ([]*tuned, error) {
	if err := t.Store.Sync(ctx); err != nil {
		return nil, fmt.Errorf("list what was tuned: %w", err)
	}
	list, err := listAll(ctx, t.Store, tunedPrefix, true)
	if err != nil {
		return nil, err
	}
	var all []*tuned
	for _, record := range list {
		if record.Body == nil {
			if record, err = t.Store.Get(ctx, record.Key); err != nil {
				return nil, fmt.Errorf("read record %s: %w", record.Key, err)
			}
		}
		r := &tuned{}
		if err := json.Unmarshal(record.Body, r); err != nil {
			return nil, fmt.Errorf("record %s was changed or damaged: %w", record.Key, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// restoring is one [Tuner.Restore] while it goes on.
type restoring struct {
	Tuning

	tuner *Tuner
	there map[string]map[string]json.RawMessage
	stuck map[string]bool // indices with settings that could not be given back
}

// settings are what an index is given back.
func (b *restoring) settings(r *tuned) map[string]json.RawMessage {
	has, ok := b.there[r.Index]
	switch {
	case !ok:
		b.find(r.Index, "it was deleted meanwhile; there are no settings to give back")
		return nil
	case plain(has[settingUUID]) != r.UUID:
		b.find(r.Index, "it was deleted and made again meanwhile; its settings are left as they are")
		return nil
	}
	back := map[string]json.RawMessage{}
	for _, name := range slices.Sorted(maps.Keys(r.Settings)) {
		switch now, s := orNull(has[name]), r.Settings[name]; {
		case bytes.Equal(now, s.New):
			back[name] = s.Old
		case !bytes.Equal(now, s.Old):
			b.find(r.Index, "%s is %s, which is not what --tune-target made of it; it is left as it is, and was %s before", name, now, s.Old)
		}
	}
	if len(back) > 0 {
		b.Indices = append(b.Indices, r.Index)
	}
	if now, ok := back[settingReplicas]; ok && plain(now) != "0" || back[settingExpand] != nil {
		b.Replicas = append(b.Replicas, r.Index)
	}
	return back
}

func (b *restoring) refused(r *tuned, name string, err error) error {
	if name == "" {
		b.find(r.Index, "it was deleted meanwhile; there are no settings to give back")
		return nil
	}
	b.stuck[r.Index] = true
	b.Findings = append(b.Findings, Finding{Index: r.Index, Kind: "tuned", Failed: true, Reason: fmt.Sprintf(
		`%s could not be given back its value; set it yourself: PUT /%s/_settings {"%s": %s}: %v`, name, r.Index, name, r.Settings[name].Old, err)})
	return nil
}

// putTogether is how many indices get their settings with one request: each is a change of the cluster's state.
const putTogether = 50

// put sends settings to the indices of the records, those alike together. One that is refused is told to refused, and the others are put
// without it; with an empty name, the index is gone.
func (t *Tuner) put(ctx context.Context, records []*tuned, settings func(*tuned) map[string]json.RawMessage, refused func(*tuned, string, error) error) error {
	alike := map[string][]*tuned{}
	for _, r := range records {
		if to := settings(r); len(to) > 0 {
			body, err := json.Marshal(to)
			if err != nil {
				return err
			}
			alike[string(body)] = append(alike[string(body)], r)
		}
	}
	for _, body := range slices.Sorted(maps.Keys(alike)) {
		var to map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body), &to); err != nil {
			return err
		}
		for some := range slices.Chunk(alike[body], putTogether) {
			if err := t.putSome(ctx, some, to, refused); err != nil {
				return err
			}
		}
	}
	return nil
}

// putSome sends the same settings to some indices, and finds out what is refused.
func (t *Tuner) putSome(ctx context.Context, records []*tuned, to map[string]json.RawMessage, refused func(*tuned, string, error) error) error {
	names := make([]string, len(records))
	for i, r := range records {
		names[i] = r.Index
	}
	err := t.Target.PutIndexSettings(ctx, to, names...)
	switch {
	case err == nil || errors.Is(err, cluster.ErrNotAcknowledged):
		return nil
	case !decided(err):
		return fmt.Errorf("change settings of the target's indices: %w", err)
	case len(records) > 1:
		for _, r := range records {
			if err := t.putSome(ctx, []*tuned{r}, to, refused); err != nil {
				return err
			}
		}
		return nil
	case cluster.NotFound(err):
		return refused(records[0], "", err)
	case len(to) > 1:
		return t.putEach(ctx, records[0], to, refused)
	}
	for name := range to {
		return refused(records[0], name, err)
	}
	return nil
}

// putEach sends one setting after the other; the replicas' number after what decides over it.
func (t *Tuner) putEach(ctx context.Context, r *tuned, to map[string]json.RawMessage, refused func(*tuned, string, error) error) error {
	for _, name := range slices.Sorted(maps.Keys(to)) {
		if err := t.putSome(ctx, []*tuned{r}, map[string]json.RawMessage{name: to[name]}, refused); err != nil {
			return err
		}
	}
	return nil
}

// decided tells whether the target understood a request and will not have it.
func decided(err error) bool {
	answer, ok := errors.AsType[*cluster.Error](err)
	return ok && answer.Status < 500 && !cluster.Retryable(err)
}

// forget strikes a setting that was not changed after all.
func (t *Tuner) forget(ctx context.Context, index, name string) error {
	return t.change(ctx, index, func(r *tuned) error {
		delete(r.Settings, name)
		r.restored = len(r.Settings) == 0
		return nil
	})
}

// change changes the record of an index; one that is to be restored is open.
func (t *Tuner) change(ctx context.Context, index string, change func(*tuned) error) error {
	key := tunedPrefix + index
	for {
		record, err := t.Store.Get(ctx, key)
		if err != nil && !errors.Is(err, lease.ErrNotFound) {
			return fmt.Errorf("read record %s: %w", key, err)
		}
		r := &tuned{Index: index, restored: !record.Open}
		if len(record.Body) > 0 {
			if err := json.Unmarshal(record.Body, r); err != nil {
				return fmt.Errorf("record %s was changed or damaged: %w", key, err)
			}
		}
		if err := change(r); err != nil {
			return err
		}
		body, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if r.restored && record.Body == nil || record.Open == !r.restored && bytes.Equal(body, record.Body) {
			return nil
		}
		switch _, err = t.Store.Put(ctx, lease.Record{Key: key, Version: record.Version, Open: !r.restored, Body: body}); {
		case err == nil:
			return nil
		case !errors.Is(err, lease.ErrConflict):
			return fmt.Errorf("write record %s: %w", key, err)
		}
	}
}

// text is a setting as text; "" where there is none.
func plain(raw json.RawMessage) string {
	if s := strings.Trim(string(raw), `"`); s != "null" {
		return s
	}
	return ""
}

func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return null
	}
	return raw
}

func quoted(value string) json.RawMessage { return json.RawMessage(quote(value)) }

// Concrete returns the indices, by their own names, that take the documents sent to names of indices, aliases and data streams. Of a stream
// it is the newest one.
func Concrete(ctx context.Context, target Places, names ...string) ([]string, error) {
	there, err := target.Places(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("ask the target for its indices: %w", err)
	}
	var all []string
	for _, name := range names {
		found, err := receivers(there).find(name)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s %w", name, err)
		case found.kind == receivesStream:
			if newest := receivers(there).newest(found.name); newest != "" {
				all = append(all, newest)
			}
		case found.kind != receivesNone:
			all = append(all, found.name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// newest is the backing index of a data stream that has the highest generation, which its name ends with.
func (r receivers) newest(stream string) string {
	generation := func(name string) string { return name[strings.LastIndexByte(name, '-')+1:] }
	newest := ""
	for name, place := range r {
		if place.Stream == stream && (newest == "" || generation(name) > generation(newest)) {
			newest = name
		}
	}
	return newest
}
