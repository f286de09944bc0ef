package cli

import (
	"context"

	"github.com/rs/zerolog"

	"migassist/config"
	"migassist/rfs"
	"migassist/rfs/deadletter"
)

// openLetters opens the place of dead letters.
func openLetters(ctx context.Context, settings *config.Config, log zerolog.Logger) (*deadletter.Store, error) {
	options, err := storeOptions(settings, log)
	if err != nil {
		return nil, err
	}
	return deadletter.Open(ctx, settings.RFS.LettersPlace(), options)
}

// withLetters has a worker write its dead letters to their place, once it is known that this can be done.
func withLetters(ctx context.Context, settings *config.Config, options *rfs.Options, log zerolog.Logger) error {
	place := settings.RFS.LettersPlace()
	if settings.RFS.DeadLetterFile != "" {
		options.DeadLetterFile = place
		return nil
	}
	store, err := openLetters(ctx, settings, log)
	if err == nil {
		err = store.Writable(ctx)
	}
	if err != nil {
		return err
	}
	if options.Worker == "" {
		options.Worker = rfs.WorkerName()
	}
	options.LettersAt = place
	options.Letters = func(run string) (deadletter.Writer, error) {
		return store.Parts(deadletter.PartsOptions{Run: run, Session: options.Session, Worker: options.Worker}), nil
	}
	return nil
}
