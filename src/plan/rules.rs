//! When to say what: the ladders' numbers, as the configuration sets them.
//!
//! All counts are working days unless a name says otherwise.

use jiff::civil::Time;

/// A ladder towards a date somebody must meet, climbing when it passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRules {
    /// Reminders this long before the date; 0 is the day itself.
    pub before: Vec<u32>,
    /// A reminder this often after the date, until it is done.
    pub overdue_every: u32,
    /// The area manager is told from this long after the date.
    pub area_manager_after: u32,
    /// The school director is told from this long after the date.
    pub director_after: u32,
}

/// The effect of an earlier year's measures, not yet assessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnassessedRules {
    /// The principal is asked this often from the first school week on.
    pub every: u32,
    /// The area manager is told this long before the first dialogue.
    pub area_manager_before_dialogue: u32,
    /// The school director is told this long before the quality report.
    pub director_before_report: u32,
}

/// A dialogue's date passed and nobody has said whether it was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRecordedRules {
    /// The area manager is asked this long after.
    pub after: u32,
    /// And again this often.
    pub every: u32,
    /// The school director is told from this long after.
    pub director_after: u32,
}

/// The reminder before a check-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckInRules {
    /// Reminders this long before it.
    pub before: Vec<u32>,
    /// It lists what falls due within this many calendar days.
    pub list_days: u32,
}

/// The longest gap between two check-ins, in school weeks: at least one in every so many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rhythm {
    /// For most pairs.
    pub every_weeks: u32,
    /// For a principal with a unit on reinforced support.
    pub reinforced_every_weeks: u32,
}

/// A gap between check-ins that is too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapRules {
    /// It is told again this often.
    pub every: u32,
    /// The school director is told when the gap is this many times the longest allowed.
    pub director_after_gaps: u32,
}

/// Invitations to meetings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationRules {
    /// Whether people are invited to dialogues.
    pub dialogues: bool,
    /// Whether people are invited to check-ins.
    pub check_ins: bool,
    /// A check-in is invited to so many weeks before it, and not earlier.
    pub check_ins_weeks_before: u32,
    /// So many new invitations a day go to one person; the rest follow on the next days.
    pub most_per_day: u32,
}

/// Every ladder. `None` switches a notice off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Mail leaves from this local time on.
    pub send_at: Time,
    /// And not after this local time: what comes later waits for the next mail day.
    pub send_until: Time,
    /// A day with more than this many times the usual number of mails is held; 0 holds none.
    pub hold_above_usual: u32,
    /// Evaluation of a measure.
    pub evaluation: Option<DueRules>,
    /// Any other activity.
    pub activity: Option<DueRules>,
    /// Effect unassessed.
    pub unassessed: Option<UnassessedRules>,
    /// Choose a focus area: the principal this long before a dialogue; the area manager at the
    /// last of these.
    pub focus_area: Option<Vec<u32>>,
    /// The agenda, this long before a dialogue.
    pub agenda: Option<Vec<u32>>,
    /// Dialogue not recorded.
    pub not_recorded: Option<NotRecordedRules>,
    /// The longest gap between check-ins.
    pub rhythm: Rhythm,
    /// Check-in reminders.
    pub check_in: Option<CheckInRules>,
    /// Check-in gaps.
    pub check_in_gap: Option<GapRules>,
    /// A vacant post is told this often.
    pub vacancy_every: u32,
    /// An undeliverable address, a refused import or an unreadable row is told this often.
    pub trouble_every: u32,
    /// The area managers' weekly digest.
    pub weekly_digest: bool,
    /// The school director's monthly digest.
    pub monthly_digest: bool,
    /// Invitations.
    pub invitations: InvitationRules,
}

impl Default for Rules {
    /// The defaults `config/avstamd.toml` documents.
    fn default() -> Self {
        let due = DueRules {
            before: vec![10, 3, 0],
            overdue_every: 5,
            area_manager_after: 10,
            director_after: 20,
        };
        Self {
            send_at: Time::constant(7, 0, 0, 0),
            send_until: Time::constant(17, 0, 0, 0),
            hold_above_usual: 3,
            evaluation: Some(due.clone()),
            activity: Some(due),
            unassessed: Some(UnassessedRules {
                every: 10,
                area_manager_before_dialogue: 5,
                director_before_report: 10,
            }),
            focus_area: Some(vec![15, 5]),
            agenda: Some(vec![5]),
            not_recorded: Some(NotRecordedRules {
                after: 2,
                every: 5,
                director_after: 10,
            }),
            rhythm: Rhythm {
                every_weeks: 2,
                reinforced_every_weeks: 1,
            },
            check_in: Some(CheckInRules {
                before: vec![1],
                list_days: 28,
            }),
            check_in_gap: Some(GapRules {
                every: 5,
                director_after_gaps: 2,
            }),
            vacancy_every: 10,
            trouble_every: 10,
            weekly_digest: true,
            monthly_digest: true,
            invitations: InvitationRules {
                dialogues: true,
                check_ins: true,
                check_ins_weeks_before: 6,
                most_per_day: 20,
            },
        }
    }
}
