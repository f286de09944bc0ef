//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const haproxyGlobal = `global
  nbthread 2
  maxconn 8000
defaults
  mode http
  timeout client 1h
  timeout server 1h
  timeout connect 5s
  timeout http-keep-alive 1h
`

// haproxyConfig is the proxy: connections to the upstream are shared by those of clients, as nginx does it.
const haproxyConfig = haproxyGlobal + `frontend clients
  bind {listen} backlog 4096
  default_backend upstream
backend upstream
  http-reuse always
  server first {first}
`

// upstream is one of the servers behind the proxies.
type upstream int

const (
	server   upstream = iota // behind all
	mirrored                 // the same again, to mirror to
	silent                   // takes requests, and answers without a body
)

// upstreamConfig is the server behind all proxies. It answers from memory, and only when the whole body is there.
const upstreamConfig = haproxyGlobal + `frontend server
  bind {listen} backlog 4096
  http-request wait-for-body time 1h if METH_POST
  http-request return status 200 content-type application/json string '{write}' if METH_POST { path /_bulk }
  http-request return status 200 content-type application/json string '{read}' if METH_GET { path_beg /bench/_doc/ }
  http-request return status 404 content-type text/plain string "the benchmark does not ask for this"
`

// silentConfig is a server for mirrors whose answers have no body.
const silentConfig = haproxyGlobal + `frontend server
  bind {listen} backlog 4096
  http-request wait-for-body time 1h if METH_POST
  http-request return status 200
`

// startHAProxy starts HAProxy as a proxy.
func startHAProxy(ctx context.Context, s *site, dir string) (*running, error) {
	return s.haproxy(ctx, dir, "haproxy", strings.ReplaceAll(haproxyConfig, "{first}", s.upstreams[server].address))
}

// startUpstreams starts HAProxy as each of the servers.
func (s *site) startUpstreams(ctx context.Context) error {
	answers := strings.NewReplacer("{write}", writeAnswer(), "{read}", readAnswer())
	for which, config := range []string{server: upstreamConfig, mirrored: upstreamConfig, silent: silentConfig} {
		name := fmt.Sprintf("upstream-%d", which)
		dir := filepath.Join(s.temporary, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		started, err := s.haproxy(ctx, dir, name, answers.Replace(config))
		if err != nil {
			return err
		}
		s.upstreams = append(s.upstreams, started)
	}
	return nil
}

func (s *site) haproxy(ctx context.Context, dir, name, config string) (*running, error) {
	listen, err := address(ctx)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, name+".cfg")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(config, "{listen}", listen)), 0o600); err != nil {
		return nil, fmt.Errorf("configure %s: %w", name, err)
	}
	return s.begin(ctx, dir, name, listen, s.tools["haproxy"], "-db", "-f", file)
}
