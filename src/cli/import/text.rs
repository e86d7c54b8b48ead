//! Bytes into text, in the encodings of Swedish Excel.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use icu_normalizer::ComposingNormalizer;

/// What cannot be read, and on which line.
pub type Unreadable = (Option<usize>, String);

/// UTF-8 with or without its mark, UTF-16 with one ("Unicode text"), else Windows-1252.
///
/// # Errors
/// A few bytes that are not UTF-8 in a file that else is: read as anything, its letters would
/// turn into others.
pub fn decode(bytes: &[u8]) -> Result<String, Unreadable> {
    let marked = Encoding::for_bom(bytes);
    let (encoding, skip) = marked.unwrap_or((UTF_8, 0));
    let body = &bytes[skip..];
    if encoding != UTF_8 {
        return Ok(composed(&encoding.decode_without_bom_handling(body).0).into_owned());
    }
    let (mut letters, mut bad, mut first) = (0, 0, None);
    let mut place = 0;
    for chunk in body.utf8_chunks() {
        letters += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        place += chunk.valid().len();
        if !chunk.invalid().is_empty() {
            bad += 1;
            first.get_or_insert(place);
        }
        place += chunk.invalid().len();
    }
    match first {
        Some(place) if marked.is_some() || letters >= bad => Err((
            Some(1 + line_ends(&body[..place])),
            "the file is UTF-8, but this line holds a byte that is not; type the line anew, or save the file as CSV UTF-8".into(),
        )),
        Some(_) => Ok(WINDOWS_1252.decode_without_bom_handling(body).0.into_owned()),
        None => Ok(composed(&String::from_utf8_lossy(body)).into_owned()),
    }
}

/// Letters in one piece: a Mac writes å as an a and a ring (NFD), which else is another name.
pub fn composed(text: &str) -> Cow<'_, str> {
    ComposingNormalizer::new_nfc().normalize(text)
}

/// Line ends as a spreadsheet counts them: CRLF, LF or a lone CR.
pub fn line_ends(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .enumerate()
        .filter(|(place, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(place + 1) != Some(&b'\n'),
            _ => false,
        })
        .count()
}
