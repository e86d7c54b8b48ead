//! Which appointment on record one that a source tells of means.
//!
//! A post is known by person, role, place and first day. Where the source tells of the post once, a
//! first day that is filled in later, or left out, makes no second appointment.

use std::collections::BTreeMap;

use super::{Appointment, PersonId, Post, Role};

/// How often a source tells of each post.
pub struct PostsTold<'a>(BTreeMap<(&'a PersonId, Role, &'a Post), usize>);

impl<'a> PostsTold<'a> {
    /// Of all that the source tells.
    pub fn of(told: &'a [Appointment]) -> Self {
        let mut times = BTreeMap::new();
        for appointment in told {
            *times.entry(post(appointment)).or_default() += 1;
        }
        Self(times)
    }

    /// The one of `recorded` that is meant: that of the same first day; else, told of once, one
    /// without a first day that reaches it, or without a first day the latest.
    pub fn meant<'b>(
        &self,
        told: &Appointment,
        recorded: impl IntoIterator<Item = &'b Appointment>,
    ) -> Option<&'b Appointment> {
        let once = self.0.get(&post(told)) == Some(&1);
        let reaches = |other: &Appointment| match told.from {
            Some(from) => other.from.is_none() && other.to.is_none_or(|to| from <= to),
            None => true,
        };
        recorded
            .into_iter()
            .filter(|other| post(other) == post(told))
            .filter(|other| other.from == told.from || once && reaches(other))
            .max_by_key(|other| (other.from == told.from, other.from))
    }
}

fn post(appointment: &Appointment) -> (&PersonId, Role, &Post) {
    (&appointment.person, appointment.role, &appointment.post)
}
