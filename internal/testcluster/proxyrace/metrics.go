//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// captured is what ours has captured so far, by its own count.
type captured struct {
	records, bytes float64
	spilled, lost  float64 // of the records
}

// captured asks ours; it is nothing of others.
func (r *running) captured(ctx context.Context) (captured, error) {
	var c captured
	if r.metrics == "" {
		return c, nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.metrics, nil)
	if err != nil {
		return c, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return c, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return c, fmt.Errorf("%s says %s", r.metrics, answer.Status)
	}
	if err := c.read(answer.Body); err != nil {
		return c, fmt.Errorf("read %s: %w", r.metrics, err)
	}
	return c, nil
}

// read finds the counts in Prometheus' text format. All must be there: a count that has another name now is not none.
func (c *captured) read(from io.Reader) error {
	missing := map[string]*float64{
		"migassist_proxy_records_total": &c.records, "migassist_proxy_record_bytes_total": &c.bytes,
		"migassist_proxy_spilled_records_total": &c.spilled, "migassist_proxy_lost_records_total": &c.lost,
	}
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		to, ok := missing[name]
		if !ok {
			continue
		}
		var err error
		if *to, err = strconv.ParseFloat(value, 64); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		delete(missing, name)
	}
	for name := range missing {
		return fmt.Errorf("it has no %s", name)
	}
	return lines.Err()
}

// since is what was captured between two times.
func (c captured) since(before captured) captured {
	return captured{c.records - before.records, c.bytes - before.bytes, c.spilled - before.spilled, c.lost - before.lost}
}

// fault says whether so many answers, and the requests to them, can be in what was captured; "" if so.
func (c captured) fault(requests int64, answer int) string {
	if least := float64(requests) * float64(answer); c.bytes < least {
		return fmt.Sprintf("%.0f bytes were captured, the answers alone have %.0f", c.bytes, least)
	}
	return ""
}
