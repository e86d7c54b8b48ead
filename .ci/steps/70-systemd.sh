#!/usr/bin/env bash
# the units: syntax, exposure, users and directories
if ! command -v systemd-analyze >/dev/null; then
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends systemd >/dev/null
fi
cargo build --release --locked --quiet
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
units=("$work/avstamd.service" "$work/avstamd@.service")
cp systemd/*.service "$work"
# The program lies where it was built, not where it is to be installed.
sed -i "s|^ExecStart=/usr/bin/avstamd |ExecStart=$PWD/target/release/avstamd |" "${units[@]}"
told=$(systemd-analyze verify --man=no "$work/avstamd.service" "$work/avstamd@skola.service" 2>&1) || {
    echo "$told"
    exit 1
}
# It also tells of what it only ignores, such as a misspelt key, and calls that a success.
if grep -F "$work" <<<"$told"; then exit 1; fi
for unit in "${units[@]}"; do
    systemd-analyze security --offline=true --threshold=20 --no-pager "$unit" | tail -n 1
done

# The two units differ where an instance must.
diff <(grep -vE '^#|^$' systemd/avstamd.service) <(grep -vE '^#|^$' systemd/avstamd@.service) |
    grep '^[<>]' >"$work/differences" || true
cut -c3- "$work/differences" | sed 's/=.*//' | sort -u >"$work/keys"
wanted=$'BindPaths\nDescription\nExecStart\nLoadCredential\nStateDirectory\nTemporaryFileSystem'
[[ $(cat "$work/keys") == "$wanted" ]] || {
    echo "the units differ in more than they should:"
    cat "$work/differences"
    exit 1
}

# User, group and directories, made in a system of their own.
mkdir -p "$work/root/etc"
systemd-sysusers --root="$work/root" "$PWD/systemd/avstamd.sysusers.conf"
systemd-tmpfiles --root="$work/root" --create "$PWD/systemd/avstamd.tmpfiles.conf"
grep -x 'avstamd-calendar:x:[0-9]*:avstamd' "$work/root/etc/group"
owner() { awk -F: -v id="$2" '$3 == id { print $1 }' "$work/root/etc/$1"; }
while read -r mode user group path; do
    read -r got_mode uid gid < <(stat -c '%a %u %g' "$work/root$path")
    got="$got_mode $(owner passwd "$uid") $(owner group "$gid")"
    echo "$path: $got"
    [[ $got == "$mode $user $group" ]]
done <<'TABLE'
711 avstamd avstamd /var/lib/avstamd
2770 avstamd avstamd-calendar /var/lib/avstamd/shared
TABLE
