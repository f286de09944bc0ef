//go:build e2e

package rfs

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/internal/testcluster"
)

// TestRealServersTakeTuningAndGiveItBack: indices, an alias and a data stream, tuned and restored; all settings are as they
// were, those that the server keeps by itself too.
func TestRealServersTakeTuningAndGiveItBack(t *testing.T) {
	for _, spec := range []testcluster.Spec{
		{Product: testcluster.OpenSearch, Version: "2.19.1"},
		{Product: testcluster.Elasticsearch, Version: "6.8.23"},
		{Product: testcluster.Elasticsearch, Version: "8.19.0"},
	} {
		t.Run(spec.String(), func(t *testing.T) { tuneOn(t, spec) })
	}
}

func tuneOn(t *testing.T, spec testcluster.Spec) {
	server, err := testcluster.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	client, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	target := &tuneTarget{Client: client, t: t}
	for name, settings := range plainIndices {
		target.create(name, settings)
	}
	if err := client.PutAlias(t.Context(), "absent", "alias", nil); err != nil {
		t.Fatal(err)
	}
	names := []string{"alias", "explicit", "same", "follows"}
	if spec.Product == testcluster.OpenSearch { // the Elasticsearch of these tests has no data streams
		if err := client.PutIndexTemplate(t.Context(), "logs-x", json.RawMessage(`{"index_patterns":["stream-*"],"priority":500,"data_stream":{}}`)); err != nil {
			t.Fatal(err)
		}
		for _, request := range [][2]string{{"PUT", "/_data_stream/stream-x"}, {"POST", "/stream-x/_rollover"}} {
			if _, err := server.Do(t.Context(), request[0], request[1], nil); err != nil {
				t.Fatal(err)
			}
		}
		names = append(names, "stream-x")
	}
	indices, err := Concrete(t.Context(), client, names...)
	if err != nil || len(indices) != len(names) {
		t.Fatalf("%v: %v", indices, err)
	}
	t.Logf("%v", indices)
	before := target.all(indices...)
	tuner := &Tuner{Store: newBoard(), Target: client}
	did := mustTune(t, tuner, indices...)
	if len(did.Findings) > 0 {
		t.Error(said(did.Findings))
	}
	for name, settings := range target.all(indices...) {
		for key, value := range TuneSettings {
			if settings[key] != value {
				t.Errorf("%s: %s is %q", name, key, settings[key])
			}
		}
	}
	if _, err := tuner.Tune(t.Context(), SeqNoSettings, indices...); err != nil {
		t.Fatal(err)
	}
	back := mustRestore(t, tuner)
	if len(back.Findings) > 0 {
		t.Error(said(back.Findings))
	}
	if diff := cmp.Diff(before, target.all(indices...)); diff != "" {
		t.Errorf("after (+): %s", diff)
	}
}
