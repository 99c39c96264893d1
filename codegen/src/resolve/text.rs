//! Characters that a reader cannot see: a model reads them all the same.

use toolwright_core::text::invisible;

use super::Faults;
use crate::{
    diagnostic::{Code, Diagnostic, quoted},
    manifest::Name,
    source::{Place, Sources},
    tree::Tree,
};

/// The faults of every text in a tree.
pub(crate) fn text(sources: &Sources, tree: &Tree) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    tree.visit_texts(&mut |text, at| {
        for (char, what) in unseen(text) {
            let code_point = code_point(char);
            faults.push(
                Diagnostic::new(
                    Code::InvisibleCharacter,
                    place_of(sources, at, char),
                    format!("this text has {what}, {code_point}"),
                )
                .label(code_point)
                .help(HELP),
            );
        }
    });
    faults
}

/// Checks a file that is a text; `name` is where it is named.
pub(super) fn check_file(name: &Name, text: &str, faults: &mut Faults) {
    for (char, what) in unseen(text) {
        let before = text.split(char).next().unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let title = format!("{} has {what} in its line {line}, {}", quoted(name), code_point(char));
        faults.push(Diagnostic::new(Code::InvisibleCharacter, name.at, title).help(HELP));
    }
}

const HELP: &str = "remove it: a model reads what a person cannot see";

/// Each character that cannot be seen, once, with what it is.
fn unseen(text: &str) -> Vec<(char, &'static str)> {
    let mut seen = Vec::new();
    for (char, what) in text.chars().filter_map(|char| Some((char, invisible(char)?))) {
        if !seen.contains(&(char, what)) {
            seen.push((char, what));
        }
    }
    seen
}

fn code_point(char: char) -> String {
    format!("U+{:04X}", u32::from(char))
}

/// The place of a character in a text; the whole text where it is written as an escape.
fn place_of(sources: &Sources, at: Place, char: char) -> Place {
    match sources.text_at(at).find(char) {
        Some(offset) => Place { start: at.start + offset, end: at.start + offset + char.len_utf8(), ..at },
        None => at,
    }
}
