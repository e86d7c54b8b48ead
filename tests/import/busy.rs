//! People's own calendars: when they are busy, worked out by hand, and what is wrong with a file.

use serde_json::Value;

use crate::town::{Town, faults, told};

/// A calendar of events, in the words of no program in particular.
fn calendar(events: &str) -> String {
    let events = events.trim_start().replace("\n        ", "\n");
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Prov//Prov//SV\n{events}\nEND:VCALENDAR\n")
}

/// An event of these lines.
fn event(lines: &str) -> String {
    calendar(&format!("BEGIN:VEVENT\nUID:u1\n{lines}\nEND:VEVENT"))
}

/// When Rut is busy by a calendar: every stretch, as `2026-10-06T08:30+45`.
fn busy(content: impl AsRef<[u8]>) -> Vec<String> {
    let town = Town::settled();
    let outcome = town.file("rut.ics", content);
    assert_eq!(outcome["applied"], true, "{outcome:#}");
    stretches(&town)
}

fn stretches(town: &Town) -> Vec<String> {
    let sql = "SELECT ifnull(group_concat(starts || '+' || minutes, ' '), '') FROM
               (SELECT * FROM busy ORDER BY starts)";
    let all = town.value(sql);
    all.split_whitespace().map(str::to_owned).collect()
}

/// Outlook's: Windows' zone names, quoted and not, and when one is free in its own words.
const OUTLOOK: &str = "\u{feff}BEGIN:VCALENDAR\r
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN\r
VERSION:2.0\r
METHOD:PUBLISH\r
X-CALSTART:20260818T060000Z\r
X-CALEND:20270610T140000Z\r
X-WR-RELCALID:{0000002E-7C1F-9C5D-0F12-3456789ABCDE}\r
X-WR-CALNAME:Rut Öberg\r
BEGIN:VTIMEZONE\r
TZID:W. Europe Standard Time\r
BEGIN:STANDARD\r
DTSTART:16011028T030000\r
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r
TZOFFSETFROM:+0200\r
TZOFFSETTO:+0100\r
END:STANDARD\r
BEGIN:DAYLIGHT\r
DTSTART:16010325T020000\r
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r
TZOFFSETFROM:+0100\r
TZOFFSETTO:+0200\r
END:DAYLIGHT\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
CLASS:PUBLIC\r
DESCRIPTION:Elevhälsoteamet går igenom veckan.\\n\\nTa med protokollet fr\r
\tån förra gången.\r
DTEND;TZID=\"W. Europe Standard Time\":20261020T100000\r
DTSTART;TZID=\"W. Europe Standard Time\":20261020T083000\r
RRULE:FREQ=WEEKLY;UNTIL=20261103T073000Z;BYDAY=TU\r
SUMMARY;LANGUAGE=sv:EHT\r
TRANSP:OPAQUE\r
UID:040000008200E00074C5B7101A82E00800000000A0B1C2D3E4F5DA01\r
X-MICROSOFT-CDO-BUSYSTATUS:BUSY\r
BEGIN:VALARM\r
TRIGGER:-PT15M\r
DURATION:PT5H\r
ACTION:DISPLAY\r
END:VALARM\r
END:VEVENT\r
BEGIN:VEVENT\r
DTEND;TZID=\"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna\":20261112T150000\r
DTSTART;TZID=\"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna\":20261112T130000\r
UID:a\r
X-MICROSOFT-CDO-BUSYSTATUS:OOF\r
END:VEVENT\r
BEGIN:VEVENT\r
DTEND;TZID=FLE Standard Time:20261113T150000\r
DTSTART;TZID=FLE Standard Time:20261113T130000\r
UID:b\r
X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\r
END:VEVENT\r
BEGIN:VEVENT\r
DTEND;VALUE=DATE:20261117\r
DTSTART;VALUE=DATE:20261116\r
UID:c\r
X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\r
X-MICROSOFT-CDO-BUSYSTATUS:FREE\r
END:VEVENT\r
BEGIN:VEVENT\r
DTEND;VALUE=DATE:20261120\r
DTSTART;VALUE=DATE:20261118\r
UID:d\r
X-MICROSOFT-CDO-BUSYSTATUS:BUSY\r
END:VEVENT\r
BEGIN:VEVENT\r
DTEND:20261123T160000Z\r
DTSTART:20261123T070000Z\r
UID:e\r
X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE\r
END:VEVENT\r
END:VCALENDAR\r
";

#[test]
fn an_export_of_outlook() {
    assert_eq!(
        busy(OUTLOOK),
        [
            // Every Tuesday at 8.30, before and after the clocks went back on 25 October.
            "2026-10-20T08:30+90",
            "2026-10-27T08:30+90",
            "2026-11-03T08:30+90",
            "2026-11-12T13:00+120",
            // One o'clock in Helsinki.
            "2026-11-13T12:00+120",
            "2026-11-18T00:00+1440",
            "2026-11-19T00:00+1440",
        ]
    );
}

/// Google's: single events in UTC, series with their zone, exceptions with a sequence number of
/// their own.
const GOOGLE: &str = "BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:rut@skola.example
X-WR-TIMEZONE:Europe/Stockholm
BEGIN:VTIMEZONE
TZID:Europe/Stockholm
X-LIC-LOCATION:Europe/Stockholm
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID=Europe/Stockholm:20270322T090000
DTEND;TZID=Europe/Stockholm:20270322T094500
RRULE:FREQ=WEEKLY;WKST=MO;COUNT=5;BYDAY=MO,TH
EXDATE;TZID=Europe/Stockholm:20270401T090000
DTSTAMP:20261101T120000Z
UID:6abc0example@google.com
SEQUENCE:0
STATUS:CONFIRMED
SUMMARY:Ledningsgrupp
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Stockholm:20270325T130000
DTEND;TZID=Europe/Stockholm:20270325T140000
UID:6abc0example@google.com
RECURRENCE-ID;TZID=Europe/Stockholm:20270325T090000
SEQUENCE:2
STATUS:CONFIRMED
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Stockholm:20270405T090000
DTEND;TZID=Europe/Stockholm:20270405T094500
UID:6abc0example@google.com
RECURRENCE-ID;TZID=Europe/Stockholm:20270405T090000
SEQUENCE:1
STATUS:CANCELLED
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART:20270326T120000Z
DTEND:20270326T130000Z
UID:7def1example@google.com
STATUS:TENTATIVE
END:VEVENT
BEGIN:VEVENT
DTSTART:20270329T120000Z
DTEND:20270329T130000Z
UID:8def1example@google.com
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20270330
DTEND;VALUE=DATE:20270331
UID:9def1example@google.com
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
";

#[test]
fn an_export_of_google() {
    assert_eq!(
        busy(GOOGLE),
        [
            "2027-03-22T09:00+45",
            // Moved to the afternoon.
            "2027-03-25T13:00+60",
            // The same time in UTC, before and after the clocks went forward on 28 March.
            "2027-03-26T13:00+60",
            "2027-03-29T09:00+45",
            "2027-03-29T14:00+60",
            // 1 April is taken out, 5 April is cancelled.
        ]
    );
}

/// Apple's: zones with their history, durations, floating times.
const APPLE: &str = "BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Apple Inc.//macOS 15.5//EN
CALSCALE:GREGORIAN
X-APPLE-CALENDAR-COLOR:#1BADF8
BEGIN:VTIMEZONE
TZID:Europe/Stockholm
BEGIN:STANDARD
DTSTART:18790101T000000
RDATE:18790101T000000
TZNAME:LMT
TZOFFSETFROM:+011212
TZOFFSETTO:+010014
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:0E1D2C3B-4A59-6877-8695-A4B3C2D1E0F1
DTSTAMP:20260901T080000Z
DTSTART;TZID=Europe/Stockholm:20260901T160000
DURATION:PT1H30M
RRULE:FREQ=MONTHLY;BYDAY=1TU;UNTIL=20261201T150000Z
RDATE;TZID=Europe/Stockholm:20260915T160000,20260922T160000
X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
END:VEVENT
BEGIN:VEVENT
UID:1E1D2C3B-4A59-6877-8695-A4B3C2D1E0F1
DTSTART:20260918T220000
DTEND:20260920T013000
END:VEVENT
BEGIN:VEVENT
UID:2E1D2C3B-4A59-6877-8695-A4B3C2D1E0F1
DTSTART:20260921T120000
END:VEVENT
BEGIN:VEVENT
UID:3E1D2C3B-4A59-6877-8695-A4B3C2D1E0F1
DTSTART;VALUE=DATE:20260923
END:VEVENT
END:VCALENDAR
";

#[test]
fn an_export_of_apple() {
    assert_eq!(
        busy(APPLE),
        [
            "2026-09-01T16:00+90",
            "2026-09-15T16:00+90",
            // Over two midnights.
            "2026-09-18T22:00+120",
            "2026-09-19T00:00+1440",
            "2026-09-20T00:00+90",
            "2026-09-22T16:00+90",
            "2026-09-23T00:00+1440",
            "2026-10-06T16:00+90",
            "2026-11-03T16:00+90",
            "2026-12-01T16:00+90",
        ]
    );
}

#[test]
fn a_series_that_began_years_ago_reaches_the_school_year_and_ends_with_it() {
    let daily = busy(event(
        "DTSTART;TZID=Europe/Stockholm:20050103T080000\nDURATION:PT15M\nRRULE:FREQ=DAILY",
    ));
    assert_eq!(daily.len(), 365, "from 1 August to 31 July");
    assert_eq!(daily[0], "2026-08-01T08:00+15");
    assert_eq!(daily[364], "2027-07-31T08:00+15");
    let fortnightly = busy(event(
        "DTSTART;TZID=Europe/Stockholm:20190107T080000\nDURATION:PT15M\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
    ));
    // 7 January 2019 is a Monday; 396 weeks later it is 10 August 2026.
    assert_eq!(fortnightly[0], "2026-08-10T08:00+15");
    assert_eq!(fortnightly.len(), 26);
}

#[test]
fn the_end_of_a_series_is_told_in_utc() {
    // 9 o'clock is 8 in UTC in winter and 7 in summer: the last one is on 30 March, not 29.
    let until = |until: &str| {
        busy(event(&format!(
            "DTSTART;TZID=Europe/Stockholm:20270326T090000\nDURATION:PT30M\nRRULE:FREQ=DAILY;UNTIL={until}"
        )))
        .len()
    };
    assert_eq!(until("20270330T070000Z"), 5);
    assert_eq!(until("20270330T065959Z"), 4);
    assert_eq!(until("20270330"), 5, "a day counts to its end");
    assert_eq!(until("20270330T090000"), 5);
    assert_eq!(until("20260101"), 1, "the first time is always there");
}

#[test]
fn times_of_a_series_are_taken_out_moved_and_cancelled() {
    let series = "BEGIN:VEVENT\nUID:s\nSEQUENCE:4\nDTSTART;TZID=Europe/Stockholm:20261019T080000\nDTEND;TZID=Europe/Stockholm:20261019T083000\nRRULE:FREQ=DAILY;COUNT=8\nEXDATE:20261020T060000Z,20261026T070000Z\nEND:VEVENT";
    let other = "BEGIN:VEVENT\nUID:o\nSEQUENCE:4\nDTSTART;TZID=Europe/Stockholm:20261021T080000\nDTEND;TZID=Europe/Stockholm:20261021T083000\nEND:VEVENT";
    let later = "BEGIN:VEVENT\nUID:s\nSEQUENCE:5\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261024T060000Z\nDTSTART;TZID=Europe/Stockholm:20261024T100000\nDURATION:PT1H\nEND:VEVENT";
    let alone = "BEGIN:VEVENT\nUID:s\nRECURRENCE-ID;VALUE=DATE:20261021\nDTSTART:20261021T140000Z\nDURATION:PT10M\nEND:VEVENT";
    let free = "BEGIN:VEVENT\nUID:s\nRECURRENCE-ID;TZID=Europe/Stockholm:20261022T080000\nDTSTART:20261022T140000Z\nDURATION:PT10M\nTRANSP:TRANSPARENT\nEND:VEVENT";
    // Replacing events may come before their series.
    let events = [later, alone, other, series, free].join("\n");
    assert_eq!(
        busy(calendar(&events)),
        [
            "2026-10-19T08:00+30",
            "2026-10-21T08:00+30",
            "2026-10-21T16:00+10",
            "2026-10-23T08:00+30",
            "2026-10-24T10:00+60",
            "2026-10-25T10:00+60",
        ]
    );
    let invited = "BEGIN:VEVENT\nUID:s\nRECURRENCE-ID:20261021T060000Z\nDTSTART:20261021T140000Z\nDURATION:PT10M\nEND:VEVENT";
    assert_eq!(
        busy(calendar(invited)),
        ["2026-10-21T16:00+10"],
        "one time of a series that lies in somebody else's calendar"
    );
}

#[test]
fn series_of_whole_days() {
    // Outlook tells the last day and those taken out by the instant they begin here.
    let days = busy(event(
        "DTSTART;VALUE=DATE:20261005\nDTEND;VALUE=DATE:20261006\nRRULE:FREQ=DAILY;UNTIL=20261007T220000Z\nEXDATE;TZID=W. Europe Standard Time:20261006T000000\nEXDATE;VALUE=DATE:20261007",
    ));
    assert_eq!(days, ["2026-10-05T00:00+1440", "2026-10-08T00:00+1440"]);
    let course = busy(event(
        "DTSTART;VALUE=DATE:20261024\nDURATION:P1W\nRDATE;VALUE=DATE:20270327",
    ));
    // Weeks with an hour more and an hour less.
    assert_eq!(course.len(), 14);
    assert!(
        course.iter().all(|day| day.ends_with("T00:00+1440")),
        "{course:?}"
    );
    assert_eq!(course[13], "2027-04-02T00:00+1440");
}

#[test]
fn rules_by_month_and_year() {
    let rule = |start: &str, rule: &str| {
        busy(event(&format!(
            "DTSTART:{start}\nDURATION:PT30M\nRRULE:{rule}"
        )))
        .iter()
        .map(|stretch| stretch[..10].to_owned())
        .collect::<Vec<_>>()
    };
    assert_eq!(
        rule(
            "20260831T080000",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=4"
        ),
        ["2026-08-31", "2026-09-30", "2026-10-30", "2026-11-30"]
    );
    assert_eq!(
        rule("20260831T080000", "FREQ=MONTHLY;COUNT=4"),
        ["2026-08-31", "2026-10-31", "2026-12-31", "2027-01-31"],
        "months without a 31st are left out"
    );
    assert_eq!(
        rule("20200229T080000", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"),
        ["2027-02-28"]
    );
    assert_eq!(
        rule(
            "20261229T080000",
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU;COUNT=4"
        ),
        ["2026-12-29", "2027-01-10", "2027-01-12", "2027-01-24"],
        "weeks that begin on Sundays"
    );
}

/// It does not say which of it are our own meetings: these would be moved out of their own way.
#[test]
fn free_and_busy_times_of_a_server_are_refused() {
    let served = "BEGIN:VFREEBUSY
        DTSTART:20261001T000000Z
        DTEND:20261101T000000Z
        FREEBUSY:20261005T063000Z/PT1H,20261005T073000Z/20261005T080000Z
        END:VFREEBUSY";
    let town = Town::settled();
    let outcome = town.file("rut.ics", calendar(served));
    let found = faults(&outcome);
    assert!(
        found[0].2.contains("export the calendar's events"),
        "{found:?}"
    );
    assert_eq!(stretches(&town), [""; 0]);
}

#[test]
fn zones_by_many_names() {
    // Noon in October, before the clocks go back, in the zone of that name.
    let town = Town::settled();
    let noon = |zone: &str| {
        let zone = match zone {
            "" => String::new(),
            zone => format!(";TZID=\"{zone}\""),
        };
        town.file("rut.ics", calendar(""));
        let content = event(&format!("DTSTART{zone}:20261005T120000\nDURATION:PT30M"));
        let outcome = town.file("rut.ics", content);
        let found = faults(&outcome);
        let Some((line, _, message)) = found.first() else {
            return stretches(&town)[0][11..16].to_owned();
        };
        assert!(
            *line == 6 && message.contains(&zone[8..12]) && message.contains("Europe/Stockholm"),
            "{found:?}"
        );
        assert_eq!(stretches(&town), [""; 0]);
        "refused".to_owned()
    };
    for (zone, at) in [
        ("", "12:00"),
        ("Europe/Stockholm", "12:00"),
        ("(UTC+00:00) Dublin, Edinburgh, Lisbon, London", "13:00"),
        ("(UTC) Coordinated Universal Time", "14:00"),
        ("europe/stockholm", "12:00"),
        ("/freeassociation.sourceforge.net/Europe/Helsinki", "11:00"),
        ("/mozilla.org/20050126_1/Europe/Stockholm", "12:00"),
        ("America/New_York", "18:00"),
        ("Eastern Standard Time", "18:00"),
        ("W. Europe Standard Time", "12:00"),
        ("Romance Standard Time", "12:00"),
        ("FLE Standard Time", "11:00"),
        ("GMT Standard Time", "13:00"),
        ("UTC", "14:00"),
        ("tzone://Microsoft/Utc", "14:00"),
        (
            "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
            "12:00",
        ),
        (
            "(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien",
            "12:00",
        ),
        (
            "(GMT+02:00) Helsingfors, Kiev, Riga, Sofia, Tallinn, Vilnius",
            "11:00",
        ),
        ("(UTC+01:00) Bryssel, Köpenhamn, Madrid, Paris", "12:00"),
        ("(UTC+01:00) Ingenstans", "refused"),
        ("(UTC+05:00) Stockholm", "refused"),
        ("Customized Time Zone", "refused"),
        ("Etc/Unknown", "refused"),
        ("Factory", "refused"),
        ("localtime", "refused"),
        ("../../../etc/passwd", "refused"),
    ] {
        assert_eq!(noon(zone), at, "{zone}");
    }
}

#[test]
fn a_zone_that_the_file_defines() {
    let week = |standard: &str, daylight: &str| {
        let zone = |kind: &str, lines: &str| {
            if lines.is_empty() {
                String::new()
            } else {
                format!("BEGIN:{kind}\n{lines}\nEND:{kind}\n")
            }
        };
        let content = calendar(&format!(
            "BEGIN:VTIMEZONE\nTZID:Customized Time Zone\n{}{}END:VTIMEZONE\n\
             BEGIN:VEVENT\nUID:u\nDTSTART;TZID=Customized Time Zone:20261023T120000\nDURATION:PT30M\nRRULE:FREQ=DAILY;INTERVAL=3;COUNT=2\nEND:VEVENT",
            zone("STANDARD", standard),
            zone("DAYLIGHT", daylight)
        ));
        let town = Town::settled();
        let outcome = town.file("rut.ics", content);
        match faults(&outcome).first() {
            Some((_, _, message)) => vec![message.clone()],
            None => stretches(&town),
        }
    };
    let standard = "DTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10";
    let daylight = "DTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3";
    assert_eq!(
        week(standard, daylight),
        ["2026-10-23T12:00+30", "2026-10-26T12:00+30"]
    );
    // Its clocks go back a week later: on 26 October it is still summer there.
    let later = "DTSTART:20071104T020000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=1,2,3,4,5,6,7;BYDAY=SU";
    assert_eq!(
        week(later, daylight),
        ["2026-10-23T12:00+30", "2026-10-26T11:00+30"]
    );
    let always = "DTSTART:16010101T000000\nTZOFFSETFROM:-0330\nTZOFFSETTO:-0330";
    assert_eq!(
        week(always, ""),
        ["2026-10-23T17:30+30", "2026-10-26T16:30+30"]
    );
    let once =
        "DTSTART:20150329T020000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0300\nRDATE:20150329T020000";
    let since = "DTSTART:20161026T030000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0300";
    assert_eq!(
        week(since, once),
        ["2026-10-23T11:00+30", "2026-10-26T10:00+30"]
    );
    for (standard, daylight) in [
        ("", ""),
        ("DTSTART:16010101T000000\nTZOFFSETTO:i dag", ""),
        ("DTSTART:16010101T000000\nTZOFFSETTO:+9999", ""),
        (&standard.replace("-1SU", "-9SU"), daylight),
        (&standard.replace("BYMONTH=10", "BYMONTH=99"), daylight),
        (standard, &daylight.replace("YEARLY", "DAILY")),
    ] {
        let told = week(standard, daylight);
        assert!(told[0].contains("Customized Time Zone"), "{told:?}");
    }
}

#[test]
fn our_own_invitations_that_came_back_leave_their_time_free() {
    let at = "DTSTART:20261006T083000\nDURATION:PT45M";
    for ours in [
        format!("BEGIN:VEVENT\nUID:rut/åke/2026-10-06T08:30@avstamd\n{at}\nEND:VEVENT"),
        format!("BEGIN:VEVENT\nUID:X@AVSTAMD\nRECURRENCE-ID:20261005T083000\n{at}\nEND:VEVENT"),
        format!(
            "BEGIN:VEVENT\nUID:040000008200E00074C5B7101A82E008000000007643616C2D556964010000004061767374616D6400\n{at}\nEND:VEVENT"
        ),
    ] {
        assert_eq!(busy(calendar(&ours)), [""; 0], "{ours}");
    }
    let by_us = calendar(&format!("BEGIN:VEVENT\nUID:1\n{at}\nEND:VEVENT"));
    let by_us = by_us.replace("PRODID:-//Prov", "PRODID:-//avstamd");
    assert_eq!(busy(by_us), [""; 0]);
    let other = format!("BEGIN:VEVENT\nUID:1@avstamd.example\n{at}\nEND:VEVENT");
    assert_eq!(busy(calendar(&other)), ["2026-10-06T08:30+45"]);
}

#[test]
fn what_overlaps_is_one_stretch_and_the_night_the_clocks_go_back_is_whole() {
    let events = [
        "DTSTART:20261006T083000\nDTEND:20261006T093000",
        "DTSTART:20261006T090000\nDTEND:20261006T100000",
        "DTSTART:20261006T100000\nDTEND:20261006T101500",
        "DTSTART:20261006T084500\nDTEND:20261006T090000",
        "DTSTART:20261007T080000\nDTEND:20261007T080000",
        "DTSTART:20261025T003000Z\nDTEND:20261025T011500Z",
        "DTSTART;VALUE=DATE:20270327\nDTEND;VALUE=DATE:20270329",
        "DTSTART;VALUE=DATE:20270403\nDTEND;VALUE=DATE:20270403",
        "DTSTART;VALUE=DATE:20260730\nDURATION:P3D",
        "DTSTART:20270731T220000\nDTEND:99991231T235959",
    ];
    let events: Vec<String> = (0..)
        .zip(events)
        .map(|(n, lines)| format!("BEGIN:VEVENT\nUID:{n}\n{lines}\nEND:VEVENT"))
        .collect();
    assert_eq!(
        busy(calendar(&events.join("\n"))),
        [
            "2026-08-01T00:00+1440",
            "2026-10-06T08:30+105",
            // From half past two to a quarter past two on the wall.
            "2026-10-25T02:30+45",
            "2027-03-27T00:00+1440",
            "2027-03-28T00:00+1440",
            "2027-04-03T00:00+1440",
            "2027-07-31T22:00+120",
        ]
    );
}

#[test]
fn a_file_stands_in_place_of_the_one_before_and_a_second_import_changes_nothing() {
    let town = Town::settled();
    let (monday, tuesday) = (
        event("DTSTART:20261005T083000\nDURATION:PT1H"),
        event("DTSTART:20261006T083000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2"),
    );
    let dry = [("rut.ics".to_owned(), tuesday.as_str())];
    let outcome = town.import(&dry, &["--dry-run"]);
    assert_eq!(
        (
            &outcome["changes"]["busy"]["added"],
            &outcome["busy"]["rut"]
        ),
        (&2.into(), &2.into())
    );
    assert_eq!(stretches(&town), [""; 0]);
    let before = town.dump();
    town.file("RUT@Skola.Example.ICS", &monday);
    town.file("åke.ics", &monday);
    assert_eq!(town.dump(), before, "no area's plan is touched");
    let changed = |outcome: &Value| {
        let change = &outcome["changes"]["busy"];
        let number = |of: &str| change[of].as_u64().unwrap();
        (number("added"), number("changed"), number("unchanged"))
    };
    assert_eq!(changed(&town.file("rut.ics", &monday)), (0, 0, 1));
    let journal = "SELECT count(*) FROM journal";
    let entries = town.value(journal);
    town.file("rut.ics", &monday);
    assert_eq!(town.value(journal), entries);
    assert_eq!(changed(&town.file("rut.ics", &tuesday)), (2, 1, 0));
    let of_rut = "SELECT group_concat(starts) FROM busy WHERE person = 'rut'";
    assert_eq!(town.value(of_rut), "2026-10-06T08:30,2026-10-07T08:30");
    let of_other = "SELECT count(*) FROM busy WHERE person = 'åke'";
    assert_eq!(town.value(of_other), "Integer(1)");
    let (code, said) = town.words(&[("rut.ics".to_owned(), &calendar(""))], &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("rut is busy in 0 stretches"), "{said}");
    assert!(
        said.contains("warning: ") && said.contains("taken to be free"),
        "{said}"
    );
    assert_eq!(town.value("SELECT count(*) FROM busy"), "Integer(1)");
}

#[tokio::test]
async fn busy_times_are_given_by_days() {
    let town = Town::settled();
    let rows = [
        "('rut', '2026-10-05T23:00', 60)",
        "('rut', '2026-10-06T08:30', 45)",
        "('rut', '2026-10-07T00:00', 1440)",
        "('åke', '2026-10-05T22:00', 150)",
        "('åke', '2026-10-06T23:30', 45)",
        "('åke', '2026-10-08T00:00', 15)",
    ];
    town.change(&format!(
        "INSERT INTO busy (person, starts, minutes) VALUES {}",
        rows.join(", ")
    ));
    let calendar = avstamd::store::Calendar::open(&town.0.path().join("calendar.db")).unwrap();
    let given = async |from: &str, to: &str| {
        let busy = calendar.busy(from.parse().unwrap(), to.parse().unwrap());
        let busy = busy.await.unwrap();
        let told = busy.iter().map(|busy| {
            let starts = busy.starts.strftime("%dT%H:%M");
            format!("{} {starts}+{}", busy.person, busy.minutes)
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(
        given("2026-10-06", "2026-10-07").await,
        [
            "rut 06T08:30+45",
            "rut 07T00:00+1440",
            // What another system wrote over midnight.
            "åke 06T00:00+30",
            "åke 06T23:30+30",
            "åke 07T00:00+15",
        ]
    );
    assert_eq!(given("2026-10-05", "2026-10-05").await.len(), 2);
    assert_eq!(given("2026-10-09", "2027-10-05").await, [""; 0]);
}

#[test]
fn beside_the_tables_of_one_call_and_all_or_nothing() {
    let town = Town::new();
    let mut files: Vec<(String, Vec<u8>)> = crate::town::good(|text| text.as_bytes().to_vec());
    let at = event("SUMMARY:Elevsamtal med Kalle\nDTSTART:20261005T083000\nDURATION:PT1H");
    files.insert(
        0,
        ("rut@skola.example.ics".to_owned(), at.clone().into_bytes()),
    );
    let outcome = town.import(&files, &[]);
    assert_eq!(outcome["busy"]["rut"], 1, "{outcome:#}");
    assert_eq!(stretches(&town), ["2026-10-05T08:30+60"]);
    let whole = std::fs::read(town.0.path().join("calendar.db")).unwrap();
    assert!(
        !String::from_utf8_lossy(&whole).contains("Kalle"),
        "what it is for is nowhere"
    );

    let town = Town::settled();
    let before = town.dump();
    let areas = "id;name\nsöder;Södra området\n";
    let outcome = town.import(
        &[
            ("areas.csv".to_owned(), areas),
            ("rut.ics".to_owned(), &at),
            ("okänd@skola.example.ics".to_owned(), &at),
        ],
        &[],
    );
    let found = faults(&outcome);
    assert!(told(&found, 0, "", "okänd@skola.example"), "{found:?}");
    assert_eq!(town.dump(), before);
    assert_eq!(stretches(&town), [""; 0]);
    let outcome = town.import(
        &[
            ("rut.ics".to_owned(), &at),
            ("rut@skola.example.ics".to_owned(), &at),
        ],
        &[],
    );
    assert!(told(&faults(&outcome), 0, "", "rut.ics"), "{outcome:#}");
    // A person whose row has a fault of its own is not told of twice.
    let people = "id;name;email;role;units\nny;Ny;ny@skola.example;kung;12345678\n";
    let outcome = town.import(
        &[
            ("people.csv".to_owned(), people),
            ("ny@skola.example.ics".to_owned(), &at),
        ],
        &[],
    );
    assert_eq!(faults(&outcome).len(), 1, "{outcome:#}");
}

#[test]
fn a_directory_of_calendars_is_read() {
    let town = Town::settled();
    let directory = tempfile::tempdir().unwrap();
    let at = event("DTSTART:20261005T083000\nDURATION:PT1H");
    for name in ["rut.ics", "åke.ics", ".åke.ics"] {
        std::fs::write(directory.path().join(name), &at).unwrap();
    }
    let (code, said) = town.run(&["import", &directory.path().display().to_string()]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("åke is busy in 1 stretch of"), "{said}");
}

/// Broken or hostile: the content, the line of the fault, and a word of the remedy.
const BROKEN: [(&str, u64, &str); 29] = [
    ("", 0, "BEGIN:VCALENDAR"),
    ("PK\u{3}\u{4}zip", 1, "unpack it"),
    ("id;name\nn;Norr\n", 1, "BEGIN:VCALENDAR"),
    ("BEGIN:VCARD\nEND:VCARD\n", 1, "BEGIN:VCALENDAR"),
    (
        "SUMMARY:x\nBEGIN:VCALENDAR\nEND:VCALENDAR\n",
        1,
        "BEGIN:VCALENDAR",
    ),
    ("BEGIN:VCALENDAR\n", 1, "ends before END:VCALENDAR"),
    (
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:2026",
        2,
        "ends before END:VEVENT",
    ),
    ("BEGIN:VCALENDAR\nEND:VEVENT\n", 2, "did not begin"),
    (
        "BEGIN:VCALENDAR\nbara text\nEND:VCALENDAR\n",
        2,
        "no line of a calendar",
    ),
    ("BEGIN:VCALENDAR\nVERSION:2\0.0\nEND:VCALENDAR\n", 2, "NUL"),
    (
        "$DTSTART;TZID=\"Europe/Stockholm:20261005T120000",
        6,
        "colon",
    ),
    ("$SUMMARY:Utan tid", 4, "DTSTART"),
    ("$DTSTART:i morgon", 6, "cannot be read"),
    ("$DTSTART:20260230T080000", 6, "cannot be read"),
    ("$DTSTART:20261005T250000", 6, "cannot be read"),
    ("$DTSTART:20261005ä", 6, "cannot be read"),
    (
        "$DTSTART:20261005T080000\nDTEND:20261005T070000",
        7,
        "before the start",
    ),
    ("$DTSTART:20261005T080000\nDURATION:-PT1H", 7, "duration"),
    ("$DTSTART:20261005T080000\nDURATION:1 hour", 7, "duration"),
    (
        "$DTSTART:20261005T080000\nDURATION:PT1H\nRRULE:FREQ=OFTEN",
        8,
        "rule",
    ),
    (
        "$DTSTART:20261005T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYHOUR=-1",
        8,
        "rule",
    ),
    (
        "$DTSTART:20261005T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=snart",
        8,
        "rule",
    ),
    (
        "$DTSTART:20261005T080000\nDURATION:PT1H\nRRULE:COUNT=3",
        8,
        "rule",
    ),
    (
        "$DTSTART:20261005T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3;COUNT=4",
        8,
        "rule",
    ),
    (
        "$DTSTART:20261005T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY;INTERVAL=65537",
        8,
        "rule",
    ),
    (
        "$DTSTART:02261005T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY",
        8,
        "before 1600",
    ),
    (
        "$DTSTART:20261005T080000\nDURATION:PT1H\nRRULE:FREQ=HOURLY",
        8,
        "too often",
    ),
    (
        "$DTSTART:20261005T080000\nDURATION:PT1H\nEXDATE:,",
        8,
        "cannot be read",
    ),
    (
        "$DTSTART:20261005T080000\nDURATION:PT1H\nRDATE;VALUE=PERIOD:20261006T080000/",
        8,
        "cannot be read",
    ),
];

#[test]
fn broken_files_are_told_by_line_and_nothing_of_them_is_written() {
    let town = Town::settled();
    town.file("rut.ics", event("DTSTART:20261005T083000\nDURATION:PT1H"));
    for (content, line, word) in BROKEN {
        let content = match content.strip_prefix('$') {
            Some(lines) => event(lines),
            None => content.to_owned(),
        };
        let outcome = town.file("rut.ics", &content);
        let found = faults(&outcome);
        assert!(told(&found, line, "", word), "{content:?}: {found:?}");
        assert_eq!(stretches(&town), ["2026-10-05T08:30+60"], "{content:?}");
    }
}

#[test]
fn what_is_odd_is_bounded() {
    let deep = "BEGIN:VCALENDAR\n".repeat(300_000);
    let town = Town::settled();
    let outcome = town.file("rut.ics", deep);
    assert!(told(&faults(&outcome), 9, "", "too deep"), "{outcome:#}");
    // Ten megabytes of text nobody reads, with bytes that are not UTF-8.
    let text = [b"DESCRIPTION:".to_vec(), b"\xe5\xe4\xf6".repeat(3_500_000)].concat();
    let whole = event("DTSTART:20261005T083000\nDURATION:PT1H\nTEXT");
    let (before, after) = whole.split_once("TEXT").unwrap();
    let large = [before.as_bytes(), &text, after.as_bytes()].concat();
    assert_eq!(busy(large), ["2026-10-05T08:30+60"]);
    let lines =
        calendar(&"BEGIN:VEVENT\nDTSTART;TZID=Mars:20261005T083000\nEND:VEVENT\n".repeat(2000));
    let outcome = town.file("rut.ics", lines);
    let found = faults(&outcome);
    assert_eq!(found.len(), 1);
    assert!(told(&found, 5, "", "2000 lines"), "{found:?}");
    for never in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=6",
    ] {
        let rule = format!("DURATION:P99999W\nRRULE:{never}");
        let begun = busy(event(&format!("DTSTART:20200101T083000\n{rule}")));
        assert_eq!(begun.len(), 365, "the first time, and it goes on for ages");
        let last = event(&format!("DTSTART:99991231T083000\n{rule}"));
        assert_eq!(busy(last), [""; 0]);
    }
    let never = "BEGIN:VEVENT\nDTSTART:20200101T083000\nRRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30\nEND:VEVENT\n";
    let outcome = town.file("rut.ics", calendar(&never.repeat(200)));
    assert!(faults(&outcome)[0].2.contains("too often"), "{outcome:#}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 24, ..Default::default() })]

    #[test]
    fn no_lines_make_it_panic(
        lines in proptest::collection::vec("(DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|RECURRENCE-ID|UID)(;TZID=[A-Z/+:\"]{0,6}|;VALUE=DATE)?:(-?P[0-9]{1,9}[DWYM]|[0-9]{4}(0[1-9]|1[0-2])([0-2][0-9])(T[01][0-9][0-5][0-9]00Z?)?(/PT1H)?|[ -~åäö\0]{0,20})", 0..9),
        rule in "FREQ=(SECONDLY|MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY)(;INTERVAL=[0-9]{1,5})?(;COUNT=[0-9]{1,9})?(;UNTIL=[0-9]{8}(T[0-9]{6}Z?)?)?(;BYMONTH=[0-9]{1,2}(,[0-9]{1,2})?)?(;BYDAY=[+-]?[0-9]{0,2}(MO|SU))?(;BYMONTHDAY=-?[0-9]{1,2})?(;BYYEARDAY=-?[0-9]{1,3})?(;BYWEEKNO=-?[0-9]{1,2})?(;BYHOUR=[0-9]{1,2})?(;BYSETPOS=-?[0-9]{1,3})?",
        start in "[0-9]{4}(0[1-9]|1[0-2])[0-2][0-9](T[01][0-9][0-5][0-9]00Z?)?",
    ) {
        let lines = lines.join("\n");
        let content = calendar(&format!("BEGIN:VEVENT\n{lines}\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:{start}\nDURATION:PT1H\nRRULE:{rule}\nEND:VEVENT"));
        // An import that panics prints no JSON, and this does.
        Town::settled().file("rut.ics", content);
    }
}

#[test]
fn the_journal_names_nobody_whose_calendar_was_imported() {
    let town = Town::settled();
    let last = "SELECT who || ': ' || what FROM journal ORDER BY id DESC LIMIT 1";
    let outcome = town.file(
        "rut.ics",
        event("DTSTART:20261006T063000Z\nDTEND:20261006T071500Z"),
    );
    assert_eq!(outcome["applied"], true, "{outcome:#}");
    assert_eq!(town.value(last), "1 calendar: imported");
    town.file("rut.ics", "no calendar");
    assert_eq!(town.value(last), "command: refused: 1 fel i 1 kalender");
}
