//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// complete says whether data is a whole answer: status 200 and a body of the announced length. The proxies have no reason to send it
// otherwise, as the upstream does not.
func complete(data []byte) (bool, error) {
	const ok = "HTTP/1.1 200 "
	if !bytes.HasPrefix(data, []byte(ok[:min(len(ok), len(data))])) {
		return false, errors.New("not status 200 of HTTP/1.1")
	}
	head, body, found := bytes.Cut(data, []byte("\r\n\r\n"))
	if !found {
		return false, nil
	}
	length, err := contentLength(head)
	if err != nil {
		return false, err
	}
	if len(body) > length {
		return false, fmt.Errorf("%d bytes follow the answer", len(body)-length)
	}
	return len(body) == length, nil
}

// contentLength finds the length in a head.
func contentLength(head []byte) (int, error) {
	for line := range bytes.Lines(head) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			return strconv.Atoi(string(bytes.TrimSpace(value)))
		}
	}
	return 0, errors.New("it has no Content-Length")
}
