//! PostgreSQL: a server that several instances share.

use std::{
    str::FromStr as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::task::JoinHandle;
use toolwright_core::DATABASE_CONNECTIONS;
use url::Url;

use super::{changes::Changes, listener::listen, migrator};

static MIGRATIONS: Migrator = sqlx::migrate!("src/migrations/postgres");

/// How long a request waits for one of them, and a start for the first.
const ACQUIRE: Duration = Duration::from_secs(4);

/// How long PostgreSQL works on one statement before it gives up.
const STATEMENT: Duration = Duration::from_secs(10);

/// How long a start waits for another one that migrates.
const MIGRATION: Duration = Duration::from_mins(2);

/// Where the tables stand, unless the URL says otherwise.
const SCHEMA: &str = "toolwright";

/// How long its name can be; a channel's has 63 bytes.
const LONGEST_SCHEMA: usize = 40;

/// What a URL can say after `?`, beside [`SCHEMA_PARAMETER`]: what the driver understands. It would print the
/// value of any other one.
const PARAMETERS: [&str; 12] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "ssl-mode",
    "ssl-root-cert",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "host",
    "port",
    "application_name",
];

/// Which schema has the tables.
const SCHEMA_PARAMETER: &str = "schema";

/// A database that other instances change too.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    schema: String,
    changes: Arc<Changes>,
    listener: Mutex<Option<JoinHandle<()>>>,
}

impl Shared {
    pub(crate) fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    pub(super) fn changes(&self) -> &Changes {
        &self.0.changes
    }

    pub(super) fn listen(&self) {
        let Inner { pool, schema, changes, listener } = &*self.0;
        let listening = tokio::spawn(listen(Arc::clone(changes), pool.clone(), schema.clone()));
        *listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(listening);
    }

    pub(super) async fn close(&self) {
        if let Some(listening) = self.0.listener.lock().unwrap_or_else(PoisonError::into_inner).take() {
            listening.abort();
        }
        self.0.pool.close().await;
    }
}

/// What a URL says.
struct Target {
    options: PgConnectOptions,
    schema: String,
    /// The place for people: without the user and the password.
    shown: String,
}

/// Opens the database that a URL names, and makes the tables or brings them up to date.
pub(super) async fn open(url: &str) -> anyhow::Result<Shared> {
    let Target { options, schema, shown } = Target::parse(url)?;
    tokio::time::timeout(MIGRATION, migrate(&options, &schema))
        .await
        .unwrap_or_else(|_| bail!("it took longer than {} seconds", MIGRATION.as_secs()))
        .with_context(|| format!("cannot migrate the token database {shown}"))?;
    let milliseconds = STATEMENT.as_millis().to_string();
    let options = options.options([
        ("statement_timeout", milliseconds.as_str()),
        ("lock_timeout", &milliseconds),
        ("idle_in_transaction_session_timeout", &milliseconds),
    ]);
    let pool = PgPoolOptions::new()
        .max_connections(DATABASE_CONNECTIONS)
        .acquire_timeout(ACQUIRE)
        .connect_with(options)
        .await
        .with_context(|| format!("cannot open the token database {shown}"))?;
    Ok(Shared(Arc::new(Inner { pool, schema, changes: Arc::default(), listener: Mutex::default() })))
}

/// Runs the migrations, once however many processes start together. It has a connection of its own, so that
/// the lock ends with it whatever becomes of the work.
async fn migrate(options: &PgConnectOptions, schema: &str) -> anyhow::Result<()> {
    let mut connection = tokio::time::timeout(ACQUIRE, options.connect())
        .await
        .with_context(|| format!("no connection came about within {} seconds", ACQUIRE.as_secs()))??;
    sqlx::query("SELECT pg_advisory_lock(hashtextextended($1 || '/migrations', 0))")
        .bind(schema)
        .execute(&mut connection)
        .await?;
    make_schema(&mut connection, schema).await?;
    // The lock above also covers the schema, which its own would not.
    let mut migrator = migrator(&MIGRATIONS);
    migrator.set_locking(false);
    migrator.run_direct(None, &mut connection, false).await?;
    connection.close().await?;
    Ok(())
}

/// A role that may make no schemas can use one that somebody else has made for it.
async fn make_schema(connection: &mut PgConnection, schema: &str) -> anyhow::Result<()> {
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)")
        .bind(schema)
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(connection).await.with_context(|| {
            format!("the role may not make the schema; somebody who may can: CREATE SCHEMA {schema} AUTHORIZATION ROLE")
        })?;
    }
    Ok(())
}

impl Target {
    fn parse(text: &str) -> anyhow::Result<Self> {
        // What is wrong with it is said without it: it may hold a password.
        let mut url = Url::parse(text).context("the URL of the token database cannot be read")?;
        let mut shown = format!("postgres://{}", url.host_str().unwrap_or_default());
        if let Some(port) = url.port() {
            shown = format!("{shown}:{port}");
        }
        shown.push_str(url.path());
        let mut schema = SCHEMA.to_owned();
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        url.set_query(None);
        for (key, value) in pairs {
            if key == SCHEMA_PARAMETER {
                ensure!(
                    is_plain(&value),
                    "the schema of the token database has 1 to {LONGEST_SCHEMA} lower-case letters, digits and `_`, the first no digit"
                );
                schema = value;
            } else {
                ensure!(
                    PARAMETERS.contains(&key.as_str()),
                    "`{key}` is not a parameter of a token database; they are: {SCHEMA_PARAMETER}, {}",
                    PARAMETERS.join(", ")
                );
                url.query_pairs_mut().append_pair(&key, &value);
            }
        }
        let options = PgConnectOptions::from_str(url.as_str())
            .with_context(|| format!("the URL of the token database {shown} cannot be read"))?
            .options([("search_path", schema.as_str())])
            // Instances of an older version go on while a newer one adds columns; what was prepared before would fail.
            .statement_cache_capacity(0)
            // The driver's own line has the statement, and ours says what came of it.
            .disable_statement_logging();
        Ok(Self { options, schema, shown })
    }
}

/// Whether a name means the same with and without quotes, and leaves room for that of a channel.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=LONGEST_SCHEMA).contains(&name.len())
        && name.bytes().all(plain)
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.starts_with("pg_")
}
