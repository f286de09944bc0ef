//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
)

// The logs that ours can write to.
const (
	noLog    = "no log"
	inFolder = "folder"
	inKafka  = "Kafka"
)

// The durabilities of ours.
const (
	async = "async"
	group = "group"
	sync  = "sync"
)

// startOurs starts our proxy.
func startOurs(log, durability string) starter {
	return func(ctx context.Context, s *site, dir string) (*running, error) {
		listen, err := address(ctx)
		if err != nil {
			return nil, err
		}
		metrics, err := address(ctx)
		if err != nil {
			return nil, err
		}
		host, port, err := net.SplitHostPort(listen)
		if err != nil {
			return nil, err
		}
		line := []string{
			s.binary, "proxy", "--listen-address", host, "--listen-port", port, "--destination-uri", "http://" + s.upstreams[server].address,
			"--admin-address", metrics, "--log-level", "warn",
		}
		switch log {
		case noLog:
			line = append(line, "--no-capture")
		case inFolder:
			line = append(line, "--capture-folder", filepath.Join(dir, "capture"), "--durability", durability)
		case inKafka:
			s.topics++
			line = append(line, "--kafka-brokers", s.kafka, "--kafka-topic", fmt.Sprintf("proxyrace-%d", s.topics), "--create-topic",
				"--spill-folder", filepath.Join(dir, "spill"), "--durability", durability)
		}
		r, err := s.beginWhen(ctx, dir, "migassist", listen, ready("http://"+metrics+"/readyz"), line...)
		if err == nil && log != noLog {
			r.metrics = "http://" + metrics + "/metrics"
		}
		return r, err
	}
}

// ready asks an address that says 200 when the server behind it is ready.
func ready(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s says %s", url, answer.Status)
		}
		return nil
	}
}

// hasProxy says whether the command has the mode that is measured.
func hasProxy(ctx context.Context, binary string) error {
	help, err := exec.CommandContext(ctx, binary, "proxy", "--help").CombinedOutput()
	if err != nil {
		return fmt.Errorf("ask %s for its proxy (make build makes it): %w: %s", binary, err, help)
	}
	if bytes.Contains(help, []byte("not in this version")) {
		return errNoProxy
	}
	return nil
}

var errNoProxy = errors.New("the proxy is not in this version")
