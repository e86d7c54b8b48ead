#!/usr/bin/env bash
# placing held against an exact solver on some hundred small authorities: all that can be is placed
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! python3 -m venv "$work/venv" >/dev/null 2>&1; then
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends python3-venv >/dev/null
    python3 -m venv --clear "$work/venv"
fi
"$work/venv/bin/pip" install --quiet --disable-pip-version-check ortools==9.15.6755
cargo build --release --locked --quiet
"$work/venv/bin/python" .ci/placing/check.py target/release/avstamd "${CASES:-300}"
