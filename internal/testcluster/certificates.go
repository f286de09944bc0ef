package testcluster

import (
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
)

// Certificates are PEM files of an authority, and of a server on loopback and a client that it signed.
type Certificates struct {
	CA, ServerCert, ServerKey, ClientCert, ClientKey string

	pool   *x509.CertPool
	server tls.Certificate
}

// NewCertificates writes new ones into dir. The client's common name is "client".
func NewCertificates(dir string) (*Certificates, error) {
	ca, err := newIdentity("migassist test CA", nil)
	if err != nil {
		return nil, err
	}
	server, err := newIdentity("server", ca)
	if err != nil {
		return nil, err
	}
	client, err := newIdentity("client", ca)
	if err != nil {
		return nil, err
	}
	c := &Certificates{pool: x509.NewCertPool()}
	c.pool.AddCert(ca.certificate)
	for _, file := range []struct {
		at      *string
		name    string
		content []byte
	}{
		{&c.CA, "ca.pem", ca.certificatePEM()},
		{&c.ServerCert, "server.pem", server.certificatePEM()},
		{&c.ServerKey, "server.key", server.keyPEM},
		{&c.ClientCert, "client.pem", client.certificatePEM()},
		{&c.ClientKey, "client.key", client.keyPEM},
	} {
		*file.at = filepath.Join(dir, file.name)
		if err := writePublic(*file.at, file.content); err != nil {
			return nil, err
		}
	}
	c.server, err = tls.X509KeyPair(server.certificatePEM(), server.keyPEM)
	return c, err
}

// Pool has the authority.
func (c *Certificates) Pool() *x509.CertPool { return c.pool }

// Server is TLS for the server; clients' certificates are checked against the authority where they are asked for.
func (c *Certificates) Server() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{c.server}, ClientCAs: c.pool}
}
