#!/usr/bin/env bash
# every configuration that is shipped is one that avstamd accepts
cargo build --release --locked --quiet
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in config/avstamd.toml config/demo/avstamd.toml; do
    echo "$file"
    # The directories of an installation are the unit's to make, and check looks for them.
    here="$work/${file//\//-}"
    sed "s|/var/lib/avstamd|$work|" "$file" >"$here"
    # On a day of theirs: they name school years, and one day those are over.
    target/release/avstamd --config "$here" check --at 2026-11-24T08:00
done
# A wrong one is told by its own exit code, which the units of systemd/ go by.
wrong="$work/wrong.toml"
sed 's/^name = "Lindhamra kommun"/nmae = "Lindhamra kommun"/' config/demo/avstamd.toml >"$wrong"
status=0
target/release/avstamd --config "$wrong" check || status=$?
echo "exit code of a misspelt key: $status"
((status == 78))
