package kafkalog

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"migassist/capture"
)

// TooLargeError is a record that the topic does not take, whatever is done. Nothing of its append was sent.
type TooLargeError struct {
	Topic       string
	Size, Limit int // bytes of key and value, and what they may be
}

// Error implements error.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("a record of %d bytes is too large for topic %s, which takes %d: raise its max.message.bytes, or cut records smaller", e.Size, e.Topic, e.Limit)
}

// Unwrap says that repeating does not help.
func (e *TooLargeError) Unwrap() error { return capture.ErrRefused }

// unreachable says what may be wrong when the first question was not answered.
func (o Options) unreachable(err error) error {
	what := "connect to Kafka at " + o.brokers()
	var unknown x509.UnknownAuthorityError
	var mismatch x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	var alert tls.AlertError
	var dial *net.OpError
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("%s: the broker's certificate is not signed by an authority we trust; name the authority's file: %w", what, err)
	case errors.As(err, &mismatch), errors.As(err, &invalid):
		return fmt.Errorf("%s: the broker's certificate is not good for it: %w", what, err)
	case errors.As(err, &plain):
		return fmt.Errorf("%s: what answers there does not speak TLS: %w", what, err)
	case errors.As(err, &alert):
		return fmt.Errorf("%s: the broker refused our side of TLS; it may want a client certificate that it trusts: %w", what, err)
	case errors.As(err, &dial) && dial.Op == "remote error":
		return fmt.Errorf("%s: the broker refused our side of TLS; it may want a client certificate that it trusts: %w", what, err)
	case errors.Is(err, kafka.UnsupportedSASLMechanism):
		return fmt.Errorf("%s: the broker does not offer the login %s: %w", what, o.Auth, err)
	case errors.Is(err, kafka.SASLAuthenticationFailed):
		return fmt.Errorf("%s: the broker does not accept %s by %s: %w", what, o.who(), o.Auth, err)
	case errors.Is(err, kafka.IllegalSASLState):
		return fmt.Errorf("%s: the broker wants no login there: %w", what, err)
	case errors.As(err, &dial) && dial.Op == "dial":
		return fmt.Errorf("%s: no broker is reached; check the addresses and the network: %w", what, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("%s: the broker hung up, as it does when it expects TLS or a login and does not get it, or the other way round: %w", what, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: no answer in time; a broker that is overloaded, or a port that speaks something else (TLS?): %w", what, err)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}

// stale tells whether asking again, with fresh metadata and fresh connections, may help at once.
func stale(err error) bool {
	if code, is := errors.AsType[kafka.Error](err); is {
		switch code {
		case kafka.NotLeaderForPartition, kafka.LeaderNotAvailable, kafka.ReplicaNotAvailable, kafka.UnknownTopicOrPartition, kafka.BrokerNotAvailable,
			kafka.FencedLeaderEpoch, kafka.UnknownLeaderEpoch, kafka.KafkaStorageError, kafka.NetworkException,
			kafka.Unknown: // kafka-go says so too when one of several brokers that it asked is not reached
			return true
		}
		return false
	}
	return errors.Is(err, protocol.ErrNoTopic) || errors.Is(err, protocol.ErrNoPartition) || errors.Is(err, protocol.ErrNoLeader) || errors.Is(err, errMoved) ||
		hungUp(err)
}

// hungUp tells of a connection that ended, as an idle one does when its broker was started again.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNREFUSED)
}

// errMoved is a partition whose leader is not the one that a request was put together for.
var errMoved = errors.New("the leader of a partition moved")
