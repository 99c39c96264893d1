//! The keys that are stored: what the command and the page do with them.

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use toolwright_support::vault::Vault;

use crate::{
    llm::{BaseUrl, purpose},
    operator::label,
    store::{
        StoreError, Stores,
        actor::Actor,
        llm_keys::{self, ID_PREFIX, LlmKey, NewKey},
    },
};

/// A secret of fewer characters shows none of them.
const MASKABLE: usize = 16;

/// Where keys are kept, open.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) stores: Stores,
    pub(super) vault: Vault,
}

/// A key to be stored.
pub(super) struct Given<'a> {
    pub(super) name: &'a str,
    pub(super) url: &'a BaseUrl,
    pub(super) model: &'a str,
    pub(super) secret: &'a SecretString,
}

/// Why a key is not stored.
#[derive(Debug, thiserror::Error)]
pub(super) enum AddError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] anyhow::Error),
}

impl Kept {
    /// Stores a key, which its account uses from now on, and gives its id.
    pub(super) async fn add(&self, actor: Actor<'_>, given: &Given<'_>) -> Result<String, AddError> {
        let Given { name, url, model, secret } = given;
        self.prepare_vault().await?;
        let id = llm_keys::new_id();
        let sealed = self.vault.seal(secret, &purpose(actor.account, &id, url.as_str())).map_err(anyhow::Error::new)?;
        let last_four = last_four(secret);
        let new = NewKey { id: &id, name, base_url: url.as_str(), model, secret: &sealed, last_four };
        self.stores.write.add_llm_key(actor, &new).await?;
        Ok(id)
    }

    /// Makes the key file for a first key. A later one needs the file of those that are there, since
    /// a server has one.
    async fn prepare_vault(&self) -> anyhow::Result<()> {
        let mut fault = None;
        for key in self.all().await? {
            match self.open(&key) {
                Ok(_) => return Ok(()),
                Err(error) => fault = Some(error),
            }
        }
        match fault {
            None => Ok(self.vault.create()?),
            Some(error) => {
                let hint = "the keys that are stored do not open; if their key file is lost, delete them first";
                Err(error.context(hint))
            }
        }
    }

    /// The keys of every account.
    pub(super) async fn all(&self) -> anyhow::Result<Vec<LlmKey>> {
        Ok(llm_keys::list(&mut *self.stores.read.snapshot().await?).await?)
    }

    /// The secret of a key.
    pub(super) fn open(&self, key: &LlmKey) -> anyhow::Result<SecretString> {
        let opened = self.vault.open(&key.secret, &key_purpose(key));
        opened.with_context(|| format!("`{}` ({}) of the account `{}`", key.name, key.id, key.account))
    }
}

/// What the secret of a key is sealed for.
pub(super) fn key_purpose(key: &LlmKey) -> Vec<u8> {
    purpose(&key.account, &key.id, &key.base_url)
}

/// What a key can be called.
pub(super) fn name(text: &str) -> Result<String, String> {
    if text.starts_with(ID_PREFIX) {
        return Err(format!("a name does not start with `{ID_PREFIX}`, as ids do"));
    }
    label(text)
}

/// What may be shown of a secret.
fn last_four(secret: &SecretString) -> &str {
    let secret = secret.expose_secret();
    if secret.len() < MASKABLE { "" } else { &secret[secret.len() - 4..] }
}
