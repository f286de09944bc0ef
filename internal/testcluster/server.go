package testcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	// startTimeout is long: two cold JVMs may share two cores with a test run.
	startTimeout = 4 * time.Minute
	stopTimeout  = 20 * time.Second
	pollEvery    = 100 * time.Millisecond
)

// Server is a running server. Its methods may be called from several goroutines.
type Server struct {
	Spec Spec
	URL  string // http://127.0.0.1:PORT, or https
	Repo string // the folder under which it may keep snapshot repositories

	// CAFile is the certificate that signed a secure server's, "" for the others.
	CAFile string
	// ClientCertFile and ClientKeyFile are those of an administrator of a secure server, "" for the others.
	ClientCertFile, ClientKeyFile string

	dist      distribution
	dir       string
	temporary bool
	process   *process
	client    *http.Client
}

// Start fetches the server where that is still to do, starts it, and waits until it
// answers. The context bounds the starting, not the server's life: call Stop. The
// server dies with the calling process in any case.
func Start(ctx context.Context, spec Spec) (*Server, error) {
	dist, err := find(spec)
	if err != nil {
		return nil, err
	}
	java, err := javaHome(ctx, dist.java)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", spec, err)
	}
	home, err := dist.install(ctx, java)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", spec, err)
	}
	s := &Server{Spec: spec, dist: dist, dir: spec.Dir}
	if err := s.prepare(home); err != nil {
		return nil, fmt.Errorf("prepare a folder for %s: %w", spec, err)
	}
	if s.process, err = s.launch(home, java); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", spec, err), s.Stop())
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.wait(ctx); err != nil {
		err = fmt.Errorf("start %s: %w; its log ends:\n%s", spec, err, s.logTail())
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Stop ends the server, waits until it is gone, and removes its temporary folder.
func (s *Server) Stop() error {
	var err error
	if s.process != nil {
		err = s.process.stop(stopTimeout)
		s.process = nil
	}
	if s.temporary {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// Group returns the process group of the server, by which the system counts what it uses. It has one until Stop.
func (s *Server) Group() int { return s.process.pid }

// Restart ends the server and starts it again on the same data, at an address of its own choice. The context bounds both.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.process.stop(stopTimeout); err != nil {
		return err
	}
	java, err := javaHome(ctx, s.dist.java)
	if err != nil {
		return err
	}
	home, err := s.dist.install(ctx, java)
	if err != nil {
		return err
	}
	s.URL = ""
	if err := os.RemoveAll(s.path("logs", "http.ports")); err != nil {
		return err
	}
	if s.process, err = s.launch(home, java); err != nil {
		return fmt.Errorf("start %s again: %w", s.Spec, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.wait(ctx); err != nil {
		return fmt.Errorf("start %s again: %w; its log ends:\n%s", s.Spec, err, s.logTail())
	}
	return nil
}

// prepare makes the run folder and its configuration.
func (s *Server) prepare(home string) error {
	var err error
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "migassist-"+s.Spec.String()+"-"); err != nil {
			return err
		}
		s.temporary = true
	}
	if s.dir, err = filepath.Abs(s.dir); err != nil {
		return err
	}
	s.Repo = s.path("repo")
	for _, name := range []string{"config", "data", "logs", "repo", "tmp"} {
		if err := mkdirPublic(s.path(name)); err != nil {
			return err
		}
	}
	// What an earlier server wrote into the same folder is not this one's address.
	if err := os.RemoveAll(s.path("logs", "http.ports")); err != nil {
		return err
	}
	if s.client, err = s.secure(home); err != nil {
		return err
	}
	files := map[string]string{
		string(s.Spec.Product) + ".yml": s.yaml(),
		"jvm.options":                   strings.Join(s.jvm(home), "\n") + "\n",
		"log4j2.properties":             log4j,
		"logging.yml":                   logging,
	}
	for name, content := range files {
		if err := writePublic(s.path("config", name), []byte(content)); err != nil {
			return err
		}
	}
	return giveAway(s.dir)
}

// log4j sends everything to standard output, which is the server's one log.
const log4j = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`

// logging is the same for Elasticsearch 1.x and 2.x.
const logging = `rootLogger: INFO, console
appender:
  console:
    type: console
    layout:
      type: consolePattern
      conversionPattern: "[%d{ISO8601}][%-5p][%c] %m%n"
`

// yaml is the server's configuration. Port 0 lets the system choose; portsfile makes
// the server write down what it got, so no port is ever raced for.
func (s *Server) yaml() string {
	settings := map[string]string{
		"cluster.name": "migassist-test",
		"node.name":    "node-1",
		"network.host": "127.0.0.1",
		"http.port":    "0",
		"path.data":    s.path("data"),
		"path.logs":    s.path("logs"),
		"path.repo":    s.path("repo"),
		"cluster.routing.allocation.disk.threshold_enabled": "false",
	}
	maps.Copy(settings, s.dist.settings)
	if s.Spec.Secure {
		maps.Copy(settings, securitySettings)
	}
	maps.Copy(settings, s.Spec.Settings)
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&out, "%s: %q\n", name, settings[name])
	}
	return out.String()
}

// launch starts the process, its output going to the log file.
func (s *Server) launch(home, java string) (*process, error) {
	cmd := exec.Command(filepath.Join(home, "bin", string(s.Spec.Product)))
	if s.dist.plain != "" {
		cmd = exec.Command(filepath.Join(java, "bin", "java"), s.arguments(home)...)
	}
	cmd.Dir = s.dir
	prefix := map[Product]string{Elasticsearch: "ES", OpenSearch: "OPENSEARCH"}[s.Spec.Product]
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "LANG=C.UTF-8", "HOSTNAME=localhost",
		"JAVA_HOME=" + java, prefix + "_JAVA_HOME=" + java,
		prefix + "_PATH_CONF=" + s.path("config"), prefix + "_TMPDIR=" + s.path("tmp"),
	}
	log, err := os.Create(s.path("server.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	return startProcess(cmd)
}

// jvm are the options of java for every server.
func (s *Server) jvm(home string) []string {
	options := []string{"-Xms" + s.Spec.heap(), "-Xmx" + s.Spec.heap(), "-Djava.io.tmpdir=" + s.path("tmp")}
	if s.dist.agent != "" {
		options = append(options, "-javaagent:"+filepath.Join(home, s.dist.agent))
	}
	return options
}

// arguments are those of java for a server whose own script names garbage collectors
// that no Java has any more.
func (s *Server) arguments(home string) []string {
	list := append(s.jvm(home), "-Dfile.encoding=UTF-8", "-Djava.security.manager=allow", "-Djna.nosys=true", "-Dlog4j2.disable.jmx=true",
		"--add-opens", "java.base/java.lang=ALL-UNNAMED", "--add-opens", "java.base/java.nio=ALL-UNNAMED", "--add-opens", "java.base/sun.nio.ch=ALL-UNNAMED",
		"-Des.path.home="+home)
	configuration := s.dist.plain + s.path("config")
	end := []string{"-cp", filepath.Join(home, "lib", "*"), "org.elasticsearch.bootstrap.Elasticsearch"}
	switch {
	case strings.HasPrefix(configuration, "-D"): // Elasticsearch 1.x takes a property and no command
		return slices.Concat(list, []string{configuration, "-Des.foreground=yes"}, end)
	case strings.HasPrefix(configuration, "--"):
		return slices.Concat(list, end, []string{"start", configuration})
	default:
		return slices.Concat(list, end, []string{configuration})
	}
}

// wait returns when the server has written its port and is healthy.
func (s *Server) wait(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if s.URL == "" {
			s.URL = s.announced()
		}
		if s.URL != "" {
			if _, err := s.Do(ctx, "GET", "/_cluster/health?wait_for_status=yellow&timeout=5s", nil); err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", ctx.Err())
		case <-s.process.done:
			return fmt.Errorf("it ended: %w", s.process.err)
		case <-tick.C:
		}
	}
}

// announced returns the URL from the file in which the server wrote its addresses
// (Elasticsearch 1.x: from its log), or "" while there is none.
func (s *Server) announced() string {
	content, err := os.ReadFile(s.path("logs", "http.ports"))
	if errors.Is(err, fs.ErrNotExist) {
		content, err = os.ReadFile(s.path("server.log"))
		found := boundAddress.FindSubmatch(content)
		if err != nil || found == nil {
			return ""
		}
		return "http://" + string(found[1])
	}
	if err != nil || !bytes.HasSuffix(content, []byte("\n")) {
		return ""
	}
	for line := range strings.FieldsSeq(string(content)) {
		if strings.HasPrefix(line, "127.0.0.1:") && s.Spec.Secure {
			return "https://" + line
		} else if strings.HasPrefix(line, "127.0.0.1:") {
			return "http://" + line
		}
	}
	return ""
}

// boundAddress is what Elasticsearch 1.x logs of its HTTP port.
var boundAddress = regexp.MustCompile(`\[http\s*\].*bound_address \{inet\[/(127\.0\.0\.1:\d+)\]\}`)

// logTail is the end of the server's log, for an error message.
func (s *Server) logTail() string {
	content, err := os.ReadFile(s.path("server.log"))
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-4000):])
}

func (s *Server) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}
