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
	options, err := storeOptions(settings, log)
	if err != nil {
		return nil, err
	}
	return blob.Open(ctx, settings.Snapshot.RepoURI, options)
}

// readAheadShare is the part of the memory, one in so many, that is for what a far store sends ahead.
const readAheadShare = 8

func storeOptions(settings *config.Config, log zerolog.Logger) (blob.Options, error) {
	s3, gcs, azure := settings.S3, settings.GCS, settings.Azure
	var secrets [4]string
	for i, secret := range []config.Secret{s3.SecretKey, s3.SessionToken, azure.Key, azure.SAS} {
		value, err := secret.Value()
		if err != nil {
			return blob.Options{}, err
		}
		secrets[i] = value
	}
	agent := "migassist/" + version
	return blob.Options{
		S3: object.S3Options{
			Options: awsauth.Options{
				Region: s3.Region, RoleARN: s3.RoleARN, Anonymous: s3.Anonymous,
				AccessKey: s3.AccessKey, SecretKey: secrets[0], SessionToken: secrets[1],
			},
			Endpoint: s3.Endpoint, PathStyle: s3.PathStyle, UserAgent: agent,
		},
		GCS:       object.GCSOptions{Endpoint: gcs.Endpoint, CredentialsFile: gcs.CredentialsFile, Anonymous: gcs.Anonymous, UserAgent: agent},
		Azure:     object.AzureOptions{Account: azure.Account, Endpoint: azure.Endpoint, Key: secrets[2], SAS: secrets[3], Anonymous: azure.Anonymous, UserAgent: agent},
		ReadAhead: int64(settings.Memory / readAheadShare),
		Retrying: func(r blob.Retry) {
			log.Warn().Err(r.Err).Str("doing", r.Doing).Int("attempt", r.Attempt).Stringer("wait", r.Wait.Round(time.Millisecond)).Msg("the store did not answer; asking again")
		},
	}, nil
}
