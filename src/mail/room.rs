//! How much a mail tells: one that many or much is written about stays a mail.
//!
//! What is left out is counted, and what is cut ends in `…`. Where everything together is still too
//! much, all of it gets less room.

use super::content::{Content, Digest};
use crate::follow_up::plausible::shown;

/// How much of each thing a mail tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Items of a topic.
    pub items: usize,
    /// Lines of a list or a table.
    pub lines: usize,
    /// Rows of a digest.
    pub rows: usize,
    /// Characters of a text.
    pub letters: usize,
}

/// The room there is, and how it shrinks.
const ROOMS: [Room; 4] = [
    room(60, 100, 400, 2000),
    room(30, 40, 100, 500),
    room(10, 15, 30, 150),
    room(3, 5, 10, 40),
];

const fn room(items: usize, lines: usize, rows: usize, letters: usize) -> Room {
    Room {
        items,
        lines,
        rows,
        letters,
    }
}

/// More than this, in bytes as [`Content::weight`] guesses them, and everything gets less room. It
/// leaves a message below a megabyte.
const HEAVIEST: usize = 700_000;

/// What stands around a text in the HTML part, at most.
const MARKUP: usize = 300;

impl Room {
    /// What a mail begins with.
    pub const MOST: Self = ROOMS[0];

    /// The content that fits, made with as much room as can be.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn fit<E>(mut make: impl FnMut(Self) -> Result<Content, E>) -> Result<Content, E> {
        let mut fitting = make(Self::MOST)?;
        for smaller in ROOMS.iter().skip(1) {
            if fitting.weight() <= HEAVIEST {
                break;
            }
            fitting = make(*smaller)?;
        }
        Ok(fitting)
    }
}

impl Content {
    /// Cuts every text to so many characters.
    pub fn cut(&mut self, letters: usize) {
        self.each_text(&mut |text| {
            // Bytes are quicker to count, and never fewer.
            if text.len() > letters {
                *text = shown(text, letters);
            }
        });
    }

    /// About how many bytes both parts take on the wire, and rather more than they do.
    fn weight(&mut self) -> usize {
        let mut weight = 0;
        self.each_text(&mut |text| {
            let of = |letter: char| match letter {
                ' ' | '0'..='9' | 'A'..='Z' | 'a'..='z' => 2,
                // It is escaped in HTML, or encoded.
                letter if letter.is_ascii() => 9,
                letter => letter.len_utf8() * 6,
            };
            weight += MARKUP + text.chars().map(of).sum::<usize>();
        });
        weight
    }

    /// Everything in it that people read.
    fn each_text(&mut self, each: &mut impl FnMut(&mut String)) {
        let Self {
            language: _,
            subject,
            greeting,
            preview,
            digest,
            sections,
            why,
            next,
            reply,
            signature,
            automatic,
        } = self;
        let around = [subject, greeting, preview, reply, signature, automatic];
        around.into_iter().for_each(&mut *each);
        why.iter_mut().chain(next).for_each(&mut *each);
        for section in sections {
            [&mut section.heading, &mut section.ask, &mut section.more]
                .into_iter()
                .for_each(&mut *each);
            for item in &mut section.items {
                [&mut item.title, &mut item.place]
                    .into_iter()
                    .chain(&mut item.facts)
                    .for_each(&mut *each);
                for list in &mut item.lists {
                    each(&mut list.lead);
                    list.lines.iter_mut().for_each(&mut *each);
                }
                let tables = item.table.iter_mut();
                tables.for_each(|table| {
                    table.columns.iter_mut().for_each(&mut *each);
                    let cells = table.rows.iter_mut().flat_map(|row| &mut row.cells);
                    cells.for_each(&mut *each);
                });
            }
        }
        if let Some(digest) = digest {
            digest.each_text(each);
        }
    }
}

impl Digest {
    /// Keeps so many rows, the first ones; how many it leaves out.
    pub fn keep_rows(&mut self, most: usize) -> usize {
        let mut left = most;
        let mut gone = 0;
        for band in &mut self.bands {
            gone += band.rows.len().saturating_sub(left);
            band.rows.truncate(left);
            left -= band.rows.len();
        }
        self.bands.retain(|band| !band.rows.is_empty());
        gone
    }

    fn each_text(&mut self, each: &mut impl FnMut(&mut String)) {
        let Self {
            heading,
            summary,
            legend,
            label,
            columns,
            bands,
            in_phase,
        } = self;
        let around = [heading, summary, legend, label, in_phase];
        around.into_iter().for_each(&mut *each);
        columns
            .iter_mut()
            .for_each(|column| each(&mut column.label));
        for band in bands {
            each(&mut band.title);
            for row in &mut band.rows {
                [&mut row.name, &mut row.people]
                    .into_iter()
                    .for_each(&mut *each);
                let concerns = row.concerns.iter_mut();
                concerns.for_each(|concern| each(&mut concern.text));
                for cell in &mut row.cells {
                    each(&mut cell.text);
                    each(&mut cell.label);
                }
            }
        }
    }
}
