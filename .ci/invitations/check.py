"""Invitations as others understand them.

Lets an authority of one unit meet, move and call off through the real program, reads every mail's
event with three libraries that must agree, does to a calendar on Radicale what each event says, and
asks the server what is left. Usage: check.py AVSTAMD DIRECTORY
"""

import base64
import email
import email.policy
import json
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import icalendar
import vobject

PROGRAM, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
ZONE = ZoneInfo("Europe/Stockholm")
DAV = "http://127.0.0.1:5232"

CONFIG = """
[authority]
name = "Provkommunen"
[database]
calendar = "calendar.db"
ledger = "ledger.db"
[mail]
from = "Kvalitetsuppföljning <robot@prov.example>"
reply-to = "kvalitet@prov.example"
[mail.transport]
kind = "files"
directory = "mail"
[[school-year]]
name = "2026/27"
terms = [{ from = 2026-08-18, to = 2026-12-18 }, { from = 2027-01-11, to = 2027-06-10 }]
[invitations]
check-ins-weeks-before = 60
[reminders.weekly-digest]
enabled = false
"""
FILES = {
    "areas.csv": "id;name\nnorr;Norra området\n",
    "units.csv": "code;name;area\n12345678;Åsskolan, F–6;norr\n",
    "people.csv": "id;name;email;role;area;units\n"
    'rut;"Rut ""Ruth"" Öberg";rut@skolområdet.example;rektor;;12345678\n'
    "pia;Pia Åberg;pia@prov.example;biträdande rektor;;12345678\n"
    "åke;Åke Ärlig;ake@prov.example;områdeschef;norr;\n"
    "kim;Kim Kvist;kvalitet@prov.example;kvalitetsutvecklare;;\n",
    # On both sides of the change to summer time on 28 March 2027.
    "dialogues.csv": "unit;school_year;round;starts;minutes;place;state\n"
    "12345678;2026/27;explore;2027-03-23T08:30;90;Rum 2, över gården;planned\n"
    "12345678;2026/27;evaluate;2027-05-11T13:00;90;;planned\n",
    # On both sides of the change to winter time on 25 October 2026; the last is called off.
    "check_ins.csv": "principal;area_manager;starts;held_on\n"
    "rut;åke;2026-10-23T09:00;\nrut;åke;2026-10-27T09:00;\nrut;åke;2027-04-06T15:00;\n"
    "rut;åke;2027-02-02T10:00;\n",
}


def avstamd(*arguments):
    command = [PROGRAM, "--config", str(WORK / "avstamd.toml"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


def equal(what, got, wanted):
    if got != wanted:
        sys.exit(f"failed: {what}: {got!r}, not {wanted!r}")


def utc(local):
    return datetime.fromisoformat(local).replace(tzinfo=ZONE).astimezone(timezone.utc)


def new_mails(seen):
    """The invitations written since last asked: recipient, METHOD of the part, object."""
    mails = []
    for path in sorted((WORK / "mail").glob("*.eml")):
        if path in seen:
            continue
        seen.add(path)
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for part in message.walk():
            if part.get_content_type() == "text/calendar":
                equal("Reply-To", str(message["reply-to"]), "kvalitet@prov.example")
                text = part.get_content()
                to = str(message["to"].addresses[0].addr_spec)
                mails.append((to, part["content-type"].params["method"], text))
    return mails


def by_icalendar(text):
    calendar = icalendar.Calendar.from_ical(text)
    events = []
    for event in calendar.walk("VEVENT"):
        attendees = event.get("attendee", [])
        attendees = attendees if isinstance(attendees, list) else [attendees]
        events.append(
            {
                "uid": str(event["uid"]),
                "sequence": int(event["sequence"]),
                "summary": str(event["summary"]),
                "place": str(event.get("location", "")),
                "starts": event.decoded("dtstart").astimezone(timezone.utc),
                "ends": event.decoded("dtend").astimezone(timezone.utc),
                "organizer": str(event["organizer"]),
                "sentBy": str(event["organizer"].params.get("sent-by", "")),
                "attendees": sorted(str(attendee) for attendee in attendees),
                "status": str(event.get("status", "")),
            }
        )
        equal("errors icalendar found", event.errors, [])
    return {"method": str(calendar.get("method", "")), "events": events}


def by_vobject(text):
    calendar = vobject.readOne(text)
    calendar.validate(raiseException=True)
    value = lambda event, name: getattr(event, name).value if hasattr(event, name) else ""
    events = [
        {
            "uid": event.uid.value,
            "sequence": int(event.sequence.value),
            "summary": event.summary.value,
            "place": value(event, "location"),
            "starts": event.dtstart.value.astimezone(timezone.utc),
            "ends": event.dtend.value.astimezone(timezone.utc),
            "organizer": event.organizer.value,
            "sentBy": event.organizer.params.get("SENT-BY", [""])[0],
            "attendees": sorted(attendee.value for attendee in event.contents.get("attendee", [])),
            "status": value(event, "status"),
        }
        for event in calendar.contents["vevent"]
    ]
    return {"method": calendar.method.value, "events": events}


def by_ical_js(text):
    done = subprocess.run(
        ["node", WORK / "read.mjs"], input=text, capture_output=True, text=True, check=True
    )
    read = json.loads(done.stdout)
    for event in read["events"]:
        for end in ("starts", "ends"):
            event[end] = datetime.fromisoformat(event[end].replace("Z", "+00:00"))
    return read


def agreed(text):
    """What all three make of an object."""
    for line in text.encode().split(b"\r\n"):
        assert len(line) <= 75, line
    read = by_icalendar(text)
    equal("vobject beside icalendar", by_vobject(text), read)
    equal("ical.js beside icalendar", by_ical_js(text), read)
    return read


def dav(verb, path, body=None, **headers):
    """One request, as whoever the path belongs to."""
    login = base64.b64encode(f"{path.split('/')[1]}:".encode()).decode()
    headers["Authorization"] = f"Basic {login}"
    request = urllib.request.Request(
        DAV + path, method=verb, data=body.encode() if body else None, headers=headers
    )
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode()


def wait_for_server():
    for _ in range(100):
        try:
            return dav("OPTIONS", "/rut/")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    sys.exit("Radicale does not answer")


def home(person):
    return f"/{person.split('@')[0]}/calendar"


def make_calendar(person):
    dav("MKCALENDAR", home(person) + "/")


def receive(person, method, text, kept):
    """Does to the person's calendar what a calendar program does (RFC 5546 3.2)."""
    read = agreed(text)
    equal("METHOD in the Content-Type", method, read["method"])
    (event,) = read["events"]
    path = f"{home(person)}/{event['uid']}.ics"
    before = kept.get((person, event["uid"]))
    if before is not None and event["sequence"] < before:
        sys.exit(f"failed: {person} is told less than they know: {event}")
    kept[(person, event["uid"])] = event["sequence"]
    if method == "CANCEL":
        assert before is not None, f"{person} is told off what they were never asked to: {event}"
        dav("DELETE", path)
    else:
        # A calendar object on a server has no METHOD (RFC 4791 4.1).
        stored = text.replace(f"METHOD:{method}\r\n", "")
        dav("PUT", path, stored, **{"Content-Type": "text/calendar; charset=utf-8"})
    return event


def between(person, starts, ends):
    """How many events the server itself finds in a span of UTC time."""
    span = [at.strftime("%Y%m%dT%H%M%SZ") for at in (starts, ends)]
    query = f"""<?xml version="1.0"?>
<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
<d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">
<c:time-range start="{span[0]}" end="{span[1]}"/></c:comp-filter></c:comp-filter></c:filter>
</c:calendar-query>"""
    answer = dav("REPORT", home(person) + "/", query, **{"Content-Type": "text/xml", "Depth": "1"})
    return answer.count("<href>")


def state(person, wanted):
    """The person's calendar holds these meetings and no other, at the right instants."""
    read = by_icalendar(dav("GET", home(person) + "/")) if wanted else {"events": []}
    starts = sorted(event["starts"] for event in read["events"])
    equal(f"the calendar of {person}", starts, sorted(utc(local) for local in wanted))
    for local in wanted:
        at = utc(local)
        inside = between(person, at, at + timedelta(minutes=1))
        before = between(person, at - timedelta(minutes=30), at)
        equal(f"{local} on the server", (inside, before), (1, 0))


def main():
    (WORK / "avstamd.toml").write_text(CONFIG)
    for name, text in FILES.items():
        (WORK / name).write_text(text)
    avstamd("import", *(str(WORK / name) for name in FILES))
    wait_for_server()
    rut, ake, pia = "rut@xn--skolomrdet-75a.example", "ake@prov.example", "pia@prov.example"
    for person in (rut, ake, pia):
        make_calendar(person)
    seen, kept, events = set(), {}, []

    def round_at(at):
        avstamd("run", "--once", "--at", at)
        got = [(to, method, receive(to, method, text, kept)) for to, method, text in new_mails(seen)]
        events.extend(got)
        return [(to, method) for to, method, _ in got]

    first = round_at("2026-08-19T07:00")
    equal("invitations", len(first), 12)
    dialogues = ["2027-03-23T08:30", "2027-05-11T13:00"]
    check_ins = ["2026-10-23T09:00", "2026-10-27T09:00", "2027-04-06T15:00", "2027-02-02T10:00"]
    for person in (rut, ake):
        state(person, dialogues + check_ins)
    (dialogue,) = (e for to, _, e in events if to == rut and e["place"])
    equal("place", dialogue["place"], "Rum 2, över gården")
    equal("organizer", dialogue["organizer"], "mailto:ake@prov.example")
    equal("sent by", dialogue["sentBy"], "mailto:robot@prov.example")
    equal("attendees", dialogue["attendees"], [f"mailto:{person}" for person in (ake, rut)])
    own = {e["organizer"] for to, _, e in events if to == ake}
    equal("organizer in the organizer's copies", own, {"mailto:kvalitet@prov.example"})

    # Moved over the change to summer time, and one is called off.
    at = ["--at", "2026-08-20T08:00"]
    which = ["--unit", "12345678", "--school-year", "2026/27", "--round", "explore"]
    avstamd("record", "dialogue", *which, "--moved-to", "2027-03-30T10:15", *at)
    pair = ["--principal", "rut", "--area-manager", "åke"]
    avstamd("record", "check-in", *pair, "--cancelled", "--starts", "2027-02-02T10:00", *at)
    second = round_at("2026-08-20T09:00")
    equal("changes", sorted(second), sorted([(p, m) for p in (rut, ake) for m in ("REQUEST", "CANCEL")]))
    dialogues[0] = "2027-03-30T10:15"
    check_ins.pop()
    for person in (rut, ake):
        state(person, dialogues + check_ins)

    # Somebody stands in for the principal, for a month.
    month = ["--from", "2027-05-01", "--to", "2027-05-31", "--deputy", "pia"]
    avstamd("record", "absence", "--person", "rut", *month, "--at", "2026-08-21T08:00")
    third = round_at("2026-08-21T09:00")
    equal("a deputy", sorted(third), sorted([(pia, "REQUEST"), (rut, "CANCEL"), (ake, "REQUEST")]))
    state(pia, dialogues[1:])
    state(rut, dialogues[:1] + check_ins)
    state(ake, dialogues + check_ins)

    feed = avstamd("feed", "--person", "rut", "--at", "2026-08-21T09:00")
    told = {event["uid"]: event for event in agreed(feed.replace("\r\n", "\n").replace("\n", "\r\n"))["events"]}
    for to, method, event in events:
        if to == rut and event["uid"] in told and method == "REQUEST":
            latest = told[event["uid"]]
            if latest["sequence"] == event["sequence"]:
                equal("the feed beside the invitation", latest["starts"], event["starts"])
    equal("meetings in the feed", len(told), 4)
    print(
        f"{len(events)} invitations and changes, the same to icalendar, vobject and ical.js;"
        " three calendars on Radicale hold what is so, at the right instants"
    )


main()
