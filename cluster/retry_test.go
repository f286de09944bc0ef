package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestReadsAreRepeatedUntilTheServerIsBack(t *testing.T) {
	client, _, p := connected(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		switch n {
		case 1:
			refuseWith(w, 503, "cluster_block_exception", "not yet")
		case 2:
			panic(http.ErrAbortHandler)
		case 3:
			w.Header().Set("Retry-After", "7")
			refuseWith(w, 429, "circuit_breaking_exception", "busy")
		default:
			fmt.Fprint(w, `{"count":3}`)
		}
	})
	count, err := client.Count(t.Context(), "books")
	if err != nil || count != 3 {
		t.Fatalf("%d, %v", count, err)
	}
	want := []time.Duration{500 * time.Millisecond, time.Second, 7 * time.Second}
	if fmt.Sprint(p.waits) != fmt.Sprint(want) {
		t.Errorf("waited %v, want %v", p.waits, want)
	}
}

func TestRepeatingEnds(t *testing.T) {
	client, server, p := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		refuseWith(w, 503, "cluster_block_exception", "never")
	})
	before := len(server.asked())
	_, err := client.Count(t.Context(), "books")
	wantText(t, err, "503 cluster_block_exception: never")
	if sent := len(server.asked()) - before; sent != 5 || len(p.waits) != 4 {
		t.Errorf("sent %d times with %d waits", sent, len(p.waits))
	}
}

func TestRefusalsAreNotRepeated(t *testing.T) {
	client, server, p := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		refuseWith(w, 400, "illegal_argument_exception", "no")
	})
	before := len(server.asked())
	if _, err := client.Count(t.Context(), "books"); err == nil {
		t.Fatal("no error")
	}
	if sent := len(server.asked()) - before; sent != 1 || len(p.waits) != 0 {
		t.Errorf("sent %d times, waited %v", sent, p.waits)
	}
}

// What was perhaps acted upon is not sent again where that would matter.
func TestWritesAreRepeatedOnlyWhereItIsSafe(t *testing.T) {
	for name, c := range map[string]struct {
		status int // 0 hangs up
		call   func(context.Context, *Client) error
		sent   int
	}{
		"create index, busy":     {429, func(ctx context.Context, c *Client) error { return c.CreateIndex(ctx, "i", nil) }, 5},
		"create index, timeout":  {503, func(ctx context.Context, c *Client) error { return c.CreateIndex(ctx, "i", nil) }, 1},
		"create index, hung up":  {0, func(ctx context.Context, c *Client) error { return c.CreateIndex(ctx, "i", nil) }, 1},
		"delete index, hung up":  {0, func(ctx context.Context, c *Client) error { return c.DeleteIndex(ctx, "i") }, 1},
		"put template, timeout":  {503, func(ctx context.Context, c *Client) error { return c.PutTemplate(ctx, "i", nil) }, 5},
		"put template, hung up":  {0, func(ctx context.Context, c *Client) error { return c.PutTemplate(ctx, "i", nil) }, 5},
		"update aliases, 503":    {503, func(ctx context.Context, c *Client) error { return c.UpdateAliases(ctx, nil) }, 1},
		"refresh, hung up":       {0, func(ctx context.Context, c *Client) error { return c.Refresh(ctx, "i") }, 5},
		"bulk, busy":             {429, func(ctx context.Context, c *Client) error { _, err := c.Bulk(ctx, []byte("{}\n")); return err }, 1},
		"bulk, hung up":          {0, func(ctx context.Context, c *Client) error { _, err := c.Bulk(ctx, []byte("{}\n")); return err }, 1},
		"put component template": {502, func(ctx context.Context, c *Client) error { return c.PutComponentTemplate(ctx, "i", nil) }, 5},
		"put index template":     {504, func(ctx context.Context, c *Client) error { return c.PutIndexTemplate(ctx, "i", nil) }, 5},
		"put alias":              {502, func(ctx context.Context, c *Client) error { return c.PutAlias(ctx, "i", "a", nil) }, 5},
	} {
		t.Run(name, func(t *testing.T) {
			client, server, _ := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
				if c.status == 0 {
					panic(http.ErrAbortHandler)
				}
				refuseWith(w, c.status, "x", "y")
			})
			before := len(server.asked())
			err := c.call(t.Context(), client)
			if !Retryable(err) {
				t.Errorf("Retryable(%v) is false", err)
			}
			if sent := len(server.asked()) - before; sent != c.sent {
				t.Errorf("sent %d times, want %d", sent, c.sent)
			}
		})
	}
}

func TestTheBodyIsSentAgain(t *testing.T) {
	client, server, _ := connected(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n < 3 {
			refuseWith(w, 503, "x", "y")
			return
		}
		fmt.Fprint(w, `{"acknowledged":true}`)
	})
	if err := client.PutTemplate(t.Context(), "a", []byte(`{"index_patterns":["b"]}`)); err != nil {
		t.Fatal(err)
	}
	bodies := server.bodies[len(server.bodies)-3:]
	for _, body := range bodies {
		if body != `{"index_patterns":["b"]}` {
			t.Errorf("bodies %q", bodies)
		}
	}
}

func TestTheContextEndsWaiting(t *testing.T) {
	client, _, _ := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) { refuseWith(w, 503, "x", "why") })
	ctx, cancel := context.WithCancel(t.Context())
	client.gate.next.(retrying).policy.Wait(ctx, 0) // no panic: the policy is complete
	policy := client.gate.next.(retrying)
	policy.policy.Wait = func(context.Context, time.Duration) error {
		cancel()
		return Retry{}.WithDefaults().Wait(ctx, time.Hour)
	}
	client.gate.next = policy
	_, err := client.Count(ctx, "books")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	wantText(t, err, "why")
	_, err = client.Count(ctx, "books")
	if !errors.Is(err, context.Canceled) || Retryable(err) {
		t.Errorf("%v, want context.Canceled, not retryable", err)
	}
}

func TestPausesGrowAndAreBounded(t *testing.T) {
	r := Retry{}.WithDefaults()
	for _, random := range []float64{0, 0.999} {
		r.Random = func() float64 { return random }
		for attempts := 1; attempts < 100; attempts++ {
			got := pause(r, attempts, errors.New("x"))
			if got < 250*time.Millisecond || got > r.Ceiling {
				t.Fatalf("pause %d is %v", attempts, got)
			}
		}
	}
	if got := pause(r, 1, &Error{RetryAfter: time.Hour}); got != maxRetryAfter {
		t.Errorf("a server that asks for an hour gets %v", got)
	}
	if got := retryAfter("Wed, 21 Oct 2015 07:28:00 GMT"); got != 0 {
		t.Errorf("a date gives %v", got)
	}
}
