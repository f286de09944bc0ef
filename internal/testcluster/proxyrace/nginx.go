//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// nginxConfig is the proxy as its manual recommends it for speed: connections to the upstream are kept, nothing is logged, and no
// connection ends after a number of requests, on either side. Of two workers one would take most of the connections that come at once;
// "reuseport" gives each a queue of its own.
const nginxConfig = `daemon off;
worker_processes 2;
worker_rlimit_nofile 20000;
pid {dir}/nginx.pid;
error_log stderr warn;
{user}
events { worker_connections 8000; }
http {
  access_log off;
  default_type application/json;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  upstream first { server {first}; keepalive 1024; keepalive_requests 1000000000; keepalive_timeout 3600s; }
  upstream second { server {second}; keepalive 1024; keepalive_requests 1000000000; keepalive_timeout 3600s; }
  server {
    listen {listen} reuseport backlog=4096;
    location / {
      {mirror}
      proxy_pass http://first;
    }
    location = /mirrored {
      internal;
      proxy_pass http://second$request_uri;
    }
  }
}
`

// startNginx starts nginx as a proxy; with a mirror, each request also goes to another upstream, whose answer is thrown away. nginx does
// not read the body of that answer but ends the connection, so that each request to be mirrored needs a new one, unless there is no body:
// that makes a difference of three times, and is why there are two kinds.
func startNginx(mirror string, to upstream) starter {
	return func(ctx context.Context, s *site, dir string) (*running, error) {
		listen, err := address(ctx)
		if err != nil {
			return nil, err
		}
		user := ""
		if os.Getuid() == 0 {
			user = "user root root;" // the folder is root's
		}
		config := strings.NewReplacer("{dir}", dir, "{user}", user, "{listen}", listen, "{mirror}", mirror,
			"{first}", s.upstreams[server].address, "{second}", s.upstreams[to].address).Replace(nginxConfig)
		file := filepath.Join(dir, "nginx.conf")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			return nil, fmt.Errorf("configure nginx: %w", err)
		}
		return s.begin(ctx, dir, "nginx", listen, s.tools["nginx"], "-p", dir, "-c", file, "-e", filepath.Join(dir, "error.log"))
	}
}
