//! Tokens that their issuer is asked about (RFC 7662).

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode};
use jsonwebtoken::get_current_timestamp;
use moka::future::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::{sync::Semaphore, time::timeout};
use toolwright_core::ErrorCode;
use url::{Url, form_urlencoded};

use super::{
    claims::Claims,
    exchange::{Exchange, Form},
    jwt::{LEEWAY, as_number},
    metadata::Issuer,
    question::Question,
};
use crate::{Identity, ServerSpec, operations::Lookups, spec::IssuerSpec};

/// How many answers are remembered; beyond, those that are asked for least are forgotten first.
const REMEMBERED: u64 = 10_000;

/// How long it is believed that a token is not active: it can become so.
const INACTIVE: Duration = Duration::from_secs(5);

/// How many questions are under way at most: whoever makes tokens up is not to have the issuer flooded.
const QUESTIONS: usize = 32;

/// How long a question waits for its turn.
const PATIENCE: Duration = Duration::from_secs(1);

/// As whom the server asks.
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: SecretString,
}

/// Asks an issuer about tokens, and believes what it says for a while.
pub(super) struct Introspection {
    server: &'static ServerSpec,
    spec: &'static IssuerSpec,
    exchange: Arc<Exchange>,
    issuer: Arc<Issuer>,
    audience: String,
    authorization: HeaderValue,
    /// Where to ask, once that is known.
    place: Arc<OnceLock<Url>>,
    place_question: Question,
    questions: Semaphore,
    /// The tokens that are good, by their digests.
    known: Cache<[u8; 32], Arc<Good>>,
    /// Those that are not active. Other refusals, and failures, are not remembered.
    inactive: Cache<[u8; 32], ()>,
    lookups: Lookups,
}

/// A good token.
struct Good {
    identity: Arc<Identity>,
    /// Until when, in seconds since 1970.
    expires: Option<f64>,
}

/// What the issuer is asked with.
pub(super) struct Asking {
    pub(super) exchange: Arc<Exchange>,
    pub(super) issuer: Issuer,
    pub(super) audience: String,
    /// Where, when the issuer's metadata is not to be asked.
    pub(super) place: Option<Url>,
    pub(super) client: Client,
    pub(super) believed: Duration,
}

impl Introspection {
    pub(super) fn new(server: &'static ServerSpec, spec: &'static IssuerSpec, asking: Asking) -> anyhow::Result<Self> {
        let Asking { exchange, issuer, audience, place, client, believed } = asking;
        Ok(Self {
            server,
            spec,
            exchange,
            issuer: Arc::new(issuer),
            audience,
            authorization: client.authorization()?,
            place: Arc::new(place.map_or_else(OnceLock::new, OnceLock::from)),
            place_question: Question::default(),
            questions: Semaphore::new(QUESTIONS),
            inactive: Cache::builder().max_capacity(REMEMBERED).time_to_live(INACTIVE).build(),
            known: Cache::builder().max_capacity(REMEMBERED).time_to_live(believed).build(),
            lookups: Lookups::default(),
        })
    }

    /// Who a token belongs to. However many callers present it at the same time, the issuer is asked once.
    ///
    /// # Errors
    /// A code of the catalogue; the log says more than the caller is told.
    pub(super) async fn verify(&self, token: &str) -> Result<Arc<Identity>, ErrorCode> {
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if self.inactive.contains_key(&digest) {
            self.lookups.hit();
            return Err(refuse(ErrorCode::UnknownCredential, "its issuer said a moment ago that it is not active"));
        }
        let known = self.known.entry(digest).or_try_insert_with(self.ask(token, digest)).await;
        let good = self.lookups.count(known).map_err(|code| *code)?;
        if is_over(good.expires) {
            self.known.invalidate(&digest).await;
            return Err(refuse(ErrorCode::ExpiredCredential, "it has expired"));
        }
        Ok(Arc::clone(&good.identity))
    }

    async fn ask(&self, token: &str, digest: [u8; 32]) -> Result<Arc<Good>, ErrorCode> {
        let answer = self.answer(token).await.map_err(|why| {
            tracing::warn!("an issuer does not say whether a token is good: {why}");
            ErrorCode::IssuerUnavailable
        })?;
        if answer.get("active") != Some(&Value::Bool(true)) {
            self.inactive.insert(digest, ()).await;
            return Err(refuse(ErrorCode::UnknownCredential, "its issuer says that it is not active"));
        }
        let Value::Object(claims) = answer else { return Err(ErrorCode::Internal) };
        let claims = Claims(claims);
        self.check(&claims).map_err(|reason| refuse(ErrorCode::UnknownCredential, reason))?;
        let expires = claims.0.get("exp").and_then(Value::as_f64);
        if is_over(expires) {
            return Err(refuse(ErrorCode::ExpiredCredential, "it has expired"));
        }
        let identity = claims.identity(self.server, self.spec, token);
        let identity = identity.map_err(|reason| refuse(ErrorCode::UnknownCredential, &reason))?;
        Ok(Arc::new(Good { identity: Arc::new(identity), expires }))
    }

    /// What is said of a token.
    async fn answer(&self, token: &str) -> Result<Value, String> {
        let place = self.place().await?;
        let turn = timeout(PATIENCE, self.questions.acquire()).await;
        let _turn = turn.map_err(|_| format!("{place} is asked {QUESTIONS} questions already"))?;
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("token", token)
            .append_pair("token_type_hint", "access_token")
            .finish();
        let form = Form { authorization: self.authorization.clone(), body };
        let answer = self.exchange.post(place, form).await.map_err(|why| format!("{place} {why}"))?;
        if answer.status == StatusCode::UNAUTHORIZED {
            return Err(format!("{place} refuses the name or the secret that the server has there"));
        }
        let answer = answer.json().map_err(|why| format!("{place} {why}"))?;
        match answer.get("active") {
            Some(Value::Bool(_)) => Ok(answer),
            _ => Err(format!("{place} answered without `active`")),
        }
    }

    async fn place(&self) -> Result<&Url, String> {
        if self.place.get().is_none() {
            let find = || {
                let (issuer, exchange, place) = (self.issuer.clone(), self.exchange.clone(), self.place.clone());
                async move {
                    let found = issuer.find(&exchange, "introspection_endpoint").await;
                    let found = found.map_err(|why| format!("{} {why}", issuer.identifier()))?;
                    place.get_or_init(|| found);
                    Ok(())
                }
            };
            if let Some(asking) = self.place_question.ask(find) {
                asking.over().await;
            }
        }
        let failure = || self.place_question.failure().unwrap_or_else(|| "the question was broken off".to_owned());
        self.place.get().ok_or_else(failure)
    }

    /// How often it was remembered what the issuer says of a token.
    pub(super) fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// Whether it is known where to ask. The issuer's metadata is asked if it is not.
    pub(super) async fn knows_place(&self) -> bool {
        self.place().await.is_ok()
    }

    /// What is wrong with the answer on a token that is active. What a token was issued for has to be told, as MCP
    /// has it: one for another server is none for this.
    fn check(&self, claims: &Claims) -> Result<(), &'static str> {
        let is_ours = match claims.0.get("aud") {
            Some(Value::String(audience)) => *audience == self.audience,
            Some(Value::Array(several)) => several.iter().any(|audience| audience.as_str() == Some(&self.audience)),
            _ => return Err("its issuer does not say for which server it is (`aud`)"),
        };
        if claims.is_of_another_kind() {
            return Err("it is no access token");
        }
        if !is_ours {
            return Err("it is for another server");
        }
        if claims.0.get("iss").is_some_and(|issuer| issuer.as_str() != Some(self.issuer.identifier())) {
            return Err("it is of another issuer");
        }
        let now = as_number(get_current_timestamp() + LEEWAY);
        if claims.0.get("nbf").and_then(Value::as_f64).is_some_and(|from| from > now) {
            return Err("it is not valid yet");
        }
        Ok(())
    }
}

impl Client {
    /// The name and the secret as HTTP's basic authentication (RFC 6749, section 2.3.1).
    fn authorization(&self) -> anyhow::Result<HeaderValue> {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = SecretString::from(format!("{}:{}", encoded(&self.id), encoded(self.secret.expose_secret())));
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair.expose_secret())))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn is_over(expires: Option<f64>) -> bool {
    expires.is_some_and(|expires| expires + as_number(LEEWAY) <= as_number(get_current_timestamp()))
}

fn refuse(code: ErrorCode, reason: &str) -> ErrorCode {
    tracing::info!(reason, "a credential was refused");
    code
}
