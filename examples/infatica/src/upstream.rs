//! JSON over HTTP: what this server asks of others that whoever runs it, or an account, has named.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, error::Category};
use tokio::time::timeout;
use toolwright::Secrets;
use url::Url;

use crate::collect::{
    Policy, Refused,
    connect::{self, CheckedClient},
    fetch::USER_AGENT,
};

/// How many characters of an answer that is no success are repeated.
const EXCERPT: usize = 300;

/// Asks other servers for JSON. Redirects are not followed: what is sent is for the named server alone.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    client: CheckedClient,
    policy: Arc<Policy>,
    limits: Limits,
    secrets: Secrets,
}

/// What an answer may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// From the question to the last byte of the answer.
    pub(crate) time: Duration,
    pub(crate) bytes: usize,
}

/// An answer that is what was asked for.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    pub(crate) value: T,
    /// Size of the body.
    pub(crate) bytes: usize,
}

/// Why there is no answer to use. No text of it has a secret that the server knows.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error("it is at an address that is not public")]
    NotPublic,
    /// It cannot be found, takes no connection, or ends it too early.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    #[error("it has not answered within {} s", .0.as_secs())]
    TimedOut(Duration),
    #[error("it answered with HTTP status {status}")]
    Status {
        status: StatusCode,
        /// How its answer begins; for people who know what they asked for.
        excerpt: String,
        /// When to come again, if it says so in seconds.
        retry_after: Option<Duration>,
    },
    #[error("its answer has more than {0} bytes")]
    TooLarge(usize),
    #[error("its answer is not JSON: {0}")]
    NotJson(String),
    /// It is JSON, but not what was asked for.
    #[error("its answer is not what was expected: {0}")]
    Unexpected(String),
}

impl Upstream {
    /// A client for servers that the policy allows.
    pub(crate) fn new(policy: Policy, limits: Limits, secrets: Secrets) -> anyhow::Result<Self> {
        let policy = Arc::new(policy);
        Ok(Self { client: connect::client(&policy)?, policy, limits, secrets })
    }

    /// The answer to a GET.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        url: &Url,
        headers: &HeaderMap,
    ) -> Result<Answer<T>, UpstreamError> {
        self.ask(Method::GET, url, headers, Bytes::new()).await
    }

    /// The answer to a POST of JSON.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        url: &Url,
        headers: &HeaderMap,
        body: &Value,
    ) -> Result<Answer<T>, UpstreamError> {
        let mut headers = headers.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.ask(Method::POST, url, &headers, body.to_string().into()).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        url: &Url,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Answer<T>, UpstreamError> {
        let time = self.limits.time;
        let answer = async { self.read(self.send(method, url, headers, body).await?).await };
        let body = timeout(time, answer).await.map_err(|_| UpstreamError::TimedOut(time))??;
        let value = serde_json::from_slice(&body).map_err(|error| {
            let message = self.secrets.redact_text(&error.to_string()).into_owned();
            match error.classify() {
                Category::Data => UpstreamError::Unexpected(message),
                Category::Io | Category::Syntax | Category::Eof => UpstreamError::NotJson(message),
            }
        })?;
        Ok(Answer { value, bytes: body.len() })
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Response<Incoming>, UpstreamError> {
        self.policy.check_literal(url).map_err(|_| UpstreamError::NotPublic)?;
        let mut request = Request::builder().method(method).uri(url.as_str());
        if let Some(all) = request.headers_mut() {
            all.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
            all.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
            all.extend(headers.clone());
        }
        let request = request.body(Full::new(body)).map_err(|error| UpstreamError::Unreachable(error.to_string()))?;
        self.client.request(request).await.map_err(|error| match connect::find::<Refused>(&error) {
            Some(_) => UpstreamError::NotPublic,
            None => UpstreamError::Unreachable(connect::root_cause(&error).to_string()),
        })
    }

    /// The body of an answer that is a success.
    async fn read(&self, response: Response<Incoming>) -> Result<Bytes, UpstreamError> {
        let (head, body) = response.into_parts();
        let body = Limited::new(body, self.limits.bytes).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                UpstreamError::TooLarge(self.limits.bytes)
            } else {
                UpstreamError::Unreachable(format!("its answer broke off: {}", connect::root_cause(&*error)))
            }
        });
        if head.status.is_success() {
            return Ok(body?.to_bytes());
        }
        let retry_after = head.headers.get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_secs);
        let excerpt = body.map(|body| self.excerpt(&body.to_bytes())).unwrap_or_default();
        Err(UpstreamError::Status { status: head.status, excerpt, retry_after })
    }

    /// How a text begins, in one line. Its secrets go first: of one that was cut in two, the first half
    /// would be left.
    fn excerpt(&self, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body);
        let words = self.secrets.redact_text(&text).split_whitespace().collect::<Vec<_>>().join(" ");
        words.chars().filter(|character| !character.is_control()).take(EXCERPT).collect()
    }
}

/// The header that presents a token, if the token can stand in one. Logs do not show it.
pub(crate) fn bearer(token: &SecretString) -> Option<HeaderMap> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret())).ok()?;
    value.set_sensitive(true);
    Some(HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
}
