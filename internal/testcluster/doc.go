// Package testcluster starts real Elasticsearch, OpenSearch and Kafka servers on
// loopback, for end-to-end tests and for the programs that write fixtures.
//
//	Spec ──> distribution (a row of a table) ──> Maven ──> cache folder ──> run folder ──> process
//	                                              once       once            per server
//
// Servers come from Maven as zip files, with the modules that the minimal builds
// lack, and are unpacked once into a cache folder ($TESTCLUSTER_CACHE,
// else the user's cache folder). Each server runs in a folder of its own with free
// ports, and dies with the process that started it.
//
// With Spec.Secure OpenSearch gets the security plugin: TLS with a CA made for the
// occasion, and basic authentication.
//
// [StartKafka] does the same for a Kafka broker, which can be killed, frozen and
// started again on its data, with TLS, client certificates or SASL.
//
// A missing Java or Maven is an error that says what to install: nothing here
// skips. It is not a fake (that is internal/sandbox) and not a client for the
// product (that is cluster): Server.Do sends what a test says and returns what the
// server answered, byte for byte.
package testcluster
