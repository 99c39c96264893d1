//! What each client is told: made by the core, never filled in here.

use std::borrow::Cow;

use serde::Serialize;
use toolwright_core::{
    ClientKind,
    client::{Connection, Format, LONGEST_NAME, Secret, Snippet, Source, is_name, variable},
    environment::{ACCOUNT, option_env},
    shell::word,
};

use crate::Server;

/// A client, and what it is told.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ClientPanel {
    /// Its word.
    pub(crate) key: &'static str,
    title: &'static str,
    pub(crate) selected: bool,
    snippets: Vec<Block>,
    /// A link that adds the server to the client.
    install: Option<String>,
    /// Where the client gets the credential, as a sentence.
    source: String,
}

/// A snippet.
#[derive(Debug, Clone, Serialize)]
struct Block {
    /// What it is, for those who do not see it.
    label: String,
    text: String,
}

/// Under which name, and about what.
#[derive(Debug, Clone)]
pub(crate) struct Named<'a> {
    pub(crate) name: &'a str,
    /// The account, or what stands for it.
    pub(crate) account: Option<&'a str>,
}

/// What each client of a server is told, with one of them selected: the first, where there is no such one.
pub(crate) fn panels(
    server: &Server,
    named: &Named<'_>,
    secret: Option<&str>,
    selected: Option<&str>,
) -> Vec<ClientPanel> {
    let is_curl = selected == Some(CURL);
    let selected = server.clients.iter().copied().find(|kind| Some(kind.as_str()) == selected);
    let selected = selected.or(server.clients.first().copied().filter(|_| !is_curl));
    connected(server, named, secret, |connection| {
        let panel = |kind: &ClientKind| panel(*kind, Some(*kind) == selected, connection);
        server.clients.iter().map(panel).collect()
    })
}

fn panel(kind: ClientKind, selected: bool, connection: &Connection<'_>) -> ClientPanel {
    let snippets = kind.snippets(connection);
    let source = match (snippets.first().map(|snippet| snippet.source), connection.secret) {
        (Some(Source::SignIn), _) => format!("{} has you sign in when it connects.", kind.title()),
        (Some(Source::Prompt), _) => format!("{} asks for your {}.", kind.title(), connection.credential),
        (_, Secret::Literal(_)) => format!("Your {} is filled in.", connection.credential),
        (Some(Source::Variable), _) => {
            format!("Your {} is read from the environment variable {}.", connection.credential, connection.variable)
        }
        (_, Secret::Referred { placeholder } | Secret::SignIn { placeholder }) => {
            format!("Put your {} in the place of {placeholder}.", connection.credential)
        }
    };
    let block = |Snippet { format, text, source: _, is_named: _ }: Snippet| {
        let what = match format {
            Format::Shell => "command",
            Format::Json | Format::Toml | Format::Yaml => "configuration",
            Format::Text => "values",
        };
        Block { label: format!("the {what} for {}", kind.title()), text }
    };
    ClientPanel {
        key: kind.as_str(),
        title: kind.title(),
        selected,
        snippets: snippets.into_iter().map(block).collect(),
        install: kind.install_link(connection),
        source,
    }
}

/// The word that chooses curl among the clients.
pub(crate) const CURL: &str = "curl";

/// A call without a client.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Curl {
    text: String,
    selected: bool,
}

/// How a command has the credential.
#[derive(Clone, Copy)]
pub(crate) enum Bearer<'a> {
    /// By its variable.
    Variable(&'a str),
    /// As it is.
    Literal(&'a str),
}

/// A call with curl that lists the tools.
pub(crate) fn curl(server: &Server, url: &str, bearer: Bearer<'_>, selected: Option<&str>) -> Curl {
    // Within double quotes a shell replaces the variable, and a credential has nothing that it would replace.
    let bearer = match bearer {
        Bearer::Variable(variable) => format!("${variable}"),
        Bearer::Literal(secret) => secret.to_owned(),
    };
    let text = format!(
        "curl {} \\\n  -H \"Authorization: Bearer {bearer}\" \\\n  -H {} \\\n  -d {}",
        word(url),
        word("Content-Type: application/json"),
        word(r#"{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}"#),
    );
    Curl { text, selected: selected == Some(CURL) || server.clients.is_empty() }
}

/// The endpoint's URL with an account in its place.
pub(crate) fn url<'a>(server: &Server, text: &'a str, account: Option<&str>) -> Cow<'a, str> {
    match (&server.account, account) {
        (Some(declared), Some(account)) => text.replace(&declared.placeholder, account).into(),
        _ => text.into(),
    }
}

/// Why a client cannot be told a name, if it cannot.
pub(crate) fn name_fault(server: &Server, client: Option<&str>, name: &str) -> Option<String> {
    if !is_name(name) {
        return Some(format!(
            "Write letters, digits, hyphens and underscores, a letter or digit first, {LONGEST_NAME} at most."
        ));
    }
    let client = server.clients.iter().find(|kind| Some(kind.as_str()) == client)?;
    let tool = server.tools.iter().map(|tool| tool.name.as_str()).max_by_key(|tool| tool.len())?;
    let room = client.longest_names()?.saturating_sub(tool.len());
    (name.len() > room)
        .then(|| format!("With this name {} drops the tool {tool}: write {room} characters at most.", client.title()))
}

/// Whether a text can stand in the endpoint's path as it is.
pub(crate) fn is_account(text: &str) -> bool {
    !text.is_empty() && text.len() <= 63 && text.chars().all(|char| char.is_ascii_alphanumeric() || char == '-')
}

fn connected<T>(
    server: &Server,
    named: &Named<'_>,
    secret: Option<&str>,
    made: impl FnOnce(&Connection<'_>) -> T,
) -> T {
    let credential = &server.credential;
    let account_env = option_env(&server.name, ACCOUNT);
    let account = server.account.as_ref();
    let account = account.map(|account| (account_env.as_str(), named.account.unwrap_or(&account.placeholder)));
    made(&Connection {
        name: named.name,
        command: &server.name,
        credential: &credential.name,
        env: &credential.env,
        variable: &variable(&credential.env, &server.key, named.name),
        secret: match secret {
            Some(secret) => Secret::Literal(secret),
            None if credential.signs_in => Secret::SignIn { placeholder: &credential.placeholder },
            None => Secret::Referred { placeholder: &credential.placeholder },
        },
        url: &url(server, &server.endpoint, named.account),
        account,
        gateway: server.gateway.as_ref().map(|gateway| (gateway.env.as_str(), gateway.address.as_str())),
    })
}
