package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ErrNotAcknowledged is wrapped by the error for a change that was accepted, but that not every node of
// the cluster had taken up in time. It usually happens soon after.
var ErrNotAcknowledged = errors.New("not acknowledged by all nodes in time")

// Error is an answer of 400 or more: the server's own words, and the request they answer. It never holds
// credentials.
type Error struct {
	Status int    // HTTP status
	Type   string // "resource_already_exists_exception"; "" where the answer was not the server's own JSON
	Reason string
	Method string
	Path   string // as sent, without the prefix of the cluster's URL and without the query

	// Root is the first of the server's root causes, where it says more than Type and Reason.
	Root Cause
	// Causes is the chain of caused_by, outermost first.
	Causes []Cause
	// RetryAfter is the pause the server asked for, or zero.
	RetryAfter time.Duration
	// Advice says what to do, where that is known.
	Advice string
}

// Cause is one link in the server's chain of reasons.
type Cause struct {
	Type   string `json:"type"`
	Reason string `json:"reason"`
}

// Error reads "PUT /books: 400 illegal_argument_exception: unknown setting [index.x]".
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: %d ", e.Method, e.Path, e.Status)
	if e.Type != "" {
		text.WriteString(e.Type)
	} else {
		text.WriteString(http.StatusText(e.Status))
	}
	said := e.Reason
	if e.Reason != "" {
		text.WriteString(": " + e.Reason)
	}
	for _, cause := range append([]Cause{e.Root}, e.Causes...) {
		if cause.Reason != "" && !strings.Contains(said, cause.Reason) {
			text.WriteString(": " + cause.Reason)
			said += cause.Reason
		}
	}
	if e.Advice != "" {
		text.WriteString(" (" + e.Advice + ")")
	}
	return text.String()
}

// Retryable reports whether the same request may succeed later: the server was busy or away, or the
// connection broke. It says nothing on whether repeating is safe; that depends on the request.
func Retryable(err error) bool {
	if answer, ok := errors.AsType[*Error](err); ok {
		return retryableStatus(answer.Status) || retryableType(answer.Type)
	}
	if connection, ok := errors.AsType[*ConnectionError](err); ok {
		return connection.Transient
	}
	return false
}

func retryableStatus(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryableType knows the exceptions that mean "not now" where older servers sent them with another status.
func retryableType(name string) bool {
	switch name {
	case "es_rejected_execution_exception", "rejected_execution_exception", "circuit_breaking_exception",
		"process_cluster_event_timeout_exception", "unavailable_shards_exception":
		return true
	}
	return false
}

// NotFound reports whether the server said that the thing asked for is not there.
func NotFound(err error) bool { return status(err) == http.StatusNotFound }

// Closed reports whether the server said that an index is closed, whose documents can be neither read nor written.
func Closed(err error) bool {
	answer, ok := errors.AsType[*Error](err)
	return ok && (answer.Type == "index_closed_exception" || answer.Root.Type == "index_closed_exception")
}

// Unauthorized reports whether the server wants other credentials (401) or more rights (403).
func Unauthorized(err error) bool {
	s := status(err)
	return s == http.StatusUnauthorized || s == http.StatusForbidden
}

// TooLarge reports whether the request was larger than the server takes, whatever else it is doing.
func TooLarge(err error) bool {
	answer, ok := errors.AsType[*Error](err)
	return ok && (answer.Status == http.StatusRequestEntityTooLarge || tooLargeForPressure(answer.Status, answer.Reason))
}

// pressure is how the servers' indexing pressure (Elasticsearch from 7.9, OpenSearch) says what a request needs and what there is at
// most. It says so in words alone, with the same type and status whether the request would fit at another time or never.
// Source: IndexingPressure.markCoordinatingOperationStarted, markPrimaryOperationStarted.
var pressure = regexp.MustCompile(`(?:coordinating|primary)_operation_bytes=(\d+), max_coordinating_and_primary_bytes=(\d+)`)

// tooLargeForPressure reports whether a request needs more than the server has when it does nothing else.
func tooLargeForPressure(status int, reason string) bool {
	if status != http.StatusTooManyRequests {
		return false
	}
	found := pressure.FindStringSubmatch(reason)
	if found == nil {
		return false
	}
	need, err := strconv.ParseInt(found[1], 10, 64)
	most, mostErr := strconv.ParseInt(found[2], 10, 64)
	return err == nil && mostErr == nil && need > most
}

// Exists reports whether a thing was not created because one of its name is there already.
func Exists(err error) bool {
	answer, ok := errors.AsType[*Error](err)
	return ok && (answer.Type == "resource_already_exists_exception" || answer.Type == "index_already_exists_exception")
}

func status(err error) int {
	if answer, ok := errors.AsType[*Error](err); ok {
		return answer.Status
	}
	return 0
}

// errorBody is the JSON of an error in all its dialects: an object from 2.x on, plain text in 1.x,
// "message" from the gateways of the managed services.
type errorBody struct {
	Error   json.RawMessage `json:"error"`
	Message string          `json:"message"`
}

// errorDetail is the object form of "error".
type errorDetail struct {
	Cause
	RootCause []Cause  `json:"root_cause"`
	CausedBy  *wrapped `json:"caused_by"`
}

// wrapped is a link of the caused_by chain.
type wrapped struct {
	Cause
	CausedBy *wrapped `json:"caused_by"`
}

// maxCauses bounds the chain kept of an answer.
const maxCauses = 10

func (w *wrapped) chain() []Cause {
	var causes []Cause
	for ; w != nil && len(causes) < maxCauses; w = w.CausedBy {
		causes = append(causes, w.Cause)
	}
	return causes
}

// explain fills the error from the answer's body.
func (e *Error) explain(body []byte) {
	var parsed errorBody
	if json.Unmarshal(body, &parsed) != nil {
		e.Reason = excerpt(body)
		return
	}
	var detail errorDetail
	var text string
	switch {
	case json.Unmarshal(parsed.Error, &detail) == nil && (detail.Type != "" || detail.Reason != ""):
		e.Type, e.Reason = detail.Type, detail.Reason
		e.Causes = detail.CausedBy.chain()
		if len(detail.RootCause) > 0 && detail.RootCause[0] != detail.Cause {
			e.Root = detail.RootCause[0]
		}
	case json.Unmarshal(parsed.Error, &text) == nil:
		e.Reason = text
	case parsed.Message != "":
		e.Reason = parsed.Message
	default:
		e.Reason = excerpt(body)
	}
}

// excerpt is the beginning of an answer that is not the server's JSON, such as a proxy's page, on one line.
func excerpt(body []byte) string {
	const limit = 200
	text := strings.Join(strings.Fields(string(body[:min(len(body), 4*limit)])), " ")
	if len(text) > limit {
		return strings.ToValidUTF8(text[:limit], "") + "..."
	}
	return strings.ToValidUTF8(text, "")
}

// advise adds what the operator can do, in the words of the flags.
func (e *Error) advise(side string, as *endpoint) {
	switch {
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden && e.Type != "cluster_block_exception":
		e.adviseCredentials(side, as)
	case e.Status == http.StatusRequestEntityTooLarge:
		e.Advice = "the server takes no request of this size: send smaller ones, or raise its http.max_content_length"
	case e.Status >= 300 && e.Status < 400:
		e.Advice = fmt.Sprintf("the %s answers with a redirect, which is not followed: give the address it points to as --%s-host", side, side)
	}
}

// adviseCredentials says which credentials to look at.
func (e *Error) adviseCredentials(side string, as *endpoint) {
	known := e.Status == http.StatusForbidden // who we are, but not that we may
	switch {
	case as.signing.Service != "" && strings.Contains(e.Reason, "expired"):
		e.Advice = "the session has ended: fetch new AWS credentials, then run the same command again"
	case as.signing.Service != "":
		e.Advice = fmt.Sprintf("the access policy must allow the AWS identity that signs, for service %s (--%s-aws-service-signing-name, --%s-aws-region)", as.signing.Service, side, side)
	case as.apiKey != "" && known:
		e.Advice = fmt.Sprintf("the key of --%s-api-key has no right to do this", side)
	case as.apiKey != "":
		e.Advice = fmt.Sprintf("the %s refuses this key: check --%s-api-key", side, side)
	case as.username != "" && known:
		e.Advice = fmt.Sprintf("the user of --%s-username has no right to do this", side)
	case as.username != "":
		e.Advice = fmt.Sprintf("the %s refuses these credentials: check --%s-username and --%s-password", side, side, side)
	case as.tls != nil && len(as.tls.Certificates) > 0:
		e.Advice = fmt.Sprintf("the certificate of --%s-client-cert has no right to do this", side)
	case known:
		e.Advice = fmt.Sprintf("an anonymous user has no right to do this: give --%s-username and --%s-password", side, side)
	default:
		e.Advice = fmt.Sprintf("the %s wants credentials: give --%s-username and --%s-password", side, side, side)
	}
}
