package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAnAPIKeyIsSentWithEveryRequest(t *testing.T) {
	s := &script{answer: func(w http.ResponseWriter, r *http.Request, _ int) {
		if r.URL.Path == "/refused/_count" {
			refuseWith(w, 401, "security_exception", "unable to find apikey")
			return
		}
		fmt.Fprint(w, `{"count":3}`)
	}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	client, err := Connect(t.Context(), Options{URL: server.URL, APIKey: "aWQ6a2V5"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Count(t.Context(), "books"); err != nil {
		t.Error(err)
	}
	for i, header := range s.headers {
		if got := header.Get("Authorization"); got != "ApiKey aWQ6a2V5" {
			t.Errorf("request %d: %q", i, got)
		}
	}
	if _, err := client.Count(t.Context(), "refused"); err == nil || !strings.Contains(err.Error(), "--target-api-key") || strings.Contains(err.Error(), "aWQ6a2V5") {
		t.Error(err)
	}
}

// TestAClientCertificateIsShown: to a server that lets nobody in without one of its own authority.
func TestAClientCertificateIsShown(t *testing.T) {
	dir := t.TempDir()
	ca, caKey := certificate(t, dir, "ca", nil, nil)
	certificate(t, dir, "mover", ca, caKey)
	certificate(t, dir, "stranger", nil, nil)
	var shown []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown = append(shown, r.TLS.PeerCertificates[0].Subject.CommonName)
		fmt.Fprint(w, mainOpenSearch)
	}))
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	trust := filepath.Join(dir, "server.pem")
	write(t, trust, "CERTIFICATE", server.Certificate().Raw)
	as := func(name string) Options {
		o := Options{URL: server.URL, CACertFile: trust, Retry: Retry{Attempts: 1}}
		if name != "" {
			o.ClientCertFile, o.ClientKeyFile = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
		}
		return o
	}
	reader, err := ConnectReader(t.Context(), as("mover"))
	if err != nil || reader.Version().Major != 2 || len(shown) != 1 || shown[0] != "mover" {
		t.Errorf("%v, shown %q", err, shown)
	}
	for _, name := range []string{"", "stranger"} {
		if _, err := ConnectReader(t.Context(), as(name)); err == nil || !strings.Contains(err.Error(), "--target-client-cert") {
			t.Errorf("%q: got error %v", name, err)
		}
	}
}

// certificate writes NAME.pem and NAME.key, signed by its own key where there is no other.
func certificate(t *testing.T, dir, name string, by *x509.Certificate, with *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: by == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if by == nil {
		by, with = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by, &key.PublicKey, with)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, name+".pem"), "CERTIFICATE", der)
	write(t, filepath.Join(dir, name+".key"), "PRIVATE KEY", private)
	return made, key
}

func write(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}
