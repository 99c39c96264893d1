//! Hears what others change in PostgreSQL, on a connection of its own.
//!
//! PostgreSQL delivers notifications in the order of the commits that made them. So a notification that another connection
//! sends is the proof that everything from before it has arrived: it comes behind it. It is sent several
//! times a second, and what is remembered is believed for a while from when it was sent. A connection that is cut or silent,
//! or that leads somewhere where notifications are not passed on, brings none, and then every call asks the database.
//!
//! The listening connection must not send it, nor ask anything else: PostgreSQL has a session's own notification come with
//! the answer, which also those pass on that lose what comes without a question.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{
    Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::time::timeout;

use super::changes::{Change, Changes};
use crate::credential::random_text;

/// How often a proof is asked for.
const BEAT: Duration = Duration::from_millis(125);

/// How long one may take until the connection is given up.
const SILENCE: Duration = Duration::from_secs(2);

/// How long to wait until the next connection.
const PAUSE: Duration = Duration::from_millis(250);

/// Hears changes for as long as it is not dropped.
pub(super) async fn listen(changes: Arc<Changes>, pool: PgPool, schema: String) {
    let options = PgConnectOptions::clone(&pool.connect_options());
    // A proof is worth nothing after a crash, and nobody has to wait for the disk.
    let options = options.options([("synchronous_commit", "off")]);
    let mut was_heard = true;
    loop {
        let Err(error) = hear(&changes, &options, &schema, &mut was_heard).await;
        changes.unheard();
        if was_heard {
            tracing::warn!(%error, "changes in the database are not heard: every call asks it until they are");
        }
        was_heard = false;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Hears changes on one connection, until it fails.
async fn hear(
    changes: &Changes,
    options: &PgConnectOptions,
    schema: &str,
    was_heard: &mut bool,
) -> sqlx::Result<Infallible> {
    let mut listener = within(SILENCE, PgListener::connect_with(&single(options))).await?;
    // It would not say what it missed.
    listener.eager_reconnect(false);
    let told = format!("{schema}/changes");
    let own = format!("{schema}/{}", random_text(16).map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))?);
    within(SILENCE, listener.listen_all([told.as_str(), own.as_str()])).await?;
    let mut sender = within(SILENCE, PgConnection::connect_with(options)).await?;
    // What came before cannot be known.
    changes.count(Change::Everything);
    loop {
        let asked = Instant::now();
        within(SILENCE, Box::pin(prove(&mut listener, &mut sender, changes, &own))).await?;
        changes.heard(asked);
        if !*was_heard {
            tracing::info!("changes in the database are heard again");
            *was_heard = true;
        }
        // What comes until the next one.
        while let Ok(heard) = timeout(BEAT.saturating_sub(asked.elapsed()), next(&mut listener, changes, &own)).await {
            heard?;
        }
    }
}

/// Has a proof sent, and hears everything up to it.
async fn prove(listener: &mut PgListener, sender: &mut PgConnection, changes: &Changes, own: &str) -> sqlx::Result<()> {
    let send = sqlx::query("SELECT pg_notify($1, '')").bind(own).execute(sender);
    let receive = async {
        while next(listener, changes, own).await? != Heard::Proof {}
        Ok(())
    };
    tokio::try_join!(send, receive).map(drop)
}

/// A pool for one connection: each has its own, so that one that is silent keeps no other one waiting.
fn single(options: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(1).acquire_timeout(SILENCE).connect_lazy_with(options.clone())
}

#[derive(PartialEq)]
enum Heard {
    Change,
    Proof,
}

async fn next(listener: &mut PgListener, changes: &Changes, own: &str) -> sqlx::Result<Heard> {
    let lost = || sqlx::Error::Io(std::io::ErrorKind::ConnectionAborted.into());
    let notification = listener.try_recv().await?.ok_or_else(lost)?;
    if notification.channel() == own {
        return Ok(Heard::Proof);
    }
    match notification.payload() {
        "accounts" => changes.count(Change::Accounts),
        text => match text.strip_prefix("token ").and_then(digest) {
            Some(digest) => changes.count(Change::Token(&digest)),
            // Another version says more.
            None => changes.count(Change::Everything),
        },
    }
    Ok(Heard::Change)
}

/// Reads a digest, of which the first bytes are enough.
fn digest(text: &str) -> Option<[u8; 2]> {
    u16::from_str_radix(text.get(..4)?, 16).ok().map(u16::to_be_bytes)
}

async fn within<T>(limit: Duration, work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    let silent = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    timeout(limit, work).await.map_err(silent).flatten()
}
