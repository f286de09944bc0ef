package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"migassist/cluster/version"
)

// Info is what a cluster says of itself.
type Info struct {
	Name    string // of the cluster
	UUID    string // of the cluster; "" where it could not be asked
	Version version.Version
	// Claimed is the number in the main response where it is not the real one: OpenSearch answers 7.10.2
	// when compatibility.override_main_response_version is set. "" otherwise.
	Claimed string
}

// ConnectReader connects for reading: the only way to a source. It asks the server for product and
// version, and returns an error where it cannot be reached or says neither.
func ConnectReader(ctx context.Context, options Options) (*Reader, error) {
	reader, _, err := connect(ctx, options)
	return reader, err
}

// Connect connects for reading and writing.
func Connect(ctx context.Context, options Options) (*Client, error) {
	reader, line, err := connect(ctx, options)
	if err != nil {
		return nil, err
	}
	client := &Client{
		Reader:  reader,
		repeat:  retrying{next: line, policy: line.endpoint.options.Retry, worth: line.repeatable},
		careful: retrying{next: line, policy: line.endpoint.options.Retry, worth: line.untouched},
		bulk:    line.within(line.endpoint.options.BulkTimeout),
	}
	if !options.DisableCompression && !line.endpoint.loopback() && line.endpoint.signing.Service != serverless && reader.takesCompression(ctx) {
		client.gzip.set(untried)
	}
	return client, nil
}

func connect(ctx context.Context, options Options) (*Reader, *wire, error) {
	e, err := options.resolve()
	if err != nil {
		return nil, nil, err
	}
	line, err := newWire(ctx, e)
	if err != nil {
		return nil, nil, err
	}
	reader := &Reader{
		url:  e.url.String(),
		gate: readOnly{next: retrying{next: line, policy: e.options.Retry, worth: line.repeatable}},
		once: readOnly{next: retrying{next: line, policy: e.options.Retry, worth: line.untouched}},
	}
	slowly := flowing{line.within(flowTime)}
	reader.flow = readOnly{next: retrying{next: slowly, policy: e.options.Retry, worth: line.repeatable}}
	reader.flowOnce = readOnly{next: retrying{next: slowly, policy: e.options.Retry, worth: line.untouched}}
	if reader.serverless = e.signing.Service == serverless; reader.serverless {
		reader.info, err = reader.detectServerless(ctx)
	} else {
		reader.info, err = reader.detect(ctx)
	}
	if err != nil {
		if status(err) != 0 { // the others name it
			return nil, nil, fmt.Errorf("%s cluster %s: %w%s", e.options.Side, reader.url, err, e.prefixAdvice(err))
		}
		return nil, nil, fmt.Errorf("%s cluster: %w", e.options.Side, err)
	}
	return reader, line, nil
}

// prefixAdvice doubts the path of the URL where nothing is found below it.
func (e *endpoint) prefixAdvice(err error) string {
	if e.url.Path == "" || !NotFound(err) {
		return ""
	}
	return fmt.Sprintf(" (is the path %s of --%s-host right?)", e.url.Path, e.options.Side)
}

// serverlessVersion is what collections of OpenSearch Serverless run, who do not say so: they have no main response and
// no nodes. Source: "Supported operations and plugins in Amazon OpenSearch Serverless".
var serverlessVersion = version.Version{Flavor: version.OpenSearch, Major: 2, Minor: 17}

// detectServerless asks something that every collection answers, so that wrong credentials show at once.
func (r *Reader) detectServerless(ctx context.Context) (Info, error) {
	if err := r.get(ctx, esapi.CatIndicesRequest{Format: "json", H: []string{"index"}}, new([]map[string]string)); err != nil {
		return Info{}, err
	}
	return Info{Name: "OpenSearch Serverless", Version: serverlessVersion}, nil
}

// mainResponse is the answer to GET /.
type mainResponse struct {
	ClusterName string `json:"cluster_name"`
	ClusterUUID string `json:"cluster_uuid"`
	Tagline     string `json:"tagline"`
	Version     struct {
		Number       string `json:"number"`
		Distribution string `json:"distribution"` // OpenSearch only, and not when it poses as 7.10.2
	} `json:"version"`
}

// detect asks GET / and, where that is refused or does not tell the truth, the node that answers.
func (r *Reader) detect(ctx context.Context) (Info, error) {
	var main mainResponse
	err := r.get(ctx, esapi.InfoRequest{}, &main)
	if err != nil {
		if _, malformed := errors.AsType[*answerError](err); malformed {
			return Info{}, fmt.Errorf("%s answers, but not as Elasticsearch or OpenSearch do: %w", r.url, err)
		}
		if !refusesMain(err) {
			return Info{}, err
		}
		info, nodesErr := r.detectByNode(ctx)
		if nodesErr != nil {
			return Info{}, fmt.Errorf("%w; and it does not say its version elsewhere: %w", err, nodesErr)
		}
		return info, nil
	}
	return r.infoFrom(ctx, main)
}

// refusesMain reports whether the server is there but does not answer GET / to us. 401 is not among
// these: without valid credentials nothing else answers either.
func refusesMain(err error) bool {
	switch status(err) {
	case http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotFound, http.StatusBadRequest:
		return true
	}
	return false
}

func (r *Reader) infoFrom(ctx context.Context, main mainResponse) (Info, error) {
	info := Info{Name: main.ClusterName, UUID: main.ClusterUUID}
	if main.Version.Number == "" {
		return Info{}, fmt.Errorf("%s answers, but not as Elasticsearch or OpenSearch do: it says no version", r.url)
	}
	flavor := version.Elasticsearch
	posing := false
	switch {
	case strings.EqualFold(main.Version.Distribution, "opensearch"):
		flavor = version.OpenSearch
	case strings.Contains(main.Tagline, "OpenSearch"):
		flavor, posing = version.OpenSearch, true
	}
	number, err := version.ParseNumber(flavor, main.Version.Number)
	if err != nil {
		return Info{}, fmt.Errorf("version of %s: %w", r.url, err)
	}
	info.Version = number
	if !posing {
		return info, nil
	}
	node, err := r.detectByNode(ctx)
	if err != nil {
		return Info{}, fmt.Errorf("%s is OpenSearch posing as %s (compatibility.override_main_response_version), and its real version is not to be had: %w",
			r.url, main.Version.Number, err)
	}
	info.Version = node.Version
	info.Claimed = main.Version.Number
	return info, nil
}

// nodesResponse is the part of GET /_nodes/_local that tells version and product.
type nodesResponse struct {
	ClusterName string `json:"cluster_name"`
	Nodes       map[string]struct {
		Version     string            `json:"version"`
		BuildFlavor string            `json:"build_flavor"` // Elasticsearch from 6.3 on
		Modules     []json.RawMessage `json:"modules"`      // each with opensearch_version or elasticsearch_version
		Plugins     []json.RawMessage `json:"plugins"`
	} `json:"nodes"`
}

func (r *Reader) detectByNode(ctx context.Context) (Info, error) {
	var nodes nodesResponse
	err := r.get(ctx, esapi.NodesInfoRequest{
		NodeID: []string{"_local"},
		FilterPath: []string{
			"cluster_name", "nodes.*.version", "nodes.*.build_flavor",
			"nodes.*.modules.opensearch_version", "nodes.*.plugins.opensearch_version",
		},
	}, &nodes)
	if err != nil {
		return Info{}, err
	}
	for _, node := range nodes.Nodes {
		flavor := version.Elasticsearch
		if node.BuildFlavor == "" && len(node.Modules)+len(node.Plugins) > 0 {
			flavor = version.OpenSearch // the filter leaves only descriptors that name it
		}
		number, err := version.ParseNumber(flavor, node.Version)
		if err != nil {
			return Info{}, fmt.Errorf("version of %s: %w", r.url, err)
		}
		return Info{Name: nodes.ClusterName, Version: number}, nil
	}
	return Info{}, errors.New("the node that answered is not in its own list of nodes")
}

// takesCompression asks whether the operator of the cluster switched http compression off. Servers
// decompress request bodies whatever the setting; the gateways of managed services go by it. Who may not
// read the settings is assumed to have the default, which is on.
func (r *Reader) takesCompression(ctx context.Context) bool {
	settings, err := r.ClusterSettings(ctx)
	if err != nil {
		return true
	}
	for _, name := range []string{"http_compression.enabled", "http.compression"} {
		if settings[name] == "false" {
			return false
		}
	}
	return true
}
