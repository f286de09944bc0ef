package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// action is one line pair of a bulk.
type action struct {
	verb    string // index, create, update, delete
	index   string
	id      string
	hasID   bool
	routing string
	version int64
	kind    string // version_type
	over    int64  // _seq_no that the document must have
	// conditional tells that over counts.
	conditional bool
	pipeline    string
	source      source // nil for delete
}

// bulkVerbs are the actions there are.
var bulkVerbs = []string{"create", "delete", "index", "update"}

// parseBulk cuts the body into actions. Every line, the last too, ends in a line break.
func parseBulk(body []byte, index, routing, pipeline string) ([]action, error) {
	if body[len(body)-1] != '\n' {
		return nil, illegal(`The bulk request must be terminated by a newline [\n]`)
	}
	var actions []action
	number := 0
	for len(body) > 0 {
		var line []byte
		line, body = cutLine(body)
		number++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		a := action{index: index, routing: routing, pipeline: pipeline}
		if err := a.parse(line, number); err != nil {
			return nil, err
		}
		if a.verb != "delete" {
			if len(body) == 0 {
				break // the server drops an action without a source
			}
			line, body = cutLine(body)
			number++
			a.source = bytes.Clone(bytes.TrimSuffix(line, []byte("\r")))
		}
		actions = append(actions, a)
	}
	return actions, nil
}

func cutLine(body []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(body, []byte("\n"))
	return line, rest
}

// parse reads an action line.
func (a *action) parse(line []byte, number int) error {
	in := json.NewDecoder(bytes.NewReader(line))
	in.UseNumber()
	malformed := func(want, got string) error {
		return illegal("Malformed action/metadata line [%d], expected %s but found [%s]", number, want, got)
	}
	token, err := in.Token()
	if err != nil {
		return invalid("json_parse_exception", "%v", err)
	}
	if token != json.Delim('{') {
		return malformed("START_OBJECT", javaToken(token))
	}
	if token, err = in.Token(); err != nil {
		return invalid("json_parse_exception", "%v", err)
	}
	verb, isName := token.(string)
	if !isName {
		return malformed("FIELD_NAME", javaToken(token))
	}
	if !strings.Contains(" create delete index update ", " "+verb+" ") {
		return malformed(fmt.Sprintf("one of [%s]", strings.Join(bulkVerbs, ", ")), verb)
	}
	a.verb = verb
	var params map[string]any
	if err := in.Decode(&params); err != nil {
		return malformed("START_OBJECT", "VALUE_STRING")
	}
	return a.set(params, number)
}

func (a *action) set(params map[string]any, number int) error {
	for name, value := range params {
		switch name {
		case "_index":
			a.index = text(value)
		case "_id":
			a.id, a.hasID = text(value), value != nil
		case "routing":
			a.routing = ""
			if value != nil {
				a.routing = text(value)
			}
		case "version":
			if n, isNumber := value.(json.Number); isNumber {
				a.version, _ = n.Int64()
			}
		case "version_type":
			a.kind = text(value)
		case "pipeline":
			a.pipeline = text(value)
		case "op_type":
			if text(value) == "create" {
				a.verb = "create"
			}
		case "if_seq_no":
			if n, isNumber := value.(json.Number); isNumber {
				a.over, _ = n.Int64()
				a.conditional = true
			}
		case "require_alias", "retry_on_conflict", "if_primary_term", "_source":
		default:
			return illegal("Action/metadata line [%d] contains an unknown parameter [%s]", number, name)
		}
	}
	return nil
}

// checkActions refuses the whole request, as the server does before it begins.
func checkActions(actions []action) error {
	var complaints []string
	if len(actions) == 0 {
		complaints = append(complaints, "no requests added")
	}
	for _, a := range actions {
		if a.index == "" {
			complaints = append(complaints, "index is missing")
		}
		if len(a.id) > maxID {
			complaints = append(complaints, fmt.Sprintf("id [%s] is too long, must be no longer than %d bytes but was: %d", a.id, maxID, len(a.id)))
		}
		if a.verb == "delete" && !a.hasID {
			complaints = append(complaints, "id is missing")
		}
	}
	if len(complaints) == 0 {
		return nil
	}
	var listed strings.Builder
	for n, complaint := range complaints {
		fmt.Fprintf(&listed, " %d: %s;", n+1, complaint)
	}
	return invalid("action_request_validation_exception", "Validation Failed:%s", listed.String())
}

// maxID is the most bytes an _id may have.
const maxID = 512
