package snapshot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"migassist/cluster/version"
	"migassist/lucene/input"
)

// rootBlob is index-N, the table of contents. Unknown keys are ignored: newer minor versions add some.
// Source: RepositoryData.snapshotsToXContent of either product.
type rootBlob struct {
	MinVersion  string               `json:"min_version"`
	UUID        string               `json:"uuid"`
	Snapshots   []rootSnapshot       `json:"snapshots"`
	Indices     map[string]rootIndex `json:"indices"`
	Identifiers map[string]string    `json:"index_metadata_identifiers"` // identifier -> {meta}; nil where not written

	byUUID map[string]*rootSnapshot
}

type rootSnapshot struct {
	Name           string            `json:"name"`
	UUID           string            `json:"uuid"`
	State          *int              `json:"state"`
	Version        string            `json:"version"`
	IndexVersion   int64             `json:"index_version"`
	Lookup         map[string]string `json:"index_metadata_lookup"` // index id -> identifier
	StartedMillis  int64             `json:"start_time_millis"`
	EndedMillis    int64             `json:"end_time_millis"`
	indicesByNames map[string]rootIndex
}

type rootIndex struct {
	ID            string     `json:"id"`
	Snapshots     []snapUUID `json:"snapshots"`
	ShardPathType int        `json:"shard_path_type"`
}

// snapUUID is the UUID of a snapshot, written as a string, or by Elasticsearch 5.0 as {"name","uuid"}.
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
		if s.Name == "" || s.UUID == "" || s.State == nil {
			return nil, &input.CorruptError{File: name, Want: fmt.Sprintf("name, uuid and state of snapshot number %d", i), Got: "none"}
		}
		s.indicesByNames = map[string]rootIndex{}
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
			s.indicesByNames[index] = entry
		}
	}
	return nil
}

func (r *rootBlob) knownMinVersion() bool { return slices.Contains(minVersions, r.MinVersion) }

// release is the version that index-N records for a snapshot. Only the number is there: below 5 it is
// OpenSearch's, for no Elasticsearch before 5 wrote index-N.
func (s *rootSnapshot) release() version.Version {
	v, err := version.ParseNumber(version.Elasticsearch, s.Version)
	if err != nil {
		return version.Version{}
	}
	if v.Major < 5 {
		v.Flavor = version.OpenSearch
	}
	return v
}
