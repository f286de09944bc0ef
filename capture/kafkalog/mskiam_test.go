package kafkalog

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"
	"github.com/segmentio/kafka-go/sasl"
)

// TestMSKPayloadIsAsDocumented computes the signature by hand, as the README of aws-msk-iam-auth says in its section "Details".
func TestMSKPayloadIsAsDocumented(t *testing.T) {
	const host, key, secret = "b-1.cap.a1b2c3.c2.kafka.eu-central-1.amazonaws.com", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	for _, token := range []string{"", "session/token+with=signs"} {
		m := &mskIAM{
			credentials: credentials.NewStaticCredentialsProvider(key, secret, token),
			now:         func() time.Time { return time.Date(2026, 11, 23, 14, 30, 5, 0, time.FixedZone("", 3600)) },
		}
		if m.Name() != "AWS_MSK_IAM" {
			t.Errorf("the mechanism is called %s", m.Name())
		}
		session, payload, err := m.Start(sasl.WithMetadata(t.Context(), &sasl.Metadata{Host: host, Port: 9098}))
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal(payload, &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{
			"version": "2020_10_22", "host": host, "user-agent": "migassist", "action": "kafka-cluster:Connect",
			"x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": key + "/20261123/eu-central-1/kafka-cluster/aws4_request",
			"x-amz-date": "20261123T133005Z", "x-amz-signedheaders": "host", "x-amz-expires": "900",
		}
		query := "Action=kafka-cluster%3AConnect&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + url.QueryEscape(want["x-amz-credential"]) +
			"&X-Amz-Date=20261123T133005Z&X-Amz-Expires=900"
		if token != "" {
			want["x-amz-security-token"] = token
			query += "&X-Amz-Security-Token=" + url.QueryEscape(token)
		}
		query += "&X-Amz-SignedHeaders=host"
		want["x-amz-signature"] = signature(secret, "20261123", "eu-central-1", strings.Join([]string{"GET", "/", query, "host:" + host, "", "host", sum("")}, "\n"))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("payload (-want +got):\n%s", diff)
		}
		if done, _, err := session.Next(t.Context(), []byte(`{"version":"2020_10_22","request-id":"x"}`)); !done || err != nil {
			t.Errorf("after the broker's consent: %v, %v", done, err)
		}
		if _, _, err := session.Next(t.Context(), nil); err == nil {
			t.Error("an empty answer is taken for consent")
		}
	}
}

func signature(secret, day, region, request string) string {
	key := []byte("AWS4" + secret)
	for _, part := range []string{day, region, "kafka-cluster", "aws4_request"} {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, strings.Join([]string{"AWS4-HMAC-SHA256", "20261123T133005Z", day + "/" + region + "/kafka-cluster/aws4_request", sum(request)}, "\n")))
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

func TestMSKRegionComesFromTheBrokersName(t *testing.T) {
	for host, want := range map[string]string{
		"b-2.x.y.c3.kafka.us-gov-west-1.amazonaws.com":         "us-gov-west-1",
		"boot-abc.c1.kafka-serverless.us-east-1.amazonaws.com": "us-east-1",
		"b-2.x.y.c3.kafka.cn-north-1.amazonaws.com.cn":         "cn-north-1",
		"broker.example.com":                                   "",
		"kafka":                                                "",
	} {
		m := &mskIAM{}
		if got, err := m.regionOf(host); got != want || (err == nil) != (want != "") {
			t.Errorf("%s is in %q (%v), want %q", host, got, err, want)
		}
	}
	if got, err := (&mskIAM{region: "eu-west-3"}).regionOf("broker.example.com"); got != "eu-west-3" || err != nil {
		t.Errorf("a region that is set: %q, %v", got, err)
	}
	if _, _, err := (&mskIAM{}).Start(context.Background()); err == nil {
		t.Error("signed for no broker")
	}
}
