//! The order of names in a Swedish list.

use std::cmp::Ordering;

/// Compares two names as a Swedish list has them: å, ä and ö after z, é with e, ü with y, capital
/// and small letters alike. Names that differ in nothing else go by their characters, so that
/// the order is total.
pub fn swedish_order(a: &str, b: &str) -> Ordering {
    let keys = |text: &str| text.chars().flat_map(weights).collect::<Vec<u32>>();
    keys(a).cmp(&keys(b)).then_with(|| a.cmp(b))
}

/// The weights of a character: its place in the alphabet, accents left out.
fn weights(character: char) -> impl Iterator<Item = u32> {
    character.to_lowercase().map(|letter| {
        let after_z = |place: u32| u32::from('z') + place;
        match letter {
            'å' => after_z(1),
            'ä' | 'æ' => after_z(2),
            'ö' | 'ø' | 'ő' => after_z(3),
            '–' | '—' | '\u{2011}' => u32::from('-'),
            '\u{a0}' => u32::from(' '),
            letter => match base(letter) {
                plain if plain.is_ascii() => u32::from(plain),
                other => after_z(4) + u32::from(other),
            },
        }
    })
}

/// The letter that an accented one is filed under.
const fn base(letter: char) -> char {
    match letter {
        'á' | 'à' | 'â' | 'ã' | 'ă' | 'ā' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'đ' | 'ď' | 'ð' => 'd',
        'é' | 'è' | 'ê' | 'ë' | 'ě' | 'ē' | 'ę' => 'e',
        'ğ' => 'g',
        'í' | 'ì' | 'î' | 'ï' | 'ı' | 'ī' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ó' | 'ò' | 'ô' | 'õ' | 'ō' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' | 'ș' | 'ß' => 's',
        'ť' | 'ţ' | 'ț' | 'þ' => 't',
        'ú' | 'ù' | 'û' | 'ū' | 'ů' => 'u',
        'ü' | 'ű' | 'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_last_letters_come_last_and_accents_do_not_count() {
        let mut names = [
            "Östra", "Ängs", "Åsen", "Zinken", "Étoile", "Edet", "Fyren", "Abel", "åsen", "Müller",
            "Myran",
        ];
        names.sort_by(|a, b| swedish_order(a, b));
        assert_eq!(
            names,
            [
                "Abel", "Edet", "Étoile", "Fyren", "Müller", "Myran", "Zinken", "Åsen", "åsen",
                "Ängs", "Östra",
            ]
        );
    }

    #[test]
    fn the_same_name_is_equal_only_to_itself() {
        assert_eq!(swedish_order("Ås", "Ås"), Ordering::Equal);
        assert_ne!(swedish_order("Idé", "Ide"), Ordering::Equal);
    }
}
