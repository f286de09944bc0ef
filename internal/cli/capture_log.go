package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"migassist/capture"
	"migassist/capture/filelog"
	"migassist/capture/kafkalog"
	"migassist/config"
	"migassist/internal/awsauth"
	"migassist/proxy"
	"migassist/proxy/ship"
	"migassist/proxy/spool"
)

// keptCapture is the capture that a proxy writes: its log, and the spool before it.
type keptCapture struct {
	spool       *spool.Spool // nil captures nothing
	recordBytes int
	log         capture.Appender
	ended       chan error
	ship        func() error // of what is closed by then, when the log is
}

// openCapture opens the log that the configuration names, and starts the spool.
func openCapture(ctx context.Context, settings *config.Config, node string, log zerolog.Logger) (*keptCapture, error) {
	if settings.Capture.None {
		return &keptCapture{}, nil
	}
	k := &keptCapture{recordBytes: int(settings.Capture.RecordSize), ended: make(chan error, 1)}
	var err error
	if len(settings.Kafka.Brokers) > 0 {
		err = k.openKafka(ctx, settings.Kafka)
	} else {
		err = k.openFolder(ctx, settings, node, log)
	}
	if err != nil {
		return nil, err
	}
	o := spoolOptions(settings, node, log)
	o.Log = k.log
	if k.spool, err = spool.Open(o); err != nil {
		return nil, errors.Join(err, k.log.Close())
	}
	go func() { k.ended <- k.spool.Run(context.WithoutCancel(ctx)) }()
	return k, nil
}

func (k *keptCapture) openKafka(ctx context.Context, c config.Kafka) error {
	o, err := kafkaOptions(c)
	if err != nil {
		return err
	}
	if c.CreateTopic {
		o.Create = &kafkalog.Creation{Partitions: c.Partitions, Replication: c.Replication}
	}
	appender, err := kafkalog.OpenAppender(ctx, o)
	if err != nil {
		return err
	}
	k.log, k.recordBytes = appender, min(k.recordBytes, appender.MaxRecord()-keyRoom)
	return nil
}

// keyRoom is more than the id of a connection takes.
const keyRoom = 256

func (k *keptCapture) openFolder(ctx context.Context, settings *config.Config, node string, log zerolog.Logger) error {
	c := settings.Capture
	if c.NodeID != "" { // it may come back while the last process of that name still drains
		node += "." + strconv.FormatInt(time.Now().UnixNano(), 36)
	}
	o := filelog.Options{SegmentBytes: int64(c.SegmentBytes), RetainBytes: int64(c.RetainBytes), RetainAge: c.RetainAge}
	var shipper *ship.Shipper
	if c.ShipTo != "" {
		stores, err := storeOptions(settings, log)
		if err != nil {
			return err
		}
		if shipper, err = ship.New(ctx, c.Folder, c.ShipTo, stores, log); err != nil {
			return err
		}
		if err := shipper.Leftovers(); err != nil {
			return fmt.Errorf("look for files of the capture that were not shipped: %w", err)
		}
		o.Closed = shipper.Closed
	}
	l, err := filelog.Open(c.Folder, node, o)
	if err != nil {
		return err
	}
	k.log = l
	if shipper != nil {
		k.ship = shipping(ctx, shipper, l)
	}
	return nil
}

// lastShipping is how long the files that are left may take at the end. What is not through by then is shipped by the next proxy.
const lastShipping = 30 * time.Second

// shipping starts a shipper. What it returns ships the rest, with the segment that was written last.
func shipping(ctx context.Context, shipper *ship.Shipper, l *filelog.Log) func() error {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() { defer close(ended); shipper.Run(ctx) }()
	return func() error {
		stop()
		<-ended
		shipper.Closed(l.Segment())
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastShipping)
		defer cancel()
		if err := shipper.Flush(last); err != nil {
			return fmt.Errorf("%w\nthe next proxy with this folder ships it", err)
		}
		return nil
	}
}

// close has the log take what is left, and closes it.
func (k *keptCapture) close() error {
	if k.spool == nil {
		return nil
	}
	k.spool.Close()
	err := errors.Join(<-k.ended, k.log.Close())
	if k.ship != nil {
		err = errors.Join(err, k.ship())
	}
	return err
}

// kafkaOptions are the choices of the configuration about brokers.
func kafkaOptions(c config.Kafka) (kafkalog.Options, error) {
	password, err := c.Password.Value()
	if err != nil {
		return kafkalog.Options{}, fmt.Errorf("the password of the brokers: %w", err)
	}
	return kafkalog.Options{
		Brokers: c.Brokers, Topic: c.Topic, ClientID: c.ClientID, Auth: kafkalog.Auth(c.AuthType), Username: c.UserName, Password: password,
		AWS: awsauth.Options{Region: c.Region}, TLS: c.TLS || c.CACert != "" || c.ClientCert != "" || c.Insecure,
		CAFile: c.CACert, CertFile: c.ClientCert, KeyFile: c.ClientCertKey, Insecure: c.Insecure,
	}, nil
}

// privacyOptions are the choices of the configuration about what is not captured.
func privacyOptions(c config.Capture) (proxy.Privacy, error) {
	o := proxy.Privacy{WritesOnly: c.WritesOnly, Remove: c.RemoveHeaders, Hash: c.HashHeaders}
	if c.Sample < 100 {
		o.Sample = float64(c.Sample) / 100
	}
	for _, one := range []struct {
		text string
		to   **regexp.Regexp
	}{{c.SuppressMethod, &o.Method}, {c.SuppressPath, &o.Path}, {c.SuppressMethodAndPath, &o.MethodAndPath}} {
		if one.text == "" {
			continue
		}
		expression, err := proxy.Expression(one.text)
		if err != nil {
			return o, err
		}
		*one.to = expression
	}
	for _, text := range c.SuppressHeader {
		name, value, _ := strings.Cut(text, ":")
		expression, err := proxy.Expression(strings.TrimSpace(value))
		if err != nil {
			return o, err
		}
		o.Header = append(o.Header, proxy.HeaderMatch{Name: strings.TrimSpace(name), Value: expression})
	}
	for _, text := range c.Redact {
		path, err := proxy.ParsePath(text)
		if err != nil {
			return o, usageError{"--redact: " + err.Error(), ""}
		}
		o.Redact = append(o.Redact, path)
	}
	salt, err := c.HashSalt.Value()
	if err != nil {
		return o, err
	}
	if salt == "" {
		salt = rand.Text()
	}
	o.Salt = []byte(salt)
	return o, nil
}
