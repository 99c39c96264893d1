//! PostgreSQL servers. What is read is read as a role that can only read, in a session and in a transaction that the server holds
//! read-only, under the server's own time limits.

use secrecy::ExposeSecret;
use serde_json::Value;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row,
    postgres::{PgArguments, PgConnectOptions, PgRow, PgSslMode},
    query::Query,
};
use tokio_stream::StreamExt;

use super::{
    Engine, Error, Fragment, Limits, Login, PostgresTarget, Tls,
    fragment::Columns,
    preview::{self, MAX_BYTES, MAX_TEXT, Preview, PreviewRequest, Rows},
    quote,
    schema::{Column, Kind, TableDetails, TableFilter, TableList, TableSummary},
    within,
};

/// Relations that the role can read, without those of the system.
macro_rules! listed {
    ($select:literal, $end:literal) => {
        concat!(
            "SELECT ",
            $select,
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
               AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
               AND ($1::text IS NULL OR n.nspname = $1)",
            $end
        )
    };
}

/// The columns of a relation that the role can read. A domain is what it is made of.
const COLUMNS: &str = "
    SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, coalesce(a.attnum = ANY (k.indkey), false),
           coalesce(b.typname, t.typname)::text, coalesce(b.typcategory, t.typcategory)::text
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
         LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
         LEFT JOIN pg_index k ON k.indrelid = a.attrelid AND k.indisprimary
    WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
      AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
    ORDER BY a.attnum";

/// Signs in. A session of a reader can write nothing, and finds no functions or operators but the system's.
pub(super) async fn open(
    target: &PostgresTarget,
    login: &Login,
    writes: bool,
    limits: Limits,
) -> Result<PgConnection, Error> {
    let milliseconds = limits.statement.as_millis();
    let settings = [
        ("default_transaction_read_only", if writes { "off".to_owned() } else { "on".to_owned() }),
        ("statement_timeout", milliseconds.to_string()),
        ("idle_in_transaction_session_timeout", milliseconds.to_string()),
        ("lock_timeout", limits.connect.as_millis().to_string()),
        // Temporary objects come last, or they would come first.
        ("search_path", "pg_catalog,pg_temp".to_owned()),
        ("standard_conforming_strings", "on".to_owned()),
        ("bytea_output", "hex".to_owned()),
        ("IntervalStyle", "postgres".to_owned()),
    ];
    let options = PgConnectOptions::new_without_pgpass()
        .host(&target.host)
        .port(target.port)
        .database(&target.database)
        .username(&login.user)
        .password(login.password.expose_secret())
        .ssl_mode(match target.tls {
            Tls::Disable => PgSslMode::Disable,
            Tls::Require => PgSslMode::Require,
            Tls::VerifyFull => PgSslMode::VerifyFull,
        })
        .application_name(env!("CARGO_PKG_NAME"))
        .options(settings)
        .statement_cache_capacity(0)
        .disable_statement_logging();
    within(limits.connect, async {
        PgConnection::connect_with(&options).await.map_err(|error| Error::from_sqlx(&error, limits.connect))
    })
    .await
}

/// A connection that reads, for one call.
pub(super) struct Reader {
    connection: PgConnection,
    limits: Limits,
}

impl Reader {
    pub(super) async fn open(target: &PostgresTarget, limits: Limits) -> Result<Self, Error> {
        let mut connection = open(target, &target.reader, false, limits).await?;
        within(limits.statement, async {
            let begun = connection.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").await;
            begun.map_err(|error| Error::from_sqlx(&error, limits.statement))
        })
        .await?;
        Ok(Self { connection, limits })
    }

    pub(super) async fn ping(mut self) -> Result<(), Error> {
        self.rows(sqlx::query("SELECT 1")).await.map(drop)
    }

    pub(super) async fn tables(mut self, filter: &TableFilter) -> Result<TableList, Error> {
        let counted =
            sqlx::query(listed!("count(*)", " AND ($2::text IS NULL OR strpos(lower(c.relname), lower($2)) > 0)"));
        let total = self.rows(counted.bind(&filter.schema).bind(&filter.search)).await?;
        let page = sqlx::query(listed!(
            "n.nspname::text, c.relname::text,
             CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END,
             (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
             CASE WHEN c.reltuples >= 0 AND c.relkind <> 'v' THEN c.reltuples::int8 END",
            " AND ($2::text IS NULL OR strpos(lower(c.relname), lower($2)) > 0)
             ORDER BY n.nspname, c.relname LIMIT $3 OFFSET $4"
        ));
        let page =
            page.bind(&filter.schema).bind(&filter.search).bind(i64::from(filter.limit)).bind(i64::from(filter.offset));
        let page = self.rows(page).await?;
        let tables = page.iter().map(|row| TableSummary {
            schema: row.get(0),
            name: row.get(1),
            kind: row.get(2),
            columns: row.get::<i64, _>(3).unsigned_abs(),
            estimated_rows: row.get::<Option<i64>, _>(4).map(i64::unsigned_abs),
        });
        let total = total.first().map_or(0, |row| row.get::<i64, _>(0));
        Ok(TableList { tables: tables.collect(), total: total.unsigned_abs() })
    }

    pub(super) async fn table(mut self, schema: Option<&str>, name: &str) -> Result<TableDetails, Error> {
        self.details(schema, name).await
    }

    async fn details(&mut self, schema: Option<&str>, name: &str) -> Result<TableDetails, Error> {
        let found = sqlx::query(listed!(
            "c.oid::int8, n.nspname::text, c.relname::text",
            " AND c.relname = $2 ORDER BY n.nspname"
        ));
        let found: Vec<(i64, String, String)> = self
            .rows(found.bind(schema).bind(name))
            .await?
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect();
        // Without a schema it is `public`, as everywhere, or the only one.
        let chosen = match found.as_slice() {
            [only] => Some(only),
            several => several.iter().find(|(_, schema, _)| schema == "public"),
        };
        let Some((oid, schema, name)) = chosen else {
            if found.is_empty() {
                let place =
                    schema.map_or_else(|| "this database".to_owned(), |schema| format!("the schema `{schema}`"));
                return Err(Error::TableMissing { table: name.to_owned(), place });
            }
            let schemas = found.into_iter().map(|(_, schema, _)| schema).collect();
            return Err(Error::Ambiguous { table: name.to_owned(), schemas });
        };
        let columns = self.rows(sqlx::query(COLUMNS).bind(*oid)).await?;
        let columns = columns.iter().map(|row| Column {
            name: row.get(0),
            type_name: row.get(1),
            nullable: row.get(2),
            primary_key: row.get(3),
            kind: kind(row.get(4), row.get(5)),
        });
        Ok(TableDetails { schema: schema.clone(), columns: columns.collect(), name: name.clone() })
    }

    pub(super) async fn preview(mut self, request: &PreviewRequest) -> Result<Preview, Error> {
        let table = self.details(request.schema.as_deref(), &request.table).await?;
        let names = table.columns.iter().map(|column| &column.name);
        let columns = Columns::new(Engine::Postgres, Some(&table.name), names);
        let condition = request.condition.as_deref();
        let condition = condition.map(|text| Fragment::parse(text, &columns, None, Engine::Postgres)).transpose()?;
        let from = quote::table(&table.schema, &table.name);
        let preview = Preview::of(table);
        let values: Vec<String> = preview.shown().iter().map(shown).collect();
        let condition = condition.map_or_else(String::new, |condition| format!(" WHERE {}", condition.to_sql()));
        let select = format!("SELECT {} FROM {from}{condition} LIMIT {}", values.join(", "), request.rows);
        let Self { connection, limits } = &mut self;
        let mut rows = Rows::default();
        within(limits.statement * 2, async {
            let mut found = sqlx::query(AssertSqlSafe(select)).persistent(false).fetch(connection);
            while let Some(row) = found.next().await {
                let row = row.map_err(|error| Error::from_sqlx(&error, limits.statement))?;
                let shown = preview.shown();
                let values =
                    shown.iter().enumerate().map(|(index, column)| preview::from_text(column.kind, row.get(index)));
                if !rows.push(shown, values.collect::<Vec<Value>>()) {
                    break;
                }
            }
            Ok(())
        })
        .await?;
        Ok(rows.into_preview(preview))
    }

    pub(super) async fn explain(mut self, select: &str) -> Result<Vec<String>, Error> {
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN {select}")));
        Ok(self.rows(plan).await?.iter().map(|row| row.get(0)).collect())
    }

    pub(super) async fn evaluate(mut self, select: String) -> Result<Option<String>, Error> {
        Ok(self.rows(sqlx::query(AssertSqlSafe(select))).await?.first().and_then(|row| row.get(0)))
    }

    /// With the extended protocol, which takes one statement at a time.
    async fn rows(&mut self, query: Query<'_, sqlx::Postgres, PgArguments>) -> Result<Vec<PgRow>, Error> {
        let Self { connection, limits } = self;
        // The server's limit comes first. This is for one that does not answer.
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

/// A column's value as text, of which the server sends no more than is shown.
fn shown(column: &Column) -> String {
    let name = quote::identifier(&column.name);
    let (text, bytes) = (MAX_TEXT + 1, MAX_BYTES + 1);
    match column.kind {
        Kind::Bytes => format!("pg_catalog.encode(pg_catalog.substr({name}, 1, {bytes}), 'hex')"),
        Kind::Structure => format!("pg_catalog.\"left\"(CAST(pg_catalog.to_json({name}) AS pg_catalog.text), {text})"),
        _ => format!("pg_catalog.\"left\"(CAST({name} AS pg_catalog.text), {text})"),
    }
}

fn kind(name: &str, category: &str) -> Kind {
    match (name, category) {
        ("int2" | "int4" | "int8" | "oid", _) => Kind::Integer,
        ("float4" | "float8", _) => Kind::Float,
        ("bool", _) => Kind::Boolean,
        ("bytea", _) => Kind::Bytes,
        ("json" | "jsonb", _) => Kind::Json,
        (_, "A" | "C") => Kind::Structure,
        _ => Kind::Text,
    }
}
