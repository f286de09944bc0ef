package testcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// javaHome finds the home of a Java of the major version: $JAVA_HOME, the java on
// the PATH, then where Linux distributions keep them.
func javaHome(ctx context.Context, major int) (string, error) {
	candidates := []string{}
	if home := os.Getenv("JAVA_HOME"); home != "" {
		candidates = append(candidates, home)
	}
	if path, err := exec.LookPath("java"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			candidates = append(candidates, filepath.Dir(filepath.Dir(path)))
		}
	}
	installed, _ := filepath.Glob(fmt.Sprintf("/usr/lib/jvm/*%d*", major))
	candidates = append(candidates, installed...)
	seen := []string{}
	for _, home := range candidates {
		got, err := javaMajor(ctx, filepath.Join(home, "bin", "java"))
		switch {
		case err != nil:
			seen = append(seen, fmt.Sprintf("%s: %v", home, err))
		case got == major:
			return home, nil
		default:
			seen = append(seen, fmt.Sprintf("%s is Java %d", home, got))
		}
	}
	return "", fmt.Errorf("no Java %d found (looked at %q); install it (Debian: apt-get install openjdk-%d-jdk-headless) or set JAVA_HOME",
		major, seen, major)
}

var javaVersion = regexp.MustCompile(`version "(\d+)`)

// javaMajor asks a java for its major version.
func javaMajor(ctx context.Context, java string) (int, error) {
	out, err := exec.CommandContext(ctx, java, "-version").CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("run %s -version: %w", java, err)
	}
	found := javaVersion.FindSubmatch(out)
	if found == nil {
		return 0, errors.New("no version in what java -version prints")
	}
	return strconv.Atoi(string(found[1]))
}
