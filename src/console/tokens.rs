//! The page of tokens: those of the visitor, and nobody else's.

use std::time::Duration;

use axum::response::Response;
use http::{StatusCode, request::Parts};
use jiff::Timestamp;
use serde::Deserialize;
use toolwright_core::text::capitalized;
use toolwright_pages::{NewToken as Created, Notice, Token, TokenForm, Tokens as Page, forms};

use super::{
    Console,
    form::{fields, query},
    reply::{self, Failure},
    visitor::Known,
};
use crate::{
    audit::{Entry, Kind, Via},
    credential::{CreateError, ID_PREFIX, NewToken, TokenRecord, UnknownScope, check_name, known_scopes},
};

/// How many tokens somebody has who makes another here, with that one: far more than anybody has clients.
const MOST: i64 = 100;

/// What the page is asked to show.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// The scopes that are ticked.
    #[serde(default)]
    scope: Vec<String>,
    /// The id of the token that was just revoked.
    #[serde(default)]
    revoked: Option<String>,
}

/// What else the page shows, beside the tokens.
#[derive(Default)]
struct Beside<'a> {
    form: TokenForm,
    created: Option<Created<'a>>,
    notice: Option<Notice>,
}

impl Console {
    /// Shows the tokens.
    pub(super) async fn show_tokens(&self, known: &Known, parts: &Parts) -> Result<Response, Failure> {
        let Asked { scope, revoked } = query(parts);
        let records = self.records(known).await?;
        let revoked = records.iter().find(|record| Some(&record.id) == revoked.as_ref() && record.revoked_at.is_some());
        let notice = revoked.map(|record| Notice {
            done: true,
            text: format!("{} is revoked. Whoever presents it is refused.", record.name),
        });
        let beside = Beside { form: TokenForm { scopes: scope, ..TokenForm::default() }, notice, created: None };
        self.token_page(known, StatusCode::OK, &records, beside).await
    }

    /// Makes a token and shows it: in the answer itself, since it must be in no address and in no history. The token
    /// gets the form's number for its id, so that the same form sent again makes no second one.
    pub(super) async fn create_token(&self, known: &Known, form: &[u8], number: &str) -> Result<Response, Failure> {
        let sent: forms::CreateToken = fields(form)?;
        let now = Timestamp::now().as_second();
        let mut form = TokenForm {
            name: sent.name.clone(),
            scopes: sent.scope.clone(),
            lifetime: sent.lifetime.clone(),
            expires_on: sent.expires_on.clone(),
            ..TokenForm::default()
        };
        let name = sent.name().and_then(|name| check_name(name).map(|()| name).map_err(sentence));
        let lifetime = sent.lifetime(now).map(Duration::from_secs);
        let scopes = known_scopes(self.server.spec, sent.scope.iter().map(String::as_str));
        let (name, lifetime, scopes) = match (name, lifetime, scopes) {
            (Ok(name), Ok(lifetime), Ok(scopes)) => (name, lifetime, scopes),
            (name, lifetime, scopes) => {
                form.name_fault = name.err();
                form.lifetime_fault = lifetime.err();
                form.scopes_fault = scopes.err().map(|UnknownScope { name, .. }| format!("There is no scope {name}."));
                return self.fault(known, form).await;
            }
        };
        let id = format!("{ID_PREFIX}{number}");
        let new =
            NewToken { id: Some(&id), name, subject: &known.session.subject, scopes, lifetime, at_most: Some(MOST) };
        match self.tokens()?.create(new).await {
            Ok(issued) => {
                tracing::info!(credential = id, session = known.session.id, "a token was created in the settings");
                self.record_token(known, Kind::TokenCreated, &id, name);
                let records = self.records(known).await?;
                let expires_at = records.iter().find(|record| record.id == id).map_or(now, |record| record.expires_at);
                let created = Created { name, secret: issued.secret.expose(), expires_at };
                let beside = Beside { created: Some(created), ..Beside::default() };
                self.token_page(known, StatusCode::OK, &records, beside).await
            }
            Err(error @ (CreateError::NameTaken | CreateError::Made | CreateError::Full)) => {
                let records = self.records(known).await?;
                let is_sent_again = matches!(error, CreateError::Made) || records.iter().any(|record| record.id == id);
                if !is_sent_again {
                    form.name_fault = Some(match error {
                        CreateError::Full => format!("You have {MOST} that work: revoke one first."),
                        _ => "Another one that works has this name: choose another, or revoke that one.".to_owned(),
                    });
                    return self.fault(known, form).await;
                }
                let text = "This form was sent before, and what it made was shown then. It cannot be shown again: if it \
                            is lost, revoke it and create another.";
                let notice = Some(Notice { done: false, text: text.to_owned() });
                let beside = Beside { notice, ..Beside::default() };
                self.token_page(known, StatusCode::CONFLICT, &records, beside).await
            }
            Err(error) => Err(Failure::unavailable(&error)),
        }
    }

    /// Revokes a token of the visitor's.
    pub(super) async fn revoke_token(&self, known: &Known, form: &[u8]) -> Result<Response, Failure> {
        let forms::End { csrf: _, id } = fields(form)?;
        let subject = &known.session.subject;
        if let Some(record) = self.tokens()?.revoke_of(subject, &id).await? {
            tracing::info!(credential = record.id, session = known.session.id, "a token was revoked in the settings");
            self.record_token(known, Kind::TokenRevoked, &record.id, &record.name);
        } else if !self.records(known).await?.iter().any(|record| record.id == id) {
            return Err(Failure::absent("There is no such token of yours."));
        }
        Ok(reply::to(&format!("/tokens?revoked={id}")))
    }

    fn record_token(&self, known: &Known, kind: Kind, id: &str, name: &str) {
        let about = (Some(id.to_owned()), Some(name.to_owned()));
        let entry = Entry::now(kind, Via::Browser);
        self.record(known, Entry { credential_id: about.0, credential_name: about.1, ..entry });
    }

    /// The visitor's tokens, the newest first.
    pub(super) async fn records(&self, known: &Known) -> Result<Vec<TokenRecord>, Failure> {
        Ok(self.tokens()?.list_of(&known.session.subject).await?)
    }

    async fn fault(&self, known: &Known, form: TokenForm) -> Result<Response, Failure> {
        let records = self.records(known).await?;
        self.token_page(known, StatusCode::UNPROCESSABLE_ENTITY, &records, Beside { form, ..Beside::default() }).await
    }

    async fn token_page(
        &self,
        known: &Known,
        status: StatusCode,
        records: &[TokenRecord],
        beside: Beside<'_>,
    ) -> Result<Response, Failure> {
        let Beside { form, created, notice } = beside;
        let tokens = records.iter().map(token).collect();
        let accounts = self.accounts_of(known).await?;
        let page = Page { now: Timestamp::now().as_second(), accounts: &accounts, tokens, form, created, notice };
        let csrf = known.csrf()?;
        Ok(reply::page(status, self.pages.tokens(&self.seen(known, &csrf), &page)))
    }
}

fn token(record: &TokenRecord) -> Token<'_> {
    Token {
        id: &record.id,
        name: &record.name,
        scopes: record.scopes.split_whitespace().collect(),
        created_at: record.created_at,
        last_used_at: record.last_used_at,
        expires_at: record.expires_at,
        revoked_at: record.revoked_at,
    }
}

/// The words of a rule as a sentence.
fn sentence(words: &str) -> String {
    format!("{}.", capitalized(words))
}
