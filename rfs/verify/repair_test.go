package verify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"migassist/cluster"
	"migassist/internal/sandbox"
	"migassist/rfs/bulk"
	"migassist/rfs/verify"
)

// mending is a repair of a target of its own.
type mending struct {
	*verify.Repair

	t        *testing.T
	client   *cluster.Client
	undo     string
	findings *bytes.Buffer
}

func newMending(t *testing.T, documents string) *mending {
	t.Helper()
	server := sandbox.New(sandbox.Options{})
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	client, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	m := &mending{t: t, client: client, undo: filepath.Join(t.TempDir(), "undo.ndjson"), findings: &bytes.Buffer{}}
	m.bulk(`{"index":{"_index":"a","_id":"seed"}}`, `{}`)
	m.bulk(strings.Split(strings.TrimSpace(documents), "\n")...)
	undo := &verify.UndoFile{Name: m.undo}
	t.Cleanup(func() { _ = undo.Close() })
	m.Repair = &verify.Repair{Target: client, Sink: bulk.NewWriter(client, bulk.Patience{}), Versions: true, MostDeletes: 10, Undo: undo, Findings: m.findings}
	return m
}

func (m *mending) bulk(lines ...string) {
	m.t.Helper()
	result, err := m.client.Bulk(m.t.Context(), []byte(strings.Join(lines, "\n")+"\n"))
	if err != nil || result.Errors {
		m.t.Fatalf("%+v %v", result, err)
	}
}

func (m *mending) find(differences ...verify.Difference) {
	m.t.Helper()
	for _, d := range differences {
		if err := m.Find(m.t.Context(), d); err != nil {
			m.t.Fatal(err)
		}
	}
}

func (m *mending) finish(summary verify.Summary) verify.Mended {
	m.t.Helper()
	if err := m.Finish(m.t.Context(), &summary); err != nil {
		m.t.Fatal(err)
	}
	return m.Mended
}

// source is what the target has under a name of index a; "": nothing.
func (m *mending) source(id, routing string) string {
	m.t.Helper()
	got, err := m.client.Fetch(m.t.Context(), []cluster.Name{{Index: "a", ID: id, Routing: routing}})
	if err != nil {
		m.t.Fatal(err)
	}
	return string(got[0].Source)
}

func (m *mending) saved() string {
	content, err := os.ReadFile(m.undo)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		m.t.Fatal(err)
	}
	return string(content)
}

func missing(id, source string) verify.Difference {
	return verify.Difference{Kind: verify.Missing, Key: verify.Key{Index: "a", ID: id}, Action: fmt.Appendf(nil, `{"index":{"_index":"a","_id":%q}}`, id), Source: []byte(source)}
}

func different(id, source, target string) verify.Difference {
	d := missing(id, source)
	d.Kind, d.Target = verify.Different, []byte(target)
	return d
}

func extraneous(id, target string) verify.Difference {
	return verify.Difference{Kind: verify.Extra, Key: verify.Key{Index: "a", ID: id}, Target: []byte(target)}
}

func TestRepairMendsWhatDiffersAndNothingElse(t *testing.T) {
	m := newMending(t, `
{"index":{"_index":"a","_id":"altered"}}
{ "n": 2 }
{"index":{"_index":"a","_id":"routed","routing":"r"}}
{"n":3}
{"index":{"_index":"a","_id":"extra"}}
{"n": 4}`)
	routed := different("routed", `{"n":33}`, `{"n":3}`)
	routed.Routing, routed.Action = "r", []byte(`{"index":{"_index":"a","_id":"routed","routing":"r"}}`)
	m.find(missing("gone", `{"n":1.0}`), different("altered", `{"n":22}`, `{ "n": 2 }`), routed, extraneous("extra", `{"n": 4}`))
	if got := m.finish(verify.Summary{Complete: true}); got.Sent != 3 || got.Removed != 1 || got.Left+got.Settled != 0 || !got.All(4) {
		t.Errorf("%+v", got)
	}
	for id, want := range map[string]string{"gone": `{"n":1.0}`, "altered": `{"n":22}`, "extra": "", "seed": "{}"} {
		if got := m.source(id, ""); got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
	if got := m.source("routed", "r"); got != `{"n":33}` {
		t.Errorf("routed is %s", got)
	}
	if got := strings.Count(m.findings.String(), `"repair":"sent"`); got != 3 || !strings.Contains(m.findings.String(), `"repair":"removed"`) {
		t.Errorf("the findings say\n%s", m.findings)
	}
	m.bulk(strings.Split(strings.TrimSpace(m.saved()), "\n")...) // and now put back
	for id, want := range map[string]string{"gone": `{"n":1.0}`, "altered": `{ "n": 2 }`, "extra": `{"n": 4}`} {
		if got := m.source(id, ""); got != want {
			t.Errorf("undone: %s is %s, want %s", id, got, want)
		}
	}
}

func TestRepairLeavesWhatChangedSinceItWasRead(t *testing.T) {
	m := newMending(t, `
{"index":{"_index":"a","_id":"came"}}
{"live":1}
{"index":{"_index":"a","_id":"changed"}}
{"live":2}
{"index":{"_index":"a","_id":"right"}}
{"n":1.50}
{"index":{"_index":"a","_id":"used"}}
{"live":3}`)
	m.find(missing("came", `{"n":1}`), different("changed", `{"n":2}`, `{"n":0}`), different("right", `{"n":1.50}`, `{"n":0}`),
		different("deleted", `{"n":3}`, `{"n":0}`), extraneous("used", `{"n":4}`), extraneous("vanished", `{"n":5}`))
	if got := m.finish(verify.Summary{Complete: true}); got.Sent+got.Removed != 0 || got.Settled != 2 || got.Left != 4 || len(got.Reasons) != 3 {
		t.Errorf("%+v", got)
	}
	for id, want := range map[string]string{"came": `{"live":1}`, "changed": `{"live":2}`, "right": `{"n":1.50}`, "deleted": "", "used": `{"live":3}`} {
		if got := m.source(id, ""); got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
	if got := m.saved(); got != "" {
		t.Errorf("saved for nothing: %s", got)
	}
}

// meddler writes between the look and the write.
type meddler struct {
	*bulk.Writer

	meddle func()
}

func (m meddler) Write(ctx context.Context, b *bulk.Batch, permit bulk.Permit) (bulk.Outcome, error) {
	m.meddle()
	return m.Writer.Write(ctx, b, permit)
}

func TestRepairLosesToWhoWritesMeanwhile(t *testing.T) {
	m := newMending(t, `
{"index":{"_index":"a","_id":"altered"}}
{"n":2}
{"index":{"_index":"a","_id":"extra"}}
{"n":4}`)
	m.Sink = meddler{bulk.NewWriter(m.client, bulk.Patience{}), func() {
		m.bulk(`{"index":{"_index":"a","_id":"altered"}}`, `{"live":1}`, `{"index":{"_index":"a","_id":"gone"}}`, `{"live":2}`, `{"index":{"_index":"a","_id":"extra"}}`, `{"live":3}`)
	}}
	m.find(missing("gone", `{"n":1}`), different("altered", `{"n":22}`, `{"n":2}`), extraneous("extra", `{"n":4}`))
	// The extra one is written over by the first write already; to meddle with its removal takes a repair of its own.
	if got := m.finish(verify.Summary{Complete: true}); got.Left != 3 {
		t.Errorf("%+v", got)
	}
	m.extraOnly(t)
	for id, want := range map[string]string{"altered": `{"live":1}`, "gone": `{"live":2}`, "extra": `{"live":3}`} {
		if got := m.source(id, ""); got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
}

// extraOnly removes what is written meanwhile.
func (m *mending) extraOnly(t *testing.T) {
	t.Helper()
	again := &verify.Repair{Target: m.client, Sink: m.Sink, MostDeletes: 1, Undo: m.Undo}
	if err := again.Find(t.Context(), extraneous("extra", `{"live":3}`)); err != nil {
		t.Fatal(err)
	}
	if err := again.Finish(t.Context(), &verify.Summary{Complete: true}); err != nil {
		t.Fatal(err)
	}
	if again.Mended.Left != 1 || again.Mended.Removed != 0 {
		t.Errorf("%+v", again.Mended)
	}
}

func TestRepairKeepsVersions(t *testing.T) {
	m := newMending(t, `
{"index":{"_index":"a","_id":"older","version":5,"version_type":"external_gte"}}
{"n":0}
{"index":{"_index":"a","_id":"newer","version":50,"version_type":"external_gte"}}
{"n":0}`)
	versioned := func(d verify.Difference) verify.Difference {
		d.Action = fmt.Appendf(nil, `{"index":{"_index":"a","_id":%q,"version":41,"version_type":"external_gte"}}`, d.ID)
		return d
	}
	m.find(versioned(different("older", `{"n":1}`, `{"n":0}`)), versioned(different("newer", `{"n":1}`, `{"n":0}`)), versioned(missing("gone", `{"n":1}`)))
	if got := m.finish(verify.Summary{Complete: true}); got.Sent != 2 || got.Left != 1 {
		t.Errorf("%+v", got)
	}
	got, err := m.client.Fetch(t.Context(), []cluster.Name{{Index: "a", ID: "older"}, {Index: "a", ID: "newer"}, {Index: "a", ID: "gone"}})
	if err != nil || got[0].Version != 41 || got[1].Version != 50 || got[2].Version != 41 || string(got[1].Source) != `{"n":0}` {
		t.Errorf("%+v %v", got, err)
	}
}

func TestExtraDocumentsStayWhereRemovingThemIsNotSafe(t *testing.T) {
	for name, c := range map[string]struct {
		most    int
		summary verify.Summary
		living  verify.Living
		says    string
	}{
		"too many":    {1, verify.Summary{Complete: true}, nil, "--most-deletes is 1"},
		"none wanted": {0, verify.Summary{Complete: true}, nil, "--most-deletes 0"},
		"unread":      {5, verify.Summary{}, nil, "not all of the source could be read"},
		"skipped":     {5, verify.Summary{Complete: true, Skipped: 3}, nil, "3 documents of the source can't be sent"},
		"living": {5, verify.Summary{Complete: true}, func(_ context.Context, keys []verify.Key) ([]bool, error) {
			living := make([]bool, len(keys))
			for i := range living {
				living[i] = true
			}
			return living, nil
		}, "the source has it now"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMending(t, `
{"index":{"_index":"a","_id":"x"}}
{"n":1}
{"index":{"_index":"a","_id":"y"}}
{"n":2}`)
			m.MostDeletes, m.Living = c.most, c.living
			m.find(extraneous("x", `{"n":1}`), extraneous("y", `{"n":2}`))
			got := m.finish(c.summary)
			if got.Left != 2 || got.Removed != 0 || m.source("x", "") == "" || m.source("y", "") == "" || m.saved() != "" || got.All(2) {
				t.Errorf("%+v", got)
			}
			for reason := range got.Reasons {
				if !strings.Contains(reason, c.says) {
					t.Errorf("the reason is %q, want one that says %q", reason, c.says)
				}
			}
		})
	}
}

func TestNothingIsTouchedWithoutAnUndoFile(t *testing.T) {
	m := newMending(t, `
{"index":{"_index":"a","_id":"x"}}
{"n":1}`)
	m.Undo = &verify.UndoFile{Name: filepath.Join(m.undo, "no", "folder")}
	m.find(different("x", `{"n":2}`, `{"n":1}`))
	if err := m.Finish(t.Context(), &verify.Summary{Complete: true}); err == nil || !strings.Contains(err.Error(), "undo file") {
		t.Errorf("no undo file, and the error is %v", err)
	}
	if got := m.source("x", ""); got != `{"n":1}` {
		t.Errorf("it was overwritten: %s", got)
	}
}

func TestRefusedDocumentsAreLeftWithTheReason(t *testing.T) {
	m := newMending(t, `
{"index":{"_index":"a","_id":"x"}}
{"n":1}`)
	m.find(missing("bad", `{"n":"no number"}`), missing("good", `{"n":7}`))
	got := m.finish(verify.Summary{Complete: true})
	if got.Sent != 1 || got.Left != 1 || !strings.Contains(fmt.Sprint(got.Reasons), "mapper_parsing_exception") {
		t.Errorf("%+v", got)
	}
}

// refusing is a target that refuses everything with a version conflict.
type refusing struct{}

func (refusing) Write(_ context.Context, b *bulk.Batch, _ bulk.Permit) (out bulk.Outcome, err error) {
	for i := range b.Len() {
		out.Refused = append(out.Refused, bulk.Refusal{Operation: i, Status: 409, Reason: cluster.ItemError{Type: "version_conflict_engine_exception"}})
	}
	return out, nil
}

func TestADeletionUnderAHigherVersionIsNamed(t *testing.T) {
	m := newMending(t, `{"index":{"_index":"a","_id":"2"}}`+"\n"+`{}`)
	m.Sink = refusing{}
	m.find(verify.Difference{
		Kind: verify.Missing, Key: verify.Key{Index: "a", ID: "1"}, Count: 1, Source: []byte(`{"a":1}`),
		Action: []byte(`{"index":{"_index":"a","_id":"1","version":6,"version_type":"external_gte"}}`),
	})
	mended := m.finish(verify.Summary{Complete: true})
	if len(mended.Reasons) != 1 || mended.Reasons["the target remembers for a minute or so that it was deleted under a higher version, which --doc-versions keeps"] != 1 {
		t.Errorf("%+v", mended)
	}
}

// TestVersionsThatOnlyRankTheSourceKeepNothing: with keep-newest alone the versions are those of indices, and lower than any on the target.
func TestVersionsThatOnlyRankTheSourceKeepNothing(t *testing.T) {
	m := newMending(t, `{"index":{"_index":"a","_id":"1","version":9,"version_type":"external"}}`+"\n"+`{"tampered":true}`)
	m.Versions = false
	action := []byte(`{"index":{"_index":"a","_id":"1","version":2,"version_type":"external_gte"}}`)
	m.find(verify.Difference{Kind: verify.Different, Key: verify.Key{Index: "a", ID: "1"}, Count: 1, Source: []byte(`{"a":1}`), Target: []byte(`{"tampered":true}`), Action: action})
	if mended := m.finish(verify.Summary{Complete: true}); mended.Sent != 1 || m.source("1", "") != `{"a":1}` {
		t.Errorf("%+v, and the target has %s", mended, m.source("1", ""))
	}
}
