package testcluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Username and Password are those of a secure server's administrator.
const (
	Username = "admin"
	Password = "admin"
)

const securityPlugin = "opensearch-security"

// securitySettings turn the security plugin on, with the files that secure writes.
var securitySettings = map[string]string{
	"plugins.security.ssl.transport.pemcert_filepath":              "node.pem",
	"plugins.security.ssl.transport.pemkey_filepath":               "node.key",
	"plugins.security.ssl.transport.pemtrustedcas_filepath":        "ca.pem",
	"plugins.security.ssl.transport.enforce_hostname_verification": "false",
	"plugins.security.ssl.http.enabled":                            "true",
	"plugins.security.ssl.http.pemcert_filepath":                   "node.pem",
	"plugins.security.ssl.http.pemkey_filepath":                    "node.key",
	"plugins.security.ssl.http.pemtrustedcas_filepath":             "ca.pem",
	"plugins.security.nodes_dn":                                    "CN=node",
	"plugins.security.ssl.http.clientauth_mode":                    "OPTIONAL",
	"plugins.security.authcz.admin_dn":                             "CN=mover",
	"plugins.security.allow_default_init_securityindex":            "true",
	"plugins.security.restapi.roles_enabled":                       "all_access",
}

// secure returns the client for the server. For a secure one it writes the plugin's
// configuration (its default users) and new certificates first.
func (s *Server) secure(home string) (*http.Client, error) {
	if !s.Spec.Secure {
		return newClient(nil), nil
	}
	from := os.DirFS(filepath.Join(home, "plugins", securityPlugin, "config"))
	if err := os.CopyFS(s.path("config", securityPlugin), from); err != nil {
		return nil, err
	}
	ca, err := newIdentity("migassist test CA", nil)
	if err != nil {
		return nil, err
	}
	node, err := newIdentity("node", ca)
	if err != nil {
		return nil, err
	}
	mover, err := newIdentity("mover", ca)
	if err != nil {
		return nil, err
	}
	for name, content := range map[string][]byte{
		"ca.pem": ca.certificatePEM(), "node.pem": node.certificatePEM(), "node.key": node.keyPEM, "mover.pem": mover.certificatePEM(), "mover.key": mover.keyPEM,
	} {
		if err := writePublic(s.path("config", name), content); err != nil {
			return nil, err
		}
	}
	s.CAFile, s.ClientCertFile, s.ClientKeyFile = s.path("config", "ca.pem"), s.path("config", "mover.pem"), s.path("config", "mover.key")
	trusted := x509.NewCertPool()
	trusted.AddCert(ca.certificate)
	return newClient(&tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}), nil
}

// identity is a certificate with its key.
type identity struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	keyPEM      []byte // PKCS#8
}

// newIdentity makes a certificate for loopback, signed by the authority; without one
// it makes an authority.
func newIdentity(name string, authority *identity) (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: authority == nil, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	parent, signer := template, key
	if authority != nil {
		parent, signer = authority.certificate, authority.key
		template.KeyUsage = x509.KeyUsageDigitalSignature
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &identity{certificate, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})}, nil
}

func (i *identity) certificatePEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.certificate.Raw})
}
