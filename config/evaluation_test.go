package config

import "testing"

func TestEvaluationTakesWhatThePlanDependsOn(t *testing.T) {
	c, err := load(t, ForEvaluation, "", "--string-keyword-subfield", "--repo-uri", "file:///repository", "--snapshot-name", "s", "--target-host", "http://localhost:9200")
	if err != nil {
		t.Fatal(err)
	}
	if !c.Metadata.StringKeywordSubfield {
		t.Error("--string-keyword-subfield is not taken")
	}
}
