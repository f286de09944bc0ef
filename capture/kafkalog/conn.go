package kafkalog

import (
	"context"
	"net"
	"time"
)

// impatient is a connection that has a deadline at all times: kafka-go sets none while it logs in, and would wait for ever.
type impatient struct {
	net.Conn

	patience time.Duration
}

// SetDeadline sets the deadline; the zero time means a while from now. Whoever uses the connection later sets a new one first.
func (c *impatient) SetDeadline(t time.Time) error {
	if t.IsZero() {
		t = time.Now().Add(c.patience)
	}
	return c.Conn.SetDeadline(t)
}

// dialer connects impatiently.
func dialer(connect, patience time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: connect}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &impatient{conn, patience}, nil
	}
}
