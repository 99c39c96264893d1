//! Characters that a reader cannot see: a model reads them all the same.

use crate::{
    diagnostic::{Code, Diagnostic},
    source::{Place, Sources},
    tree::Tree,
};

/// Characters that are refused in every text, with what they are.
const INVISIBLE: &[(u32, u32, &str)] = &[
    (0x0000, 0x0008, "a control character"),
    (0x000B, 0x001F, "a control character"),
    (0x007F, 0x009F, "a control character"),
    (0x00AD, 0x00AD, "a soft hyphen"),
    (0x034F, 0x034F, "a grapheme joiner"),
    (0x061C, 0x061C, "a mark that changes the direction of text"),
    (0x115F, 0x1160, "an invisible filler"),
    (0x17B4, 0x17B5, "an invisible vowel"),
    (0x180B, 0x180F, "an invisible separator"),
    (0x200B, 0x200D, "a zero-width character"),
    (0x200E, 0x200F, "a mark that changes the direction of text"),
    (0x2028, 0x2029, "a line or paragraph separator"),
    (0x202A, 0x202E, "a mark that changes the direction of text"),
    (0x2060, 0x2065, "a zero-width character"),
    (0x2066, 0x2069, "a mark that changes the direction of text"),
    (0x206A, 0x206F, "an invisible format character"),
    (0x3164, 0x3164, "an invisible filler"),
    (0xE000, 0xF8FF, "a character without a meaning of its own"),
    (0xFE00, 0xFE0F, "a variation selector"),
    (0xFEFF, 0xFEFF, "a zero-width character"),
    (0xFFA0, 0xFFA0, "an invisible filler"),
    (0xFFF0, 0xFFFB, "an invisible format character"),
    (0x1_BCA0, 0x1_BCA3, "an invisible format character"),
    (0x1_D173, 0x1_D17A, "an invisible format character"),
    (0xE_0000, 0xE_0FFF, "a tag or variation selector"),
    (0xF_0000, 0x10_FFFF, "a character without a meaning of its own"),
];

/// The faults of every text in a tree.
pub(crate) fn text(sources: &Sources, tree: &Tree) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    tree.visit_texts(&mut |text, at| {
        let mut seen = Vec::new();
        for char in text.chars().filter(|char| !seen_twice(&mut seen, *char)) {
            let Some(what) = invisible(char) else { continue };
            let code_point = format!("U+{:04X}", u32::from(char));
            faults.push(
                Diagnostic::new(
                    Code::InvisibleCharacter,
                    place_of(sources, at, char),
                    format!("this text has {what}, {code_point}"),
                )
                .label(code_point)
                .help("remove it: a model reads what a person cannot see"),
            );
        }
    });
    faults
}

fn seen_twice(seen: &mut Vec<char>, char: char) -> bool {
    let twice = seen.contains(&char);
    if !twice && invisible(char).is_some() {
        seen.push(char);
    }
    twice
}

/// What an invisible character is.
fn invisible(char: char) -> Option<&'static str> {
    let code = u32::from(char);
    INVISIBLE.iter().find(|(first, last, _)| (*first..=*last).contains(&code)).map(|(_, _, what)| *what)
}

/// The place of a character in a text; the whole text where it is written as an escape.
fn place_of(sources: &Sources, at: Place, char: char) -> Place {
    match sources.text_at(at).find(char) {
        Some(offset) => Place { start: at.start + offset, end: at.start + offset + char.len_utf8(), ..at },
        None => at,
    }
}
