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
	"migassist/proxy/spool"
)

// keptCapture is the capture that a proxy writes: its log, and the spool before it.
type keptCapture struct {
	spool       *spool.Spool // nil captures nothing
	recordBytes int
	log         capture.Appender
	ended       chan error
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
		err = k.openFolder(settings.Capture, node, log)
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

func (k *keptCapture) openFolder(c config.Capture, node string, log zerolog.Logger) error {
	if c.NodeID != "" { // it may come back while the last process of that name still drains
		node += "." + strconv.FormatInt(time.Now().UnixNano(), 36)
	}
	l, err := filelog.Open(c.Folder, node, filelog.Options{SegmentBytes: int64(c.SegmentBytes), RetainBytes: int64(c.RetainBytes), RetainAge: c.RetainAge})
	if err != nil {
		return err
	}
	if cut := l.Cut(); cut > 0 {
		log.Warn().Int64("bytes", cut).Msg("the capture had a torn end, which nobody was told was durable; it was cut off")
	}
	k.log = l
	return nil
}

// close has the log take what is left, and closes it.
func (k *keptCapture) close() error {
	if k.spool == nil {
		return nil
	}
	k.spool.Close()
	return errors.Join(<-k.ended, k.log.Close())
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
