package kafkalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/segmentio/kafka-go/sasl"
)

// mskIAM is the mechanism AWS_MSK_IAM: the client shows a signed request to connect, as JSON, and the broker answers with JSON when it has
// let it in. Its form is that of https://github.com/aws/aws-msk-iam-auth#details, version 2020_10_22.
type mskIAM struct {
	credentials aws.CredentialsProvider
	region      string // "" is the region in the broker's name
	now         func() time.Time
}

const (
	mskVersion = "2020_10_22"
	mskService = "kafka-cluster"
	mskAction  = "kafka-cluster:Connect"
	mskExpires = "900" // seconds, as the Java client has it
	// emptySum is the SHA-256 of the body, of which there is none.
	emptySum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

var _ sasl.Mechanism = (*mskIAM)(nil)

// Name implements [sasl.Mechanism].
func (*mskIAM) Name() string { return "AWS_MSK_IAM" }

// Start signs, with credentials that are renewed when they are old: brokers close connections when those end.
func (m *mskIAM) Start(ctx context.Context) (sasl.StateMachine, []byte, error) {
	broker := sasl.MetadataFromContext(ctx)
	if broker == nil {
		return nil, nil, errors.New("sign for Amazon MSK: the broker's name is not known")
	}
	payload, err := m.payload(ctx, broker.Host)
	if err != nil {
		return nil, nil, fmt.Errorf("sign for Amazon MSK: %w", err)
	}
	return mskSession{}, payload, nil
}

func (m *mskIAM) payload(ctx context.Context, host string) ([]byte, error) {
	region, err := m.regionOf(host)
	if err != nil {
		return nil, err
	}
	credentials, err := m.credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "kafka://"+host+"/?"+url.Values{
		"Action": {mskAction}, "X-Amz-Expires": {mskExpires},
	}.Encode(), nil)
	if err != nil {
		return nil, err
	}
	signed, _, err := v4.NewSigner().PresignHTTP(ctx, credentials, request, emptySum, mskService, region, m.now().UTC())
	if err != nil {
		return nil, err
	}
	link, err := url.Parse(signed)
	if err != nil {
		return nil, err
	}
	fields := map[string]string{"version": mskVersion, "host": host, "user-agent": "migassist"}
	for name, values := range link.Query() {
		fields[strings.ToLower(name)] = values[0]
	}
	return json.Marshal(fields)
}

// regionOf takes the region from a name like b-1.NAME.ID.c2.kafka.REGION.amazonaws.com or boot-ID.c1.kafka-serverless.REGION.amazonaws.com.
func (m *mskIAM) regionOf(host string) (string, error) {
	if m.region != "" {
		return m.region, nil
	}
	labels := strings.Split(host, ".")
	for i, label := range labels {
		if (label == "kafka" || label == "kafka-serverless") && i+2 < len(labels) && labels[i+2] == "amazonaws" {
			return labels[i+1], nil
		}
	}
	return "", fmt.Errorf("the AWS region of broker %s is not known; set the region", host)
}

// mskSession is the wait for the broker's answer.
type mskSession struct{}

// Next takes the answer: what refuses us is an error of the request, so anything that came is consent, but nothing is not.
func (mskSession) Next(_ context.Context, answer []byte) (bool, []byte, error) {
	if len(answer) == 0 {
		return false, nil, errors.New("no confirmation of the login by Amazon MSK")
	}
	return true, nil, nil
}
