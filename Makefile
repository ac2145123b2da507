# Two commands: `make demo` shows what Sealpost does, `make test` checks all of it. Both install what is missing.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test simulate flood fuzz bench bench-peers lint build deb tools tools-test

# The toolchain may have been installed a moment ago by this very run.
export PATH := $(if $(CARGO_HOME),$(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)
# Smaller and faster to build; backtraces keep their lines.
export CARGO_PROFILE_DEV_DEBUG := line-tables-only

help:
	@echo "make demo   three people, a group and a relay on this machine, in under a minute after the build"
	@echo "make test   formatting, lints and all tests"
	@echo "make bench  what the core costs, in ratios to what it is built on"
	@echo "make bench-peers   the relay beside mosquitto, RabbitMQ and Prosody, which it installs and never enables"
	@echo "make simulate SEEDS=first..last   the simulation over more seeds than make test runs"
	@echo "make flood  10,000 idle and 2,000 busy connections at one relay, with their memory"
	@echo "make fuzz SECONDS=60   every decoder under libFuzzer, each for so long; TARGET=name one of them"
	@echo "make lint   formatting and lints only"
	@echo "make deb    a Debian package of the relay, in target/debian"
	@echo "make build  target/debug/sealpost and target/debug/sealpost-server"

demo: build
	@target/debug/sealpost demo

build: tools
	cargo build --locked --package sealpost-cli --package sealpost-server --bins

test: tools-test lint
	cargo test --locked --workspace

bench: tools
	cargo run --locked --release --package sealpost-benches

# The relay's own program is measured, beside the one that measures it.
bench-peers: tools
	@scripts/install.sh peers
	cargo build --locked --release --package sealpost-server --package sealpost-benches
	"$${CARGO_TARGET_DIR:-target}/release/sealpost-benches" peers

SEEDS ?= 1..1000

simulate: tools-test
	SEEDS=$(SEEDS) cargo test --locked --package sealpost-simulation --test simulation -- --nocapture whatever_happens

deb: tools
	@command -v cargo-deb >/dev/null || { echo "installing cargo-deb"; cargo install --locked cargo-deb; }
	cargo deb --locked --strip --package sealpost-server

flood: tools-test
	ulimit -n 16384 && cargo test --locked --package sealpost-server --test relay -- --ignored --nocapture flood::

SECONDS ?= 60

fuzz: tools
	scripts/fuzz.sh $(SECONDS) $(TARGET)

lint: tools-test
	@if cargo fmt --version >/dev/null 2>&1; then \
		cargo fmt --all --check; \
	else \
		echo "rustfmt is not installed here: the formatting is not checked"; \
	fi
	@if cargo clippy --version >/dev/null 2>&1; then \
		cargo clippy --locked --workspace --all-targets -- -D warnings; \
	else \
		echo "clippy is not installed here: its lints are skipped"; \
	fi
	@if command -v cargo-deny >/dev/null; then cargo deny check bans licenses sources; fi

tools:
	@scripts/install.sh build

tools-test:
	@scripts/install.sh test
