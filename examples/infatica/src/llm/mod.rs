//! Language models: one client for every endpoint that speaks OpenAI's chat completions.
//!
//! [`Models::complete`] is all that others need. It asks with the key that the account has stored and
//! uses, or else at the endpoint that the operator has given to the server, or else nobody.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};
use toolwright::Secrets;
use toolwright_support::Vault;

use crate::{
    collect::{Policy, PrivateTargets},
    store::{StoreError, Stores, llm_keys},
    upstream::{Limits, Upstream, bearer},
};

mod base_url;
mod chat;
mod fault;
#[cfg(test)]
mod tests;

pub(crate) use base_url::BaseUrl;
pub(crate) use chat::{Message, Tokens};
pub(crate) use fault::{Fault, Trouble};

/// The key of the server's own endpoint. It is no option: every process of a machine sees those.
const KEY_VARIABLE: &str = "INFATICA_LLM_KEY";

/// The longest secret, in bytes.
pub(crate) const MAX_SECRET: usize = 4096;

/// How language models are asked.
#[derive(clap::Args, Debug, Clone)]
#[allow(clippy::struct_field_names, reason = "they are the names of the options")]
pub(crate) struct LlmOptions {
    /// Ask the language model there for accounts without a key of their own; what comes before
    /// `/chat/completions`. Its key, where it wants one, is taken from the variable INFATICA_LLM_KEY
    #[arg(long, value_name = "URL", env = "INFATICA_LLM_URL", requires = "llm_model")]
    llm_url: Option<BaseUrl>,

    /// The model to ask at --llm-url, as the endpoint calls it
    #[arg(long, value_name = "MODEL", env = "INFATICA_LLM_MODEL", requires = "llm_url")]
    llm_model: Option<String>,

    /// How many seconds a language model can take
    #[arg(
        long,
        value_name = "SECONDS",
        env = "INFATICA_LLM_SECONDS",
        default_value_t = 120,
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    llm_seconds: u64,

    /// How many bytes its answer can have
    #[arg(long, value_name = "BYTES", env = "INFATICA_LLM_BYTES", default_value_t = 1024 * 1024)]
    llm_bytes: usize,
}

impl LlmOptions {
    fn limits(&self) -> Limits {
        Limits { time: Duration::from_secs(self.llm_seconds), bytes: self.llm_bytes }
    }

    fn endpoint_of_server(&self) -> anyhow::Result<Option<Endpoint>> {
        let secret = std::env::var_os(KEY_VARIABLE).filter(|secret| !secret.is_empty()).map(|secret| {
            let secret = Zeroizing::new(secret.into_encoded_bytes());
            key_from(str::from_utf8(&secret).unwrap_or_default()).context(KEY_VARIABLE)
        });
        let secret = secret.transpose()?;
        let (Some(base_url), Some(model)) = (self.llm_url.clone(), self.llm_model.clone()) else {
            ensure!(secret.is_none(), "{KEY_VARIABLE} is set and --llm-url is not: say where the key belongs");
            return Ok(None);
        };
        Ok(Some(Endpoint { key: Key::OfServer, base_url, model, secret }))
    }
}

/// The secret of a key, as it stands in a file or on a line.
pub(crate) fn key_from(text: &str) -> anyhow::Result<SecretString> {
    let secret = text.trim();
    // What is shorter could not be kept back from results and logs.
    let fits = (Secrets::SHORTEST..=MAX_SECRET).contains(&secret.len());
    ensure!(
        fits && secret.chars().all(|character| character.is_ascii_graphic()),
        "a key is a word of {} to {MAX_SECRET} letters, digits and marks of ASCII",
        Secrets::SHORTEST
    );
    Ok(secret.into())
}

/// What a key's secret is sealed for: its account, and where it may be sent. None of them can be
/// another when it is opened.
pub(crate) fn purpose(account: &str, key_id: &str, base_url: &str) -> Vec<u8> {
    [account, key_id, base_url].iter().flat_map(|part| [part.as_bytes(), b"\0"].concat()).collect()
}

/// The language models that accounts can ask.
#[derive(Debug, Clone)]
pub(crate) struct Models {
    stores: Stores,
    vault: Vault,
    secrets: Secrets,
    /// Reaches public addresses, and what the operator allows beside them.
    upstream_of_accounts: Upstream,
    /// Reaches every address.
    upstream_of_server: Upstream,
    endpoint_of_server: Option<Endpoint>,
}

/// Whose key a model is asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    /// One that an account has stored.
    Stored { id: String, name: String },
    /// That of the server, which need not have one.
    OfServer,
}

/// A model, and how to ask it.
#[derive(Debug, Clone)]
struct Endpoint {
    key: Key,
    base_url: BaseUrl,
    model: String,
    secret: Option<SecretString>,
}

/// What a model has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Completion {
    pub(crate) text: String,
    /// The model, as the endpoint calls it.
    pub(crate) model: String,
    /// Where the endpoint counts them.
    pub(crate) tokens: Option<Tokens>,
    /// Size of the answer.
    pub(crate) bytes: usize,
    /// The key that it was asked with.
    pub(crate) key: Key,
}

impl Models {
    pub(crate) fn new(
        options: &LlmOptions,
        targets: &PrivateTargets,
        stores: Stores,
        vault: Vault,
        secrets: Secrets,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            stores,
            vault,
            upstream_of_accounts: Upstream::new(targets.policy(), options.limits(), secrets.clone())?,
            upstream_of_server: Upstream::new(Policy::any(), options.limits(), secrets.clone())?,
            endpoint_of_server: options.endpoint_of_server()?,
            secrets,
        })
    }

    /// Whether an account has a model to ask.
    pub(crate) async fn are_there(&self, account: &str) -> Result<bool, StoreError> {
        let mut view = self.stores.read.snapshot().await?;
        Ok(self.endpoint_of_server.is_some() || llm_keys::in_use(&mut view, account).await?.is_some())
    }

    /// Has a model answer messages for an account; `None` when the account has no model to ask.
    ///
    /// It asks once. [`Fault::recovery`] says whether to ask again.
    pub(crate) async fn complete(&self, account: &str, messages: &[Message]) -> Result<Option<Completion>, Fault> {
        let completed = self.try_complete(account, messages).await;
        if let Err(fault) = &completed {
            tracing::warn!(account, error = fault.in_full(), "no language model has answered");
        }
        completed
    }

    async fn try_complete(&self, account: &str, messages: &[Message]) -> Result<Option<Completion>, Fault> {
        let (endpoint, upstream) = if let Some(stored) = self.stored(account).await? {
            (stored, &self.upstream_of_accounts)
        } else if let Some(given) = self.endpoint_of_server.clone() {
            (given, &self.upstream_of_server)
        } else {
            return Ok(None);
        };
        let asked = self.ask(&endpoint, upstream, messages).await;
        if let Key::Stored { id, .. } = &endpoint.key
            && let Err(error) = self.stores.write.llm_key_used(id).await
        {
            tracing::warn!(%error, key = id, "it is not noted that a key was used");
        }
        asked.map(Some).map_err(|trouble| Fault::Model { key: endpoint.key, trouble })
    }

    /// The endpoint of the key that an account uses, if it has any.
    async fn stored(&self, account: &str) -> Result<Option<Endpoint>, Fault> {
        let mut view = self.stores.read.snapshot().await?;
        let Some(stored) = llm_keys::in_use(&mut view, account).await? else { return Ok(None) };
        let secret = self.vault.open(&stored.secret, &purpose(account, &stored.id, &stored.base_url));
        let secret = secret.map_err(|why| Fault::Sealed { key: stored.name.clone(), why })?;
        let key = Key::Stored { id: stored.id, name: stored.name };
        match stored.base_url.parse() {
            Ok(base_url) => Ok(Some(Endpoint { key, base_url, model: stored.model, secret: Some(secret) })),
            Err(why) => Err(Fault::Model { key, trouble: Trouble::Url(why) }),
        }
    }

    async fn ask(&self, endpoint: &Endpoint, upstream: &Upstream, messages: &[Message]) -> Result<Completion, Trouble> {
        let Endpoint { key, base_url, model, secret } = endpoint;
        let headers = match secret {
            None => HeaderMap::new(),
            Some(secret) => {
                self.secrets.learn(secret.expose_secret());
                bearer(secret).ok_or(Trouble::NoKey)?
            }
        };
        let answer = upstream.post(&base_url.chat_completions(), &headers, &chat::question(model, messages)).await?;
        let bytes = answer.bytes;
        let answer = chat::Answer::read(answer.value)?;
        // An endpoint can repeat what it was sent.
        let text = self.secrets.redact_text(&answer.text).into_owned();
        let reported = answer.model.map(|model| chat::model_name(&self.secrets.redact_text(&model)));
        let model = reported.filter(|model| !model.is_empty()).unwrap_or_else(|| model.clone());
        Ok(Completion { text, model, tokens: answer.tokens, bytes, key: key.clone() })
    }
}
