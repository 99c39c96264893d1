//! What changes keys: the operator of the server, at the command line, and that they are used.

use toolwright_support::vault::Sealed;

use crate::store::{
    StoreError, WriteStore,
    actor::{Actor, By},
    audit,
    llm_keys::{self, LlmKey},
    time,
};

/// A key to be stored, for the account of whoever stores it.
#[derive(Debug)]
pub(crate) struct NewKey<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) base_url: &'a str,
    pub(crate) model: &'a str,
    pub(crate) secret: &'a Sealed,
    pub(crate) last_four: &'a str,
}

impl WriteStore {
    /// Stores a key, which its account uses from now on.
    pub(crate) async fn add_llm_key(&self, actor: Actor<'_>, new: &NewKey<'_>) -> Result<(), StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let added = sqlx::query(
            "INSERT INTO llm_keys (id, account, name, base_url, model, nonce, ciphertext, last_four, choice, created_at,
                                   created_by)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1 + coalesce(max(choice), 0), ?9, ?10
             FROM llm_keys WHERE account = ?2
             ON CONFLICT (account, name) DO NOTHING",
        )
        .bind(new.id)
        .bind(actor.account)
        .bind(new.name)
        .bind(new.base_url)
        .bind(new.model)
        .bind(&new.secret.nonce)
        .bind(&new.secret.ciphertext)
        .bind(new.last_four)
        .bind(now)
        .bind(actor.name())
        .execute(&mut *change)
        .await?;
        if added.rows_affected() == 0 {
            let message = format!("there is a key `{}` already: choose another name, or delete that one", new.name);
            return Err(StoreError::WrongState(message));
        }
        audit::record(&mut change, now, actor, "key.added", new.id).await?;
        Ok(change.commit().await?)
    }

    /// Makes a key the one that its account uses.
    pub(crate) async fn use_llm_key(&self, actor: Actor<'_>, name_or_id: &str) -> Result<LlmKey, StoreError> {
        let mut change = self.change().await?;
        let key = llm_keys::find(&mut change, actor.account, name_or_id).await?;
        if !key.in_use {
            let choose = "UPDATE llm_keys SET choice = (SELECT 1 + max(choice) FROM llm_keys WHERE account = ?1)
                          WHERE id = ?2";
            sqlx::query(choose).bind(actor.account).bind(&key.id).execute(&mut *change).await?;
            audit::record(&mut change, time::now(), actor, "key.chosen", &key.id).await?;
        }
        change.commit().await?;
        Ok(key)
    }

    /// Deletes a key. When its account used it, it uses the one now that it chose before.
    pub(crate) async fn delete_llm_key(&self, actor: Actor<'_>, name_or_id: &str) -> Result<LlmKey, StoreError> {
        let mut change = self.change().await?;
        let key = llm_keys::find(&mut change, actor.account, name_or_id).await?;
        sqlx::query("DELETE FROM llm_keys WHERE id = ?1").bind(&key.id).execute(&mut *change).await?;
        audit::record(&mut change, time::now(), actor, "key.deleted", &key.id).await?;
        change.commit().await?;
        Ok(key)
    }

    /// Notes that a key was used.
    pub(crate) async fn llm_key_used(&self, id: &str) -> Result<(), StoreError> {
        let mut change = self.change().await?;
        let note = sqlx::query("UPDATE llm_keys SET last_used_at = ?2 WHERE id = ?1");
        note.bind(id).bind(time::now()).execute(&mut *change).await?;
        Ok(change.commit().await?)
    }

    /// Seals the secrets of all accounts anew. `reseal` is given all keys, and answers with a secret for
    /// each that has changed; nobody else changes one meanwhile.
    pub(crate) async fn reseal_llm_keys(
        &self,
        by: By<'_>,
        reseal: impl FnOnce(&[LlmKey]) -> anyhow::Result<Vec<Option<Sealed>>>,
    ) -> anyhow::Result<usize> {
        let now = time::now();
        let mut change = self.change().await?;
        let keys = llm_keys::list(&mut change).await?;
        let mut resealed = 0;
        for (key, sealed) in keys.iter().zip(reseal(&keys)?) {
            let Some(sealed) = sealed else { continue };
            sqlx::query("UPDATE llm_keys SET nonce = ?2, ciphertext = ?3 WHERE id = ?1")
                .bind(&key.id)
                .bind(&sealed.nonce)
                .bind(&sealed.ciphertext)
                .execute(&mut *change)
                .await?;
            audit::record(&mut change, now, Actor { account: &key.account, by }, "key.rewrapped", &key.id).await?;
            resealed += 1;
        }
        change.commit().await?;
        Ok(resealed)
    }
}
