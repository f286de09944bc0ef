# Everything a developer types. `make` alone lists it.
# Settings: FUZZTIME (30s a target), FUZZJOBS (2 at a time), BENCHTIME, BENCHREPO (where the million documents lie),
# STORES_SHARD_BYTES, FLEET_KILLS (50 in each run), VERIFY_DOCUMENTS (a million), TRANSFORM_DOCUMENTS (100,000),
# PROXYRACE (flags of internal/testcluster/proxyrace), GO.

GO        ?= go
FUZZTIME  ?= 30s
FUZZJOBS  ?= 2
BENCHTIME ?= 1s
BENCHREPO ?= dist/bench
STORES_SHARD_BYTES ?= 1073741824
FLEET_KILLS ?= 50
VERIFY_DOCUMENTS ?= 1000000
TRANSFORM_DOCUMENTS ?= 100000
MAPPINGS  ?= [{"TypeMappingSanitizationTransformerProvider": {"staticMappings": {"bench": {"_doc": "mapped"}}}}]
# The version comes from git here, not from the go command, which gives up where the repository belongs to somebody else.
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS   := -s -w -X migassist/internal/cli.version=$(VERSION)
LINTER    := bin/golangci-lint
STORES    := bin/versitygw bin/fake-gcs-server

.DEFAULT_GOAL := help
.PHONY: help build test e2e e2e-all e2e-metadata e2e-cluster e2e-versions e2e-damage e2e-rebuild e2e-stores e2e-lease e2e-fleet lint fuzz bench simulation fixtures demo clean bench-reindex bench-transform

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the static binary, bin/migassist
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/migassist .

test: ## all fast tests: no Java, no network
	$(GO) test ./...

demo: build ## watch a migration happen, with nothing but this binary
	bin/migassist demo

e2e: build ## migrate between real servers (Java 17, Maven): ES 7.10.2 to OpenSearch 2.19.1
	$(GO) test -tags e2e -count=1 -timeout 15m ./internal/testcluster/e2e/...
	$(GO) test -tags e2e -count=1 -timeout 5m -run 'TestRealServers/opensearch-2.19.1' ./rfs/lease/indexlease
	$(GO) test -tags e2e -count=1 -timeout 5m -run 'TestRejectKeeps|TestWhatAClientSaw|TestTenProcesses|TestTLS|TestASocket|TestWhatCantWork|TestTheDiskOfTheCapture' ./internal/testcluster/proxychaos -chaos.for 10s
	$(GO) test -tags e2e -count=1 -timeout 5m -run TestMatrix ./internal/testcluster/matrix -matrix.sources elasticsearch-7.10.2 -matrix.targets opensearch-2.19.1-full

.PHONY: e2e-targets e2e-giants
e2e-targets: build ## data streams, aliases, other names, versions, id collisions, pilots: on real servers
	$(GO) test -tags e2e -count=1 -timeout 15m -run '^TestTarget' ./internal/testcluster/e2e/...

.PHONY: e2e-tune
e2e-tune: ## --tune-target through kills, stop and reset; settings of three real servers tuned and given back
	$(GO) test -tags e2e -count=1 -timeout 15m -run TestTunedSettings ./internal/testcluster/e2e
	$(GO) test -tags e2e -count=1 -timeout 15m -run TestRealServersTakeTuning ./rfs

.PHONY: e2e-verify
e2e-verify: build ## three that differ among VERIFY_DOCUMENTS (a million) named and mended, types united and split, live traffic, transforms, dead letters redriven until none is left
	$(GO) test -tags e2e -count=1 -v -timeout 60m -run '^Test(Verify|DeadLetters)' ./internal/testcluster/e2e -verify.documents $(VERIFY_DOCUMENTS) -transform.documents $(TRANSFORM_DOCUMENTS)
	$(GO) test -tags e2e -count=1 -p 1 -timeout 15m ./rfs/verify ./transform/typemap

e2e-metadata: ## rich sources of ten versions to three targets, with their documents and what is asked of them; every fixture on a real target, and each rule
	$(GO) test -tags e2e -count=1 -v -timeout 25m -run TestMatrix ./internal/testcluster/matrix
	$(GO) test -tags e2e -count=1 -p 1 -timeout 20m ./metadata/...
	$(GO) test -tags e2e -count=1 -timeout 10m -run TestNoCommandOfMetadataWritesToARealSource ./internal/cli

.PHONY: e2e-rules
e2e-rules: ## every field type, parameter, key and setting that one of ten sources takes, offered to three targets as index and as template
	$(GO) test -tags e2e -count=1 -v -timeout 60m -run TestWhatASourceTakesItsTargetTakes ./metadata/rules -origin all

.PHONY: e2e-proxy
e2e-proxy: ## the capture proxy: official clients of two real servers through it (python3-venv, pip, curl), and brokers, spills, sources and the proxy itself that fail under load
	$(GO) test -tags e2e -count=1 -v -timeout 30m ./internal/testcluster/proxychaos -chaos.for 60s

e2e-cluster: ## the client, and the embedded target, held against real servers
	$(GO) test -tags e2e -count=1 -p 1 -timeout 20m ./cluster/... ./internal/sandbox/... ./rfs/bulk/...

e2e-lease: ## the state of a run in an index, on ten versions from Elasticsearch 6.8 to 9 and OpenSearch 1 to 3
	$(GO) test -tags e2e -count=1 -timeout 30m ./rfs/lease/indexlease

e2e-fleet: build $(STORES) ## four workers through FLEET_KILLS (50) kills, refusals, cuts, frozen workers and restarts, with each store of the run's state
	$(GO) test -tags e2e -count=1 -v -timeout 60m -run TestFleetLosesNothing ./internal/testcluster/e2e -fleet.kills $(FLEET_KILLS)

e2e-damage: ## two blobs of each kind of every fixture cut, and a bit flipped, at each percent
	$(GO) test -count=1 -timeout 60m ./rfs -run TestDamagedRepository -damage.step 1 -damage.each 2

e2e-versions: ## new snapshots of every version, by its real server, read and compared document by document
	$(GO) run ./internal/testcluster/fixtures -out $(CURDIR)/dist/versions
	$(GO) test -count=1 -timeout 20m ./rfs -run 'TestFixturesComeOutExactly|TestLookShows|TestWhatTheServerMakes' -fixtures $(CURDIR)/dist/versions

e2e-rebuild: ## random mappings and documents without _source, rebuilt and held against ten real servers
	$(GO) test -tags e2e -count=1 -timeout 60m -run TestRebuiltIsWhatTheServerHad ./rfs/rebuild

e2e-stores: $(STORES) $(BENCHREPO)/repository ## object stores: versitygw, fake-gcs-server, Azurite (npm), and a shard of STORES_SHARD_BYTES (1 GiB) read from one
	@test -x bin/azurite/node_modules/.bin/azurite-blob || npm install --prefix bin/azurite --no-audit --no-fund --silent azurite@3.37.0 || echo "no npm: Azure is not held against Azurite"
	STORES_REPOSITORY=$(abspath $(BENCHREPO)/repository) STORES_SNAPSHOT=bench STORES_INDEX=bench STORES_SHARD_BYTES=$(STORES_SHARD_BYTES) \
		$(GO) test -tags e2e -count=1 -v -timeout 30m ./internal/testcluster/stores/...

$(STORES) &: tools/stores/go.mod tools/stores/go.sum
	cd tools/stores && CGO_ENABLED=0 $(GO) build -o ../../bin/ tool

e2e-giants: build ## documents of 90 MB (100 of them; 30 GB of disk): memory, and targets that take them and that do not
	$(GO) test -tags e2e -count=1 -v -timeout 60m ./internal/testcluster/giants/...

.PHONY: e2e-kafka
e2e-kafka: ## the log on a real Kafka: contract through kills, logins, TLS, hanging broker, damage, retention, Java clients, speed
	$(GO) test -tags e2e -count=1 -v -timeout 20m ./capture/kafkalog

e2e-all: e2e e2e-metadata e2e-rules e2e-cluster e2e-versions e2e-damage e2e-rebuild e2e-stores e2e-lease e2e-fleet e2e-tune e2e-giants e2e-verify e2e-kafka e2e-proxy ## all of these

lint: $(LINTER) ## golangci-lint as pinned in tools/go.mod
	$(LINTER) run --allow-parallel-runners ./...

$(LINTER): tools/go.mod tools/go.sum
	cd tools && CGO_ENABLED=0 $(GO) build -o ../$(LINTER) github.com/golangci/golangci-lint/v2/cmd/golangci-lint

# Before 1.27 the go command sometimes calls the end of the time itself a failure, without a failing input (go.dev/issue/75804): such a target runs again.
fuzz: ## every Fuzz target for FUZZTIME (30s) each, FUZZJOBS (2) at a time
	@log=$$(mktemp -d); trap 'rm -rf "$$log"' EXIT; \
	for package in $$($(GO) list ./...); do \
		$(GO) test -list '^Fuzz' $$package | sed -n "s,^Fuzz,$$package Fuzz,p"; \
	done | xargs -P $(FUZZJOBS) -n 2 sh -c ' \
		out='$$log'/$$(echo $$1.$$2 | tr / .); \
		fuzzed() { $(GO) test -run "^\$$" -fuzz "^$$2\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x -parallel 1 $$1 >$$out 2>&1; }; \
		ended() { grep -q "^    context deadline exceeded" $$out && ! grep -Eq "Failing input|panic|terminated" $$out; }; \
		if fuzzed "$$@" || { ended && fuzzed "$$@"; }; \
		then echo "ok $$1 $$2: $$(grep "^fuzz: elapsed" $$out | tail -n 1)"; \
		else echo "FAIL $$1 $$2"; cat $$out; exit 1; fi' fuzz

simulation: ## 1,000 workers and 100,000 items over the real lease protocol in virtual time (docs/fleet-simulation.md); SIMULATION=… chooses scenarios
	$(GO) test -count=1 -timeout 60m ./rfs/lease -v -run TestSimulation -simulation.workers 1000 -simulation.items 100000 -simulation.only '$(SIMULATION)'

bench: build $(BENCHREPO)/repository ## benchmarks, of transforms per 2 KB document on one core too; the same files read by Apache Lucene and by us; a million documents to nothing, to a free sink, and against _reindex; the capture proxy beside others (Java 17, Maven, nginx, haproxy, wrk)
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./lucene/... ./snapshot ./rfs/... ./xcontent/... ./transform/... ./cluster ./metadata
	$(GO) run ./internal/testcluster/compare -out $(BENCHREPO)
	$(GO) run ./internal/testcluster/measure -- bin/migassist rfs --output json --log-level warn \
		--repo-uri $(abspath $(BENCHREPO)/repository) --snapshot-name bench --index-allowlist bench --target-file /dev/null \
		--dead-letter-file $(BENCHREPO)/dead-letters.ndjson
	$(GO) run ./internal/testcluster/sink -- bin/migassist rfs --output json --log-level warn \
		--repo-uri $(abspath $(BENCHREPO)/repository) --snapshot-name bench --index-allowlist bench
	$(MAKE) --no-print-directory bench-transform
	$(MAKE) --no-print-directory bench-reindex
	$(MAKE) --no-print-directory bench-proxy

bench-transform: build $(BENCHREPO)/repository ## the million to a free sink, with type mappings and without, in turn
	$(GO) run ./internal/testcluster/sink -index bench,mapped -against --doc-transformer-config -against '$(MAPPINGS)' -- \
		bin/migassist rfs --output json --log-level warn --repo-uri $(abspath $(BENCHREPO)/repository) --snapshot-name bench --index-allowlist bench

bench-reindex: build $(BENCHREPO)/repository ## the million from ES 7.10.2 to OpenSearch 2.19.1: _reindex from remote, one worker, four workers, three rounds in turn (Java 17, Maven)
	$(GO) run ./internal/testcluster/race -repository $(BENCHREPO)/repository -binary bin/migassist

.PHONY: bench-proxy
bench-proxy: build ## the capture proxy beside nginx, nginx with mirror and HAProxy: rates, latencies at half load, memory (nginx, haproxy, wrk)
	$(GO) run ./internal/testcluster/proxyrace -binary bin/migassist -dir $(BENCHREPO) $(PROXYRACE)

$(BENCHREPO)/repository:
	$(GO) run ./internal/testcluster/benchcorpus -out $(BENCHREPO)

fixtures: ## write testdata/snapshots anew from the real servers (Java 17, Maven)
	$(GO) run ./internal/testcluster/fixtures

clean: ## remove what the targets above built
	rm -rf bin dist
