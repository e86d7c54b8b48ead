#!/usr/bin/env bash
# licences, banned and doubled crates, sources
version=0.20.2
if [[ $(cargo deny --version 2>/dev/null) != "cargo-deny $version" ]]; then
    cargo install cargo-deny --version "$version" --locked --quiet
fi
cargo fetch --locked --quiet
cargo deny --offline check licenses bans sources
