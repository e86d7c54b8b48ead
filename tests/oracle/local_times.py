"""Makes local_times_2024_2030.csv with Python's zoneinfo: around every change of the clock
in Europe/Stockholm, the instant that a local time means.

The rule, in one sentence that knows no offsets: the first instant of the day at which the
wall clock shows the time or a later one. In the spring gap that is the gap's end, in the
repeated autumn hour the first of the two. It is found by stepping through the day minute by
minute. Run: python3 local_times.py > local_times_2024_2030.csv
"""

import sys
from datetime import date, datetime, time, timedelta, timezone
from importlib.metadata import version
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MINUTES = (0, 1, 15, 30, 45, 59)


def wall(instant):
    return instant.astimezone(STOCKHOLM).replace(tzinfo=None)


def last_sunday(year, month):
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def first_instant(local):
    midnight = datetime.combine(local.date(), time(), timezone.utc)
    instant = midnight - timedelta(hours=4)
    while wall(instant) < local:
        instant += timedelta(minutes=1)
    return instant


python = ".".join(str(part) for part in sys.version_info[:3])
print(f"# Made by local_times.py with Python {python}, zoneinfo, tzdata {version('tzdata')}.")
print("# The instant is the first at which the wall clock of Europe/Stockholm shows the local")
print("# time or a later one: the gap's end in spring, the first of the two in autumn.")
print("local,instant")
for year in range(2024, 2031):
    for change in (last_sunday(year, 3), last_sunday(year, 10)):
        for day in (change - timedelta(days=1), change, change + timedelta(days=1)):
            hours = range(5) if day == change else (2, 7)
            for local in (datetime.combine(day, time(h, m)) for h in hours for m in MINUTES):
                print(f"{local:%Y-%m-%dT%H:%M},{first_instant(local):%Y-%m-%dT%H:%MZ}")
