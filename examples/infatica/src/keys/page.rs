//! The page of the settings: everybody's own keys.

use toolwright::{KeyError, KeyField, KeyFieldKind, KeyOwner, KeyValues, StoredKey, StoredKeys};

use super::kept::{AddError, Given, Kept, name};
use crate::{
    llm::{BaseUrl, key_from},
    operator::label,
    store::{
        StoreError,
        actor::{Actor, By},
        llm_keys::{self, LlmKey},
    },
};

const FIELDS: &[KeyField] = &[
    KeyField::new("name", "Name", KeyFieldKind::Text).hint("By which you will know it again."),
    KeyField::new("url", "URL of the endpoint", KeyFieldKind::Url)
        .hint("What comes before /chat/completions, such as https://api.openai.com/v1."),
    KeyField::new("model", "Model", KeyFieldKind::Text).hint("As the endpoint calls it."),
    KeyField::new("key", "Key", KeyFieldKind::Secret).hint("It is stored encrypted, and never shown again."),
];

impl StoredKeys for Kept {
    fn description(&self) -> &'static str {
        "Keys of language models, which write your analyses. The one that you have added last is used, unless you have \
         chosen another."
    }

    fn fields(&self) -> &[KeyField] {
        FIELDS
    }

    async fn list(&self, owner: &KeyOwner) -> anyhow::Result<Vec<StoredKey>> {
        let mut view = self.stores.read.snapshot().await?;
        let keys = llm_keys::of_account(&mut view, &owner.subject).await?;
        Ok(keys.into_iter().map(shown).collect())
    }

    async fn add(&self, owner: &KeyOwner, values: &KeyValues) -> Result<String, KeyError> {
        let name = name(values.get("name")).map_err(|why| fault("name", &why))?;
        let url: BaseUrl = values.get("url").parse().map_err(|why: String| fault("url", &why))?;
        let model = label(values.get("model")).map_err(|why| fault("model", &why))?;
        let secret = key_from(values.get("key")).map_err(|why| fault("key", &why.to_string()))?;
        let given = Given { name: &name, url: &url, model: &model, secret: &secret };
        match self.add(actor(owner), &given).await {
            Ok(_) => Ok(name),
            Err(AddError::Store(StoreError::WrongState(why))) => Err(fault("name", &why)),
            Err(AddError::Store(error)) => Err(anyhow::Error::new(error).into()),
            Err(AddError::Vault(error)) => Err(error.into()),
        }
    }

    async fn delete(&self, owner: &KeyOwner, id: &str) -> Result<Option<String>, KeyError> {
        match self.stores.write.delete_llm_key(actor(owner), id).await {
            Ok(key) => Ok(Some(key.name)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(anyhow::Error::new(error).into()),
        }
    }
}

fn actor(owner: &KeyOwner) -> Actor<'_> {
    Actor { account: &owner.subject, by: By::Session { name: &owner.name } }
}

/// The words of a rule, as a sentence.
fn fault(field: &'static str, why: &str) -> KeyError {
    let mut characters = why.chars();
    let first = characters.next().map(char::to_uppercase).into_iter().flatten();
    KeyError::field(field, first.chain(characters).chain(['.']).collect::<String>())
}

fn shown(key: LlmKey) -> StoredKey {
    let LlmKey { id, name, base_url, model, last_four, in_use, created_at, created_by, .. } = key;
    let mut details =
        vec![("Endpoint".to_owned(), base_url), ("Model".to_owned(), model), ("Added by".to_owned(), created_by)];
    if in_use {
        details.push(("Used".to_owned(), "for your analyses from now on".to_owned()));
    }
    StoredKey { id, name, masked: format!("…{last_four}"), details, added_at: Some(created_at / 1_000_000) }
}
