#!/usr/bin/env bash
# every configuration that is shipped is one that avstamd accepts
cargo build --release --locked --quiet
for file in config/avstamd.toml config/demo/avstamd.toml; do
    echo "$file"
    target/release/avstamd --config "$file" check
done
# A wrong one is told by its own exit code, which the units of systemd/ go by.
wrong=$(mktemp)
trap 'rm -f "$wrong"' EXIT
sed 's/^name = "Lindhamra kommun"/nmae = "Lindhamra kommun"/' config/demo/avstamd.toml >"$wrong"
status=0
target/release/avstamd --config "$wrong" check || status=$?
echo "exit code of a misspelt key: $status"
((status == 78))
