package awsauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// Options say who to be. The zero value is whoever the machine says we are.
type Options struct {
	// Region is where services are asked, and requests signed for. Empty: what environment or profile say, which may be nothing.
	Region string
	// AccessKey and SecretKey stand before the chain, with SessionToken where they are temporary.
	AccessKey    string
	SecretKey    string
	SessionToken string
	// RoleARN is a role to assume with what was found.
	RoleARN string
	// Anonymous signs nothing.
	Anonymous bool
}

// sessionName is how the trail of a role's account names us.
const sessionName = "migassist"

// Load reads environment and shared configuration. It asks no server: credentials are fetched when first needed, kept,
// and renewed before they expire.
func Load(ctx context.Context, o Options) (aws.Config, error) {
	choices := []func(*config.LoadOptions) error{
		config.WithHTTPClient(httpClient()),
		config.WithRetryMaxAttempts(3),
		config.WithLogger(logging.Nop{}),
		config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired),
	}
	if o.Region != "" {
		choices = append(choices, config.WithRegion(o.Region))
	}
	if o.AccessKey != "" {
		choices = append(choices, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(o.AccessKey, o.SecretKey, o.SessionToken)))
	}
	if o.Anonymous {
		choices = append(choices, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	}
	loaded, err := config.LoadDefaultConfig(ctx, choices...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("read the AWS configuration of this machine: %w", err)
	}
	if o.RoleARN != "" {
		loaded.Credentials = assume(loaded, o.RoleARN)
	}
	return loaded, nil
}

// assume exchanges the credentials of the chain for those of a role.
func assume(from aws.Config, role string) aws.CredentialsProvider {
	if from.Region == "" {
		from.Region = "us-east-1" // STS is asked there where nothing says otherwise; its answers hold everywhere
	}
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(from), role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = sessionName
	})
	return aws.NewCredentialsCache(provider, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 5 * time.Minute })
}

// httpClient obeys AWS_CA_BUNDLE and the proxy variables; it gives up on a server that does not answer.
func httpClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.ResponseHeaderTimeout = 30 * time.Second
		t.MaxIdleConnsPerHost = 16
		t.DisableCompression = true
	})
}

// ErrNone is what [Advice] looks for where no credentials were found.
var ErrNone = errors.New("no AWS credentials were found")

// Retrieve gives the credentials of a configuration, or an error that says how to provide some.
func Retrieve(ctx context.Context, from aws.Config) (aws.Credentials, error) {
	if from.Credentials == nil {
		return aws.Credentials{}, ErrNone
	}
	found, err := from.Credentials.Retrieve(ctx)
	if err != nil && ctx.Err() == nil {
		return aws.Credentials{}, fmt.Errorf("%w: %w", ErrNone, err)
	}
	return found, err
}
