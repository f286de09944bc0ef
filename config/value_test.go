package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

func TestBytesReadWhatTheyPrint(t *testing.T) {
	for text, want := range map[string]Bytes{
		"0": 0, "1": 1, "4096B": 4 * KiB, "10MiB": 10 * MiB, "10 mib": 10 * MiB, "3TiB": 3 * TiB, "1000": 1000,
	} {
		got, err := ParseBytes(text)
		if err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", text, got, err, want)
		}
		if again, err := ParseBytes(got.String()); err != nil || again != got {
			t.Errorf("%q prints as %q, which reads as %d, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "MiB", "10MB", "1.5GiB", "-1", "9999999TiB", "1kB"} {
		if got, err := ParseBytes(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}

func TestValuesReadWhatTheyPrint(t *testing.T) {
	for _, list := range [][]string{nil, {"a"}, {"a", "b"}, {"regex:a{1,2}", "b"}, {"[a]"}, {" a"}} {
		again, err := parseList(formatList(list))
		if err != nil || fmt.Sprint(again) != fmt.Sprint(list) {
			t.Errorf("%q prints as %q, which reads as %q, %v", list, formatList(list), again, err)
		}
	}
	for d, want := range map[time.Duration]string{
		time.Minute: "1m", 90 * time.Second: "1m30s", time.Hour: "1h", 65 * time.Second: "1m5s", 500 * time.Millisecond: "500ms", 10 * time.Second: "10s",
	} {
		if got := shortDuration(d); got != want {
			t.Errorf("%v: got %q, want %q", time.Duration(d), got, want)
		}
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	const value = "hunter2"
	target := Cluster{Host: "http://h", Password: Literal(value)}
	asJSON, err := json.Marshal(target)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(target)
	if err != nil {
		t.Fatal(err)
	}
	hiding := struct{ private Cluster }{target}
	printed := fmt.Sprintf("%v %+v %#v %s %q %v %+v %#v %s %s",
		target, target, target, target.Password, target.Password, hiding, &hiding, hiding, asJSON, asYAML)
	if strings.Contains(printed, value) {
		t.Errorf("printed: %s", printed)
	}
	if !strings.Contains(string(asJSON), hidden) || !strings.Contains(string(asYAML), hidden) {
		t.Errorf("want %s in %s and %s", hidden, asJSON, asYAML)
	}
}

func TestSecretsComeFromWhereTheyLie(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("from file\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("THE_PASSWORD", "from variable")
	base := "snapshot: {repo_uri: /r, name: s}\ntarget: {host: http://h, username: u"
	for _, c := range []struct {
		name, file, variable string
		flags                []string
		want                 string
	}{
		{"literal in the file", base + ", password: plain}", "", nil, "plain"},
		{"variable named in the file", base + ", password: {env: THE_PASSWORD}}", "", nil, "from variable"},
		{"file named in the file", base + ", password: {file: " + file + "}}", "", nil, "from file"},
		{"variable over file", base + ", password: plain}", file, nil, "from file"},
		{"flag over variable", base + "}", file, []string{"--target-password-env", "THE_PASSWORD"}, "from variable"},
		{"literal flag", base + "}", file, []string{"--target-password", "typed"}, "typed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("MIGASSIST_TARGET_PASSWORD_FILE", c.variable)
			got, err := load(t, ForMigration, c.file, c.flags...)
			if err != nil {
				t.Fatal(err)
			}
			if value, err := got.Target.Password.Value(); err != nil || value != c.want {
				t.Errorf("got %q, %v, want %q", value, err, c.want)
			}
		})
	}
}

func TestSecretsThatCannotBeRead(t *testing.T) {
	base := "snapshot: {repo_uri: /r, name: s}\ntarget: {host: http://h, username: u"
	for _, c := range []struct {
		file  string
		flags []string
		want  string
	}{
		{base + ", password: {env: NOT_THERE}}", nil, "migassist.yaml:2: target.password: environment variable NOT_THERE, which should hold it, is not set"},
		{base + ", password: {file: /not/there}}", nil, "target.password: read the file that should hold it: open /not/there"},
		{base + ", password: {vault: hunter2}}", nil, "want a string, {env: NAME} or {file: PATH}"},
		{base + ", password: [hunter2]}", nil, "want a string, {env: NAME} or {file: PATH}"},
		{base + "}", []string{"--target-password=hunter2", "--target-password-env=X"}, "--target-password-env: target.password: is given beside --target-password; give one of the two"},
		{base + "}", nil, "target.password: is missing; give --target-password"},
		{"target: {host: 'http://u:hunter2@h'}", nil, "target.host: holds a user or password; give them as username and password"},
		{"target: {host: 'http://u:hunter2%zz@h'}", nil, "target.host: is no URL"},
	} {
		_, err := load(t, ForMigration, c.file, c.flags...)
		got := problemsOf(t, err)
		if !strings.Contains(got, c.want) || strings.Contains(got, "hunter2") {
			t.Errorf("%s: got %q, want it to contain %q and no secret", c.file, got, c.want)
		}
	}
}

func TestSectionsSayWhatTheyWant(t *testing.T) {
	base := []string{"--repo-uri=/r", "--snapshot-name=s", "--target-host=http://h"}
	for _, c := range []struct {
		flags []string
		want  string
	}{
		{[]string{"--repo-uri", "backups"}, `"backups" is neither a URI nor an absolute path`},
		{[]string{"--target-host", "localhost:9200"}, "does not begin with http:// or https://"},
		{[]string{"--target-host", "ftp://h"}, "does not begin with http:// or https://"},
		{[]string{"--target-host", "http://h?a=b"}, "more than host and path"},
		{[]string{"--target-cacert", "/not/there"}, "stat /not/there"},
		{[]string{"--target-cacert", "/", "--target-insecure"}, "give one of the two"},
		{[]string{"--target-insecure=maybe"}, `"maybe" is neither true nor false`},
		{[]string{"--target-request-timeout=0s"}, "0s is no time to wait"},
		{[]string{"--index-allowlist=logs-*"}, `a name has no wildcards; write "regex:logs-.*"`},
		{[]string{"--max-connections=-1"}, "-1 is too few; want at least 0"},
		{[]string{"--workers=-1"}, "-1 is too few"},
		{[]string{"--documents-size-per-bulk-request=0"}, "0B is too little"},
		{[]string{"--state-file="}, "rfs.state_file: is empty"},
		{[]string{"--overwrite"}, "no file to overwrite"},
		{[]string{"--memory=10MiB"}, "10MiB is too little; want at least 64MiB"},
		{[]string{"--documents-size-per-bulk-request=200MiB"}, "256MiB is too little for bulk requests of 200MiB"},
		{[]string{"--target-file=-", "--output=json"}, "cannot both go to standard output"},
	} {
		_, err := load(t, ForRFS, "", append(slices.Clip(base), c.flags...)...)
		if got := problemsOf(t, err); !strings.Contains(got, c.want) || strings.Contains(got, "\n") {
			t.Errorf("%v: got %q, want only %q", c.flags, got, c.want)
		}
	}
	if _, err := load(t, ForRFS, "", "--repo-uri=/r", "--snapshot-name=s", "--target-file=-"); err != nil {
		t.Errorf("a target file needs no cluster: %v", err)
	}
}

func TestClosestFindsWhatWasMeant(t *testing.T) {
	for word, want := range map[string]string{
		"repoUri": "repo-uri", "repo_uri": "repo-uri", "repo-url": "repo-uri", "ouptut": "output", "zzz": "", strings.Repeat("a", 1000): "",
	} {
		if got := Closest(word, []string{"output", "repo-uri"}); got != want {
			t.Errorf("%.20q: got %q, want %q", word, got, want)
		}
	}
}

func TestSettingsHideTheUserinfoOfAURL(t *testing.T) {
	c := Default()
	for host, want := range map[string]string{
		"http://u:secret@h:9200/p": "http://***@h:9200/p",
		"http://h:9200":            "http://h:9200",
		"":                         "",
	} {
		c.Target.Host = host
		for _, s := range c.Settings() {
			if s.Key == "target.host" && s.Value != want {
				t.Errorf("%s is shown as %s, want %s", host, s.Value, want)
			}
		}
	}
}
