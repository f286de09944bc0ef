package cli

import (
	"context"

	"github.com/rs/zerolog"

	"migassist/cluster"
	"migassist/config"
	"migassist/rfs/lease"
	"migassist/rfs/lease/filelease"
	"migassist/rfs/lease/indexlease"
	"migassist/rfs/lease/objectlease"
)

// openCoordinator opens the state of the run where the configuration has it. target is used where it lies there, and may be nil: then the
// target is reached for it.
func openCoordinator(ctx context.Context, settings *config.Config, target *cluster.Client, log zerolog.Logger) (lease.Store, error) {
	session := settings.RFS.SessionName
	switch place := settings.Coordinator.Place(); place {
	case config.CoordinatorFile:
		return filelease.Open(stateFile(settings)) //nolint:contextcheck // a local file is not waited for
	case config.CoordinatorTarget:
		if target == nil {
			var err error
			if target, err = connect(ctx, settings.Target); err != nil {
				return nil, err
			}
		}
		return opened(indexlease.Open(ctx, target, session))
	case config.CoordinatorCluster:
		client, err := connectCoordinator(ctx, settings.Coordinator.Cluster)
		if err != nil {
			return nil, err
		}
		return opened(indexlease.Open(ctx, client, session))
	default:
		options, err := storeOptions(settings, log)
		if err != nil {
			return nil, err
		}
		return opened(objectlease.Open(ctx, place, options, session))
	}
}

// opened keeps a nil pointer from becoming a store.
func opened[S lease.Store](store S, err error) (lease.Store, error) {
	if err != nil {
		return nil, err
	}
	return store, nil
}

// connectCoordinator reaches the cluster of the run's state, so that advice names its flags.
func connectCoordinator(ctx context.Context, c config.Cluster) (*cluster.Client, error) {
	options, err := clusterOptions(c)
	if err != nil {
		return nil, err
	}
	options.Side = "coordinator"
	return cluster.Connect(ctx, options)
}
