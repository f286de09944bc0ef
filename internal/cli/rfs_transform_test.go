package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"migassist/rfs"
)

// rewriting are arguments of which each article gets a mark; one is dropped, one made twice, and one can't be transformed.
func rewriting(more ...string) []string {
	const filter = `.document.marked = "by a filter"
		| if .operation._id | startswith("0A") then empty
		  elif .operation._id | startswith("0Q") then ., (.operation._id += "-copy" | .operation._index = "copies")
		  elif .operation._id | startswith("1A") then error("not this one") else . end`
	config, _ := json.Marshal([]map[string]string{{"jq": filter}})
	return append([]string{"--doc-transformer-config", string(config)}, more...)
}

// TestWhatTransformsMakeArrivesAndIsVerified: against what the same transforms make of the snapshot, and nothing else.
func TestWhatTransformsMakeArrivesAndIsVerified(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	send(http.MethodPut, "/articles", `{}`)
	send(http.MethodPut, "/copies", `{}`)
	moving := append(demoArguments(t, server, "rfs"), "--index-allowlist", "articles")
	code, out, talk := command(t, append(moving, rewriting("--output", "json")...)...)
	var summary rfs.Summary
	if err := json.Unmarshal([]byte(out), &summary); err != nil || code != exitFindings {
		t.Fatalf("code %d, %v: %s%s", code, err, out, talk)
	}
	s := summary.Total
	if s.Read != 300 || s.Dropped == 0 || s.Made == 0 || s.Skipped == 0 || !s.Balanced() || s.Written != s.Read+s.Made-s.Dropped-s.Skipped {
		t.Errorf("%+v", s)
	}
	if there := summary.OnTarget; there["articles"]+there["copies"] != s.Written || there["copies"] != s.Made || summary.Indices[0].Named["copies"] != s.Made {
		t.Errorf("%+v", summary)
	}
	// Another worker must transform alike.
	code, _, talk = command(t, append(moving, "--doc-transformer-config", `[{"jq":"."}]`)...)
	if code != exitFailed || !strings.Contains(talk, "doc-transformer-config") {
		t.Errorf("code %d: %s", code, talk)
	}
	code, out, talk = command(t, verifying(t, server, rewriting()...)...)
	if code != exitDone || !strings.Contains(out, "the target has what the source has, and nothing else") {
		t.Fatalf("code %d: %s%s", code, out, talk)
	}
	if code, _, _ = command(t, verifying(t, server, "--findings", "all.ndjson")...); code != exitFindings {
		t.Errorf("without the transforms: code %d", code)
	}
	altered, missing := damage(t, send)
	send(http.MethodPut, "/copies/_doc/planted", `{}`)
	code, out, talk = command(t, verifying(t, server, rewriting("--findings", "differ.ndjson", "--repair")...)...)
	if code != exitFindings || !strings.Contains(out, "different: articles/"+altered+": tampered\n") || !strings.Contains(out, "missing: articles/"+missing+"\n") || !strings.Contains(out, "extra: copies/planted\n") {
		t.Errorf("code %d: %s%s", code, out, talk)
	}
	if is := send(http.MethodGet, "/articles/_doc/"+missing, ""); !strings.Contains(is, `"marked":"by a filter"`) {
		t.Errorf("it was repaired to %s", is)
	}
}

// TestTypeMappingsSayWhereDocumentsGo: by the configuration as the Java tools take it, and renamed after that.
func TestTypeMappingsSayWhereDocumentsGo(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	send(http.MethodPut, "/new-papers", `{}`)
	const config = `[{"TypeMappingSanitizationTransformerProvider":{"regexMappings":[{"sourceIndexPattern":"art(.*)","sourceTypePattern":".*","targetIndexPattern":"papers"}]}}]`
	arguments := []string{"--index-allowlist", "articles", "--doc-transformer-config", config, "--index-map", "regex:^(.*)$=new-$1"}
	code, out, talk := command(t, append(demoArguments(t, server, "rfs"), arguments...)...)
	if code != exitDone || !strings.Contains(out, "to new-papers, which has 300 documents") {
		t.Fatalf("code %d: %s%s", code, out, talk)
	}
	if code, out, talk = command(t, append(demoArguments(t, server, "console", "verify"), arguments...)...); code != exitDone {
		t.Errorf("code %d: %s%s", code, out, talk)
	}
}

// TestATransformThatFailsStopsTheRunWhereThatIsWanted: and nothing is lost by it.
func TestATransformThatFailsStopsTheRunWhereThatIsWanted(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	send(http.MethodPut, "/articles", `{}`)
	send(http.MethodPut, "/copies", `{}`)
	moving := append(demoArguments(t, server, "rfs"), "--index-allowlist", "articles", "--session-name", "stops")
	code, out, talk := command(t, append(moving, rewriting("--transform-errors", "stop")...)...)
	if code != exitFailed || !strings.Contains(talk, "not this one") || !strings.Contains(talk, "transform 1 (jq)") || !strings.Contains(talk, "--transform-errors dead-letter") {
		t.Errorf("code %d: %s%s", code, out, talk)
	}
}

// TestAPilotMovesWhatTransformsMakeToIndicesOfItsOwn: also those that only documents name.
func TestAPilotMovesWhatTransformsMakeToIndicesOfItsOwn(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	send(http.MethodPut, "/articles", `{}`)
	send(http.MethodPut, "/copies", `{}`)
	code, out, talk := command(t, append(demoArguments(t, server, "rfs", "--pilot", "50", "--pilot-prefix", "try-", "--index-allowlist", "articles", "--output", "json"), rewriting()...)...)
	var summary rfs.Summary
	if err := json.Unmarshal([]byte(out), &summary); err != nil || code != exitDone && code != exitFindings {
		t.Fatalf("code %d, %v: %s%s", code, err, out, talk)
	}
	s, there := summary.Total, summary.OnTarget
	if there["try-articles"] == 0 || there["try-copies"] == 0 || there["try-articles"]+there["try-copies"] != s.Written || count(t, server, "copies")+count(t, server, "articles") != 0 {
		t.Errorf("%+v", summary)
	}
}

// TestAnIndexThatTransformsEmptyNeedNotBeOnTheTarget: nor is it missed, unless a document is to be there.
func TestAnIndexThatTransformsEmptyNeedNotBeOnTheTarget(t *testing.T) {
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	send(http.MethodPut, "/copies", `{}`)
	for filter, want := range map[string]struct {
		code int
		says string
	}{
		`.operation._index = "copies"`: {exitDone, "the target has what the source has, and nothing else"},
		`if .operation._id | startswith("0A") then . else .operation._index = "copies" end`: {exitFindings, "the target has no index articles"},
	} {
		config, err := json.Marshal([]map[string]string{{"jq": filter}})
		if err != nil {
			t.Fatal(err)
		}
		arguments := []string{"--index-allowlist", "articles", "--doc-transformer-config", string(config)}
		if want.code == exitDone {
			if code, out, talk := command(t, append(demoArguments(t, server, "rfs"), arguments...)...); code != exitDone {
				t.Errorf("code %d: %s%s", code, out, talk)
			}
		}
		code, out, talk := command(t, append(demoArguments(t, server, "console", "verify"), arguments...)...)
		if code != want.code || !strings.Contains(out, want.says) {
			t.Errorf("%s: code %d: %s%s", filter, code, out, talk)
		}
		code, out, talk = command(t, append(demoArguments(t, server, "console", "verify", "--repair"), arguments...)...)
		if want.code == exitDone && code != exitDone || want.code != exitDone && (code != exitFailed || !strings.Contains(talk, "--repair: the target has no index articles; create it first")) {
			t.Errorf("%s: repaired with code %d: %s%s", filter, code, out, talk)
		}
	}
}
