package testcluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/segmentio/kafka-go"
	"golang.org/x/sync/errgroup"
)

// KafkaSpec says how to start a Kafka broker. The zero value is a broker without security, with Kafka's own defaults.
type KafkaSpec struct {
	Version            string            // "" means 3.9.0
	Dir                string            // its run folder; "" makes a temporary one, removed by Stop
	HeapMiB            int               // 0 means 512
	TLS                bool              // clients connect by TLS, with a certificate of an authority made for the occasion
	ClientCertificates bool              // and have to show one of their own
	SASL               bool              // clients log in: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
	Authorize          bool              // only KafkaUsername may do anything
	MaxMessageBytes    int               // message.max.bytes; 0 leaves the default
	NoAutoCreate       bool              // topics that are asked for are not created
	Settings           map[string]string // further lines of server.properties
}

// KafkaUsername and KafkaPassword are those of the administrator of a broker with SASL; KafkaOther has the same password and,
// where KafkaSpec.Authorize is set, no rights.
const (
	KafkaUsername = "admin"
	KafkaPassword = "admin-secret"
	KafkaOther    = "other"
)

const kafkaVersion = "3.9.0"

// Kafka is a broker, which is its own controller. Its methods are for one goroutine at a time.
type Kafka struct {
	Spec KafkaSpec
	Addr string // HOST:PORT for clients
	Open string // HOST:PORT of a second listener without TLS or SASL, whatever the first wants

	// CAFile is the certificate that signed the broker's, "" without TLS.
	CAFile string
	// ClientCertFile and ClientKeyFile are of KafkaUsername, "" without TLS.
	ClientCertFile, ClientKeyFile string

	java, home string // of Java, and of the jars
	member     member
	dir        string
	temporary  bool
	process    *process
}

// StartKafka fetches Kafka where that is still to do, starts a broker and waits until it answers. The context bounds the starting, not
// the broker's life: call Stop. The broker dies with the calling process in any case.
func StartKafka(ctx context.Context, spec KafkaSpec) (*Kafka, error) {
	brokers, err := StartKafkas(ctx, spec, 1)
	if err != nil {
		return nil, err
	}
	return brokers[0], nil
}

// StartKafkas starts a cluster of several brokers as StartKafka starts one. Each of them is a controller too, so that the cluster lives as
// long as most of them do. With spec.Dir, each has a folder in it.
func StartKafkas(ctx context.Context, spec KafkaSpec, count int) ([]*Kafka, error) {
	spec.Version = cmp.Or(spec.Version, kafkaVersion)
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout+startTimeout)
	defer cancel()
	java, err := javaHome(ctx, 17)
	if err != nil {
		return nil, fmt.Errorf("start Kafka: %w", err)
	}
	home, err := installKafka(ctx, spec.Version)
	if err != nil {
		return nil, fmt.Errorf("start Kafka: %w", err)
	}
	members, err := newMembers(ctx, count)
	if err != nil {
		return nil, fmt.Errorf("start Kafka: %w", err)
	}
	brokers := make([]*Kafka, count)
	var group errgroup.Group // all at once: a broker is ready when most of the controllers are
	for i := range brokers {
		k := &Kafka{Spec: spec, java: java, home: home, dir: spec.Dir, member: members[i]}
		if spec.Dir != "" && count > 1 {
			k.dir = filepath.Join(spec.Dir, fmt.Sprint(k.member.id))
		}
		brokers[i] = k
		group.Go(func() error {
			if err := k.prepare(ctx); err != nil {
				return fmt.Errorf("prepare a folder for Kafka: %w", err)
			}
			if err := k.Start(ctx); err != nil {
				return err
			}
			return k.sees(ctx, count)
		})
	}
	if err := group.Wait(); err != nil {
		for _, k := range brokers {
			err = errors.Join(err, k.Stop())
		}
		return nil, err
	}
	return brokers, nil
}

// Start starts the broker again after Halt or Kill, on the same data and port, and waits until it answers.
func (k *Kafka) Start(ctx context.Context) error {
	if k.process != nil {
		return errors.New("start Kafka: it runs")
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	log, err := os.OpenFile(k.path("server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := k.command(context.WithoutCancel(ctx), "kafka.Kafka", k.path("server.properties"))
	cmd.Stdout, cmd.Stderr = log, log
	if k.process, err = startProcess(cmd); err != nil {
		return fmt.Errorf("start Kafka: %w", err)
	}
	if err := k.wait(ctx); err != nil {
		return fmt.Errorf("start Kafka: %w; its log ends:\n%s", err, k.logTail())
	}
	return nil
}

// Stop ends the broker, waits until it is gone, and removes its temporary folder.
func (k *Kafka) Stop() error {
	err := k.Halt()
	if k.temporary {
		err = errors.Join(err, os.RemoveAll(k.dir))
	}
	return err
}

// Halt ends the broker as an operator would, and keeps its data. It does nothing where none runs.
func (k *Kafka) Halt() error {
	if k.process == nil {
		return nil
	}
	_ = k.Thaw() // a frozen process hears nothing but SIGKILL; one that is gone can't be thawed
	err := k.process.stop(stopTimeout)
	k.process = nil
	return err
}

// Kill ends the broker as a crash would, and keeps its data.
func (k *Kafka) Kill() error {
	if err := k.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-k.process.done
	k.process = nil
	return nil
}

// Freeze lets the broker hang: connections stay, and connections are accepted, but nothing is answered until Thaw.
func (k *Kafka) Freeze() error { return k.signal(syscall.SIGSTOP) }

// Thaw lets a frozen broker go on.
func (k *Kafka) Thaw() error { return k.signal(syscall.SIGCONT) }

// Group returns the process group of the broker, by which the system counts what it uses. It has one while it runs.
func (k *Kafka) Group() int { return k.process.pid }

// DataDir is the folder in which the broker has a folder of segments for every partition.
func (k *Kafka) DataDir() string { return k.path("data") }

// Java runs a Java program of one file, with Kafka's own classes at hand, and returns what it printed.
func (k *Kafka) Java(ctx context.Context, source string, args ...string) ([]byte, error) {
	all := append([]string{"-Xmx256m", "-cp", filepath.Join(k.home, "lib", "*"), source}, args...)
	cmd := exec.CommandContext(ctx, filepath.Join(k.java, "bin", "java"), all...)
	cmd.WaitDelay = time.Second
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run %s: %w\n%s", source, err, errs.String())
	}
	return out, nil
}

func (k *Kafka) signal(s syscall.Signal) error {
	if k.process == nil {
		return fmt.Errorf("send Kafka %s: it does not run", s)
	}
	if err := syscall.Kill(-k.process.pid, s); err != nil {
		return fmt.Errorf("send Kafka %s: %w", s, err)
	}
	return nil
}

// command is a program of Kafka, in the run folder.
func (k *Kafka) command(ctx context.Context, class string, args ...string) *exec.Cmd {
	options := []string{
		fmt.Sprintf("-Xmx%dm", cmp.Or(k.Spec.HeapMiB, 512)), "-Djava.io.tmpdir=" + k.path("tmp"),
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true",
		"-cp", filepath.Join(k.home, "lib", "*"), class,
	}
	cmd := exec.CommandContext(ctx, filepath.Join(k.java, "bin", "java"), append(options, args...)...)
	cmd.Dir = k.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + k.dir, "LANG=C.UTF-8"}
	return cmd
}

// wait returns when the broker takes connections, which it does once it has its place in the cluster.
func (k *Kafka) wait(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	dialer := net.Dialer{Timeout: time.Second}
	for {
		if conn, err := dialer.DialContext(ctx, "tcp", k.Addr); err == nil {
			_ = conn.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", ctx.Err())
		case <-k.process.done:
			return fmt.Errorf("it ended: %w", k.process.err)
		case <-tick.C:
		}
	}
}

// sees waits until the broker knows of so many brokers that work, itself among them.
func (k *Kafka) sees(ctx context.Context, count int) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		transport := &kafka.Transport{} // which remembers what it was told first
		known, err := (&kafka.Client{Addr: kafka.TCP(k.Open), Transport: transport}).Metadata(ctx, &kafka.MetadataRequest{})
		transport.CloseIdleConnections()
		if err == nil && len(known.Brokers) == count {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until broker %d of Kafka knows of %d: %w; its log ends:\n%s", k.member.id, count, ctx.Err(), k.logTail())
		case <-tick.C:
		}
	}
}

func (k *Kafka) logTail() string {
	content, err := os.ReadFile(k.path("server.log"))
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-4000):])
}

func (k *Kafka) path(parts ...string) string {
	return filepath.Join(append([]string{k.dir}, parts...)...)
}

// freePorts finds ports that nothing listens on. They lie below those that Linux gives to outgoing connections, so that they stay free
// while a broker is down.
func freePorts(ctx context.Context, count int) ([]int, error) {
	var ports []int
	var listen net.ListenConfig
	for range 1000 {
		if len(ports) == count {
			return ports, nil
		}
		port := 15000 + rand.IntN(17000)
		l, err := listen.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		defer l.Close()
		// All are closed at once, at the end, so that none is found twice.
		ports = append(ports, port)
	}
	return nil, fmt.Errorf("no %d free ports between 15000 and 32000", count)
}
