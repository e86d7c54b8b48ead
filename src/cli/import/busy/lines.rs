//! The content lines of an iCalendar file (RFC 5545, 3.1), and the components they make.
//!
//! Only properties that say when are kept: titles, texts and people never leave this file.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use super::super::text::{Unreadable, line_ends};

/// Deeper than any component of the standard; a tree without a bound is a stack without one.
const DEEPEST: usize = 8;

/// What is told of a file that is something else.
const NO_CALENDAR: &str = "it does not begin with BEGIN:VCALENDAR; export the calendar as iCalendar (.ics), and unpack it where it is zipped";

/// The properties that say when somebody is busy.
const KEPT: [&str; 17] = [
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXDATE",
    "RECURRENCE-ID",
    "UID",
    "STATUS",
    "TRANSP",
    "X-MICROSOFT-CDO-BUSYSTATUS",
    "FREEBUSY",
    "PRODID",
    "TZID",
    "TZOFFSETFROM",
    "TZOFFSETTO",
    "X-LIC-LOCATION",
];

/// A property that says when.
#[derive(Debug)]
pub struct Property {
    /// Where its line begins in the file, from 1.
    pub line: usize,
    name: String,
    parameters: Vec<(String, String)>,
    /// What is behind the colon.
    pub value: String,
}

impl Property {
    /// A parameter, without quotes.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        let found = parameters.find(|(known, _)| known == name)?;
        Some(&found.1)
    }
}

/// A component, such as an event, and those inside it.
#[derive(Debug)]
pub struct Component {
    /// Where it begins in the file, from 1.
    pub line: usize,
    name: String,
    properties: Vec<Property>,
    inside: Vec<Self>,
}

impl Component {
    /// The components of that name right inside it.
    pub fn inside(&self, name: &str) -> impl Iterator<Item = &Self> {
        let inside = self.inside.iter();
        inside.filter(move |component| component.name == name)
    }

    /// Every property of that name.
    pub fn every(&self, name: &str) -> impl Iterator<Item = &Property> {
        let properties = self.properties.iter();
        properties.filter(move |property| property.name == name)
    }

    /// The first property of that name.
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.every(name).next()
    }

    /// The value of a property, empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.property(name)
            .map_or("", |property| property.value.as_str())
    }

    /// Whether a property has one of these values, in capitals.
    pub fn says(&self, name: &str, values: &[&str]) -> bool {
        let word = self.text(name).trim().to_ascii_uppercase();
        values.contains(&word.as_str())
    }
}

/// The calendars of a file. What letters are damaged does not matter: only times are read.
///
/// # Errors
/// It is no iCalendar file, or not a whole one.
pub fn calendars(bytes: &[u8]) -> Result<Vec<Component>, Unreadable> {
    let text = text(bytes)?;
    let mut open: Vec<Component> = Vec::new();
    let mut calendars = Vec::new();
    for (line, text) in unfolded(&text) {
        let Some((name, rest)) = name(&text) else {
            let message = match open.is_empty() {
                true => NO_CALENDAR,
                false => "is no line of a calendar file; export the calendar anew",
            };
            return Err((Some(line), message.into()));
        };
        match name.as_str() {
            "BEGIN" => open.push(begun(line, rest, open.len())?),
            "END" => {
                let ended = open.pop().filter(|ended| ended.name == word(rest));
                let Some(ended) = ended else {
                    let message = "ends a component that did not begin; export the calendar anew";
                    return Err((Some(line), message.into()));
                };
                let beside = open.last_mut();
                beside
                    .map_or(&mut calendars, |around| &mut around.inside)
                    .push(ended);
            }
            _ => {
                let Some(component) = open.last_mut() else {
                    return Err((Some(line), NO_CALENDAR.into()));
                };
                if KEPT.contains(&name.as_str()) {
                    let property = property(line, name, rest)?;
                    component.properties.push(property);
                }
            }
        }
    }
    if let Some(unended) = open.last() {
        let message = format!(
            "the file ends before END:{}; export the calendar anew",
            unended.name
        );
        return Err((Some(unended.line), message));
    }
    if calendars.is_empty() {
        return Err((None, NO_CALENDAR.into()));
    }
    Ok(calendars)
}

/// UTF-8, or UTF-16 with its mark.
fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    match Encoding::for_bom(bytes) {
        Some((encoding, _)) if encoding != UTF_8 => return Ok(encoding.decode(bytes).0),
        _ => {}
    }
    if let Some(place) = bytes.iter().position(|byte| *byte == 0) {
        let line = 1 + line_ends(&bytes[..place]);
        let message = "it holds NUL characters; export the calendar anew";
        return Err((Some(line), message.into()));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    Ok(String::from_utf8_lossy(bytes))
}

fn begun(line: usize, rest: &str, depth: usize) -> Result<Component, Unreadable> {
    let name = word(rest);
    if depth == 0 && name != "VCALENDAR" {
        return Err((Some(line), NO_CALENDAR.into()));
    }
    if depth == DEEPEST {
        let message = "components lie too deep in each other; export the calendar anew";
        return Err((Some(line), message.into()));
    }
    Ok(Component {
        line,
        name,
        properties: Vec::new(),
        inside: Vec::new(),
    })
}

/// The value of BEGIN and END.
fn word(rest: &str) -> String {
    rest.trim_start_matches(':').trim().to_ascii_uppercase()
}

/// Lines without their folds, and where each begins. Empty ones are left out.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (place, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, before))) => before.push_str(more),
            _ if line.trim().is_empty() => {}
            _ => lines.push((place + 1, line.to_owned())),
        }
    }
    lines
}

/// The name of a property in capitals, and what follows it.
fn name(line: &str) -> Option<(String, &str)> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let end = line.find(|c| !is_of_name(c))?;
    let (name, rest) = line.split_at(end);
    let is_property = !name.is_empty() && rest.starts_with([':', ';']);
    is_property.then(|| (name.to_ascii_uppercase(), rest))
}

/// A property of its parameters and value.
fn property(line: usize, name: String, rest: &str) -> Result<Property, Unreadable> {
    let Some((parameters, value)) = split_unquoted(rest, ':') else {
        let message = "has no colon before its value; export the calendar anew";
        return Err((Some(line), message.into()));
    };
    let mut rest = parameters.trim_start_matches(';');
    let mut parameters = Vec::new();
    while !rest.is_empty() {
        let (parameter, more) = split_unquoted(rest, ';').unwrap_or((rest, ""));
        if let Some((name, value)) = parameter.split_once('=') {
            let value = value.trim_matches('"').to_owned();
            parameters.push((name.to_ascii_uppercase(), value));
        }
        rest = more;
    }
    Ok(Property {
        line,
        name,
        parameters,
        value: value.to_owned(),
    })
}

/// The text before and behind the first such letter that is not within quotes.
fn split_unquoted(text: &str, letter: char) -> Option<(&str, &str)> {
    let mut is_quoted = false;
    let place = text.find(|c| {
        is_quoted ^= c == '"';
        c == letter && !is_quoted
    })?;
    Some((&text[..place], &text[place + letter.len_utf8()..]))
}
