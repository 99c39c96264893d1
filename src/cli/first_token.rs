//! The first start: from nothing to a connected client.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use anyhow::{Context as _, anyhow};

use toolwright_core::client::Secret;

use super::{
    snippet::{Named, Target},
    token::explain,
};
use crate::{
    ServerSpec,
    account::{AccountRecord, CreateError as Taken, UserRecord},
    audit::{Audit, Entry, Kind, Via},
    credential::{CreateError, Credential, NewToken, Tokens},
};

/// What the first account and its user are called.
const SUBDOMAIN: &str = "demo";
const EMAIL: &str = "demo@example.com";
const NAME: &str = "Demo";

/// Whose tokens are made where there are no users, unless somebody says otherwise.
pub(super) const LOCAL: &str = "local";

/// What the first token is called.
const FIRST: &str = "first";

const NO_ANSWER: &str = "the token database does not answer";

/// What a first start makes where calls are about accounts.
#[derive(Debug)]
pub(super) struct First {
    account: AccountRecord,
    user: UserRecord,
}

impl First {
    /// The user's id, to which tokens and sessions belong.
    pub(super) fn user(&self) -> String {
        self.user.id.to_string()
    }

    /// The account's id.
    pub(super) fn account(&self) -> String {
        self.account.id.to_string()
    }
}

/// On an empty database, makes the first account with everything enabled, and its user: for whoever
/// sits at this machine, and before the server's own code starts, which can fill the account. A start that
/// failed before it printed the token is made up for by the next one.
pub(super) async fn account(spec: &ServerSpec, tokens: &Tokens, address: SocketAddr) -> anyhow::Result<Option<First>> {
    let Some((_, declared)) = spec.account() else { return Ok(None) };
    let accounts = tokens.accounts();
    if !address.ip().is_loopback() || !tokens.is_empty().await.context(NO_ANSWER)? {
        return Ok(None);
    }
    let (known, users) = (accounts.accounts().await.context(NO_ANSWER)?, accounts.users().await.context(NO_ANSWER)?);
    if known.iter().any(|account| account.subdomain != SUBDOMAIN) || users.iter().any(|user| user.email != EMAIL) {
        return Ok(None);
    }
    let account = match known.into_iter().next() {
        Some(account) => account,
        None => match accounts.create_account(None, SUBDOMAIN, NAME).await {
            Ok(account) => account,
            // Another process starts on the same database, and goes on.
            Err(Taken::Taken | Taken::Former) => return Ok(None),
            Err(Taken::Database(error)) => return Err(anyhow!(error).context(NO_ANSWER)),
        },
    };
    let user = match users.into_iter().next() {
        Some(user) => user,
        None => match accounts.create_user(EMAIL, NAME).await {
            Ok(user) => user,
            Err(Taken::Taken | Taken::Former) => return Ok(None),
            Err(Taken::Database(error)) => return Err(anyhow!(error).context(NO_ANSWER)),
        },
    };
    accounts.add_member(account.id, user.id).await.context(NO_ANSWER)?;
    if let Some(feature) = &declared.feature {
        accounts.enable(account.id, feature.flag).await.context(NO_ANSWER)?;
    }
    Ok(Some(First { account, user }))
}

/// On an empty database, makes the first token and tells how to connect with it: to whoever sits
/// at this machine. Where others can listen, or where there are accounts already, they are told how to make
/// one themselves.
pub(super) async fn welcome(
    spec: &ServerSpec,
    tokens: &Tokens,
    first: Option<&First>,
    place: Place<'_>,
    audit: Option<&Audit>,
) -> anyhow::Result<()> {
    if !tokens.is_empty().await.context(NO_ANSWER)? {
        return Ok(());
    }
    let name = spec.name;
    if !place.address.ip().is_loopback() || (spec.account().is_some() && first.is_none()) {
        hint(spec);
        return Ok(());
    }
    let created = tokens
        .create(NewToken {
            id: None,
            name: FIRST,
            subject: &first.map_or_else(|| LOCAL.to_owned(), First::user),
            scopes: spec.scopes().all(),
            lifetime: tokens.lifetime(),
            at_most: None,
        })
        .await;
    let token = match created {
        Ok(token) => token,
        // Another process starts on the same database, and is the one that prints it.
        Err(CreateError::NameTaken) => return Ok(()),
        Err(error) => return Err(explain(error, FIRST, spec)),
    };
    if let Some(First { account, user }) = first {
        eprintln!(
            "{name}: the first account is {} ({}), and {} is its user",
            account.id, account.subdomain, user.email
        );
    }
    eprintln!(
        "{name}: the first {}, with every scope; it is shown only now:\n\n    {}\n",
        spec.credential.name,
        token.secret.expose()
    );
    connect(spec, &first.map(First::account).unwrap_or_default(), token.secret.expose(), place);
    if let Some(audit) = audit {
        audit.record(Entry {
            credential_id: Some(token.id),
            credential_name: Some(FIRST.to_owned()),
            subject: Some(first.map_or_else(|| LOCAL.to_owned(), First::user)),
            ..Entry::now(Kind::TokenCreated, Via::Server)
        });
    }
    Ok(())
}

/// Where a start serves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) address: SocketAddr,
    /// The endpoint, as clients reach it.
    pub(super) url: &'a str,
}

/// Tells how the first of the clients connects.
fn connect(spec: &ServerSpec, account: &str, credential: &str, Place { address, url }: Place<'_>) {
    if let Some(client) = spec.clients.first() {
        let target =
            Target { url: spec.url_of(url, account), account: account.to_owned(), base: format!("http://{address}") };
        let named = Named { name: spec.key, variable: spec.credential.env };
        let snippet = target.snippets(spec, *client, named, Secret::Literal(credential)).swap_remove(0);
        eprintln!("To connect {}:\n\n{}\n", client.title(), indented(&snippet.text));
    }
}

/// A credential that the server's own code has made, and that the start prints. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(super) struct Introduced(Arc<OnceLock<Credential>>);

impl Introduced {
    /// The first one that is told is the one.
    pub(super) fn set(&self, credential: &str) {
        self.0.get_or_init(|| Credential::new(credential));
    }

    /// Prints it, if there is one: with a client over HTTP, or with the variable that has it over stdio.
    pub(super) fn show(&self, spec: &ServerSpec, place: Option<Place<'_>>) {
        let Some(credential) = self.0.get() else { return };
        let (name, what, text) = (spec.name, spec.credential.name, credential.expose());
        eprintln!("{name}: the first {what}; it is shown only now:\n\n    {text}\n");
        match place {
            Some(place) => connect(spec, "", text, place),
            None => eprintln!(
                "Put it into the environment variable {} of your client's configuration.\n",
                spec.credential.env
            ),
        }
    }
}

/// On an empty database, tells whoever runs the server over stdio how to make a token.
pub(super) async fn remind(spec: &ServerSpec, tokens: &Tokens) -> anyhow::Result<()> {
    if tokens.is_empty().await.context(NO_ANSWER)? {
        hint(spec);
    }
    Ok(())
}

fn hint(spec: &ServerSpec) {
    let (name, credential) = (spec.name, spec.credential.name);
    let mut steps = vec![format!("{name} token create --name NAME --scope SCOPE…")];
    if let Some((_, account)) = spec.account() {
        steps = vec![format!("{name} account create --subdomain SUBDOMAIN --name NAME")];
        steps.extend(account.feature.map(|feature| format!("{name} account enable SUBDOMAIN {}", feature.flag)));
        steps.push(format!("{name} user create --email EMAIL --name NAME --account SUBDOMAIN"));
        steps.push(format!("{name} token create --user EMAIL --name NAME --scope SCOPE…"));
    }
    match steps.as_slice() {
        [step] => eprintln!("{name}: there is no {credential} yet. Make one: {step}"),
        steps => {
            eprintln!(
                "{name}: there is no {credential} yet. Make one, for a user of an account:\n\n{}\n",
                indented(&steps.join("\n"))
            );
        }
    }
}

fn indented(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
