//! Where a judge is, and how it is asked: <https://platform.openai.com/docs/api-reference/chat/create>, as far as others
//! speak it, too. Neither redirects nor proxies are followed: what is sent is for the named server alone.

use std::{error::Error, fmt, str::FromStr, time::Duration};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;
use url::{Host, Url};

/// How long an answer can take, from the question to the last byte.
const TIME: Duration = Duration::from_mins(1);

/// How many bytes an answer can have.
const MAX_ANSWER: usize = 1 << 20;

/// What all paths of an endpoint start with, as `https://api.openai.com/v1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Where chats are completed.
    fn chat_completions(&self) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["chat", "completions"]);
        }
        url
    }

    /// Whether nobody in between can read what is sent there.
    fn is_private(&self) -> bool {
        let is_here = match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        self.0.scheme() == "https" || is_here
    }
}

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("it is no URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("it must start with http:// or https://".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it has a user name or password; a key is not part of the URL".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it has a `?` or `#`, after which no path can follow".to_owned());
        }
        if url.path().trim_end_matches('/').ends_with("/chat/completions") {
            return Err("leave out `/chat/completions`, which is put after it".to_owned());
        }
        Ok(Self(url))
    }
}

/// Why an endpoint gave nothing to use. No words of it have the key, nor what the endpoint says of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    #[error("it has not answered within {} s", TIME.as_secs())]
    TimedOut,
    #[error("it refuses the key (HTTP status {0})")]
    KeyRefused(StatusCode),
    #[error("it answered with HTTP status {status}")]
    Status {
        status: StatusCode,
        /// When to come again, if it says so in seconds.
        retry_after: Option<Duration>,
    },
    #[error("its answer has more than {MAX_ANSWER} bytes")]
    TooLarge,
    #[error("its answer is no chat completion: {0}")]
    NoCompletion(String),
    #[error("its answer was cut off, withheld or empty")]
    NotWhole,
    #[error("it has not written the JSON that it was asked for: {0}")]
    NoVerdict(String),
}

impl Trouble {
    /// How long to wait before the same question can have an answer, if ever: `usual` where nothing is known of it.
    pub(super) fn pause(&self, usual: Duration) -> Option<Duration> {
        match self {
            Self::Unreachable(_) | Self::TimedOut => Some(usual),
            Self::Status { status, retry_after } if may_pass(*status) => Some(retry_after.unwrap_or(usual)),
            Self::NotWhole | Self::NoVerdict(_) => Some(Duration::ZERO),
            Self::KeyRefused(_) | Self::Status { .. } | Self::TooLarge | Self::NoCompletion(_) => None,
        }
    }
}

fn may_pass(status: StatusCode) -> bool {
    status.is_server_error()
        || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS].contains(&status)
}

/// An endpoint that can be asked.
#[derive(Clone)]
pub(super) struct Endpoint {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    uri: Uri,
    authorization: Option<HeaderValue>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("uri", &self.uri).finish_non_exhaustive()
    }
}

impl Endpoint {
    pub(super) fn new(url: &BaseUrl, key: Option<SecretString>) -> anyhow::Result<Self> {
        ensure!(key.is_none() || url.is_private(), "its key is sent over https, or to this machine, and nowhere else");
        let authorization = key.map(|key| {
            let value = HeaderValue::try_from(format!("Bearer {}", key.expose_secret()));
            let mut value = value.ok().context("its key has characters that no key has")?;
            value.set_sensitive(true);
            anyhow::Ok(value)
        });
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .context("the certificates that this machine trusts")?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            uri: url.chat_completions().as_str().parse()?,
            authorization: authorization.transpose()?,
        })
    }

    /// The text that is answered to a question.
    pub(super) async fn ask(&self, question: &Value) -> Result<String, Trouble> {
        let body = timeout(TIME, self.exchange(question)).await.map_err(|_| Trouble::TimedOut)??;
        let completion: ChatCompletion =
            serde_json::from_slice(&body).map_err(|error| Trouble::NoCompletion(error.to_string()))?;
        let Some(Choice { message, finish_reason }) = completion.choices.into_iter().next() else {
            return Err(Trouble::NotWhole);
        };
        let is_whole = !matches!(finish_reason.as_deref(), Some("length" | "content_filter"));
        let text = message.content.filter(|text| is_whole && !text.trim().is_empty());
        text.ok_or(Trouble::NotWhole)
    }

    /// The body of an answer that is a success.
    async fn exchange(&self, question: &Value) -> Result<Bytes, Trouble> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(self.uri.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, concat!("catalyst/", env!("CARGO_PKG_VERSION")));
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(Full::from(question.to_string()));
        let request = request.map_err(|error| Trouble::Unreachable(error.to_string()))?;
        let response = self.client.request(request).await.map_err(|error| Trouble::Unreachable(root(&error)))?;
        let (head, body) = response.into_parts();
        match head.status {
            status if status.is_success() => {}
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => return Err(Trouble::KeyRefused(status)),
            status => {
                let seconds = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
                return Err(Trouble::Status { status, retry_after: seconds.map(Duration::from_secs) });
            }
        }
        let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { Trouble::TooLarge } else { Trouble::Unreachable(root(&*error)) }
        });
        Ok(body?.to_bytes())
    }
}

/// The error that is at the bottom of others.
fn root(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// The body of an answer, as far as it is read.
#[derive(Deserialize)]
struct ChatCompletion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
}
