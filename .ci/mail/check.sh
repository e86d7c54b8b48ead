#!/usr/bin/env bash
# avstamd against a real mail server: Postfix with STARTTLS and a password, Dovecot behind it.
# Usage: check.sh AVSTAMD   (needs root; installs the servers where they are missing)
set -euo pipefail

avstamd=$(realpath "${1:?the avstamd program}")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=.ci/mail/servers.sh
source "$here/servers.sh"

work=$(mktemp -d)
chmod 0755 "$work"
finish() {
    local status=$?
    if ((status != 0)); then
        echo "--- the servers' last words"
        tail -n 15 "$work"/server/postfix/mail.log "$work"/server/dovecot/dovecot.log 2>/dev/null || true
    fi
    stop_servers
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT

say() { printf '  %s\n' "$*"; }
fail() {
    echo "failed: $*" >&2
    exit 1
}
# equal WHAT GOT WANTED
equal() {
    [[ $2 == "$3" ]] || fail "$1: $2, not $3"
    say "$1: $2"
}

install_servers >"$work/install.log" 2>&1 || {
    tail -n 30 "$work/install.log"
    fail "the servers could not be installed"
}
start_servers "$work/server"
say "$(postconf -h -c "$work/server/postfix/etc" mail_version | sed 's/^/Postfix /'), Dovecot $(dovecot --version)"

# The fictional authority of config/demo, with a mail server in place of files.
authority=$work/authority
mkdir "$authority"
cp "$root"/config/demo/*.csv "$authority"
printf '%s\n' "$RELAY_PASSWORD" >"$authority/password"
printf 'wrong\n' >"$authority/wrong-password"
settings() { # FILE PASSWORD-FILE [CA-FILE]
    sed -e '/^\[mail\.transport\]/,/^$/d' -e '/^\[web\]/,/^$/d' "$root/config/demo/avstamd.toml"
    printf '\n[mail.transport]\nkind = "smtp"\nhost = "localhost"\nport = %s\n' "$SMTP_PORT"
    printf 'security = "starttls"\nuser = "avstamd"\npassword-file = "%s"\n' "$1"
    [[ -z ${2:-} ]] || printf 'ca-file = "%s"\n' "$2"
    printf 'connections = 2\nper-minute = 100000\n'
}
settings password "$work/server/tls/ca.pem" >"$authority/avstamd.toml"
settings wrong-password "$work/server/tls/ca.pem" >"$authority/wrong-password.toml"
settings password >"$authority/unknown-ca.toml"

run() { # CONFIG ARGUMENT…
    "$avstamd" --config "$authority/$1.toml" "${@:2}"
}
# The ledger's own count of mails in a state.
count() {
    run avstamd outbox list --all --json |
        python3 -c 'import json, sys; print(sum(m["state"] == sys.argv[1] for m in json.load(sys.stdin)))' "$1"
}

echo "One mail by send-test"
run avstamd import "$authority" >/dev/null
run avstamd check
run avstamd send-test provkonto@lindhamra.example
queue_is_empty
equal "mails in all mailboxes" "$(delivered)" 1

echo "A relay that refuses our password, and one whose certificate nobody vouches for"
monday=2026-11-30T07:00
for config in wrong-password unknown-ca; do
    status=0
    run "$config" run --once --at "$monday" >"$work/refused" 2>&1 || status=$?
    sed 's/^/  | /' "$work/refused"
    equal "exit code with $config" "$status" 1
    queue_is_empty
    equal "mails in all mailboxes" "$(delivered)" 1
    equal "mails sent, by the ledger" "$(count sent)" 0
    equal "mails refused, by the ledger" "$(count refused)" 0
    waiting=$(run avstamd status --json --at "$monday" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["queue"]["waiting"])')
    ((waiting > 0)) || fail "no mail waits after $config"
    say "mails waiting: $waiting"
done

echo "A week's mails"
for at in 2026-11-30T08:00 2026-12-01T07:00 2026-12-02T07:00 2026-12-03T07:00 2026-12-04T07:00; do
    before=$(count sent)
    run avstamd run --once --at "$at" | sed 's/^/  | /'
    queue_is_empty
    sent=$(count sent)
    say "$at: $((sent - before)) sent"
    equal "mails in all mailboxes" "$(delivered)" "$((sent + 1))"
done
((sent >= waiting)) || fail "$waiting mails waited, only $sent were sent"
run avstamd run --once --at 2026-12-04T07:00 >/dev/null
queue_is_empty
equal "mails in all mailboxes after the same hour again" "$(delivered)" "$((sent + 1))"

echo "Every mailbox, read by IMAP"
mkdir "$work/ledger"
run avstamd outbox list --all --json >"$work/ledger/mails.json"
for id in $(python3 -c 'import json, sys; print(*(m["id"] for m in json.load(open(sys.argv[1]))))' "$work/ledger/mails.json"); do
    run avstamd outbox show "$id" --json >"$work/ledger/$id.json"
done
READER_PASSWORD=$READER_PASSWORD python3 "$here/check_mail.py" \
    --port "$IMAP_PORT" --ledger "$work/ledger" --data "$root/config/demo"
