package kafkalog

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"migassist/capture"
)

func TestOptionsSayAllThatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want []string // nothing where they are good
	}{
		{"brokers are enough", Options{Brokers: []string{"a:9092", "b:9092"}}, nil},
		{"nothing", Options{}, []string{"no Kafka broker is named"}},
		{"several at once", Options{Brokers: []string{"a"}, Auth: "kerberos"}, []string{`broker "a" is not HOST:PORT`, `authentication "kerberos" for Kafka is not one of`}},
		{"a user is needed", Options{Brokers: []string{"a:1"}, Auth: ScramSHA512}, []string{"needs a user name"}},
		{"a certificate is needed", Options{Brokers: []string{"a:1"}, Auth: SSL}, []string{"both a certificate file and a key file"}},
		{"half a certificate", Options{Brokers: []string{"a:1"}, TLS: true, CertFile: "x"}, []string{"both a certificate file and a key file"}},
		{"certificates without TLS", Options{Brokers: []string{"a:1"}, CAFile: "x"}, []string{"TLS is off"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, err := c.o.check()
			if (err == nil) != (c.want == nil) {
				t.Fatalf("problems: %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if err == nil && (o.Topic != DefaultTopic || o.Auth != None || o.Timeout <= 0) {
				t.Errorf("defaults: %+v", o)
			}
		})
	}
}

func TestFilesThatAreNoCertificatesAreNamed(t *testing.T) {
	none := filepath.Join(t.TempDir(), "ca.pem")
	for _, write := range []bool{false, true} {
		if write {
			if err := os.WriteFile(none, []byte("no certificate"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range []Options{{CAFile: none}, {CertFile: none, KeyFile: none, Auth: SSL}} {
			o.TLS, o.Brokers = true, []string{"127.0.0.1:1"}
			if _, err := OpenAppender(t.Context(), o); err == nil || !strings.Contains(err.Error(), "ca.pem") && !strings.Contains(err.Error(), "certificate") {
				t.Errorf("%+v: %v", o, err)
			}
		}
	}
}

func TestABrokerThatIsNotThereIsNamedAtOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	begun := time.Now()
	_, err = OpenAppender(t.Context(), Options{Brokers: []string{addr}})
	if err == nil || !strings.Contains(err.Error(), addr) || !strings.Contains(err.Error(), "no broker is reached") {
		t.Errorf("error: %v", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestARecordThatIsTooLargeIsNamedBeforeAnythingIsSent(t *testing.T) {
	a := &Appender{topic: &topic{Options: Options{Topic: "traffic"}, maxBatch: 1000}, waiting: make([][]int32, 1)}
	records := []capture.Record{{Value: make([]byte, 10)}, {Key: make([]byte, 20), Value: make([]byte, a.MaxRecord()-19)}}
	err := a.Append(t.Context(), records) // the topic has no transport: anything sent would panic
	var large *TooLargeError
	if !errors.As(err, &large) || large.Size != a.MaxRecord()+1 || large.Limit != a.MaxRecord() {
		t.Fatalf("error: %v", err)
	}
	for _, want := range []string{"traffic", "max.message.bytes"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}
