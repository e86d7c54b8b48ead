"""Reads every mailbox of the authority by IMAP and checks each mail as a strict reader would.

Python's standard library only. Every fault is told; the exit code says whether there were any.
"""

import argparse
import collections
import csv
import email
import email.policy
import email.utils
import html
import imaplib
import json
import os
import pathlib
import re
import sys

STRICT = email.policy.SMTP.clone(raise_on_defect=True)
MESSAGE_ID = re.compile(r"<[0-9a-f]{32}@lindhamra\.example>")
SENDER = ("Kvalitetsuppföljning", "kvalitet@lindhamra.example")
SWEDISH = set("åäöéÅÄÖÉ")


def rows(path):
    """The rows of a demo file."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def fetch(port, address, password):
    """All mails of one mailbox, as bytes."""
    with imaplib.IMAP4("127.0.0.1", port) as imap:
        imap.login(address, password)
        imap.select("INBOX", readonly=True)
        _, [numbers] = imap.search(None, "ALL")
        mails = []
        for number in numbers.split():
            _, parts = imap.fetch(number, "(BODY.PEEK[])")
            mails.append(parts[0][1])
        return mails


def shown(document):
    """What a reader sees of HTML: no head, no tags, entities as letters."""
    document = re.sub(r"(?is)<(head|style|title)\b.*?</\1>", " ", document)
    return html.unescape(re.sub(r"(?s)<!--.*?-->|<[^>]+>", " ", document))


def plain(text):
    """For comparing: one kind of space, one case."""
    return " ".join(text.split()).casefold()


def check_bytes(raw):
    """Faults that need no understanding of the mail."""
    if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        yield "a bare LF or CR"
    longest = max(map(len, raw.split(b"\r\n")))
    if longest > 998:
        yield f"a line of {longest} bytes"


def check_body(mail, units):
    """Faults of the alternatives; gives the units they name as the generator's value."""
    if mail.get_content_type() != "multipart/alternative":
        yield f"it is {mail.get_content_type()}"
        return set()
    parts = list(mail.iter_parts())
    kinds = [part.get_content_type() for part in parts]
    invites = "<invitations." in mail["List-Id"]
    if kinds != ["text/plain", "text/html"] + ["text/calendar"] * invites:
        yield f"its parts are {kinds}"
        return set()
    if invites:
        event = parts[2].get_content(errors="strict")
        method = parts[2]["Content-Type"].params["method"]
        if f"\r\nMETHOD:{method}\r\n" not in event or "@avstamd\r\n" not in event:
            yield f"its event is {event!r}"
    for part in parts:
        if part.get_content_charset() != "utf-8":
            yield f"{part.get_content_type()} is in {part.get_content_charset()}"
    text = plain(parts[0].get_content(errors="strict"))
    page = plain(shown(parts[1].get_content(errors="strict")))
    named = []
    for part, words in zip(kinds, (text, page)):
        if len(words) < 40:
            yield f"{part} is as good as empty: {words!r}"
        if re.search(r"\{\{|\{%|\bundefined\b|\bnone\b", words):
            yield f"{part} shows a template's inside"
        named.append({unit for unit in units if plain(unit) in words})
    if named[0] != named[1]:
        yield f"text and HTML name different units: {named[0] ^ named[1]}"
    return named[0]


def check_headers(mail, address, names):
    """Faults of the headers."""
    for header in ("From", "To", "Subject", "Message-ID", "Date", "Reply-To", "List-Id"):
        if len(mail.get_all(header, [])) != 1:
            yield f"{header} stands there {len(mail.get_all(header, []))} times"
            return
    sender = mail["From"].addresses
    if [(a.display_name, a.addr_spec) for a in sender] != [SENDER]:
        yield f"From is {mail['From']}"
    to = [(a.display_name, a.addr_spec) for a in mail["To"].addresses]
    if to != [(names.get(address), address)]:
        yield f"To is {to}"
    if mail.get_all("Cc") or mail.get_all("Bcc"):
        yield "there are other recipients"
    if mail.get_all("Delivered-To") != [address]:
        yield f"Delivered-To is {mail.get_all('Delivered-To')}"
    if [a.addr_spec for a in mail["Reply-To"].addresses] != [SENDER[1]]:
        yield f"Reply-To is {mail['Reply-To']}"
    if not MESSAGE_ID.fullmatch(mail["Message-ID"].strip()):
        yield f"Message-ID is {mail['Message-ID']}"
    date = email.utils.parsedate_to_datetime(mail["Date"])
    if date is None or not "2026-11-30" <= date.date().isoformat() <= "2026-12-04":
        yield f"Date is {mail['Date']}"
    if mail["Auto-Submitted"] != "auto-generated":
        yield f"Auto-Submitted is {mail['Auto-Submitted']}"
    if "OOF" not in (mail["X-Auto-Response-Suppress"] or ""):
        yield f"X-Auto-Response-Suppress is {mail['X-Auto-Response-Suppress']}"
    if not re.fullmatch(r"[ -~]*<[a-z-]+\.avstamd\.lindhamra\.example>", mail["List-Id"]):
        yield f"List-Id is {mail['List-Id']}"
    if not mail["Subject"].strip() or "=?" in mail["Subject"]:
        yield f"Subject is {mail['Subject']!r}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--ledger", type=pathlib.Path, required=True)
    arguments.add_argument("--data", type=pathlib.Path, required=True)
    options = arguments.parse_args()
    password = os.environ["READER_PASSWORD"]

    people = rows(options.data / "people.csv")
    names = {row["E-post"]: row["Namn"] for row in people}
    units = {row["Namn"] for row in rows(options.data / "units.csv")}
    listed = json.loads((options.ledger / "mails.json").read_text("utf-8"))
    sent = {f"<{row['message_id']}>": row for row in listed if row["state"] == "sent"}

    faults = []
    seen = collections.Counter()
    days = set()
    subjects, named_units, recipients, kept = set(), set(), set(), 0
    for address in sorted(names):
        for raw in fetch(options.port, address, password):
            try:
                mail = email.message_from_bytes(raw, policy=STRICT)
                found = [*check_bytes(raw), *check_headers(mail, address, names)]
                body = check_body(mail, units)
                while True:
                    try:
                        found.append(next(body))
                    except StopIteration as end:
                        named_units |= end.value
                        break
            except Exception as error:  # a defect, or bytes that are no text
                faults.append(f"{address}: it cannot be read: {error!r}")
                continue
            message_id = mail["Message-ID"].strip()
            seen[message_id] += 1
            recipients.add(address)
            subjects.add(str(mail["Subject"]))
            row = sent.get(message_id)
            if row is None:
                found.append(f"{message_id} is not among the ledger's sent mails")
            else:
                # Invitations come beside the day's mail.
                if row["meeting"] is None:
                    if (address, row["slot"]) in days:
                        found.append(f"a second mail for {row['slot']}")
                    days.add((address, row["slot"]))
                if row["subject"] != str(mail["Subject"]):
                    found.append(f"the ledger has the subject {row['subject']!r}")
                stored = json.loads((options.ledger / f"{row['id']}.json").read_text("utf-8"))
                if stored.get("message"):
                    kept += 1
                    wanted = stored["message"].encode()
                    found += [f"in the ledger: {fault}" for fault in check_bytes(wanted)]
                    # The servers put their headers before ours and change nothing else.
                    if not raw.rstrip(b"\r\n").endswith(wanted.rstrip(b"\r\n")):
                        found.append("its bytes are not the ledger's")
            faults += [f"{address}, {mail['Subject']}: {fault}" for fault in found]

    faults += [f"{key} came {count} times" for key, count in seen.items() if count > 1]
    faults += [f"{key} was sent and never came" for key in sent.keys() - seen.keys()]
    for what, texts in (("subject", subjects), ("unit", named_units)):
        if not any(SWEDISH & set(text) for text in texts):
            faults.append(f"no {what} has a Swedish letter in it")

    for fault in faults[:50]:
        print(f"  fault: {fault}")
    print(
        f"  {seen.total()} mails to {len(recipients)} people, {len(subjects)} subjects,"
        f" {len(named_units)} units named, {kept} the same byte by byte as in the ledger:"
        f" {len(faults)} faults"
    )
    if faults or not seen:
        sys.exit(1)


if __name__ == "__main__":
    main()
