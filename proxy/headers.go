package proxy

import (
	"bytes"
	"strings"

	"migassist/capture/httpwire"
)

// rewritten is the head of a request as it is forwarded, or nil where that is as it came. It differs where the operator sets headers, and where
// the client offers to go over to HTTP/2 on this connection: that offer is taken out, as what follows it would not be captured.
func (p *Proxy) rewritten(h *httpwire.Head) []byte {
	offer := hasToken(h.Get("Upgrade"), "h2c")
	if len(p.options.Headers) == 0 && !offer {
		return nil
	}
	raw := rewrite(h, func(line, name, value, to []byte) []byte {
		switch {
		case p.sets(name), offer && (is(name, "Upgrade") || is(name, "HTTP2-Settings")):
			return to
		case offer && is(name, "Connection"):
			kept := without(value, "upgrade", "http2-settings")
			if kept == "" {
				return to
			}
			line = append([]byte("Connection: "), kept...)
		}
		return append(append(to, line...), "\r\n"...)
	})
	if len(p.options.Headers) == 0 {
		return raw
	}
	raw = raw[:len(raw)-2]
	for _, header := range p.options.Headers {
		raw = append(append(append(append(raw, header[0]...), ": "...), header[1]...), "\r\n"...)
	}
	return append(raw, "\r\n"...)
}

func (p *Proxy) sets(name []byte) bool {
	for _, header := range p.options.Headers {
		if is(name, header[0]) {
			return true
		}
	}
	return false
}

func is(name []byte, wanted string) bool {
	return len(name) == len(wanted) && strings.EqualFold(string(name), wanted)
}

// hasToken tells whether a list of tokens between commas has one.
func hasToken(list []byte, token string) bool {
	for one := range bytes.SplitSeq(list, []byte{','}) {
		if is(bytes.TrimSpace(one), token) {
			return true
		}
	}
	return false
}

// without is a list of tokens between commas less some of them.
func without(list []byte, tokens ...string) string {
	var kept []string
next:
	for one := range strings.SplitSeq(string(list), ",") {
		one = strings.TrimSpace(one)
		for _, token := range tokens {
			if one == "" || strings.EqualFold(one, token) {
				continue next
			}
		}
		kept = append(kept, one)
	}
	return strings.Join(kept, ", ")
}

// masker is what overwrites fields in the body of a message; nil where nothing is to be.
func (p *Proxy) masker(h *httpwire.Head) *masker {
	if len(p.options.Privacy.Redact) == 0 || h.Framing == httpwire.NoBody || compressed(h) {
		return nil
	}
	return newMasker(p.options.Privacy.Redact)
}

// unreadable tells of bodies in which fields should be overwritten and can't be: they are compressed.
func (p *Proxy) unreadable(h *httpwire.Head) bool {
	return len(p.options.Privacy.Redact) > 0 && h.Framing != httpwire.NoBody && compressed(h)
}

func compressed(h *httpwire.Head) bool {
	coding := h.Get("Content-Encoding")
	return len(coding) > 0 && !is(coding, "identity")
}
