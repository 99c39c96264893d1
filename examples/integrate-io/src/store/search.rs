//! Search by words, on the index that `migrations/0002_search.sql` keeps.

use std::{borrow::Cow, collections::BTreeMap};

use integrate_io_tools::{ConnectionKind, SearchHit, SearchType};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};
use toolwright::Secrets;

use super::{StoreError, word};

/// What a caller looks for, as an expression of FTS5: all words, the last of which may be the beginning of one.
/// Each is quoted, so that nothing in it is an operator.
fn expression(query: &str) -> String {
    // The expression would end at a NUL.
    let words = query.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let quoted: Vec<String> = words.map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect();
    if quoted.is_empty() { "\"\"".to_owned() } else { quoted.join(" ") + " *" }
}

/// What of one type in the account has the words of a query, best match first, and how much there is in all.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    account: &str,
    query: &str,
    of_type: SearchType,
    limit: i64,
    secrets: &Secrets,
) -> Result<(Vec<SearchHit>, i64), StoreError> {
    let expression = expression(query);
    let total = sqlx::query_scalar("SELECT count(*) FROM search WHERE search MATCH ?1 AND account = ?2 AND type = ?3")
        .bind(&expression)
        .bind(account)
        .bind(of_type.as_str())
        .fetch_one(&mut *connection)
        .await?;
    // A word of a name says more than one of a description.
    let rows = sqlx::query(
        "SELECT type, id, kind, name, description, snippet(search, -1, '**', '**', '…', 16) AS snippet FROM search
         WHERE search MATCH ?1 AND account = ?2 AND type = ?3 ORDER BY bm25(search, 4.0, 1.0), rowid LIMIT ?4",
    )
    .bind(&expression)
    .bind(account)
    .bind(of_type.as_str())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let hits: Result<_, sqlx::Error> = rows.iter().map(|row| from_row(row, secrets)).collect();
    Ok((hits?, total))
}

/// What has the words of a query, by type, and how much there is of each type.
pub(crate) async fn find_all(
    connection: &mut SqliteConnection,
    account: &str,
    query: &str,
    types: &[SearchType],
    per_type_limit: i64,
    secrets: &Secrets,
) -> Result<(Vec<SearchHit>, BTreeMap<String, i64>), StoreError> {
    let mut hits = Vec::new();
    let mut totals = BTreeMap::new();
    for &of_type in types {
        let (found, total) = find(connection, account, query, of_type, per_type_limit, secrets).await?;
        hits.extend(found);
        totals.insert(of_type.as_str().to_owned(), total);
    }
    Ok((hits, totals))
}

fn from_row(row: &SqliteRow, secrets: &Secrets) -> Result<SearchHit, sqlx::Error> {
    let name: String = row.try_get("name")?;
    let mut snippet: String = row.try_get("snippet")?;
    // In a snippet a secret can have marks in it, and be cut. So what has one is not shown in part.
    let whole = row.try_get::<Option<String>, _>("description")?.unwrap_or_else(|| name.clone());
    if [&name, &whole].iter().any(|text| matches!(secrets.redact_text(text), Cow::Owned(_))) {
        snippet = secrets.redact_text(&whole).into_owned();
    }
    Ok(SearchHit {
        r#type: word(row.try_get("type")?)?,
        id: row.try_get("id")?,
        connection_type: row.try_get::<Option<&str>, _>("kind")?.map(word::<ConnectionKind>).transpose()?,
        name,
        snippet,
    })
}
