//! `audit`: who did what, and whether they were let.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use serde_json::{Map, Value};
use toolwright_core::text::invisible;

use super::{options::DatabaseOption, print, tools::aligned};
use crate::{
    ServerSpec,
    account::{Accounts, UserRecord},
    audit::{AuditStore, Entry, Kind, Via, Wanted},
    credential::{TokenRecord, lifetime},
    database::Database,
};

/// The command of a server that keeps an audit log.
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Print the audit log: who did what, and whether they were let. The newest comes last.
    Audit(AuditOptions),
}

impl AuditCommand {
    /// Its name.
    pub(super) const NAME: &str = "audit";
}

#[derive(Debug, Args)]
pub(super) struct AuditOptions {
    /// How far to go back: a number of s, m, h, d, w or y
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    since: Option<Duration>,
    /// Only what was done with one token
    #[arg(long, value_name = "NAME-OR-ID")]
    token: Option<String>,
    /// Only what was denied
    #[arg(long)]
    denied: bool,
    /// How many entries to print at most, the newest ones
    #[arg(long, value_name = "NUMBER", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// How they are printed; JSON has the arguments too, where they are recorded
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    database: DatabaseOption,
}

/// How the log is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table.
    Text,
    /// One JSON object a line.
    Json,
}

pub(super) async fn run(spec: &ServerSpec, options: AuditOptions) -> anyhow::Result<()> {
    let AuditOptions { since, token, denied, limit, format, database } = options;
    let database = Database::open(&database.database).await?;
    let since = since.map(|since| {
        let since = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Timestamp::now().as_microsecond().saturating_sub(since)
    });
    let wanted = Wanted { credential: token.as_deref(), denied, since, ..Wanted::default() };
    let found: sqlx::Result<_> = async {
        let entries = AuditStore::new(&database).recent(&wanted, limit).await?;
        let users = if spec.account().is_some() { Accounts::new(&database).users().await? } else { Vec::new() };
        Ok((entries, users))
    }
    .await;
    database.close().await;
    let (mut entries, users) = found.context("the database of the audit log does not answer")?;
    entries.reverse();
    print(&match format {
        Format::Text => table(&entries, &users),
        Format::Json => entries.iter().flat_map(|entry| [line(entry).to_string(), "\n".to_owned()]).collect(),
    })
}

/// Records that a token was created or revoked by whoever sits at the command line. What was done stays done where that
/// cannot be recorded, and they are told.
pub(super) async fn record_token(
    spec: &ServerSpec,
    database: &Database,
    kind: Kind,
    token: Changed<'_>,
) -> anyhow::Result<()> {
    if spec.audit.is_none() {
        return Ok(());
    }
    let entry = Entry {
        operator: Some(whoami::username().unwrap_or_else(|_| "unknown".to_owned())),
        credential_id: Some(token.id.to_owned()),
        credential_name: Some(token.name.to_owned()),
        subject: Some(token.subject.to_owned()),
        ..Entry::now(kind, Via::CommandLine)
    };
    let recorded = AuditStore::new(database).insert(&[entry]).await;
    recorded.map_err(|error| anyhow!(error).context("it is done, and is not in the audit log"))
}

/// A token that somebody has created or revoked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Changed<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    /// Whose data it reaches; of a user, the id.
    pub(super) subject: &'a str,
}

impl<'a> From<&'a TokenRecord> for Changed<'a> {
    fn from(TokenRecord { id, name, subject, .. }: &'a TokenRecord) -> Self {
        Self { id, name, subject }
    }
}

/// The users are told by their email addresses. Of one who is gone, the id is left.
fn table(entries: &[Entry], users: &[UserRecord]) -> String {
    let header = ["TIME", "VIA", "WHAT", "OPERATION", "WHO", "WHOSE", "VERDICT", "OUTCOME", "MS", "TIMES"];
    let rows = entries.iter().map(|entry| {
        let who = [&entry.credential_name, &entry.operator, &entry.session].into_iter().flatten().next();
        let user = entry.subject.as_ref().and_then(|subject| users.iter().find(|user| user.id.to_string() == *subject));
        let whose = user.map(|user| &user.email).or(entry.subject.as_ref());
        let text = |text: Option<&String>| text.map_or_else(|| "-".to_owned(), |text| printable(text));
        [
            time(entry.at, "%Y-%m-%d %H:%M:%S"),
            entry.via.as_str().to_owned(),
            entry.kind.as_str().to_owned(),
            text(entry.operation.as_ref()),
            text(who),
            text(whose),
            entry.verdict.as_str().to_owned(),
            printable(&entry.outcome),
            entry.duration.map_or_else(|| "-".to_owned(), |duration| (duration / 1000).to_string()),
            entry.count.to_string(),
        ]
    });
    aligned(std::iter::once(header.map(str::to_owned)).chain(rows).collect::<Vec<_>>().as_slice())
}

/// A text without what could lead a terminal or a reader astray: callers choose the names of the tools that they ask for.
pub(super) fn printable(text: &str) -> String {
    let shown = |char: char| char.is_control() || invisible(char).is_some();
    text.chars().map(|char| if shown(char) { char::REPLACEMENT_CHARACTER } else { char }).collect()
}

/// An entry as JSON; what it has none of is left out.
fn line(entry: &Entry) -> Value {
    let Entry {
        id,
        at,
        kind,
        operation,
        via,
        credential_id,
        credential_name,
        session,
        operator,
        subject,
        account,
        verdict,
        outcome,
        status,
        duration,
        request_bytes,
        response_bytes,
        arguments,
        count,
    } = entry;
    let text = |text: &str| Some(Value::from(text));
    let given = |text: &Option<String>| text.as_deref().map(Value::from);
    let number = |number: &Option<i64>| number.map(Value::from);
    let arguments = arguments.as_deref().and_then(|arguments| serde_json::from_str(arguments).ok());
    let members = [
        ("id", text(id)),
        ("at", text(&time(*at, "%Y-%m-%dT%H:%M:%S%.6fZ"))),
        ("kind", text(kind.as_str())),
        ("operation", given(operation)),
        ("via", text(via.as_str())),
        ("credential_id", given(credential_id)),
        ("credential_name", given(credential_name)),
        ("session", given(session)),
        ("operator", given(operator)),
        ("subject", given(subject)),
        ("about", given(account)),
        ("verdict", text(verdict.as_str())),
        ("outcome", text(outcome)),
        ("status", number(status)),
        ("microseconds", number(duration)),
        ("request_bytes", number(request_bytes)),
        ("response_bytes", number(response_bytes)),
        ("arguments", arguments),
        ("count", Some(Value::from(*count))),
    ];
    let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(members.collect::<Map<_, _>>())
}

/// A time in microseconds, by UTC.
fn time(at: i64, format: &str) -> String {
    Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |time| time.strftime(format).to_string())
}
