#!/usr/bin/env bash
# killed over a thousand times, at every call that has an effect, and on disks that fail
phases=(tick deliver migration import backup restore "restore --from-record" purge forget)
if ! command -v strace >/dev/null; then
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends strace >/dev/null
fi
if ! strace -f -qq -o /dev/null true; then
    echo "no process may be traced here"
    exit 77
fi
cargo build --release --locked --quiet
# By itself: what building takes is not the stories' time.
cargo test --locked --quiet --test crash --no-run
# In memory where there is such a place: a kill takes nothing from a file, wherever it lies.
work=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$work"' EXIT
# What the stories leave behind when they are broken off goes with it.
export TMPDIR="$work" AVSTAMD_PROGRAM="$PWD/target/release/avstamd"
status=0
timeout --kill-after=10 "${SECONDS_AT_MOST:-1200}" \
    cargo test --locked --quiet --test crash -- --include-ignored --nocapture --test-threads 1 \
    >"$work/told" 2>&1 || status=$?
grep -o 'crash: .*' "$work/told" || true
if ((status == 124 || status == 137)); then
    echo "not done in time"
    exit 1
elif ((status)); then
    grep -v '^crash' "$work/told" | tail -n 100
    exit 1
fi

sum() { awk -F': ' -v phase="$1" '$1 == "crash kills" && (phase == "" || $2 == phase) { n += $3 } END { print n + 0 }' "$work/told"; }
for phase in "${phases[@]}"; do
    printf '%6d kills: %s\n' "$(sum "$phase")" "$phase"
    (($(sum "$phase") > 0))
done
again=$(grep -o '[0-9]* of them again' "$work/told" | awk '{ n += $1 } END { print n + 0 }')
kills=$(sum '')
printf '%d kills in all; no mail lost, %d came again, each of them as it may\n' "$kills" "$again"
((kills >= 1000))
