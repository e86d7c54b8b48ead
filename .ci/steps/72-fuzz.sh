#!/usr/bin/env bash
# fuzz targets, each for a bounded time, from the corpus that is kept
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${FUZZ_SECONDS:-20}
host=$(rustc -vV | sed -n 's/^host: //p')

if ! command -v c++ >/dev/null; then
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends g++ >/dev/null
fi

# What cargo-fuzz would set, of which nothing needs another compiler than the stable one: coverage of
# edges and comparisons without a sanitizer. There is no unsafe code here for one to watch.
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares
    --cfg fuzzing"
cargo build --manifest-path "$here/fuzz/Cargo.toml" --release --locked --quiet --target "$host"

found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
failed=0
for directory in "$here"/fuzz/corpus/*/; do
    target=$(basename "$directory")
    binary="$here/fuzz/target/$host/release/$target"
    mkdir "$found/$target"
    status=0
    "$binary" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=20000 \
        -artifact_prefix="$found/$target-" -print_final_stats=1 \
        "$found/$target" "$directory" > "$found/$target.log" 2>&1 || status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found/$target.log")
    # One that crashes on what is kept says nothing of it.
    coverage=$(grep -o 'cov: [0-9]*' "$found/$target.log" | tail -1) || true
    edges=${coverage#cov: }
    printf '%-14s %9s runs, %s edges\n' "$target" "${runs:-no}" "${edges:-no}"
    if ((status)); then
        failed=1
        grep -A3 -m1 'panicked at\|ERROR: libFuzzer' "$found/$target.log" >&2 || tail -5 "$found/$target.log" >&2
        for crash in "$found/$target"-*; do
            [ -f "$crash" ] || continue
            printf '%s, to be kept as fuzz/corpus/%s/NAME (base64):\n' "$(basename "$crash")" "$target" >&2
            base64 "$crash" >&2
        done
    fi
done
exit "$failed"
