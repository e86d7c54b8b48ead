//! Keys of what was said, without a person.
//!
//! A key is what tells that something was said already, so it stays one, and another's key stays as it
//! is: only the kinds that name people are looked into, and only whole parts of them.

use crate::follow_up::Naming;

/// The kinds of keys that name people by their identifiers.
const OF_PEOPLE: [&str; 3] = ["check-in/", "check-in-gap/", "undeliverable/"];

/// The kinds of keys that end with the address of whoever asks people to a meeting.
const OF_MEETINGS: [&str; 2] = ["check-in/", "dialogue/"];

/// The key of a notice or a meeting with `pseudonym` in the person's place; `None` where it does not
/// name them.
pub fn key_without(key: &str, naming: &Naming, pseudonym: &str) -> Option<String> {
    let is_of = |kinds: &[&str]| kinds.iter().any(|kind| key.starts_with(kind));
    let mut changed = key.to_owned();
    if is_of(&OF_PEOPLE) {
        changed = without(&changed, naming.id.as_str(), pseudonym);
    }
    if is_of(&OF_MEETINGS) {
        for address in &naming.addresses {
            let address = address.to_ascii_lowercase().replace('/', "%2F");
            changed = without(&changed, &address, pseudonym);
        }
    }
    (changed != key).then_some(changed)
}

/// What a check-in is known by in people's calendars, likewise.
pub fn uid_without(uid: &str, naming: &Naming, pseudonym: &str) -> Option<String> {
    let kind = OF_PEOPLE[0];
    let key = key_without(&format!("{kind}{uid}"), naming, pseudonym)?;
    key.strip_prefix(kind).map(str::to_owned)
}

/// A key with `new` for each whole part, between slashes, that is `old`. An identifier may have
/// slashes of its own.
fn without(key: &str, old: &str, new: &str) -> String {
    let mut parts = format!("{key}/");
    let (old, new) = (format!("/{old}/"), format!("/{new}/"));
    // Neighbours share a slash.
    let mut from = 0;
    while let Some(place) = parts.get(from..).and_then(|rest| rest.find(&old)) {
        let start = from + place;
        parts.replace_range(start..start + old.len(), &new);
        from = start + new.len() - 1;
    }
    parts.pop();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow_up::PersonId;

    #[test]
    fn only_the_person_is_taken_out_of_a_key_and_only_where_a_key_names_people() {
        let mut naming = Naming::new(PersonId::new("2026"));
        naming.learn("", "Rut@prov.example");
        for (key, without) in [
            ("check-in/2026/åke", Some("check-in/x/åke")),
            ("check-in-gap/rut/2026", Some("check-in-gap/rut/x")),
            ("undeliverable/held/2026", Some("undeliverable/held/x")),
            ("check-in/2026/2026", Some("check-in/x/x")),
            (
                "check-in/2026/åke/2026-11-02T08:30/rut@prov.example",
                Some("check-in/x/åke/2026-11-02T08:30/x"),
            ),
            (
                "dialogue/2026/27/explore/12345678/rut@prov.example",
                Some("dialogue/2026/27/explore/12345678/x"),
            ),
            ("year-placed/2026/27", None),
            ("evaluation/2026", None),
            ("check-in/20261/åke", None),
            ("dialogue-agenda/2026/27/explore/12345678", None),
        ] {
            let found = key_without(key, &naming, "x");
            assert_eq!(found.as_deref(), without, "{key}");
        }
        let slashes = Naming::new(PersonId::new("skola/rut"));
        let found = uid_without("skola/rut/åke/2026-11-02T08:30", &slashes, "x");
        assert_eq!(found.as_deref(), Some("x/åke/2026-11-02T08:30"));
    }
}
