#!/usr/bin/env bash
# a week's mails through Postfix (STARTTLS, password) into Dovecot, read back by IMAP
cargo build --release --locked --quiet
.ci/mail/check.sh target/release/avstamd
