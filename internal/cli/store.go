package cli

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"migassist/config"
	"migassist/internal/awsauth"
	"migassist/internal/blob"
	"migassist/internal/blob/object"
)

// openStore opens the store that the configuration names.
func openStore(ctx context.Context, settings *config.Config, log zerolog.Logger) (blob.Reader, error) {
	options, err := storeOptions(settings)
	if err != nil {
		return nil, err
	}
	options.Retrying = func(r blob.Retry) {
		log.Warn().Err(r.Err).Str("doing", r.Doing).Int("attempt", r.Attempt).Stringer("wait", r.Wait.Round(time.Millisecond)).Msg("the store did not answer; asking again")
	}
	return blob.Open(ctx, settings.Snapshot.RepoURI, options)
}

// readAheadShare is the part of the memory, one in so many, that is for what a far store sends ahead.
const readAheadShare = 8

func storeOptions(settings *config.Config) (blob.Options, error) {
	s3 := settings.S3
	secret, err := s3.SecretKey.Value()
	if err != nil {
		return blob.Options{}, err
	}
	token, err := s3.SessionToken.Value()
	if err != nil {
		return blob.Options{}, err
	}
	return blob.Options{
		S3: object.S3Options{
			Options: awsauth.Options{
				Region: s3.Region, RoleARN: s3.RoleARN, Anonymous: s3.Anonymous,
				AccessKey: s3.AccessKey, SecretKey: secret, SessionToken: token,
			},
			Endpoint: s3.Endpoint, PathStyle: s3.PathStyle, UserAgent: "migassist/" + version,
		},
		ReadAhead: int64(settings.Memory / readAheadShare),
	}, nil
}
