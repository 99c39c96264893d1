//! One request to an issuer, and its answer.

use std::{sync::OnceLock, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use serde_json::Value;
use tokio::time::timeout;
use toolwright_core::address::address;
use url::Url;

use crate::{
    ServerSpec,
    connection::{Connection, root},
};

/// How long an answer can take: callers wait for it.
const LIMIT: Duration = Duration::from_secs(5);

/// How large it can be, in bytes. Issuers with many keys, each with its certificates, need a tenth of it.
const LARGEST: usize = 512 << 10;

/// Asks issuers. It follows no redirect and knows no proxy.
pub(crate) struct Exchange {
    user_agent: HeaderValue,
    /// What this machine trusts is read when it is needed, and once.
    encrypted: OnceLock<Connection>,
    plain: OnceLock<Connection>,
}

/// What an issuer said.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    body: Bytes,
}

/// What a server proves to an issuer who it is with, and what it asks.
pub(super) struct Form {
    pub(super) authorization: HeaderValue,
    pub(super) body: String,
}

impl Answer {
    /// The JSON of an answer that is one.
    ///
    /// # Errors
    /// What is wrong with it, as the rest of a sentence about who answered.
    pub(super) fn json(&self) -> Result<Value, String> {
        if self.status != StatusCode::OK {
            return Err(format!("answered with {}", self.status));
        }
        serde_json::from_slice(&self.body).map_err(|error| format!("answered with what is no JSON ({error})"))
    }
}

impl Exchange {
    pub(crate) fn new(server: &ServerSpec) -> anyhow::Result<Self> {
        let user_agent = HeaderValue::try_from(format!("{}/{}", server.name, server.version))?;
        Ok(Self { user_agent, encrypted: OnceLock::new(), plain: OnceLock::new() })
    }

    /// Gets what is there.
    ///
    /// # Errors
    /// Why there is no answer, as the rest of a sentence about who was asked.
    pub(super) async fn get(&self, place: &Url) -> Result<Answer, String> {
        self.send(place, Method::GET, None).await
    }

    /// Posts a form.
    ///
    /// # Errors
    /// Why there is no answer, as the rest of a sentence about who was asked.
    pub(super) async fn post(&self, place: &Url, form: Form) -> Result<Answer, String> {
        self.send(place, Method::POST, Some(form)).await
    }

    async fn send(&self, place: &Url, method: Method, form: Option<Form>) -> Result<Answer, String> {
        let connection = self.connection(place)?;
        let mut request = Request::new(Full::default());
        *request.method_mut() = method;
        *request.uri_mut() = place.as_str().parse().map_err(|error| format!("cannot be asked: {error}"))?;
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, self.user_agent.clone());
        if let Some(Form { mut authorization, body }) = form {
            authorization.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, authorization);
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
            *request.body_mut() = Full::from(body);
        }
        let whole = async {
            let response =
                connection.send(request).await.map_err(|error| format!("cannot be reached: {}", root(&error)))?;
            let status = response.status();
            if status.is_redirection() {
                return Err(format!("redirects elsewhere ({status}), where nothing is asked"));
            }
            let body = Limited::new(response.into_body(), LARGEST).collect().await.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    format!("answered with more than {LARGEST} bytes")
                } else {
                    format!("did not answer to the end: {}", root(&*error))
                }
            })?;
            Ok(Answer { status, body: body.to_bytes() })
        };
        timeout(LIMIT, whole)
            .await
            .unwrap_or_else(|_| Err(format!("did not answer within {} seconds", LIMIT.as_secs())))
    }

    fn connection(&self, place: &Url) -> Result<&Connection, String> {
        let is_encrypted = place.scheme() == "https";
        let held = if is_encrypted { &self.encrypted } else { &self.plain };
        if held.get().is_none() {
            let connection = Connection::new(is_encrypted).map_err(|error| format!("cannot be asked: {error:#}"))?;
            // Another request may have made one meanwhile, which is as good.
            let _ = held.set(connection);
        }
        held.get().ok_or_else(|| "cannot be asked".to_owned())
    }
}

/// Reads the address of something at an issuer: `https`, or `http` on this machine. Unlike other addresses it can
/// have a query, by which some issuers tell their tenants apart.
///
/// # Errors
/// What is wrong with it, as the rest of a sentence about it.
pub(crate) fn place(text: &str, example: &str) -> Result<Url, String> {
    let without_query = text.split_once('?').map_or(text, |(before, _)| before);
    address(without_query, example).map_err(|unfit| unfit.to_string())?;
    let place = Url::parse(text).map_err(|error| format!("is no URL: {error}"))?;
    if place.fragment().is_some() {
        return Err("has a fragment: leave it out".to_owned());
    }
    Ok(place)
}
