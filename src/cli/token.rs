//! `token create`, `token list`, `token revoke`.

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use toolwright_core::ScopeSet;

use super::{
    accounts,
    audit::{self, Changed, printable},
    options::{CreateOptions, TokenCommand},
    print,
    tools::aligned,
};
use crate::{
    ServerSpec,
    account::Accounts,
    audit::Kind,
    credential::{
        CreateError, NewToken, TokenKind, TokenRecord, TokenState, Tokens, UnknownScope, check_name, is_printable,
        known_scopes,
    },
    database::Database,
    spec::TokensSpec,
};

const NO_ANSWER: &str = "the token database does not answer";

pub(super) async fn run(
    spec: &'static ServerSpec,
    declared: &'static TokensSpec,
    command: TokenCommand,
) -> anyhow::Result<()> {
    match command {
        TokenCommand::Create(options) => create(spec, declared, &options).await,
        TokenCommand::List(options) => {
            let database = Database::open(&options.database.database).await?;
            let kind = if options.grants { TokenKind::Grant } else { TokenKind::Connection };
            let mut records = Tokens::new(spec, declared, &database).list(kind).await.context(NO_ANSWER)?;
            if spec.account().is_some() {
                name_users(&Accounts::new(&database), &mut records).await?;
            }
            database.close().await;
            print(&table(spec, &records))
        }
        TokenCommand::Revoke { token, database } => {
            let database = Database::open(&database.database).await?;
            let record = revoke(&Tokens::new(spec, declared, &database), spec, &token).await?;
            eprintln!("revoked {} ({})", record.name, record.id);
            let recorded = audit::record_token(spec, &database, Kind::TokenRevoked, (&record).into()).await;
            database.close().await;
            recorded
        }
    }
}

async fn revoke(tokens: &Tokens, spec: &ServerSpec, name_or_id: &str) -> anyhow::Result<TokenRecord> {
    let mut found = tokens.find(name_or_id).await.context(NO_ANSWER)?;
    if found.len() > 1 {
        let ids: Vec<_> = found.iter().map(|record| record.id.as_str()).collect();
        bail!("several people have a token with the name `{name_or_id}`: say which by its id, {}", ids.join(" or "));
    }
    match found.pop() {
        Some(record) if tokens.revoke(&record.id).await.context(NO_ANSWER)? => Ok(record),
        _ => bail!("no token with the name or id `{name_or_id}` works; `{} token list` shows them all", spec.name),
    }
}

async fn create(
    spec: &'static ServerSpec,
    declared: &'static TokensSpec,
    options: &CreateOptions,
) -> anyhow::Result<()> {
    let scopes = scopes(spec, &options.scopes)?;
    check_name(&options.name).map_err(anyhow::Error::msg)?;
    if spec.account().is_none() && !is_printable(&options.subject) {
        bail!("a subject has 1 to 64 printable characters");
    }
    let database = Database::open(&options.database.database).await?;
    let subject = match spec.account() {
        Some(_) => accounts::find_user(spec, &Accounts::new(&database), &options.subject).await?.id.to_string(),
        None => options.subject.clone(),
    };
    let tokens = Tokens::new(spec, declared, &database);
    let lifetime = options.expires.unwrap_or_else(|| tokens.lifetime());
    let created = tokens
        .create(NewToken { id: None, name: &options.name, subject: &subject, scopes, lifetime, at_most: None })
        .await;
    let token = created.map_err(|error| explain(error, &options.name, spec))?;
    let holds = if scopes.is_empty() {
        "no scope".to_owned()
    } else {
        spec.scopes().names(scopes).collect::<Vec<_>>().join(", ")
    };
    eprintln!("{} `{}`, which holds {holds}; it is shown only now:", spec.credential.name, options.name);
    print(&format!("{}\n", token.secret.expose()))?;
    let made = Changed { id: &token.id, name: &options.name, subject: &subject };
    let recorded = audit::record_token(spec, &database, Kind::TokenCreated, made).await;
    database.close().await;
    recorded
}

/// The scopes that were named, or one that does not exist beside those that do.
fn scopes(spec: &'static ServerSpec, names: &[String]) -> anyhow::Result<ScopeSet> {
    known_scopes(spec, names.iter().map(String::as_str)).map_err(|UnknownScope { name, near }| {
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let rows: Vec<_> =
            spec.scopes.iter().map(|scope| [format!("  {}", scope.name), scope.grants.to_string()]).collect();
        anyhow!("there is no scope `{name}`{near}\nthe scopes are:\n{}", aligned(&rows).trim_end())
    })
}

pub(super) fn explain(error: CreateError, name: &str, spec: &ServerSpec) -> anyhow::Error {
    match error {
        CreateError::NameTaken => anyhow!(
            "a token with the name `{name}` works already; choose another, or revoke it: {} token revoke {name}",
            spec.name
        ),
        // Its id was drawn: it is another one's, once in as many tokens as nobody makes.
        CreateError::Made => anyhow!("another token has the id that was drawn: try again"),
        CreateError::Full => anyhow!("there are too many tokens that work: revoke one first"),
        CreateError::Randomness(error) => anyhow!(error).context("the operating system has no randomness"),
        CreateError::Database(error) => anyhow!(error).context(NO_ANSWER),
    }
}

/// Puts the email address of each user in the place of the id.
async fn name_users(accounts: &Accounts, records: &mut [TokenRecord]) -> anyhow::Result<()> {
    let users = accounts.users().await.context(NO_ANSWER)?;
    for record in records {
        let user = users.iter().find(|user| user.id.to_string() == record.subject);
        record.subject = user.map_or_else(|| "(deleted)".to_owned(), |user| user.email.clone());
    }
    Ok(())
}

fn table(spec: &ServerSpec, records: &[TokenRecord]) -> String {
    let now = Timestamp::now().as_second();
    let whose = if spec.account().is_some() { "USER" } else { "SUBJECT" };
    let header = ["ID", "NAME", "STATE", whose, "SCOPES", "CREATED", "EXPIRES", "LAST USED"].map(str::to_owned);
    let rows = records.iter().map(|record| {
        let state = match record.state(now) {
            TokenState::Live => "live",
            TokenState::Expired => "expired",
            TokenState::Revoked => "revoked",
        };
        [
            printable(&record.id),
            printable(&record.name),
            state.to_owned(),
            printable(&record.subject),
            printable(&record.scopes),
            time(record.created_at),
            time(record.expires_at),
            record.last_used_at.map_or_else(|| "never".to_owned(), time),
        ]
    });
    aligned(std::iter::once(header).chain(rows).collect::<Vec<_>>().as_slice())
}

pub(super) fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |time| time.strftime("%Y-%m-%d %H:%M").to_string())
}
