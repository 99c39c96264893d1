//! A page of a list, and how long the list is.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, sqlite::SqliteRow};

/// One page of the rows that a query finds, each read by `from_row`, and how many it finds in all. `select`
/// makes the query for the columns that it is given, which is asked twice; `order` is what follows `ORDER BY`,
/// and `limit` and `offset` say how many rows to list at most, and how many to pass over.
///
/// Give it a transaction, or a change between the two questions makes them disagree.
///
/// # Errors
/// When the database fails, or a row is not as expected.
pub async fn page<T>(
    connection: &mut SqliteConnection,
    select: impl Fn(&str) -> QueryBuilder<Sqlite>,
    columns: &str,
    order: &'static str,
    (limit, offset): (i64, i64),
    from_row: impl Fn(&SqliteRow) -> Result<T, sqlx::Error>,
) -> Result<(Vec<T>, i64), sqlx::Error> {
    let total = select("count(*)").build_query_scalar().fetch_one(&mut *connection).await?;
    let mut page = select(columns);
    page.push(" ORDER BY ").push(order).push(" LIMIT ").push_bind(limit).push(" OFFSET ").push_bind(offset);
    let rows = page.build().fetch_all(connection).await?;
    Ok((rows.iter().map(from_row).collect::<Result<_, _>>()?, total))
}
