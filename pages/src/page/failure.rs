//! The page of an error.

use serde::Serialize;

use super::{Pages, layout::Visitor};

/// Why somebody does not see what they have asked for.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Failure<'a> {
    /// The status that the page is sent with.
    pub status: u16,
    /// What it is, in a few words.
    pub title: &'a str,
    /// What to do about it, in a sentence or two.
    pub text: &'a str,
}

impl Failure<'static> {
    /// What is usually said with a status.
    pub fn of(status: u16) -> Self {
        let (title, text) = match status {
            400 => ("This request makes no sense", "Go back, reload the page and try again."),
            403 => (
                "This was not sent by these pages",
                "For your safety, forms are taken from these pages only, and only while you are signed in. Go back, reload the page and try again.",
            ),
            404 => ("There is no such page", "It may have moved."),
            405 => ("This address is not used that way", "Nothing was changed."),
            413 => ("This is too much", "Go back and send less."),
            503 => ("The server cannot do this now", "Try again in a moment."),
            _ => ("Something went wrong", "It is in the server's log. Try again in a moment."),
        };
        Self { status, title, text }
    }
}

#[derive(Serialize)]
struct Page<'a> {
    failure: &'a Failure<'a>,
    /// Where somebody who is not signed in is led to sign in.
    home: String,
}

impl Pages {
    /// The page of an error.
    pub fn failure(&self, visitor: Option<&Visitor<'_>>, failure: &Failure<'_>) -> String {
        let page = Page { failure, home: self.url("tokens") };
        self.render("failure.html", &self.outside(failure.title, visitor), &page)
    }
}
