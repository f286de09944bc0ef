// Package yaml turns YAML, one of the encodings in which Elasticsearch and OpenSearch take documents, into the JSON that
// means the same to them.
//
//	text ── go.yaml.in/yaml: nodes ── Dialect: null, boolean, number or text? ── JSON
//
// What a scalar without quotes means is not YAML's to say but the parser's: that of Elasticsearch 1 takes y for true and 1e3
// for text, the next one on for true and 0x1F for text, today's 0x1F for 31. A [Dialect] is one of these parsers, and its
// rules are theirs, so that a document comes out as the server that holds it returns it. In all of them an alias is the text
// of its name, never what it stands for, and << is a key like others; only the first document counts.
//
// It does not encode.
//
// Sources: Resolver of SnakeYAML and YAMLParser of github.com/FasterXML/jackson-dataformats-text, versions beside the dialects.
package yaml
