#!/usr/bin/env bash
# invitations: read by icalendar, vobject and ical.js, and kept by a CalDAV server
if ! command -v npm >/dev/null || ! python3 -c 'import ensurepip' 2>/dev/null; then
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        python3 python3-venv nodejs npm >/dev/null
fi
cargo build --release --locked --quiet
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
server=
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q icalendar==7.3.2 vobject==0.9.9 radicale==3.9.0 tzdata
(cd "$work" && npm install --silent --no-audit --no-fund ical.js@2.2.1 >/dev/null)
cp .ci/invitations/read.mjs "$work"
cat >"$work/radicale.ini" <<INI
[server]
hosts = 127.0.0.1:5232
[auth]
type = none
[storage]
filesystem_folder = $work/collections
INI
"$work/venv/bin/radicale" --config "$work/radicale.ini" >"$work/radicale.log" 2>&1 &
server=$!
"$work/venv/bin/python" .ci/invitations/check.py "$(realpath target/release/avstamd)" "$work" || {
    tail -n 20 "$work/radicale.log"
    exit 1
}
