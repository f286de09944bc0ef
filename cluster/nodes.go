package cluster

import (
	"context"
	"fmt"
	"slices"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// Nodes is what a cluster says of its nodes.
type Nodes struct {
	Data    int      // nodes that hold shards
	Modules []string // modules and plugins that every node has, sorted; nil where they are not shown
}

// pluginsResponse is the part of GET _nodes/plugins that is read.
type pluginsResponse struct {
	Nodes map[string]struct {
		Roles   []string `json:"roles"`
		Modules []named  `json:"modules"`
		Plugins []named  `json:"plugins"`
	} `json:"nodes"`
}

type named struct {
	Name string `json:"name"`
}

// Nodes asks for the nodes. Managed services may refuse ([Unauthorized], [NotFound]) or show no modules.
func (r *Reader) Nodes(ctx context.Context) (Nodes, error) {
	var answer pluginsResponse
	if err := r.get(ctx, esapi.NodesInfoRequest{Metric: []string{"plugins"}}, &answer); err != nil {
		return Nodes{}, fmt.Errorf("ask for the nodes: %w", err)
	}
	var nodes Nodes
	counts := map[string]int{}
	for _, node := range answer.Nodes {
		if len(node.Roles) == 0 || slices.ContainsFunc(node.Roles, holdsData) {
			nodes.Data++
		}
		for _, module := range slices.Concat(node.Modules, node.Plugins) {
			counts[module.Name]++
		}
	}
	for name, count := range counts {
		if count == len(answer.Nodes) {
			nodes.Modules = append(nodes.Modules, name)
		}
	}
	slices.Sort(nodes.Modules)
	return nodes, nil
}

// holdsData knows the roles of nodes with shards: data, and its tiers (data_content, data_hot, …).
func holdsData(role string) bool { return role == "data" || len(role) > 5 && role[:5] == "data_" }
