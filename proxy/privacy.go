package proxy

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"
	"math"
	"regexp"
	"strings"

	"migassist/capture/httpwire"
)

// Privacy says what of the traffic is not captured, or not as it passed. The traffic itself is never changed by it.
type Privacy struct {
	// Requests that these match, as a whole, are left out, with their answers; nil matches none.
	Header        []HeaderMatch
	Method, Path  *regexp.Regexp
	MethodAndPath *regexp.Regexp // of "METHOD PATH"
	WritesOnly    bool           // requests that change nothing are left out
	Sample        float64        // part of the connections that is captured, if it is above 0

	Remove []string // headers that are left out
	Hash   []string // headers whose values are replaced by a sum
	Salt   []byte   // of the sums
	Redact []Path   // fields of JSON bodies whose values are overwritten
}

// HeaderMatch matches requests by the value of a header.
type HeaderMatch struct {
	Name  string
	Value *regexp.Regexp
}

// Expression compiles a regular expression that has to match as a whole.
func Expression(text string) (*regexp.Regexp, error) { return regexp.Compile("^(?:" + text + ")$") }

// suppressed tells whether a request is left out.
func (p *Privacy) suppressed(h *httpwire.Head, changes bool) bool {
	if p.WritesOnly && !changes {
		return true
	}
	if p.Method != nil && p.Method.Match(h.Method) || p.Path != nil && p.Path.Match(h.Target) {
		return true
	}
	if p.MethodAndPath != nil && p.MethodAndPath.Match(append(append(bytes.Clone(h.Method), ' '), h.Target...)) {
		return true
	}
	for _, m := range p.Header {
		for name, value := range h.Fields() {
			if strings.EqualFold(m.Name, string(name)) && m.Value.Match(value) {
				return true
			}
		}
	}
	return false
}

// sampled tells whether a connection is captured.
func (p *Privacy) sampled(connection string) bool {
	if p.Sample <= 0 || p.Sample >= 1 {
		return true
	}
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(connection)) // never fails
	return float64(sum.Sum64())/math.MaxUint64 < p.Sample
}

// head gives the head as it is captured, and the bytes of its header lines.
func (p *Privacy) head(h *httpwire.Head) (raw []byte, headerBytes int) {
	touched := false
	for name := range h.Fields() {
		touched = touched || among(p.Remove, name) || among(p.Hash, name)
	}
	if !touched {
		return h.Raw, h.HeaderBytes
	}
	return rewrite(h, func(line, name, value, to []byte) []byte {
		switch {
		case among(p.Remove, name):
			return to
		case among(p.Hash, name):
			line = append(append([]byte(nil), name...), ": "...)
			line = append(line, p.sum(value)...)
		}
		headerBytes += len(line)
		return append(append(to, line...), "\r\n"...)
	}), headerBytes
}

// rewrite gives the head with each header line as do appends it.
func rewrite(h *httpwire.Head, do func(line, name, value, to []byte) []byte) []byte {
	begin := bytes.Index(h.Raw, h.First()) + len(h.First())
	to := append(make([]byte, 0, len(h.Raw)+64), h.Raw[:begin]...)
	to = append(to, "\r\n"...)
	for line, name := range h.Lines() {
		to = do(line, name, bytes.Trim(line[len(name)+1:], " \t"), to)
	}
	return append(to, "\r\n"...)
}

func among(names []string, name []byte) bool {
	for _, n := range names {
		if len(n) == len(name) && strings.EqualFold(n, string(name)) {
			return true
		}
	}
	return false
}

// sum replaces a value; a scheme, as in "Basic …", stays.
func (p *Privacy) sum(value []byte) []byte {
	scheme, secret, ok := bytes.Cut(value, []byte{' '})
	if !ok {
		scheme, secret = nil, value
	}
	mac := hmac.New(sha256.New, p.Salt)
	_, _ = mac.Write(secret) // never fails
	to := scheme
	if ok {
		to = append(append([]byte(nil), scheme...), ' ')
	}
	return append(append([]byte(nil), to...), "sha256-"+hex.EncodeToString(mac.Sum(nil)[:12])...)
}
