//! The page of the keys that the server's own code stores.

use std::sync::Arc;

use axum::response::Response;
use http::{StatusCode, request::Parts};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use toolwright_pages::{Key, KeyField as Field, KeyFieldKind, KeyForm, Keys as Page, Notice, forms};

use super::{
    AnyStoredKeys, Console, KeyError, KeyField, KeyOwner, KeyValues, StoredKey,
    form::{fields, query},
    reply::{self, Failure},
    visitor::Known,
};
use crate::audit::{Entry, Kind, Via};

/// What has become of the last form. The words stand here, so that no address can put others on the page.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Done {
    Added,
    Deleted,
    #[default]
    Nothing,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    done: Done,
}

/// What is wrong with a form, and what was in it.
#[derive(Default)]
struct Faulty {
    values: KeyValues,
    field: Option<(&'static str, String)>,
    whole: Option<String>,
}

impl Console {
    /// Shows the keys.
    pub(super) async fn show_keys(&self, known: &Known, parts: &Parts) -> Result<Response, Failure> {
        let Asked { done } = query(parts);
        let text = match done {
            Done::Added => Some("The key is stored. It is not shown again."),
            Done::Deleted => Some("The key is deleted."),
            Done::Nothing => None,
        };
        let notice = text.map(|text| Notice { done: true, text: text.to_owned() });
        self.key_page(known, StatusCode::OK, &Faulty::default(), notice).await
    }

    /// Stores a key.
    pub(super) async fn add_key(&self, known: &Known, form: &[u8]) -> Result<Response, Failure> {
        let keys = self.stored_keys()?;
        let sent: Vec<(String, String)> = fields(form)?;
        let declared = |name: &str| keys.fields().iter().find(|field| field.name == name);
        let values: Vec<_> = sent.into_iter().filter(|(name, _)| declared(name).is_some()).collect();
        let values = KeyValues(values.into_iter().map(|(name, value)| (name, SecretString::from(value))).collect());
        let missing = keys.fields().iter().find(|field| field.required && values.get(field.name).is_empty());
        if let Some(missing) = missing {
            let field = Some((missing.name, "Fill this in.".to_owned()));
            return self.faulty(known, Faulty { values, field, whole: None }).await;
        }
        match keys.add(&known.key_owner(), &values).await {
            Ok(_) => {
                tracing::info!(session = known.session.id, "a key was stored in the settings");
                self.record_key(known, "add key");
                Ok(reply::to("/keys?done=added"))
            }
            Err(KeyError::Field { name, why }) => {
                self.faulty(known, Faulty { values, field: Some((name, why)), whole: None }).await
            }
            Err(KeyError::Refused(why)) => self.faulty(known, Faulty { values, field: None, whole: Some(why) }).await,
            Err(KeyError::Internal(error)) => Err(Failure::unavailable(&format!("{error:#}"))),
        }
    }

    /// Deletes a key.
    pub(super) async fn delete_key(&self, known: &Known, form: &[u8]) -> Result<Response, Failure> {
        let forms::End { csrf: _, id } = fields(form)?;
        match self.stored_keys()?.delete(&known.key_owner(), &id).await {
            Ok(Some(_)) => {
                tracing::info!(session = known.session.id, "a key was deleted in the settings");
                self.record_key(known, "delete key");
                Ok(reply::to("/keys?done=deleted"))
            }
            Ok(None) => Err(Failure::absent("There is no such key of yours.")),
            Err(KeyError::Field { why, .. } | KeyError::Refused(why)) => {
                let notice = Some(Notice { done: false, text: why });
                self.key_page(known, StatusCode::CONFLICT, &Faulty::default(), notice).await
            }
            Err(KeyError::Internal(error)) => Err(Failure::unavailable(&format!("{error:#}"))),
        }
    }

    fn record_key(&self, known: &Known, operation: &str) {
        let operation = Some(operation.to_owned());
        self.record(known, Entry { operation, ..Entry::now(Kind::Settings, Via::Browser) });
    }

    async fn faulty(&self, known: &Known, faulty: Faulty) -> Result<Response, Failure> {
        self.key_page(known, StatusCode::UNPROCESSABLE_ENTITY, &faulty, None).await
    }

    async fn key_page(
        &self,
        known: &Known,
        status: StatusCode,
        faulty: &Faulty,
        notice: Option<Notice>,
    ) -> Result<Response, Failure> {
        let keys = self.stored_keys()?;
        let stored = keys.list(&known.key_owner()).await;
        let stored = stored.map_err(|error| Failure::unavailable(&format!("{error:#}")))?;
        let page = Page {
            now: Timestamp::now().as_second(),
            description: keys.description(),
            keys: stored.iter().map(shown).collect(),
            form: KeyForm {
                fields: keys.fields().iter().map(|field| filled(*field, faulty)).collect(),
                fault: faulty.whole.as_deref(),
            },
            notice,
        };
        let csrf = known.csrf()?;
        Ok(reply::page(status, self.pages.keys(&self.seen(known, &csrf), &page)))
    }

    fn stored_keys(&self) -> Result<&Arc<dyn AnyStoredKeys>, Failure> {
        self.keys.as_ref().ok_or_else(|| Failure::absent("This server stores no keys."))
    }
}

impl Known {
    fn key_owner(&self) -> KeyOwner {
        KeyOwner {
            subject: self.subject_of_calls().to_owned(),
            name: self.name.clone(),
            user: self.user,
            session: self.session.id.clone(),
        }
    }
}

fn shown(key: &StoredKey) -> Key<'_> {
    Key {
        id: &key.id,
        name: &key.name,
        masked: &key.masked,
        details: key.details.iter().map(|(what, value)| (what.as_str(), value.as_str())).collect(),
        added_at: key.added_at,
    }
}

/// A field with what is in it and what is wrong with it. What is secret is never sent back.
fn filled(field: KeyField, faulty: &Faulty) -> Field<'_> {
    let KeyField { name, label, kind, hint, required } = field;
    let value = if kind == KeyFieldKind::Secret { "" } else { faulty.values.get(name) };
    let fault = faulty.field.as_ref().filter(|(faulty, _)| *faulty == name).map(|(_, why)| why.as_str());
    Field { name, label, kind, hint, required, value, fault }
}
