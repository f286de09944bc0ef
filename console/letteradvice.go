package console

import (
	"fmt"
	"regexp"
	"sync"
)

// plainName tells whether jq takes a name without quotation marks.
func plainName(name string) bool {
	for i, r := range name {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// advices are tried in order: what is more certain stands before what is broader. The words are those of Elasticsearch 5 to 9 and OpenSearch 1 to 3.
var advices = sync.OnceValue(func() []advice {
	says := regexp.MustCompile
	change := func(filter string) string { return fmt.Sprintf(fixed, filter) }
	return []advice{
		{says: says(`^transform_failed`), do: "A transform failed on it. Mend the transform, try it with console transform try, and redrive with it: migassist console backfill dead-letters redrive --index INDEX --doc-transformer-config-file FILE"},
		{says: says(`^(too_large|bad_id|no_source|not_convertible|not_rebuilt|no_seq_no|other_type|several_types)`), do: "It was not sent at all; the reason says which choice of rfs would have sent it. After that choice, move this index again: migassist rfs --index-allowlist INDEX --session-name again"},
		{says: says(`(?i)id.{0,4}\[?.*is too long, must be no longer than`), do: "Its id has more than 512 bytes, which the target never takes. " + change(`.operation._id |= .[:200]`) + ". Two ids must not become one: redrive keeps the first, and leaves the other in the list"},
		{says: says(`^request_too_large|^content_too_long|Request Entity Too Large`), do: "It alone is larger than a request to the target may be. Raise http.max_content_length there (managed services: a larger instance), or leave out what is large: " + change("del(PATH)")},
		{says: says(`^transforms_missing`), do: "rfs had transforms, and redrive had none: give the same (migassist.yaml, or --doc-transformer-config and the like). What mends the document goes into --transform, which comes after them"},
		{says: says(`immense term in field="([^"]+)"`), field: 1, do: `FIELD is longer than the 32766 bytes that can be searched. Set "ignore_above" in its mapping on the target. ` + retried + ". Or: " + change("del(PATH)")},
		{says: says(`Limit of (?:total fields|mapping depth|nested|field name length)`), do: "The index has as many fields as its limit allows. Raise it: PUT /INDEX/_settings {\"index.mapping.total_fields.limit\": 5000} (or the limit that the reason names). " + retried},
		{says: says(`(?i)number of nested documents has exceeded`), do: "Raise index.mapping.nested_objects.limit of INDEX. " + retried},
		{says: says(`dynamic introduction of \[([^\]]+)\] within \[([^\]]+)\]`), field: 1, within: 2, do: `The mapping is strict and has no FIELD. Add it: PUT /INDEX/_mapping with its type. ` + retried + ". Or leave it out: " + change("del(PATH)")},
		{says: says(`object mapping for \[([^\]]+)\] tried to parse`), field: 1, do: "FIELD is an object in the mapping and a plain value in the document. " + change(`PATH |= {value: .}`) + ". Or: del(PATH)"},
		{says: says(`failed to parse(?: field)? \[([^\]]+)\]`), field: 1, do: "The value of FIELD does not have the type of its mapping. Change it or leave it out: " + change("del(PATH)") + `. Or have the target ignore such values: "ignore_malformed" in the mapping of FIELD, then redrive as it is`},
		{says: says(`mapper \[([^\]]+)\] (?:of different type|cannot be changed from type)`), field: 1, do: "FIELD has another type in the mapping. " + change("del(PATH)") + ", or convert it with tonumber or tostring"},
		{says: says(`closed_exception|is closed|index.*closed`), do: "The index was closed. Open it: POST /INDEX/_open. " + retried},
		{says: says(`cluster_block_exception|FORBIDDEN/`), do: "The index or cluster does not take writes. Make room, and take the block off: PUT /INDEX/_settings {\"index.blocks.write\": null, \"index.blocks.read_only_allow_delete\": null}. " + retried},
		{says: says(`index_not_found|has no open index`), do: "The target has no such index. Create it (migassist metadata migrate), or open it. " + retried},
		{says: says(`another document under this id`), do: "What the target has came from elsewhere, or from a write that is newer than the snapshot. Compare with console backfill dead-letters show; to replace it: migassist console backfill dead-letters redrive --index INDEX --overwrite"},
		{says: says(`version_conflict`), do: "The target has a document under this id. " + retried + ", which compares the two"},
		{says: says(`rejected_execution|circuit_breaking|too_many_requests|timeout`), do: "The target was too busy. Wait until it is not. " + retried},
		{says: says(`(?i)routing`), do: "The mapping of INDEX wants a routing that the document does not have, or a join field. " + change(`.operation.routing = .document.x`)},
		{says: says(`(?i)@timestamp`), do: "A data stream takes documents with @timestamp only. " + change(`.document[\"@timestamp\"] = \"2024-01-01T00:00:00Z\"`)},
		{says: says(`field \[([^\]]+)\]`), field: 1, do: "The target does not take FIELD so. " + change("del(PATH)")},
	}
})
