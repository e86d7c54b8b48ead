//! The file's tables, one function each.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::check;
use super::dialogue_name;
use super::plain::quoted;
use super::reader::{Place, Places, Table};
use super::values::{Clock, Day, FromTo, NamedFromTo};
use super::{
    DatabaseSettings, Detail, MailSettings, Security, Settings, TransportKind, TransportSettings,
    WatchSettings, WebSettings,
};
use crate::calendar::{Break, Calendar, SchoolYear};
use crate::follow_up::DialogueName;

/// Reads the whole file. `None` where something needed is missing; the faults say what.
pub fn read(mut top: Table<'_>, base: &Path) -> Option<Settings> {
    let authority = authority(top.table("authority"));
    let database = database(top.table("database"), base);
    let mut mail_table = top.table("mail");
    let transport = transport(mail_table.table("transport"), base);
    let (mail, send_times) = mail(mail_table, base);
    let web_table = top.optional_table("web");
    let asks_for_web = web_table.is_some();
    let web = web_table.and_then(web);
    let watch = watch(top.table("watch"));
    let tells_years = top.has("school-year");
    let mut place_on = BTreeMap::new();
    let school_years: Vec<ReadYear> = top
        .tables("school-year")
        .into_iter()
        .map(|table| {
            let head = table.place().clone();
            let (year, placed_on, places) = school_year(table);
            let named = year.as_ref().map(|year| year.name.clone());
            place_on.extend(named.zip(placed_on));
            (year, (head, places))
        })
        .collect();
    let placing = super::placing::read(top.table("dialogues"), top.table("check-ins"));
    let mut rules = super::reminders::read(top.table("reminders"));
    rules.rhythm = placing.rhythm.clone();
    rules.invitations = super::placing::invitations(top.table("invitations"));
    let confirm_after_days = super::placing::confirm_after_days(top.table("schedule"));
    (rules.send_at, rules.send_until, rules.hold_above_usual) = send_times;
    let retention = super::retention::read(top.table("retention"), &rules);
    let zone = authority.as_ref().map(|(_, _, zone)| zone.clone());
    if !tells_years {
        top.lacks("there is no school year; write [[school-year]] with name and terms");
    }
    let calendar = calendar(&top, zone, school_years);
    top.finish();
    let (authority, dialogue_name, _) = authority?;
    if asks_for_web && web.is_none() {
        return None;
    }
    Some(Settings {
        authority,
        dialogue_name,
        calendar: calendar?,
        database: database?,
        mail: mail?,
        transport: transport?,
        web,
        watch,
        placing,
        place_on,
        confirm_after_days,
        rules,
        retention,
    })
}

fn authority(mut table: Table<'_>) -> Option<(String, DialogueName, TimeZone)> {
    let name = table.require_placed::<String>("name", "\"Lindhamra kommun\"");
    let dialogue_name = dialogue_name::read(&mut table);
    let zone_name = table.take_placed::<String>("time-zone");
    if let Some((text, place)) = &name {
        check::words(&table, text, place);
    }
    let zone = match zone_name {
        None => TimeZone::get("Europe/Stockholm").ok(),
        Some((name, place)) => TimeZone::get(&name).map_or_else(
            |_| {
                let name = quoted(&name);
                let message = format!("{name} is no time zone; write \"Europe/Stockholm\"");
                table.fault_at(&place, message);
                None
            },
            Some,
        ),
    };
    table.finish();
    Some((name?.0, dialogue_name?, zone?))
}

fn database(mut table: Table<'_>, base: &Path) -> Option<DatabaseSettings> {
    let calendar = table.require::<PathBuf>("calendar", "\"/var/lib/avstamd/calendar.db\"");
    let ledger = table.require_placed::<PathBuf>("ledger", "\"/var/lib/avstamd/ledger.db\"");
    if let (Some(calendar), Some((ledger, place))) = (&calendar, &ledger)
        && calendar == ledger
    {
        table.fault_at(
            place,
            "calendar and ledger are two files; give the ledger another name",
        );
    }
    table.finish();
    Some(DatabaseSettings {
        calendar: base.join(calendar?),
        ledger: base.join(ledger?.0),
    })
}

/// The settings, the local times between which mail leaves, and above how many times the usual number
/// it is held.
fn mail(mut table: Table<'_>, base: &Path) -> (Option<MailSettings>, (Time, Time, u32)) {
    let from =
        table.require_placed::<String>("from", "\"Kvalitetsuppföljning <kvalitet@skola.example>\"");
    let reply_to = table.require_placed::<String>("reply-to", "\"kvalitet@skola.example\"");
    let from = from.and_then(|(text, place)| check::mailbox(&table, &text, &place));
    let reply_to = reply_to.and_then(|(text, place)| check::address(&table, &text, &place));
    let send_at = table.take_placed::<Clock>("send-at");
    let send_until = table.take_placed::<Clock>("send-until");
    let defaults = crate::plan::Rules::default();
    let at = send_at
        .as_ref()
        .map_or(defaults.send_at, |(clock, _)| clock.0);
    let until = send_until
        .as_ref()
        .map_or(defaults.send_until, |(clock, _)| clock.0);
    if let (true, Some((_, place))) = (until <= at, send_until.or(send_at)) {
        table.fault_at(&place, "send-until must be later in the day than send-at");
    }
    let hold = table.take_or("hold-above-usual", defaults.hold_above_usual);
    let detail = table.take_or("detail", Detail::Titles);
    let templates = table
        .take::<PathBuf>("templates")
        .map(|path| base.join(path));
    table.finish();
    let settings = from
        .zip(reply_to)
        .map(|((from_name, from_address), reply_to)| MailSettings {
            from_name,
            from_address,
            reply_to,
            detail,
            templates,
        });
    (settings, (at, until, hold))
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Smtp,
    Sendmail,
    Files,
}

fn transport(mut table: Table<'_>, base: &Path) -> Option<TransportSettings> {
    let kind = match table.require::<Kind>("kind", "\"smtp\"")? {
        Kind::Smtp => smtp(&mut table, base),
        Kind::Sendmail => {
            let command = table.take::<PathBuf>("command");
            let command = command.unwrap_or_else(|| "/usr/sbin/sendmail".into());
            Some(TransportKind::Sendmail {
                command: base.join(command),
            })
        }
        Kind::Files => table
            .require::<PathBuf>("directory", "\"mail\"")
            .map(|directory| TransportKind::Files {
                directory: base.join(directory),
            }),
    };
    let connections = check::within(&mut table, "connections", 2, 1..=20);
    let per_minute = check::within(&mut table, "per-minute", 30, 1..=100_000);
    table.finish();
    Some(TransportSettings {
        kind: kind?,
        connections: connections as usize,
        per_minute,
    })
}

fn smtp(table: &mut Table<'_>, base: &Path) -> Option<TransportKind> {
    let host = table.require_placed::<String>("host", "\"relay.example\"");
    let security = table.take_placed::<Security>("security");
    let allow = table.take_or("allow-plain-text", false);
    let user = table.take_placed::<String>("user");
    let password_file = table.take_placed::<PathBuf>("password-file");
    let ca_file = table.take::<PathBuf>("ca-file").map(|path| base.join(path));
    let hello_name = table.take_placed::<String>("hello-name");
    let hello_name = hello_name.and_then(|(name, place)| check::host(table, &name, &place));
    let (level, place) = match security {
        Some((level, place)) => (level, place),
        None => (Security::StartTls, table.place().clone()),
    };
    let default_port = if level == Security::Tls { 465 } else { 587 };
    let port = check::within(table, "port", default_port, 1..=65535);
    let host = host.and_then(|(host, place)| check::host(table, &host, &place));
    let far = host.as_ref().is_some_and(|host| !check::is_loopback(host));
    if level == Security::None && far && !allow {
        table.fault_at(
            &place,
            "mail would cross the network in clear text; write security = \"starttls\", or, on a network you trust, add allow-plain-text = true",
        );
    }
    let login = match (user, password_file) {
        (Some((user, _)), Some((file, _))) => Some((user, base.join(file))),
        (None, None) => None,
        (Some((_, place)), None) => {
            table.fault_at(
                &place,
                "user without password-file; name the file that holds the password",
            );
            None
        }
        (None, Some((_, place))) => {
            table.fault_at(
                &place,
                "password-file without user; name the user, or leave both out",
            );
            None
        }
    };
    if login.is_some() && level == Security::None && far {
        table.fault_at(
            &place,
            "a password is never sent in clear text; write security = \"starttls\"",
        );
    }
    let port = u16::try_from(port).unwrap_or(587);
    Some(TransportKind::Smtp {
        host: host?,
        port,
        security: level,
        login,
        ca_file,
        hello_name,
    })
}

fn web(mut table: Table<'_>) -> Option<WebSettings> {
    let listen = table.require::<SocketAddr>("listen", "\"127.0.0.1:8480\"");
    let url = table.require_placed::<String>("url", "\"https://avstamd.example\"");
    if let Some((url, place)) = &url {
        check::url(&table, url, place);
    }
    table.finish();
    Some(WebSettings {
        listen: listen?,
        url: url?.0.trim_end_matches('/').to_owned(),
    })
}

fn watch(mut table: Table<'_>) -> WatchSettings {
    const DAY: u32 = 24 * 60;
    let url = table.take_placed::<String>("ping-url");
    if let Some((url, place)) = &url {
        check::url(&table, url, place);
    }
    let every = table.take_placed::<u32>("ping-every-minutes");
    if let Some((every, place)) = &every
        && !(1..=DAY).contains(every)
    {
        table.fault_at(place, format!("{every} is not from 1 to {DAY} minutes"));
    }
    table.finish();
    WatchSettings {
        ping_url: url.map(|(url, _)| url.into()),
        ping_every: every.map_or(15, |(every, _)| every),
    }
}

/// A school year, the day from which its meetings are placed, and where its values stand.
fn school_year(mut table: Table<'_>) -> (Option<SchoolYear>, Option<Date>, Places) {
    let name = table.require_placed::<String>("name", "\"2026/27\"");
    let name = name.and_then(|(name, place)| check::school_year_name(&table, &name, &place));
    let terms = table.require::<Vec<FromTo>>(
        "terms",
        "[{ from = 2026-08-18, to = 2026-12-18 }, { from = 2027-01-11, to = 2027-06-10 }]",
    );
    let breaks: Vec<NamedFromTo> = table.take_or("breaks", Vec::new());
    let staff_days: Vec<Day> = table.take_or("staff-days", Vec::new());
    let quiet: Vec<FromTo> = table.take_or("quiet", Vec::new());
    let explore: Option<FromTo> = table.take("explore");
    let evaluate: Option<FromTo> = table.take("evaluate");
    let quality_report: Option<Day> = table.take("quality-report");
    let place_on = table.take_placed::<Day>("place-on");
    let last = terms.iter().flatten().map(|term| term.to.0).max();
    if let (Some((day, place)), Some(last)) = (&place_on, last)
        && day.0 > last
    {
        table.fault_at(
            place,
            "place-on lies after the school year's last term, so nothing would ever be placed; write a day before the year begins",
        );
    }
    let places = table.places();
    table.finish();
    let named = name.zip(terms);
    let year = named.map(|(name, terms)| SchoolYear {
        name,
        terms: terms.into_iter().map(FromTo::span).collect(),
        breaks: breaks
            .into_iter()
            .map(|b| Break {
                name: b.name,
                span: FromTo {
                    from: b.from,
                    to: b.to,
                }
                .span(),
            })
            .collect(),
        staff_days: staff_days.into_iter().map(|day| day.0).collect(),
        quiet: quiet.into_iter().map(FromTo::span).collect(),
        explore: explore.map(FromTo::span),
        evaluate: evaluate.map(FromTo::span),
        quality_report: quality_report.map(|day| day.0),
    });
    (year, place_on.map(|(day, _)| day.0), places)
}

/// A school year as read, the place of its head and those of its values.
type ReadYear = (Option<SchoolYear>, (Place, Places));

fn calendar(
    top: &Table<'_>,
    zone: Option<TimeZone>,
    school_years: Vec<ReadYear>,
) -> Option<Calendar> {
    if school_years.is_empty() {
        return None;
    }
    let mut years = Vec::new();
    let mut places = Vec::new();
    for (year, place) in school_years {
        places.push((year.as_ref().map(|year| year.name.clone()), place));
        years.push(year);
    }
    match Calendar::new(zone?, years.into_iter().collect::<Option<Vec<_>>>()?) {
        Ok(calendar) => Some(calendar),
        Err(faults) => {
            for fault in faults {
                let named =
                    |(name, _): &&(Option<String>, _)| name.as_ref() == Some(&fault.school_year);
                let place = match places.iter().rfind(named) {
                    Some((_, (head, places))) => places.of(fault.key, fault.item).unwrap_or(head),
                    None => top.place(),
                };
                top.fault_at(place, fault.to_string());
            }
            None
        }
    }
}
