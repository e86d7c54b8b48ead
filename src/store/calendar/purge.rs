//! What of the calendar has outlived its rule. What still asks for something stays: an open measure,
//! a dialogue nobody has said was held, an activity not done.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Calendar;
use crate::follow_up::PersonId;
use crate::plan::retention::{Kept, Limits};
use crate::store::StoreError;
use crate::store::database::writing;
use crate::store::purge::{By, Extent, Removed, Step, overwrite_deleted, sweep, take};

/// A measure that asks for nothing more, and when it last did.
const MEASURE: &str = "
    (status = 'cancelled'
     OR (status = 'completed' AND EXISTS
         (SELECT 1 FROM evaluation e WHERE e.measure = measure.id
             AND e.effect IS NOT NULL AND e.effect <> 'too_early')))
    AND evaluate_by < ?1 AND (substr(school_year, 1, 4) + 1) || '-07-01' <= ?1
    AND NOT EXISTS (SELECT 1 FROM evaluation e WHERE e.measure = measure.id
                        AND (e.evaluated_on >= ?1 OR e.next_date >= ?1))";

/// One who has held a post, holds none any more, and is named by nothing else.
const PERSON: &str = "
    id IN (SELECT person FROM appointment)
    AND NOT EXISTS (SELECT 1 FROM appointment a WHERE a.person = person.id
                        AND ifnull(a.valid_to >= ?1, 1))
    AND id NOT IN (SELECT person FROM absence UNION SELECT person FROM busy
                   UNION SELECT principal FROM check_in UNION SELECT area_manager FROM check_in)
    AND NOT EXISTS (SELECT 1 FROM absence WHERE deputy = person.id)
    AND NOT EXISTS (SELECT 1 FROM measure WHERE responsible = person.id)
    AND NOT EXISTS (SELECT 1 FROM evaluation WHERE evaluated_by = person.id)
    AND id NOT IN (SELECT id FROM temp.unsettled)";

const STEPS: [Step; 10] = [
    Step::rows(Kept::Busy, By::Day, "starts < ?1"),
    Step::rows(Kept::Absences, By::Day, "away_to < ?1"),
    Step {
        empties: Some("note = ''"),
        ..Step::rows(
            Kept::CheckInNotes,
            By::Day,
            "note <> '' AND max(starts, ifnull(held_on, starts)) < ?1",
        )
    },
    Step {
        // What the last import said goes too: it is the same text. What is no JSON may be it as well.
        empties: Some(
            "text = '', imported = CASE WHEN json_valid(imported)
                                        THEN json_remove(imported, '$.text') END",
        ),
        ..Step::rows(
            Kept::EvaluationText,
            By::Day,
            "(text <> '' OR CASE WHEN json_valid(imported)
                                 THEN json_extract(imported, '$.text') <> ''
                                 ELSE imported IS NOT NULL END) AND evaluated_on < ?1",
        )
    },
    Step::rows(
        Kept::CheckIns,
        By::Day,
        "max(starts, ifnull(held_on, starts)) < ?1",
    ),
    Step {
        with: &[("focus_area", "dialogue", "id")],
        ..Step::rows(
            Kept::Dialogues,
            By::Day,
            "state <> 'planned' AND starts < ?1
             AND (substr(school_year, 1, 4) + 1) || '-07-01' <= ?1",
        )
    },
    Step::rows(Kept::Activities, By::Day, "max(done, due) < ?1"),
    Step {
        with: &[("evaluation", "measure", "id")],
        ..Step::rows(Kept::Measures, By::Day, MEASURE)
    },
    Step::rows(
        Kept::Journal,
        By::Instant,
        // Whether the last import was refused is told from here.
        "at_utc < ?1 AND id IS NOT (SELECT max(id) FROM journal WHERE door = 'import')",
    ),
    Step {
        with: &[("appointment", "person", "id")],
        ..Step::rows(Kept::People, By::Day, PERSON)
    },
];

/// Development areas of past school years that no measure is left of.
const AREAS: &str = "
    DELETE FROM development_area WHERE (substr(school_year, 1, 4) + 1) || '-07-01' <= ?1
        AND NOT EXISTS (SELECT 1 FROM measure WHERE development_area = development_area.id)";

impl Calendar {
    /// Removes what is older than its limit, or counts it. People in `unsettled` have mail that is
    /// still to leave, or that somebody is to decide about.
    ///
    /// # Errors
    /// SQLite refused; then nothing of it is removed.
    pub async fn purge(
        &self,
        limits: Limits,
        unsettled: BTreeSet<PersonId>,
        extent: Extent,
    ) -> Result<Vec<Removed>, StoreError> {
        self.database
            .run(move |connection| {
                overwrite_deleted(connection)?;
                let transaction = writing(connection)?;
                transaction.execute_batch("CREATE TEMP TABLE unsettled (id TEXT PRIMARY KEY)")?;
                for person in &unsettled {
                    let sql = "INSERT INTO temp.unsettled (id) VALUES (?1)";
                    transaction
                        .prepare_cached(sql)?
                        .execute([person.as_str()])?;
                }
                let mut removed = take(&transaction, &STEPS, &limits)?;
                if let Some(limit) = limits.of(Kept::Measures) {
                    removed.push(Removed {
                        rule: Kept::Measures,
                        table: "development_area",
                        rows: transaction.execute(AREAS, [limit.day.to_string()])?,
                    });
                }
                transaction.execute_batch("DROP TABLE temp.unsettled")?;
                match extent {
                    Extent::Count => transaction.rollback()?,
                    Extent::Remove => transaction.commit()?,
                }
                Ok(removed)
            })
            .await
    }

    /// When the journal last had a line added.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn last_change(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(at_utc) FROM journal";
        self.database.instant(sql).await
    }

    /// Takes what was deleted out of the file and its log. Whether that was done: while another
    /// program reads, it cannot be.
    ///
    /// # Errors
    /// SQLite refused, or the disk is full.
    pub async fn sweep(&self) -> Result<bool, StoreError> {
        self.database.run(|connection| sweep(connection)).await
    }
}
