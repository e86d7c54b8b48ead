//! `[authority] dialogue-name`: a word, or all its forms.

use super::check;
use super::reader::Table;
use crate::follow_up::DialogueName;

/// Reads the name. `None` where it is there and not sound; the faults say why.
pub fn read(authority: &mut Table<'_>) -> Option<DialogueName> {
    if authority.is_table("dialogue-name") {
        return authority.optional_table("dialogue-name").and_then(forms);
    }
    match authority.take_placed::<String>("dialogue-name") {
        Some((one, place)) => {
            check::words(authority, &one, &place);
            Some(DialogueName::like_dialog(one.trim()))
        }
        None => Some(DialogueName::default()),
    }
}

/// The Swedish forms are all needed: the word bends in its own way, or it would be given alone.
fn forms(mut table: Table<'_>) -> Option<DialogueName> {
    let mut required = |key, example| {
        let (text, place) = table.require_placed::<String>(key, example)?;
        check::words(&table, &text, &place);
        Some(text.trim().to_owned())
    };
    let one = required("one", "\"kvalitetssamtal\"");
    let the = required("the", "\"kvalitetssamtalet\"");
    let many = required("many", "\"kvalitetssamtal\"");
    let the_many = required("the-many", "\"kvalitetssamtalen\"");
    let mut optional = |key| {
        let (text, place) = table.take_placed::<String>(key)?;
        check::words(&table, &text, &place);
        Some(text.trim().to_owned())
    };
    let english = optional("english");
    let english_many = optional("english-many");
    table.finish();
    let usual = DialogueName::default();
    let plural = english.as_ref().map(|one| format!("{one}s"));
    Some(DialogueName {
        one: one?,
        the: the?,
        many: many?,
        the_many: the_many?,
        english_many: english_many.or(plural).unwrap_or(usual.english_many),
        english: english.unwrap_or(usual.english),
    })
}
