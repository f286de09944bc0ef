package kafkalog

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"
	"github.com/segmentio/kafka-go/protocol/saslhandshake"
)

// TestALoginThatHangsIsGivenUp has a broker that answers until the login, and then nothing more: its connections must not pile up.
func TestALoginThatHangsIsGivenUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	over := make(chan time.Duration, 100)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { over <- hang(conn) }()
		}
	}()
	const timeout = 500 * time.Millisecond
	_, err = OpenAppender(t.Context(), Options{Brokers: []string{l.Addr().String()}, Auth: ScramSHA512, Username: "u", Password: "p", Timeout: timeout})
	if err == nil {
		t.Fatal("opened")
	}
	select {
	case stood := <-over:
		if stood > 3*timeout {
			t.Errorf("the connection stood for %s", stood)
		}
	case <-time.After(10 * timeout):
		t.Error("the connection is still there")
	}
}

// hang answers up to the handshake and waits until the client has hung up. It returns how long that took.
func hang(conn net.Conn) time.Duration {
	defer conn.Close()
	begun, in := time.Now(), bufio.NewReader(conn)
	for {
		version, id, _, request, err := protocol.ReadRequest(in)
		if err != nil {
			return time.Since(begun)
		}
		switch request.(type) {
		case *apiversions.Request:
			err = protocol.WriteResponse(conn, version, id, &apiversions.Response{ApiKeys: []apiversions.ApiKeyResponse{
				{ApiKey: int16(protocol.SaslHandshake), MaxVersion: 1}, {ApiKey: int16(protocol.SaslAuthenticate), MaxVersion: 1}, {ApiKey: int16(protocol.Metadata), MaxVersion: 8},
			}})
		case *saslhandshake.Request:
			err = protocol.WriteResponse(conn, version, id, &saslhandshake.Response{Mechanisms: []string{"SCRAM-SHA-512"}})
		default:
			_, _ = io.Copy(io.Discard, in)
			return time.Since(begun)
		}
		if err != nil {
			return time.Since(begun)
		}
	}
}
