//! Who asks for a page.

use http::{HeaderMap, HeaderValue, Method, request::Parts};

use super::{Console, Person, Visitor, reply::Failure, sessions::Session};
use crate::{
    audit::{Entry, Kind, Via},
    credential::is_printable,
};

/// Somebody who is signed in.
pub(super) struct Known {
    pub(super) session: Session,
    /// What they are called: where the server keeps accounts, the user's email address.
    pub(super) name: String,
    /// The user, where the server keeps accounts.
    pub(super) user: Option<i64>,
    /// What has the browser keep the session, where it is new.
    pub(super) cookie: Option<HeaderValue>,
}

/// Who asks.
pub(super) enum Asking {
    Known(Known),
    /// Nobody knows, and here they can say so: elsewhere, or else on the page for it.
    Stranger(Option<String>),
}

/// Somebody as the server's database has them.
pub(super) struct Holder {
    subject: String,
    pub(super) name: String,
    user: Option<i64>,
}

impl Console {
    /// Who asks, by the session's cookie and, where there is a sign-in of the team's own, by that as well: a
    /// session is worth something only together with the person who opened it.
    pub(super) async fn asking(&self, parts: &Parts) -> Result<Asking, Failure> {
        let headers = &parts.headers;
        let session = match self.cookie(headers).presented(headers) {
            Some(presented) => self.sessions.find(presented).await?,
            None => None,
        };
        let Some(sign_in) = &self.sign_in else {
            let Some(session) = session else { return Ok(Asking::Stranger(None)) };
            let Some(holder) = self.holder(&session.subject).await? else {
                self.sessions.end(&session).await?;
                return Ok(Asking::Stranger(None));
            };
            return Ok(Asking::Known(holder.with(session, None)));
        };
        let visitor = sign_in
            .visitor(headers)
            .await
            .map_err(|error| Failure::unavailable(&format!("the sign-in does not say who asks: {error:#}")))?;
        match visitor {
            Visitor::Known(person) => self.identified(&person, session, parts).await.map(Asking::Known),
            Visitor::SendTo(place) => Ok(Asking::Stranger(Some(place))),
            Visitor::Refused(why) => Err(Failure::refused(why)),
        }
    }

    /// The session of somebody who is known without one. Only to look at a page opens one, and ends another one's:
    /// no form was made for a session that is not open yet, and what asks for headers alone keeps no cookie.
    async fn identified(&self, person: &Person, session: Option<Session>, parts: &Parts) -> Result<Known, Failure> {
        let holder = self.holder_named(&person.name).await?;
        match session {
            Some(session) if session.subject == holder.subject => return Ok(holder.with(session, None)),
            _ if parts.method != Method::GET => return Err(Failure::no_session()),
            Some(former) => self.sessions.end(&former).await?,
            None => {}
        }
        self.open(holder, &parts.headers).await
    }

    /// Opens a session for somebody who has just proven who they are.
    pub(super) async fn open(&self, holder: Holder, headers: &HeaderMap) -> Result<Known, Failure> {
        let session = self.sessions.open(&holder.subject).await?;
        tracing::info!(session = session.id, subject = holder.subject, "a session was opened");
        let cookie = self.cookie(headers).keeping(session.secret());
        let known = holder.with(session, Some(cookie));
        self.record(&known, Entry::now(Kind::SignIn, Via::Browser));
        Ok(known)
    }

    /// Whose a session is, unless that user is gone.
    pub(super) async fn holder(&self, subject: &str) -> Result<Option<Holder>, Failure> {
        if self.server.spec.account().is_none() {
            return Ok(Some(Holder { subject: subject.to_owned(), name: subject.to_owned(), user: None }));
        }
        let Some(user) = subject.parse().ok() else { return Ok(None) };
        let email = self.tokens()?.accounts().email(user).await?;
        Ok(email.map(|name| Holder { subject: subject.to_owned(), name, user: Some(user) }))
    }

    /// Whom a sign-in means.
    async fn holder_named(&self, name: &str) -> Result<Holder, Failure> {
        if self.server.spec.account().is_none() {
            if !is_printable(name) {
                return Err(Failure::refused("Your sign-in gives you a name that cannot be shown.".to_owned()));
            }
            return Ok(Holder { subject: name.to_owned(), name: name.to_owned(), user: None });
        }
        let user = self.tokens()?.accounts().user(name).await?;
        let user = user.ok_or_else(|| {
            tracing::info!("somebody signed in who is no user of this server");
            Failure::refused("You are signed in, but you are no user of this server: ask whoever runs it.".to_owned())
        })?;
        Ok(Holder { subject: user.id.to_string(), name: user.email, user: Some(user.id) })
    }

    /// Who asks, where only somebody who is known may.
    pub(super) async fn known(&self, parts: &Parts) -> Result<Known, Failure> {
        match self.asking(parts).await? {
            Asking::Known(known) => Ok(known),
            Asking::Stranger(_) => Err(Failure::signed_out()),
        }
    }
}

impl Holder {
    fn with(self, session: Session, cookie: Option<HeaderValue>) -> Known {
        let Self { subject: _, name, user } = self;
        Known { session, name, user, cookie }
    }
}

impl Known {
    /// What handlers are told as the subject of calls of the visitor's tokens: where there are users, the email address.
    pub(super) fn subject_of_calls(&self) -> &str {
        if self.user.is_some() { &self.name } else { &self.session.subject }
    }

    /// What binds the forms of a page to the session.
    pub(super) fn csrf(&self) -> Result<String, Failure> {
        self.session.form().map_err(|error| Failure::unavailable(&error))
    }
}
