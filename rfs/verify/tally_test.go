package verify_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"migassist/cluster"
	"migassist/rfs"
	"migassist/rfs/verify"
)

// tally is a cluster that only counts.
type tally map[string]int64

func (t tally) Refresh(context.Context, ...string) error { return nil }

func (t tally) Count(_ context.Context, name string) (int64, error) {
	if name == "broken" {
		return 0, errors.New("3 shards did not answer")
	}
	n, ok := t[name]
	if !ok {
		return 0, &cluster.Error{Status: 404, Type: "index_not_found_exception"}
	}
	return n, nil
}

func index(name string, documents int64, targets ...string) verify.Counted {
	return verify.Counted{Index: name, Targets: targets, Live: rfs.Live{Documents: documents}}
}

func TestCountsAreComparedWhereDocumentsComeTogether(t *testing.T) {
	c := &verify.Tally{}
	nested := index("nested", 30, "nested")
	nested.Children = true
	transformed := index("transformed", 30, "transformed")
	transformed.Vague = "a transform may drop documents"
	err := c.Compare(t.Context(), tally{"a": 3, "b_x": 2, "b_y": 4, "both": 9, "more": 2, "nested": 10, "transformed": 10, "s": 7, "t": 1}, []verify.Counted{
		index("a", 3, "a"), index("b", 7, "b_x", "b_y"), index("one", 4, "both"), index("two", 5, "both"), index("more", 1, "more"),
		index("gone", 5, "gone"), nested, transformed, index("x", 1, "broken"),
		index("s", 5, "s"), index("t", 1, "t"), index("u", 2, "s", "t"), // what was apart comes together
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []verify.TallyRow{
		{Sources: []string{"a"}, Targets: []string{"a"}, SourceDocuments: 3, TargetDocuments: 3, Verdict: verify.Equal},
		{Sources: []string{"b"}, Targets: []string{"b_x", "b_y"}, SourceDocuments: 7, TargetDocuments: 6, Verdict: verify.Fewer},
		{Sources: []string{"one", "two"}, Targets: []string{"both"}, SourceDocuments: 9, TargetDocuments: 9, Verdict: verify.Equal},
		{Sources: []string{"more"}, Targets: []string{"more"}, SourceDocuments: 1, TargetDocuments: 2, Verdict: verify.More},
		{Sources: []string{"gone"}, Targets: []string{"gone"}, SourceDocuments: 5, Verdict: verify.Fewer},
		{Sources: []string{"nested"}, Targets: []string{"nested"}, SourceDocuments: 30, TargetDocuments: 10, Verdict: verify.Unclear},
		{Sources: []string{"transformed"}, Targets: []string{"transformed"}, SourceDocuments: 30, TargetDocuments: 10, Verdict: verify.Unclear},
		{Sources: []string{"x"}, Targets: []string{"broken"}, SourceDocuments: 1, Verdict: verify.Unclear},
		{Sources: []string{"s", "t", "u"}, Targets: []string{"s", "t"}, SourceDocuments: 8, TargetDocuments: 8, Verdict: verify.Equal},
	}
	if diff := cmp.Diff(want, c.Rows, cmpopts.IgnoreUnexported(verify.TallyRow{}), cmpopts.IgnoreFields(verify.TallyRow{}, "Notes")); diff != "" {
		t.Error(diff)
	}
	for i, says := range map[int]string{4: "no index gone", 5: "at most", 6: "transform", 7: "3 shards did not answer"} {
		if !slices.ContainsFunc(c.Rows[i].Notes, func(note string) bool { return strings.Contains(note, says) }) {
			t.Errorf("%v: no note says %q: %q", c.Rows[i].Sources, says, c.Rows[i].Notes)
		}
	}
	if c.Equal() {
		t.Error("all counts are said to be equal")
	}
}
