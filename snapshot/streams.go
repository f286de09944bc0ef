package snapshot

import "encoding/json"

// BackingIndices maps the indices behind data streams to the name of their stream.
func (g *Global) BackingIndices() map[string]string {
	streams := map[string]string{}
	for name, raw := range g.DataStreams {
		var stream struct {
			Indices []struct {
				Name string `json:"index_name"`
			} `json:"indices"`
		}
		if json.Unmarshal(raw, &stream) != nil {
			continue // a form that is not known backs nothing that could be chosen
		}
		for _, index := range stream.Indices {
			streams[index.Name] = name
		}
	}
	return streams
}
