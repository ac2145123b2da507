#!/usr/bin/env bash
# Runs the targets of tests/fuzz under libFuzzer: `fuzz.sh SECONDS [TARGET…]`, each for so long; `fuzz.sh build` only
# builds, `fuzz.sh list` names them. What is found lies in target/fuzz/TARGET/found, the inputs that led there in corpus;
# both are used again. Exits with 1 where something was found. Works with the stable compiler: coverage is a pass of
# LLVM's. Needs a C++ compiler, and fetches libfuzzer-sys from crates.io; installs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
[ $# -gt 0 ] && shift
if ! command -v c++ >/dev/null; then
	echo "fuzz: libFuzzer needs a C++ compiler; on Debian: apt-get install g++" >&2
	exit 2
fi

host=$(rustc -vV | sed -n 's/^host: //p')
build=${FUZZ_TARGET_DIR:-target/fuzz/build}
program=$build/$host/release/sealpost-fuzz
passes="-Cpasses=sancov-module"
for argument in level=4 inline-8bit-counters pc-table trace-compares; do
	passes+=" -Cllvm-args=-sanitizer-coverage-$argument"
done
# For a named target, so that build scripts are not counted; with the checks of a debug build.
RUSTFLAGS="$passes -Cdebug-assertions -Coverflow-checks -Ccodegen-units=1" cargo build --locked --release \
	--package sealpost-fuzz --features libfuzzer --target "$host" --target-dir "$build"

all=$("$program" 2>&1 | sed -n 's/^TARGET is one of: //p') || true
case $seconds in
build) exit 0 ;;
list)
	tr ' ' '\n' <<<"$all"
	exit 0
	;;
esac
[ $# -gt 0 ] || read -r -a targets <<<"$all"
[ $# -eq 0 ] || targets=("$@")

# The control: where what was planted is not found, nothing else would be.
rm -rf target/fuzz/planted && mkdir -p target/fuzz/planted/corpus
TARGET=planted SEEDS=target/fuzz/planted/corpus "$program" 2>target/fuzz/planted/log
if TARGET=planted "$program" -seed=1 -runs=1000000 -artifact_prefix=target/fuzz/planted/ target/fuzz/planted/corpus \
	>target/fuzz/planted/log 2>&1 || ! grep -q 'planted: a length beyond the end' target/fuzz/planted/log; then
	echo "fuzz: what was planted was not found, see target/fuzz/planted/log" >&2
	exit 2
fi
echo "planted: found after $(sed -n 's/^stat.*//; s/^#\([0-9]*\).*/\1/p' target/fuzz/planted/log | tail -n1) runs"

found=0
for target in "${targets[@]}"; do
	if [[ " $all " != *" $target "* ]]; then
		echo "fuzz: there is no target $target; there are: $all" >&2
		exit 2
	fi
	folder=target/fuzz/$target
	mkdir -p "$folder/corpus" "$folder/found"
	export TARGET=$target
	SEEDS=$folder/corpus "$program" 2>"$folder/log"
	# What was found before comes first: what is mended is an input like any other from now on.
	for input in "$folder"/found/*; do
		[ -e "$input" ] || continue
		"$program" -timeout=20 "$input" >"$folder/log" 2>&1 && mv "$input" "$folder/corpus/"
	done
	echo "$target: $seconds seconds"
	status=0
	"$program" -max_total_time="$seconds" -max_len=8192 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$folder/found/" "$folder/corpus" >"$folder/log" 2>&1 || status=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/log")
	covered=$(grep -o 'cov: [0-9]*' "$folder/log" | tail -n1)
	echo "$target: ${runs:-no} runs, ${covered:-no coverage}"
	if [ "$status" -ne 0 ] || [ -n "$(ls -A "$folder/found")" ]; then
		grep -A1 -E 'panicked at|ERROR: libFuzzer|SUMMARY' "$folder/log" >&2 || true
		echo "$target: found something, said in $folder/log; again: TARGET=$target $program $folder/found/*" >&2
		found=1
	fi
done
exit $found
