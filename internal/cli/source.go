package cli

import (
	"context"
	"runtime/debug"
	"slices"

	"github.com/rs/zerolog"

	"migassist/cluster"
	"migassist/config"
	"migassist/internal/awsauth"
	"migassist/rfs"
	"migassist/selection"
	"migassist/snapshot"
	"migassist/transform/pipeline"
)

// source is the snapshot that a command reads, and what of it was asked for.
type source struct {
	repository *snapshot.Repository
	snapshot   *snapshot.Snapshot
	allow      selection.Allowlist
	transforms *pipeline.Program // of documents; nil: none
}

// openSource opens the snapshot that the configuration names.
func openSource(ctx context.Context, settings *config.Config, log zerolog.Logger) (*source, error) {
	allow, err := selection.ParseAllowlist(settings.Indices.Allowlist)
	if err != nil {
		return nil, err
	}
	repository, err := openRepository(ctx, settings, log)
	if err != nil {
		return nil, err
	}
	snap, err := repository.Snapshot(ctx, settings.Snapshot.Name)
	if err != nil {
		return nil, err
	}
	return &source{repository: repository, snapshot: snap, allow: allow}, nil
}

func openRepository(ctx context.Context, settings *config.Config, log zerolog.Logger) (*snapshot.Repository, error) {
	store, err := openStore(ctx, settings, log)
	if err != nil {
		return nil, err
	}
	return snapshot.Open(ctx, store)
}

// plan chooses the indices to read, says which are left out, and looks whether the others can be read.
func (s *source) plan(ctx context.Context, choices rfs.Choices, log zerolog.Logger) (*rfs.Plan, error) {
	chosen, findings, err := rfs.Select(ctx, s.snapshot, s.allow)
	if err != nil {
		return nil, err
	}
	for _, excluded := range chosen.Excluded {
		log.Info().Str("index", excluded.Name).Str("reason", excluded.Reason).Msg("index left out")
	}
	for _, warning := range s.warnings() {
		log.Warn().Msg(warning)
		findings = append(findings, rfs.Finding{Kind: "partial", Reason: warning})
	}
	plan, err := rfs.NewPlan(ctx, s.snapshot, chosen.Chosen, choices)
	if err != nil {
		return nil, err
	}
	plan.Findings = append(findings, plan.Findings...)
	return plan, nil
}

// warnings is what an operator should know before relying on the source.
func (s *source) warnings() []string {
	return append(slices.Clone(s.repository.Warnings()), s.snapshot.Warnings()...)
}

func clusterOptions(c config.Cluster) (cluster.Options, error) {
	password, err := c.Password.Value()
	if err != nil {
		return cluster.Options{}, err
	}
	key, err := c.APIKey.Value()
	if err != nil {
		return cluster.Options{}, err
	}
	return cluster.Options{
		APIKey:         key,
		Signing:        cluster.Signing{Service: c.AWSService, Options: awsauth.Options{Region: c.AWSRegion, RoleARN: c.AWSRoleARN}},
		ClientCertFile: c.ClientCert, ClientKeyFile: c.ClientCertKey,
		URL: c.Host, Username: c.Username, Password: password, CACertFile: c.CACert, Insecure: c.Insecure,
		DisableCompression: c.DisableCompression, ConnectTimeout: c.ConnectTimeout, RequestTimeout: c.RequestTimeout,
		UserAgent: "migassist/" + version,
	}, nil
}

// connect reaches the target that the configuration names.
func connect(ctx context.Context, c config.Cluster) (*cluster.Client, error) {
	options, err := clusterOptions(c)
	if err != nil {
		return nil, err
	}
	return cluster.Connect(ctx, options)
}

// limitMemory tells the runtime to collect garbage rather than grow beyond the budget. An eighth is left for what it does not count,
// the program itself and what the system keeps for it.
func limitMemory(budget config.Bytes) { debug.SetMemoryLimit(int64(budget / 8 * 7)) }
