#!/usr/bin/env bash
# the national register, with people and measures made up: imported, and a year of forecast
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
register="$here/../shared/data/registry/skolenheter_ak9_2025.csv"
avstamd=${AVSTAMD:-"$here/target/release/avstamd"}
# Beside the project the register has to be there. Elsewhere there is none, and that is no pass.
if [ ! -f "$register" ]; then
    if [ -d "$here/../shared" ]; then
        echo "$register is missing" >&2
        exit 1
    fi
    exit 77
fi
cargo build --release --locked --quiet
town=$(mktemp -d)
trap 'rm -rf "$town"' EXIT
sed '/^\[web\]/,/^$/d' "$here/config/demo/avstamd.toml" > "$town/avstamd.toml"

# A principal a unit, a manager an area, four measures a unit with dates over the year, and a check-in
# every two weeks.
python3 - "$register" "$town" <<'PYTHON'
import csv, datetime, sys
register, town = sys.argv[1:]
units = list(csv.DictReader(open(register, encoding="utf-8")))
areas = sorted({unit["kommun"] for unit in units})
first = datetime.date(2026, 11, 2)
with open(f"{town}/people.csv", "w", encoding="utf-8") as people:
    people.write("id;namn;e-post;roll;område;skolenheter\n")
    for number, area in enumerate(areas):
        people.write(f"c{number};Åsa Öberg;c{number}@prov.example;områdeschef;{area};\n")
    for unit in units:
        code = unit["skolenhetskod"]
        people.write(f"r{code};Åke Ärlig;r{code}@prov.example;rektor;;{code}\n")
    people.write("s;Siv Éclair;s@prov.example;skolchef;;\nk;Kim Ek;k@prov.example;kvalitetsutvecklare;;\n")
with open(f"{town}/measures.csv", "w", encoding="utf-8") as measures:
    measures.write("id;skolenhet;läsår;utvecklingsområde;beslutad åtgärd;utvärderas senast\n")
    for number, unit in enumerate(units):
        for k in range(4):
            due = first + datetime.timedelta(days=(number * 7 + k * 53) % 210)
            code = unit["skolenhetskod"]
            measures.write(f"m{code}-{k};{code};2026/27;Läsning {k};Gemensam läsning varje dag.;{due}\n")
with open(f"{town}/check_ins.csv", "w", encoding="utf-8") as check_ins:
    check_ins.write("rektor;områdeschef;börjar;genomförd\n")
    for number, unit in enumerate(units):
        monday = datetime.date(2026, 8, 24)
        for k in range(20):
            day = monday + datetime.timedelta(days=14 * k + number % 5)
            held = day if number % 3 else ""
            manager = areas.index(unit["kommun"])
            check_ins.write(f"r{unit['skolenhetskod']};c{manager};{day}T08:{number % 60:02};{held}\n")
PYTHON

run() { "$avstamd" --config "$town/avstamd.toml" "$@"; }
run import "$register" --area-from kommun
run import "$town"
run import "$town" --json | python3 -c '
import json, sys
again = json.load(sys.stdin)["changes"]
assert all(c["added"] == c["changed"] == 0 for c in again.values()), again
print("a second import changes nothing")'
started=$(date +%s)
run forecast --from 2026-08-01 --to 2027-07-31 | tail -1
echo "a school year of forecast, every mail put into words: $(($(date +%s) - started)) s"

# The same units under 150 area managers: every meeting of a year is placed, evenly, without a gap.
placed="$town/placed"
mkdir "$placed"
cp "$town/avstamd.toml" "$placed"
python3 - "$register" "$placed" <<'PYTHON'
import csv, sys
register, town = sys.argv[1:]
units = sorted(csv.DictReader(open(register, encoding="utf-8")), key=lambda unit: (unit["kommun"], unit["skolenhetskod"]))
area = lambda number: number * 150 // len(units)
with open(f"{town}/areas.csv", "w", encoding="utf-8") as areas:
    areas.write("id;name\n" + "".join(f"o{n};Område {n}\n" for n in range(150)))
with open(f"{town}/units.csv", "w", encoding="utf-8") as file:
    file.write("code;name;area\n")
    for number, unit in enumerate(units):
        file.write(f"{unit['skolenhetskod']};Skola {number};o{area(number)}\n")
with open(f"{town}/people.csv", "w", encoding="utf-8") as people:
    people.write("id;name;email;role;area;units\n")
    for number in range(150):
        people.write(f"c{number};Åsa Öberg;c{number}@prov.example;områdeschef;o{number};\n")
    for unit in units:
        code = unit["skolenhetskod"]
        people.write(f"r{code};Åke Ärlig;r{code}@prov.example;rektor;;{code}\n")
PYTHON
run() { "$avstamd" --config "$placed/avstamd.toml" "$@"; }
run import "$placed" >/dev/null
started=$(date +%s%N)
run schedule --year 2026/27 --at 2026-08-03T08:00 --json > "$placed/placed.json"
took=$((($(date +%s%N) - started) / 1000000))
python3 - "$placed/placed.json" "$took" <<'PYTHON'
import collections, datetime, json, sys
told, took = json.load(open(sys.argv[1])), sys.argv[2]
assert told["unplaced"] == [] and told["gaps"] == [], (told["unplaced"][:3], told["gaps"][:3])
assert len(told["dialogues"]) == 2 * 1714, len(told["dialogues"])
week = lambda meeting: datetime.date.fromisoformat(meeting["starts"][:10]).isocalendar()[:2]
# The weeks without school, by the configuration, and the two that the terms cut short.
loads = collections.defaultdict(collections.Counter)
taken = collections.Counter()
for meeting in told["check_ins"]:
    loads["check-ins", meeting["pair"]["area_manager"]][week(meeting)] += 1
    taken.update((person, meeting["starts"]) for person in meeting["pair"].values())
for meeting in told["dialogues"]:
    manager = meeting["area_managers"][0]
    loads[meeting["dialogue"]["round"], manager][week(meeting)] += 1
    taken.update((person, meeting["starts"]) for person in (manager, meeting["principal"]))
assert max(taken.values()) == 1, taken.most_common(3)
uneven = {key: load for key, load in loads.items() if max(load.values()) - min(load.values()) > 1}
assert not uneven, (len(uneven), list(uneven.items())[:2])
print(f"{len(told['dialogues'])} dialogues and {len(told['check_ins'])} check-ins of 150 managers, each manager's weeks within one of even: {took} ms with reading and writing")
PYTHON
