package rfs

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// counted is a target with so many documents by index; below 0 it does not say.
type counted map[string]int64

func (c counted) Refresh(context.Context, ...string) error { return nil }

func (c counted) Count(_ context.Context, name string) (int64, error) {
	if c[name] < 0 {
		return 0, errors.New("no such index")
	}
	return c[name], nil
}

func TestCountsThatCannotBeAreFindings(t *testing.T) {
	wrote := func(written, superseded int64) Counts {
		return Counts{Read: written + superseded, Written: written, Superseded: superseded}
	}
	for _, c := range []struct {
		name   string
		now    counted
		before Before
		flows  []Flow
		want   string // "": no finding
	}{
		{"as many", counted{"a": 7}, Before{}, []Flow{{"a", []string{"a"}, wrote(7, 0)}}, ""},
		{"one is missing", counted{"a": 6}, Before{}, []Flow{{"a", []string{"a"}, wrote(7, 0)}}, "now there are 6: 1 too few"},
		{"one too many", counted{"a": 8}, Before{}, []Flow{{"a", []string{"a"}, wrote(7, 0)}}, "now there are 8: 1 too many"},
		{"written over", counted{"a": 7}, Before{Documents: map[string]int64{"a": 5}}, []Flow{{"a", []string{"a"}, wrote(7, 0)}}, ""},
		{"written beside", counted{"a": 12}, Before{Documents: map[string]int64{"a": 5}}, []Flow{{"a", []string{"a"}, wrote(7, 0)}}, ""},
		{"more than both", counted{"a": 13}, Before{Documents: map[string]int64{"a": 5}}, []Flow{{"a", []string{"a"}, wrote(7, 0)}}, "1 too many"},
		{"fewer than there were", counted{"a": 4}, Before{Documents: map[string]int64{"a": 5}}, []Flow{{"a", []string{"a"}, wrote(2, 0)}}, "1 too few"},
		{"superseded by others meanwhile", counted{"a": 9}, Before{}, []Flow{{"a", []string{"a"}, wrote(7, 2)}}, ""},
		{"superseded by a delete", counted{"a": 7}, Before{}, []Flow{{"a", []string{"a"}, wrote(7, 2)}}, ""},
		{"two in one", counted{"z": 12}, Before{}, []Flow{{"a", []string{"z"}, wrote(7, 0)}, {"b", []string{"z"}, wrote(5, 0)}}, ""},
		{"two in one, of which one went", counted{"z": 7}, Before{}, []Flow{{"a", []string{"z"}, wrote(7, 0)}, {"b", []string{"z"}, wrote(5, 0)}}, "12 different documents were written"},
		{"ids that were known to be the same", counted{"z": 9}, Before{Distinct: map[string]int64{"z": 9}}, []Flow{{"a", []string{"z"}, wrote(7, 0)}, {"b", []string{"z"}, wrote(5, 0)}}, ""},
		{"split", counted{"a_x": 3, "a_y": 4}, Before{}, []Flow{{"a", []string{"a_x", "a_y"}, wrote(7, 0)}}, ""},
		{"split, one gone", counted{"a_x": 3, "a_y": 3}, Before{}, []Flow{{"a", []string{"a_x", "a_y"}, wrote(7, 0)}}, "1 too few"},
		{"no answer", counted{"a": -1}, Before{}, []Flow{{"a", []string{"a"}, wrote(7, 0)}}, "could not be counted"},
	} {
		if c.before.Documents == nil {
			c.before.Documents = map[string]int64{"a": 0, "z": 0, "a_x": 0, "a_y": 0}
		}
		_, findings := CompareCounts(t.Context(), c.now, c.before, c.flows)
		if c.want == "" && len(findings) > 0 || c.want != "" && (len(findings) != 1 || findings[0].Kind != "count" || !strings.Contains(findings[0].Reason, c.want)) {
			t.Errorf("%s: %v, want %q", c.name, findings, c.want)
		}
	}
}

func TestFlowsThatShareATargetAreTakenTogether(t *testing.T) {
	one := Counts{Written: 1}
	all := basins([]Flow{{"a", []string{"x", "y"}, one}, {"b", []string{"z"}, one}, {"c", []string{"q"}, one}, {"d", []string{"y", "z"}, one}})
	if len(all) != 2 || strings.Join(all[1].names, " ") != "x y z" || all[1].counts.Written != 3 || strings.Join(all[0].names, " ") != "q" {
		t.Errorf("%+v, %+v", all[0], all[len(all)-1])
	}
}
