//! SQLite files. What is read is read from a file opened read-only, on a connection that is `query_only` besides. A statement that
//! runs too long is interrupted by the progress handler: SQLite has no other clock.

use std::{path::Path, time::Instant};

use serde_json::Value;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection, TypeInfo, ValueRef,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use tokio::fs;
use tokio_stream::StreamExt;
use tokio_util::sync::CancellationToken;

use super::{
    Engine, Error, Fragment, Limits,
    fragment::Columns,
    preview::{self, MAX_BYTES, MAX_TEXT, Preview, PreviewRequest, Rows},
    quote,
    schema::{Column, Kind, TableDetails, TableFilter, TableList, TableSummary},
    within,
};

/// How many instructions of SQLite's machine run between two looks at the clock.
const INSTRUCTIONS: i32 = 1_000;

/// What a person calls tables: what SQLite keeps for itself and for its search indexes is left out.
macro_rules! listed {
    ($select:literal, $end:literal) => {
        concat!(
            "SELECT ",
            $select,
            " FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'view', 'virtual') AND name NOT LIKE 'sqlite\\_%' \
             ESCAPE '\\' AND (?1 IS NULL OR lower(?1) = 'main') AND (?2 IS NULL OR instr(lower(name), lower(?2)) > 0)",
            $end
        )
    };
}

/// Opens a file. It must exist: a database is never made by mistake.
pub(super) async fn open(
    path: &Path,
    writes: bool,
    limits: Limits,
    cancelled: CancellationToken,
) -> Result<SqliteConnection, Error> {
    // An absolute path cannot be taken for a URI, which could ask for other things than a file.
    let path = fs::canonicalize(path).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::FileMissing,
        _ => Error::File(error.to_string()),
    })?;
    if !fs::metadata(&path).await.is_ok_and(|metadata| metadata.is_file()) {
        return Err(Error::NotADatabase);
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(!writes)
        .busy_timeout(limits.connect)
        // Functions with effects cannot be called from a view or a trigger that somebody has put into the file.
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("query_only", if writes { "OFF" } else { "ON" })
        .disable_statement_logging();
    within(limits.connect * 2, async {
        let fault = |error| Error::from_sqlx(&error, limits.statement);
        let mut connection = SqliteConnection::connect_with(&options).await.map_err(fault)?;
        let deadline = Instant::now() + limits.statement;
        let goes_on = move || Instant::now() < deadline && !cancelled.is_cancelled();
        connection.lock_handle().await.map_err(fault)?.set_progress_handler(INSTRUCTIONS, goes_on);
        Ok(connection)
    })
    .await
}

/// A connection that reads, for one call.
pub(super) struct Reader {
    connection: SqliteConnection,
    limits: Limits,
}

impl Reader {
    pub(super) async fn open(path: &Path, limits: Limits) -> Result<Self, Error> {
        Ok(Self { connection: open(path, false, limits, CancellationToken::new()).await?, limits })
    }

    pub(super) async fn ping(mut self) -> Result<(), Error> {
        // Only what is read tells whether the file is a database.
        self.rows(sqlx::query("SELECT count(*) FROM sqlite_schema")).await.map(drop)
    }

    pub(super) async fn tables(mut self, filter: &TableFilter) -> Result<TableList, Error> {
        let counted = sqlx::query(listed!("count(*)", "")).bind(&filter.schema).bind(&filter.search);
        let total = self.rows(counted).await?.first().map_or(0, |row| row.get::<i64, _>(0));
        let page = sqlx::query(listed!(
            "schema, name, iif(type = 'view', 'view', 'table'), ncol",
            " ORDER BY name LIMIT ?3 OFFSET ?4"
        ));
        let page = page.bind(&filter.schema).bind(&filter.search).bind(filter.limit).bind(filter.offset);
        let page = self.rows(page).await?;
        let tables = page.iter().map(|row| TableSummary {
            schema: row.get(0),
            name: row.get(1),
            kind: row.get(2),
            columns: row.get::<i64, _>(3).unsigned_abs(),
            estimated_rows: None,
        });
        Ok(TableList { tables: tables.collect(), total: total.unsigned_abs() })
    }

    pub(super) async fn table(mut self, schema: Option<&str>, name: &str) -> Result<TableDetails, Error> {
        self.details(schema, name).await
    }

    async fn details(&mut self, schema: Option<&str>, name: &str) -> Result<TableDetails, Error> {
        // SQLite takes names in any case.
        let found =
            sqlx::query(listed!("name", " AND name = ?3 COLLATE NOCASE")).bind(schema).bind(None::<&str>).bind(name);
        let Some(name) = self.rows(found).await?.first().map(|row| row.get::<String, _>(0)) else {
            let place = schema.map_or_else(|| "this database".to_owned(), |schema| format!("the schema `{schema}`"));
            return Err(Error::TableMissing { table: name.to_owned(), place });
        };
        let listed =
            "SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo(?1, 'main') WHERE hidden <> 1 ORDER BY cid";
        let columns = self.rows(sqlx::query(listed).bind(&name)).await?;
        let columns = columns.iter().map(|row| Column {
            name: row.get(0),
            type_name: row.get(1),
            nullable: row.get::<i64, _>(2) == 0 && row.get::<i64, _>(3) == 0,
            primary_key: row.get::<i64, _>(3) > 0,
            kind: Kind::default(),
        });
        Ok(TableDetails { schema: "main".to_owned(), columns: columns.collect(), name })
    }

    pub(super) async fn preview(mut self, request: &PreviewRequest) -> Result<Preview, Error> {
        let table = self.details(request.schema.as_deref(), &request.table).await?;
        let names = table.columns.iter().map(|column| &column.name);
        let columns = Columns::new(Engine::Sqlite, Some(&table.name), names);
        let condition = request.condition.as_deref();
        let condition = condition.map(|text| Fragment::parse(text, &columns, None, Engine::Sqlite)).transpose()?;
        let from = quote::table(&table.schema, &table.name);
        let preview = Preview::of(table);
        let values: Vec<String> =
            preview.shown().iter().map(|column| shown(&quote::identifier(&column.name))).collect();
        let condition = condition.map_or_else(String::new, |condition| format!(" WHERE {}", condition.to_sql()));
        let select = format!("SELECT {} FROM {from}{condition} LIMIT {}", values.join(", "), request.rows);
        let Self { connection, limits } = &mut self;
        let mut rows = Rows::default();
        within(limits.statement * 2, async {
            let mut found = sqlx::query(AssertSqlSafe(select)).persistent(false).fetch(connection);
            while let Some(row) = found.next().await {
                let row = row.map_err(|error| Error::from_sqlx(&error, limits.statement))?;
                let values = (0..row.len()).map(|index| value(&row, index)).collect::<Result<_, _>>();
                if !rows.push(preview.shown(), values.map_err(|error| Error::from_sqlx(&error, limits.statement))?) {
                    break;
                }
            }
            Ok(())
        })
        .await?;
        Ok(rows.into_preview(preview))
    }

    pub(super) async fn explain(mut self, select: &str) -> Result<Vec<String>, Error> {
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {select}")));
        Ok(self.rows(plan).await?.iter().map(|row| row.get("detail")).collect())
    }

    pub(super) async fn evaluate(mut self, select: String) -> Result<Option<String>, Error> {
        Ok(self.rows(sqlx::query(AssertSqlSafe(select))).await?.first().and_then(|row| row.get(0)))
    }

    async fn rows(
        &mut self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<Vec<SqliteRow>, Error> {
        let Self { connection, limits } = self;
        // The progress handler comes first. This is for a file system that does not answer.
        within(limits.statement * 2, async {
            query
                .persistent(false)
                .fetch_all(connection)
                .await
                .map_err(|error| Error::from_sqlx(&error, limits.statement))
        })
        .await
    }
}

/// A column's value, of which no more is read than is shown. Each value has a type of its own.
fn shown(column: &str) -> String {
    let (text, bytes) = (MAX_TEXT + 1, MAX_BYTES + 1);
    format!(
        "CASE typeof({column}) WHEN 'text' THEN substr({column}, 1, {text}) WHEN 'blob' THEN substr({column}, 1, {bytes}) \
         ELSE {column} END"
    )
}

fn value(row: &SqliteRow, index: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let name = raw.type_info().name().to_owned();
    Ok(match name.as_str() {
        "INTEGER" => preview::integer(row.try_get_unchecked(index)?),
        "REAL" => preview::float(row.try_get_unchecked(index)?),
        "BLOB" => preview::bytes(row.try_get_unchecked(index)?),
        // A text of SQLite can be anything, not only UTF-8.
        _ => preview::shortened(String::from_utf8_lossy(row.try_get_unchecked(index)?).into_owned()),
    })
}
