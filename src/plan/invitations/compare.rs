//! What should be held against what was told: the words still to be said.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};

use super::wanted::{
    Wanted, about, about_check_in, about_dialogue, has_been_held, meetings, wanted,
};
use super::{Attendee, Call, Change, Invitations, Meeting, MeetingKind, Method, Quiet, Told, Word};
use crate::follow_up::{
    AreaId, AreaWorld, CheckIn, CheckInState, Dialogue, DialogueState, PersonId, Proposals,
};
use crate::plan::rules::{InvitationRules, Rules};

/// One slice, looked at once.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The local time.
    pub now: DateTime,
    /// Whose slice it is; that of an area that is gone has an empty world.
    pub area: Option<&'a AreaId>,
    /// The slice.
    pub world: &'a AreaWorld,
    /// Keys of meetings that other slices want to be held.
    pub elsewhere: &'a BTreeSet<String>,
    /// When to tell.
    pub rules: &'a InvitationRules,
}

/// The last word to each person, by meeting.
type Of<'a> = BTreeMap<&'a PersonId, &'a Told>;

/// What is to be said about a slice's meetings. `told` is the last word to each person about each
/// meeting that this slice has spoken of, or that is among [`wanted`].
pub fn invite(look: &Look<'_>, told: &[Told]) -> Invitations {
    let wanted = wanted(look.now, look.world, look.rules);
    let mut round = Round {
        look: *look,
        of: BTreeMap::new(),
        abouts: wanted
            .iter()
            .map(|wanted| &wanted.uid)
            .chain(look.elsewhere)
            .map(|uid| about(uid))
            .collect(),
        found: Invitations::default(),
    };
    for told in told {
        let of = round.of.entry(&told.uid).or_default();
        of.insert(&told.person, told);
    }
    let mut unnamed = BTreeSet::new();
    for wanted in &wanted {
        if look.world.is_reachable(&wanted.meeting.organizer.person) {
            round.request(wanted);
        } else {
            // Without the organizer's address there is no event; what was told stands meanwhile.
            unnamed.insert(about(&wanted.uid));
            for attendee in &wanted.meeting.attendees {
                round.quiet(wanted, attendee, Quiet::NoAddress);
            }
        }
    }
    let keys: BTreeSet<&str> = wanted.iter().map(|wanted| wanted.uid.as_str()).collect();
    for (uid, of) in round.of.clone() {
        let is_held = keys.contains(uid)
            || look.elsewhere.contains(uid)
            || unnamed.contains(about(uid))
            || has_begun(look, uid, &of);
        if !is_held && of.values().all(|told| is_on(look.rules, told)) {
            round.cancel(uid);
        }
    }
    round.tell_of_proposals();
    let mut found = round.found;
    found.words.sort_by_key(|word| word.meeting().starts);
    found
}

/// Whether a meeting was held at the time that was told: that is not called off while it lasts.
fn has_begun(look: &Look<'_>, uid: &str, of: &Of<'_>) -> bool {
    let mut held = look.world.dialogues.iter();
    let held = held.find(|d| has_been_held(d, look.now) && about(uid) == about_dialogue(d));
    held.is_some_and(|d| of.values().any(|told| told.meeting.starts == d.starts))
}

/// Whoever switches invitations off has not cancelled anything.
const fn is_on(rules: &InvitationRules, told: &Told) -> bool {
    match told.meeting.kind {
        MeetingKind::Dialogue { .. } => rules.dialogues,
        MeetingKind::CheckIn => rules.check_ins,
    }
}

/// The meetings of one person that end after `now`, each with its key and its SEQUENCE, by start:
/// also those that nobody is invited to yet. `told` as for [`invite`].
pub fn meetings_of(
    person: &PersonId,
    now: DateTime,
    world: &AreaWorld,
    told: &[Told],
) -> Vec<(String, u32, Meeting)> {
    let rules = InvitationRules {
        dialogues: true,
        check_ins: true,
        ..Rules::default().invitations
    };
    let own = wanted(now, world, &rules).into_iter();
    let own = own.filter(|wanted| wanted.meeting.attendee(person).is_some());
    own.map(|wanted| {
        let of = told.iter().filter(|told| told.uid == wanted.uid);
        let of = of.map(|told| (&told.person, told)).collect();
        let sequence = sequence(&wanted, &of);
        (wanted.uid, sequence, wanted.meeting)
    })
    .collect()
}

struct Round<'a> {
    look: Look<'a>,
    of: BTreeMap<&'a str, Of<'a>>,
    /// What is held, whoever organizes it.
    abouts: BTreeSet<&'a str>,
    found: Invitations,
}

impl<'a> Round<'a> {
    /// A meeting that is to be held: everybody who comes is to know it as it is, and whoever was to
    /// come and no longer is, that.
    fn request(&mut self, wanted: &Wanted) {
        let of = self
            .of
            .get(wanted.uid.as_str())
            .cloned()
            .unwrap_or_default();
        let sequence = sequence(wanted, &of);
        for attendee in &wanted.meeting.attendees {
            let told = of.get(&attendee.person).copied();
            match change(wanted, told, (sequence, &attendee.email)) {
                None => self.quiet(wanted, attendee, Quiet::Told { sequence }),
                Some(Change::Invited) if of.is_empty() && self.look.now.date() < wanted.from => {
                    self.look_again_on(wanted.from);
                    self.quiet(wanted, attendee, Quiet::NotYet { on: wanted.from });
                }
                Some(_) if !self.look.world.is_reachable(&attendee.person) => {
                    self.quiet(wanted, attendee, Quiet::NoAddress);
                }
                // Who is missing may stand in a row that cannot be read.
                Some(Change::Company) if is_unsure(self.look.world) => {
                    self.quiet(wanted, attendee, Quiet::Unreadable);
                }
                Some(change) => {
                    let what = (Method::Request, sequence, wanted.meeting.clone());
                    self.call(&wanted.uid, &attendee.person, what, change);
                }
            }
        }
        for (person, told) in of {
            let stays = wanted.meeting.attendee(person).is_some();
            // A mailbox that goes with the post has the meeting still.
            let address = self.address(told);
            let mut addresses = wanted.meeting.attendees.iter().map(|a| &a.email);
            let shared = addresses.any(|other| other.eq_ignore_ascii_case(&address));
            if !stays && !shared && self.is_to_be_cancelled(told, &address) {
                let what = (Method::Cancel, sequence, told.meeting.clone());
                self.call(&wanted.uid, person, what, Change::Left);
            }
        }
    }

    /// A meeting that is not to be held: whoever believes so is told, unless its time has passed.
    fn cancel(&mut self, uid: &'a str) {
        let of = self.of.get(uid).cloned().unwrap_or_default();
        let highest = |method: Method| {
            let of_method = of.values().filter(|told| told.method == method);
            of_method.map(|told| told.sequence).max()
        };
        let (requested, cancelled) = (highest(Method::Request), highest(Method::Cancel));
        let next = requested.map_or(0, |requested| requested.saturating_add(1));
        let sequence = cancelled.map_or(next, |cancelled| cancelled.max(next));
        let change = match self.abouts.contains(about(uid)) {
            true => Change::Replaced,
            false => Change::Cancelled,
        };
        for (person, told) in of {
            if self.is_to_be_cancelled(told, &self.address(told)) {
                let what = (Method::Cancel, sequence, told.meeting.clone());
                self.call(uid, person, what, change.clone());
            }
        }
    }

    /// Whether a person believes in a meeting to come, as far as we know, and can be told otherwise.
    /// A row that cannot be read calls nothing off: what it says is not known. What the meeting's own
    /// row says is.
    fn is_to_be_cancelled(&self, told: &Told, address: &str) -> bool {
        let mended = told.refused && told.sent_to() != Some(address);
        let believes = told.method == Method::Request || mended;
        let people = &self.look.world.people;
        let known = people.get(&told.person);
        told.asked
            && believes
            && self.look.now < told.meeting.ends()
            && known.is_none_or(|person| person.is_reachable())
            && (is_called_off(self.look.world, &told.uid) || !is_unsure(self.look.world))
    }

    /// Where a person is written to now; where they were, if they have left the record.
    fn address(&self, told: &Told) -> String {
        let known = self.look.world.people.get(&told.person);
        let known = known.map(|person| person.email.trim());
        known.or(told.sent_to()).unwrap_or_default().to_owned()
    }

    /// What is not told since it is only proposed.
    fn tell_of_proposals(&mut self) {
        let Look {
            now, world, rules, ..
        } = self.look;
        let Proposals {
            dialogues,
            check_ins,
        } = &world.proposals;
        for proposed in meetings(now, world, (dialogues, check_ins), rules) {
            let until = proposed.proposed_until.unwrap_or(Date::MAX);
            for attendee in &proposed.meeting.attendees {
                self.quiet(&proposed, attendee, Quiet::Proposed { until });
            }
        }
    }

    fn look_again_on(&mut self, day: Date) {
        let next = self.found.look_again_on.get_or_insert(day);
        *next = day.min(*next);
    }

    fn quiet(&mut self, wanted: &Wanted, attendee: &Attendee, quiet: Quiet) {
        self.found.words.push(Word::Quiet {
            meeting: wanted.meeting.clone(),
            person: attendee.person.clone(),
            quiet,
        });
    }

    fn call(
        &mut self,
        uid: &str,
        to: &PersonId,
        (method, sequence, meeting): (Method, u32, Meeting),
        change: Change,
    ) {
        self.found.words.push(Word::Call(Call {
            uid: uid.to_owned(),
            to: to.clone(),
            method,
            sequence,
            meeting,
            change,
            area: self.look.area.cloned(),
        }));
    }
}

/// Whether the row of a meeting says that it is cancelled.
fn is_called_off(world: &AreaWorld, uid: &str) -> bool {
    let dialogue =
        |d: &Dialogue| d.state == DialogueState::Cancelled && about(uid) == about_dialogue(d);
    let check_in =
        |c: &CheckIn| c.state == CheckInState::Cancelled && about(uid) == about_check_in(c);
    world.dialogues.iter().any(dialogue) || world.check_ins.iter().any(check_in)
}

/// Whether rows that meetings rest on cannot be read.
fn is_unsure(world: &AreaWorld) -> bool {
    const GROUND: [&str; 6] = [
        "school_unit",
        "person",
        "appointment",
        "absence",
        "dialogue",
        "check_in",
    ];
    let mut faults = world.faults.iter();
    faults.any(|fault| GROUND.contains(&fault.table.as_str()))
}

/// The SEQUENCE of a meeting that is to be held: as it was last told, or one more where time or
/// place have changed since, or it was called off. Whoever comes back to a meeting that went on
/// without them is told under the same: the later mail counts (RFC 5546 2.1.5).
fn sequence(wanted: &Wanted, of: &Of<'_>) -> u32 {
    let Some(last) = of.values().map(|told| told.sequence).max() else {
        return wanted.floor;
    };
    let is_current = of.values().any(|told| {
        told.method == Method::Request
            && told.sequence == last
            && told.meeting.is_at(&wanted.meeting)
    });
    match is_current {
        true => last,
        false => wanted.floor.max(last.saturating_add(1)),
    }
}

/// What has changed for a person since they were last told of a meeting; `None` where nothing has.
/// Another address is another calendar.
fn change(
    wanted: &Wanted,
    told: Option<&Told>,
    (sequence, address): (u32, &str),
) -> Option<Change> {
    let Some(told) = told.filter(|told| told.method == Method::Request) else {
        return Some(Change::Invited);
    };
    if told.sent_to() != Some(address) {
        return Some(Change::Invited);
    }
    if told.sequence < sequence {
        let from = told.meeting.starts;
        return Some(Change::Moved { from });
    }
    (!told.meeting.has_the_people_of(&wanted.meeting)).then_some(Change::Company)
}
