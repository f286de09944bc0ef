package supported

import (
	"fmt"
	"io"
	"strings"
)

// Source is a family of versions whose snapshots are read.
type Source struct {
	Versions string `json:"versions"` // "Elasticsearch 7.9 to 7.17"
	Lucene   string `json:"lucene"`   // versions of Lucene that write its segments
	Codecs   string `json:"codecs"`   // index.codec: how stored fields are compressed
	// Proven names the fixtures of testdata/snapshots, PRODUCT-VERSION, that a real server of the family wrote and that
	// come out exactly. None: Unproven says what it was tested on instead.
	Proven   []string `json:"proven,omitempty"`
	Unproven string   `json:"unproven,omitempty"`
}

// Sources returns the table, oldest first.
func Sources() []Source {
	return []Source{
		{Versions: "Elasticsearch 1.x", Lucene: "4", Codecs: "LZ4", Proven: []string{"elasticsearch-1.7.6"}},
		{Versions: "Elasticsearch 2.x", Lucene: "5", Codecs: "LZ4, DEFLATE", Proven: []string{"elasticsearch-2.4.6"}},
		{Versions: "Elasticsearch 5.x", Lucene: "6", Codecs: "LZ4, DEFLATE", Proven: []string{"elasticsearch-5.6.16"}},
		{Versions: "Elasticsearch 6.x", Lucene: "7", Codecs: "LZ4, DEFLATE", Proven: []string{"elasticsearch-6.8.23"}},
		{Versions: "Elasticsearch 7.x", Lucene: "8", Codecs: "LZ4, DEFLATE", Proven: []string{"elasticsearch-7.10.2", "elasticsearch-7.17.28"}},
		{Versions: "Elasticsearch 8.x", Lucene: "9", Codecs: "LZ4, DEFLATE, zstd", Proven: []string{"elasticsearch-8.17.0", "elasticsearch-8.19.0"}},
		{Versions: "Elasticsearch 9.x", Lucene: "10", Codecs: "LZ4, zstd", Proven: []string{"elasticsearch-9.1.0"}},
		{Versions: "OpenSearch 1.x", Lucene: "8", Codecs: "LZ4, DEFLATE", Proven: []string{"opensearch-1.3.20"}},
		{Versions: "OpenSearch 2.x", Lucene: "9", Codecs: "LZ4, DEFLATE", Proven: []string{"opensearch-2.19.1"}},
		{Versions: "OpenSearch 3.x", Lucene: "10", Codecs: "LZ4, DEFLATE", Proven: []string{"opensearch-3.0.0", "opensearch-3.3.0"}},
		{
			Versions: "OpenSearch 2.9 to 3.x, custom codecs", Lucene: "9, 10", Codecs: "zstd, zstd_no_dict, QAT",
			Unproven: "unproven on a real server: bytes made by a second program from the plugin's public source",
		},
	}
}

// WriteTable writes the table in Markdown, which reads well on a terminal too.
func WriteTable(w io.Writer) error {
	rows := [][]string{{"snapshots of", "Lucene", "codecs", "proven on"}, {"---", "---", "---", "---"}}
	for _, s := range Sources() {
		rows = append(rows, []string{s.Versions, s.Lucene, s.Codecs, s.proof()})
	}
	for _, row := range rows {
		if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | ")); err != nil {
			return err
		}
	}
	return nil
}

// proof says in words on what the row stands: the versions alone, since the row names the product.
func (s Source) proof() string {
	if s.Unproven != "" {
		return s.Unproven
	}
	versions := make([]string, 0, len(s.Proven))
	for _, fixture := range s.Proven {
		_, version, _ := strings.Cut(fixture, "-")
		versions = append(versions, version)
	}
	return strings.Join(versions, ", ")
}
