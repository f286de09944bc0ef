package cli

import (
	"context"

	"github.com/rs/zerolog"

	"migassist/cluster"
	"migassist/config"
	"migassist/metadata"
	"migassist/metadata/rules"
	"migassist/selection"
)

func makePlan(ctx context.Context, settings *config.Config, target metadata.TargetReader, log zerolog.Logger) (*metadata.Plan, error) {
	indices, err := selection.ParseAllowlist(settings.Indices.Allowlist)
	if err != nil {
		return nil, err
	}
	indexTemplates, err := selection.ParseAllowlist(settings.Metadata.IndexTemplateAllowlist)
	if err != nil {
		return nil, err
	}
	componentTemplates, err := selection.ParseAllowlist(settings.Metadata.ComponentTemplateAllowlist)
	if err != nil {
		return nil, err
	}
	renames, err := selection.ParseRenames(settings.RFS.IndexMap)
	if err != nil {
		return nil, err
	}
	input := metadata.Input{
		Target: target, Indices: indices, IndexTemplates: indexTemplates, ComponentTemplates: componentTemplates,
		Renames: renames, AwarenessAttributes: settings.Metadata.AwarenessAttributes, AllowExisting: settings.Metadata.AllowExistingIndexes,
		ClusterSettings: settings.Metadata.ClusterSettings,
		MultiType:       metadata.MultiType(settings.RFS.MultiTypeResolution),
		Options:         rules.Options{KeywordSubfield: settings.Metadata.StringKeywordSubfield},
	}
	if err := addTransforms(&input, settings, log); err != nil {
		return nil, err
	}
	if input.Source, err = readMetadata(ctx, settings, log); err != nil {
		return nil, err
	}
	return metadata.NewPlan(ctx, input)
}

// readMetadata reads the snapshot or the living cluster that the configuration names, the snapshot where it names both.
func readMetadata(ctx context.Context, settings *config.Config, log zerolog.Logger) (*metadata.Source, error) {
	if settings.LiveSource() {
		from, err := connectSource(ctx, settings.Source)
		if err != nil {
			return nil, err
		}
		return metadata.ReadCluster(ctx, from)
	}
	if settings.Source.Host != "" {
		log.Warn().Msg("the metadata is read from the snapshot; source.host is not asked, as a snapshot is given too")
	}
	from, err := openSource(ctx, settings, log)
	if err != nil {
		return nil, err
	}
	for _, warning := range from.warnings() {
		log.Warn().Msg(warning)
	}
	return metadata.Read(ctx, from.snapshot, from.repository.URI())
}

// connectSource reaches the source that the configuration names, through the client that can only read.
func connectSource(ctx context.Context, c config.Cluster) (*cluster.Reader, error) {
	options, err := clusterOptions(c)
	if err != nil {
		return nil, err
	}
	options.Side = "source"
	return cluster.ConnectReader(ctx, options)
}
