//! What two versions of a page have, and have not, in common.

use std::collections::HashMap;

/// How many of the lines are shown, and how many characters of each.
const SHOWN_LINES: usize = 3;
const SHOWN_CHARACTERS: usize = 200;

/// The lines that one version of a page has and another has not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) count: i64,
    /// The first of them.
    pub(super) first: Vec<String>,
}

impl Lines {
    /// The lines that `content` has and `other` has not, or has less often. Those without anything in
    /// them do not count.
    ///
    /// Lines are matched wherever they stand: that takes one look at each, where an edit script can
    /// take the square of it, and pages can be made to.
    pub(super) fn missing(content: &str, other: &str) -> Self {
        let mut others: HashMap<&str, usize> = HashMap::new();
        for line in lines(other) {
            *others.entry(line).or_default() += 1;
        }
        let mut missing = Self { count: 0, first: Vec::new() };
        for line in lines(content) {
            match others.get_mut(line) {
                Some(left) if *left > 0 => *left -= 1,
                _ => missing.add(line),
            }
        }
        missing
    }

    fn add(&mut self, line: &str) {
        self.count += 1;
        if self.first.len() < SHOWN_LINES {
            self.first.push(line.chars().take(SHOWN_CHARACTERS).collect());
        }
    }
}

fn lines(content: &str) -> impl Iterator<Item = &str> {
    content.lines().map(str::trim_end).filter(|line| !line.is_empty())
}
