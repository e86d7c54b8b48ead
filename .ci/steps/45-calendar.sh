#!/usr/bin/env bash
# the calendar is a public interface: the system's own SQLite writes every table of it
if ! command -v sqlite3 >/dev/null; then
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends sqlite3 >/dev/null
fi
cargo build --release --locked --quiet
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed "s|/var/lib/avstamd|$work|" config/avstamd.toml >"$work/avstamd.toml"
avstamd() { target/release/avstamd --config "$work/avstamd.toml" "$@"; }
avstamd import config/demo/{areas,units,people}.csv >/dev/null
echo "SQLite $(sqlite3 --version | cut -d' ' -f1)"
sqlite3 -bail "$work/calendar.db" <<'SQL'
PRAGMA foreign_keys = ON;
INSERT INTO area (id, name) VALUES ('ytter', 'Ytterområdet');
INSERT INTO school_unit (code, name, area) VALUES ('99999991', 'Ytterskolan', 'ytter');
INSERT INTO person (id, name, email) VALUES
    ('ylva', 'Ylva Ytter', 'ylva@ytter.example'), ('yngve', 'Yngve Ytter', 'yngve@ytter.example');
INSERT INTO appointment (person, role, unit) VALUES ('ylva', 'principal', '99999991');
INSERT INTO appointment (person, role, area) VALUES ('yngve', 'area_manager', 'ytter');
INSERT INTO absence (person, away_from, away_to) VALUES ('yngve', '2026-12-01', '2026-12-02');
INSERT INTO development_area (id, unit, school_year, title)
    VALUES (9999, '99999991', '2026/27', 'Läsning');
INSERT INTO measure (id, unit, school_year, development_area, decision, evaluate_by)
    VALUES ('Y-1', '99999991', '2026/27', 9999, 'Läsning varje dag.', '2026-11-20');
INSERT INTO evaluation (measure, evaluated_on, effect, next_date)
    VALUES ('Y-1', '2026-11-19', 'too_early', '2026-11-30');
INSERT INTO dialogue (unit, school_year, round, starts)
    VALUES ('99999991', '2026/27', 'explore', '2026-11-24T13:00');
INSERT INTO focus_area (dialogue, chosen_by, text)
    SELECT id, 'principal', 'Läsning' FROM dialogue WHERE unit = '99999991';
INSERT INTO check_in (principal, area_manager, starts) VALUES ('ylva', 'yngve', '2026-11-25T08:30');
INSERT INTO busy (person, starts, minutes) VALUES ('ylva', '2026-11-26T10:00', 60);
INSERT INTO activity (id, title, unit, role, due)
    VALUES ('Y-2', 'Nulägesanalys', '99999991', 'principal', '2026-11-26');
UPDATE measure SET decision = 'Läsning varje morgon.' WHERE id = 'Y-1';
UPDATE check_in SET state = 'held', held_on = '2026-11-25' WHERE principal = 'ylva';
DELETE FROM absence WHERE person = 'yngve';
SQL
[[ $(sqlite3 "$work/calendar.db" 'PRAGMA integrity_check') == ok ]]
[[ -z $(sqlite3 "$work/calendar.db" 'PRAGMA foreign_key_check') ]]
avstamd explain --person ylva@ytter.example --on 2026-11-30 | grep -F 'Y-1'
