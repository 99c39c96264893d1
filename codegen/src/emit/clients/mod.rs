//! How each client is told about a server: as files and documentation, which name an environment
//! variable wherever the client can read one, and as templates inside the crate, for places where a
//! person's own credential is filled in.

mod kinds;

use toolwright_core::environment::{ACCOUNT, option_env};

use super::{File, notice};
use crate::api::{Account, Api, Gateway};
use kinds::client;

/// A client, and what it is told.
pub(super) struct Client {
    /// Name in the manifest and of its files.
    pub(super) key: &'static str,
    /// Name for people.
    pub(super) title: &'static str,
    /// How it speaks to the server, or to the bridge.
    pub(super) transport: Transport,
    /// Where the credential comes from, as a phrase with code between backticks.
    pub(super) authentication: String,
    /// The program that has to stand between client and server, as a phrase.
    pub(super) bridge: Option<&'static str>,
    /// What to run, paste or fill in; the first is what a template is made of.
    pub(super) snippets: Vec<Snippet>,
}

/// How a client speaks.
#[derive(Clone, Copy)]
pub(super) enum Transport {
    Http,
    Stdio,
}

impl Transport {
    /// As the protocol calls it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "Streamable HTTP",
            Self::Stdio => "stdio",
        }
    }
}

/// Something to run, paste or fill in.
pub(super) struct Snippet {
    pub(super) format: Format,
    pub(super) text: String,
}

/// The format of a snippet, which is also how its file ends.
#[derive(Clone, Copy)]
pub(super) enum Format {
    Shell,
    Json,
    Text,
}

impl Format {
    /// How the format is called where a block of code names its language.
    pub(super) fn language(self) -> &'static str {
        match self {
            Self::Shell => "sh",
            Self::Json => "json",
            Self::Text => "text",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Shell => "sh",
            Self::Json => "json",
            Self::Text => "txt",
        }
    }
}

/// A client's snippet with `{{url}}`, `{{base}}`, `{{account}}` and `{{token}}` where the endpoint, its
/// address without the path, the account that calls are about and a credential belong.
pub(super) struct Template {
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    pub(super) snippet: String,
}

/// A file for each snippet.
pub(super) fn files(api: &Api) -> Vec<File> {
    let file = |key: &str, Snippet { format, text }: Snippet| {
        let path = format!("clients/{key}.{}", format.extension());
        match format {
            Format::Shell | Format::Text => File::new(path, format!("# {}\n{text}\n", notice(api))),
            Format::Json => File::new(path, format!("{text}\n")),
        }
    };
    documented(api)
        .into_iter()
        .flat_map(|Client { key, snippets, .. }| snippets.into_iter().map(move |snippet| file(key, snippet)))
        .collect()
}

/// The declared clients as the documentation shows them.
pub(super) fn documented(api: &Api) -> Vec<Client> {
    let placeholder = placeholder(api);
    let account = account(api);
    let connection = Connection {
        key: &api.server.key,
        command: &api.server.name,
        env: &api.credential.env,
        url: &api.server.endpoint,
        account: account.as_ref().map(|(env, placeholder)| (env.as_str(), *placeholder)),
        gateway: api.server.gateway.as_ref().map(|Gateway { env, example }| (env.as_str(), example.as_str())),
        token: Token::Named { literal: &placeholder },
    };
    api.clients.iter().map(|kind| client(*kind, &connection)).collect()
}

/// The declared clients as the crate has them.
pub(super) fn templates(api: &Api) -> Vec<Template> {
    let account = account(api);
    let connection = Connection {
        key: &api.server.key,
        command: &api.server.name,
        env: &api.credential.env,
        url: "{{url}}",
        account: account.as_ref().map(|(env, _)| (env.as_str(), "{{account}}")),
        gateway: api.server.gateway.as_ref().map(|Gateway { env, example: _ }| (env.as_str(), "{{base}}")),
        token: Token::Literal("{{token}}"),
    };
    let template = |Client { key, title, snippets, .. }: Client| Template {
        key,
        title,
        snippet: snippets.into_iter().next().map(|snippet| snippet.text).unwrap_or_default(),
    };
    api.clients.iter().map(|kind| template(client(*kind, &connection))).collect()
}

/// What stands for a credential where a client reads no environment: as long as a real one.
pub(super) fn placeholder(api: &Api) -> String {
    let length = usize::try_from(api.credential.length).unwrap_or(usize::MAX);
    format!("{}{}", api.credential.prefix, "x".repeat(length))
}

/// The environment variable that says over stdio which account calls are about, and what stands for one.
fn account(api: &Api) -> Option<(String, &str)> {
    let (_, Account { placeholder, .. }) = api.server.account()?;
    Some((option_env(&api.server.name, ACCOUNT), placeholder))
}

/// What a snippet connects.
struct Connection<'a> {
    /// What the client's configuration calls the server.
    key: &'a str,
    /// The server's program.
    command: &'a str,
    /// The environment variable of the credential.
    env: &'a str,
    url: &'a str,
    /// The environment variable of the account that calls are about, and the account.
    account: Option<(&'a str, &'a str)>,
    /// The environment variable of a gateway, and its address.
    gateway: Option<(&'a str, &'a str)>,
    token: Token<'a>,
}

/// How a snippet has the credential.
enum Token<'a> {
    /// By the name of its environment variable; literally where the client reads none.
    Named { literal: &'a str },
    /// Literally everywhere.
    Literal(&'a str),
}

impl Connection<'_> {
    /// The credential in a place where the client replaces `reference` by the variable's value.
    fn referred(&self, reference: String) -> String {
        match self.token {
            Token::Named { .. } => reference,
            Token::Literal(literal) => literal.to_owned(),
        }
    }

    /// The credential in a place where the client replaces nothing.
    fn literal(&self) -> &str {
        match self.token {
            Token::Named { literal } | Token::Literal(literal) => literal,
        }
    }
}
