package telemetry

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"migassist/config"
)

func TestFormFollowsTheTerminal(t *testing.T) {
	noon := time.Date(2026, 11, 22, 13, 0, 0, 500_000_000, time.FixedZone("CET", 3600))
	const asJSON = `{"level":"info","run":"7","team":"search","index":"logs","time":"2026-11-22T12:00:00.5Z","message":"index done"}`
	const asText = "12:00:00Z INF index done index=logs run=7 team=search"
	for _, c := range []struct {
		format   string
		terminal bool
		want     string
	}{
		{"auto", true, asText},
		{"auto", false, asJSON},
		{"json", true, asJSON},
		{"console", false, asText},
	} {
		t.Setenv("NO_COLOR", "1")
		var out bytes.Buffer
		log := config.Log{Level: "info", Format: c.format, Fields: map[string]string{"team": "search", "run": "7"}}
		logger, err := NewLogger(log, &out, c.terminal, func() time.Time { return noon })
		if err != nil {
			t.Fatal(err)
		}
		logger.Debug().Msg("not shown")
		logger.Info().Str("index", "logs").Msg("index done")
		if got := strings.TrimSpace(out.String()); got != c.want {
			t.Errorf("%s, terminal %v:\ngot  %s\nwant %s", c.format, c.terminal, got, c.want)
		}
	}
}

func TestLevelsOfTheConfigurationAreKnown(t *testing.T) {
	for _, level := range []string{"debug", "info", "warn", "error"} {
		if _, err := NewLogger(config.Log{Level: level}, &bytes.Buffer{}, false, time.Now); err != nil {
			t.Error(err)
		}
	}
	if _, err := NewLogger(config.Log{Level: "loud"}, &bytes.Buffer{}, false, time.Now); err == nil {
		t.Error("a level that does not exist was taken")
	}
}
