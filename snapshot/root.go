package snapshot

import (
	"encoding/json"
	"fmt"
	"strconv"

	"migassist/cluster/version"
	"migassist/lucene/input"
)

// rootBlob is index-N, the table of contents. Unknown keys are ignored: newer minor versions add some.
// Source: RepositoryData.snapshotsToXContent of either product. Before Elasticsearch 5 there is none: then
// it holds the names of the snapshots, and each snapshot tells its indices when it is opened.
type rootBlob struct {
	MinVersion  string               `json:"min_version"`
	UUID        string               `json:"uuid"`
	Snapshots   []rootSnapshot       `json:"snapshots"`
	Indices     map[string]rootIndex `json:"indices"`
	Identifiers map[string]string    `json:"index_metadata_identifiers"` // identifier -> {meta}; nil where not written

	namesOnly bool // of Elasticsearch 1 or 2
	oldest    bool // of Elasticsearch 1 alone

	byUUID map[string]*rootSnapshot
}

type rootSnapshot struct {
	Name          string            `json:"name"`
	UUID          string            `json:"uuid"`
	State         *int              `json:"state"`                 // from Elasticsearch 5.2 on
	Version       string            `json:"version"`               // from 7.6 on
	IndexVersion  int64             `json:"index_version"`         // from 8.11 on
	Lookup        map[string]string `json:"index_metadata_lookup"` // index id -> identifier
	StartedMillis int64             `json:"start_time_millis"`
	EndedMillis   int64             `json:"end_time_millis"`

	// indices are by name; nil where only the snapshot itself tells them.
	indices map[string]rootIndex
}

// UnmarshalJSON implements json.Unmarshaler. A snapshot from before Elasticsearch 5 may be a bare name.
func (s *rootSnapshot) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		err := json.Unmarshal(data, &s.Name)
		s.UUID = s.Name
		return err
	}
	type plain rootSnapshot
	return json.Unmarshal(data, (*plain)(s))
}

// state is how far the snapshot came, as the table of contents has it.
func (s *rootSnapshot) state() State {
	if s.State == nil {
		return Unrecorded
	}
	return State(*s.State)
}

type rootIndex struct {
	ID            string     `json:"id"`
	Snapshots     []snapUUID `json:"snapshots"`
	ShardPathType int        `json:"shard_path_type"`
}

// snapUUID is the UUID of a snapshot, written as a string, or before Elasticsearch 5.4.1 as {"name","uuid"}.
type snapUUID string

// UnmarshalJSON implements json.Unmarshaler.
func (u *snapUUID) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		var o struct {
			UUID string `json:"uuid"`
		}
		err := json.Unmarshal(data, &o)
		*u = snapUUID(o.UUID)
		return err
	}
	return json.Unmarshal(data, (*string)(u))
}

// parseRoot decodes the blob called name and checks what the rest relies on.
func parseRoot(name string, data []byte) (*rootBlob, error) {
	root := &rootBlob{}
	if err := unmarshal(name, data, root); err != nil {
		return nil, err
	}
	if root.Snapshots == nil || root.Indices == nil {
		return nil, &input.CorruptError{File: name, Want: "the keys snapshots and indices", Got: "JSON without"}
	}
	root.byUUID = make(map[string]*rootSnapshot, len(root.Snapshots))
	for i := range root.Snapshots {
		s := &root.Snapshots[i]
		if s.Name == "" || s.UUID == "" {
			return nil, &input.CorruptError{File: name, Want: fmt.Sprintf("name and uuid of snapshot number %d", i), Got: "none"}
		}
		s.indices = map[string]rootIndex{}
		root.byUUID[s.UUID] = s
	}
	return root, root.link(name)
}

// link gives every snapshot its indices.
func (r *rootBlob) link(name string) error {
	for _, index := range sortedKeys(r.Indices) {
		entry := r.Indices[index]
		if entry.ID == "" {
			return &input.CorruptError{File: name, Want: "the id of index " + strconv.Quote(index), Got: "none"}
		}
		for _, uuid := range entry.Snapshots {
			s, ok := r.byUUID[string(uuid)]
			if !ok {
				return &input.CorruptError{File: name, Want: fmt.Sprintf("a known snapshot for index %q", index), Got: string(uuid)}
			}
			s.indices[index] = entry
		}
	}
	return nil
}

// release is the version that index-N records for a snapshot. Only the number is there: below 5 it is
// OpenSearch's where OpenSearch wrote index-N: without min_version, and always with the identifiers.
func (r *rootBlob) release(s *rootSnapshot) version.Version {
	if s.IndexVersion > 0 {
		if v, err := version.FromID(s.IndexVersion); err == nil {
			return v
		}
	}
	v, err := version.ParseNumber(version.Elasticsearch, s.Version)
	if err != nil || s.Version == "" {
		return version.Version{}
	}
	if v.Major < 5 && r.MinVersion == "" && r.Identifiers != nil {
		v.Flavor = version.OpenSearch
	}
	return v
}
