package testcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// fetchTimeout bounds one run of Maven: a few hundred megabytes at most.
const fetchTimeout = 10 * time.Minute

// pom asks Maven for files, without their dependencies.
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>migassist</groupId><artifactId>testcluster</artifactId><version>1</version><packaging>pom</packaging>
  <build><plugins><plugin>
    <groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId><version>3.8.1</version>
    <configuration><outputDirectory>${basedir}/files</outputDirectory><artifactItems>
%s    </artifactItems></configuration>
  </plugin></plugins></build>
</project>
`

// pomOfAll asks Maven for files with all they need at run time.
const pomOfAll = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>migassist</groupId><artifactId>testcluster</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
%s  </dependencies>
  <build><plugins><plugin>
    <groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId><version>3.8.1</version>
    <configuration><outputDirectory>${basedir}/files</outputDirectory><includeScope>runtime</includeScope></configuration>
  </plugin></plugins></build>
</project>
`

// fetch copies the artifacts into dir/files, from Maven's local repository or,
// where they are not there yet, from the network.
func fetch(ctx context.Context, dir string, artifacts []artifact) error {
	return maven(ctx, dir, "dependency:copy", pom, "artifactItem", artifacts)
}

// fetchAll does as fetch does, with all that the artifacts depend on.
func fetchAll(ctx context.Context, dir string, artifacts []artifact) error {
	return maven(ctx, dir, "dependency:copy-dependencies", pomOfAll, "dependency", artifacts)
}

// maven runs a goal over a project that names the artifacts, each in an element of that name.
func maven(ctx context.Context, dir, goal, project, element string, artifacts []artifact) error {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return errors.New("mvn is missing; install Maven (Debian: apt-get install maven): real servers come through it")
	}
	var items strings.Builder
	for _, a := range artifacts {
		fmt.Fprintf(&items, "      <%[1]s><groupId>%[2]s</groupId><artifactId>%[3]s</artifactId><version>%[4]s</version><type>%[5]s</type></%[1]s>\n",
			element, a.group, a.name, a.version, a.kind)
	}
	if err := os.WriteFile(filepath.Join(dir, "pom.xml"), fmt.Appendf(nil, project, items.String()), 0o600); err != nil {
		return fmt.Errorf("write the request to Maven: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, mvn, "-q", "-B", goal)
	cmd.Dir = dir
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("fetch %s by Maven: %w\n%s", artifacts[0].file(), err, out)
	}
	return nil
}
