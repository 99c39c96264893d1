//! How each client is told about a server: as files and documentation, which name an environment variable, or
//! have the client ask, wherever it can. What a client is told is in the core, since the runtime tells it too.

mod bundle;
mod kinds;

use toolwright_core::{
    client::{ClientKind, Connection, Format, ISSUED_PLACEHOLDER, Secret, Snippet, Source, is_name, variable},
    environment::{ACCOUNT, option_env},
};

use super::{File, notice};
use crate::api::{Account, Api, Form, Gateway};
use kinds::facts;

/// A client, and what it is told.
pub(super) struct Client {
    pub(super) kind: ClientKind,
    pub(super) facts: Facts,
    /// What to run, paste or fill in.
    pub(super) snippets: Vec<Snippet>,
    /// A link that adds the server to it.
    pub(super) install: Option<String>,
}

/// How a client connects.
pub(super) struct Facts {
    /// How it speaks to the server, or to the bridge.
    pub(super) transport: Transport,
    /// Where the credential comes from, as a phrase with code between backticks.
    pub(super) authentication: String,
    /// The program that has to stand between client and server, as a phrase.
    pub(super) bridge: Option<&'static str>,
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

/// A file for each snippet, and what Claude Desktop can be given in the place of one.
pub(super) fn files(api: &Api) -> Vec<File> {
    let file = |kind: ClientKind, Snippet { format, text, source: _, is_named: _ }: Snippet| {
        let path = format!("clients/{}.{}", kind.as_str(), format.extension());
        match format {
            Format::Shell | Format::Toml | Format::Yaml | Format::Text => {
                File::new(path, format!("# {}\n{text}\n", notice(api)))
            }
            Format::Json => File::new(path, format!("{text}\n")),
        }
    };
    documented(api)
        .into_iter()
        .flat_map(|Client { kind, snippets, .. }| snippets.into_iter().map(move |snippet| file(kind, snippet)))
        .chain(bundle::file(api))
        .collect()
}

/// The declared clients as the documentation shows them.
pub(super) fn documented(api: &Api) -> Vec<Client> {
    let client = |kind: ClientKind, connection: &Connection<'_>| Client {
        kind,
        facts: facts(kind, connection),
        snippets: kind.snippets(connection),
        install: kind.install_link(connection),
    };
    connected(api, &api.server.key, |connection| api.clients.iter().map(|kind| client(*kind, connection)).collect())
}

/// The server under a name beside its key, in a client that tells servers apart.
pub(super) struct Another {
    pub(super) kind: ClientKind,
    pub(super) name: String,
    pub(super) variable: String,
    pub(super) snippet: Snippet,
}

/// How the server is added once more, where a client can have it twice: in the first declared one that does not
/// want the credential itself, or else in the first.
pub(super) fn another(api: &Api) -> Option<Another> {
    let name = Some(format!("{}-2", api.server.key)).filter(|name| is_name(name))?;
    let variable = variable(&api.credential.env, &api.server.key, &name);
    let kinds = api.clients.iter().copied();
    let told = connected(api, &name, |connection| {
        kinds.filter_map(|kind| Some((kind, kind.snippets(connection).into_iter().next()?))).collect::<Vec<_>>()
    });
    let named = told.into_iter().filter(|(_, snippet)| snippet.is_named);
    let (kind, snippet) = named.min_by_key(|(_, snippet)| snippet.source == Source::Placeholder)?;
    Some(Another { kind, name, variable, snippet })
}

/// What `made` makes of the server as it is declared, when a client calls it `name`.
fn connected<T>(api: &Api, name: &str, made: impl FnOnce(&Connection<'_>) -> T) -> T {
    let placeholder = placeholder(api);
    let account = account(api);
    made(&Connection {
        name,
        command: &api.server.name,
        credential: &api.credential.name,
        env: &api.credential.env,
        variable: &variable(&api.credential.env, &api.server.key, name),
        secret: match api.credential.issuer() {
            Some(_) => Secret::SignIn { placeholder: &placeholder },
            None => Secret::Referred { placeholder: &placeholder },
        },
        url: &api.server.endpoint,
        account: account.as_ref().map(|(env, placeholder)| (env.as_str(), *placeholder)),
        gateway: api.server.gateway.as_ref().map(|Gateway { env, example }| (env.as_str(), example.as_str())),
    })
}

/// What stands for a credential where a client reads no environment: as long as a real one, where that is known.
pub(super) fn placeholder(api: &Api) -> String {
    match api.credential.form() {
        Some(Form { prefix, length }) => {
            format!("{prefix}{}", "x".repeat(usize::try_from(*length).unwrap_or(usize::MAX)))
        }
        None => ISSUED_PLACEHOLDER.to_owned(),
    }
}

/// The environment variable that says over stdio which account calls are about, and what stands for one.
fn account(api: &Api) -> Option<(String, &str)> {
    let (_, Account { placeholder, .. }) = api.server.account()?;
    Some((option_env(&api.server.name, ACCOUNT), placeholder))
}
