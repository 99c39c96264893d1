//! The page that signs somebody in.

use serde::Serialize;

use super::Pages;

/// What whoever is not signed in is shown.
#[derive(Debug, Clone, Copy)]
pub enum SignIn<'a> {
    /// A button that redeems the link. To open a link is not yet to use it: other programs look at links as well.
    Link {
        /// The code of the link.
        code: &'a str,
        /// Whom it signs in.
        name: &'a str,
        /// Who is signed in in this browser until then.
        former: Option<&'a str>,
    },
    /// There is no link: how to get one.
    Unasked {
        /// The command that prints one.
        command: &'a str,
    },
    /// The link is no good any more: how to get another.
    Spent {
        /// The command that prints one.
        command: &'a str,
    },
}

#[derive(Serialize)]
struct Page<'a> {
    url: String,
    server: &'a str,
    code: Option<&'a str>,
    name: &'a str,
    former: Option<&'a str>,
    command: Option<&'a str>,
    is_spent: bool,
}

impl Pages {
    /// The page that signs somebody in.
    pub fn sign_in(&self, page: SignIn<'_>) -> String {
        let shown = Page {
            url: self.url("sign-in"),
            server: &self.server.title,
            code: None,
            name: "",
            former: None,
            command: None,
            is_spent: false,
        };
        let page = match page {
            SignIn::Link { code, name, former } => Page { code: Some(code), name, former, ..shown },
            SignIn::Unasked { command } => Page { command: Some(command), ..shown },
            SignIn::Spent { command } => Page { command: Some(command), is_spent: true, ..shown },
        };
        self.render("sign-in.html", &self.outside("Sign in", None), &page)
    }
}
