//! What the server's own commands have in common: a person at its machine works on an account.

use crate::store::actor::{Actor, By};

/// The account that a command is about.
#[derive(clap::Args, Debug)]
pub(crate) struct Owner {
    /// The account that it is about
    #[arg(long, value_name = "NAME", default_value = "local", value_parser = label)]
    pub(crate) account: String,
}

impl Owner {
    /// Who works on the account: the person with this name.
    pub(crate) fn actor<'a>(&'a self, operator: &'a str) -> Actor<'a> {
        Actor { account: &self.account, by: By::Session { name: operator } }
    }
}

/// What can stand in a table and in a log.
pub(crate) fn label(text: &str) -> Result<String, String> {
    let printable = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
    if text.trim() == text && (1..=64).contains(&text.chars().count()) && text.chars().all(printable) {
        Ok(text.to_owned())
    } else {
        Err("write 1 to 64 printable characters".to_owned())
    }
}

/// The person at the machine.
pub(crate) fn name() -> String {
    whoami::username().unwrap_or_else(|_| "console".to_owned())
}
