//! Characters that a reader cannot see: a model reads them all the same.

use toolwright_core::text::invisible;

use crate::{
    diagnostic::{Code, Diagnostic},
    source::{Place, Sources},
    tree::Tree,
};

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

/// The place of a character in a text; the whole text where it is written as an escape.
fn place_of(sources: &Sources, at: Place, char: char) -> Place {
    match sources.text_at(at).find(char) {
        Some(offset) => Place { start: at.start + offset, end: at.start + offset + char.len_utf8(), ..at },
        None => at,
    }
}
