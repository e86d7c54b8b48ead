//! Whom a word means: the person with that identifier, else the only one with that address.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::Calendar;
use super::known::people;
use crate::follow_up::PersonId;
use crate::store::StoreError;

/// People by identifier and by address.
#[derive(Debug, Clone, Default)]
pub struct Whom {
    ids: BTreeSet<PersonId>,
    by_address: BTreeMap<String, Vec<PersonId>>,
}

/// Why a word means nobody in particular; reads on from the word.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unclear {
    /// Nobody has it as identifier or address.
    #[error("is not in the calendar; give the identifier or the address as it stands there")]
    Nobody,
    /// Several people share the address.
    #[error("is the address of both {0} and {1}; give the identifier of the one who is meant")]
    Several(PersonId, PersonId),
}

impl Whom {
    /// Of people and their addresses.
    pub fn of(people: BTreeMap<PersonId, String>) -> Self {
        let mut whom = Self::default();
        for (id, address) in people {
            if !address.is_empty() {
                let same = whom.by_address.entry(address.to_lowercase()).or_default();
                same.push(id.clone());
            }
            whom.ids.insert(id);
        }
        whom
    }

    /// The same, with the addresses of an earlier day where nobody has them now.
    pub fn or_formerly(mut self, people: BTreeMap<PersonId, String>) -> Self {
        for (address, ids) in Self::of(people).by_address {
            self.by_address.entry(address).or_insert(ids);
        }
        self
    }

    /// Whom a word means. Letter case tells identifiers apart, and addresses not.
    ///
    /// # Errors
    /// Nobody, or more than one.
    pub fn find(&self, word: &str) -> Result<PersonId, Unclear> {
        let id = PersonId::new(word);
        if self.ids.contains(&id) {
            return Ok(id);
        }
        let found = self.by_address.get(&word.to_lowercase());
        match found.map(Vec::as_slice) {
            Some([only]) => Ok(only.clone()),
            Some([one, other, ..]) => Err(Unclear::Several(one.clone(), other.clone())),
            _ => Err(Unclear::Nobody),
        }
    }
}

impl Calendar {
    /// A person by identifier, else by address.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn find_person(&self, word: String) -> Result<Result<PersonId, Unclear>, StoreError> {
        self.database
            .run(move |connection| Ok(Whom::of(people(connection)?).find(&word)))
            .await
    }
}
