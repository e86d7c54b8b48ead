//! The sense of single values: what a person must write instead.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use super::plain::{glimpse, quoted};
use super::reader::{Place, Table};
use crate::calendar::{SchoolYearNameError, parse_school_year_name, school_year_of};
use crate::follow_up::envelope_address;
use crate::follow_up::plausible::is_hidden;

/// A whole number of `range`, or `default` where it is left out.
pub fn within(
    table: &mut Table<'_>,
    key: &'static str,
    default: u32,
    range: RangeInclusive<u32>,
) -> u32 {
    let Some((number, place)) = table.take_placed::<i64>(key) else {
        return default;
    };
    match u32::try_from(number)
        .ok()
        .filter(|number| range.contains(number))
    {
        Some(number) => number,
        None => {
            let (least, most) = (range.start(), range.end());
            table.fault_at(
                &place,
                format!("{key} is {number}; write a whole number from {least} to {most}"),
            );
            default
        }
    }
}

/// A list of different numbers of working days.
pub fn steps(table: &mut Table<'_>, key: &'static str, default: Vec<u32>) -> Vec<u32> {
    let Some((list, place)) = table.take_placed::<Vec<i64>>(key) else {
        return default;
    };
    let mut steps: Vec<u32> = Vec::new();
    for number in list {
        match u32::try_from(number).ok().filter(|number| *number <= 500) {
            Some(days) if steps.contains(&days) => {
                table.fault_at(
                    &place,
                    format!("{key} names {days} twice; name each step once"),
                );
            }
            Some(days) => steps.push(days),
            None => {
                let message = format!(
                    "{key} holds {number}; write working days from 0 to 500, such as [10, 3, 0]"
                );
                table.fault_at(&place, message);
            }
        }
    }
    steps
}

/// Text that goes into headers and greetings: no control or direction characters.
pub fn words(table: &Table<'_>, text: &str, place: &Place) {
    if text.trim().is_empty() {
        table.fault_at(place, "this is empty; write a name");
    } else if text.chars().any(is_hidden) {
        table.fault_at(
            place,
            "this holds a line break or an invisible character; write it as plain text on one line",
        );
    }
}

/// `Name <address>` or an address alone; the name and the address.
pub fn mailbox(table: &Table<'_>, text: &str, place: &Place) -> Option<(String, String)> {
    let (name, address) = match text.split_once('<') {
        Some((name, rest)) => match rest.trim_end().strip_suffix('>') {
            Some(address) => (name.trim().trim_matches('"'), address),
            None => {
                table.fault_at(
                    place,
                    format!(
                        "{} lacks a closing >; write Name <name@skola.example>",
                        quoted(text)
                    ),
                );
                return None;
            }
        },
        None => ("", text),
    };
    if name.chars().any(is_hidden) {
        table.fault_at(
            place,
            "the name holds an invisible character; write it as plain text",
        );
        return None;
    }
    Some((name.to_owned(), self::address(table, address, place)?))
}

/// One address, in the form that envelopes and identifiers take.
pub fn address(table: &Table<'_>, text: &str, place: &Place) -> Option<String> {
    match envelope_address(text) {
        Ok(address) => Some(address),
        Err(fault) => {
            table.fault_at(
                place,
                format!(
                    "{} {fault}; write it as kvalitet@skola.example",
                    quoted(text)
                ),
            );
            None
        }
    }
}

/// A host name, in its ASCII form, or an IP address.
pub fn host(table: &Table<'_>, text: &str, place: &Place) -> Option<String> {
    if text.parse::<IpAddr>().is_ok() {
        return Some(text.to_owned());
    }
    match idna::domain_to_ascii_strict(text) {
        Ok(name) if !name.is_empty() && !name.split('.').any(str::is_empty) => Some(name),
        _ => {
            let message = format!(
                "{} is no host name; write only the name, such as relay.example, and the port under port",
                quoted(text)
            );
            table.fault_at(place, message);
            None
        }
    }
}

/// The address of a page, as it is put into mails.
pub fn url(table: &Table<'_>, text: &str, place: &Place) {
    let rest = text
        .strip_prefix("https://")
        .or(text.strip_prefix("http://"));
    if rest.is_none_or(str::is_empty) {
        table.fault_at(
            place,
            "the url begins with https://; write the whole of it, as a browser would show it",
        );
    } else if text.chars().any(|c| c.is_whitespace() || is_hidden(c)) {
        table.fault_at(
            place,
            "the url holds a space, a line break or an invisible character; write it without",
        );
    }
}

/// Whether a host is this machine itself.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// A school year's name, in its usual form.
pub fn school_year_name(table: &Table<'_>, text: &str, place: &Place) -> Option<String> {
    match parse_school_year_name(text) {
        Ok(start) => Some(school_year_of(start)),
        Err(error) => {
            let error = match error {
                // All that was written, which may be half of the file.
                SchoolYearNameError::Shape(written) => {
                    SchoolYearNameError::Shape(glimpse(&written))
                }
                error => error,
            };
            table.fault_at(place, error.to_string());
            None
        }
    }
}
