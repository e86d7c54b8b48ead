#!/usr/bin/env bash
# format, lints, documentation, shell scripts
cargo fmt --check
cargo clippy --all-targets --locked -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items --locked
if ! command -v shellcheck >/dev/null; then
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends shellcheck >/dev/null
fi
shellcheck -x .ci/run .ci/readme-block .ci/steps/*.sh .ci/mail/*.sh
