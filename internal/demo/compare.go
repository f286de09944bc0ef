package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"text/tabwriter"
)

// document is a line of the source's answers.
type document struct {
	ID      string          `json:"_id"`
	Routing string          `json:"_routing"`
	Source  json.RawMessage `json:"_source"`
}

func (d document) key() string { return fmt.Sprintf("%q/%q", d.ID, d.Routing) }

// count is what became of one index's documents.
type count struct {
	index                     string
	source, target            int
	equal                     int
	missing, extra, different int
}

// compare reads every document of the target and holds it against the source's answer.
func (d *demo) compare(ctx context.Context) error {
	d.say("\n== 4. Every document of the target, compared with what the source had said of it\n")
	answers, err := fs.Glob(d.files, path.Join(expectedPath, "*.ndjson"))
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "index\tsource\ttarget\tequal\tmissing\textra\tdifferent\t")
	var total count
	for _, name := range answers {
		c, err := d.compareIndex(ctx, name)
		if err != nil {
			return err
		}
		c.write(table)
		total.add(c)
	}
	total.index = "total"
	total.write(table)
	if err := table.Flush(); err != nil {
		return err
	}
	if len(answers) == 0 || total.equal != total.source || total.equal != total.target {
		return fmt.Errorf("of %d documents %d are equal: %w", total.source, total.equal, ErrDifferent)
	}
	d.say("\nAll %d documents are on the target, equal to the byte.", total.equal)
	return nil
}

func (d *demo) compareIndex(ctx context.Context, answers string) (count, error) {
	c := count{index: strings.TrimSuffix(path.Base(answers), ".ndjson")}
	want, err := d.answers(answers)
	if err != nil {
		return c, err
	}
	c.source = len(want)
	if err := d.target.Refresh(ctx, c.index); err != nil {
		return c, err
	}
	for hit, err := range d.target.Documents(ctx, c.index) {
		if err != nil {
			return c, err
		}
		c.target++
		key := document{ID: hit.ID, Routing: hit.Routing}.key()
		source, known := want[key]
		delete(want, key)
		switch {
		case !known:
			c.extra++
		case bytes.Equal(source, hit.Source):
			c.equal++
		default:
			c.different++
		}
	}
	c.missing = len(want)
	return c, nil
}

// answers reads what the source said of one index.
func (d *demo) answers(name string) (map[string][]byte, error) {
	data, err := fs.ReadFile(d.files, name)
	if err != nil {
		return nil, err
	}
	docs := map[string][]byte{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	for lines.Scan() {
		var doc document
		if err := json.Unmarshal(lines.Bytes(), &doc); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		docs[doc.key()] = doc.Source
	}
	return docs, lines.Err()
}

func (c *count) add(o count) {
	c.source += o.source
	c.target += o.target
	c.equal += o.equal
	c.missing += o.missing
	c.extra += o.extra
	c.different += o.different
}

func (c *count) write(table *tabwriter.Writer) {
	fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", c.index, c.source, c.target, c.equal, c.missing, c.extra, c.different)
}
