# Thin verbs over cargo and scripts/. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup setup-runtime demo test bench nightly fmt lint doc deny

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

setup: ## install the packages that are missing (says which; sudo only then)
	@scripts/setup.sh

setup-runtime:
	@scripts/setup.sh runtime

demo: setup-runtime ## real calls through the gateway, checked; STAY=1 leaves it running for a softphone
	cargo build --release -p tandem
	$${CARGO_TARGET_DIR:-target}/release/tandem demo $(if $(STAY),--stay)

test: setup ## every test, those with real phones and databases included
	@scripts/count-tests.sh

bench: ## the figures
	@scripts/bench.sh

nightly: setup ## what takes longer: long model runs, advisories, container
	@scripts/nightly.sh

fmt: ## format all code
	cargo fmt --all

lint: ## fmt, clippy, rustdoc, deny: warnings are errors
	@scripts/lint.sh

doc: ## the documentation, in target/doc
	cargo doc --no-deps --workspace

deny: ## licences, sources and banned crates
	@scripts/deny.sh bans licenses sources
