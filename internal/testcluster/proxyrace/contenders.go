//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// contender is a way to the upstream.
type contender struct {
	name  string
	start starter
	half  bool // takes part at half load with reads, too

	log, durability string // of ours; "" for others
}

// starter starts a contender with its files in dir.
type starter func(ctx context.Context, s *site, dir string) (*running, error)

func (c contender) ours() bool { return c.log != "" }

// The names that others are compared with.
const (
	direct = "direct"
	nginx  = "nginx"
	mirror = "nginx, mirror"
	sink   = "nginx, mirror to sink"
)

// contenders are all there are.
func contenders() []contender {
	all := []contender{
		{name: direct, start: startDirect, half: true},
		{name: nginx, start: startNginx("", server), half: true},
		{name: mirror, start: startNginx("mirror /mirrored;", mirrored)},
		{name: sink, start: startNginx("mirror /mirrored;", silent)},
		{name: "HAProxy", start: startHAProxy, half: true},
		{name: "ours, no log", start: startOurs(noLog, ""), half: true, log: noLog},
	}
	for _, log := range []string{inFolder, inKafka} {
		for _, durability := range []string{async, group, sync} {
			all = append(all, contender{
				name: fmt.Sprintf("ours, %s, %s", log, durability), start: startOurs(log, durability),
				half: durability == group, log: log, durability: durability,
			})
		}
	}
	return all
}

// running is a contender that takes requests.
type running struct {
	*process // nil for direct

	address string
	metrics string // where ours says what it captured; "" where nothing is
	dir     string
}

func startDirect(_ context.Context, s *site, dir string) (*running, error) {
	return &running{address: s.upstreams[server].address, dir: dir}, nil
}

// stop ends the process, if it has one, and removes its files.
func (r *running) stop() error {
	var err error
	if r.process != nil {
		err = r.process.stop()
	}
	return errors.Join(err, os.RemoveAll(r.dir))
}

// launch starts a contender, fresh.
func (s *site) launch(ctx context.Context, c contender) (*running, error) {
	dir, err := os.MkdirTemp(s.temporary, "contender-")
	if err != nil {
		return nil, err
	}
	r, err := c.start(ctx, s, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return r, nil
}

// begin starts a command that is ready when it takes connections.
func (s *site) begin(ctx context.Context, dir, name, listen string, line ...string) (*running, error) {
	return s.beginWhen(ctx, dir, name, listen, func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", listen)
		if err != nil {
			return err
		}
		return conn.Close()
	}, line...)
}

func (s *site) beginWhen(ctx context.Context, dir, name, listen string, ready func(context.Context) error, line ...string) (*running, error) {
	p, err := launch(dir, filepath.Base(name), line...)
	if err != nil {
		return nil, err
	}
	if err := p.await(ctx, ready); err != nil {
		if !p.ended() {
			err = errors.Join(err, p.stop())
		}
		return nil, err
	}
	return &running{process: p, address: listen, dir: dir}, nil
}
