package kafkalog

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"migassist/internal/awsauth"
)

// DefaultTopic is the one that the Java implementation captures to.
const DefaultTopic = "logging-traffic-topic"

// Auth is a way to log in.
type Auth string

// The ways to log in.
const (
	None        Auth = "none" // also with a client certificate that proves who we are
	Plain       Auth = "plain"
	ScramSHA256 Auth = "scram-sha-256"
	ScramSHA512 Auth = "scram-sha-512"
	SSL         Auth = "ssl"     // a client certificate: CertFile and KeyFile
	MSKIAM      Auth = "msk-iam" // Amazon MSK, as who the machine is to AWS
)

// Auths lists the ways to log in, for messages.
func Auths() []Auth { return []Auth{None, Plain, ScramSHA256, ScramSHA512, SSL, MSKIAM} }

// Options say where the log is and how to get there. Only Brokers is needed.
type Options struct {
	Brokers  []string // HOST:PORT of some brokers; the others are found
	Topic    string   // DefaultTopic where empty
	ClientID string   // how the brokers' logs name us; "migassist" where empty

	Auth     Auth // None where empty
	Username string
	Password string
	AWS      awsauth.Options // for MSKIAM; its region is taken from the broker's name where nothing says otherwise

	TLS      bool   // always on with SSL and MSKIAM
	CAFile   string // PEM; the system's authorities where empty
	CertFile string // PEM, of the client
	KeyFile  string
	Insecure bool // takes whatever certificate the broker shows

	Create  *Creation     // makes the topic where there is none; nil refuses
	Timeout time.Duration // of a request, when the context has no nearer end; 0 is 15 s
}

// Creation says how to make a topic. The zero value is sensible.
type Creation struct {
	// Partitions is how many replayers can share the topic at most; 0 is 8. It can't be changed later without breaking the order of keys, and
	// costs next to nothing: what an append has for one broker travels in one request.
	Partitions int
	// Replication is the number of copies; 0 is 3, or as many as there are brokers.
	Replication int
	// Retention is how long records are kept; 0 is seven days, below 0 for ever.
	Retention time.Duration
}

const (
	defaultTimeout    = 15 * time.Second // longer than a leader's election, shorter than a client's patience
	defaultPartitions = 8
	defaultRetention  = 7 * 24 * time.Hour
)

// check returns the options with their defaults, or all that is wrong with them.
func (o Options) check() (Options, error) {
	o.Topic, o.ClientID, o.Auth = cmp.Or(o.Topic, DefaultTopic), cmp.Or(o.ClientID, "migassist"), cmp.Or(o.Auth, None)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.TLS = o.TLS || o.Auth == SSL || o.Auth == MSKIAM
	var problems []error
	if len(o.Brokers) == 0 {
		problems = append(problems, errors.New("no Kafka broker is named"))
	}
	for _, broker := range o.Brokers {
		if _, _, err := net.SplitHostPort(broker); err != nil {
			problems = append(problems, fmt.Errorf("broker %q is not HOST:PORT: %w", broker, err))
		}
	}
	if !slices.Contains(Auths(), o.Auth) {
		problems = append(problems, fmt.Errorf("authentication %q for Kafka is not one of %v", o.Auth, Auths()))
	}
	if slices.Contains([]Auth{Plain, ScramSHA256, ScramSHA512}, o.Auth) && o.Username == "" {
		problems = append(problems, fmt.Errorf("authentication %s for Kafka needs a user name", o.Auth))
	}
	if (o.CertFile == "") != (o.KeyFile == "") || (o.Auth == SSL && o.CertFile == "") {
		problems = append(problems, errors.New("a client certificate for Kafka needs both a certificate file and a key file"))
	}
	if !o.TLS && (o.CAFile != "" || o.CertFile != "" || o.Insecure) {
		problems = append(problems, errors.New("certificates are named for Kafka, but TLS is off"))
	}
	return o, errors.Join(problems...)
}

// transport is what connects, encrypts and logs in.
func (o Options) transport(ctx context.Context) (*kafka.Transport, error) {
	t := &kafka.Transport{
		ClientID: o.ClientID, DialTimeout: min(o.Timeout, 10*time.Second), IdleTimeout: 5 * time.Minute, // brokers close after ten
		MetadataTTL: 30 * time.Second, MetadataTopics: []string{o.Topic},
		Dial: dialer(min(o.Timeout, 5*time.Second), o.Timeout),
	}
	var err error
	if o.TLS {
		if t.TLS, err = o.tls(); err != nil {
			return nil, err
		}
	}
	t.SASL, err = o.mechanism(ctx)
	return t, err
}

func (o Options) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.Insecure} //nolint:gosec // where the operator says so
	if o.CAFile != "" {
		content, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the authority of the Kafka brokers: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(content) {
			return nil, fmt.Errorf("%s has no certificate in PEM form", o.CAFile)
		}
	}
	if o.CertFile != "" {
		if _, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile); err != nil {
			return nil, fmt.Errorf("read the client certificate for Kafka: %w", err)
		}
		// Read again at each connection, so that a renewed one is used.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
			return &pair, err
		}
	}
	return config, nil
}

func (o Options) mechanism(ctx context.Context) (sasl.Mechanism, error) {
	switch o.Auth {
	case Plain:
		return plain.Mechanism{Username: o.Username, Password: o.Password}, nil
	case ScramSHA256:
		return scram.Mechanism(scram.SHA256, o.Username, o.Password)
	case ScramSHA512:
		return scram.Mechanism(scram.SHA512, o.Username, o.Password)
	case MSKIAM:
		config, err := awsauth.Load(ctx, o.AWS)
		if err != nil {
			return nil, err
		}
		if _, err := awsauth.Retrieve(ctx, config); err != nil {
			return nil, fmt.Errorf("log in to Amazon MSK: %w", err)
		}
		return &mskIAM{credentials: config.Credentials, region: config.Region, now: time.Now}, nil
	default:
		return nil, nil
	}
}

// who names us in messages.
func (o Options) who() string {
	switch {
	case o.Auth == MSKIAM:
		return "this machine's role"
	case o.Username != "":
		return fmt.Sprintf("user %q", o.Username)
	case o.CertFile != "":
		return "the holder of " + o.CertFile
	default:
		return "a client without a name"
	}
}

// brokers names the brokers in messages.
func (o Options) brokers() string { return strings.Join(o.Brokers, ", ") }
