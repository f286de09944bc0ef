package view

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/metadata"
)

func TestTheJSONOfAPlanIsReadAgainAsThePlan(t *testing.T) {
	var saved, plain, again bytes.Buffer
	plan := planOf(t, "elasticsearch-7.10.2")
	if err := PlanJSON(&saved, plan); err != nil {
		t.Fatal(err)
	}
	read, err := metadata.ReadPlan(&saved)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.WriteJSON(&plain); err != nil {
		t.Fatal(err)
	}
	if err := read.WriteJSON(&again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plain.String(), again.String()); diff != "" {
		t.Errorf("-plan +read:\n%s", diff)
	}
}

func TestScriptsMadeForTheJavaImplementationFindTheirKeys(t *testing.T) {
	plan := madePlan()
	var planned, reported bytes.Buffer
	if err := PlanJSON(&planned, plan); err != nil {
		t.Fatal(err)
	}
	if err := ReportJSON(&reported, plan, madeReport(plan)); err != nil {
		t.Fatal(err)
	}
	golden(t, "java-plan.json", summedOf(t, planned.Bytes()))
	golden(t, "java-report.json", summedOf(t, reported.Bytes()))
}

// summedOf is the part of a JSON that is made here: the gap register, and what the Java implementation has too.
func summedOf(t *testing.T, content []byte) []byte {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(content, &all); err != nil {
		t.Fatal(err)
	}
	part := map[string]any{}
	for _, key := range []string{"gap_register", "clusters", "items", "transformations", "errors", "errorCount"} {
		value, there := all[key]
		if !there {
			t.Errorf("no key %s", key)
		}
		part[key] = value
	}
	var out bytes.Buffer
	if err := indented(&out, part); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
