//! Who changes something, and in which account.

use std::borrow::Cow;

use toolwright::Call;

/// Who changes something, and in which account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor<'a> {
    /// The account that the change is about.
    pub(crate) account: &'a str,
    pub(crate) by: By<'a>,
}

/// On what grounds a change is made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By<'a> {
    /// A token was presented.
    Token { id: &'a str, name: &'a str },
    /// A person at the machine of the server, or at its web interface.
    Session { name: &'a str },
    /// A schedule was due.
    Schedule { id: &'a str },
}

impl<'a> From<&'a Call> for Actor<'a> {
    fn from(call: &'a Call) -> Self {
        let identity = call.identity();
        Self { account: call.subject(), by: By::Token { id: &identity.credential_id, name: &identity.credential_name } }
    }
}

impl<'a> Actor<'a> {
    /// What logs call the actor.
    pub(crate) fn name(&self) -> Cow<'a, str> {
        match self.by {
            By::Token { name, .. } | By::Session { name } => name.into(),
            By::Schedule { id } => id.into(),
        }
    }
}
