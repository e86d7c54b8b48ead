//! What an authority calls the dialogues it has with its units.

/// The name in the forms that sentences need, in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialogueName {
    /// One: `kvalitetsdialog`.
    pub one: String,
    /// The one: `kvalitetsdialogen`.
    pub the: String,
    /// Several: `kvalitetsdialoger`.
    pub many: String,
    /// Those: `kvalitetsdialogerna`.
    pub the_many: String,
    /// One, in English.
    pub english: String,
    /// Several, in English.
    pub english_many: String,
}

impl DialogueName {
    /// The forms of a Swedish word that bends as *dialog* does.
    pub fn like_dialog(one: &str) -> Self {
        Self {
            one: one.to_owned(),
            the: format!("{one}en"),
            many: format!("{one}er"),
            the_many: format!("{one}erna"),
            english: "quality dialogue".to_owned(),
            english_many: "quality dialogues".to_owned(),
        }
    }
}

impl Default for DialogueName {
    fn default() -> Self {
        Self::like_dialog("kvalitetsdialog")
    }
}
