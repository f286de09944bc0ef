//go:build e2e

package kafkalog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"migassist/capture"
	"migassist/internal/testcluster"
)

// roundTrip appends a record and reads it.
func roundTrip(t *testing.T, o Options) {
	t.Helper()
	a := openAppender(t, o)
	defer a.Close()
	value := fmt.Sprint(time.Now().UnixNano())
	if err := a.Append(t.Context(), []capture.Record{{Key: []byte("k"), Value: []byte(value)}}); err != nil {
		t.Fatal(err)
	}
	records := readAll(t, o, Reading{})
	if len(records) == 0 || string(records[len(records)-1].Value) != value {
		t.Fatalf("read %d records, the last one is not what was appended", len(records))
	}
}

// attempt is options, and what an error says that comes of them; nothing where they work.
type attempt struct {
	name string
	o    Options
	says string
}

func try(t *testing.T, k *testcluster.Kafka, attempts []attempt) {
	t.Helper()
	for _, c := range attempts {
		t.Run(c.name, func(t *testing.T) {
			o := c.o
			o.Timeout = 5 * time.Second
			if o.Brokers == nil {
				o.Brokers = []string{k.Addr}
			}
			if c.says == "" {
				roundTrip(t, o)
				return
			}
			begun := time.Now()
			_, err := OpenAppender(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error: %v\nwant one that says %q", err, c.says)
			}
			if took := time.Since(begun); took > 11*time.Second {
				t.Errorf("it took %s", took)
			}
			t.Log(err)
		})
	}
}

func TestLogins(t *testing.T) {
	k := startKafka(t, testcluster.KafkaSpec{SASL: true, Authorize: true, NoAutoCreate: true})
	user := func(auth Auth, name, password string) Options {
		return Options{Auth: auth, Username: name, Password: password}
	}
	const admin, other, password = testcluster.KafkaUsername, testcluster.KafkaOther, testcluster.KafkaPassword
	created := user(ScramSHA512, admin, password)
	created.Create = &Creation{Partitions: 3}
	secured := user(ScramSHA512, admin, password)
	secured.TLS = true
	refused := user(ScramSHA512, other, password)
	refused.Create = &Creation{}
	open := Options{Brokers: []string{k.Open}, Auth: Plain, Username: admin, Password: password}
	try(t, k, []attempt{
		{"no topic", user(ScramSHA512, admin, password), "--create-topic"},
		{"may not create it", refused, "may not"},
		{"SCRAM-SHA-512, creating the topic", created, ""},
		{"SCRAM-SHA-256", user(ScramSHA256, admin, password), ""},
		{"PLAIN", user(Plain, admin, password), ""},
		{"a wrong password", user(ScramSHA512, admin, "wrong"), "does not accept user"},
		{"a wrong password, PLAIN", user(Plain, admin, "wrong"), "does not accept user"},
		{"nobody", user(ScramSHA512, "nobody", password), "does not accept user"},
		{"no login", Options{}, "hung up"},
		{"TLS, which it does not speak", secured, "expects TLS or a login and does not get it, or the other way round"},
		{"without rights", user(ScramSHA512, other, password), "may not"},
		{"a login where none is wanted", open, "login"},
	})
	t.Run("rights to write, none to read", func(t *testing.T) {
		allow(t, k, "User:"+other, "DESCRIBE", "WRITE")
		o := user(ScramSHA512, other, password)
		o.Brokers = []string{k.Addr}
		a := openAppender(t, o)
		if err := a.Append(t.Context(), []capture.Record{{Value: []byte("x")}}); err != nil {
			t.Error(err)
		}
		if _, err := OpenSource(t.Context(), o, Reading{}); err == nil || !strings.Contains(err.Error(), "may not read") {
			t.Errorf("open for reading: %v", err)
		}
		if a.MaxRecord() < 1<<20-200 || a.MaxRecord() > 1<<20 {
			t.Errorf("who may not ask for limits assumes %d", a.MaxRecord())
		}
	})
	t.Run("rights to look, none to write", func(t *testing.T) {
		deny(t, k, "User:"+other, "WRITE")
		o := user(ScramSHA512, other, password)
		o.Brokers = []string{k.Addr}
		if _, err := OpenAppender(t.Context(), o); err == nil || !strings.Contains(err.Error(), "may not write") {
			t.Errorf("open for appending: %v", err)
		}
	})
}

func TestTLS(t *testing.T) {
	for _, spec := range []testcluster.KafkaSpec{{TLS: true}, {TLS: true, ClientCertificates: true, Authorize: true}} {
		k := startKafka(t, spec)
		foreign := foreignIdentity(t)
		create := &Creation{Partitions: 2}
		attempts := []attempt{
			{"no TLS", Options{}, "TLS"},
			{"an unknown authority", Options{TLS: true}, "not signed by an authority"},
		}
		if spec.ClientCertificates {
			attempts = append(attempts,
				attempt{"a client certificate", Options{Auth: SSL, CAFile: k.CAFile, CertFile: k.ClientCertFile, KeyFile: k.ClientKeyFile, Create: create}, ""},
				attempt{"none", Options{TLS: true, CAFile: k.CAFile}, "client certificate"},
				attempt{"a foreign one", Options{Auth: SSL, CAFile: k.CAFile, CertFile: foreign + "/client.pem", KeyFile: foreign + "/client.key"}, "client certificate"})
		} else {
			attempts = append(attempts,
				attempt{"the authority", Options{TLS: true, CAFile: k.CAFile, Create: create}, ""},
				attempt{"whatever it shows", Options{TLS: true, Insecure: true}, ""},
				attempt{"a login that is not offered", Options{TLS: true, CAFile: k.CAFile, Auth: Plain, Username: "x"}, "login"})
		}
		t.Run(fmt.Sprintf("client certificates %v", spec.ClientCertificates), func(t *testing.T) { try(t, k, attempts) })
	}
}

func TestSASLOverTLS(t *testing.T) {
	k := startKafka(t, testcluster.KafkaSpec{TLS: true, SASL: true})
	try(t, k, []attempt{{"SCRAM-SHA-512", Options{
		TLS: true, CAFile: k.CAFile, Auth: ScramSHA512, Username: testcluster.KafkaUsername, Password: testcluster.KafkaPassword, Create: &Creation{},
	}, ""}})
}
