package telemetry

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"migassist/config"
)

// NewLogger makes the logger that the configuration asks for, writing to w.
// terminal says whether w is one, now is the clock. Times are RFC 3339 in UTC.
func NewLogger(log config.Log, w io.Writer, terminal bool, now func() time.Time) (zerolog.Logger, error) {
	level, err := zerolog.ParseLevel(log.Level)
	if err != nil {
		return zerolog.Nop(), fmt.Errorf("log level: %w", err)
	}
	switch log.Format {
	case "console":
		w = console(w, !terminal)
	case "auto":
		if terminal {
			w = console(w, false)
		}
	}
	fields := zerolog.New(w).Level(level).With()
	for _, name := range slices.Sorted(maps.Keys(log.Fields)) {
		fields = fields.Str(name, log.Fields[name])
	}
	return fields.Logger().Hook(stamp{now}), nil
}

// console is the form for people: time of day, level, message, fields. Colours
// are for terminals, and not where NO_COLOR is set.
func console(w io.Writer, noColor bool) io.Writer {
	return zerolog.ConsoleWriter{Out: w, NoColor: noColor, TimeFormat: time.TimeOnly + "Z", TimeLocation: time.UTC}
}

// stamp adds the time to each line. It is a hook, not zerolog's own timestamp,
// because that takes its clock and its zone from package variables.
type stamp struct{ now func() time.Time }

// Run is called by zerolog for each line.
func (s stamp) Run(event *zerolog.Event, _ zerolog.Level, _ string) {
	event.Str(zerolog.TimestampFieldName, s.now().UTC().Format(time.RFC3339Nano))
}
