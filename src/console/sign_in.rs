//! Who somebody is who opens the settings pages, where a team's own sign-in says so.

use std::{fmt, pin::Pin};

use http::HeaderMap;

/// What tells who opens the settings pages, in the place of one-time links: a team's own sign-in, or a proxy
/// before the server that has people sign in.
///
/// It is asked for every request of a page, so that who is signed out there is signed out here. A session
/// belongs to who it was opened by: to somebody else it is worth nothing.
///
/// Nothing in a request is proof by itself. A header such as `X-Forwarded-User` can be sent by anybody who
/// reaches the server; only what is signed, or what is looked up by a secret, says who somebody is.
///
/// ```
/// use std::collections::HashMap;
/// use toolwright::{HeaderMap, Person, SignIn, Visitor};
///
/// /// Knows people by the session of the team's own web application.
/// struct Staff {
///     sessions: HashMap<String, String>,
/// }
///
/// impl SignIn for Staff {
///     async fn visitor(&self, headers: &HeaderMap) -> anyhow::Result<Visitor> {
///         let session = headers.get("x-staff-session").and_then(|value| value.to_str().ok());
///         let email = session.and_then(|session| self.sessions.get(session));
///         Ok(match email {
///             Some(email) => Visitor::Known(Person::new(email)),
///             None => Visitor::SendTo("https://staff.example.com/sign-in".to_owned()),
///         })
///     }
/// }
/// ```
pub trait SignIn: Send + Sync + 'static {
    /// Who sends a request, by its headers.
    ///
    /// # Errors
    /// When it cannot be told at the moment. The log has the error, and the browser is told to try again.
    fn visitor(&self, headers: &HeaderMap) -> impl Future<Output = anyhow::Result<Visitor>> + Send;
}

/// Who sends a request, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visitor {
    /// Somebody who has proven who they are.
    Known(Person),
    /// Nobody yet: they sign in at this URL, or at this path of the same host.
    SendTo(String),
    /// Somebody who may not open the pages, or whose proof is none. The text tells them what to do.
    Refused(String),
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub(super) name: String,
}

impl Person {
    /// Somebody by what the server calls them. Where the server keeps accounts, that is the email address of one
    /// of its users; elsewhere it is whose data the tokens reach that are made on the pages.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

/// Any [`SignIn`].
pub(crate) trait AnySignIn: Send + Sync {
    fn visitor<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Visitor>> + Send + 'a>>;
}

impl<S: SignIn> AnySignIn for S {
    fn visitor<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Visitor>> + Send + 'a>> {
        Box::pin(SignIn::visitor(self, headers))
    }
}

impl fmt::Debug for dyn AnySignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignIn")
    }
}
