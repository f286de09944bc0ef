package proxy

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"
)

// refuse answers a request in place of the upstream, and ends the connection. own is 1 where the request is among those that are pending,
// and 0 where it did not get so far. Answers to requests before it come first.
func (c *conn) refuse(status, own int, reason string) error {
	if c.left.inLoop {
		c.left.refusal = &refusing{status, own, reason}
		return errLater
	}
	c.proxy.stats.Refused.Add(1)
	c.proxy.options.Logger.Debug().Str("connection", c.id).Int("status", status).Str("reason", reason).Msg("a request was refused")
	if c.awaitAnswers(own) {
		answer := refusal(status, reason)
		if c.rec != nil && own == 1 && c.request.captured {
			c.rec.write(c.proxy.now(), answer)
		}
		c.toClient.Lock()
		_ = c.back.write(answer) // the client may have gone
		c.toClient.Unlock()
	}
	closeWrite(c.client)
	_ = c.discard(nil)
	return errRefused
}

// awaitAnswers waits a while until no others than own are pending.
func (c *conn) awaitAnswers(own int) bool {
	deadline := time.After(10 * time.Second)
	for c.pending.len() > own {
		select {
		case <-deadline:
			return false
		case <-c.answered:
			return false
		case <-time.After(5 * time.Millisecond):
		}
	}
	return true
}

// refusal is an answer in the form of the errors of Elasticsearch.
func refusal(status int, reason string) []byte {
	body, err := json.Marshal(map[string]any{
		"error": map[string]any{"type": "migassist_proxy_exception", "reason": reason}, "status": status,
	})
	if err != nil { // strings and a number
		panic(err)
	}
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\ncontent-type: application/json; charset=UTF-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s",
		status, http.StatusText(status), len(body), body)
}

// closeWrite tells the other side that nothing more comes.
func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // it may have gone
		return
	}
	_ = c.Close()
}

// abort ends a connection so that the other side sees that it was not meant to end there.
func abort(c net.Conn) {
	if under, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = under.NetConn()
	}
	if plain, ok := c.(*net.TCPConn); ok {
		_ = plain.SetLinger(0)
	}
	_ = c.Close()
}
