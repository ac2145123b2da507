#!/usr/bin/env bash
# Installs what building (`build`), building and testing (`test`) or measuring the relay beside its peers (`peers`)
# needs and what is not here yet, and says so. Does nothing where everything is present. Written for Debian 12;
# elsewhere it names what is missing.
set -euo pipefail

purpose=${1:-build}
oldest_cargo=1.91.0
packages=()
new_prometheus=

has() { command -v "$1" >/dev/null 2>&1; }

# Whether cargo is here and not older than what the libraries need.
has_cargo() {
	has cargo && has rustc || return 1
	local version
	version=$(cd / && cargo --version 2>/dev/null | cut -d' ' -f2) || return 1
	[ -n "$version" ] && [ "$(printf '%s\n' "$oldest_cargo" "$version" | sort -V | head -n1)" = "$oldest_cargo" ]
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif has sudo; then
		sudo "$@"
	else
		echo "sealpost: this needs root, and sudo is not installed. As root: $*" >&2
		exit 1
	fi
}

need() { # need COMMAND PACKAGE
	has "$1" || packages+=("$2")
}

install_packages() {
	[ ${#packages[@]} -gt 0 ] || return 0
	echo "sealpost: installing ${packages[*]}"
	if ! has apt-get; then
		echo "sealpost: no apt-get here. Please install by hand what corresponds to: ${packages[*]}" >&2
		exit 1
	fi
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
	packages=()
}

# Whether Debian offers a new enough cargo under the name cargo-web.
debian_has_cargo() {
	has apt-cache || return 1
	local version
	version=$(apt-cache policy cargo-web 2>/dev/null | sed -n 's/^ *Candidate: \([0-9.]*\).*/\1/p')
	[ -n "$version" ] && [ "$(printf '%s\n' "$oldest_cargo" "$version" | sort -V | head -n1)" = "$oldest_cargo" ]
}

install_cargo() {
	if has apt-get && ! has rustup; then
		as_root apt-get update -qq
		if debian_has_cargo; then
			packages=(rustc-web cargo-web)
			install_packages
			has_cargo && return 0
		fi
	fi
	echo "sealpost: installing Rust by rustup"
	need curl curl
	[ -e /etc/ssl/certs/ca-certificates.crt ] || packages+=(ca-certificates)
	install_packages
	if has rustup; then
		rustup toolchain install stable --profile minimal --component rustfmt --component clippy
	else
		curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
			sh -s -- -y --profile minimal --component rustfmt --component clippy --no-modify-path
	fi
	PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
	has_cargo || { echo "sealpost: cargo $oldest_cargo or newer is needed" >&2; exit 1; }
}

# The relay's peers, as Debian packages them. The bench starts each with a folder and a port of its own, so none may
# start by itself, neither now nor with the machine.
install_peers() {
	local services=() policy=/usr/sbin/policy-rc.d quiet=
	if [ ! -x /usr/sbin/mosquitto ]; then
		packages+=(mosquitto)
		services+=(mosquitto.service)
	fi
	if [ ! -x /usr/lib/rabbitmq/bin/rabbitmq-server ]; then
		packages+=(rabbitmq-server)
		services+=(rabbitmq-server.service)
		# Erlang's own, which RabbitMQ brings.
		has epmd || services+=(epmd.service epmd.socket)
	fi
	if ! has prosody; then
		packages+=(prosody)
		services+=(prosody.service)
	fi
	need strace strace
	if [ ${#services[@]} -gt 0 ] && has apt-get && [ ! -e "$policy" ]; then
		quiet=yes
		trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
		printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
		as_root chmod 755 "$policy"
	fi
	install_packages
	if [ -n "$quiet" ]; then
		as_root rm -f "$policy"
		trap - EXIT
	fi
	if [ ${#services[@]} -gt 0 ] && has systemctl; then
		as_root systemctl disable --quiet "${services[@]}"
		[ ! -d /run/systemd/system ] || as_root systemctl stop "${services[@]}"
	fi
}

# Schemathesis in the versions that are pinned, once for each list of them.
install_schemathesis() {
	local here folder pins
	here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
	pins=$here/schemathesis.txt
	folder=$here/../target/tools/schemathesis
	cmp -s "$pins" "$folder/pins.txt" && return 0
	echo "sealpost: installing schemathesis into target/tools"
	rm -rf "$folder"
	mkdir -p "$(dirname "$folder")"
	python3 -m venv "$folder"
	"$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$pins"
	cp "$pins" "$folder/pins.txt"
}

# OpenSSL (under SQLCipher) and the other C sources are built from source.
need cc gcc
[ -e /usr/include/stdlib.h ] || packages+=(libc6-dev)
need make make
# The perl that Debian's base brings lacks the modules that OpenSSL's configuration uses.
perl -MFindBin -MIPC::Cmd -MFile::Compare -MPod::Usage -e1 2>/dev/null || packages+=(perl)
[ -e /etc/ssl/certs/ca-certificates.crt ] || packages+=(ca-certificates)
if [ "$purpose" = test ]; then
	# The desktop's keyring is tested for real, on a bus of its own.
	need dbus-run-session dbus-daemon
	need gnome-keyring-daemon gnome-keyring
	# The full-screen chat is tested in a real terminal.
	need tmux tmux
	need pgrep procps
	# Alerts and dashboard are tested under a real Prometheus, the relay's unit by systemd's own judgement.
	has promtool || new_prometheus=yes
	need promtool prometheus
	need systemd-analyze systemd
	# The OpenAPI document is tried out by a program in Python, in a folder of its own below target.
	python3 -c 'import venv, ensurepip' 2>/dev/null || packages+=(python3-venv)
fi
install_packages
# Debian starts what it installs; the tests start a Prometheus of their own.
if [ -n "$new_prometheus" ] && [ -d /run/systemd/system ]; then
	as_root systemctl disable --now prometheus
fi
if [ "$purpose" = test ]; then
	install_schemathesis
fi
if [ "$purpose" = peers ]; then
	install_peers
fi
has_cargo || install_cargo
if [ "$purpose" = test ] && ! cargo fmt --version >/dev/null 2>&1; then
	if has rustup; then
		rustup component add rustfmt clippy
	elif debian_has_cargo; then
		packages=(rustfmt-web rust-web-clippy)
		install_packages
	fi
fi
