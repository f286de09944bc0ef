package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"hash/crc32"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/rfs"
	"migassist/rfs/bulk"
	"migassist/rfs/verify"
	"migassist/transform"
)

// rewrites is a transform that is a function, of which nothing is known before.
type rewrites func(w transform.Write) ([]transform.Write, error)

func (f rewrites) New() transform.Transformer                            { return f }
func (rewrites) Targets(string, []string) (t map[string]string, ok bool) { return nil, false }
func (rewrites) Addresses() bool                                         { return true }
func (rewrites) Edits() bool                                             { return true }

func (f rewrites) Transform(_ context.Context, dst []*transform.Message, m *transform.Message) ([]*transform.Message, error) {
	writes, err := f(m.Write)
	for _, w := range writes {
		dst = append(dst, transform.NewDocument(w))
	}
	if err != nil {
		return dst, &transform.Error{Transform: "1 (test)", Cause: err}
	}
	return dst, nil
}

// everyWhichWay drops documents, fails on some, deletes some, edits some, sends some elsewhere, and makes two of some.
func everyWhichWay(w transform.Write) ([]transform.Write, error) {
	moved := w
	moved.Index, moved.Source = "moved", append([]byte(`{"moved":true,`), bytes.TrimLeft(bytes.TrimSpace(w.Source), "{")...)
	if !json.Valid(moved.Source) {
		moved.Source = []byte(`{"moved":true}`)
	}
	moved.ID = []byte(w.Index + " " + string(w.ID))
	switch crc32.ChecksumIEEE(w.ID) % 6 {
	case 0:
		return nil, nil
	case 1:
		return nil, errors.New("picky")
	case 2:
		w.Action, w.Source = "delete", nil
		return []transform.Write{w}, nil
	case 3:
		return []transform.Write{moved}, nil
	case 4:
		return []transform.Write{w, moved}, nil
	}
	return []transform.Write{w}, nil
}

// TestWhatTransformsMadeIsFoundToBeThere, in indices too that only they name: read again by small blocks where something differs.
func TestWhatTransformsMadeIsFoundToBeThere(t *testing.T) {
	for dir, choices := range map[string]rfs.Choices{
		"elasticsearch-7.10.2": {AllowPartialSource: true},
		"opensearch-2.19.1":    {AllowPartialSource: true, Versions: rfs.VersionsSeqNo},
	} {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			choices.Transform = rewrites(everyWhichWay)
			snap := openFixture(t, dir, "second")
			source, plan := sourceOf(t, snap, choices)
			_, client := newTarget(t, "moved")
			for _, name := range plan.Targets() {
				if err := client.CreateIndex(t.Context(), name, json.RawMessage(`{"settings":{"number_of_shards":3},"mappings":{"enabled":false}}`)); err != nil {
					t.Logf("%s is left out: %v", name, err)
				}
			}
			options := rfs.Options{DeadLetterFile: filepath.Join(t.TempDir(), "dead-letters.ndjson"), Names: client}
			run, err := rfs.New(source, bulk.NewWriter(client, bulk.Patience{}), options).Run(t.Context())
			if err != nil || run.Total.Written == 0 || run.Total.Dropped == 0 || run.Total.Made == 0 {
				t.Fatal(err, run)
			}
			check := func() ([]finding, *verify.Summary) {
				return found(t, verify.NewSnapshot(source, rfs.Options{Names: client}).WithBlocks(1), client, verify.Options{})
			}
			got, summary := check()
			for _, f := range got {
				if f.Kind != verify.Missing { // what the sandbox refused is missing
					t.Error(f)
				}
			}
			if len(got) > int(run.Total.Refused) || summary.Total.Equal == 0 || summary.Skipped != run.Total.Skipped {
				t.Errorf("%d differ, and %d were refused: %+v", len(got), run.Total.Refused, summary)
			}
			tamper(t, client, check, len(got))
		})
	}
}

// tamper alters a document that a transform moved, and has it found.
func tamper(t *testing.T, client *cluster.Client, check func() ([]finding, *verify.Summary), before int) {
	t.Helper()
	for group, err := range client.Select(t.Context(), "moved", "", json.RawMessage(`{"size":1}`)) {
		if err != nil {
			t.Fatal(err)
		}
		hit := group.Hits[0]
		put(t, client, map[verify.Key]string{{Index: "moved", ID: string(hit.ID), Routing: string(hit.Routing)}: `{"moved":false}`})
	}
	got, summary := check()
	different := 0
	for _, f := range got {
		if f.Kind == verify.Different && f.Key.Index == "moved" {
			different++
		}
	}
	if different != 1 || len(got) != before+1 || summary.SourceReads > 1.2 && before == 0 {
		t.Errorf("%d are different, and %d differ in all, reading the source %.2f times", different, len(got), summary.SourceReads)
	}
}

// TestALiveSourceWhoseIDsAreChangedIsNotAskedInVain: it can't be asked for a document by the name that a transform gave, and that it does
// not find one says nothing.
func TestALiveSourceWhoseIDsAreChangedIsNotAskedInVain(t *testing.T) {
	_, from := newTarget(t, "books")
	_, to := newTarget(t, "books")
	put(t, from, map[verify.Key]string{{Index: "books", ID: "1"}: `{"a":1}`, {Index: "books", ID: "2"}: `{"a":2}`, {Index: "books", ID: "3"}: `{"a":3}`})
	put(t, to, map[verify.Key]string{{Index: "books", ID: "p-1"}: `{"a":1}`, {Index: "books", ID: "p-3"}: `{"a":4}`})
	source := verify.NewLive(from.Reader, []string{"books"}, verify.LiveOptions{Transform: func() transform.Transformer {
		return rewrites(func(w transform.Write) ([]transform.Write, error) {
			w.ID = append([]byte("p-"), w.ID...)
			return []transform.Write{w}, nil
		})
	}})
	wait := func(context.Context, time.Duration) error { return nil }
	got, _ := found(t, source, to, verify.Options{Settle: time.Second, Wait: wait})
	want := []finding{{verify.Different, verify.Key{Index: "books", ID: "p-3"}, "a", 1}, {verify.Missing, verify.Key{Index: "books", ID: "p-2"}, "", 1}}
	order(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
