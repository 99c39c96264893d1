//! A page of a list: the caller is given a cursor, and the next page begins after what it names. So nothing is listed
//! twice or passed over when something is added meanwhile.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{QueryBuilder, Sqlite};

use crate::error::ApiError;

/// How long the pages of a list are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Length {
    /// Where the caller does not say.
    pub(crate) default: i64,
    pub(crate) max: i64,
}

impl Length {
    /// How many rows a query asks for.
    pub(crate) fn of(self, limit: Option<i64>) -> Result<i64, ApiError> {
        let Self { default, max } = self;
        let limit = limit.unwrap_or(default);
        if (1..=max).contains(&limit) {
            Ok(limit)
        } else {
            Err(ApiError::invalid("limit", format!("write a number from 1 to {max}")))
        }
    }
}

/// Which part of a list to give. `K` is what the list is ordered by, with the id at its end, so that no two are the same.
#[derive(Debug)]
pub(crate) struct Page<K> {
    limit: i64,
    /// The last of the page before this one.
    pub(crate) after: Option<K>,
}

impl<K: Serialize + DeserializeOwned> Page<K> {
    /// The page that a query asks for.
    pub(crate) fn of(length: Length, limit: Option<i64>, cursor: Option<&str>) -> Result<Self, ApiError> {
        let limit = length.of(limit)?;
        let decode = |cursor| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?).ok();
        let after = match cursor {
            None => None,
            Some(cursor) => {
                let after = decode(cursor);
                Some(after.ok_or_else(|| ApiError::invalid("cursor", "give the `next_cursor` of the page before"))?)
            }
        };
        Ok(Self { limit, after })
    }

    /// How many rows to ask for: one more than the page has, which tells whether there is another page.
    pub(crate) fn rows(&self) -> i64 {
        self.limit + 1
    }

    /// The page of the rows that were found, and the cursor of the next one, if there is one.
    pub(crate) fn cut<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Result<(Vec<T>, Option<String>), ApiError> {
        let limit = usize::try_from(self.limit).unwrap_or_default();
        let is_last = rows.len() <= limit;
        rows.truncate(limit);
        let next = match rows.last() {
            Some(last) if !is_last => Some(BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&key(last))?)),
            _ => None,
        };
        Ok((rows, next))
    }
}

impl Page<(i64, String)> {
    /// Ends a query whose conditions are written: what was created last comes first. Its columns are `created_at` and `id`.
    pub(crate) fn newest_first(&self, query: &mut QueryBuilder<Sqlite>) {
        if let Some((created_at, id)) = &self.after {
            query.push(" AND (created_at, id) < (").push_bind(*created_at).push(", ").push_bind(id.clone()).push(")");
        }
        query.push(" ORDER BY created_at DESC, id DESC LIMIT ").push_bind(self.rows());
    }
}
