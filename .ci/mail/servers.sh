# shellcheck shell=bash
# Postfix and Dovecot in a directory of their own, on free loopback ports. To be sourced.
# Sets SMTP_PORT, IMAP_PORT, RELAY_PASSWORD, READER_PASSWORD.

templates=$(dirname "${BASH_SOURCE[0]}")

install_servers() {
    local program missing=no
    for program in postfix dovecot openssl; do
        command -v "$program" >/dev/null || missing=yes
    done
    [[ -x /usr/lib/dovecot/lmtp && -x /usr/lib/dovecot/imap ]] || missing=yes
    [[ $missing == yes ]] || return 0
    export DEBIAN_FRONTEND=noninteractive
    # Without this, the package asks, and writes a configuration nobody needs.
    echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
    apt-get update -q
    apt-get install -q -y --no-install-recommends \
        postfix dovecot-core dovecot-imapd dovecot-lmtpd openssl
}

# A certificate authority of our own, and the relay's certificate by it.
make_certificates() {
    local tls=$1
    mkdir -p "$tls"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -keyout "$tls/ca.key" -out "$tls/ca.pem" -subj '/CN=Lindhamra test CA' \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -keyout "$tls/server.key" -out "$tls/server.csr" -subj /CN=localhost
    openssl x509 -req -in "$tls/server.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" \
        -CAcreateserial -days 2 -out "$tls/server.pem" -extfile <(
            printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n'
            printf 'basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n'
        )
    chmod 0600 "$tls"/*.key
}

free_ports() {
    python3 - <<'PYTHON'
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
print(*(s.getsockname()[1] for s in sockets))
PYTHON
}

fill_in() {
    sed -e "s|@DIR@|$server_dir|g" -e "s|@SMTP@|$SMTP_PORT|g" -e "s|@IMAP@|$IMAP_PORT|g" \
        -e "s|@LMTP@|$lmtp_port|g" -e "s|@AUTH@|$auth_port|g" \
        -e "s|@RELAY_PASSWORD@|$RELAY_PASSWORD|g" -e "s|@READER_PASSWORD@|$READER_PASSWORD|g" \
        "$templates/$1" >"$2"
}

wait_for_port() {
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
        sleep 0.1
    done
    echo "nothing listens on port $1" >&2
    return 1
}

start_servers() {
    server_dir=$1
    RELAY_PASSWORD=$(openssl rand -hex 12)
    READER_PASSWORD=$(openssl rand -hex 12)
    read -r SMTP_PORT IMAP_PORT lmtp_port auth_port < <(free_ports)
    mkdir -p "$server_dir"
    make_certificates "$server_dir/tls" 2>"$server_dir/openssl.log" || {
        cat "$server_dir/openssl.log" >&2
        return 1
    }
    mkdir -p "$server_dir"/{postfix/etc,postfix/queue,postfix/data,dovecot/run,dovecot/state,mail}
    chown 5000:5000 "$server_dir/mail"
    chown postfix "$server_dir/postfix/data"
    fill_in main.cf "$server_dir/postfix/etc/main.cf"
    fill_in master.cf "$server_dir/postfix/etc/master.cf"
    fill_in dovecot.conf "$server_dir/dovecot/dovecot.conf"
    dovecot -c "$server_dir/dovecot/dovecot.conf"
    wait_for_port "$IMAP_PORT"
    wait_for_port "$auth_port"
    # Its own first words ("starting the Postfix mail system") are in its log.
    postfix -c "$server_dir/postfix/etc" check
    postfix -c "$server_dir/postfix/etc" start 2>/dev/null
    wait_for_port "$SMTP_PORT"
}

# Ends both, whatever state they are in, and waits until they are gone.
stop_servers() {
    [[ -n ${server_dir:-} ]] || return 0
    local pid_file pid tries
    local pids=()
    for pid_file in "$server_dir/postfix/queue/pid/master.pid" "$server_dir/dovecot/run/master.pid"; do
        [[ -s $pid_file ]] && pids+=("$(tr -d ' \n' <"$pid_file")")
    done
    postfix -c "$server_dir/postfix/etc" stop >/dev/null 2>&1 || true
    dovecot -c "$server_dir/dovecot/dovecot.conf" stop >/dev/null 2>&1 || true
    for pid in "${pids[@]}"; do
        for ((tries = 0; tries < 50; tries++)); do
            kill -0 "$pid" 2>/dev/null || break
            if ((tries == 30)); then kill -TERM "$pid" 2>/dev/null || true; fi
            sleep 0.1
        done
        if kill -0 "$pid" 2>/dev/null; then kill -KILL "$pid" 2>/dev/null || true; fi
    done
}

# Waits until the relay has handed on everything it took.
queue_is_empty() {
    local tries queue=$server_dir/postfix/queue
    for ((tries = 0; tries < 300; tries++)); do
        if [[ -z $(find "$queue"/{maildrop,incoming,active,deferred} -type f -print -quit) ]]; then
            return 0
        fi
        sleep 0.1
    done
    echo "the relay still holds mail:" >&2
    tail -n 20 "$server_dir/postfix/mail.log" >&2
    return 1
}

# How many messages lie in all mailboxes.
delivered() {
    find "$server_dir/mail" -type f \( -path '*/Maildir/new/*' -o -path '*/Maildir/cur/*' \) | wc -l
}
